"""Event lists that do not fill the good time of their run: stretches without events, or with too few.

Chances are upper bounds at a rate that is lower than the mean, or than that beside it, by more than rates change with
the zenith angle, so that there is no alarm for this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tevcurve.problems import remark

if TYPE_CHECKING:
    from tevcurve.data.gti import GTI

# What is told would come about by this chance at most in a run without a fault: one in 100 sets of 10^4 runs.
RATE_CHANCE = 1e-6
# A gap is judged at this part of the mean rate.
SLOWEST_IN_GAP = 1 / 3
# A step is judged at this part of the rate on the other side of it. In 231 runs of H.E.S.S. and FACT without a gap none
# comes nearer than a chance of 2e-3, nor do runs in which the rate falls evenly to half of what it was.
SLOWEST_IN_STEP = 0.8
_N_PIECES = 32
_WIDTHS = (1, 2, 4, 8)


def remark_rates(
    time_s: np.ndarray, intervals: np.ndarray, where: str, away: Callable[[], np.ndarray] | None = None
) -> None:
    """Notes stretches of good time without events, or with too few, where chance does not make such ones.

    Parameters
    ----------
    time_s : float array (n,), events in good time, in order, s
    intervals : float array (m, 2), good time in s
    where : what to call the events in messages
    away : function without arguments to a bool array (n,): the events that are not of a source that may vary; None
        where all are. Too few have to be too few of these, too.
    """
    if not len(time_s) or not len(intervals):
        return
    gap = longest_gap(time_s, intervals)
    if gap[3] <= RATE_CHANCE:
        _remark_gap(time_s, intervals, where, *gap[:3])
    step = sharpest_step(time_s, intervals)
    told = gap[3] <= RATE_CHANCE and step.start < gap[2] and step.stop > gap[1]
    if step.chance > RATE_CHANCE or told:
        return
    if away is not None and sharpest_step(time_s[away()], intervals).chance > RATE_CHANCE:
        return
    remark(
        f"{where} has {step.before} events from {step.start:.1f} to {step.time:.1f} s, and {step.after} in as much "
        f"good time from there to {step.stop:.1f} s, which is no chance; where some are missing, fluxes are too low."
    )


def _remark_gap(
    time_s: np.ndarray, intervals: np.ndarray, where: str, seconds: float, start: float, stop: float
) -> None:
    total = float(np.sum(intervals[:, 1] - intervals[:, 0]))
    remark(
        f"{where} has no event in {_place(start, stop, intervals)} {seconds:.1f} s of {total:.1f} s of good time, "
        f"where {len(time_s)} events would leave some {total / len(time_s) * np.log(len(time_s) + 1):.1f} s at most; "
        "fluxes are too low by what is missing."
    )


def _place(start: float, stop: float, intervals: np.ndarray) -> str:
    if stop >= intervals[-1, 1]:
        return "the last"
    return "the first" if start <= intervals[0, 0] else f"from {start:.1f} to {stop:.1f} s,"


def longest_gap(time_s: np.ndarray, intervals: np.ndarray) -> tuple[float, float, float, float]:
    """(seconds, start, stop, chance) of the longest stretch of good time without an event.

    The chance is an upper bound for that of one as long among as many events at a third of the mean rate:
    for n events in T seconds, (n + 1) exp(-n g / (3 T)) for a stretch of g (of the n + 1 stretches between uniform
    events each is longer than g with the probability (1 - g / T)^n: Feller, An Introduction to Probability Theory II,
    I.7).

    Parameters
    ----------
    time_s : float array (n,), events in good time, in order
    intervals : float array (m, 2), good time in s
    """
    before, good = _good_seconds(time_s, intervals)
    gaps = np.diff(good, prepend=0.0, append=before[-1])
    longest = int(np.argmax(gaps))
    start = time_s[longest - 1] if longest else intervals[0, 0]
    stop = time_s[longest] if longest < len(time_s) else intervals[-1, 1]
    seconds = float(gaps[longest])
    rate = len(time_s) * SLOWEST_IN_GAP / before[-1] if before[-1] else 0.0
    chance = (len(time_s) + 1) * np.exp(-rate * seconds)
    return seconds, float(start), float(stop), float(min(chance, 1.0))


def seconds_after_last(time_s: np.ndarray, gti: "GTI") -> float:
    """Good time after the last event in it, s, where chance does not leave as much: other events are still to come.

    The chance is that of none in this time at the mean rate of those before the last one; else 0.

    Parameters
    ----------
    time_s : float array (n,), mission seconds of events
    gti : good time, in the same clock
    """
    inside = time_s[gti.contains(time_s)]
    before = gti.until_last_of(inside).ontime_s if len(inside) else 0.0
    if not before:
        return 0.0
    after = gti.ontime_s - before
    return after if (len(inside) - 1) * after / before > -np.log(RATE_CHANCE) else 0.0


@dataclass(frozen=True)
class Step:
    """Numbers of events before and after a time, in as much good time, between start and stop, in s.

    Attributes
    ----------
    before : number of events before `time`
    after : number of events after it, in as much good time
    start : begin of the good time that is looked at before it, s
    time : of the step, mission seconds
    stop : end of the good time that is looked at after it, s
    chance : that of numbers as unlike at most
    """

    before: int
    after: int
    start: float
    time: float
    stop: float
    chance: float


def sharpest_step(time_s: np.ndarray, intervals: np.ndarray) -> Step:
    """The `Step` in the rate of the events that is the least likely one.

    Looked at are the ends of 32 equal pieces of the good time, with 1, 2, 4 and 8 pieces on either side. The chance is
    an upper bound for as few among as many events at 0.8 of the rate of the other side: for k of n events
    m exp(-n D(k/n | 0.8/1.8)) with m steps that are looked at, either way, and D the relative entropy of two chances
    (Chernoff 1952, Ann. Math. Stat. 23, 493).

    Parameters
    ----------
    time_s : float array (n,), events in good time, in order
    intervals : float array (m, 2), good time in s
    """
    before, good = _good_seconds(time_s, intervals)
    edges = np.linspace(0.0, before[-1], _N_PIECES + 1)
    first, middle, last = _steps()
    up_to = np.concatenate([[0], np.searchsorted(good, edges[1:-1]), [len(good)]])
    numbers = up_to[middle] - up_to[first], up_to[last] - up_to[middle]
    total = numbers[0] + numbers[1]
    share, limit = np.minimum(*numbers) / np.maximum(total, 1), SLOWEST_IN_STEP / (1 + SLOWEST_IN_STEP)
    entropy = (1 - share) * np.log((1 - share) / (1 - limit))
    entropy += share * np.log(np.where(share > 0, share, 1.0) / limit)
    least = int(np.argmax(np.where(share < limit, total * entropy, 0.0)))
    chance = 2 * len(first) * np.exp(-total[least] * entropy[least]) if share[least] < limit else 1.0
    start, time, stop = (
        _mission_second(edges[one[least]], before, intervals) for one in (first, middle, last)
    )
    early, late = (int(one[least]) for one in numbers)
    return Step(early, late, start, time, stop, float(min(chance, 1.0)))


@lru_cache(maxsize=1)
def _steps() -> tuple[np.ndarray, ...]:
    """First, middle and last edge of the pieces on both sides of each step, three int arrays (m,)."""
    steps = [(j - w, j, j + w) for w in _WIDTHS for j in range(w, _N_PIECES - w + 1)]
    return tuple(np.array(steps).T)


def _good_seconds(time_s: np.ndarray, intervals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Good time before each interval and in all, (m + 1,), and before each event, (n,), in s."""
    before = np.concatenate([[0.0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    if len(intervals) == 1:
        return before, time_s - intervals[0, 0]
    number = np.clip(np.searchsorted(intervals[:, 0], time_s, side="right") - 1, 0, None)
    return before, before[number] + time_s - intervals[number, 0]


def _mission_second(good: float, before: np.ndarray, intervals: np.ndarray) -> float:
    """The mission second, float, before which there are some seconds of good time."""
    number = min(int(np.searchsorted(before[1:], good)), len(intervals) - 1)
    return float(intervals[number, 0] + good - before[number])
