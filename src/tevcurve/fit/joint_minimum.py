"""The minimum of a profile whose likelihood has several amplitudes: all of them together, not one after the other."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from tevcurve.fit.minimize import Minimum, minimize_norm
from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.amplitudes import Start
from tevcurve.kernels.one_amplitude import OneAmplitude


def joint_minimum(profile: OneAmplitude, lower: np.ndarray) -> tuple[Minimum, Start]:
    """(the `Minimum` of a profile with further amplitudes, where a search of the others there ended).

    Rows whose first amplitude may go below zero and wants to, and those in which no minimum of all amplitudes was
    found, are searched along the first one.

    Parameters
    ----------
    profile : `OneAmplitude` of a `CashLikelihood`
    lower : float array (n,), the lowest flux factors, at most 0
    """
    best = best_amplitudes(profile.likelihood)
    start = best.first()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        (at_zero, _, _), _ = profile.evaluate(np.zeros(profile.n), start)
    at_limit = best.held[:, 0]
    norm = np.where(at_limit, 0.0, best.amplitudes[:, 0])
    found = Minimum(norm, best.stat, 2 * best.gradient[:, 0], norm, at_zero, at_limit, best.converged)
    left = np.flatnonzero(~best.converged | (at_limit & (lower < 0)))
    if len(left):
        found = _with(found, left, minimize_norm(profile.take(left)[0], lower[left]))
    (_, _, curvature), start = profile.evaluate(found.norm, start)
    return replace(found, curvature=curvature, further=start.amplitudes[:, 1:]), start


def _with(minimum: Minimum, rows: np.ndarray, other: Minimum) -> Minimum:
    """The `Minimum` with some rows as another one has them, but for further amplitudes, which it has not."""
    names = [field.name for field in fields(Minimum) if field.name != "further"]
    values: dict[str, Any] = {name: getattr(minimum, name).copy() for name in names}
    for name, own in values.items():
        own[rows] = getattr(other, name)
    return Minimum(**values)
