"""Scales of instruments, settled for all rows of a light curve: from good time that they share, or of all of it.

Each run of each cell is one piece, all energies of the light curve in one bin: with few counts in many energy bins a
background that is free in each takes some of the excess, and scales are biased by it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tevcurve.bins.good_time import good_time
from tevcurve.bins.simultaneous import SharedTime, simultaneous_time
from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.common_scales import NO_SCALE, CommonScales, ScaledKind, common_scales
from tevcurve.fit.cube_likelihood import CubeRule, rows_of_cubes
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.fit.row_likelihood import RowPieces, RunPieces
from tevcurve.lightcurve.neighbours import with_amplitudes
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.systematics import ANYTHING, CONSTANT, CrossCalibration, Scales

# s; the source is taken to be constant for as long, in what instruments saw of it at the same time.
LONGEST_S = 1800.0


def settled_scales(origin: Any) -> Scales:
    """The `Scales` of the instruments of an origin with a cross-calibration.

    By "overlap", each cell of at most half an hour of good time that instruments share has a flux of its own; by
    "constant", all good time has one flux.

    origin: `~tevcurve.lightcurve.origin.LightCurveOrigin`. Raises `InputError` for a free scale that nothing tells.
    """
    calibration = origin.systematics.calibration
    runs = list(origin.runs)
    instruments = [run.run_id.instrument for run in runs]
    names = tuple(name for name in calibration.names if name in instruments)
    shared = simultaneous_time(runs)
    _check_told(calibration, names, shared, runs)
    scale = np.array([names.index(name) if name in names else NO_SCALE for name in instruments])
    if calibration.from_ == CONSTANT:
        kinds, cells = _kinds(origin, np.arange(len(runs)), None), 1
    else:
        laid = shared.cells(LONGEST_S)
        kinds, cells = _kinds(origin, np.unique(laid.pieces(runs).run), laid), laid.n_bins
    sigma = np.array([calibration.sigma_of(name) for name in names])
    found, n_cells = _found(kinds, cells, scale, sigma)
    _check_found(found, names, calibration, n_cells)
    seconds = shared.seconds()
    overlap = np.array([seconds[name] for name in names])
    energies = float(origin.bands[0]), float(origin.bands[-1])
    return Scales(names, found.log_scale, found.covariance, n_cells, overlap, energies)


def _kinds(origin: Any, numbers: np.ndarray, cells: TimeBins | None) -> list[tuple[RowPieces, np.ndarray]]:
    """(pieces of cells, whose `row` is that of the cell, the numbers of their runs) of runs in 3D, and of those in 1D.

    cells: None for one of all good time.
    """
    terms = {int(number): origin.terms[number] for number in numbers}
    flux, _ = reference_in_bins(origin.spectrum, origin.axes.true, origin.axes.bands)
    made = []
    for is_cube in (True, False):
        own = [number for number, each in terms.items() if isinstance(each, CubeTerms) == is_cube]
        if own:
            runs = [terms[number] for number in own]
            laid = _whole_good_time(runs) if cells is None else cells
            pieces = _cube_pieces(origin, runs, laid, flux) if is_cube else _pooled(origin, runs, laid, flux)
            made.append((pieces, np.array(own)))
    return made


def _cube_pieces(origin: Any, runs: Sequence[Any], cells: Any, flux: np.ndarray) -> RowPieces:
    """The `RowPieces` of cells and runs in 3D, each with a background norm of its own."""
    settled, further = with_amplitudes([run.in_one_band() for run in runs], origin.field)
    if any(further):
        raise InputError(
            "Scales of instruments are for light curves without neighbours that are fitted, too."
        )
    rule = CubeRule(origin.options.background_error, below_zero=False)
    rows = rows_of_cubes(settled, cells, flux, rule=rule)
    return _of_cells(rows.pieces(), rows.fitted)


def _pooled(origin: Any, runs: Sequence[Any], cells: Any, flux: np.ndarray) -> RowPieces:
    """The `RowPieces` of cells and runs in 1D."""
    one_band = np.zeros(len(origin.axes.band_of_bin), dtype=int)
    rule = BackgroundRule.of(origin.options)
    rows = rows_of_spectra(runs, one_band, cells, flux, background=rule)
    return _of_cells(rows.pooled_pieces(), rows.fitted)


def _of_cells(pieces: RowPieces, fitted: np.ndarray) -> RowPieces:
    """The pieces with the numbers of cells in place of those of the fitted rows."""
    return RowPieces(pieces.likelihood, fitted[pieces.row], pieces.run)


def _whole_good_time(runs: Sequence[Any]) -> RunPieces:
    """All good time of runs as one cell."""
    good = good_time(runs)
    return RunPieces(1, np.zeros(len(good.run), dtype=int), good.run, good.start_s, good.stop_s)


def _found(
    kinds: list[tuple[RowPieces, np.ndarray]], n_cells: int, scale: np.ndarray, sigma: np.ndarray
) -> tuple[CommonScales, int]:
    """(the `CommonScales`, how many cells say something: those in which pieces of two scales or more meet)."""
    scales = [scale[numbers[pieces.run]] for pieces, numbers in kinds]
    met = np.zeros((n_cells, len(sigma) + 1), dtype=bool)
    for (pieces, _), own in zip(kinds, scales, strict=True):
        met[pieces.row, own] = True
    useful = met.sum(axis=1) > 1
    number = np.cumsum(useful) - 1
    scaled = []
    for (pieces, _), own in zip(kinds, scales, strict=True):
        kept = np.flatnonzero(useful[pieces.row])
        if len(kept):
            likelihood, _ = pieces.likelihood.take(kept)
            scaled.append(ScaledKind(likelihood, number[pieces.row[kept]], own[kept]))
    return common_scales(scaled, int(useful.sum()), sigma), int(useful.sum())


def _check_told(
    calibration: CrossCalibration, names: Sequence[str], shared: SharedTime, runs: Sequence[Any]
) -> None:
    """Raises `InputError` for a free scale that no chain of shared good time leads from to one that is known."""
    free = {name for name in names if calibration.sigma[name] == ANYTHING}
    known = set(shared.instruments) - free
    if calibration.from_ == CONSTANT:
        if known or not free:
            return
        raise InputError(
            f"There is no run of {calibration.reference}, the reference of the cross-calibration, and no scale of "
            f"{', '.join(names)} has a prior; wanted is a reference that observed, or a sigma for one of them."
        )
    sets = [set(np.array(shared.instruments)[own]) for own in np.unique(shared.observing, axis=0)]
    reached = known
    while len(more := reached.union(*(each for each in sets if each & reached))) > len(reached):
        reached = more
    lost = [name for name in names if name in free - reached]
    if lost:
        raise InputError(_lost_words(lost, calibration, shared, runs))


def _lost_words(
    lost: Sequence[str], calibration: CrossCalibration, shared: SharedTime, runs: Sequence[Any]
) -> str:
    """The sentence that refuses free scales of instruments without overlap."""
    good = dict.fromkeys(shared.instruments, 0.0)
    for run in runs:
        good[run.run_id.instrument] += float(np.sum(np.diff(run.gti.intervals, axis=1)))
    hours = ", ".join(f"{name} {seconds / 3600:.3g} h" for name, seconds in good.items())
    several = len(lost) > 1
    return (
        f"{' and '.join(lost)} never observed at the same time as {calibration.reference}, nor as another instrument "
        f"whose scale is known (good time: {hours}), so the free scale{'s' if several else ''} of "
        f"{'these' if several else 'it'} cannot be told from overlaps; wanted is a prior, such as "
        f"cross_calibration: {{{', '.join(f'{name}: {{sigma: 0.1}}' for name in lost)}}}, or from: constant, which "
        "takes the source to be constant."
    )


def _check_found(
    found: CommonScales, names: Sequence[str], calibration: CrossCalibration, n_cells: int
) -> None:
    """Raises `InputError` where counts do not tell scales that good time should."""
    untold = [
        name for name, variance in zip(names, np.diag(found.covariance), strict=True) if np.isinf(variance)
    ]
    if found.converged and not untold:
        return
    raise InputError(
        f"The scale{'s' if len(untold or names) > 1 else ''} of {', '.join(untold or names)} could not be found from "
        f"{n_cells} cell{'s' if n_cells != 1 else ''} of good time ({calibration.from_}): too little of the source is "
        "seen there; wanted is a prior, such as sigma: 0.1, for a scale that is free."
    )
