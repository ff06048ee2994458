"""Two series of rows as likelihoods of their log flux, and the processes that each may have by itself: arrays only."""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import NoisySeries
from tevcurve.kernels.log_normal_process import Rows, laplace_fit

SLOPES = np.arange(0.0, 4.01, 0.5)
# Variances of the log flux within the series, relative to which amplitudes are: their prior is flat in the log.
VARIANCES = np.geomspace(1e-4, 30, 50)
TERMS, FLAT_BELOW = 24, 30.0
# Curvatures of rows in log flux that are smaller say less than this, and count as this much.
_LEAST_BEND = 0.04
# Spectra around whose fit likelihoods are expanded are found so often; variance that it begins with.
_ROUNDS, _FIRST = 2, 0.3
# Fractions whose multiples fill a square evenly (Roberts 2018): powers of the inverse of the root of x^3 = x + 1.
_EVEN = 1 / 1.32471795724474602596 ** np.arange(1, 3)


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
        fit = laplace_fit(covariance, self.rows)
        bend = np.maximum(fit.bend, _LEAST_BEND)
        return NoisySeries(self.middle, self.width, fit.mode + fit.pull / bend, 1 / bend)


def spectra_of(one: Series, other: Series) -> list[Oscillators]:
    """The kernel of each of `SLOPES`, flat below 1/(30*T), that both series share.

    Parameters
    ----------
    one, other : `Series`
    """
    start = min(one.middle[0] - one.width[0], other.middle[0] - other.width[0])
    stop = max(one.middle[-1] + one.width[-1], other.middle[-1] + other.width[-1])
    narrowest = max(min(one.width.min(), other.width.min()), 1e-5 * (stop - start))
    finest = min(one.step, other.step, 10 * narrowest)
    frequency = np.geomspace(1 / (FLAT_BELOW * (stop - start)), 2 / finest, TERMS)
    return [Oscillators.power_law(slope, frequency) for slope in SLOPES]


@dataclass(frozen=True, eq=False)
class Process:
    """A power spectrum of each of two series.

    Attributes
    ----------
    number : int, of `SLOPES`
    kernel : `Oscillators`
    variances : (float, float), of the log fluxes of both, within the series
    scales : (float, float), factors on the kernel that give them
    """

    number: int
    kernel: Oscillators
    variances: tuple[float, float]
    scales: tuple[float, float]

    @property
    def slope(self) -> float:
        """Of the power."""
        return float(SLOPES[self.number])


def _scaled(covariance: np.ndarray) -> float:
    """The mean variance of log fluxes around their own mean, of a covariance (n, n)."""
    return float(np.trace(covariance) / len(covariance) - covariance.mean())


@dataclass(frozen=True, eq=False)
class Independent:
    """What two series, each by itself, say of slopes and variances.

    Attributes
    ----------
    kernels : list of `Oscillators`, one for each slope
    pair : two `NoisySeries`
    shapes : list, for each slope, of the covariances (n, n) of both, at a variance within the series of 1
    unit : float array (n_slopes, 2), variances of the kernels within the series
    log_likelihood : float array (n_slopes, 2, n_variances), of the slopes and variances of each
    """

    kernels: list[Oscillators]
    pair: tuple[NoisySeries, NoisySeries]
    shapes: list[tuple[np.ndarray, np.ndarray]]
    unit: np.ndarray
    log_likelihood: np.ndarray

    @classmethod
    def of(cls, kernels: list[Oscillators], pair: tuple[NoisySeries, NoisySeries]) -> "Independent":
        """That of a pair.

        Parameters
        ----------
        kernels, pair : see the class
        """
        shapes = [tuple(kernel.averaged(each.middle, each.width) for each in pair) for kernel in kernels]
        unit = np.array([[_scaled(each) for each in both] for both in shapes])
        shapes = [
            tuple(shape / size for shape, size in zip(both, sizes, strict=True))
            for both, sizes in zip(shapes, unit, strict=True)
        ]
        likelihoods = [
            [series.log_likelihoods(shape, VARIANCES) for series, shape in zip(pair, both, strict=True)]
            for both in shapes
        ]
        return cls(kernels, pair, shapes, unit, np.array(likelihoods))

    @property
    def best(self) -> Process:
        """The `Process` of the best slope, each variance at its best."""
        number = int(np.argmax(self.log_likelihood.max(axis=2).sum(axis=1)))
        return self._process(number, VARIANCES[self.log_likelihood[number].argmax(axis=1)])

    def typical(self, n: int) -> list[Process]:
        """Draws from the posterior that have the same weight: evenly spread over it, so that a few do.

        Parameters
        ----------
        n : int, even
        """
        of_slope = np.logaddexp.reduce(self.log_likelihood, axis=2).sum(axis=1)
        share = np.cumsum(np.exp(of_slope - of_slope.max()))
        slopes = np.searchsorted(share / share[-1], (np.arange(n // 2) + 0.5) / (n // 2))
        even = (0.5 + np.arange(1, n // 2 + 1)[:, None] * _EVEN) % 1
        # Each point with its mirror image, so that neither series is before the other.
        return [
            self._process(int(k), [self._quantile(int(k), side, each[side]) for side in (0, 1)])
            for k, part in zip(slopes, even, strict=True)
            for each in (part, part[::-1])
        ]

    def _quantile(self, number: int, side: int, share: float) -> float:
        """The variance of a side below which a share of the posterior is."""
        density = np.exp(self.log_likelihood[number, side] - self.log_likelihood[number, side].max())
        below = np.append(0.0, np.cumsum(0.5 * (density[1:] + density[:-1])))
        return float(np.exp(np.interp(share, below / below[-1], np.log(VARIANCES))))

    def _process(self, number: int, variances: list | np.ndarray) -> Process:
        scales = np.asarray(variances) / self.unit[number]
        return Process(number, self.kernels[number], tuple(map(float, variances)), tuple(map(float, scales)))


def independent(one: Series, other: Series) -> Independent:
    """What both series say by themselves, with Gaussian errors as around the processes that fit each best.

    Parameters
    ----------
    one, other : `Series`
    """
    kernels = spectra_of(one, other)
    middle = len(SLOPES) // 2 - 1
    shapes = [kernels[middle].averaged(each.middle, each.width) for each in (one, other)]
    best = Process(
        middle, kernels[middle], (_FIRST, _FIRST), tuple(_FIRST / _scaled(each) for each in shapes)
    )
    for _ in range(_ROUNDS):
        pair = tuple(
            each.gaussian(scale * best.kernel.averaged(each.middle, each.width))
            for each, scale in zip((one, other), best.scales, strict=True)
        )
        found = Independent.of(kernels, pair)
        best = found.best
    return found
