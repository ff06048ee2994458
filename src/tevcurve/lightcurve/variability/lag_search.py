"""The lag between two series of rows from one log-normal process, and how likely such a process is: arrays only.

A posterior over slopes, variances, coherences and lags, whose errors are right only where all of it is integrated
over: with variances and slope at their best intervals are too wide for some pairs and too narrow for others.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import Akima1DInterpolator

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import NoisySeries, WhiteSeries, gain_of_one_process
from tevcurve.lightcurve.variability.lag_processes import Independent, Process, Series, independent

# Coherences that the likelihood is integrated over: a third of the prior is at 1 (but for what rounding asks), the rest
# is even from 0 to 1, in steps of the root of what is not common, so that they are dense near 1.
_ROOTS = (np.arange(10) + 0.5) / 10
ALL_COMMON, _SHARE = 0.9999, 1 / 3
COHERENCES = np.append(ALL_COMMON, 1 - _ROOTS**2)
COHERENCE_WEIGHTS = np.append(_SHARE, (1 - _SHARE) * _ROOTS / _ROOTS.sum())
# Processes that stand for the posterior of independent series; those that stay near the best lags are so many, fewer
# where many lags are alike, and so much less likely than the best of them at most.
DRAWS, _FEWEST, _MOST, _WITHIN, _WORK = 24, 3, 10, 4.0, 300
# Lags that the processes are compared at, and how much less likely lags are that only the best process is asked of, and
# that are not refined.
_PEAKS, _LAGS_WITHIN, _REFINED_WITHIN = 3, 5.0, 4.0
# Between neighbouring lags that are near the best one the log likelihood changes by less, or they are this close.
_SMOOTH, _CLOSEST, _ROUNDS = 0.4, 1 / 64, 7
# Distances between rows of one width that differ by less, in widths, are the same.
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class LagSearch:
    """The log likelihood of lags.

    Attributes
    ----------
    lag : float array (n,), s, ascending; above 0 the first series comes after the second
    gain : float array (n,), log likelihoods above that of two independent processes, integrated over all else
    of_coherence : float array (n, k), the same at each of `COHERENCES`
    processes : list of `Process`, those that are likely
    weights : float array, posterior weights of these
    """

    lag: np.ndarray
    gain: np.ndarray
    of_coherence: np.ndarray
    processes: list[Process]
    weights: np.ndarray

    @property
    def log_evidence(self) -> float:
        """Log of the odds for one process against two independent ones, all lags alike before."""
        top = self.gain.max()
        return float(top + np.log(np.trapezoid(np.exp(self.gain - top), self.lag) / np.ptp(self.lag)))

    @property
    def coherence(self) -> tuple[np.ndarray, np.ndarray]:
        """(coherences (k,) ascending, their posterior weights, of sum 1), over all lags."""
        cell = np.gradient(self.lag)
        density = np.exp(self.of_coherence - self.of_coherence.max()) * cell[:, None]
        weights = density.sum(axis=0) * COHERENCE_WEIGHTS
        return COHERENCES[::-1], weights[::-1] / weights.sum()


def first_lags(one: Series, other: Series, reach: float) -> np.ndarray:
    """Lags from -reach to reach that are looked at first, float array (n,), s.

    Parameters
    ----------
    one, other : `Series`
    reach : float, s
    """
    return np.linspace(-reach, reach, 2 * max(int(np.ceil(reach / _step(one, other))), 2) + 1)


def _step(one: Series, other: Series) -> float:
    return 0.5 * float(np.hypot(one.step, other.step))


def search_lag(one: Series, other: Series, reach: float) -> LagSearch:
    """The `LagSearch` of lags from -reach to reach.

    Parameters
    ----------
    one, other : `Series`
    reach : float, s
    """
    alone = independent(one, other)
    between = Between.of(*alone.pair, alone.kernels)
    lags = first_lags(one, other, reach)
    first = Joint.of([alone.best], alone, between)
    gains = np.array([first.of_coherence(lag) for lag in lags])
    joint = _kept(Joint.of(alone.typical(DRAWS), alone, between), lags, _over_coherences(gains))
    lags, gains, of_process = _refined(joint, lags, gains, _CLOSEST * _step(one, other))
    return LagSearch(lags, _over_coherences(gains), gains, joint.processes, of_process)


@dataclass(frozen=True, eq=False)
class Between:
    """Covariances of the rows of one series with those of another, at lags.

    Attributes
    ----------
    one, other : `NoisySeries`
    unit : `Oscillators`, of weights 1, of which kernels of all slopes are made
    weights : float array (n_slopes, n_oscillators), of these
    distance, number : distances of rows that differ (k,) and which of them each pair (n, m) has, where all rows of a
        series are of one width and distances repeat; else None
    """

    one: NoisySeries
    other: NoisySeries
    unit: Oscillators
    weights: np.ndarray
    distance: np.ndarray | None = None
    number: np.ndarray | None = None

    @classmethod
    def of(cls, one: NoisySeries, other: NoisySeries, kernels: list[Oscillators]) -> "Between":
        """That of a pair.

        Parameters
        ----------
        one, other : `NoisySeries`
        kernels : `Oscillators` of each slope, of the same frequencies
        """
        weights = np.array([each.weight for each in kernels])
        plain = cls(one, other, Oscillators(np.ones(weights.shape[1]), kernels[0].frequency), weights)
        apart = one.middle[:, None] - other.middle
        narrow = min(one.width.min(), other.width.min())
        if max(np.ptp(one.width), np.ptp(other.width)) > _SAME * narrow:
            return plain
        _, first, number = np.unique(
            np.rint(apart / (_SAME * narrow)), return_index=True, return_inverse=True
        )
        if 2 * len(first) > apart.size:
            return plain
        return replace(plain, distance=apart.ravel()[first], number=number.reshape(apart.shape))

    def at(self, numbers: list[int], lag: float) -> dict[int, np.ndarray]:
        """Covariances (n, m), the first series being seen later, by the number of the slope.

        Parameters
        ----------
        numbers : list of int, of slopes
        lag : float, s
        """
        one, other, weights = self.one, self.other, self.weights[numbers]
        if self.distance is None:
            others = other.middle, other.width
            each = self.unit.averaged_each(one.middle - lag, one.width, others)
            return dict(zip(numbers, np.tensordot(weights, each, 1), strict=True))
        width = np.full(len(self.distance), one.width[0])
        each = self.unit.averaged_each(self.distance - lag, width, (np.zeros(1), other.width[:1]))
        of_distance = weights @ each[:, :, 0]
        return {number: found[self.number] for number, found in zip(numbers, of_distance, strict=True)}


@dataclass(frozen=True, eq=False)
class Joint:
    """Two series with one process behind them, for each of some processes that are alike before.

    Attributes
    ----------
    processes : list of `Process`
    white : list of pairs of `WhiteSeries`, of each process
    between : `Between`
    volume : float, number of processes that the likelihoods of these are shared among
    """

    processes: list[Process]
    white: list[tuple[WhiteSeries, WhiteSeries]]
    between: Between
    volume: float

    @classmethod
    def of(cls, processes: list[Process], alone: Independent, between: Between) -> "Joint":
        """That of processes.

        Parameters
        ----------
        processes, between : see the class
        alone : `Independent` that they are of
        """
        white = [
            tuple(
                WhiteSeries(series, variance * shape)
                for series, variance, shape in zip(
                    alone.pair, process.variances, alone.shapes[process.number], strict=True
                )
            )
            for process in processes
        ]
        return cls(processes, white, between, float(len(processes)))

    def gains(self, lag: float) -> np.ndarray:
        """Log likelihoods (n_processes, n_coherences) above those of independent series. lag: float, s."""
        shapes = self.between.at(list(dict.fromkeys(each.number for each in self.processes)), lag)
        found = []
        for process, white in zip(self.processes, self.white, strict=True):
            size = np.sqrt(process.scales[0] * process.scales[1])
            found.append(gain_of_one_process(*white, size * shapes[process.number], COHERENCES))
        return np.array(found)

    def of_coherence(self, lag: float) -> np.ndarray:
        """The same over all processes, (n_coherences,). lag: float, s."""
        return np.logaddexp.reduce(self.gains(lag), axis=0) - np.log(self.volume)

    def only(self, kept: np.ndarray, share: float) -> "Joint":
        """With some of the processes, which have a share of the likelihood of all.

        Parameters
        ----------
        kept : int array, their numbers
        share : float
        """
        return Joint(
            [self.processes[k] for k in kept],
            [self.white[k] for k in kept],
            self.between,
            share * self.volume,
        )


def _kept(joint: Joint, lags: np.ndarray, gain: np.ndarray) -> Joint:
    """The `Joint` with those processes that are likely at the best of lags (n,), by their gains (n,)."""
    inner = np.append(True, gain[1:] > gain[:-1]) & np.append(gain[:-1] >= gain[1:], True)
    peaks = np.flatnonzero(inner)
    peaks = peaks[np.argsort(-gain[peaks])][:_PEAKS]
    score = np.logaddexp.reduce([_over_coherences(joint.gains(lags[k])) for k in peaks], axis=0)
    n_near = np.count_nonzero(gain > gain.max() - _LAGS_WITHIN)
    order = np.argsort(-score, kind="stable")[: int(np.clip(_WORK // n_near, _FEWEST, _MOST))]
    kept = order[score[order] > score.max() - _WITHIN]
    return joint.only(kept, float(np.exp(np.logaddexp.reduce(score[kept]) - np.logaddexp.reduce(score))))


def _over_coherences(gains: np.ndarray) -> np.ndarray:
    """Log of likelihoods (n, k) integrated over coherences."""
    top = gains.max(axis=1)
    return top + np.log(np.exp(gains - top[:, None]) @ COHERENCE_WEIGHTS)


def _refined(
    joint: Joint, lags: np.ndarray, gains: np.ndarray, closest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lags (n,), gains (n, k), weights of processes): finer near the best lag, with all processes there."""
    near = {}

    def at(lag: float) -> np.ndarray:
        near[lag] = joint.gains(lag)
        return np.logaddexp.reduce(near[lag], axis=0) - np.log(joint.volume)

    for _ in range(_ROUNDS):
        total, done = _over_coherences(gains), False
        while not done:
            wanted = [
                k for k in np.flatnonzero(total > total.max() - _LAGS_WITHIN) if float(lags[k]) not in near
            ]
            for k in wanted:
                gains[k] = at(float(lags[k]))
            total, done = _over_coherences(gains), not wanted
        high = np.maximum(total[1:], total[:-1]) > total.max() - _REFINED_WITHIN
        wanted = high & (np.abs(np.diff(total)) > _SMOOTH) & (np.diff(lags) > closest)
        if not wanted.any():
            break
        new = 0.5 * (lags[1:] + lags[:-1])[wanted]
        order = np.argsort(np.append(lags, new), kind="stable")
        lags = np.append(lags, new)[order]
        gains = np.concatenate([gains, [at(float(lag)) for lag in new]])[order]
    return lags, gains, _weights(near, lags)


def _weights(near: dict, lags: np.ndarray) -> np.ndarray:
    """Posterior weights of processes, of their gains at lags (dict) among all lags (n,)."""
    cell = dict(zip(map(float, lags), np.gradient(lags), strict=True))
    parts = np.array([_over_coherences(gains) + np.log(cell[lag]) for lag, gains in near.items()])
    of_process = np.logaddexp.reduce(parts, axis=0)
    weights = np.exp(of_process - of_process.max())
    return weights / weights.sum()


def shortest_interval(lag: np.ndarray, gain: np.ndarray, level: float) -> tuple[float, float]:
    """The shortest interval with a share of the posterior, whose density is exp(gain), all lags being alike before.

    Parameters
    ----------
    lag : float array (n,), ascending
    gain : float array (n,), log likelihoods
    level : float, from 0 to 1
    """
    fine, density = _posterior(lag, gain)
    total = np.append(0.0, np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(fine)))
    total /= total[-1]
    starts = np.linspace(0.0, 1 - level, 400)
    low, high = np.interp(starts, total, fine), np.interp(starts + level, total, fine)
    best = int(np.argmin(high - low))
    return float(low[best]), float(high[best])


def _posterior(lag: np.ndarray, gain: np.ndarray, n: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """(lags, densities), n times as fine; log densities are smooth: straight lines would cut off the peak."""
    part = np.arange(len(lag) * n - n + 1) / n
    fine = np.interp(part, np.arange(len(lag)), lag)
    log_density = Akima1DInterpolator(lag, gain)(fine)
    return fine, np.exp(log_density - log_density.max())


def best_lag(lag: np.ndarray, gain: np.ndarray) -> float:
    """The lag of the largest gain, between lags too.

    Parameters
    ----------
    lag, gain : float arrays (n,)
    """
    fine, density = _posterior(lag, gain)
    return float(fine[np.argmax(density)])
