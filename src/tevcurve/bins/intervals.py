"""Time bins whose edges or intervals are given."""

from dataclasses import dataclass

import numpy as np
from astropy.time import Time

from tevcurve.bins.binning import Binning
from tevcurve.bins.good_time import good_time
from tevcurve.bins.instants import Instants
from tevcurve.bins.time_bins import TimeBins
from tevcurve.bins.time_text import as_time, plain_days, words_of_times
from tevcurve.errors import InputError


@dataclass(frozen=True, eq=False)
class ByIntervals(Binning):
    """See `by_intervals`. start, stop: `Time` (n,)."""

    name = "intervals"
    forms = ("intervals 2006-07-29T20:00 2006-07-29T21:00", "intervals FILE")
    looks_at_events = False

    start: Time
    stop: Time

    @property
    def overlapping(self):
        """Whether an interval starts before all of the earlier ones stopped."""
        # Equal times are equal seconds since any of them.
        start, stop = ((edge - self.start[0]).sec for edge in (self.start, self.stop))
        order = np.argsort(start, kind="stable")
        return bool(np.any(np.maximum.accumulate(stop[order])[:-1] > start[order][1:]))

    def lay(self, runs):
        """`TimeBins`, all that were asked for, in the order of time. runs: as for `bins`."""
        return _laid(self.start, self.stop, runs, "by intervals")

    def text(self):
        """Its text, such as "intervals 53945.8 53945.9 scale=tt"."""
        # A Time of both keeps the digits of either.
        pairs = Time([edge for pair in zip(self.start, self.stop, strict=True) for edge in pair])
        return " ".join([self.name, *words_of_times(pairs), f"scale={pairs.scale}"])

    @classmethod
    def from_text(cls, given):
        """The binning of "intervals TIMES|FILE". given: `GivenText`."""
        times = given.times()
        if len(times) % 2:
            raise given.wrong(f"there are {len(times)} times, and each interval has two")
        return by_intervals(times.reshape(-1, 2))


@dataclass(frozen=True, eq=False)
class ByEdges(Binning):
    """See `by_edges`. times: `Time` (n + 1,)."""

    name = "edges"
    forms = ("edges 2006-07-29T20:00 2006-07-29T21:00", "edges FILE")
    looks_at_events = False

    times: Time

    @property
    def start(self):
        """Starts of the bins, `Time` (n,)."""
        return self.times[:-1]

    @property
    def stop(self):
        """Stops of the bins, `Time` (n,)."""
        return self.times[1:]

    def lay(self, runs):
        """`TimeBins` between the edges, in the order of time. runs: as for `bins`."""
        return _laid(self.start, self.stop, runs, "by edges")

    def text(self):
        """Its text, such as "edges 53945.8 53945.9 scale=tt"."""
        return " ".join([self.name, *words_of_times(self.times), f"scale={self.times.scale}"])

    @classmethod
    def from_text(cls, given):
        """The binning of "edges TIMES|FILE". given: `GivenText`."""
        return by_edges(given.times())


def by_edges(times):
    """A binning with the bins between edges, kept also where they have no good time.

    times: `Time` (n + 1,), or a list of `Time`, of strings (dates are UTC) or of MJD in TT, ascending.
    Raises InputError otherwise.
    """
    times = as_time(times, "times")
    if times.ndim != 1 or len(times) < 2:
        raise InputError(f"The edges have the shape {times.shape}; wanted are two times or more.")
    if not np.all((times[1:] - times[:-1]).sec > 0):
        raise InputError("The edges of the time bins do not ascend; wanted is each one after the one before.")
    return ByEdges(times)


def by_intervals(intervals):
    """A binning with a bin for each interval, in the order of time, kept also where they have no good time.

    intervals: list of pairs of `Time`, of strings (dates are UTC) or of MJD in TT, or `Time` (n, 2);
        they may overlap, then the bins say so.
    Raises InputError for an interval that does not stop after its start.
    """
    if plain_days(intervals) is not None:
        intervals = as_time(intervals, "An interval")
    if not isinstance(intervals, Time):
        pairs = [as_time(pair, "An interval") for pair in intervals]
        if not pairs or any(pair.shape != (2,) for pair in pairs):
            raise InputError("The time intervals are wanted as one or more pairs (start, stop).")
        intervals = Time([time for pair in pairs for time in pair]).reshape(-1, 2)
    if intervals.ndim != 2 or intervals.shape[1] != 2 or not len(intervals):
        raise InputError(f"The time intervals have the shape {intervals.shape}; wanted is (n, 2).")
    start, stop = intervals[:, 0], intervals[:, 1]
    wrong = np.flatnonzero(~((stop - start).sec > 0))
    if len(wrong):
        begin, end = start[wrong[0]].iso, stop[wrong[0]].iso
        raise InputError(
            f"The time interval {wrong[0]} goes from {begin} to {end}; its stop must come later."
        )
    return ByIntervals(start, stop)


def _laid(start, stop, runs, kind):
    """`TimeBins` between starts and stops (`Time`, (n,)), in the order of time."""
    reference = good_time(runs).reference
    edges = (Instants.from_time(edge, reference) for edge in (start, stop))
    return TimeBins.one_interval_each(*edges, kind=kind).in_order_of_time()
