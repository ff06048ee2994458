"""What a detector of changes knows of runs: alarms, where it stands, and how far a run that goes on was followed."""

from dataclasses import dataclass, fields

import numpy as np

from tevcurve.kernels.change_detector import Followed, Nodes
from tevcurve.live.onset import FluxFit, Window
from tevcurve.live.stretches import RunPoints, RunStretch
from tevcurve.run_id import RunId


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
class Mark:
    """Where a follower of a run stood after whole steps, which what comes later does not change; no alarm waits there.

    Attributes
    ----------
    seen : `RunPoints` of the run
    at : int, the point that the steps are counted from
    n_steps : int, how many of them there were
    nodes : `Nodes`
    state : `Followed` after the steps
    windows : tuple of `Window` before the run, or since the flux became known
    first : int, the first point of the run that counts for the flux
    is_changed : bool, whether the quiet flux is that since an alarm
    alarms : tuple of `Alarm`, their records so far
    logs, levels : float arrays (n,), natural logs of the statistic and of its threshold at the n points so far
    """

    seen: RunPoints
    at: int
    n_steps: int
    nodes: Nodes
    state: Followed
    windows: tuple[Window, ...]
    first: int
    is_changed: bool
    alarms: tuple[Alarm, ...]
    logs: np.ndarray
    levels: np.ndarray

    def is_of(self, seen: RunPoints) -> bool:
        """Whether a run begins with the points so far, to the last digit. seen: `RunPoints`."""
        own, other, n = self.seen.stretch, seen.stretch, len(self.logs)
        names = "run_id", "reference", "signal_rate", "level_error"
        if len(seen.time_s) < n or any(getattr(own, name) != getattr(other, name) for name in names):
            return False
        pairs = [(self.seen.time_s, seen.time_s)]
        pairs += [
            (getattr(self.seen.points, each.name), getattr(seen.points, each.name))
            for each in fields(seen.points)
        ]
        return all(np.array_equal(one[:n], two[:n]) for one, two in pairs)


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
