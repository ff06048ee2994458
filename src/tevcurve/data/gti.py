"""Good time intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.data.time import TimeReference, check_seconds
from tevcurve.data.time_keywords import has_place, mission_seconds, time_zero
from tevcurve.errors import DataError, InputError
from tevcurve.files.masked import without_masks
from tevcurve.problems import remark

if TYPE_CHECKING:
    from tevcurve.files.bintable import BinTable


@dataclass(frozen=True, init=False, eq=False)
class GTI:
    """Good time intervals [start, stop), in order and without overlap.

    Parameters
    ----------
    start, stop : `Time`, or mission seconds (float arrays or Quantity); the intervals, in order
    reference : `TimeReference` that the seconds count from; with `Time` it may be left out

    Attributes
    ----------
    intervals : float array (n, 2), mission seconds
    reference : `TimeReference` of these

    Raises InputError where an interval runs backwards, where two overlap, or where a time is not finite. Intervals of
    no length are dropped.
    """

    intervals: np.ndarray  # (n, 2), mission seconds
    reference: TimeReference

    def __init__(
        self,
        start: Time | u.Quantity | np.ndarray | float,
        stop: Time | u.Quantity | np.ndarray | float,
        reference: TimeReference | None = None,
    ) -> None:
        if reference is None:
            if not isinstance(start, Time):
                raise InputError("GTI needs a reference where start and stop are seconds.")
            reference = TimeReference.from_time(start) if start.size else TimeReference(51544, 0.0)
        start, stop = np.broadcast_arrays(_seconds(start, reference), _seconds(stop, reference))
        intervals = np.column_stack([np.ravel(start), np.ravel(stop)])
        problem = _problem(intervals)
        if problem:
            raise InputError(f"The good time intervals cannot be used: {problem}.")
        intervals = intervals[intervals[:, 1] > intervals[:, 0]]
        intervals.flags.writeable = False
        object.__setattr__(self, "intervals", intervals)
        object.__setattr__(self, "reference", reference)

    @classmethod
    def of_intervals(cls, intervals: Sequence[Sequence[float]], reference: TimeReference) -> "GTI":
        """Intervals that are there already. Raises as the class.

        Parameters
        ----------
        intervals : float array (n, 2), or list of pairs, mission seconds
        reference : `TimeReference` that they count from
        """
        edges = np.array(intervals, dtype=float)
        rising = edges.ravel()
        # Most are in good order, which is told at once; whatever else there is has words for it.
        is_known = edges.ndim == 2 and edges.shape[1:] == (2,) and len(edges) > 0
        if is_known and np.isfinite(rising[[0, -1]]).all() and np.all(rising[1:] > rising[:-1]):
            made = cls.__new__(cls)
            edges.flags.writeable = False
            object.__setattr__(made, "intervals", edges)
            object.__setattr__(made, "reference", reference)
            return made
        starts, stops = zip(*intervals, strict=True) if len(intervals) else ((), ())
        return cls(starts, stops, reference)

    @classmethod
    def from_hdu(
        cls, hdu: "BinTable", where: str, reference: TimeReference | None = None, zero: bool = True
    ) -> "GTI":
        """Intervals of a GADF GTI table.

        Parameters
        ----------
        hdu : `BinTable` with columns START and STOP, in TIMEUNIT or s where they have no unit
        where : file and HDU, for messages
        reference : the mission times to count in; the header's own where None. Intervals that overlap, repeat or are
            out of order are merged, and those without a number for an end are left out where others have some; both
            is remarked.
        zero : whether TIMEZERO of its header counts

        Raises DataError where a column, a unit or the reference is missing, or an interval runs backwards.
        """
        own = reference_of_good_time(hdu.header, where, reference, zero)
        if reference is not None and not has_place(hdu.header):
            own = replace(own, place=reference.place)
        if reference is not None and own.place != reference.place:
            raise DataError(
                f"{where} has times that are {own.place}, and its events {reference.place}; wanted is one TIMEREF."
            )
        edges = [mission_seconds(hdu, name, where) for name in ("START", "STOP")]
        for name, edge in zip(("START", "STOP"), edges, strict=True):
            check_seconds(edge[np.isfinite(edge)], f"The column {name}", where)
        intervals = _with_numbers(np.column_stack(edges), where)
        problem = _wrong_interval(intervals)
        if problem:
            raise DataError(f"The good time intervals of {where} cannot be used: {problem}.")
        if _disorder(intervals):
            remark(
                f"The good time intervals of {where} overlap, repeat or are not in order ({_disorder(intervals)}); "
                "what is in any of them is taken once."
            )
            intervals = _merged(intervals)
        reference = reference or own
        start, stop = (reference.convert(edge, own) for edge in intervals.T)
        return cls(start, stop, reference)

    @property
    def start(self) -> Time:
        """Starts, `Time` (n,)."""
        return self.reference.to_time(self.intervals[:, 0])

    @property
    def stop(self) -> Time:
        """Stops, `Time` (n,)."""
        return self.reference.to_time(self.intervals[:, 1])

    @property
    def ontime_s(self) -> float:
        """Sum of the intervals, float in s."""
        return float(np.sum(self.intervals[:, 1] - self.intervals[:, 0]))

    @property
    def ontime(self) -> u.Quantity:
        """Sum of the intervals, Quantity in s."""
        return self.ontime_s * u.s

    @property
    def table(self) -> Table:
        """`Table` with START and STOP as `Time`, and the duration."""
        duration = (self.intervals[:, 1] - self.intervals[:, 0]) * u.s
        return Table({"START": self.start, "STOP": self.stop, "DURATION": duration})

    def contains(self, seconds: float | np.ndarray) -> np.ndarray:
        """Whether mission times lie in a good interval, bool array: start <= t < stop.

        seconds: float array, mission seconds of this reference.
        """
        seconds = np.asarray(seconds, dtype=float)
        if not len(self):
            return np.zeros(seconds.shape, dtype=bool)
        interval = np.searchsorted(self.intervals[:, 0], seconds, side="right") - 1
        return (interval >= 0) & (seconds < self.intervals[np.maximum(interval, 0), 1])

    def intersect(self, intervals: "GTI | np.ndarray") -> "GTI":
        """GTI of what is common to this one and others; empty where nothing is.

        intervals: GTI, or float array (n, 2) or (2,) of mission seconds of this reference, in any order.
        """
        others = _merged(self._seconds_of(intervals))
        start = np.maximum(self.intervals[:, None, 0], others[None, :, 0]).ravel()
        stop = np.minimum(self.intervals[:, None, 1], others[None, :, 1]).ravel()
        some = stop > start
        return GTI(start[some], stop[some], self.reference)

    def until_last_of(self, seconds: np.ndarray) -> "GTI":
        """GTI up to the last of some mission times (n,) in it, which is then outside; empty where none is.

        seconds: float array (n,), mission seconds of this reference.
        """
        inside = seconds[self.contains(seconds)]
        if not len(inside):
            return GTI(np.zeros(0), np.zeros(0), self.reference)
        return self.intersect(np.array([self.intervals[0, 0], np.max(inside)]))

    def union(self, intervals: "GTI | np.ndarray") -> "GTI":
        """GTI of what is in this one or in others; touching and overlapping intervals become one.

        intervals: GTI, or float array (n, 2) or (2,) of mission seconds of this reference, in any order.
        """
        merged = _merged(np.concatenate([self.intervals, self._seconds_of(intervals)]))
        return GTI(merged[:, 0], merged[:, 1], self.reference)

    def _seconds_of(self, intervals: "GTI | np.ndarray") -> np.ndarray:
        if isinstance(intervals, GTI):
            return self.reference.convert(intervals.intervals, intervals.reference)
        return np.asarray(intervals, dtype=float).reshape(-1, 2)

    def __len__(self) -> int:
        return len(self.intervals)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GTI):
            return NotImplemented
        return self.reference == other.reference and np.array_equal(self.intervals, other.intervals)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        if not len(self):
            return "GTI: no good time"
        start, stop = self.start[0].iso, self.stop[-1].iso
        count = f"{len(self)} interval{'s' if len(self) > 1 else ''}"
        return f"GTI: {count}, {self.ontime_s:.1f} s in {start} to {stop} ({self.reference.scale.upper()})"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>"


def reference_of_good_time(
    header: Mapping[str, Any], where: str, events: TimeReference | None, zero: bool = True
) -> TimeReference:
    """What the times of a table of good time count from; what it does not say of that is as for its events.

    Parameters
    ----------
    header : of the table
    where : file and HDU, for messages
    events : what the times of the events count from, None where that is not known
    zero : whether TIMEZERO of the table counts
    """
    if events is None:
        return TimeReference.from_header(header, where, zero)
    if any(header.get(key) is not None for key in ("MJDREFI", "MJDREF")):
        if not str(header.get("TIMESYS") or "").strip():
            remark(f"{where} has no TIMESYS; that of its events is taken, {events.scale.upper()}.")
            header = {**header, "TIMESYS": events.scale.upper()}
        return TimeReference.from_header(header, where, zero)
    remark(f"{where} does not say since when its times count; that of its events is taken, {events}.")
    return events.later(time_zero(header, where) if zero else 0.0)


def _seconds(times: Time | u.Quantity | np.ndarray | float, reference: TimeReference) -> np.ndarray:
    if isinstance(times, Time):
        return np.asarray(without_masks(reference.to_seconds(times)))
    times = without_masks(times)
    return np.asarray(times.to_value("s") if isinstance(times, u.Quantity) else times, dtype=float)


def _merged(intervals: np.ndarray) -> np.ndarray:
    """Intervals (n, 2) in order, those that touch or overlap made one."""
    intervals = intervals[intervals[:, 1] > intervals[:, 0]]
    if not len(intervals):
        return intervals
    intervals = intervals[np.argsort(intervals[:, 0], kind="stable")]
    reach = np.maximum.accumulate(intervals[:, 1])
    first = np.concatenate([[True], intervals[1:, 0] > reach[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.column_stack([intervals[first, 0], reach[last]])


def _with_numbers(intervals: np.ndarray, where: str) -> np.ndarray:
    """Intervals (n, 2) without those that have an end which is no number, where others are left."""
    known = np.all(np.isfinite(intervals), axis=1)
    if np.all(known) or not np.any(known):
        return intervals
    remark(
        f"The good time intervals of {where} are {len(known)}, {np.sum(~known)} of which start or stop at no number; "
        "these are left out."
    )
    return intervals[known]


def _problem(intervals: np.ndarray) -> str | None:
    """What is wrong with intervals (n, 2), in words, or None."""
    return _wrong_interval(intervals) or _disorder(intervals)


def _wrong_interval(intervals: np.ndarray) -> str | None:
    """What is wrong with one of the intervals (n, 2), in words, or None."""
    if not np.all(np.isfinite(intervals)):
        return "a time is not finite"
    backwards = np.flatnonzero(intervals[:, 1] < intervals[:, 0])
    if len(backwards):
        start, stop = intervals[backwards[0]]
        return f"interval {backwards[0]} runs backwards, from {start} s to {stop} s"
    return None


def _disorder(intervals: np.ndarray) -> str | None:
    """Where intervals (n, 2) are out of order or overlap, in words, or None."""
    overlap = np.flatnonzero(intervals[1:, 0] < intervals[:-1, 1])
    if len(overlap):
        after = overlap[0] + 1
        start, stop = intervals[after, 0], intervals[after - 1, 1]
        return f"interval {after} starts at {start} s, before the one ahead of it stops at {stop} s"
    return None
