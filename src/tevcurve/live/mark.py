"""How far a run that goes on was followed, so that the longer one is not followed from its beginning."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from tevcurve.kernels.change_detector import Followed, Nodes
from tevcurve.live.onset import Window
from tevcurve.live.stretches import RunPoints

if TYPE_CHECKING:
    from tevcurve.live.detector import Alarm


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
    alarms: "tuple[Alarm, ...]"
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
