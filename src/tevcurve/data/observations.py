"""A sequence of observations."""

from collections.abc import Sequence
from functools import cached_property
from html import escape

import astropy.units as u

from tevcurve.data.filters import ObservationFilter, time_pair
from tevcurve.data.observation import Observation
from tevcurve.errors import InputError, MissingError
from tevcurve.run_id import RunId, names_of, run_number

_SHOWN = 20


class Observations(Sequence):
    """Observations in an order; an item is taken by position (int), slice, or OBS_ID (str, `RunId` or `by_id`).

    observations: iterable of `Observation`.
    """

    def __init__(self, observations=()):
        self._observations = tuple(observations)
        for one in self._observations:
            if not isinstance(one, Observation):
                raise InputError(f"Observations are made of Observation objects; one of them is {one!r}.")

    def __len__(self):
        return len(self._observations)

    def __getitem__(self, item):
        if isinstance(item, slice):
            return Observations(self._observations[item])
        if isinstance(item, str | RunId):
            return self.by_id(item)
        if not -len(self) <= item < len(self):
            raise IndexError(
                f"There is no observation number {item} among {len(self)}; an OBS_ID is asked for by by_id({item})."
            )
        return self._observations[item]

    @property
    def ids(self):
        """OBS_IDs, list of int and str."""
        return [observation.obs_id for observation in self]

    def by_id(self, obs_id):
        """Observation of an OBS_ID (int or str) or `RunId`; raises MissingError where there is none, or more than one.

        Where several instruments have an OBS_ID, only a `RunId` tells which is meant.

        obs_id: int, str or `RunId`.
        """
        if isinstance(obs_id, RunId):
            found = [one for one in self._of_obs_id(obs_id) if one.run_id == obs_id]
            words = f"Run {obs_id.full_text()}"
        else:
            found = [one for one in self._of_obs_id(obs_id) if one.obs_id == run_number(obs_id)]
            words = f"OBS_ID {obs_id}"
        if len(found) != 1:
            count = "is not among" if not found else f"is there {len(found)} times among"
            names = list(dict.fromkeys(one.run_id.full_text() for one in found))
            which = f" ({', '.join(names)})" if len(names) > 1 else ""
            raise MissingError(f"{words} {count} these {len(self)} observations{which}.")
        return found[0]

    def _of_obs_id(self, obs_id):
        """Those that may be of an OBS_ID or `RunId`, list of `Observation`, without a look at all of them."""
        if isinstance(obs_id, RunId):
            return self._by_obs_id.get(obs_id.obs_id, [])
        number = run_number(obs_id)
        return [] if number is None else self._by_obs_id.get(RunId.of(number).obs_id, [])

    @cached_property
    def _by_obs_id(self):
        """Dict of the text of each OBS_ID to a list of its observations."""
        found = {}
        for one in self:
            found.setdefault(RunId.of(one.obs_id).obs_id, []).append(one)
        return found

    def select_ids(self, obs_ids):
        """Observations of some OBS_IDs (as in `by_id`), in that order; raises MissingError where one is not there.

        obs_ids: iterable of int, str or `RunId`.
        """
        return Observations(self.by_id(obs_id) for obs_id in obs_ids)

    def select_time(self, interval):
        """Observations with the events and the good time in [start, stop); runs without good time in it are dropped.

        interval: pair of `Time`, or a `Time` of length 2. An empty selection is an empty Observations.
        """
        return self.select(ObservationFilter(time=time_pair(interval)))

    def select(self, observation_filter):
        """Observations that pass an `ObservationFilter`; runs without good time are dropped.

        observation_filter: the `ObservationFilter`.
        """
        selected = (observation.select(observation_filter) for observation in self)
        return Observations(one for one in selected if one is not None)

    @property
    def ontime(self):
        """Sum of the on-times, Quantity in s."""
        return sum((one.ontime for one in self), 0 * u.s)

    @property
    def livetime(self):
        """Sum of the live times, Quantity in s."""
        return sum((one.livetime for one in self), 0 * u.s)

    def _rows(self):
        """The first observations as rows of words, for a person."""
        names = names_of(one.run_id for one in self[:_SHOWN])
        return [
            (
                names[one.run_id],
                one.target_name,
                one.tstart.iso[:19],
                one.tstart.scale.upper(),
                f"{one.livetime.to_value(u.s):.0f}",
            )
            for one in self[:_SHOWN]
        ]

    def _title(self):
        return f"Observations: {len(self)}" if len(self) else "Observations: none"

    def _rest(self):
        return f"... and {len(self) - _SHOWN} more" if len(self) > _SHOWN else ""

    def __str__(self):
        if not len(self):
            return self._title()
        rows = [_COLUMNS, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([self._title(), *lines, *filter(None, [self._rest()])])

    def __repr__(self):
        return f"<Observations of {len(self)} runs>"

    def _repr_html_(self):
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows()
        )
        return f"<p>{self._title()}</p><table><tr>{head}</tr>{rows}</table><p>{self._rest()}</p>"


_COLUMNS = ("OBS_ID", "Target", "Start", "Scale", "Live time [s]")
