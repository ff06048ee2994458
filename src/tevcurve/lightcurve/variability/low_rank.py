"""Sparse matrices with something of low rank added, which many rows with few things in common make."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from tevcurve.kernels.quadratic_forms import weighted_chi_square_chance

# Up to so many rows all eigenvalues are computed; of more, three moments say the chance.
_FEW_ROWS = 300


@dataclass(frozen=True, eq=False)
class LowRank:
    """base + left core right', a matrix (n, n) similar to one with eigenvalues at or above 0.

    Attributes
    ----------
    base : scipy sparse array (n, n), a plain one for few rows
    left, right : float arrays (n, k); one and the same where the matrix is symmetric
    core : float array (k, k)
    """

    base: Any
    left: np.ndarray
    core: np.ndarray
    right: np.ndarray

    def __matmul__(self, other):
        """The product (n, ...) with an array. other: float array (n, ...)."""
        return self.base @ other + self.left @ (self.core @ (self.right.T @ other))

    def diagonal(self):
        """Its diagonal (n,)."""
        return self.base.diagonal() + np.sum((self.left @ self.core) * self.right, axis=1)

    def times(self, other):
        """The product with another `LowRank`. other: `LowRank`."""
        n, k = self.core.shape[0], other.core.shape[0]
        core = np.zeros((n + k, n + k))
        core[:n, :n] = self.core
        core[n:, n:] = other.core
        core[:n, n:] = self.core @ (self.right.T @ other.left) @ other.core
        left = np.column_stack([self.left, self.base @ other.left])
        right = np.column_stack([other.base.T @ self.right, other.right])
        return LowRank(self.base @ other.base, left, core, right)

    def trace(self):
        """Its trace."""
        return float(self.base.diagonal().sum() + np.sum(self.core * (self.left.T @ self.right)))

    def dense(self):
        """Float array (n, n)."""
        base = self.base if isinstance(self.base, np.ndarray) else self.base.toarray()
        return base + self.left @ self.core @ self.right.T

    def chance(self, value):
        """Chance that the sum of its eigenvalues times chi-squares of one degree of freedom is a value or more.

        By the saddlepoint of all eigenvalues, or, of many rows, by the chi-square with the same three moments (Hall
        1983, Ann. Prob. 11, 1028; Buckley & Eagleson 1988, J. Roy. Stat. Soc. B 50, 1).

        value: float.
        """
        if self.base.shape[0] <= _FEW_ROWS:
            is_symmetric = self.left is self.right
            weights = (
                np.linalg.eigvalsh(self.dense()) if is_symmetric else np.linalg.eigvals(self.dense()).real
            )
            return weighted_chi_square_chance(value, np.maximum(weights, 0.0))
        squared = self.times(self)
        first, second, third = self.trace(), squared.trace(), squared.times(self).trace()
        freedom = second**3 / third**2
        distance = freedom + np.sqrt(2 * freedom) * (value - first) / np.sqrt(2 * second)
        return float(chdtrc(freedom, max(distance, 0.0)))


def sparse(row, column, values, shape):
    """An array of some values: a scipy sparse one, a plain one for few rows.

    Parameters
    ----------
    row, column : int arrays (n_values,)
    values : float array (n_values,); those of one place are added up
    shape : (int, int)
    """
    if shape[0] <= _FEW_ROWS:
        made = np.zeros(shape)
        np.add.at(made, (row, column), values)
        return made
    # It takes a while to import, and only many rows with something in common need it.
    from scipy.sparse import csr_array

    return csr_array((values, (row, column)), shape=shape)
