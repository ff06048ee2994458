"""The statistic of a change over many simulated runs side by side, point by point.

It is that of `tevcurve.kernels.change_detector`, as a recursion that is as short as it gets. With W the likelihoods of
the quiet fluxes F0 and Q the integral over times of change, U = Q - sum of W/((F - F0)*S) only falls between points, as
exp(-F*S*t); at an event it is multiplied by the factor of its flux and gets s/S times the sum of W. Likelihoods are
over that of a quiet flux in the middle and the same norm of the background, so that they stay near 1 for as long as
nothing changes: good for nights of simulated runs, while real ones, which may be of anything, are followed in logs.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.change_detector import Nodes

# So many numbers of each kind are changed at once, of at most so many runs: they fit into fast memory.
_TOGETHER, _MOST_RUNS = 48000, 512
# A flux nearer than that to a quiet one is moved by twice as much of itself.
_APART = 1e-6


@dataclass(frozen=True, eq=False)
class Stretch:
    """What a stretch of good time is expected to give, in classes of places where events say the same of the source.

    Attributes
    ----------
    signal : float array (n_classes,), events per s at a flux of 1, above 0
    background : float array (n_classes,), at a norm of 1
    seconds : float, of good time
    tick : float, s, after which to look although no event came
    elsewhere : float, events per s of the background, at a norm of 1, that cannot be of the source
    """

    signal: np.ndarray
    background: np.ndarray
    seconds: float
    tick: float
    elsewhere: float = 0.0

    @property
    def signal_rate(self) -> float:
        """Events per s of the source at a flux of 1."""
        return float(self.signal.sum())

    @property
    def background_rate(self) -> float:
        """Events per s of the background at a norm of 1, where they may be of the source."""
        return float(self.background.sum())


@dataclass(frozen=True, eq=False)
class Truth:
    """What runs are simulated with, a column of each.

    Attributes
    ----------
    quiet : float array (n,), flux before the change
    time : float array (n,), s, of the change; infinite for none
    changed : float array (n,), flux after it
    norm : float array (n,), of the background
    end : float array (n,), s, until which they are simulated
    """

    quiet: np.ndarray
    time: np.ndarray
    changed: np.ndarray
    norm: np.ndarray
    end: np.ndarray

    def __getitem__(self, own: slice | np.ndarray) -> "Truth":
        return Truth(*(each[own] for each in (self.quiet, self.time, self.changed, self.norm, self.end)))


@dataclass(frozen=True, eq=False)
class DrawnRuns:
    """Points of simulated runs: events, and looks at times of a clock.

    Attributes
    ----------
    time : float array (n_points, n), s of good time, in order
    place : int array (n_points, n), class of the event's place; the number of classes for a look without an event
    others : float array (n_points, n), events since the point before that cannot be of the source; or None
    n_points : int array (n,), how many points each has
    """

    time: np.ndarray
    place: np.ndarray
    others: np.ndarray | None
    n_points: np.ndarray


@dataclass(frozen=True, eq=False)
class Records:
    """Points at which the statistic of a run was higher than ever before in it.

    Attributes
    ----------
    run : int array (m,), number of the run
    time : float array (m,), s of good time
    value : float array (m,), of the statistic, s
    before : float array (m,), the record before it, s; 0 for none
    """

    run: np.ndarray
    time: np.ndarray
    value: np.ndarray
    before: np.ndarray


def runs_together(nodes: Nodes) -> int:
    """How many runs are best followed side by side, int.

    nodes: `Nodes`.
    """
    return int(np.clip(_TOGETHER // (len(nodes.changed) * len(nodes.norm)), 32, _MOST_RUNS))


def drawn(stretch: Stretch, truth: Truth, rng: np.random.Generator) -> DrawnRuns:
    """The `DrawnRuns` of simulated runs.

    Parameters
    ----------
    stretch : `Stretch`
    truth : `Truth`
    rng : numpy Generator
    """
    time, place = _events(stretch, truth, rng)
    n, own = len(truth.end), np.isfinite(time)
    # Events up to each look, and looks up to each event, say where they stand among each other.
    n_looks = np.floor(truth.end / stretch.tick).astype(int)
    earlier = np.floor(np.where(own, time, 0.0) / stretch.tick).astype(int)
    width = int(n_looks.max(initial=0)) + 1
    rows = np.broadcast_to(np.arange(n)[:, None], time.shape)
    per_look = np.bincount((rows * width + np.minimum(earlier, width - 1))[own], minlength=n * width)
    n_points = own.sum(axis=1) + n_looks
    shape = (int(n_points.max(initial=0)), n)
    times, places = np.zeros(shape), np.full(shape, len(stretch.signal))
    at = np.broadcast_to(np.arange(time.shape[1]), time.shape) + earlier
    times[at[own], rows[own]], places[at[own], rows[own]] = time[own], place[own]
    looks = np.arange(width - 1)
    seen = looks < n_looks[:, None]
    at = np.cumsum(per_look.reshape(n, width), axis=1)[:, :-1] + looks
    rows = np.broadcast_to(np.arange(n)[:, None], at.shape)
    times[at[seen], rows[seen]] = np.broadcast_to((looks + 1) * stretch.tick, at.shape)[seen]
    others = None
    if stretch.elsewhere > 0:
        wait = np.maximum(np.diff(times, axis=0, prepend=0.0), 0.0)
        others = rng.poisson(stretch.elsewhere * truth.norm * wait).astype(float)
    return DrawnRuns(times, places, others, n_points)


def _events(stretch: Stretch, truth: Truth, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(times in s, infinite beyond the last; classes of places) of events, (n, n_events)."""
    total, given = stretch.signal_rate, stretch.background_rate * truth.norm
    before, after = (flux * total + given for flux in (truth.quiet, truth.changed))
    turn = np.minimum(truth.time, truth.end)
    until = before * turn
    expected = (until + after * (truth.end - turn))[:, None]
    # Waits in units of what is expected: no event has to be sorted.
    width = int(np.max(expected + 6 * np.sqrt(expected), initial=0)) + 10
    passed = np.cumsum(rng.standard_exponential((len(until), width)), axis=1)
    while np.any(passed[:, -1:] < expected):
        more = np.cumsum(rng.standard_exponential((len(until), 100)), axis=1)
        passed = np.concatenate([passed, passed[:, -1:] + more], axis=1)
    passed = passed[:, : int(np.sum(passed < expected, axis=1).max(initial=0)) + 1]
    is_before = passed < until[:, None]
    rate = np.where(is_before, before[:, None], after[:, None])
    since = np.where(is_before, passed, passed - until[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.where(is_before, 0.0, turn[:, None]) + since / rate
    time = np.where(passed < expected, time, np.inf)
    from_source = rate - given[:, None]
    share = rng.random(time.shape) * rate
    is_signal = share < from_source
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(is_signal, share / from_source, 1 + (share - from_source) / given[:, None])
    return time, _places(stretch, share)


def _places(stretch: Stretch, share: np.ndarray) -> np.ndarray:
    """Classes of events, by shares below 1 for those of the source, and above for those of the background."""
    sums = [np.cumsum(each) for each in (stretch.signal, stretch.background)]
    steps = [each / max(each[-1], np.finfo(float).tiny) for each in sums]
    found = np.searchsorted(np.concatenate([steps[0], 1 + steps[1]])[:-1], share, side="right")
    return found % len(stretch.signal)


def records(
    nodes: Nodes,
    stretch: Stretch,
    runs: DrawnRuns,
    head_start: float,
    least: float = 0.0,
    bound: float = np.inf,
) -> Records:
    """The `Records` of the statistic in runs, each up to the point where it reaches a bound.

    Parameters
    ----------
    nodes : `Nodes`
    stretch : `Stretch`
    runs : `DrawnRuns`
    head_start : float, s, what the statistic begins with
    least : float, s: lower records are left out
    bound : float, s
    """
    order = np.argsort(-runs.n_points, kind="stable")
    follower = _SideBySide(nodes, stretch, len(order), head_start)
    highest = np.zeros(len(order))
    found = []
    last = np.zeros(len(order))
    for k in range(len(runs.time)):
        # Those with more points are in front.
        going = runs.n_points[order] > k
        if not going.all():
            order, highest, last = order[going], highest[going], last[going]
            follower.keep(going)
        time = runs.time[k, order]
        others = None if runs.others is None else runs.others[k, order]
        value = follower.after(time - last, runs.place[k, order], others)
        last = time
        is_record = value > highest
        told = is_record & (value >= least)
        if told.any():
            found.append((order[told], time[told], value[told], highest[told]))
        highest = np.where(is_record, value, highest)
        below = highest < bound
        if not below.all():
            order, highest, last = order[below], highest[below], last[below]
            follower.keep(below)
        if not len(order):
            break
    columns = [np.concatenate(each) for each in zip(*found, strict=True)] if found else [np.zeros(0)] * 4
    return Records(columns[0].astype(int), *columns[1:])


class _SideBySide:
    """Likelihoods of runs at a point."""

    def __init__(self, nodes: Nodes, stretch: Stretch, n: int, head_start: float):
        self.norm, self.rate, self.stretch = nodes.norm, stretch.signal_rate, stretch
        n_changed = len(nodes.changed)
        is_quiet = np.abs(nodes.changed[:, None] - nodes.quiet) < _APART * nodes.changed[:, None]
        changed = np.where(is_quiet.any(axis=1), (1 + 2 * _APART) * nodes.changed, nodes.changed)
        share = 1 / ((changed[:, None] - nodes.quiet) * self.rate * n_changed)
        middle = float(np.sum(nodes.quiet * nodes.quiet_chance))
        self.fall, self.quiet_fall = (-self.rate * (each - middle) for each in (changed, nodes.quiet))
        self.over_norm, self.flux = 1 / self.norm[:, None], changed[:, None]
        self.quiet_flux = nodes.quiet[:, None, None] * self.over_norm
        usual = middle * stretch.signal + stretch.background
        usual = np.where(usual > 0, usual, stretch.signal * np.sqrt(changed[0] * changed[-1]))
        self.signal = np.append(stretch.signal / usual, 0.0)
        self.background = np.append(stretch.background / usual, 1.0)
        self.gain, self.ones = self.over_norm / (self.rate * n_changed), np.ones(n_changed)
        self.share = share.sum(axis=0)
        self.is_event = np.append(np.ones(len(usual)), 0.0)
        quiet = nodes.quiet_chance[:, None] * nodes.norm_chance
        up = head_start / n_changed * nodes.norm_chance - share @ quiet
        self.quiet, self.up = (np.repeat(each[:, :, None], n, axis=2) for each in (quiet, up))
        self.level = np.zeros((len(self.norm), n))
        self.factor, self.quiet_factor = np.empty_like(self.up), np.empty_like(self.quiet)

    def keep(self, own: np.ndarray) -> None:
        """Go on with some of the runs."""
        self.quiet, self.up, self.level = (each[..., own] for each in (self.quiet, self.up, self.level))
        self.factor, self.quiet_factor = np.empty_like(self.up), np.empty_like(self.quiet)

    def after(self, wait: np.ndarray, place: np.ndarray, others: np.ndarray | None) -> np.ndarray:
        """The statistic, s, at the next point of each run."""
        signal, background = self.signal[place], self.background[place]
        fall = np.exp(self.fall[:, None] * wait)
        self.quiet *= np.exp(self.quiet_fall[:, None] * wait)[:, None]
        before = self.quiet.sum(axis=0)
        np.multiply((self.flux * signal * fall)[:, None], self.over_norm, out=self.factor)
        self.factor += (background * fall)[:, None]
        self.up *= self.factor
        self.up += before * (self.gain * signal)
        np.multiply(self.quiet_flux, signal, out=self.quiet_factor)
        self.quiet_factor += background
        self.quiet *= self.quiet_factor
        n_norm, n = self.level.shape
        top = (self.ones @ self.up.reshape(len(self.ones), -1)).reshape(n_norm, n)
        top += (self.share @ self.quiet.reshape(len(self.share), -1)).reshape(n_norm, n)
        bottom = self.quiet.sum(axis=0)
        if len(self.norm) > 1:
            weight = self._weight(wait, place, others)
            top, bottom = top * weight, bottom * weight
        with np.errstate(divide="ignore"):
            return top.sum(axis=0) / bottom.sum(axis=0)

    def _weight(self, wait: np.ndarray, place: np.ndarray, others: np.ndarray | None) -> np.ndarray:
        """What all events, and the time without them, say of the norms."""
        n_events = self.is_event[place] if others is None else self.is_event[place] + others
        self.level += np.log(self.norm)[:, None] * n_events
        rate = self.stretch.background_rate + self.stretch.elsewhere
        self.level -= (self.norm - 1)[:, None] * (rate * wait)
        return np.exp(self.level - self.level.max(axis=0))
