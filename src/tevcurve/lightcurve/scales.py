"""Scales of instruments, settled for all rows of a light curve: from good time that they share, or of all of it.

Each run of each cell is one piece, all energies of the light curve in one bin: with few counts in many energy bins a
background that is free in each takes some of the excess, and scales are biased by it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tevcurve.bins.good_time import good_time
from tevcurve.bins.simultaneous import SharedTime, simultaneous_time
from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.errors import DataError, InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.common_scales import NO_SCALE, CommonScales, ScaledKind, common_scales
from tevcurve.fit.cube_likelihood import CubeRule, rows_of_cubes
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.fit.row_likelihood import RowPieces, RunPieces
from tevcurve.lightcurve.neighbours import settled_field, with_amplitudes
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.lightcurve.rows_of_runs import as_seen
from tevcurve.systematics import ANYTHING, CONSTANT, CrossCalibration, Scales

# s; the source is taken to be constant for as long, in what instruments saw of it at the same time.
LONGEST_S = 1800.0
# Of ln(scale), from round to round where other sources are in the field, and how many rounds there are at most.
SAME, MAX_ROUNDS = 1e-10, 100


def settled_scales(origin: Any) -> Scales:
    """The `Scales` of the instruments of an origin with a cross-calibration.

    By "overlap", each cell of at most half an hour of good time that instruments share has a flux of its own; by
    "constant", all good time has one flux. Other sources of the field are seen with the same scales; where there are
    some, scales are sought again until they are those that the others were seen with.

    origin: `~tevcurve.lightcurve.origin.LightCurveOrigin`. Raises `InputError` for a free scale that nothing tells,
    `DataError` where other sources do not let scales be found.
    """
    runs = list(origin.runs)
    calibration, shared = origin.systematics.calibration, simultaneous_time(runs)
    names = tuple(name for name in calibration.names if name in shared.instruments)
    _check_told(calibration, names, shared, runs)
    cells = None if calibration.from_ == CONSTANT else shared.cells(LONGEST_S)
    numbers = np.arange(len(runs)) if cells is None else np.unique(cells.pieces(runs).run)
    seconds = shared.seconds()
    overlap = np.array([seconds[name] for name in names])
    energies = float(origin.bands[0]), float(origin.bands[-1])
    for _ in range(MAX_ROUNDS):
        found, n_cells = _found(
            _kinds(origin, numbers, cells), 1 if cells is None else cells.n_bins, names, origin
        )
        _check_found(found, names, calibration, n_cells)
        scales = Scales(names, found.log_scale, found.covariance, n_cells, overlap, energies)
        if not origin.field.others or _are_near(scales, origin.systematics.scales):
            return scales
        origin = replace(origin, systematics=replace(origin.systematics, scales=scales))
    raise DataError(
        f"The scales of {', '.join(names)} were not found beside the other sources of the field, which are seen with "
        "the same scales; wanted are fewer of these, or scales with a prior."
    )


def _are_near(scales: Scales, before: Scales | None) -> bool:
    """Whether scales are those of a round before."""
    return before is not None and bool(np.all(np.abs(scales.log_scale - before.log_scale) < SAME))


def _kinds(origin: Any, numbers: np.ndarray, cells: TimeBins | None) -> list[tuple[RowPieces, np.ndarray]]:
    """(pieces of cells, whose `row` is that of the cell, the numbers of their runs) of runs in 3D, and of those in 1D.

    cells: None for one of all good time.
    """
    if origin.field.is_unsettled:
        origin = replace(origin, field=settled_field(origin))
    seen = as_seen([origin.terms[k] for k in numbers], [origin.runs[k] for k in numbers], origin)
    terms = dict(zip(map(int, numbers), seen, strict=True))
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
    kinds: list[tuple[RowPieces, np.ndarray]], n_cells: int, names: Sequence[str], origin: Any
) -> tuple[CommonScales, int]:
    """(the `CommonScales`, how many cells say something: those in which pieces of two scales or more meet)."""
    instruments = [run.run_id.instrument for run in origin.runs]
    scale = np.array([names.index(name) if name in names else NO_SCALE for name in instruments])
    sigma = np.array([origin.systematics.calibration.sigma_of(name) for name in names])
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
