"""Good time cut at every ON event: the cells that bins which look at events are put together from."""

from dataclasses import dataclass

import numpy as np

from tevcurve.bins.good_time import GoodTime, good_time
from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.timeline import timeline_of, whole_timelines
from tevcurve.errors import InputError
from tevcurve.records import short_repr
from tevcurve.run_id import names_of


@dataclass(frozen=True, eq=False)
class EventCells:
    """Cells (n,) in the order of time, all good time without gap or overlap. Each lies in one good time interval.

    A cell starts at an ON event or with a good time interval, and stops where the next one starts or with the interval.

    good: `GoodTime`. lines: tuple of `RunTimeline`, in the order of the runs. run: int array (n,), its number.
    start_s, stop_s: mission seconds of the run (n,). count, off_count: ON and OFF events, float arrays (n,).
    """

    good: GoodTime
    lines: tuple
    run: np.ndarray
    start_s: np.ndarray
    stop_s: np.ndarray
    count: np.ndarray
    off_count: np.ndarray

    __repr__ = short_repr

    @property
    def ontime_s(self):
        """Good time of each cell (n,), s."""
        return self.stop_s - self.start_s

    def per_run(self, name):
        """Attribute of the runs' timelines, float array (n_runs,). name: str, of the attribute."""
        return np.array([getattr(line, name) for line in self.lines], dtype=float)

    def bins(self, first, **options):
        """`TimeBins` of one interval each that start with the cells `first` (int array, ascending, from 0).

        Parameters
        ----------
        first : int array, ascending, the first one 0
        options : as for `TimeBins`: what they are called and the like
        """
        last = np.append(first[1:], len(self.run)) - 1
        return TimeBins.in_order(
            self.good.instants(self.start_s[first], self.run[first]),
            self.good.instants(self.stop_s[last], self.run[last]),
            **options,
        )


def event_cells(runs):
    """The `EventCells` of runs, which may come in any order; parts of one run are one run.

    runs: a run, or a sequence of runs, that have a `RunTimeline`.
    Raises InputError where runs overlap in time, or some have OFF events and others a known background.
    """
    lines = whole_timelines([timeline_of(run) for run in (runs if hasattr(runs, "__iter__") else [runs])])
    good = good_time(lines)
    if len({line.has_off for line in lines}) > 1:
        raise InputError(
            "Some runs have OFF events and others a known background, and bins that are made from events need one of "
            "them; wanted is one method for all runs, or bins such as 'run', 'night' or '10 min'."
        )
    numbers = _in_order(good)
    parts = [_cells_of_run(lines[number]) for number in numbers]
    start, stop, count, off_count = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    run = np.repeat(numbers, [len(part[0]) for part in parts])
    return EventCells(good, lines, run, start, stop, count, off_count)


def _in_order(good):
    """Numbers of the runs that have good time, in the order of time."""
    numbers, first, last = good.spans()
    start, stop = (good.instants(edge, numbers).seconds for edge in (first, last))
    order = np.argsort(start, kind="stable")
    # A second reference may move an edge by its rounding.
    wrong = np.flatnonzero(start[order][1:] < stop[order][:-1] - 1e-6)
    if len(wrong):
        names = names_of(good.run_ids)
        one, other = (names[good.run_ids[numbers[order[wrong[0] + step]]]] for step in (0, 1))
        raise InputError(
            f"The runs {one} and {other} overlap in time, and bins that are made from events need runs one after the "
            "other; wanted are bins such as 'run', 'night' or '10 min', or the runs of one instrument."
        )
    return numbers[order]


def _cells_of_run(line):
    """Start, stop, ON and OFF events of the cells of one run."""
    intervals = line.gti.intervals
    on = line.time_s[line.gti.contains(line.time_s)]
    start = np.unique(np.concatenate([intervals[:, 0], on]))
    interval = np.searchsorted(intervals[:, 0], start, side="right") - 1
    stop = np.minimum(np.append(start[1:], np.inf), intervals[interval, 1])
    off = line.off_time_s if line.has_off else np.zeros(0)
    off = off[line.gti.contains(off)]
    counts = [
        np.bincount(np.searchsorted(start, times, side="right") - 1, minlength=len(start)).astype(float)
        for times in (on, off)
    ]
    return start, stop, *counts
