"""Follows runs in the order of time: the statistic of a change, alarms, and what the flux is since each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tevcurve.data.time import TimeReference
from tevcurve.kernels.change_detector import begin, next_run
from tevcurve.live.follower import RunFollower, with_norms
from tevcurve.live.passed import Alarm, DetectorState, Mark, Passed, Trace
from tevcurve.live.settings import DetectorSettings
from tevcurve.live.stretches import RunStretch


@dataclass(frozen=True, eq=False)
class Detector:
    """A detector of changes; what it finds depends on its settings and on the runs in the order of time, on no more.

    Once a night has had an alarm, the quiet flux is that since it, and the threshold the time in which one alarm is
    wanted: the mean of the statistic, which begins at 0 then, grows by 1 each second, so that
    it is reached no more often.

    Attributes
    ----------
    settings : `DetectorSettings`
    log_thresholds : dict of the name of an instrument to the natural log of its threshold, s, until an alarm
    clock : `TimeReference` of its times
    """

    settings: DetectorSettings
    log_thresholds: dict[str, float]
    clock: TimeReference

    def is_same_for(self, instrument: str, other: "Detector") -> bool:
        """Whether another one finds the same in the runs of an instrument.

        Parameters
        ----------
        instrument : str, its name
        other : `Detector`
        """
        levels = (each.log_thresholds.get(instrument) for each in (self, other))
        return self.settings == other.settings and self.clock == other.clock and len(set(levels)) == 1

    def follow(self, runs: Iterable[RunStretch]) -> tuple[list[Alarm], list[Trace]]:
        """(records of alarms, what was seen in each run) of whole runs.

        runs: iterable of `RunStretch` of one instrument, in the order of time.
        """
        passed = self.passed(runs)
        return [alarm for one in passed for alarm in one.alarms], [one.trace for one in passed]

    def passed(self, runs: Iterable[RunStretch], before: Sequence[Passed] = ()) -> list[Passed]:
        """List of `Passed`, one for each run; the first ones are taken over as long as the runs are the same.

        The first one that is another run, but begins as the one before did, is gone on with from its `Mark`.

        Parameters
        ----------
        runs : iterable of `RunStretch` of one instrument, in the order of time
        before : sequence of `Passed`, as a detector with the same settings, thresholds and clock gave it
        """
        found: list[Passed] = []
        for number, run in enumerate(runs):
            known = None
            if number < len(before) and (number == 0 or found[-1] is before[number - 1]):
                known = before[number]
            if known is None or not known.run.is_same_as(run):
                state, mark = found[-1].state if found else None, None if known is None else known.mark
                known = self._pass(state, run, mark)
            found.append(known)
        return found

    def after(self, state: DetectorState | None, run: RunStretch) -> tuple[DetectorState, list[Alarm], Trace]:
        """(the state after a run, records of alarms in it, what was seen in it).

        Records are those of all its good time so far: of a run that goes on, the ones here are among those of the
        longer one, unchanged, and the state is to be made anew from the one before it.

        Parameters
        ----------
        state : `DetectorState` after the runs before it; None for none
        run : `RunStretch`
        """
        passed = self._pass(state, run, None)
        return passed.state, passed.alarms, passed.trace

    def _pass(self, state: DetectorState | None, run: RunStretch, mark: Mark | None) -> Passed:
        """The `Passed` of a run; mark: of a shorter one after the same state, or None."""
        first = float(self.clock.convert(run.intervals[0, 0], run.reference))
        if state is None or first - state.last_s > self.settings.gap_s:
            nodes = with_norms(self.settings.nodes(), run.level_error)
            state = DetectorState(nodes, begin(nodes, self.settings.head_start_s), first, run.run_id)
        elif state.run_id != run.run_id:
            nodes = with_norms(state.nodes, run.level_error)
            state = replace(state, nodes=nodes, followed=next_run(nodes, state.followed))
        return RunFollower(self, state, run, mark).passed()
