"""A Gaussian process of log fluxes behind rows with likelihoods of their own: Laplace's approximation.

The log fluxes x of the rows, relative to a constant one, are Gaussian with a covariance K and a mean of 0. The
likelihood of each row is its profile, of whatever shape. Their posterior is taken as Gaussian around its mode, which
Newton's method finds, and so is the evidence (Rasmussen & Williams 2006, "Gaussian Processes for Machine Learning",
algorithm 3.1). Rows that are limits have log likelihoods that bend the other way at faint fluxes: their curvatures are
clipped at 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAX_STEPS = 100
# What the last step may still gain, in log likelihood.
_GAIN = 1e-10
# No log flux moves further in a step.
_LONGEST = 3.0
# Steps are halved so often at most.
_HALVINGS = 40

Rows = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class LaplaceFit:
    """The mode of the log fluxes of n rows, and how likely the data are with such a process.

    Attributes
    ----------
    mode : float array (n,), log fluxes
    pull : float array (n,), the slope of the log likelihood there, which is K^-1 times the mode
    bend : float array (n,), minus the second derivative of the log likelihood there, 0 or more
    log_evidence : float, log of the integral of likelihood times prior over all log fluxes
    converged : bool
    """

    mode: np.ndarray
    pull: np.ndarray
    bend: np.ndarray
    log_evidence: float
    converged: bool

    def spread(self, covariance: np.ndarray) -> np.ndarray:
        """Covariance (n, n) of the log fluxes of the rows, given the data. covariance: float array (n, n), K."""
        return self.elsewhere(covariance, covariance, covariance)[1]

    def elsewhere(
        self, covariance: np.ndarray, across: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), covariance (k, k)) of log fluxes at other places, given the data.

        Equations 3.21 and 3.24 of Rasmussen & Williams.

        Parameters
        ----------
        covariance : float array (n, n), K of the rows
        across : float array (k, n), of the other places with the rows
        own : float array (k, k), of the other places
        """
        gain, weighted = self._gain(covariance, across)
        return across @ self.pull, own - weighted.T @ gain

    def alone_elsewhere(
        self, covariance: np.ndarray, across: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), variance (k,)) of the log flux at each of other places, given the data.

        Parameters
        ----------
        covariance, across : see `elsewhere`
        own : float array (k,), variance at the other places
        """
        gain, weighted = self._gain(covariance, across)
        return across @ self.pull, own - np.sum(weighted * gain, axis=0)

    def _gain(self, covariance: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B^-1 W^1/2 across.T, W^1/2 across.T), each (n, k), with W the bend and B = 1 + W^1/2 K W^1/2."""
        root = np.sqrt(self.bend)
        inner = np.eye(len(root)) + root[:, None] * covariance * root
        weighted = root[:, None] * across.T
        return np.linalg.solve(inner, weighted), weighted


def laplace_fit(covariance: np.ndarray, rows: Rows, start: np.ndarray | None = None) -> LaplaceFit:
    """The `LaplaceFit` of rows with a process.

    Parameters
    ----------
    covariance : float array (n, n), K: symmetric, with no negative eigenvalue
    rows : function of log fluxes (n,) to (log likelihoods, their slopes, minus their second derivatives), each (n,),
        such as `in_log_flux` makes; second derivatives are clipped
    start : float array (n,), pulls (K^-1 times log fluxes) that the search begins with; default: 0
    """
    n = len(covariance)
    pull = np.zeros(n) if start is None else start
    mode = covariance @ pull
    log_likelihood, slope, bend = rows(mode)
    worth, converged = float(log_likelihood.sum() - 0.5 * pull @ mode), False
    for _ in range(MAX_STEPS):
        bend = np.maximum(bend, 0.0)
        root = np.sqrt(bend)
        inner = np.eye(n) + root[:, None] * covariance * root
        wanted = bend * mode + slope
        wanted = wanted - root * np.linalg.solve(inner, root * (covariance @ wanted))
        step, moved = wanted - pull, covariance @ (wanted - pull)
        # What Newton's step would gain if all were parabolas.
        expected = 0.5 * float(step @ moved + moved @ (bend * moved))
        share = min(1.0, _LONGEST / max(float(np.max(np.abs(moved))), _LONGEST))
        for _ in range(_HALVINGS):
            tried = rows(mode + share * moved)
            new = float(tried[0].sum() - 0.5 * (pull + share * step) @ (mode + share * moved))
            if new >= worth - _GAIN:
                break
            share *= 0.5
        pull, mode = pull + share * step, mode + share * moved
        worth, (log_likelihood, slope, bend) = new, tried
        if expected < _GAIN:
            converged = True
            break
    bend = np.maximum(bend, 0.0)
    root = np.sqrt(bend)
    factor = np.linalg.cholesky(np.eye(n) + root[:, None] * covariance * root)
    return LaplaceFit(mode, pull, bend, worth - float(np.sum(np.log(np.diag(factor)))), converged)


def in_log_flux(
    stat: np.ndarray, slope: np.ndarray, curvature: np.ndarray, flux: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(log likelihoods, their slopes, minus their second derivatives) in the log of a flux, float arrays (n,).

    Parameters
    ----------
    stat, slope, curvature : float arrays (n,), statistics (-2 log likelihood) of rows at their fluxes, and derivatives
        in the flux
    flux : float array (n,), above 0
    """
    return -0.5 * stat, -0.5 * slope * flux, 0.5 * (curvature * flux**2 + slope * flux)
