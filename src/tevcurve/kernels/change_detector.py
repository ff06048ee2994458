"""The Shiryaev-Roberts statistic of a change of a source's flux, on the likelihood of events, event by event.

With the flux F of the source and a norm b of the background, events come at F*s + b*b_i at the place of event i, and at
F*S + b*B per second in all. Quiet, the flux is one of some nodes, as far as it is known, and the norm of the background
another; at a change the flux becomes one of others. The statistic is the integral over all times at which it may have
changed of the likelihood with that change over the likelihood without one, both averaged over the nodes: while nothing
has changed, its expectation grows by 1 each second (Shiryaev 1963, Theory Probab. Appl. 8, 22; Roberts 1966,
Technometrics 8, 411; Pollak 1985, Ann. Statist. 13, 206).

It is followed over *points* of good time: events that may be of the source, and times at which to look although no
event came. All other events tell of the norm of the background alone, and are counted. Sums are over points in their
order, so what stands at a point does not depend on what comes after.
"""

from dataclasses import dataclass

import numpy as np

# So many points, and so many events expected at the highest flux, are followed in one step, in which nothing overflows.
MOST_POINTS, MOST_EXPECTED = 24, 150.0
# Steps that are looked at together, where they do not wait for each other: so many fit into fast memory.
TOGETHER = 8


@dataclass(frozen=True, eq=False)
class Nodes:
    """Fluxes of the source and norms of the background that the statistic averages over.

    Attributes
    ----------
    changed : float array (n_changed,), fluxes after a change, all alike, in units of the flux that signals are of
    quiet : float array (n_quiet,), fluxes before it
    quiet_chance : float array (n_quiet,), their prior chances, of sum 1
    norm : float array (n_norm,), above 0, of the background
    norm_chance : float array (n_norm,), of sum 1
    """

    changed: np.ndarray
    quiet: np.ndarray
    quiet_chance: np.ndarray
    norm: np.ndarray
    norm_chance: np.ndarray


@dataclass(frozen=True, eq=False)
class Followed:
    """Where the statistic stands: natural logs of likelihoods, without what all have in common.

    Attributes
    ----------
    changed : float array (..., n_norm, n_changed), of the integral over all times of a change, times the prior chances
    quiet : float array (..., n_norm, n_quiet), of the likelihood without a change, times the prior chances
    background : float array (..., n_norm), of the events that cannot be of the source, in both of these
    """

    changed: np.ndarray
    quiet: np.ndarray
    background: np.ndarray


@dataclass(frozen=True, eq=False)
class Points:
    """Good time of one run, point by point.

    Attributes
    ----------
    wait : float array (..., n), s of good time since the point before
    signal : float array (..., n), of the event at the point: what a flux of 1 gives at its place
    background : float array (..., n), what a norm of 1 gives there; any unit, the same for both. A point with 0 for
        both is one without an event
    others : float array (..., n), number of events since the point before that cannot be of the source
    expected : float array (..., n), what the background at a norm of 1 gives since the point before, in all places
    """

    wait: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    others: np.ndarray
    expected: np.ndarray

    def _each(self) -> tuple[np.ndarray, ...]:
        return self.wait, self.signal, self.background, self.others, self.expected

    def __getitem__(self, own: slice) -> "Points":
        return Points(*(each[..., own] for each in self._each()))

    def in_steps(self, own: list[slice]) -> "Points":
        """The same as (m, MOST_POINTS), a step each, whose ends are points without wait or event.

        own: list of m slices, of `steps`.
        """
        laid = []
        for each in self._each():
            rows = np.zeros((len(own), MOST_POINTS))
            for row, part in zip(rows, own, strict=True):
                row[: part.stop - part.start] = each[part]
            laid.append(rows)
        return Points(*laid)


def begin(nodes: Nodes, head_start: float, shape: tuple[int, ...] = ()) -> Followed:
    """The `Followed` when nothing has been seen.

    Parameters
    ----------
    nodes : `Nodes`
    head_start : float, s, 0 or more: what the statistic begins with, as if nothing had been seen for so long
    shape : tuple of int, of what is followed side by side
    """
    with np.errstate(divide="ignore"):
        norm, share = np.log(nodes.norm_chance)[:, None], np.log(head_start / len(nodes.changed))
        quiet = norm + np.log(nodes.quiet_chance)
    changed = norm + np.full(len(nodes.changed), share)
    changed, quiet = (np.broadcast_to(each, shape + each.shape).copy() for each in (changed, quiet))
    return Followed(changed, quiet, np.zeros((*shape, len(nodes.norm))))


def next_run(nodes: Nodes, followed: Followed) -> Followed:
    """The same when another run begins, whose background is not known from this one; the statistic stays as it is.

    Parameters
    ----------
    nodes : `Nodes`
    followed : `Followed` at the end of a run
    """
    with np.errstate(divide="ignore"):
        prior = np.log(nodes.norm_chance)[:, None]
    kept = [
        prior + _log_sum(each + followed.background[..., None], -2)[..., None, :]
        for each in (followed.changed, followed.quiet)
    ]
    # Only ratios count.
    top = kept[1].max(axis=(-2, -1), keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    return Followed(kept[0] - top, kept[1] - top, np.zeros_like(followed.background))


def log_statistic(followed: Followed) -> np.ndarray:
    """Natural log of the statistic in s, float array (...).

    followed: `Followed`.
    """
    top, bottom = (
        _log_sum(_log_sum(each + followed.background[..., None], -1), -1)
        for each in (followed.changed, followed.quiet)
    )
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(bottom), np.inf, top - bottom)


def quiet_flux(nodes: Nodes, followed: Followed) -> np.ndarray:
    """(mean, standard deviation) of the quiet flux as far as it is known, float array (2, ...).

    Parameters
    ----------
    nodes : `Nodes`
    followed : `Followed`
    """
    log_chance = _log_sum(followed.quiet + followed.background[..., None], -2)
    chance = np.exp(log_chance - _log_sum(log_chance, -1)[..., None])
    mean = (chance * nodes.quiet).sum(axis=-1)
    return np.array([mean, np.sqrt((chance * (nodes.quiet - mean[..., None]) ** 2).sum(axis=-1))])


def steps(wait: np.ndarray, highest_rate: float) -> list[slice]:
    """Which points `follow` takes in one step each, slices; those of points in front do not depend on the later ones.

    Parameters
    ----------
    wait : float array (n,), s since the point before
    highest_rate : float, events per s at the highest flux; no wait may be longer than `longest_wait` of it
    """
    clock, first, found = np.append(0.0, np.cumsum(wait)), 0, []
    while first < len(wait):
        reach = clock[first] + MOST_EXPECTED / highest_rate if highest_rate > 0 else np.inf
        last = int(np.searchsorted(clock[first + 1 : first + 1 + MOST_POINTS], reach, side="right"))
        found.append(slice(first, first + max(last, 1)))
        first += max(last, 1)
    return found


def longest_wait(highest_rate: float) -> float:
    """How many seconds there may be between two points, float.

    highest_rate: float, events per s at the highest flux.
    """
    return MOST_EXPECTED / highest_rate if highest_rate > 0 else np.inf


def follow(
    nodes: Nodes, followed: Followed, points: Points, signal_rate: float | np.ndarray
) -> tuple[Followed, np.ndarray]:
    """(the `Followed` after steps, natural log of the statistic at each of their points, float array (..., m, n)).

    Between points the integral Q over times of change, with likelihoods W of the quiet fluxes, grows as
    Q' = -F*S*Q + W, W' = -F0*S*W, but for what the background gives both alike; at an event both are multiplied by
    what is expected there. In closed form that is Q = P*(Q0 + sum of what was added, each over its P), P being the
    product since the step began.

    Parameters
    ----------
    nodes : `Nodes`
    followed : `Followed` at the point before the first one, of shape (...)
    points : `Points` (..., m, n), m steps, one after the other, as `Points.in_steps` lays them
    signal_rate : float or array (...), events per s of the source at a flux of 1, in all places
    """
    found, m = [], points.wait.shape[-2]
    size = max(1, TOGETHER // max(1, points.wait[..., 0, 0].size))
    for first in range(0, m, size):
        part = Points(*(each[..., first : first + size, :] for each in points._each()))
        followed, logs = _follow(nodes, followed, part, signal_rate)
        found.append(logs)
    return followed, np.concatenate(found, axis=-2) if found else points.wait


def _follow(
    nodes: Nodes, followed: Followed, points: Points, signal_rate: float | np.ndarray
) -> tuple[Followed, np.ndarray]:
    """As `follow`, all steps at once where they do not wait for each other."""
    signal_rate = np.asarray(signal_rate, dtype=float)[..., None, None]
    before, product, quiet_product = _products(nodes, points, signal_rate * np.cumsum(points.wait, axis=-1))
    n_others, expected = (np.cumsum(each, axis=-1)[..., None] for each in (points.others, points.expected))
    # Of the background: less what a norm of 1 gives.
    own = n_others * np.log(nodes.norm) - (nodes.norm - 1) * expected
    with np.errstate(divide="ignore"):
        quiet = _running(followed.quiet, np.log(quiet_product[..., -1, :, :]), -3)
        log_product = np.log(product[..., -1, :, :])
    background = _running(followed.background, own[..., -1, :], -2)
    top = _finite(quiet.max(axis=-1, keepdims=True))
    weight = np.exp(quiet - top)
    begun = np.concatenate(
        [np.ones_like(quiet_product[..., :1, :, :]), quiet_product[..., :-1, :, :]], axis=-3
    )
    begun *= weight[..., :-1, None, :, :]
    added = np.cumsum(_added(nodes, begun, points.wait, signal_rate) / before, axis=-3)
    with np.errstate(divide="ignore"):
        log_added = np.log(added[..., -1, :, :]) + top[..., :-1, :, :]
    # Each kind of change has a scale of its own: one that was unlikely for long may become likely.
    changed = [followed.changed]
    for k in range(points.wait.shape[-2]):
        last = np.logaddexp(changed[-1], log_added[..., k, :, :])
        changed.append(log_product[..., k, :, :] + last)
    started = np.stack(changed[:-1], axis=-3)
    scale = np.maximum(started, top[..., :-1, :, :])
    held, shift = np.exp(started - scale), np.exp(top[..., :-1, :, :] - scale)
    inside = (held[..., None, :, :] + added * shift[..., None, :, :]) * product
    level = background[..., :-1, None, :] + own
    highest = _finite(scale.max(axis=-1, keepdims=True))
    inside *= np.exp(scale - highest)[..., None, :, :]
    tops = _log_weighted(inside.sum(axis=-1), highest[..., None, :, 0] + level)
    still = (weight[..., :-1, None, :, :] * quiet_product).sum(axis=-1)
    bottoms = _log_weighted(still, top[..., :-1, None, :, 0] + level)
    with np.errstate(invalid="ignore"):
        statistic = np.where(np.isneginf(bottoms), np.inf, tops - bottoms)
    return Followed(changed[-1], quiet[..., -1, :, :], background[..., -1, :]), statistic


def _running(start: np.ndarray, more: np.ndarray, axis: int) -> np.ndarray:
    """start, and start with the sums of what is more so far, along a new axis of what is more."""
    return np.cumsum(np.concatenate([np.expand_dims(start, axis), more], axis=axis), axis=axis)


def _products(
    nodes: Nodes, points: Points, expected: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Since a step began: (without a point's event, with it; with it, quiet), float arrays (..., n, n_norm, fluxes)."""
    weight = points.signal + points.background
    seen = weight > 0
    safe = np.where(seen, weight, 1.0)
    signal, background = points.signal / safe, np.where(seen, points.background / safe, 0.0)
    # Factors of an event are near 1: over that of a flux in the middle.
    middle = np.where(seen, signal * np.sqrt(nodes.changed[0] * nodes.changed[-1]) + background, 1.0)
    # A point without an event changes nothing.
    given = np.where(seen[..., None], (background / middle)[..., None] * nodes.norm, 1.0)[..., None]
    signal = (signal / middle)[..., None]

    def factors(flux: np.ndarray) -> np.ndarray:
        return (signal * flux)[..., None, :] + given

    product = np.cumprod(factors(nodes.changed), axis=-3)
    drift = np.exp(-expected[..., None] * nodes.changed)[..., None, :]
    before = np.concatenate([np.ones_like(product[..., :1, :, :]), product[..., :-1, :, :]], axis=-3)
    quiet = np.cumprod(factors(nodes.quiet), axis=-3)
    quiet *= np.exp(-expected[..., None] * nodes.quiet)[..., None, :]
    return before * drift, product * drift, quiet


def _added(nodes: Nodes, quiet: np.ndarray, wait: np.ndarray, signal_rate: np.ndarray) -> np.ndarray:
    """What changes since the point before add at each point, without its event, (..., n, n_norm, n_changed).

    quiet : of the quiet fluxes at the point before, (..., n, n_norm, n_quiet).
    """
    wait, rate = wait[..., None, None], signal_rate[..., None, None]
    more = np.abs(rate * wait * (nodes.changed - nodes.quiet[:, None]))
    still = more == 0
    growth = np.where(still, 1.0, -np.expm1(-more) / np.where(still, 1.0, more))
    # From the smaller of both fluxes: nothing overflows, however far they are apart.
    smaller = np.minimum(nodes.changed, nodes.quiet[:, None])
    growth *= wait * np.exp(-rate * wait * smaller) / len(nodes.changed)
    total = quiet[..., 0, None] * growth[..., None, 0, :]
    for j in range(1, len(nodes.quiet)):
        total += quiet[..., j, None] * growth[..., None, j, :]
    return total


def _log_weighted(values: np.ndarray, log_weight: np.ndarray) -> np.ndarray:
    """log of the sum along the last axis of values*exp(log_weight)."""
    top = _finite(np.max(log_weight, axis=-1, keepdims=True))
    with np.errstate(divide="ignore"):
        return np.log(np.sum(values * np.exp(log_weight - top), axis=-1)) + top[..., 0]


def _log_sum(logs: np.ndarray, axis: int) -> np.ndarray:
    """log of a sum of exponentials along an axis."""
    top = _finite(np.max(logs, axis=axis, keepdims=True))
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(logs - top), axis=axis)) + np.squeeze(top, axis)


def _finite(top: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(top), top, 0.0)
