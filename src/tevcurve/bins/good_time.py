"""The good time of several runs as flat arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tevcurve.bins.instants import Instants
from tevcurve.data import GTI, TimeReference
from tevcurve.data.time_order import clocks_of
from tevcurve.errors import InputError
from tevcurve.records import short_repr
from tevcurve.run_id import RunId, parts_together

# Rounding of clocks of different runs may let bins and runs that touch overlap by less.
OVERLAP_S = 1e-6


class BinnedRun(Protocol):
    """What time bins know of a run: reduced runs, observations and timelines have it.

    run_id : its identity. gti : `GTI`, or anything with `intervals` (n, 2) in mission seconds of its `reference`
    """

    @property
    def run_id(self) -> RunId: ...

    @property
    def gti(self) -> GTI: ...


@dataclass(frozen=True, eq=False)
class GoodTime:
    """Good time intervals (n,) of all runs, in the order of the runs.

    start_s, stop_s: float arrays (n,), mission seconds of the interval's own run.
    run: int array (n,), number of the run. run_ids: the `RunId` of each run.
    references: each `TimeReference` that a run has, once; clock: int array (n_runs,), which one a run has.
    """

    start_s: np.ndarray
    stop_s: np.ndarray
    run: np.ndarray
    run_ids: tuple[RunId, ...]
    references: tuple[TimeReference, ...]
    clock: np.ndarray

    __repr__ = short_repr

    @property
    def reference(self) -> TimeReference:
        """The reference that is common to all bins: that of the first run."""
        return self.references[0]

    def instants(self, seconds: np.ndarray, run: np.ndarray) -> Instants:
        """`Instants` (n,) of mission seconds of the runs with the numbers `run` (int array (n,)).

        Parameters
        ----------
        seconds : float array (n,)
        run : int array (n,), numbers of the runs whose clocks they are of
        """
        clock = self.clock[run]
        if len(self.references) == 1:
            return Instants.from_seconds(seconds, self.reference, self.reference)
        result = Instants(self.reference, *np.zeros((2, len(seconds))))
        for number, own in enumerate(self.references):
            mine = clock == number
            part = Instants.from_seconds(seconds[mine], own, self.reference)
            result.seconds[mine], result.rest[mine] = part.seconds, part.rest
        return result

    @property
    def start(self) -> Instants:
        """`Instants` (n,) at which the intervals start."""
        return self.instants(self.start_s, self.run)

    @property
    def stop(self) -> Instants:
        """`Instants` (n,) at which the intervals stop."""
        return self.instants(self.stop_s, self.run)

    def spans(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers of the runs that have good time, and first and last good mission second of each, arrays (n,)."""
        runs, first = np.unique(self.run, return_index=True)
        last = np.append(first[1:], len(self.run)) - 1
        return runs, self.start_s[first], self.stop_s[last]

    def stretches(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Stretches of time that runs make which overlap, one leading to the next, in the order of time.

        Three int arrays (n,): the run with the first good time of each, that with the last, and how many runs it has.
        """
        runs, first, last = self.spans()
        start, stop = self.instants(first, runs), self.instants(last, runs)
        order = np.lexsort((start.rest, start.seconds))
        reach = np.maximum.accumulate(self._stops_of_whole_runs(runs, stop.seconds)[order])
        # Runs that touch may overlap by the rounding of their clocks.
        begin = np.append(0, np.flatnonzero(start.seconds[order][1:] >= reach[:-1] - OVERLAP_S) + 1)
        ends = [part[np.argmax(stop.seconds[part])] for part in np.split(order, begin[1:])]
        return runs[order[begin]], runs[np.array(ends)], np.diff(np.append(begin, len(order)))

    def _stops_of_whole_runs(self, runs: np.ndarray, stop_s: np.ndarray) -> np.ndarray:
        """Stops (n,) of runs (n,): of each the last stop of the parts of its run."""
        together = parts_together(self.run_ids[number] for number in runs)
        if together is None:
            return stop_s
        last = np.full(len(runs), -np.inf)
        np.maximum.at(last, together, stop_s)
        return last[together]


def good_time(runs: Iterable[BinnedRun] | BinnedRun) -> GoodTime:
    """The `GoodTime` of runs.

    runs: sequence of anything that has `run_id` and `gti` (a GTI, or `intervals` (n, 2) with `reference`): reduced
    runs, observations, timelines. Raises InputError where there is none, or their times are told at different places.
    """
    runs = list(runs) if isinstance(runs, Iterable) else [runs]
    if not runs:
        raise InputError("There are no runs to bin in time; wanted is one or more.")
    # Some runs have their intervals without the work of making a GTI.
    gtis = [_intervals_of(run) for run in runs]
    parts = [gti.intervals for gti in gtis]
    references, clock = clocks_of([gti.reference for gti in gtis])
    if len(references) > 1:
        check_one_place(runs)
    intervals = np.concatenate(parts)
    if not len(intervals):
        raise InputError(f"None of the {len(runs)} runs has good time, so there is nothing to bin.")
    return GoodTime(
        start_s=intervals[:, 0],
        stop_s=intervals[:, 1],
        run=np.repeat(np.arange(len(runs)), [len(part) for part in parts]),
        run_ids=tuple(run.run_id for run in runs),
        references=references,
        clock=clock,
    )


def check_one_place(runs: Sequence[BinnedRun]) -> None:
    """None; `InputError` for runs whose times are told at different places, up to 500 s apart.

    runs : list of anything that has `run_id` and `gti`, as for `good_time`
    """
    places = {_intervals_of(run).reference.place: run.run_id for run in runs}
    if len(places) > 1:
        (one, first), (other, second) = list(places.items())[:2]
        raise InputError(
            f"The times of run {first} are {one} and those of run {second} {other} (TIMEREF), up to 500 s apart; "
            "wanted are runs whose times are told at one place."
        )


def _intervals_of(run: Any) -> GTI:
    """The record with the `intervals` of a run: itself or its `GTI`."""
    return run if hasattr(run, "intervals") else run.gti
