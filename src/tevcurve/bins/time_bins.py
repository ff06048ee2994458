"""Time bins laid over runs: unions of half-open intervals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from astropy.time import Time

from tevcurve.bins.good_time import OVERLAP_S, BinnedRun, GoodTime, good_time
from tevcurve.bins.instants import Instants
from tevcurve.bins.pieces import ANY_RUN, BinPieces, expand_ranges, pieces_of
from tevcurve.data import TimeReference


@dataclass(frozen=True, eq=False)
class TimeBins:
    """Bins (n_bins,), each a union of intervals [start, stop); flat arrays over all intervals (n,).

    start, stop: `Instants` (n,). bin: int array (n,), ascending, the bin that an interval belongs to.
    n_bins: every bin has an interval or more, in the order of time and without overlap among each other.
    run: int array (n,), the one run that an interval is of, or -1 (`ANY_RUN`) where it is of all.
    overlapping: whether bins may share time. on_events: whether their edges were chosen on the events.
    labels: tuple of str (n_bins,), what to call the bins, or None.
    phase_min, phase_max: float arrays (n_bins,), for folded bins, else None.
    kind: what made them, in words. note: what a reader of the bins should know, in words, or "".
    instruments: tuple of str, the instruments of whose runs the bins are, or () where that is not said.
    owner: int array (n_bins,), which of the instruments a bin is of, and has good time of; None for the only one.
    together: whether a bin may have runs of several instruments, and is of none.

    It has so many methods as bins are asked for as times, as seconds of a run's clock, as pieces of runs and as
    columns, and all follow from the one set of intervals.
    """

    start: Instants
    stop: Instants
    bin: np.ndarray
    n_bins: int
    run: np.ndarray
    overlapping: bool = False
    labels: tuple[str, ...] | None = None
    phase_min: np.ndarray | None = None
    phase_max: np.ndarray | None = None
    kind: str = "time bins"
    note: str = ""
    on_events: bool = False
    instruments: tuple[str, ...] = ()
    owner: np.ndarray | None = None
    together: bool = False

    @classmethod
    def one_interval_each(cls, start: Instants, stop: Instants, **options: Any) -> "TimeBins":
        """Bins of one interval each.

        Parameters
        ----------
        start, stop : `Instants` (n,)
        options : as for `TimeBins`; by default the intervals are of all runs
        """
        options = {"run": np.full(len(start), ANY_RUN), **options}
        return cls(start, stop, np.arange(len(start)), len(start), **options)

    @classmethod
    def in_order(cls, start: Instants, stop: Instants, **options: Any) -> "TimeBins":
        """Bins of one interval each, none of which reaches beyond the start of the next.

        Parameters
        ----------
        start, stop : `Instants` (n,), in the order of time
        options : as for `TimeBins`

        Two runs with clocks of their own that touch may overlap by the rounding of these; no time is in two bins.
        """
        follow = Instants(
            stop.reference, np.append(start.seconds[1:], np.inf), np.append(start.rest[1:], 0.0)
        )
        beyond = (stop.seconds > follow.seconds) | (
            (stop.seconds == follow.seconds) & (stop.rest > follow.rest)
        )
        arrays = (np.where(beyond, getattr(follow, n), getattr(stop, n)) for n in ("seconds", "rest"))
        return cls.one_interval_each(start, Instants(stop.reference, *arrays), **options)

    @property
    def reference(self) -> TimeReference:
        """`TimeReference` of `start_s` and `stop_s`."""
        return self.start.reference

    @property
    def scale(self) -> str:
        """Time scale of `time_min` and `time_max`: TT, whatever the clocks of the runs show."""
        return "tt"

    @property
    def start_s(self) -> np.ndarray:
        """Starts of the intervals (n,), mission seconds of `reference`."""
        return self.start.seconds

    @property
    def stop_s(self) -> np.ndarray:
        """Stops of the intervals (n,), mission seconds of `reference`."""
        return self.stop.seconds

    def in_seconds(self, reference: TimeReference) -> tuple[np.ndarray, np.ndarray]:
        """Starts and stops of the intervals, two arrays (n,), in mission seconds of a run's `TimeReference`.

        reference: `TimeReference`.
        Edges that came from a run with this reference are exact.
        """
        return self.start.in_seconds(reference), self.stop.in_seconds(reference)

    def columns(self) -> dict[str, np.ndarray]:
        """What the bins add to the rows of a light curve: name to array (n_bins,)."""
        names = ("instrument", "phase_min", "phase_max")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @property
    def instrument(self) -> np.ndarray | None:
        """The instrument of each bin, text array (n_bins,); None where no bin says one, or is of one."""
        is_of_one = any(self.instruments) and not self.together
        return np.array(self.instruments)[self.owners()] if is_of_one else None

    def owners(self) -> np.ndarray:
        """Which of the instruments each bin is of, int array (n_bins,); 0 where bins are of all together."""
        return np.zeros(self.n_bins, dtype=int) if self.owner is None else self.owner

    def meta(self) -> dict[str, Any]:
        """What a light curve says of its time bins: a dict of words and booleans."""
        said = {"time_bins": self.kind, "overlapping": self.overlapping, "bins_on_events": self.on_events}
        said |= {"time_bins_note": self.note} if self.note else {}
        return said if self.reference.place == "local" else said | {"TIMEREF": self.reference.place.upper()}

    @cached_property
    def time_min(self) -> Time:
        """Start of the first interval of each bin, `Time` (n_bins,) in TT."""
        return self.start[self._first].time.tt

    @cached_property
    def time_max(self) -> Time:
        """Stop of the last interval of each bin, `Time` (n_bins,) in TT."""
        return self.stop[np.append(self._first[1:], len(self.bin)) - 1].time.tt

    @cached_property
    def _first(self) -> np.ndarray:
        return np.searchsorted(self.bin, np.arange(self.n_bins))

    def select(self, numbers: Any) -> "TimeBins":
        """The bins with these numbers (int array or bool mask (n_bins,)), in this order, as `TimeBins`.

        numbers: int array, or bool mask (n_bins,).
        """
        numbers = np.atleast_1d(np.arange(self.n_bins)[numbers])
        first = self._first[numbers]
        length = np.append(self._first[1:], len(self.bin))[numbers] - first
        rows = expand_ranges(first, first + length)[1]
        return TimeBins(
            self.start[rows],
            self.stop[rows],
            np.repeat(np.arange(len(numbers)), length),
            len(numbers),
            self.run[rows],
            self.overlapping,
            None if self.labels is None else tuple(self.labels[number] for number in numbers),
            None if self.phase_min is None else self.phase_min[numbers],
            None if self.phase_max is None else self.phase_max[numbers],
            self.kind,
            self.note,
            self.on_events,
            self.instruments,
            None if self.owner is None else self.owner[numbers],
            self.together,
        )

    def shares_time(self) -> bool:
        """Whether an interval starts by more than a microsecond before another one of the same run stops, bool."""
        of_all, owner = self.run == ANY_RUN, self.owners()[self.bin]
        if not of_all.any():
            return _overlap(self.start_s, self.stop_s, self.run)
        if np.all(of_all):
            return _overlap(self.start_s, self.stop_s, owner)
        # Those of all runs of an instrument beside those of each.
        groups = (np.flatnonzero(of_all | (self.run == run)) for run in np.unique(self.run))
        return any(_overlap(self.start_s[own], self.stop_s[own], owner[own]) for own in groups)

    def in_order_of_time(self) -> "TimeBins":
        """The bins in the order of their starts; those that start together stay in theirs."""
        first = self.start[self._first]
        order = np.lexsort((first.rest, first.seconds))
        return self if np.all(np.diff(order) == 1) else self.select(order)

    def pieces(self, runs: Iterable[BinnedRun] | BinnedRun) -> BinPieces:
        """`BinPieces`: what the bins and the good time of runs have in common.

        runs: the runs that the bins were made for, in the same order; see `good_time`.
        """
        return pieces_of(self, good_time(runs))

    def ontime_s(self, runs: Iterable[BinnedRun] | BinnedRun) -> np.ndarray:
        """Good time of each bin (n_bins,) in s, summed over runs. runs: as for `pieces`."""
        return self.pieces(runs).ontime_s(self.n_bins)

    def with_good_time(self, good: GoodTime) -> "TimeBins":
        """The bins that meet a `GoodTime`. good: `GoodTime`."""
        found = np.bincount(pieces_of(self, good).bin, minlength=self.n_bins) > 0
        return self if found.all() else self.select(found)

    def __len__(self) -> int:
        return self.n_bins

    def __getitem__(self, number: int) -> "TimeBins":
        if not -self.n_bins <= number < self.n_bins:
            raise IndexError(f"There is no bin {number}: there are {self.n_bins}.")
        return self.select(number)

    def __iter__(self) -> "Iterator[TimeBins]":
        return (self.select(number) for number in range(self.n_bins))

    def __str__(self) -> str:
        if not self.n_bins:
            return f"TimeBins: {self.kind}, no bins"
        first, last = self.time_min.min().iso, self.time_max.max().iso
        words = f"TimeBins: {self.kind}, {self.n_bins} bin{'s' if self.n_bins > 1 else ''}"
        words += f" of {len(self.bin)} intervals" if len(self.bin) != self.n_bins else ""
        words += ", overlapping" if self.overlapping else ""
        words += f", {first} to {last} ({self.scale.upper()})"
        return f"{words}; {self.note}" if self.note else words

    __repr__ = __str__


def _overlap(start: np.ndarray, stop: np.ndarray, group: np.ndarray) -> bool:
    """Whether some intervals (n,) of a group overlap: then some neighbours in the order of their starts do."""
    order = np.lexsort((start, group))
    early = start[order][1:] < stop[order][:-1] - OVERLAP_S
    return bool(np.any(early & (group[order][1:] == group[order][:-1])))
