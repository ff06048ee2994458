"""Covariances of log fluxes with the curvatures of rows: what Laplace's approximation asks of them.

A covariance is a matrix, or what can do the same: numbers multiply it from the left and vectors from the right, and it
has an `inner` with curvatures.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.linalg.lapack import dgetrf, dgetrs


class Inner(Protocol):
    """1 + W K, of rows with curvatures W and a covariance K."""

    @property
    def of_level(self) -> np.ndarray:
        """(K + W^-1)^-1 = (1 + W K)^-1 W times a vector of ones, float array (n,)."""

    @property
    def is_maximum(self) -> bool:
        """Whether the determinant of 1 + W K is above 0, and the level is bounded, as at a maximum."""

    @property
    def log_volume(self) -> float:
        """Log of what the Gaussian integral over log fluxes and level adds to the likelihood at the mode."""

    def solve(self, values: np.ndarray) -> np.ndarray:
        """(1 + W K)^-1 times values. values: float array (n,) or (n, k)."""


class LargeCovariance(Protocol):
    """A covariance (n, n) that is never written out, such as that of celerite2."""

    def __len__(self) -> int:
        """n."""

    def __rmul__(self, factor: float) -> "LargeCovariance":
        """So many times as much. factor: float."""

    def __matmul__(self, values: np.ndarray) -> np.ndarray:
        """Times a vector. values: float array (n,)."""

    def inner(self, bend: np.ndarray) -> Inner:
        """With curvatures. bend: float array (n,)."""


Covariance = np.ndarray | LargeCovariance


def inner_of(covariance: Any, bend: np.ndarray) -> Inner:
    """The `Inner` of a covariance with curvatures.

    Parameters
    ----------
    covariance : float array (n, n), or `LargeCovariance`
    bend : float array (n,)
    """
    return DenseInner.of(covariance, bend) if isinstance(covariance, np.ndarray) else covariance.inner(bend)


@dataclass(frozen=True, eq=False)
class DenseInner:
    """1 + W K, of rows with curvatures W.

    bend : float array (n,), W
    factors, order : of LAPACK's, lower and upper in one (n, n)
    of_level : float array (n,), (K + W^-1)^-1 = (1 + W K)^-1 W times a vector of ones
    """

    bend: np.ndarray
    factors: np.ndarray
    order: np.ndarray
    of_level: np.ndarray

    @classmethod
    def of(cls, covariance: np.ndarray, bend: np.ndarray) -> "DenseInner":
        """See `inner_of`.

        Parameters
        ----------
        covariance : float array (n, n)
        bend : float array (n,)
        """
        inner = covariance * bend
        inner.flat[:: len(bend) + 1] += 1.0
        # LAPACK's own: what is around it would take longer than it does.
        factors, order, _ = dgetrf(inner.T, overwrite_a=1)
        return cls(bend, factors, order, dgetrs(factors, order, bend)[0])

    def solve(self, values: np.ndarray) -> np.ndarray:
        """(1 + W K)^-1 times values. values: float array (n,) or (n, k)."""
        return dgetrs(self.factors, self.order, values)[0]

    @property
    def is_maximum(self) -> bool:
        """Whether the determinant of 1 + W K is above 0, and the level is bounded, as at a maximum."""
        swapped = np.count_nonzero(self.order != np.arange(len(self.order)))
        below = np.count_nonzero(np.diag(self.factors) < 0)
        return bool((swapped + below) % 2 == 0 and self.of_level.sum() > 0)

    @property
    def log_volume(self) -> float:
        """Log of what the Gaussian integral over log fluxes and level adds to the likelihood at the mode."""
        total = float(self.of_level.sum())
        if not total > 0:
            return -np.inf
        return 0.5 * np.log(2 * np.pi / total) - 0.5 * float(np.sum(np.log(np.abs(np.diag(self.factors)))))
