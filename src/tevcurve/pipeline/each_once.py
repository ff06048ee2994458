"""Observations whose good time is there more than once, before any is reduced: no event counts twice."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from tevcurve.data.time_order import in_order_of_time
from tevcurve.errors import DataError
from tevcurve.pipeline.repeats import Repeats
from tevcurve.problems import Problem


def each_once(observations: Iterable[Any], strict: bool = False) -> tuple[list[Any], list[Problem]]:
    """(the observations that are to be taken, in the order of time; the `Problem`s of those that contradict them).

    Copies are left out, and parts that others hold whole; of parts that overlap otherwise the first one is taken.
    Events are read only of those that have good time in common.

    Parameters
    ----------
    observations : each with good time
    strict : whether the first problem is raised as `DataError`
    """
    repeats, seen = Repeats(), [_Seen(one) for one in in_order_of_time(list(observations))]
    taken, _ = repeats.sorted_out(seen, strict=strict)
    for one in seen:
        one.release()
    return [one.observation for one in taken], repeats.problems


class _Seen:
    """An observation as `Repeats` looks at runs.

    Parameters
    ----------
    observation : the observation
    """

    def __init__(self, observation: Any) -> None:
        self.observation, self.run_id, self.gti = observation, observation.run_id, observation.gti
        self.telescope, self.facts = self.run_id.instrument, ()

    @cached_property
    def _events(self) -> tuple[np.ndarray, ...]:
        try:
            events = self.observation.good_events
        except DataError:
            # Why it cannot be used is told when it is reduced.
            return (np.zeros(0),) * 4
        return events.time_s, events.energy_tev, events.lon, events.lat

    @property
    def time_s(self) -> np.ndarray:
        return self._events[0]

    @property
    def energy_tev(self) -> np.ndarray:
        return self._events[1]

    @property
    def lon(self) -> np.ndarray:
        return self._events[2]

    @property
    def lat(self) -> np.ndarray:
        return self._events[3]

    def release(self) -> None:
        """What was read of events is forgotten."""
        if "_events" in vars(self):
            del self._events
            self.observation.release()
