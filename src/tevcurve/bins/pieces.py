"""What time bins and good time have in common, piece by piece."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tevcurve.bins.good_time import GoodTime
from tevcurve.bins.instants import Instants
from tevcurve.errors import InputError
from tevcurve.records import short_repr

ANY_RUN = -1


@dataclass(frozen=True, eq=False)
class BinPieces:
    """Pieces (n,) of good time that lie in a bin, in the order of bins, of runs in a bin, and of time in a run.

    bin, run: int arrays (n,). start_s, stop_s: float arrays (n,), [start, stop) in mission seconds of the piece's run.
    """

    bin: np.ndarray
    run: np.ndarray
    start_s: np.ndarray
    stop_s: np.ndarray

    __repr__ = short_repr

    def ontime_s(self, n_bins: int) -> np.ndarray:
        """Good time of each bin (n_bins,) in s, summed over runs. n_bins: int."""
        return np.bincount(self.bin, self.stop_s - self.start_s, n_bins)


def expand_ranges(first: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranges first[i] <= k < stop[i] one after the other: the number i of the range, and k; two int arrays.

    Parameters
    ----------
    first, stop : int arrays (n,)
    """
    length = np.maximum(np.asarray(stop) - first, 0)
    owner = np.repeat(np.arange(len(length)), length)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    return owner, np.asarray(first)[owner] + within


class LaidBins(Protocol):
    """What of `~tevcurve.bins.time_bins.TimeBins` pieces are cut by: intervals, each of a bin and of a run or of any.

    Attributes
    ----------
    start, stop : `Instants` (n,), edges of the intervals
    bin, run : int arrays (n,), whose they are; the run is `ANY_RUN` where it may be any
    instruments : tuple of str, whose runs the bins are laid over
    together : bool, whether a bin may have runs of all of them
    """

    @property
    def start(self) -> Instants: ...

    @property
    def stop(self) -> Instants: ...

    @property
    def bin(self) -> np.ndarray: ...

    @property
    def run(self) -> np.ndarray: ...

    @property
    def instruments(self) -> tuple[str, ...]: ...

    @property
    def together(self) -> bool: ...

    def owners(self) -> np.ndarray:
        """Number of the instrument of each bin, int array (n_bins,)."""


def pieces_of(bins: LaidBins, good: GoodTime) -> BinPieces:
    """The `BinPieces` of time bins and good time.

    Parameters
    ----------
    bins : `~tevcurve.bins.time_bins.TimeBins`
    good : `GoodTime` of the runs that they were made for. Raises `InputError` for fewer runs than these
    """
    if np.any(bins.run >= len(good.run_ids)):
        raise InputError(
            f"The bins were made for {bins.run.max() + 1} runs or more and are laid over {len(good.run_ids)}; "
            "wanted are the same runs."
        )
    clock = good.clock[good.run]
    parts = [
        _pieces_of_clock(bins, good, number, intervals, mine[clock[mine] == number])
        for intervals, mine in _of_each_instrument(bins, good)
        for number in range(len(good.references))
    ]
    bin_, run, start, stop = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((start, run, bin_))
    return BinPieces(bin_[order], run[order], start[order], stop[order])


def _of_each_instrument(bins: LaidBins, good: GoodTime) -> list[tuple[np.ndarray | None, np.ndarray]]:
    """(intervals of the bins, intervals of good time) of each instrument, two int arrays; None for all of the bins."""
    if bins.together or len(bins.instruments) < 2:
        return [(None, np.arange(len(good.run)))]
    owner, names = bins.owners()[bins.bin], [run_id.instrument for run_id in good.run_ids]
    of_run = np.array([bins.instruments.index(name) if name in bins.instruments else -1 for name in names])
    of_good = of_run[good.run]
    numbers = range(len(bins.instruments))
    return [(np.flatnonzero(owner == number), np.flatnonzero(of_good == number)) for number in numbers]


def _pieces_of_clock(
    bins: LaidBins, good: GoodTime, number: int, intervals: np.ndarray | None, mine: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pieces of some good time (int array `mine`), whose runs have one reference, in some intervals of the bins (int
    array, or None for all): bin, run, start and stop.
    """
    if not len(mine):
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0), np.zeros(0)
    chosen = slice(None) if intervals is None else intervals
    begin, end = (edge[chosen].in_seconds(good.references[number]) for edge in (bins.start, bins.stop))
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], end[order]
    order = order if intervals is None else intervals[order]
    low, high = good.start_s[mine], good.stop_s[mine]
    # All that start before the good time stops, from the first on that reaches beyond its start.
    reach = np.maximum.accumulate(end)
    owner, interval = expand_ranges(
        np.searchsorted(reach, low, side="right"), np.searchsorted(begin, high, side="left")
    )
    start, stop = np.maximum(begin[interval], low[owner]), np.minimum(end[interval], high[owner])
    run, only = good.run[mine][owner], bins.run[order][interval]
    kept = (stop > start) & ((only == ANY_RUN) | (only == run))
    return bins.bin[order][interval][kept], run[kept], start[kept], stop[kept]
