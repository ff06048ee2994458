"""Norms of 3D backgrounds that many rows have in common: settled once, and what is known of the background after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.errors import DataError, InputError
from tevcurve.fit.background_norms import shared_norms
from tevcurve.fit.laws import NO_GROUP, RunGroups, groups_of
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.systematics import BACKGROUND, ROW, BackgroundNorms, Systematic, Systematics


@dataclass(frozen=True, eq=False)
class _Cubes:
    """Groups of the cubes among runs whose backgrounds have norms in common.

    names: of all groups. of_run: int array (n_runs,), -1 for none. sigma: float array (n_groups,).
    """

    names: tuple[str, ...]
    of_run: np.ndarray
    sigma: np.ndarray

    __repr__ = short_repr


def common_backgrounds(systematics: Systematics) -> list[Systematic]:
    """Those of the systematics that are of backgrounds of many rows. systematics: `Systematics`."""
    return [each for each in systematics.effects if each.effect == BACKGROUND and each.by != ROW]


def lacks_norms(origin: Any) -> bool:
    """Whether norms of backgrounds are still to be settled. origin: `LightCurveOrigin`."""
    if origin.systematics.norms is not None or not common_backgrounds(origin.systematics):
        return False
    return any(isinstance(setting, CubeSetting) for setting in origin.settings.all)


def settled_backgrounds(origin: Any) -> Systematics:
    """The `Systematics` of an origin with the norms of the backgrounds of its cubes.

    Each group of runs has one, for all rows and bands: at the least of the statistic of all of its runs, whose fluxes
    are their own, with what is known of it beforehand.

    origin: `LightCurveOrigin` that `lacks_norms`. Raises `InputError` for what cannot be had beside these, `DataError`
    where the search does not end.
    """
    if origin.stacked:
        raise InputError(
            "A systematic of the background that many rows have in common is of runs one by one, and stacked adds up "
            "those of a row; wanted is stacked=False, or by='row'."
        )
    if origin.field.fitted and origin.field.amplitudes is None:
        raise InputError(
            "A systematic of the background that many rows have in common is not for neighbours that are free in each "
            "row; wanted is neighbours='once' or 'fixed', or by='row'."
        )
    if origin.options.background_error is not None:
        raise InputError(
            "background_error is of norms that each row has of its own, and a systematic of the background that many "
            "rows have in common makes these one in 3D; wanted is one of them."
        )
    _check_alone(origin.systematics)
    cubes = _cubes(origin.systematics, origin.runs, origin.settings)
    numbers = np.flatnonzero(cubes.of_run >= 0)
    if not len(numbers):
        return replace(origin.systematics, norms=BackgroundNorms((), np.zeros(0), np.zeros(0)))
    flux, dark = reference_in_bins(origin.spectrum, origin.axes.true, origin.axes.bands)
    runs = [_settled_run(origin, number) for number in numbers]
    try:
        norm, error = shared_norms(runs, [flux] * len(runs), dark, cubes.of_run[numbers], cubes.sigma)
    except FloatingPointError as problem:
        raise DataError(
            "The norms of the background that many rows have in common were not found."
        ) from problem
    return replace(origin.systematics, norms=BackgroundNorms(cubes.names, norm, error))


def with_norms(
    runs: Iterable[CubeTerms], systematics: Systematics, all_runs: Sequence[Any], numbers: np.ndarray
) -> list[CubeTerms]:
    """The terms of cubes with the norms of their backgrounds, where these are settled; a list.

    Parameters
    ----------
    runs : of `CubeTerms`
    systematics : `Systematics`
    all_runs : with `run_id` and `gti`, all that the law was laid over
    numbers : int array (n_runs,), which of all the runs are

    Raises `InputError` for a run whose norm was not settled: nights that gaps divide may be others without some runs.
    """
    runs, norms = list(runs), systematics.norms
    if norms is None or not len(norms.names):
        return runs
    found = norm_of_runs(systematics, all_runs)[numbers]
    for run in (run for run, number in zip(runs, found, strict=True) if number == NO_GROUP):
        acting = (each.acts_on(run.run_id.instrument) for each in common_backgrounds(systematics))
        if any(acting) and len(run.gti.intervals):
            raise InputError(
                f"The norm of the background of run {run.run_id} was settled with runs that are not here, by which "
                "nights are others; wanted is a light curve that is made of these runs."
            )
    return [
        run if number == NO_GROUP else replace(run, background_norm=float(norms.norm[number]))
        for run, number in zip(runs, found, strict=True)
    ]


def norm_of_runs(systematics: Systematics, runs: Sequence[Any]) -> np.ndarray:
    """Which of the settled norms the background of each run has, int array (n_runs,), -1 for none.

    Parameters
    ----------
    systematics : with `norms`
    runs : with `run_id` and `gti`, all that the law was laid over
    """
    norms, found = systematics.norms, np.full(len(runs), NO_GROUP)
    if norms is None:
        return found
    place = {name: number for number, name in enumerate(norms.names)}
    for effect in common_backgrounds(systematics):
        groups = groups_of(effect, runs, systematics)
        numbers = np.array([place.get(each, NO_GROUP) for each in _names(effect, groups)], dtype=int)
        own = np.flatnonzero(groups.of_run >= 0)
        found[own] = np.where(numbers[groups.of_run[own]] >= 0, numbers[groups.of_run[own]], found[own])
    return found


def norm_words(systematics: Systematics) -> str:
    """What is said of settled norms, str, such as "1 norm, 1.02 +- 0.01". systematics: with `norms`."""
    norms = systematics.norms
    if norms is None or not len(norms.names):
        return ""
    if len(norms.names) == 1:
        return f"{norms.names[0]}: {norms.norm[0]:.4g} +- {norms.error[0]:.2g}"
    low, high = norms.norm.min(), norms.norm.max()
    return (
        f"{len(norms.names)} norms from {low:.4g} to {high:.4g}, with errors of {norms.error.min():.2g} to "
        f"{norms.error.max():.2g}"
    )


def _cubes(systematics: Systematics, runs: Sequence[Any], settings: Any) -> _Cubes:
    names: list[str] = []
    sigma: list[float] = []
    of_run, owner = np.full(len(runs), NO_GROUP), [""] * len(runs)
    is_cube = np.array([isinstance(settings.of(run), CubeSetting) for run in runs], dtype=bool)
    for effect in common_backgrounds(systematics):
        groups = groups_of(effect, runs, systematics)
        own = np.flatnonzero(is_cube & (groups.of_run >= 0))
        twice = [number for number in own if owner[number]]
        if twice:
            raise InputError(
                f"The background of run {runs[twice[0]].run_id} has two systematics, {owner[twice[0]]!r} and "
                f"{effect.text()!r}; in 3D, where its norm is fitted, wanted is one."
            )
        known, number = np.unique(groups.of_run[own], return_inverse=True)
        of_run[own] = len(names) + number.ravel()
        words = _names(effect, groups)
        names += [words[each] for each in known]
        sigma += [effect.sigma] * len(known)
        for each in own:
            owner[each] = effect.text()
    return _Cubes(tuple(names), of_run, np.array(sigma))


def _check_alone(systematics: Systematics) -> None:
    for each in common_backgrounds(systematics):
        if any(other.name == each.name and other.effect != BACKGROUND for other in systematics.effects):
            raise InputError(
                f"The systematics called {each.name!r} are of the background and of something else, and in 3D the norm "
                "of the background is fitted; wanted are names of their own."
            )


def _names(effect: Systematic, groups: RunGroups) -> list[str]:
    """What the norms of groups are called: as their parameters."""
    return [f"{effect.name} {each}" for each in groups.names]


def _settled_run(origin: Any, number: int) -> CubeTerms:
    """The terms of a run with cells that bound fluxes, and neighbours that are one for all rows as part of the rest."""
    terms, field = origin.terms[number], origin.field
    if terms.first is None:
        terms = origin.reduction.bounded(terms, origin.runs.read(number))
    return terms if field.amplitudes is None else terms.settled(np.array(field.amplitudes))
