"""The rows of a light curve some at a time, so that what their fits need does not grow with their number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.bins.time_bins import TimeBins
from tevcurve.data.time_order import clocks_of
from tevcurve.fit.laws import gaps_divide_nights
from tevcurve.fit.row_likelihood import RowLikelihood, RunPieces
from tevcurve.lightcurve.background_norms import lacks_norms
from tevcurve.lightcurve.interval_words import LIKELIHOOD
from tevcurve.lightcurve.rows_of_runs import are_cubes, rows_of_runs
from tevcurve.run_id import parts_together

# What is fitted at a time, about: cells and events, each of which takes some 300 bytes of terms, norms and sums. With
# fewer the calls of numpy take longer than what they do.
AT_ONCE = 2**17


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some time bins of a light curve, with the runs that have good time in them.

    Attributes
    ----------
    first, stop : numbers of the first time bin, and of that after the last
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin` of these runs
    joint : `RowLikelihood` of these bins and runs
    """

    first: int
    stop: int
    origin: Any
    joint: RowLikelihood


def blocks_of_rows(origin: Any, time_bins: TimeBins, below_zero: bool) -> Iterator[RowBlock]:
    """Each `RowBlock` of a light curve, one after the other; one where a row may depend on all others.

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    time_bins : `TimeBins` of its runs
    below_zero : whether fluxes may be asked for below zero
    """
    if _are_few(origin, time_bins):
        yield RowBlock(0, time_bins.n_bins, origin, rows_of_runs(origin, time_bins, below_zero))
        return
    pieces = time_bins.pieces(origin.terms)
    limits = _limits(origin, pieces, time_bins.n_bins)
    all_at_once = time_bins.together or _are_mixed(origin) or _draws_toys(origin)
    if len(limits) == 2 or all_at_once or not rows_come_apart(origin):
        yield RowBlock(0, time_bins.n_bins, origin, rows_of_runs(origin, time_bins, below_zero))
        return
    for first, stop in zip(limits[:-1].tolist(), limits[1:].tolist(), strict=True):
        own = slice(*np.searchsorted(pieces.bin, [first, stop]))
        runs, run = np.unique(pieces.run[own], return_inverse=True)
        # Bins without good time need a run all the same, which says what the columns are.
        runs = runs if len(runs) else np.array([len(origin.runs) - 1])
        part = part_of_runs(origin, runs)
        laid = RunPieces(stop - first, pieces.bin[own] - first, run, pieces.start_s[own], pieces.stop_s[own])
        yield RowBlock(first, stop, part, rows_of_runs(part, laid, below_zero))


def part_of_runs(origin: Any, runs: np.ndarray) -> Any:
    """The `LightCurveOrigin` of some runs, with what is settled for all.

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    runs : int array, numbers of the runs
    """
    return replace(
        origin,
        runs=origin.runs.chosen(runs),
        terms=tuple(origin.terms[run] for run in runs),
        fates=tuple(origin.fates[run] for run in runs),
    )


def rows_come_apart(origin: Any) -> bool:
    """Whether a row depends on nothing but the good time of its bin and the runs that have it.

    origin: `~tevcurve.lightcurve.origin.LightCurveOrigin`.
    """
    shape_of_several = origin.options.background == "shape" and (
        origin.options.shape_from == "night" or parts_together(run.run_id for run in origin.runs) is not None
    )
    clocks, clock = clocks_of(run.gti.reference for run in origin.runs)
    names = [run.run_id.instrument for run in origin.runs]
    systematics = origin.systematics
    if systematics.joins_instruments:
        # Rows are in the clock of the first run, and are scaled by what all runs say.
        one_clock_each = len(clocks) == 1
    else:
        one_clock_each = len(set(zip(names, clock.tolist(), strict=True))) == len(set(names))
    own = not shape_of_several and not gaps_divide_nights(systematics, origin.runs)
    settled = not origin.field.is_unsettled and not systematics.is_unsettled and not lacks_norms(origin)
    return own and settled and one_clock_each


def _are_mixed(origin: Any) -> bool:
    """Whether some runs are cubes and others not, so that rows of some runs have not all columns."""
    is_cube = are_cubes(origin)
    return bool(is_cube.any() and not is_cube.all())


def _draws_toys(origin: Any) -> bool:
    """Whether intervals are of toys, of which only so many rows of a whole light curve have any."""
    return origin.options.interval != LIKELIHOOD and bool(are_cubes(origin).any())


def _are_few(origin: Any, time_bins: TimeBins) -> bool:
    """Whether all rows are so few that they are fitted at once, without a look at which runs are in which bins."""
    if time_bins.overlapping:
        return False
    n_pieces, n_events = time_bins.n_bins + len(origin.terms), sum(each.n_events for each in origin.terms)
    return n_events + n_pieces * len(origin.axes.reco) + time_bins.n_bins * origin.axes.n_bands < AT_ONCE


def _limits(origin: Any, pieces: Any, n_bins: int) -> np.ndarray:
    """Numbers of the time bins at which blocks begin, and n_bins, ascending int array."""
    seconds = pieces.stop_s - pieces.start_s
    in_all = np.bincount(pieces.run, seconds, len(origin.terms))
    # As if events came evenly.
    rate = np.array([each.n_events for each in origin.terms]) / np.where(in_all > 0, in_all, 1.0)
    work = np.bincount(pieces.bin, seconds * rate[pieces.run] + len(origin.axes.reco), n_bins)
    before = np.cumsum(work + origin.axes.n_bands)
    block = (before / AT_ONCE).astype(int)
    return np.unique(np.concatenate([[0], np.flatnonzero(np.diff(block)) + 1, [n_bins]]))
