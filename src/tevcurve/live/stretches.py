"""Runs as a detector of changes sees them: what each event says of source and background, and the good time."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from tevcurve.data.time import TimeReference
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.kernels.change_detector import Points
from tevcurve.run_id import RunId

_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class RunStretch:
    """Good time of a run, its events, and the rates they are expected at.

    Times are mission seconds. Signals are of the reference flux, backgrounds as the run is expected to have them.

    Attributes
    ----------
    run_id : `RunId`
    reference : `TimeReference` of the times
    intervals : float array (n, 2), good time, in order, none beginning where another one ends
    time_s : float array (m,), in order, of events that may be of the source
    signal, background : float arrays (m,), expected at the place of each, per s of good time
    other_s : float array (k,), in order, of all other events of the fit: those that cannot be of the source, OFF events
    signal_rate : float, events per s of good time, in all places
    edges_s : float array (n_slices + 1,), between which the background is the same
    background_rate : float array (n_slices,), events per s, in all places
    level_error : float, standard deviation of the natural log of how far all of the background may be from what is
        expected, beside what is said of every run; 0 where the responses say what is expected
    """

    run_id: RunId
    reference: TimeReference
    intervals: np.ndarray
    time_s: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    other_s: np.ndarray
    signal_rate: float
    edges_s: np.ndarray
    background_rate: np.ndarray
    level_error: float = 0.0

    def is_same_as(self, other: "RunStretch") -> bool:
        """Whether another one says the same to the last digit. other: `RunStretch`."""
        if self is other:
            return True
        pairs = [(getattr(self, one.name), getattr(other, one.name)) for one in fields(self)]
        return all(
            np.array_equal(one, two) if isinstance(one, np.ndarray) else one == two for one, two in pairs
        )

    @cached_property
    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(start, s of good time before it, background expected before it, its rate) of pieces without a gap."""
        start = np.unique(np.concatenate([self.intervals[:, 0], self._edges_inside()]))
        own = np.searchsorted(self.intervals[:, 0], start, side="right") - 1
        stop = np.minimum(np.append(start[1:], np.inf), self.intervals[own, 1])
        # The first and the last slice hold beyond their ends.
        inner = self.edges_s[1:-1]
        rate = self.background_rate[np.searchsorted(inner, start, side="right")]
        seconds = stop - start
        return start, _before(seconds), _before(seconds * rate), rate

    def _edges_inside(self) -> np.ndarray:
        edges = self.edges_s[1:-1]
        own = np.searchsorted(self.intervals[:, 0], edges, side="right") - 1
        return edges[(own >= 0) & (edges < self.intervals[np.maximum(own, 0), 1])]

    def passed(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(s of good time, expected events of the background) before times in good time, float arrays (n,).

        time_s: float array (n,).
        """
        start, clock, expected, rate = self.pieces
        own = np.searchsorted(start, time_s, side="right") - 1
        since = time_s - start[own]
        return clock[own] + since, expected[own] + rate[own] * since

    @property
    def seconds(self) -> float:
        """Good time, s."""
        return float(np.sum(self.intervals[:, 1] - self.intervals[:, 0]))

    def points(self, tick_s: float) -> "RunPoints":
        """The `RunPoints`: events that may be of the source, and looks at times of a clock.

        tick_s: float, s of good time between these.
        """
        start, clock, _, _ = self.pieces
        ticks = tick_s * np.arange(1, int(self.seconds / tick_s) + 1)
        own = np.searchsorted(clock, ticks, side="left") - 1
        time = np.concatenate([self.time_s, start[own] + (ticks - clock[own])])
        none = np.zeros(len(ticks))
        order = np.argsort(time, kind="stable")
        time = time[order]
        signal, background = (np.append(each, none)[order] for each in (self.signal, self.background))
        # Sums of lengths of pieces are rounded.
        passed, expected = (np.maximum.accumulate(each) for each in self.passed(time))
        seen = np.searchsorted(self.other_s, time, side="right").astype(float)
        each = (np.diff(passed, prepend=0.0), signal, background)
        points = Points(*each, np.diff(seen, prepend=0.0), np.diff(expected, prepend=0.0))
        return RunPoints(self, points, time)


@dataclass(frozen=True, eq=False)
class RunPoints:
    """A run, point by point.

    Attributes
    ----------
    stretch : `RunStretch`
    points : `Points` (n,)
    time_s : float array (n,), mission seconds of each
    """

    stretch: RunStretch
    points: Points
    time_s: np.ndarray

    def end(self) -> Points:
        """The `Points` (1,) of the end of the good time, after the last of these."""
        stretch, last = self.stretch, self.time_s[-1:]
        seen = np.searchsorted(stretch.other_s, last, side="right").sum()
        before = stretch.passed(last) if len(last) else np.zeros((2, 1))
        now = stretch.passed(stretch.intervals[-1:, 1])
        seconds, expected = (np.maximum(b - a, 0.0) for a, b in zip(before, now, strict=True))
        none = np.zeros(1)
        return Points(seconds, none, none, len(stretch.other_s) - np.array([float(seen)]), expected)


def of_cube(terms: CubeTerms, flux: np.ndarray, band: int) -> RunStretch:
    """The `RunStretch` of a run in 3D. Other sources, as they are known, count as background.

    Parameters
    ----------
    terms : `CubeTerms`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum
    band : int, number of the energy band
    """
    if terms.further is not None:
        terms = terms.settled(np.ones(len(terms.further)))
    norm = 1.0 if terms.background_norm is None else terms.background_norm
    own = terms.band == band
    signal = terms.deadc * terms.signal(flux)[own]
    time = terms.time_s[own]
    inner = terms.slice_edges[1:-1]
    part = np.searchsorted(inner, time, side="right")
    fixed = terms.deadc * np.broadcast_to(terms.fixed, terms.time_s.shape)[own]
    background = norm * terms.background[:, own][part, np.arange(len(time))] + fixed
    fixed_total = terms.deadc * np.broadcast_to(terms.fixed_total, terms.n_bands)[band]
    if terms.count is not None:
        time, signal, background = (
            np.repeat(each, terms.count[own].astype(int)) for each in (time, signal, background)
        )
    return RunStretch(
        terms.run_id,
        terms.gti.reference,
        joined(terms.gti.intervals),
        *(each[signal > 0] for each in (time, signal, background)),
        # Where nothing is expected at all, an event says nothing.
        time[(signal == 0) & (background > 0)],
        float(terms.deadc * terms.signal_total(flux)[band]),
        terms.slice_edges,
        norm * terms.background_total[:, band] + fixed_total,
    )


def together(runs: list[RunStretch]) -> list[RunStretch]:
    """The same with parts of a run in which the source is expected to give the same as one, list of `RunStretch`.

    runs: list of `RunStretch`, in the order of time.
    """
    return [one for one, _ in joined_parts(runs, are_alike, as_one)]


def joined_parts(
    parts: list[_Part], goes_on: Callable[[_Part, _Part], bool], with_part: Callable[[_Part, _Part], _Part]
) -> list[tuple[_Part, int]]:
    """List of (parts that go on with each other as one, their number).

    Parameters
    ----------
    parts : list, in the order of time
    goes_on : function of one and the next one to whether it goes on with it
    with_part : function of both to what they are together
    """
    found: list[tuple[_Part, int]] = []
    for part in parts:
        if found and goes_on(found[-1][0], part):
            one, number = found[-1]
            found[-1] = with_part(one, part), number + 1
        else:
            found.append((part, 1))
    return found


def are_alike(one: RunStretch, other: RunStretch) -> bool:
    """Whether another stretch goes on with a run, at the same rate of the source.

    Parameters
    ----------
    one, other : `RunStretch`
    """
    is_later = one.run_id == other.run_id and one.reference == other.reference
    is_later = is_later and other.intervals[0, 0] >= one.intervals[-1, 1]
    return bool(is_later and one.signal_rate == other.signal_rate)


def as_one(one: RunStretch, other: RunStretch) -> RunStretch:
    """Two stretches that are alike as one; of a background that turns, a slice that both have is one.

    Parameters
    ----------
    one, other : `RunStretch`, in the order of time
    """
    names = "time_s", "signal", "background", "other_s"
    events = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    intervals = joined(np.concatenate([one.intervals, other.intervals]))
    is_same = one.background_rate[-1] == other.background_rate[0]
    edges = np.concatenate([one.edges_s[:-1], other.edges_s[int(is_same) :]])
    rates = np.concatenate([one.background_rate, other.background_rate[int(is_same) :]])
    return replace(one, intervals=intervals, edges_s=edges, background_rate=rates, **events)


def joined(intervals: np.ndarray) -> np.ndarray:
    """Intervals, those that begin where another one ends as one, float array (n, 2).

    intervals: float array (m, 2), in order.
    """
    apart = np.append(True, intervals[1:, 0] > intervals[:-1, 1])
    return np.column_stack([intervals[apart, 0], intervals[np.append(apart[1:], True), 1]])


def places_of_clock(intervals: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Times, float array (n,), before which there are so many seconds of good time.

    Parameters
    ----------
    intervals : float array (m, 2), good time, in order
    seconds : float array (n,), above 0, none beyond the good time
    """
    clock = _before(intervals[:, 1] - intervals[:, 0])
    own = np.searchsorted(clock, seconds, side="left") - 1
    return intervals[own, 0] + (seconds - clock[own])


def _before(values: np.ndarray) -> np.ndarray:
    return np.append(0.0, np.cumsum(values)[:-1])
