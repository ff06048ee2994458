"""Power spectra as sums of damped oscillators, and the covariance of averages over bins that they give.

An oscillator that is critically damped in the sense of a quality of 1/sqrt(2) (Foreman-Mackey et al. 2017, AJ 154, 220,
equation 24) has, for a weight of 1 and a frequency f0, the one-sided power and the covariance at a lag t

    P(f) = 1/(1 + (f/f0)^4),        k(t) = pi*f0/(2*sqrt(2)) * exp(-x) * (cos(x) + sin(x)),    x = sqrt(2)*pi*f0*t,

so that the integral of P over all frequencies above 0 is the variance k(0).
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.oscillator_means import Bins, mean_covariances


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
        x = self.rate * np.abs(lag)[..., None]
        return np.sum(self.variance * np.exp(-x) * (np.cos(x) + np.sin(x)), axis=-1)

    @property
    def rate(self) -> np.ndarray:
        """x/t of the module, float array (m,), of each oscillator."""
        return np.sqrt(2) * np.pi * self.frequency

    @property
    def variance(self) -> np.ndarray:
        """The variance (m,) of each oscillator at an instant, k(0) of the module times its weight."""
        return self.weight * self.frequency * np.pi / (2 * np.sqrt(2))

    def averaged(
        self, middle: np.ndarray, width: np.ndarray, others: tuple[np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """Covariance (n, k) of the means over bins with those over other bins.

        Parameters
        ----------
        middle, width : float arrays (n,), of the bins; widths above 0
        others : the same of the k other bins, each (k,); default: the bins themselves
        """
        return self._averaged(middle, width, others, is_sum=True)

    def averaged_each(
        self, middle: np.ndarray, width: np.ndarray, others: tuple[np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """The same of each oscillator alone, (m, n, k).

        Parameters
        ----------
        middle, width, others : see `averaged`
        """
        return self._averaged(middle, width, others, is_sum=False)

    def _averaged(
        self,
        middle: np.ndarray,
        width: np.ndarray,
        others: tuple[np.ndarray, np.ndarray] | None,
        is_sum: bool,
    ) -> np.ndarray:
        """See `averaged` and `averaged_each`."""
        # Edges are told from each other best where their times are small.
        order, bins = self._in_order(middle - middle[0], width)
        second, other_bins = order, bins
        if others is not None:
            second, other_bins = self._in_order(others[0] - middle[0], others[1])
        found = mean_covariances(self.variance, bins, other_bins, is_sum)
        for axis, one in ((-2, order), (-1, second)):
            if np.any(np.diff(one) < 0):
                found = np.take(found, np.argsort(one), axis=axis)
        return found

    def _in_order(self, middle: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, Bins]:
        """The order in time of bins, and these."""
        start = middle - 0.5 * width
        order = np.argsort(start, kind="stable")
        return order, Bins(self.rate, start[order], np.broadcast_to(width, start.shape)[order])
