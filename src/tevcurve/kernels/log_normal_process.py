"""A Gaussian process of log fluxes behind rows with likelihoods of their own: Laplace's approximation.

The log fluxes x of the rows are a level, which is free, plus a Gaussian process with a covariance K and a mean of 0.
The likelihood of each row is its profile, of whatever shape. The posterior of x is taken as Gaussian around its mode,
which Newton's method finds, and so is the evidence (Rasmussen & Williams 2006, "Gaussian Processes for Machine
Learning", algorithm 3.1). Rows that are limits have log likelihoods that bend the other way at faint fluxes: their
curvatures are clipped at 0.

The prior of the level is flat (their section 2.7 in the limit of a vague prior). So nothing is said of how far the
process itself wanders away from 0, which steep spectra do the more the steeper they are, and adding one number to all
of K changes nothing: K may be that of the log fluxes beside their mean.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

MAX_STEPS = 100
# What the last step gains at most, in log likelihood: the next would gain far less. The log likelihood is not known
# better than to this share.
_GAIN, _NOISE = 1e-7, 1e-13
# Steps are made with curvatures of which one is this at least.
_LEAST_BEND = 1e-6
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
    mode : float array (n,), log fluxes: the level plus K times the pull
    pull : float array (n,), the slope of the log likelihood there; its sum is 0
    bend : float array (n,), minus the second derivative of the log likelihood there, 0 or more
    level : float
    log_evidence : float, log of the integral of likelihood times prior over all log fluxes and all levels, where the
        prior of the level has a density of 1; minus infinity where the rows do not bound the level
    converged : bool
    """

    mode: np.ndarray
    pull: np.ndarray
    bend: np.ndarray
    level: float
    log_evidence: float
    converged: bool

    def spread(self, covariance: np.ndarray) -> np.ndarray:
        """Covariance (n, n) of the log fluxes of the rows, given the data. covariance: float array (n, n), K."""
        return self.elsewhere(covariance, covariance, covariance)[1]

    def elsewhere(
        self, covariance: np.ndarray, across: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), covariance (k, k)) of log fluxes at other places, given the data.

        Equations 3.21 and 3.24 of Rasmussen & Williams, with 2.41 and 2.42 for the level.

        Parameters
        ----------
        covariance : float array (n, n), K of the rows
        across : float array (k, n), of the other places with the rows
        own : float array (k, k), of the other places
        """
        gain, weighted, rest = self._gain(covariance, across)
        return self.level + across @ self.pull, own - weighted.T @ gain + np.outer(rest, rest)

    def alone_elsewhere(
        self, covariance: np.ndarray, across: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), variance (k,)) of the log flux at each of other places, given the data.

        Parameters
        ----------
        covariance, across : see `elsewhere`
        own : float array (k,), variance at the other places
        """
        gain, weighted, rest = self._gain(covariance, across)
        return self.level + across @ self.pull, own - np.sum(weighted * gain, axis=0) + rest**2

    def _gain(self, covariance: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(B^-1 W^1/2 across.T (n, k), W^1/2 across.T (n, k), what the level adds to standard deviations (k,))."""
        inner = _Inner.of(covariance, self.bend)
        weighted = inner.root[:, None] * across.T
        with np.errstate(divide="ignore"):
            rest = (1 - across @ inner.of_level) / np.sqrt(inner.of_level.sum())
        return inner.solve(weighted), weighted, rest


@dataclass(frozen=True, eq=False)
class _Inner:
    """B = 1 + W^1/2 K W^1/2 of rows with curvatures W.

    root : float array (n,), W^1/2
    factor : float array (n, n), of Cholesky's, below its diagonal
    of_level : float array (n,), (K + W^-1)^-1 times a vector of ones
    """

    root: np.ndarray
    factor: np.ndarray
    of_level: np.ndarray

    @classmethod
    def of(cls, covariance: np.ndarray, bend: np.ndarray) -> "_Inner":
        root = np.sqrt(bend)
        inner = covariance * np.multiply.outer(root, root)
        inner.flat[:: len(bend) + 1] += 1.0
        # LAPACK's own: what is around it would take longer than it does.
        factor = dpotrf(inner.T, lower=1, clean=0, overwrite_a=1)[0]
        return cls(root, factor, root * dpotrs(factor, root, lower=1)[0])

    def solve(self, values: np.ndarray) -> np.ndarray:
        """B^-1 times values, (n,) or (n, k)."""
        return dpotrs(self.factor, values, lower=1)[0]

    def newton(self, covariance: np.ndarray, mode: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, float]:
        """(pulls (n,), level) that are best if the likelihoods are parabolas around a mode."""
        wanted = self.root**2 * mode + slope
        wanted = wanted - self.root * self.solve(self.root * (covariance @ wanted))
        level = float(wanted.sum() / self.of_level.sum())
        return wanted - level * self.of_level, level

    @property
    def log_volume(self) -> float:
        """Log of what the Gaussian integral over log fluxes and level adds to the likelihood at the mode."""
        total = float(self.of_level.sum())
        if not total > 0:
            return -np.inf
        return 0.5 * np.log(2 * np.pi / total) - float(np.sum(np.log(np.diag(self.factor))))


def laplace_fit(covariance: np.ndarray, rows: Rows, start: np.ndarray | None = None) -> LaplaceFit:
    """The `LaplaceFit` of rows with a process.

    Parameters
    ----------
    covariance : float array (n, n), K: symmetric, with no negative eigenvalue; numbers that all of a row and of its
        column have more change nothing
    rows : function of log fluxes (n,) to (log likelihoods, their slopes, minus their second derivatives), each (n,),
        such as `in_log_flux` makes; second derivatives are clipped
    start : float array (n,), log fluxes that the search begins near; default: 0
    """
    n = len(covariance)
    pull, level, mode = np.zeros(n), 0.0, np.zeros(n)
    values = rows(mode)
    if start is not None:
        pull, level, mode, values = _started(covariance, rows, start) or (pull, level, mode, values)
    worth, converged = float(values[0].sum() - 0.5 * pull @ mode), False
    for _ in range(MAX_STEPS):
        bend = _floored(values[2])
        new_pull, new_level = _Inner.of(covariance, bend).newton(covariance, mode, values[1])
        step, rise = new_pull - pull, new_level - level
        moved = rise + covariance @ step
        # What Newton's step would gain if all were parabolas.
        expected = 0.5 * float(step @ moved + moved @ (bend * moved))
        share = min(1.0, _LONGEST / max(float(np.max(np.abs(moved))), _LONGEST))
        for _ in range(_HALVINGS):
            tried = rows(mode + share * moved)
            new = float(tried[0].sum() - 0.5 * (pull + share * step) @ (mode + share * moved))
            if new >= worth - _NOISE * (1 + abs(worth)):
                break
            share *= 0.5
        pull, level, mode = pull + share * step, level + share * rise, mode + share * moved
        worth, values = new, tried
        if expected < _GAIN:
            converged = True
            break
    bend = np.maximum(values[2], 0.0)
    evidence = worth + _Inner.of(covariance, bend).log_volume
    return LaplaceFit(mode, pull, bend, level, evidence, converged)


def _started(
    covariance: np.ndarray, rows: Rows, start: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
    """(pull, level, mode, what the rows say) after a step from log fluxes; None where it leads far away."""
    _, slope, bend = rows(start)
    pull, level = _Inner.of(covariance, _floored(bend)).newton(covariance, start, slope)
    mode = level + covariance @ pull
    return None if np.max(np.abs(mode - start)) > _LONGEST else (pull, level, mode, rows(mode))


def _floored(bend: np.ndarray) -> np.ndarray:
    """Curvatures (n,) that steps are made with: 0 or more, and never 0 all of them. bend: float array (n,)."""
    return np.maximum(bend, 0.0 if np.max(bend) > _LEAST_BEND else _LEAST_BEND)


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
