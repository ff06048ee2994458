"""Round times for time axes: MJD, or dates in UTC, from seconds to decades, with labels that never meet."""

from typing import Any, Protocol

import numpy as np

DAY = 86400.0
CLOCK = np.array([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200]) / DAY
DAYS = np.array([1, 2, 5, 10])
MONTHS = np.array([1, 2, 3, 6, 12, 24, 60, 120, 240])
NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH = 30.4  # days, to compare steps
CHARACTER = 0.62  # width of a character in font sizes
MIDDLE = 0.08  # how far from the middle of a piece its only label is, of its length


class TickSource(Protocol):
    """Round times of a kind of axis, and their labels."""

    def steps(self, span: float) -> list:
        """Steps for a span, the coarsest first. span: days."""

    def days(self, step: Any) -> float:
        """The length of a step in days. step: one of `steps`."""

    def width(self, step: Any, high: float) -> float:
        """Characters of the widest label up to a time.

        Parameters
        ----------
        step : one of `steps`
        high : the latest time, a number of the axis
        """

    def times(self, step: Any, low: float, high: float) -> np.ndarray:
        """Times of a step between two times, float array.

        Parameters
        ----------
        step : one of `steps`
        low, high : numbers of the axis
        """

    def labels(self, step: Any, times: np.ndarray) -> list[str]:
        """Labels of times.

        Parameters
        ----------
        step : one of `steps`
        times : numbers of the axis, float array (n,)
        """


class MjdTicks:
    """Round MJD, from which the labels subtract a whole number `offset`. A step is (digit, power of ten).

    offset: whole number of days.
    """

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def steps(self, span: float) -> list[tuple[int, int]]:
        """Steps for a span in days, the coarsest first. span: days."""
        largest = int(np.ceil(np.log10(span)))
        return [(digit, largest - k) for k in range(5) for digit in (5, 2, 1)]

    def days(self, step: Any) -> float:
        """The length of a step. step: one of `steps`."""
        return step[0] * 10.0 ** step[1]

    def width(self, step: Any, high: float) -> float:
        """Characters of the widest label up to a time.

        Parameters
        ----------
        step : one of `steps`
        high : the latest time, a number of the axis
        """
        return len(self.labels(step, np.array([high]))[0])

    def times(self, step: Any, low: float, high: float) -> np.ndarray:
        """Times of a step between two times, float array.

        Parameters
        ----------
        step : one of `steps`
        low, high : numbers of the axis
        """
        length = self.days(step)
        # of days since a whole one, where steps are parts of a day: MJD have too many digits for that
        base = np.floor(low) if step[1] < 0 else 0.0
        first, last = np.ceil((low - base) / length), np.floor((high - base) / length)
        return base + np.round(np.arange(first, last + 1) * length, max(0, -step[1]))

    def labels(self, step: Any, times: np.ndarray) -> list[str]:
        """Labels of times, list of str.

        Parameters
        ----------
        step : one of `steps`
        times : numbers of the axis, float array (n,)
        """
        return [f"{time - self.offset:.{max(0, -step[1])}f}".replace("-", "−") for time in times]


class DateTicks:
    """Round times of day, days, months or years in UTC; a label's second line says what the first leaves open.

    epoch: the number of the axis at 1970-01-01. A step is (kind, number), of days, or of months for a month.
    """

    def __init__(self, epoch: float) -> None:
        self.epoch = epoch

    def steps(self, span: float) -> list[tuple[str, float]]:
        """Steps for a span in days, the coarsest first. span: days."""
        kinds = ("month", MONTHS), ("day", DAYS), ("clock", CLOCK)
        return [(kind, step) for kind, steps in kinds for step in steps[::-1]]

    def days(self, step: Any) -> float:
        """The length of a step. step: one of `steps`."""
        return step[1] * (MONTH if step[0] == "month" else 1)

    def width(self, step: Any, high: float) -> float:
        """Characters that labels need between their centres: those of the first reach further than the others.

        Parameters
        ----------
        step : one of `steps`
        high : the latest time, a number of the axis
        """
        return {"month": 3.6, "day": 4.6}.get(step[0], 7 if step[1] * DAY > 59 else 8.5)

    def times(self, step: Any, low: float, high: float) -> np.ndarray:
        """Times of a step between two times, float array.

        Parameters
        ----------
        step : one of `steps`
        low, high : numbers of the axis
        """
        kind, length = step
        low, high = low - self.epoch, high - self.epoch
        if kind != "month":
            return self.epoch + np.arange(np.ceil(low / length), np.floor(high / length) + 1) * length
        first, last = (
            np.datetime64(int(np.floor(day)), "D").astype("M8[M]").astype(int) for day in (low, high)
        )
        months = np.arange(-(-first // length) * length, last + 1, length)
        days = months.astype("M8[M]").astype("M8[D]").astype(float)
        return self.epoch + days[(days >= low) & (days <= high)]

    def labels(self, step: Any, times: np.ndarray) -> list[str]:
        """Labels of times, list of str.

        Parameters
        ----------
        step : one of `steps`
        times : numbers of the axis, float array (n,)
        """
        moments = np.round((np.asarray(times) - self.epoch) * DAY).astype("int64").astype("M8[s]")
        kind, length = step
        day = [str(moment)[:10] for moment in moments]
        if kind == "month" and length >= 12:
            return [text[:4] for text in day]
        if kind == "clock":
            end = 16 if length * DAY > 59 else 19
            short = [str(moment)[11:end] for moment in moments]
            return [_with(short[k], _day(day[k]), day[k][:4], *_changes(day, k)) for k in range(len(day))]
        short = [NAMES[int(text[5:7]) - 1] if kind == "month" else _day(text) for text in day]
        year = [text[:4] for text in day]
        return [f"{short[k]}\n{year[k]}" if _changes(year, k)[0] else short[k] for k in range(len(day))]


def _changes(texts: list[str], k: int) -> tuple[bool, bool]:
    """Whether a text is another than the one before, and whether there is none before."""
    return k == 0 or texts[k] != texts[k - 1], k == 0


def _with(clock: str, day: str, year: str, is_new: bool, is_first: bool) -> str:
    if is_first:
        return f"{clock}\n{day} {year}"
    return f"{clock}\n{day}" if is_new else clock


def _day(text: str) -> str:
    """Day and month of an ISO date."""
    return f"{int(text[8:10])} {NAMES[int(text[5:7]) - 1]}"


def fitting_ticks(
    source: "TickSource", low: float, high: float, inches: float, size: float, inside: bool = False
) -> tuple[np.ndarray, list[str]]:
    """(times, labels) of the ticks between two times that fit on paper, two or more where there is room for them.

    Parameters
    ----------
    source : `MjdTicks` or `DateTicks`
    low, high : numbers of the axis
    inches : length of this piece of the axis
    size : of the font in inches
    inside : bool, whether the labels stay between the ends of the piece; one alone is near its middle then, where it
        keeps clear of those of the pieces beside it
    """
    if not inside:
        return _fitting(source, low, high, inches, size, pad=0.0)
    found = _fitting(source, low, high, inches, size, pad=0.55)
    return found if len(found[0]) > 1 else _central(source, low, high)


def _central(source: "TickSource", low: float, high: float) -> tuple[np.ndarray, list[str]]:
    """(times, labels) of the roundest time near the middle of a piece, or of none where there is no round one."""
    middle, half = (low + high) / 2, MIDDLE * (high - low)
    for step in source.steps(high - low):
        times = source.times(step, middle - half, middle + half)
        if len(times):
            times = times[[np.argmin(np.abs(times - middle))]]
            return np.asarray(times, dtype=float), source.labels(step, times)
    return np.zeros(0), []


def _fitting(
    source: "TickSource",
    low: float,
    high: float,
    inches: float,
    size: float,
    pad: float,
) -> tuple[np.ndarray, list[str]]:
    """See `fitting_ticks`. pad: what stays free at the ends, in labels."""
    per_day = inches / (high - low)
    best: tuple[Any, Any] = ((), None)
    for step in source.steps(high - low):
        need = (source.width(step, high) + 1) * CHARACTER * size / per_day
        times = source.times(step, low + pad * need, high - pad * need)
        touching = len(times) > 1 and source.days(step) < need
        if touching:
            few = _few(times, need, (low + high) / 2)
            best = (few, step) if len(few) > len(best[0]) and len(best[0]) < 2 else best
            break
        if len(times) and len(times) >= len(best[0]):
            best = times, step
    times, step = best
    return np.asarray(times, dtype=float), source.labels(step, times) if step else []


def _few(times: np.ndarray, need: float, middle: float) -> np.ndarray:
    """Of times that are too close, the two that are furthest from each other, or the one in the middle."""
    if times[-1] - times[0] >= 1.3 * need:
        return times[[0, -1]]
    return times[[np.argmin(np.abs(times - middle))]]
