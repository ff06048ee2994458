"""Power spectra as sums of damped oscillators, and the covariance of averages over bins that they give.

An oscillator that is critically damped in the sense of a quality of 1/sqrt(2) (Foreman-Mackey et al. 2017, AJ 154, 220,
equation 24) has, for a weight of 1 and a frequency f0, the one-sided power and the covariance at a lag t

    P(f) = 1/(1 + (f/f0)^4),        k(t) = pi*f0/(2*sqrt(2)) * exp(-x) * (cos(x) + sin(x)),    x = sqrt(2)*pi*f0*t,

so that the integral of P over all frequencies above 0 is the variance k(0). With z = sqrt(2)*pi*f0*(1 - i) the
covariance is the real part of A*exp(-z*t), A = k(0)*(1 - i). Its mean over two bins is a difference of its even second
integral, F(t) = Re[A*(exp(-z*t) - 1 + z*t)/z^2] for t >= 0, at the four distances between their edges; of bins that do
not overlap what is left of that is a product, without cancellation.
"""

from dataclasses import dataclass

import numpy as np

# Distances over the oscillator's own time up to which a series is used, of so many terms.
_SMALL, _TERMS = 0.5, 18


@dataclass(frozen=True, eq=False)
class Oscillators:
    """A sum of damped oscillators.

    Attributes
    ----------
    weight : float array (m,), the power of each far below its frequency, variance times time; may be negative
    frequency : float array (m,), above 0, cycles per time
    """

    weight: np.ndarray
    frequency: np.ndarray

    @classmethod
    def power_law(cls, slope: float, frequency: np.ndarray) -> "Oscillators":
        """Those that together have the power frequency^-slope, flat below the lowest, and steeper beyond the highest.

        An integral over f0^-slope/(1 + (f/f0)^4) is such a power law; it is a sum here, and what is beyond both ends is
        the first's and the last's. Weights are positive. With five frequencies or more in a factor of 10 the power is
        right to 0.4 %, but within a factor of 5 from the ends.

        Parameters
        ----------
        slope : float, from 0 to 4
        frequency : float array (m,), ascending, each the same factor above the one before, two or more
        """
        step = np.log(frequency[-1] / frequency[0]) / (len(frequency) - 1)
        # 4/pi*sin(pi*slope/4), over the slope and over what it is less than 4, which do not vanish with it.
        share = np.sinc(slope / 4), np.sinc(1 - slope / 4)
        weight = np.full(len(frequency), slope * share[0] * step)
        weight[[0, -1]] *= 0.5
        weight[0] += share[1]
        weight[-1] += share[0]
        return cls(weight * frequency**-slope, frequency)

    @classmethod
    def of(cls, power: np.ndarray, frequency: np.ndarray) -> "Oscillators":
        """Those that have a power at their own frequencies, such as one that bends.

        With five frequencies in a factor of 10 and slopes from 1 to 3 it is followed to 2 % between them, but near the
        lowest and the highest. Weights may be negative.

        Parameters
        ----------
        power : float array (m,), one-sided, above 0
        frequency : float array (m,), ascending
        """
        ratios = 1 / (1 + (frequency[:, None] / frequency) ** 4)
        # Steep powers span many decades: each line is solved relative to its own.
        return cls(np.linalg.solve(ratios / power[:, None], np.ones(len(power))), frequency)

    def power(self, frequency: np.ndarray) -> np.ndarray:
        """The one-sided power at frequencies. frequency: float array."""
        return np.sum(self.weight / (1 + (np.asarray(frequency)[..., None] / self.frequency) ** 4), axis=-1)

    def covariance(self, lag: np.ndarray) -> np.ndarray:
        """The covariance at two instants. lag: float array, the time between them."""
        rate, scale = self._rate, self._scale
        return np.sum(scale * np.exp(-rate * np.abs(lag)[..., None]), axis=-1).real

    def integrals(self, lag: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(second integral of the covariance from 0, first integral, covariance), float arrays (n,), at lags.

        Parameters
        ----------
        lag : float array (n,), 0 or more
        """
        second, first, own = np.zeros(len(lag)), np.zeros(len(lag)), np.zeros(len(lag))
        for rate, scale in zip(self._rate, self._scale, strict=True):
            x = rate * lag
            second += (scale / rate**2 * _second_integral(x)).real
            first += (scale / rate * -np.expm1(-x)).real
            own += (scale * np.exp(-x)).real
        return second, first, own

    @property
    def _rate(self) -> np.ndarray:
        """z of the module, complex array (m,)."""
        return np.sqrt(2) * np.pi * self.frequency * (1 - 1j)

    @property
    def _scale(self) -> np.ndarray:
        """A of the module, complex array (m,)."""
        return self.weight * self.frequency * np.pi / (2 * np.sqrt(2)) * (1 - 1j)

    def averaged(
        self,
        middle: np.ndarray,
        width: np.ndarray,
        others: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Covariance (n, k) of the means over bins with those over other bins.

        Parameters
        ----------
        middle, width : float arrays (n,), of the bins; widths above 0
        others : the same of the k other bins, each (k,); default: the bins themselves
        """
        second, other_width = (middle, width) if others is None else others
        lag = np.abs(middle[:, None] - second)
        one, other = np.broadcast_arrays(width[:, None], other_width)
        gap = lag - 0.5 * (one + other)
        # Edges that touch differ by rounding.
        apart = gap >= -1e-9 * np.minimum(one, other)
        # Of the bins themselves each pair is looked at once.
        wanted = np.ones(lag.shape, dtype=bool) if others is not None else np.tri(len(middle), dtype=bool)
        row, column = np.nonzero(apart & wanted)
        covariance = np.zeros(lag.shape)
        covariance[row, column] = self._of_apart(
            np.maximum(gap[row, column], 0.0), (width, row), (other_width, column)
        )
        near = ~apart & wanted
        covariance[near] = self._of_overlapping(lag[near], one[near], other[near])
        return covariance if others is not None else covariance + np.tril(covariance, -1).T

    def _of_apart(
        self, gap: np.ndarray, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Of bins with a gap between them, (n,). one, other: widths of all bins, and the numbers (n,) of these."""
        total = np.zeros(len(gap))
        for rate, scale in zip(self._rate, self._scale, strict=True):
            first, second = (_mean_of_decay(rate * width)[number] for width, number in (one, other))
            total += (scale * (np.exp(-rate * gap) * first * second)).real
        return total

    def _of_overlapping(self, lag: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Of bins that overlap, arrays (n,)."""
        total, half, step = np.zeros(len(lag)), 0.5 * (one + other), 0.5 * (one - other)
        for rate, scale in zip(self._rate, self._scale, strict=True):
            edges = (lag + half, lag + step, lag - step, lag - half)
            parts = [_second_integral(rate * np.abs(edge)) for edge in edges]
            total += (scale / rate**2 * (parts[0] - parts[1] - parts[2] + parts[3])).real
        return total / (one * other)


def _mean_of_decay(x: np.ndarray) -> np.ndarray:
    """(1 - exp(-x))/x, of complex x."""
    return -np.expm1(-x) / x


def _second_integral(x: np.ndarray) -> np.ndarray:
    """exp(-x) - 1 + x, of complex x, without cancellation where x is small."""
    small = np.abs(x) < _SMALL
    found = np.expm1(-x) + x
    near, series = x[small], np.zeros(np.count_nonzero(small), dtype=complex)
    for power in range(_TERMS, 1, -1):
        series = (1 - near * series) / power
    found[small] = near**2 * series
    return found
