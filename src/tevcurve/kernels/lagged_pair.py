"""Two series of log fluxes with Gaussian errors: how likely one process behind both is, at a lag and a coherence.

Both series have the same spectrum, with amplitudes of their own; a part of their log fluxes is common, so that their
correlation is the coherence. The mean of each is free, with a flat prior, so that contrasts are what is seen. With the
covariances of these in both series, noise included, as P = L*L^T and Q = M*M^T, and the one between them as coherence
times X, the singular values of L^-1 X M^-T give the likelihood at all coherences at once; their squares, of the smaller
of both products with the transposed, are found faster.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def contrasts(n: int) -> np.ndarray:
    """n - 1 orthonormal combinations of n values that do not see their mean, float array (n - 1, n).

    What is left of Gaussian values when their mean is free, with a flat prior, is the likelihood of these.

    n : int, 2 or more
    """
    number = np.arange(1, n)[:, None]
    rows = np.where(np.arange(n) < number, 1.0, np.where(np.arange(n) == number, -number, 0.0))
    return rows / np.sqrt(number * (number + 1))


@dataclass(frozen=True, eq=False)
class NoisySeries:
    """Log fluxes of bins with Gaussian errors.

    Attributes
    ----------
    middle, width : float arrays (n,), of the bins
    value : float array (n,), log fluxes
    noise : float array (n,), above 0, variances of their errors
    """

    middle: np.ndarray
    width: np.ndarray
    value: np.ndarray
    noise: np.ndarray

    def log_likelihoods(self, covariance: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Log likelihoods (k,) of processes with covariances of one shape, the mean being free with a flat prior.

        Parameters
        ----------
        covariance : float array (n, n), at variance 1
        variance : float array (k,), that it is multiplied with
        """
        free = contrasts(len(self.value))
        inverse = np.linalg.inv(np.linalg.cholesky(free * self.noise @ free.T))
        whiten = inverse @ free
        share, turn = np.linalg.eigh(whiten @ covariance @ whiten.T)
        total = 1 + variance[:, None] * np.maximum(share, 0.0)
        seen = turn.T @ (whiten @ self.value)
        return np.log(np.diag(inverse)).sum() - 0.5 * np.sum(seen**2 / total + np.log(total), axis=1)


@dataclass(frozen=True, eq=False)
class WhiteSeries:
    """A series with the covariance of a process and its noise.

    Attributes
    ----------
    series : `NoisySeries`
    covariance : float array (n, n), of the process
    """

    series: NoisySeries
    covariance: np.ndarray

    @cached_property
    def whiten(self) -> np.ndarray:
        """The inverse of the Cholesky factor of the contrasts' covariance with noise, times these, (n - 1, n)."""
        free = contrasts(len(self.series.value))
        whole = free @ (self.covariance + np.diag(self.series.noise)) @ free.T
        return np.linalg.inv(np.linalg.cholesky(whole)) @ free

    @cached_property
    def white(self) -> np.ndarray:
        """The values in units of their own errors, without correlation and mean, (n - 1,)."""
        return self.whiten @ self.series.value


def gain_of_one_process(
    one: WhiteSeries, other: WhiteSeries, between: np.ndarray, coherence: np.ndarray
) -> np.ndarray:
    """Log likelihoods (k,) above that of two independent series, at coherences.

    Parameters
    ----------
    one, other : of n and of m bins
    between : float array (n, m), covariance between them at a coherence of 1
    coherence : float array (k,), from 0 to below 1
    """
    across, white, other_white = one.whiten @ between @ other.whiten.T, one.white, other.white
    if len(white) > len(other_white):
        across, white, other_white = across.T, other_white, white
    square, turn = np.linalg.eigh(across @ across.T)
    square, left, right = np.clip(square, 0.0, 1.0), turn.T @ white, turn.T @ (across @ other_white)
    coherence = coherence[:, None]
    left_over = 1 - coherence**2 * square
    # Of each pair of unit variance and of this correlation, less what it has without.
    squares = (coherence**2 * (square * left**2 + right**2) - 2 * coherence * left * right) / left_over
    return -0.5 * np.sum(squares + np.log(left_over), axis=1)
