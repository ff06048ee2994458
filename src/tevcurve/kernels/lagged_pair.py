"""Two series of log fluxes with Gaussian errors: how likely one process behind both is, at a lag and a coherence.

Both series have the same spectrum, with amplitudes of their own; a part of their log fluxes is common, so that their
correlation is the coherence. With the covariances of both, noise included, as P = L*L^T and Q = M*M^T, and the one
between them as coherence times X, the singular values of L^-1 X M^-T give the likelihood at all coherences at once.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Variance of the mean log flux of a series, which is free: that of a factor of e^10 in the flux.
FREE_MEAN = 100.0


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
        """Log likelihoods (k,) of processes with covariances of one shape, the mean being free.

        Parameters
        ----------
        covariance : float array (n, n), at variance 1
        variance : float array (k,), that it is multiplied with
        """
        whiten = np.linalg.inv(np.linalg.cholesky(np.diag(self.noise) + FREE_MEAN))
        share, turn = np.linalg.eigh(whiten @ covariance @ whiten.T)
        total = 1 + variance[:, None] * np.maximum(share, 0.0)
        seen = turn.T @ (whiten @ self.value)
        return np.log(np.diag(whiten)).sum() - 0.5 * np.sum(seen**2 / total + np.log(total), axis=1)


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
        """The inverse of the Cholesky factor of the covariance with noise and a free mean, (n, n)."""
        return np.linalg.inv(np.linalg.cholesky(self.covariance + np.diag(self.series.noise) + FREE_MEAN))

    @cached_property
    def white(self) -> np.ndarray:
        """The values in units of their own errors, without correlation, (n,)."""
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
    turn, share, other_turn = np.linalg.svd(one.whiten @ between @ other.whiten.T, full_matrices=False)
    share = coherence[:, None] * np.minimum(share, 1.0)
    left, right = turn.T @ one.white, other_turn @ other.white
    left_over = 1 - share**2
    # Of each pair of unit variance and correlation `share`, less what it has without.
    squares = (share**2 * (left**2 + right**2) - 2 * share * left * right) / left_over
    return -0.5 * np.sum(squares + np.log(left_over), axis=1)
