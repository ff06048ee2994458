"""Follows runs in the order of time: the statistic of a change, alarms, and what the flux is since each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tevcurve.data.time import TimeReference
from tevcurve.kernels.alarm_threshold import tick_of
from tevcurve.kernels.change_detector import (
    TOGETHER,
    Followed,
    Nodes,
    begin,
    follow,
    next_run,
    quiet_flux,
    steps,
)
from tevcurve.live.enough_counts import Wanted, points_to_fit
from tevcurve.live.mark import Mark
from tevcurve.live.onset import FluxFit, Window, exposure_of, fit_flux, most_likely_onset, since
from tevcurve.live.settings import LEAST_COUNTS, DetectorSettings
from tevcurve.live.stretches import RunPoints, RunStretch
from tevcurve.run_id import RunId

# Norms of backgrounds whose level is not known: how many, and out to which factor.
N_LEVEL, LEVEL_REACH = 41, 12.0


@dataclass(frozen=True, eq=False)
class Alarm:
    """A change of the flux, as it was known at some time.

    Times are seconds of a clock for all runs of a `Detector`.

    Attributes
    ----------
    run_id : `RunId` of the run in which it was seen
    time_s : float, when the statistic reached its threshold
    known_s : float, the last good time that this record rests on
    onset : (number of the window, of the first point after the change in it, time in s) of the most likely change
    log_statistic, log_threshold : float, natural logs, s
    quiet : (flux, error) before the change, in units of the reference flux
    fit : `FluxFit` since the onset
    significance : float, in standard deviations, of the flux since the onset against the quiet one
    seconds : float, s of good time between the onset and `known_s`
    is_first : bool, whether it is the record that was made at once; else that of what is the quiet flux from now on
    """

    run_id: RunId
    time_s: float
    known_s: float
    onset: tuple[int, int, float]
    log_statistic: float
    log_threshold: float
    quiet: tuple[float, float]
    fit: FluxFit
    significance: float
    seconds: float
    is_first: bool = True


@dataclass(frozen=True, eq=False)
class DetectorState:
    """Where a detector stands between two runs.

    Attributes
    ----------
    nodes : `Nodes`
    followed : `Followed`
    last_s : float, the end of the last good time
    run_id : `RunId` of the last run
    windows : tuple of `Window`, since the night began, or since the flux became known after an alarm
    standing : `Alarm` that waits for counts of the source since its onset, or None
    is_changed : bool, whether the quiet flux is that since an alarm
    """

    nodes: Nodes
    followed: Followed
    last_s: float
    run_id: RunId
    windows: tuple[Window, ...] = ()
    standing: Alarm | None = None
    is_changed: bool = False


@dataclass(frozen=True, eq=False)
class Trace:
    """What a detector saw in a run.

    Attributes
    ----------
    run_id : `RunId`
    time_s : float array (n,), s of the detector's clock, of points in good time
    log_statistic : float array (n,), natural log of the statistic in s; NaN while an alarm waits for its flux
    log_threshold : float array (n,), of the threshold
    """

    run_id: RunId
    time_s: np.ndarray
    log_statistic: np.ndarray
    log_threshold: np.ndarray


@dataclass(frozen=True, eq=False)
class Passed:
    """A run that a detector has followed.

    Attributes
    ----------
    run : `RunStretch`
    state : `DetectorState` after it
    alarms : list of `Alarm`, their records in it
    trace : `Trace`
    mark : `Mark` from which a longer one goes on, or None
    """

    run: RunStretch
    state: DetectorState
    alarms: list[Alarm]
    trace: Trace
    mark: Mark | None = None


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

    def is_same_as(self, other: "Detector") -> bool:
        """Whether another one finds the same. other: `Detector`."""
        names = "settings", "log_thresholds", "clock"
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def follow(self, runs: Iterable[RunStretch]) -> tuple[list[Alarm], list[Trace]]:
        """(records of alarms, what was seen in each run) of whole runs.

        runs: iterable of `RunStretch`, in the order of time.
        """
        passed = self.passed(runs)
        return [alarm for one in passed for alarm in one.alarms], [one.trace for one in passed]

    def passed(self, runs: Iterable[RunStretch], before: Sequence[Passed] = ()) -> list[Passed]:
        """List of `Passed`, one for each run; the first ones are taken over as long as the runs are the same.

        The first one that is another run, but begins as the one before did, is gone on with from its `Mark`.

        Parameters
        ----------
        runs : iterable of `RunStretch`, in the order of time
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
        return _RunFollower(self, state, run, mark).passed()


def with_norms(nodes: Nodes, level_error: float) -> Nodes:
    """The same with norms of the background of a run whose level is not known; where it is, those that were given.

    They are the same for all levels that are not known, so that a night may go on with another one.

    Parameters
    ----------
    nodes : `Nodes`
    level_error : float, standard deviation of the natural log of the level; 0 where it is known
    """
    if level_error == 0:
        return nodes
    place = np.linspace(-1.0, 1.0, N_LEVEL) * np.log(LEVEL_REACH)
    chance = np.exp(-0.5 * (place / level_error) ** 2)
    return replace(nodes, norm=np.exp(place), norm_chance=chance / chance.sum())


class _RunFollower:
    """Follows one run, alarm by alarm."""

    def __init__(self, detector, state, run, mark):
        self.detector, self.settings, self.run = detector, detector.settings, run
        self.seen: RunPoints = run.points(self.tick)
        self.time_s = detector.clock.convert(self.seen.time_s, run.reference)
        self.window = Window(self.seen.points, self.time_s, run.signal_rate, run.run_id, run.level_error)
        self.nodes, self.state, self.standing = state.nodes, state.followed, state.standing
        self.is_changed = state.is_changed
        self.windows, self.first = list(state.windows), 0
        self.logs = np.full(len(self.time_s), np.nan)
        self.levels = np.full(len(self.time_s), self.log_threshold)
        self.alarms, self.at, self.n_steps, self.mark = [], 0, 0, None
        if mark is not None and mark.is_of(self.seen):
            self._go_on(mark)

    def _go_on(self, mark):
        n = len(mark.logs)
        self.logs[:n], self.levels[:n] = mark.logs, mark.levels
        self.nodes, self.state, self.standing = mark.nodes, mark.state, None
        self.windows, self.first, self.is_changed = list(mark.windows), mark.first, mark.is_changed
        self.alarms, self.at, self.n_steps, self.mark = list(mark.alarms), mark.at, mark.n_steps, mark

    @property
    def log_threshold(self):
        if self.is_changed:
            return float(np.log(self.settings.seconds_per_alarm))
        return self.detector.log_thresholds[self.run.run_id.instrument]

    @property
    def tick(self):
        return tick_of(float(self.settings.changed.max()) * self.run.signal_rate, self.settings.tick_s)

    def passed(self):
        """The `Passed`."""
        at = self.at
        while at < len(self.time_s):
            step = self._wait_for_flux if self.standing is not None else self._wait_for_alarm
            found, at = step(at)
            if found is not None:
                self.alarms.append(found)
        if self.standing is None:
            self.state, _ = self._follow(self.state, self.seen.end())
        end = float(self.detector.clock.convert(self.run.intervals[-1, 1], self.run.reference))
        own = self.window[self.first :]
        windows = (*self.windows, own) if len(own.time_s) else tuple(self.windows)
        night = self.standing, self.is_changed
        state = DetectorState(self.nodes, self.state, end, self.run.run_id, windows, *night)
        trace = Trace(self.run.run_id, self.time_s, self.logs, self.levels)
        return Passed(self.run, state, self.alarms, trace, self.mark)

    def _steps(self, points):
        return steps(points.wait, float(self.nodes.changed.max()) * self.run.signal_rate)

    def _follow(self, state, points, own=None):
        own = self._steps(points) if own is None else own
        if not own:
            return state, np.zeros(0)
        state, logs = follow(self.nodes, state, points.in_steps(own), self.run.signal_rate)
        return state, np.concatenate([logs[k, : each.stop - each.start] for k, each in enumerate(own)])

    def _wait_for_alarm(self, at):
        """(first `Alarm` from a point on, the point to go on from); (None, the end) where there is none."""
        self.levels[at:] = self.log_threshold
        points, begun, self.n_steps = self.seen.points[at:], self.n_steps, 0
        own = self._steps(points)
        known = own[begun].start if begun < len(own) else len(points.wait)
        # The last step may become longer; in front of it, so many are followed at once as ever.
        whole = max((len(own) - 1) // TOGETHER * TOGETHER, begun)
        state, logs = self._follow(self.state, points, own[begun:whole])
        if not np.any(logs >= self.log_threshold):
            self.logs[at + known : at + known + len(logs)] = logs
            self._set_mark(at, whole, known + len(logs), state)
        state, rest = self._follow(state, points, own[whole:])
        logs = np.concatenate([self.logs[at : at + known], logs, rest])
        above = known + np.flatnonzero(logs[known:] >= self.log_threshold)
        if not len(above):
            self.logs[at:], self.state = logs, state
            return None, len(self.time_s)
        number = int(above[0])
        self.logs[at : at + number + 1] = logs[: number + 1]
        before = points[: number + 1]
        state, _ = self._follow(self.state, before, self._steps(before)[begun:])
        quiet = tuple(float(each) for each in quiet_flux(self.nodes, state))
        self.standing = self._alarm(at + number, quiet, float(logs[number]))
        # From this point on: the flux may be known well enough here.
        return self.standing, at + number

    def _set_mark(self, at, n_steps, n_points, state):
        """None; a longer run goes on from so many steps after a point, and points after it."""
        n = at + n_points
        night = tuple(self.windows), self.first, self.is_changed, tuple(self.alarms)
        seen = self.logs[:n].copy(), self.levels[:n].copy()
        self.mark = Mark(self.seen, at, n_steps, self.nodes, state, *night, *seen)

    def _alarm(self, at, quiet, log_value):
        windows = [*self.windows, self.window[self.first : at + 1]]
        place = most_likely_onset(windows, self.nodes.changed, quiet[0], self.settings.background_error)
        time = float(self.time_s[at])
        record = Alarm(
            self.run.run_id, time, time, place, log_value, self.log_threshold, quiet, None, 0.0, 0.0
        )
        windows = since(windows, place)
        return self._known(record, windows, time, fit_flux(windows, self.settings.background_error))

    def _known(self, record, windows, known_s, fit):
        """The record with the `FluxFit` of windows since its onset."""
        still = fit_flux(windows, self.settings.background_error, record.quiet[0]).log_likelihood
        significance = float(np.sqrt(max(2 * (fit.log_likelihood - still), 0.0)))
        seconds = sum(each.seconds() for each in windows)
        return replace(record, fit=fit, significance=significance, seconds=seconds, known_s=known_s)

    def _wait_for_flux(self, at):
        """(record of the alarm with enough counts since its onset, the point to go on from), from a point on."""
        record, error = self.standing, self.settings.background_error
        *earlier, own = since([*self.windows, self.window[self.first :]], record.onset)
        passed = len(self.time_s) - len(own.time_s)
        wanted = Wanted(LEAST_COUNTS, record.quiet[0], 4 * max(record.quiet[0], record.fit.flux))
        for number in points_to_fit([*earlier, own], at - passed, wanted, error):
            windows = [*earlier, own[: number + 1]]
            exposure = exposure_of(windows)
            if exposure * wanted.most < LEAST_COUNTS:
                continue
            fit = fit_flux(windows, error)
            if max(fit.counts, wanted.flux * exposure) < LEAST_COUNTS:
                continue
            number += passed
            known = self._known(record, windows, float(self.time_s[number]), fit)
            nodes = self.settings.nodes(known.fit.flux, known.fit.error)
            self.nodes = with_norms(nodes, self.run.level_error)
            self.state = begin(self.nodes, 0.0)
            self.standing, self.windows, self.first, self.is_changed = None, [], number + 1, True
            # Where the first record knew as much, nothing is new.
            is_new = known.known_s > record.known_s
            return replace(known, is_first=False) if is_new else None, number + 1
        return None, len(self.time_s)
