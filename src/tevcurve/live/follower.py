"""Follows one run: the statistic of a change, alarms, and what the flux is since each."""

from dataclasses import replace

import numpy as np

from tevcurve.kernels.alarm_threshold import tick_of
from tevcurve.kernels.change_detector import TOGETHER, Nodes, begin, follow, quiet_flux, steps
from tevcurve.live.enough_counts import Wanted, points_to_fit
from tevcurve.live.onset import Window, exposure_of, fit_flux, most_likely_onset, since
from tevcurve.live.passed import Alarm, DetectorState, Mark, Passed, Trace
from tevcurve.live.settings import LEAST_COUNTS
from tevcurve.live.stretches import RunPoints

# Norms of backgrounds whose level is not known: how many, and out to which factor.
N_LEVEL, LEVEL_REACH = 41, 12.0


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


class RunFollower:
    """Follows one run, alarm by alarm.

    Parameters
    ----------
    detector : `~tevcurve.live.detector.Detector`
    state : `DetectorState` before it
    run : `RunStretch`
    mark : `Mark` of a shorter one after the same state, or None
    """

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
