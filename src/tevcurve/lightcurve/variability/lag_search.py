"""The lag between two series of rows from one log-normal process, and how likely such a process is: arrays only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import FREE_MEAN, NoisySeries, WhiteSeries, gain_of_one_process
from tevcurve.kernels.log_normal_process import Rows, laplace_fit

SLOPES = np.arange(0.0, 4.01, 0.5)
# Variances of the log flux within the series, relative to which amplitudes are.
VARIANCES = np.geomspace(1e-4, 30, 50)
TERMS, FLAT_BELOW = 24, 30.0
# Curvatures of rows in log flux that are smaller say less than this, and count as this much.
_LEAST_BEND = 0.04
# Coherences that the likelihood is integrated over, evenly in the root of what is not common: near 1 they are dense.
_ROOTS = (np.arange(20) + 0.5) / 20
COHERENCES, COHERENCE_WEIGHTS = 1 - _ROOTS**2, np.full(len(_ROOTS), 1 / len(_ROOTS))
# Spectra that are this much less likely than the best one are left out, as are those beyond the likeliest few, and
# lags that are this much less likely are not refined.
_SLOPES_WITHIN, _MOST_SLOPES, _LAGS_WITHIN = 2.5, 2, 6.0
# Between neighbouring lags that are near the best one the log likelihood changes by less, or they are this close.
_SMOOTH, _CLOSEST, _ROUNDS = 0.4, 1 / 64, 7


@dataclass(frozen=True, eq=False)
class Series:
    """Rows in the order of time, as likelihoods of their log flux.

    Attributes
    ----------
    middle, width : float arrays (n,), s
    rows : function of log fluxes (n,) relative to some constant to (log likelihoods, slopes, minus second derivatives)
    """

    middle: np.ndarray
    width: np.ndarray
    rows: Rows

    @property
    def step(self) -> float:
        """How finely it is sampled: the larger of the usual width and the usual distance, s."""
        return float(max(np.median(self.width), np.median(np.diff(self.middle))))

    @property
    def span(self) -> float:
        """From its first row to its last, s."""
        return float(self.middle[-1] - self.middle[0] + 0.5 * (self.width[0] + self.width[-1]))

    def moved(self, seconds: float) -> "Series":
        """The same so much later. seconds: float, s."""
        return Series(self.middle + seconds, self.width, self.rows)

    def gaussian(self, covariance: np.ndarray) -> NoisySeries:
        """Log fluxes and errors that the likelihoods look like around their best fit with a process.

        covariance: float array (n, n), of the process.
        """
        fit = laplace_fit(covariance + FREE_MEAN, self.rows)
        bend = np.maximum(fit.bend, _LEAST_BEND)
        return NoisySeries(self.middle, self.width, fit.mode + fit.pull / bend, 1 / bend)


@dataclass(frozen=True, eq=False)
class Spectra:
    """Power laws of all slopes, with kernels that both series share.

    Attributes
    ----------
    kernels : list of `Oscillators`, one for each slope
    """

    kernels: list[Oscillators]

    @classmethod
    def of(cls, one: Series, other: Series) -> "Spectra":
        """Those of two series, flat below 1/(30*T).

        Parameters
        ----------
        one, other : `Series`
        """
        start = min(one.middle[0] - one.width[0], other.middle[0] - other.width[0])
        stop = max(one.middle[-1] + one.width[-1], other.middle[-1] + other.width[-1])
        narrowest = max(min(one.width.min(), other.width.min()), 1e-5 * (stop - start))
        finest = min(one.step, other.step, 10 * narrowest)
        frequency = np.geomspace(1 / (FLAT_BELOW * (stop - start)), 2 / finest, TERMS)
        return cls([Oscillators.power_law(slope, frequency) for slope in SLOPES])


def _scaled(covariance: np.ndarray) -> float:
    """The mean variance of log fluxes around their own mean, of a covariance (n, n)."""
    return float(np.trace(covariance) / len(covariance) - covariance.mean())


@dataclass(frozen=True, eq=False)
class Process:
    """A slope, and what fits both series best with it as independent ones.

    Attributes
    ----------
    slope : float
    kernel : `Oscillators`
    variances : (float, float), of the log fluxes of both, within the series
    scales : (float, float), factors on the kernel that give them
    log_likelihood : float, of both as independent ones
    """

    slope: float
    kernel: Oscillators
    variances: tuple[float, float]
    scales: tuple[float, float]
    log_likelihood: float


def processes_of(spectra: Spectra, pair: tuple[NoisySeries, NoisySeries]) -> list[Process]:
    """The `Process` of each slope, two series being independent.

    Parameters
    ----------
    spectra : `Spectra`
    pair : two `NoisySeries`
    """
    found = []
    for slope, kernel in zip(SLOPES, spectra.kernels, strict=True):
        variances, scales, total = [], [], 0.0
        for series in pair:
            shape = kernel.averaged(series.middle, series.width)
            unit = _scaled(shape)
            log_likelihood = series.log_likelihoods(shape / unit, VARIANCES)
            best = int(np.argmax(log_likelihood))
            variances.append(float(VARIANCES[best]))
            scales.append(float(VARIANCES[best] / unit))
            total += float(log_likelihood[best])
        found.append(Process(float(slope), kernel, tuple(variances), tuple(scales), total))
    return found


@dataclass(frozen=True, eq=False)
class LagSearch:
    """The log likelihood of lags.

    Attributes
    ----------
    lag : float array (n,), s, ascending; above 0 the first series comes after the second
    gain : float array (n,), log likelihoods above that of two independent processes, integrated over coherences
    of_coherence : float array (n, k), the same at each of `COHERENCES`
    processes : list of `Process`, those that are likely
    weights : float array, posterior weights of these, two series being independent
    """

    lag: np.ndarray
    gain: np.ndarray
    of_coherence: np.ndarray
    processes: list[Process]
    weights: np.ndarray

    @property
    def log_evidence(self) -> float:
        """Log of the odds for one process against two independent ones, all lags and coherences alike before."""
        top = self.gain.max()
        return float(top + np.log(np.trapezoid(np.exp(self.gain - top), self.lag) / np.ptp(self.lag)))

    @property
    def coherence(self) -> tuple[np.ndarray, np.ndarray]:
        """(coherences (k,) ascending, their posterior weights, of sum 1), over all lags."""
        cell = np.gradient(self.lag)
        density = np.exp(self.of_coherence - self.of_coherence.max()) * cell[:, None]
        weights = density.sum(axis=0) * COHERENCE_WEIGHTS
        return COHERENCES[::-1], weights[::-1] / weights.sum()


def search_lag(one: Series, other: Series, reach: float) -> LagSearch:
    """The `LagSearch` of lags from -reach to reach.

    Parameters
    ----------
    one, other : `Series`
    reach : float, s
    """
    spectra = Spectra.of(one, other)
    pair, processes = _independent(spectra, one, other)
    best = max(each.log_likelihood for each in processes)
    processes = [each for each in processes if each.log_likelihood > best - _SLOPES_WITHIN]
    processes = sorted(processes, key=lambda each: -each.log_likelihood)[:_MOST_SLOPES]
    weights = np.exp([each.log_likelihood - best for each in processes])
    weights /= weights.sum()
    likelihoods = [_likelihood(process, pair) for process in processes]
    lags, gains = _refined(likelihoods, weights, reach, 0.5 * np.hypot(one.step, other.step))
    return LagSearch(lags, _over_coherences(gains), gains, processes, weights)


def _independent(
    spectra: Spectra, one: Series, other: Series
) -> tuple[tuple[NoisySeries, NoisySeries], list[Process]]:
    """Both series with Gaussian errors, those around the best processes, and the processes of all slopes."""
    middle = spectra.kernels[len(SLOPES) // 2 - 1]
    scales = [0.3 / _scaled(middle.averaged(each.middle, each.width)) for each in (one, other)]
    best = Process(0.0, middle, (0.3, 0.3), tuple(scales), 0.0)
    for _ in range(2):
        pair = tuple(
            each.gaussian(scale * best.kernel.averaged(each.middle, each.width))
            for each, scale in zip((one, other), best.scales, strict=True)
        )
        found = processes_of(spectra, pair)
        best = max(found, key=lambda each: each.log_likelihood)
    return pair, found


def _likelihood(process: Process, pair: tuple[NoisySeries, NoisySeries]) -> Callable[[float], np.ndarray]:
    """Function of a lag to the log likelihoods at all coherences, above that of independent series."""
    white = [
        WhiteSeries(series, scale * process.kernel.averaged(series.middle, series.width))
        for series, scale in zip(pair, process.scales, strict=True)
    ]
    one, other = pair
    size = np.sqrt(process.scales[0] * process.scales[1])

    def gains(lag: float) -> np.ndarray:
        between = process.kernel.averaged(one.middle - lag, one.width, (other.middle, other.width))
        return gain_of_one_process(*white, size * between, COHERENCES)

    return gains


def _over_coherences(gains: np.ndarray) -> np.ndarray:
    """Log of likelihoods (n, k) integrated over coherences."""
    top = gains.max(axis=1)
    return top + np.log(np.exp(gains - top[:, None]) @ COHERENCE_WEIGHTS)


def _refined(
    likelihoods: list, weights: np.ndarray, reach: float, step: float
) -> tuple[np.ndarray, np.ndarray]:
    """(lags (n,), gains (n, k)): evenly with the likeliest spectrum, near the best one more finely and with all."""
    n_side = max(int(np.ceil(reach / step)), 2)
    lags = np.linspace(-reach, reach, 2 * n_side + 1)
    gains = np.array([likelihoods[0](lag) for lag in lags])
    near = np.zeros(len(lags), dtype=bool)

    def of_all(lag: float, first: np.ndarray | None = None) -> np.ndarray:
        parts = [likelihoods[0](lag) if first is None else first, *(each(lag) for each in likelihoods[1:])]
        return np.logaddexp.reduce(np.array(parts) + np.log(weights)[:, None], axis=0)

    for _ in range(_ROUNDS):
        total = _over_coherences(gains)
        for k in np.flatnonzero((total > total.max() - _LAGS_WITHIN) & ~near):
            gains[k], near[k] = of_all(lags[k], gains[k]), True
        total = _over_coherences(gains)
        high = np.maximum(total[1:], total[:-1]) > total.max() - _LAGS_WITHIN
        wanted = high & (np.abs(np.diff(total)) > _SMOOTH) & (np.diff(lags) > _CLOSEST * step)
        if not wanted.any():
            break
        new = 0.5 * (lags[1:] + lags[:-1])[wanted]
        order = np.argsort(np.append(lags, new), kind="stable")
        lags = np.append(lags, new)[order]
        gains = np.concatenate([gains, [of_all(lag) for lag in new]])[order]
        near = np.append(near, np.ones(len(new), dtype=bool))[order]
    return lags, gains


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


def _posterior(lag: np.ndarray, gain: np.ndarray, n: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """(lags, densities), n times as fine; log densities are straight between lags."""
    part = np.arange(len(lag) * n - n + 1) / n
    fine = np.interp(part, np.arange(len(lag)), lag)
    return fine, np.exp(np.interp(fine, lag, gain) - gain.max())


def best_lag(lag: np.ndarray, gain: np.ndarray) -> float:
    """The lag of the largest gain, by the parabola through it and its neighbours.

    Parameters
    ----------
    lag, gain : float arrays (n,)
    """
    k = int(np.argmax(gain))
    if k in (0, len(lag) - 1):
        return float(lag[k])
    a, b, _ = np.polyfit(lag[k - 1 : k + 2] - lag[k], gain[k - 1 : k + 2] - gain[k], 2)
    return float(lag[k] - b / (2 * a)) if a < 0 else float(lag[k])
