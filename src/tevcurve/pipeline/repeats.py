"""Runs whose good time is there already: the same once more, larger and smaller parts of one run, and contradictions.

A part of a run is known by its instrument, its OBS_ID and its good time. Parts of one run may not overlap: their events
would count twice. A part that has all good time and all events of another holds it whole, as a file that has grown
since, and takes its place.
"""

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.bins.good_time import OVERLAP_S
from tevcurve.errors import DataError, InputError
from tevcurve.pipeline.instruments import same_run_words
from tevcurve.problems import Problem
from tevcurve.run_id import TELESCOPE, RunId

log = logging.getLogger(__name__)

# The stage of the problem of a part that contradicts another one.
PARTS = "parts"
_EVENTS = ("time_s", "energy_tev", "lon", "lat")


@dataclass(eq=False)
class _Earlier:
    """A run that was there before: its identity, what its files call the instrument, good time, and itself where it is
    not yet among those that stay.
    """

    run_id: RunId
    telescope: str
    gti: Any
    run: Any = None


class Repeats:
    """Sorts out runs whose good time was there before. Parts of one run share its identity.

    A run of an unknown instrument may be that of any: events never count twice. What its files say counts here,
    whatever its instrument is called.

    problems: list of `Problem`, of runs that were there before, and of parts that overlap others. held: list of the
    runs that were there, or are held whole by one that was.

    Parameters
    ----------
    known : iterable of `~tevcurve.lightcurve.runs.RunFacts`, of runs that are there already
    may_come_again : bool, whether the same once more is no problem
    """

    def __init__(self, known=(), may_come_again=False):
        self.problems, self.held, self._may_come_again = [], [], may_come_again
        self._earlier, self._fresh = {}, []
        for run in known:
            self._note(run)

    def _note(self, run, itself=None):
        entry = _Earlier(run.run_id, run.telescope, run.gti, itself)
        self._earlier.setdefault(run.run_id.obs_id, []).append(entry)
        return entry

    def sorted_out(self, runs, there=(), strict=False):
        """(list of those runs that are to be taken, int array of the numbers of runs in whose place they come).

        Parameters
        ----------
        runs : sequence of `SourceRun`
        there : `~tevcurve.lightcurve.runs.Runs`, those of before that were taken
        strict : bool, raises `DataError` for the first one that is not to be taken because of a problem

        Raises `InputError` for a run that was there before as one of an instrument that is called otherwise.
        """
        for entry in self._fresh:
            entry.run = None
        self._fresh, gone = [], []
        for run in runs:
            overlapping = self._overlapping(run, there)
            if not self._is_wanted(run, overlapping, strict):
                continue
            for entry, number, _ in overlapping:
                self._earlier[run.run_id.obs_id].remove(entry)
                log.info("A part of run %s takes the place of one that it holds whole.", run.run_id)
                if entry.run is None:
                    gone.append(number)
                else:
                    self._fresh.remove(entry)
            self._fresh.append(self._note(run, run))
        return [entry.run for entry in self._fresh], np.array(sorted(gone), dtype=int)

    def _overlapping(self, run, there):
        """List of (`_Earlier`, its number in `there` or None, its `SourceRun`) that have good time in common."""
        found = []
        for entry in tuple(self._earlier.get(run.run_id.obs_id, ())):
            if _is_apart(run.gti, entry.gti) or not of_files(run).may_be(of_files(entry)):
                continue
            if not _overlap_s(run.gti, entry.gti) > OVERLAP_S:
                continue
            if entry.run_id.instrument != run.run_id.instrument and TELESCOPE in run.facts:
                names = entry.run_id.instrument, run.run_id.instrument
                raise InputError(same_run_words(run.run_id, *names))
            number = None if entry.run is not None else _number_in(there, entry)
            if entry.run is None and number is None:
                # It was not taken in the end, so that nothing counts twice.
                self._earlier[run.run_id.obs_id].remove(entry)
                continue
            found.append((entry, number, there.read(number) if entry.run is None else entry.run))
        return found

    def _is_wanted(self, run, overlapping, strict):
        """Whether a run is to be taken, in the place of all that it overlaps; else it is told why not."""
        for _, _, other in overlapping:
            if not holds(other, run):
                continue
            self.held.append(run)
            if self._may_come_again or not holds(run, other):
                log.info("A part of run %s is passed over: one that is there holds it whole.", run.run_id)
                return False
            words = (
                f"OBS_ID {run.run_id} is there more than once with the same good time; the first one is used."
            )
            return self._told(run, "index", words, strict)
        crossed = next((one for one in overlapping if not holds(run, one[2])), None)
        if crossed is None:
            return True
        low, high = crossed[0].gti.intersect(run.gti).intervals[[0, -1], [0, 1]]
        words = (
            f"OBS_ID {run.run_id} is there in parts that overlap, from {low:.10g} to {high:.10g} s of mission time, "
            "and neither has all good time and all events of the other; the first one is used."
        )
        return self._told(run, PARTS, words, strict)

    def _told(self, run, stage, reason, strict):
        """False; what is wrong with a run is in the log and among the problems."""
        if strict:
            raise DataError(f"Run {run.run_id} cannot be used: {reason}")
        log.warning("%s", reason)
        self.problems.append(Problem(run.run_id, stage, reason))
        return False


def of_files(run):
    """The `RunId` of a run with the instrument that its files say. run: what has a `run_id` and a `telescope`."""
    return replace(run.run_id, instrument=run.telescope)


def holds(one, other):
    """Whether a run has all good time and all events of another, bool.

    Parameters
    ----------
    one, other : `SourceRun`
    """
    if _overlap_s(one.gti, other.gti) < other.gti.ontime_s - OVERLAP_S:
        return False
    if one.gti.reference != other.gti.reference:
        # Times in other clocks are not the same to the last digit.
        return _overlap_s(other.gti, one.gti) >= one.gti.ontime_s - OVERLAP_S and _same_events(one, other)
    inside = other.gti.contains(one.time_s)
    own = [getattr(one, name)[inside] for name in _EVENTS]
    others = [getattr(other, name) for name in _EVENTS]
    if all(map(np.array_equal, own, others)):
        return True
    return set(zip(*(each.tolist() for each in others), strict=True)) <= set(
        zip(*(each.tolist() for each in own), strict=True)
    )


def _same_events(one, other):
    """Whether runs in other clocks have the same events, by all but their times."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in _EVENTS[1:])


def _is_apart(one, other):
    """Whether it is told by their ends alone that good times (`GTI`) have nothing in common."""
    if one.reference != other.reference or not len(one) or not len(other):
        return False
    own, its = one.intervals, other.intervals
    return bool(own[-1, 1] <= its[0, 0] or its[-1, 1] <= own[0, 0])


def _overlap_s(one, other):
    """Seconds that good times (`GTI`) have in common."""
    return one.intersect(other).ontime_s


def _number_in(there, entry):
    """The number of a run among others, or None."""
    return next(
        (k for k, one in enumerate(there) if one.run_id == entry.run_id and one.gti == entry.gti), None
    )
