"""The covariance of the means of oscillators over bins of one width by celerite2, whose work grows as their number.

Between bins that do not overlap it is a sum of exponentials of the lag t between their middles: of an oscillator with
variance k, and z as in `tevcurve.kernels.oscillator_means`, it is Re[A*exp(-z*t)], A = k*(1 - i)*(sinh(y)/y)^2 with
y = z*width/2, a term of celerite (Foreman-Mackey et al. 2017, AJ 154, 220, equation 15). The variance of a mean itself
is less than Re[A], and what it is less is taken from the diagonal. celerite2's own `TermConvolution` has the same
numbers, but loses digits of slow oscillators, which those of steep spectra are.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tevcurve.kernels.damped_oscillators import Oscillators

# Of the largest curvature; rows do not have less, and have an error in log flux.
_LEAST_BEND = 1e-15
# Of the variance, which is added to it: by rounding it may be less.
_ROUNDING = 2e-16


@dataclass(frozen=True, eq=False)
class CeleriteCovariance:
    """The covariance of the means of a sum of oscillators over bins of one width that do not overlap.

    It is multiplied with numbers from the left, and with vectors from the right, as a matrix is.

    Attributes
    ----------
    oscillators : `Oscillators`
    middle : float array (n,), ascending
    width : float
    """

    oscillators: Oscillators
    middle: np.ndarray
    width: float
    __array_ufunc__ = None

    def __len__(self) -> int:
        return len(self.middle)

    def __rmul__(self, factor: float) -> "CeleriteCovariance":
        scaled = Oscillators(factor * self.oscillators.weight, self.oscillators.frequency)
        return CeleriteCovariance(scaled, self.middle, self.width)

    def __matmul__(self, values: np.ndarray) -> np.ndarray:
        return self.term.dot(self.middle, np.full(len(self), self.own), np.ascontiguousarray(values))

    def inner(self, bend: np.ndarray) -> "CeleriteInner":
        """See `tevcurve.kernels.process_covariance.inner_of`. bend: float array (n,)."""
        return CeleriteInner(self, bend)

    def drawn(self, normal: np.ndarray) -> np.ndarray:
        """A draw (n,) of the process. normal: float array (n,), of variance 1 and independent."""
        return self.factored(np.zeros(len(self))).dot_tril(normal)

    def factored(self, noise: np.ndarray) -> Any:
        """celerite2's `GaussianProcess` with noise. noise: float array (n,), variances."""
        from celerite2 import GaussianProcess

        return GaussianProcess(self.term, self.middle, diag=noise + self.own + _ROUNDING * self.variance)

    @cached_property
    def variance(self) -> float:
        """Of the mean over a bin."""
        return float(self.oscillators.averaged(self.middle[:1], np.array([self.width]))[0, 0])

    @property
    def own(self) -> float:
        """What the variance has beside that of the term, below 0."""
        return self.variance - float(self._amplitude.real.sum())

    @cached_property
    def term(self) -> Any:
        """celerite2's term."""
        from celerite2 import terms

        parts = zip(self._amplitude, self.oscillators.rate, strict=True)
        return terms.TermSum(*(terms.ComplexTerm(a=a.real, b=-a.imag, c=rate, d=rate) for a, rate in parts))

    @cached_property
    def _amplitude(self) -> np.ndarray:
        """A of the module, complex array (m,)."""
        y = 0.5 * self.width * self.oscillators.rate * (1 - 1j)
        return self.oscillators.variance * (1 - 1j) * (np.sinh(y) / y) ** 2


@dataclass(frozen=True, eq=False)
class CeleriteInner:
    """1 + W K, of rows with curvatures W: K + W^-1 times W.

    covariance : `CeleriteCovariance`, K
    bend : float array (n,), W
    """

    covariance: CeleriteCovariance
    bend: np.ndarray

    @property
    def is_maximum(self) -> bool:
        """Whether there is no curvature below 0, for which there are no factors, and the level is bounded."""
        return bool(np.min(self.bend) >= 0 and self.of_level.sum() > 0)

    @cached_property
    def of_level(self) -> np.ndarray:
        """(K + W^-1)^-1 times a vector of ones, float array (n,)."""
        return self._factors.apply_inverse(np.ones(len(self.bend)))

    def solve(self, values: np.ndarray) -> np.ndarray:
        """(1 + W K)^-1 values. values: float array (n,) or (n, k)."""
        weight = self._weight if values.ndim == 1 else self._weight[:, None]
        return self._factors.apply_inverse(values / weight)

    @property
    def log_volume(self) -> float:
        """Log of what the Gaussian integral over log fluxes and level adds to the likelihood at the mode."""
        total = float(self.of_level.sum())
        if not total > 0:
            return -np.inf
        # Of values that are all 0 the likelihood is what the determinant makes it.
        nothing = np.zeros(len(self.bend))
        log_root = self._factors.log_likelihood(nothing) + 0.5 * len(nothing) * np.log(2 * np.pi)
        return float(0.5 * np.log(2 * np.pi / total) + log_root - 0.5 * np.sum(np.log(self._weight)))

    @cached_property
    def _weight(self) -> np.ndarray:
        """W, above 0."""
        return np.maximum(self.bend, _LEAST_BEND * max(float(np.max(self.bend)), _LEAST_BEND))

    @cached_property
    def _factors(self) -> Any:
        return self.covariance.factored(1 / self._weight)
