"""At which value of the Shiryaev-Roberts statistic an alarm is as rare as wanted, from stretches with a change.

While nothing changes alarms are rare, so that few of many simulated stretches have one. Stretches in which the flux
does change have one soon. When the change comes evenly in time, or before the stretch as often as the head start says,
events up to time t are (R + T - t)/(omega + T) times as likely as in a quiet stretch of length T, R being the
statistic: alarms in such stretches, each with the inverse of that as its weight, count those in quiet ones.
"""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.change_detector import Nodes, longest_wait
from tevcurve.kernels.runs_side_by_side import Stretch, Truth, drawn, records, runs_together

# The threshold is near this share of (omega + T) over the chance, which is a bound.
FIRST_SHARE = 0.27
# After so much, in nats, of what is known to be expected of it, a change has been seen.
_SEEN = 80.0
# So many points are drawn at once.
_MOST_POINTS = 1e6


@dataclass(frozen=True, eq=False)
class SimulatedAlarms:
    """Where the statistic of simulated stretches was higher than ever before, and what an alarm there counts.

    Attributes
    ----------
    log_statistic : float array (m,), natural log of the statistic in s, of all stretches
    log_before : float array (m,), of the highest one before it in the same stretch; -inf for none
    weight : float array (m,), the chance of a quiet stretch over that of the simulated one
    n : int, number of stretches
    """

    log_statistic: np.ndarray
    log_before: np.ndarray
    weight: np.ndarray
    n: int

    def chance(self, log_threshold: float) -> tuple[float, float]:
        """(chance of an alarm in a quiet stretch, its error).

        log_threshold: float, natural log of the threshold in s.
        """
        first = (self.log_statistic >= log_threshold) & (self.log_before < log_threshold)
        counted = self.weight[first]
        mean = counted.sum() / self.n
        return float(mean), float(np.sqrt(max(np.sum(counted**2) / self.n - mean**2, 0.0) / self.n))

    def threshold(self, wanted: float, bound: float) -> float:
        """Natural log of the threshold in s at which the chance is as wanted, within the simulation.

        Parameters
        ----------
        wanted : float, chance of an alarm in a stretch
        bound : float, natural log of a threshold at which it is lower
        """
        low, high = bound + np.log(FIRST_SHARE), bound
        while self.chance(low)[0] <= wanted:
            low, high = low - 1.0, low
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.chance(middle)[0] > wanted else (low, middle)
        return high


def log_threshold(
    nodes: Nodes, stretch: Stretch, head_start: float, wanted: float, n: int, rng: np.random.Generator
) -> float:
    """Natural log of the threshold in s that a quiet stretch reaches with a wanted chance.

    Parameters
    ----------
    nodes, stretch, head_start, n, rng : of `simulated`
    wanted : float, the chance, below 1
    """
    bound = np.log((head_start + stretch.seconds) / wanted)
    return simulated(nodes, stretch, head_start, float(bound), n, rng).threshold(wanted, float(bound))


def simulated(
    nodes: Nodes, stretch: Stretch, head_start: float, bound: float, n: int, rng: np.random.Generator
) -> SimulatedAlarms:
    """The `SimulatedAlarms` of stretches in which the flux changes.

    The norm of the background is 1, and known: what it adds to the statistic is little beside what changes.

    Parameters
    ----------
    nodes : `Nodes`
    stretch : `Stretch`
    head_start : float, s, what the statistic begins with
    bound : float, natural log of the highest threshold that will be asked for
    n : int, number of stretches
    rng : numpy Generator
    """
    known = replace(nodes, norm=np.ones(1), norm_chance=np.ones(1))
    alone, total = replace(stretch, elsewhere=0.0), head_start + stretch.seconds
    truth = _changes(nodes, stretch, head_start, n, rng)
    # Long ones side by side, so that none waits for others.
    length = _expected(stretch, truth)
    order = np.argsort(-length, kind="stable")
    truth, length = truth[order], length[order]
    found, first = [], 0
    while first < n:
        last = first + int(np.clip(_MOST_POINTS / max(length[first], 1.0), 1, runs_together(known)))
        runs = drawn(alone, truth[first:last], rng)
        own = records(known, alone, runs, head_start, bound=np.exp(bound))
        weight = total / (own.value + stretch.seconds - own.time)
        with np.errstate(divide="ignore"):
            found.append((np.log(own.value), np.log(own.before), weight))
        first = last
    logs, before, weights = (np.concatenate(each) for each in zip(*found, strict=True))
    return SimulatedAlarms(logs, before, weights, n)


def _changes(nodes: Nodes, stretch: Stretch, head_start: float, n: int, rng: np.random.Generator) -> Truth:
    """The `Truth` of n stretches, each until its change has been seen."""
    quiet = rng.choice(nodes.quiet, n, p=nodes.quiet_chance)
    time = np.maximum(rng.uniform(-head_start, stretch.seconds, n), 0.0)
    # Each kind of change as often as the others, to the last one.
    changed = rng.permutation(np.resize(nodes.changed, n))
    before, after = (
        stretch.background[:, None] + stretch.signal[:, None] * flux for flux in (quiet, changed)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(after > 0, after * np.log(after / before), 0.0).sum(axis=0) + (before - after).sum(
            axis=0
        )
        wait = np.where(known > 0, _SEEN / known, np.inf)
    end = np.minimum(stretch.seconds, time + wait)
    return Truth(quiet, np.minimum(time, end), changed, np.ones(n), end)


def _expected(stretch: Stretch, truth: Truth) -> np.ndarray:
    """How many points are expected in each stretch."""
    looks_and_background = truth.end * (1 / stretch.tick + stretch.background_rate)
    source = truth.quiet * truth.time + truth.changed * (truth.end - truth.time)
    return looks_and_background + stretch.signal_rate * source


def tick_of(highest_rate: float, wanted: float) -> float:
    """How often to look, in s: as wanted, or as often as `follow` asks for.

    Parameters
    ----------
    highest_rate : float, events per s at the highest flux
    wanted : float, s
    """
    return min(wanted, 0.99 * longest_wait(highest_rate))
