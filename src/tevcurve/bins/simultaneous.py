"""Good time in which several instruments observed at once, and cells of it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tevcurve.bins.good_time import BinnedRun, good_time
from tevcurve.bins.instants import Instants
from tevcurve.bins.pieces import ANY_RUN, expand_ranges
from tevcurve.bins.time_bins import OVERLAP_S, TimeBins
from tevcurve.data import TimeReference
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class SharedTime:
    """Intervals (n,) in which the same two or more instruments observed all the time, in the order of time.

    Attributes
    ----------
    reference : `TimeReference` of the seconds
    start_s, stop_s : float arrays (n,), mission seconds, no two overlap
    instruments : tuple of str (n_instruments,), all there are
    observing : bool array (n, n_instruments), which of them observed
    """

    reference: TimeReference
    start_s: np.ndarray
    stop_s: np.ndarray
    instruments: tuple[str, ...]
    observing: np.ndarray

    __repr__ = short_repr

    def seconds(self) -> dict[str, float]:
        """For each instrument, the s in which it observed together with another one or more."""
        total = (self.stop_s - self.start_s) @ self.observing
        return dict(zip(self.instruments, map(float, total), strict=True))

    def cells(self, longest_s: float) -> TimeBins:
        """`TimeBins` of this time, in each of which one and the same instruments observed all the time.

        Parts of it that less than `longest_s` lie between are put together, and what then takes longer from its first
        moment to its last is cut into equal parts; so no cell takes longer, and cells are as long as may be.

        longest_s : float, s
        """
        of_set = np.unique(self.observing, axis=0, return_inverse=True)[1].reshape(-1)
        order = np.lexsort((self.start_s, of_set))
        start, stop, of_set = self.start_s[order], self.stop_s[order], of_set[order]
        is_first = np.ones(len(start), dtype=bool)
        is_first[1:] = (of_set[1:] != of_set[:-1]) | (start[1:] - stop[:-1] >= longest_s)
        stretch = np.cumsum(is_first) - 1
        first = np.flatnonzero(is_first)
        low, high = start[first], stop[np.append(first[1:], len(start)) - 1] if len(first) else start[:0]
        n_parts = np.maximum(np.ceil((high - low) / longest_s - 1e-9), 1).astype(int)
        width = (high - low) / n_parts
        low, width, n_parts = low[stretch], width[stretch], n_parts[stretch]
        begin = np.clip(np.floor((start - low) / width).astype(int), 0, n_parts - 1)
        end = np.clip(np.ceil((stop - low) / width).astype(int), 1, n_parts)
        of, part = expand_ranges(begin, end)
        start = np.where(part == begin[of], start[of], low[of] + part * width[of])
        stop = np.where(part == end[of] - 1, stop[of], low[of] + (part + 1) * width[of])
        kept = stop - start > OVERLAP_S
        return self._bins(start[kept], stop[kept], np.column_stack([stretch[of], part])[kept])

    def _bins(self, start: np.ndarray, stop: np.ndarray, cell: np.ndarray) -> TimeBins:
        """`TimeBins` of intervals (n,), the cell of each known by a row of `cell`; in the order of their starts."""
        known, number = np.unique(cell, axis=0, return_inverse=True)
        number = number.reshape(-1)
        earliest = np.full(len(known), np.inf)
        np.minimum.at(earliest, number, start)
        place = np.argsort(np.argsort(earliest, kind="stable"), kind="stable")
        order = np.lexsort((start, place[number]))
        edges = (Instants(self.reference, each[order], np.zeros(len(order))) for each in (start, stop))
        any_run = np.full(len(order), ANY_RUN)
        return TimeBins(*edges, place[number][order], len(known), any_run, kind="simultaneous observations")


def simultaneous_time(runs: Iterable[BinnedRun]) -> SharedTime:
    """The `SharedTime` of the instruments of runs.

    runs: as for `good_time`, one or more; the instrument is that of the `RunId` of each.
    """
    good = good_time(runs)
    names = tuple(dict.fromkeys(run_id.instrument for run_id in good.run_ids))
    of_run = np.array([names.index(run_id.instrument) for run_id in good.run_ids])
    start, stop = (edge.in_seconds(good.reference) for edge in (good.start, good.stop))
    edges = np.unique(np.concatenate([start, stop]))
    low, high = edges[:-1], edges[1:]
    observing = np.zeros((len(low), len(names)), dtype=bool)
    for number in range(len(names)):
        own = of_run[good.run] == number
        observing[:, number] = _is_inside(low, start[own], stop[own])
    kept = (observing.sum(axis=1) > 1) & (high - low > OVERLAP_S)
    return SharedTime(good.reference, low[kept], high[kept], names, observing[kept])


def _is_inside(moments: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Whether moments (n,) lie in any of some intervals [start, stop), bool array (n,)."""
    begun = np.searchsorted(np.sort(start), moments, side="right")
    ended = np.searchsorted(np.sort(stop), moments, side="right")
    return begun > ended
