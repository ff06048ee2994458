"""A Gaussian process of log fluxes behind rows with likelihoods of their own: Laplace's approximation.

The log fluxes x of the rows are a level, which is free, plus a Gaussian process with a covariance K and a mean of 0.
The likelihood of each row is its profile, of whatever shape. The posterior of x is taken as Gaussian around its mode,
which Newton's method finds, and so is the evidence (Rasmussen & Williams 2006, "Gaussian Processes for Machine
Learning", algorithm 3.1). Rows that are limits have log likelihoods that bend the other way at faint fluxes: in the
evidence and the posterior their curvatures are clipped at 0. Steps take them as they are where these lead up to a
maximum: far fewer are needed.

The prior of the level is flat (their section 2.7 in the limit of a vague prior). So nothing is said of how far the
process itself wanders away from 0, which steep spectra do the more the steeper they are, and adding one number to all
of K changes nothing: K may be that of the log fluxes beside their mean.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.process_covariance import Covariance, inner_of

MAX_STEPS = 100
# What the last step gains at most, in log likelihood: the next would gain far less. The log likelihood is not known
# better than to this share.
_GAIN, _NOISE = 1e-6, 1e-13
# What a step may promise of which it keeps no more than this share.
_LITTLE, _NOTHING = 1e-2, 0.05
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
        known, rest = self._parts(covariance, across)
        return self.level + across @ self.pull, own - across @ known + np.outer(rest, rest)

    def alone_elsewhere(
        self, covariance: Covariance, across: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), variance (k,)) of the log flux at each of other places, given the data.

        Parameters
        ----------
        covariance, across : see `elsewhere`
        own : float array (k,), variance at the other places
        """
        known, rest = self._parts(covariance, across)
        return self.level + across @ self.pull, own - np.sum(across.T * known, axis=0) + rest**2

    def _parts(self, covariance: Covariance, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """((K + W^-1)^-1 across.T (n, k), what the level adds to standard deviations (k,)), with W the bend."""
        inner = inner_of(covariance, self.bend)
        rest = (1 - across @ inner.of_level) / np.sqrt(inner.of_level.sum())
        return inner.solve(self.bend[:, None] * across.T), rest


@dataclass(frozen=True, eq=False)
class _Aim:
    """Where a step of Newton's leads.

    pull : float array (n,)
    level : float
    moved : float array (n,), how far the log fluxes move
    gain : float, in log likelihood and prior, if all were parabolas
    """

    pull: np.ndarray
    level: float
    moved: np.ndarray
    gain: float

    @classmethod
    def of(
        cls,
        covariance: Covariance,
        values: tuple[np.ndarray, np.ndarray, np.ndarray],
        mode: np.ndarray,
        pull: np.ndarray | None,
    ) -> "_Aim":
        """By the second derivatives as they are if that leads up to a maximum, else by those above 0."""
        _, slope, bend = values
        largest = float(np.max(bend))
        curved = [bend, np.maximum(bend, 0.0)] if largest > _LEAST_BEND else [np.full(len(bend), _LEAST_BEND)]
        curved = curved if np.min(bend) < 0 else curved[:1]
        for weight in curved:
            inner = inner_of(covariance, weight)
            if not inner.is_maximum and weight is not curved[-1]:
                continue
            wanted = inner.solve(weight * mode + slope)
            level = float(wanted.sum() / inner.of_level.sum())
            new = wanted - level * inner.of_level
            moved = level + covariance @ new - mode
            step = new if pull is None else new - pull
            gain = 0.5 * float(step @ moved + moved @ (weight * moved))
            if gain >= 0 or pull is None:
                break
        return cls(new, level, moved, gain)


def laplace_fit(covariance: Covariance, rows: Rows, start: np.ndarray | None = None) -> LaplaceFit:
    """The `LaplaceFit` of rows with a process.

    Parameters
    ----------
    covariance : float array (n, n), K, or `LargeCovariance`: symmetric, with no negative eigenvalue; numbers that all
        of a row and of its column have more change nothing
    rows : function of log fluxes (n,) to (log likelihoods, their slopes, minus their second derivatives), each (n,),
        such as `in_log_flux` makes; second derivatives are clipped
    start : float array (n,), log fluxes that the search begins near; default: 0
    """
    begun = None if start is None else _begun(covariance, rows, start)
    if begun is None:
        nothing = np.zeros(len(covariance))
        begun = nothing, 0.0, nothing, rows(nothing)
    pull, level, mode, values = begun
    worth, converged = float(values[0].sum() - 0.5 * pull @ mode), False
    for _ in range(MAX_STEPS):
        aim = _Aim.of(covariance, values, mode, pull)
        share = min(1.0, _LONGEST / max(float(np.max(np.abs(aim.moved))), _LONGEST))
        for _ in range(_HALVINGS):
            at, pulled = mode + share * aim.moved, pull + share * (aim.pull - pull)
            tried = rows(at)
            new = float(tried[0].sum() - 0.5 * pulled @ at)
            if new >= worth - _NOISE * (1 + abs(new)):
                break
            share *= 0.5
        pull, level, mode = pulled, level + share * (aim.level - level), at
        # Where rows have very many counts no more digits are known, and steps are worth nothing of what they promise.
        is_noise = aim.gain < _LITTLE and new - worth < _NOTHING * aim.gain
        worth, values = new, tried
        if aim.gain < _GAIN or is_noise:
            converged = True
            break
    bend = np.maximum(values[2], 0.0)
    return LaplaceFit(mode, pull, bend, level, worth + inner_of(covariance, bend).log_volume, converged)


def _begun(
    covariance: Covariance, rows: Rows, start: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
    """(pull, level, mode, what the rows say) where a step leads from log fluxes; None where that is far away.

    What it begins with need be none of the log fluxes that the process can have.
    """
    aim = _Aim.of(covariance, rows(start), start, None)
    if np.max(np.abs(aim.moved)) > _LONGEST:
        return None
    return aim.pull, aim.level, start + aim.moved, rows(start + aim.moved)


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
