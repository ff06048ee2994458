"""At which value of the Shiryaev-Roberts statistic an alarm is as rare as wanted, from stretches with a change.

While nothing changes alarms are rare, so that few of many simulated stretches have one. Stretches in which the flux
does change have one soon. When the change comes evenly in time, or before the stretch as often as the head start says,
events up to time t are (R + T - t)/(omega + T) times as likely as in a quiet stretch of length T, R being the
statistic: alarms in such stretches, each with the inverse of that as its weight, count those in quiet ones.
"""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.change_detector import (
    MOST_POINTS,
    Followed,
    Nodes,
    Points,
    begin,
    follow,
    longest_wait,
    steps,
)

# The threshold is near this share of (omega + T) over the chance, which is a bound.
FIRST_SHARE = 0.27
# After so much, in nats, of what is known to be expected of it, a change has been seen.
_SEEN = 80.0
# Stretches that are followed side by side.
_SIDE_BY_SIDE = 64

# (wait, signal, background) of the points of a stretch.
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Stretch:
    """What a stretch of good time is expected to give, in classes of places where events say the same of the source.

    Attributes
    ----------
    signal : float array (n_classes,), events per s at a flux of 1, above 0
    background : float array (n_classes,), at a norm of 1
    seconds : float, of good time
    tick : float, s, after which to look although no event came
    """

    signal: np.ndarray
    background: np.ndarray
    seconds: float
    tick: float

    @property
    def signal_rate(self) -> float:
        """Events per s of the source at a flux of 1."""
        return float(self.signal.sum())


@dataclass(frozen=True, eq=False)
class SimulatedAlarms:
    """Where the statistic stood at the points of simulated stretches, and what an alarm there counts.

    Attributes
    ----------
    log_statistic : float array (n, n_points), -inf beyond the last
    weight : float array (n, n_points), the chance of a quiet stretch over that of the simulated one
    """

    log_statistic: np.ndarray
    weight: np.ndarray

    def chance(self, log_threshold: float) -> tuple[float, float]:
        """(chance of an alarm in a quiet stretch, its error).

        log_threshold: float, natural log of the threshold in s.
        """
        above = self.log_statistic >= log_threshold
        first = above.argmax(axis=1)
        rows = np.arange(len(above))
        counted = np.where(above[rows, first], self.weight[rows, first], 0.0)
        return float(counted.mean()), float(counted.std() / np.sqrt(len(counted)))

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
    changes = _changes(nodes, stretch, head_start, n, rng)
    # Alike ones side by side, so that none waits for others.
    order = np.argsort([_length(stretch, *each) for each in changes], kind="stable")
    statistic, weight = [], []
    for first in range(0, n, _SIDE_BY_SIDE):
        side_by_side = [changes[k] for k in order[first : first + _SIDE_BY_SIDE]]
        own = [drawn(stretch, quiet, time, changed, rng) for quiet, time, changed in side_by_side]
        logs, clock = followed_side_by_side(known, stretch, own, head_start, bound)
        seen = np.isfinite(logs)
        with np.errstate(over="ignore"):
            left = np.where(seen, np.exp(logs) + stretch.seconds - clock, 1.0)
        statistic.append(logs)
        weight.append(np.where(seen, (head_start + stretch.seconds) / left, 0.0))
    longest = max(each.shape[1] for each in statistic)
    return SimulatedAlarms(_padded(statistic, longest, -np.inf), _padded(weight, longest, 0.0))


def _changes(
    nodes: Nodes, stretch: Stretch, head_start: float, n: int, rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """(quiet flux, time of the change, flux after it) of each of n stretches."""
    quiet = rng.choice(nodes.quiet, n, p=nodes.quiet_chance)
    time = np.maximum(rng.uniform(-head_start, stretch.seconds, n), 0.0)
    # Each kind of change as often as the others, to the last one.
    changed = rng.permutation(np.resize(nodes.changed, n))
    return list(zip(quiet, time, changed, strict=True))


def _length(stretch: Stretch, quiet: float, time: float, changed: float) -> float:
    """After how many s the change has been seen, or the stretch is over."""
    before, after = (stretch.background + flux * stretch.signal for flux in (quiet, changed))
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(after > 0, after * np.log(after / before), 0.0).sum() + (before - after).sum()
    return min(stretch.seconds, time + (_SEEN / known if known > 0 else np.inf))


def drawn(stretch: Stretch, quiet: float, time: float, changed: float, rng: np.random.Generator) -> Drawn:
    """(wait, signal, background) of the points of a simulated stretch, until its change has been seen; see `Points`.

    Parameters
    ----------
    stretch : `Stretch`
    quiet : float, flux before the change
    time : float, s, of the change
    changed : float, flux after it
    rng : numpy Generator
    """
    end = _length(stretch, quiet, time, changed)
    time = min(time, end)
    spans = ((0.0, time, quiet), (time, end, changed))
    found, times = [], []
    for start, stop, flux in spans:
        count = rng.poisson((stop - start) * (flux * stretch.signal + stretch.background))
        place = np.repeat(np.arange(len(count)), count)
        found.append(place)
        times.append(rng.uniform(start, stop, len(place)))
    ticks = np.append(np.arange(1, int(end / stretch.tick) + 1) * stretch.tick, end)
    at, place = np.append(np.concatenate(times), ticks), np.concatenate(found)
    none = np.zeros(len(ticks))
    signal, background = (np.append(each[place], none) for each in (stretch.signal, stretch.background))
    order = np.argsort(at, kind="stable")
    return np.diff(at[order], prepend=0.0), signal[order], background[order]


def followed_side_by_side(
    nodes: Nodes, stretch: Stretch, drawn_ones: list[Drawn], head_start: float, bound: float
) -> tuple[np.ndarray, np.ndarray]:
    """(natural log of the statistic, s of good time) at the points of stretches, float arrays (n, n_points).

    Of a stretch that is over, or has reached a bound, what follows is -inf.

    Parameters
    ----------
    nodes : `Nodes` with one norm of the background
    stretch : `Stretch`
    drawn_ones : list of n times what `drawn` gives
    head_start : float, s
    bound : float
    """
    rate = stretch.signal_rate
    highest = float(nodes.changed.max()) * rate
    laid = [_in_steps(each, highest) for each in drawn_ones]
    n_steps = np.array([len(each[0]) for each in laid])
    shape = len(laid), int(n_steps.max()), MOST_POINTS
    logs, clock, seen = np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape, dtype=bool)
    columns = np.zeros((3, *shape))
    for k, (*each, own) in enumerate(laid):
        columns[:, k, : len(own)] = each
        seen[k, : len(own)] = own
    clock = np.cumsum(columns[0].reshape(len(laid), -1), axis=1).reshape(shape)
    running, state = np.arange(len(laid)), begin(nodes, head_start, (len(laid),))
    for step in range(shape[1]):
        wait, signal, background = columns[:, running, step][:, :, None, :]
        none = np.zeros_like(wait)
        state, found = follow(nodes, state, Points(wait, signal, background, none, none), rate)
        logs[running, step] = np.where(seen[running, step], found[:, 0], -np.inf)
        more = (n_steps[running] > step + 1) & (logs[running, step].max(axis=1) < bound)
        running, state = running[more], _chosen(state, more)
        if not len(running):
            break
    return logs.reshape(len(laid), -1), clock.reshape(len(laid), -1)


def _in_steps(points: Drawn, highest_rate: float) -> tuple[np.ndarray, ...]:
    """(wait, signal, background, whether there is a point) of one stretch, (n_steps, MOST_POINTS) each."""
    wait, signal, background = points
    laid = Points(wait, signal, background, np.ones_like(wait), np.zeros_like(wait))
    laid = laid.in_steps(steps(wait, highest_rate))
    return laid.wait, laid.signal, laid.background, laid.others > 0


def _chosen(state: Followed, own: np.ndarray) -> Followed:
    return Followed(state.changed[own], state.quiet[own], state.background[own])


def _padded(arrays: list[np.ndarray], length: int, value: float) -> np.ndarray:
    return np.concatenate(
        [np.pad(each, ((0, 0), (0, length - each.shape[1])), constant_values=value) for each in arrays]
    )


def tick_of(highest_rate: float, wanted: float) -> float:
    """How often to look, in s: as wanted, or as often as `follow` asks for.

    Parameters
    ----------
    highest_rate : float, events per s at the highest flux
    wanted : float, s
    """
    return min(wanted, 0.99 * longest_wait(highest_rate))
