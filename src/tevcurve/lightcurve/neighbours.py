"""The other sources of a light curve's field: their amplitudes in its rows, fitted in each, or settled for all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.errors import DataError
from tevcurve.kernels.shared_amplitudes import shared_amplitudes
from tevcurve.models import Field


def with_amplitudes(
    runs: Sequence[CubeTerms], field: Field
) -> tuple[list[CubeTerms], tuple[tuple[int, ...], ...]]:
    """(the terms of runs, for each run the numbers of the amplitudes of its further sources) as rows are fitted.

    What is settled is part of what is fixed. Numbers are from 1.

    Parameters
    ----------
    runs : sequence of `CubeTerms`
    field : `Field`
    """
    if not field.fitted:
        return list(runs), ()
    if field.amplitudes is not None:
        return [run.settled(np.array(field.amplitudes)) for run in runs], ()
    numbers = tuple(range(1, 1 + len(field.fitted)))
    return list(runs), (numbers,) * len(runs)


def settled_field(origin: Any) -> Field:
    """The `Field` of an origin with one amplitude of each neighbour for all of its rows.

    They are at the least of the sum of the statistics of all rows, each with a flux and background norms of its own.

    origin: `~tevcurve.lightcurve.origin.LightCurveOrigin` of a field that is not settled. Raises `DataError` where the
    search does not end.
    """
    joint, _ = origin.rows(below_zero=False)
    likelihood = joint.profile.likelihood
    found = shared_amplitudes(likelihood, np.zeros(likelihood.n, dtype=int), 1)[0]
    if not np.all(np.isfinite(found)):
        names = ", ".join(model.name for model in origin.field.fitted)
        raise DataError(f"The amplitudes of {names} that are the same in all rows were not found.")
    return replace(origin.field, amplitudes=tuple(map(float, found)))


def amplitude_words(field: Field) -> str:
    """Names of the neighbours with the amplitudes that are settled, str. field: one that has them."""
    pairs = zip(field.fitted, field.amplitudes or (), strict=False)
    return ", ".join(f"{model.name} {amplitude:.4g}" for model, amplitude in pairs)
