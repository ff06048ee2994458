"""Further amplitudes that many rows share, the first amplitude of each row being its own.

What the rows share stays as it is in the sum over rows of their statistics, each at its own best first amplitude and
background norms. Rows couple only through what they share, so the Hessian is an arrowhead again, and what a row adds to
that of the shared ones is its Schur complement (Boyd & Vandenberghe 2004, "Convex Optimization", appendix A.5.5).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Derivatives, Start
from tevcurve.kernels.newton_descent import NewtonDescent
from tevcurve.kernels.numbering import members_of, sums_by_owner

MAX_STEPS = 200
# What had reached its bound must be able to come back; in units of an amplitude's natural size.
LEAST = 1e-6


def shared_amplitudes(likelihood: AmplitudeLikelihood, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Further amplitudes that the rows of each group share at the least of their summed statistics.

    1 where nothing is expected of a source in a group.

    Parameters
    ----------
    likelihood : of n rows, with `evaluate` and `take`; the first amplitude is each row's own
    group : int array (n,), the group of each row
    n_groups : int

    Returns
    -------
    float array (n_groups, n_amplitudes - 1), not below zero
    """
    amplitudes = np.ones((n_groups, likelihood.n_amplitudes - 1))
    known = np.unique(group)
    if amplitudes.size and len(known):
        number = np.searchsorted(known, group)
        shared = SharedByRows(likelihood, number, len(known))
        found = best_amplitudes(shared)
        amplitudes[known] = np.where(shared.total > 0, found.amplitudes, 1.0)
        amplitudes[known[~found.converged]] = np.nan
    return amplitudes


@dataclass(frozen=True, eq=False)
class OwnStart:
    """Where a search for the rows' own amplitudes ended.

    Attributes
    ----------
    own : float array (n_rows,), these amplitudes
    inner : where the search of the rows' own likelihood ended
    """

    own: np.ndarray
    inner: Start


class SharedByRows:
    """The sum over the rows of each group as a function of what they share, a likelihood of amplitudes.

    Parameters
    ----------
    likelihood, group, n_groups : see `shared_amplitudes`; no group may be empty
    prior_weight : float array (n_groups,), or None: what each shared amplitude c is known beforehand, which adds
        0.5*prior_weight*(c - 1)^2 to half the statistic
    """

    def __init__(
        self,
        likelihood: AmplitudeLikelihood,
        group: np.ndarray,
        n_groups: int,
        prior_weight: np.ndarray | None = None,
    ) -> None:
        self.likelihood, self.group, self.n, self.prior_weight = likelihood, group, n_groups, prior_weight
        self.n_amplitudes = likelihood.n_amplitudes - 1
        self.counts = sums_by_owner(likelihood.counts, group, n_groups)
        self.total = sums_by_owner(likelihood.total[:, 1:], group, n_groups)
        total = likelihood.total[:, 0]
        self._scale = (likelihood.counts + 1) / np.where(total > 0, total, 1.0)

    def start(self) -> OwnStart:
        """Where a search begins that knows nothing."""
        return OwnStart(0.1 * self._scale, None)

    def take(self, bins: np.ndarray, start: Start = None) -> "tuple[SharedByRows, Start]":
        """(the likelihood of some groups, the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the groups that are kept
        start : where a search began, of all groups; None: nowhere yet
        """
        rows, group = members_of(bins, self.n, self.group)
        likelihood, inner = self.likelihood.take(rows, None if start is None else start.inner)
        cut = None if start is None else OwnStart(start.own[rows], inner)
        weight = None if self.prior_weight is None else self.prior_weight[bins]
        return SharedByRows(likelihood, group, len(bins), weight), cut

    def evaluate(
        self, amplitudes: np.ndarray, start: Start = None, value: bool = True
    ) -> tuple[Derivatives, Start]:
        """((half the statistic (n,), its gradient (n, n_amplitudes), its Hessian), where the search ended).

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the search for the rows' own amplitudes begins; None: `start()`
        value : whether the statistic itself is wanted
        """
        start = self.start() if start is None else start
        shared, of_rows, values, inner = amplitudes, amplitudes[self.group], None, start.inner
        descent = NewtonDescent(np.maximum(start.own, LEAST * self._scale)[:, None], self._scale[:, None])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for _ in range(MAX_STEPS):
                amplitudes = np.column_stack([descent.point, of_rows])
                values, inner = self.likelihood.evaluate(amplitudes, inner, value)
                _, gradient, hessian = values
                descent.advance(gradient[:, :1], hessian[:, :1, :1])
                if not descent.going.any():
                    break
            half, gradient, hessian = self._with_prior(shared, *self._without_own(values, descent))
        return (half, gradient, hessian), OwnStart(descent.point[:, 0], inner)

    def slopes(self, amplitudes: np.ndarray, start: Start = None) -> tuple[np.ndarray, Start]:
        """(the gradient (n, n_amplitudes), where the search ended), see `evaluate`.

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the search for the rows' own amplitudes begins; None: `start()`
        """
        (_, gradient, _), end = self.evaluate(amplitudes, start, value=False)
        return gradient, end

    def lower_bound(self) -> np.ndarray:
        """What rows share is never below zero."""
        return np.zeros(self.n)

    def effective_counts(self, amplitudes: np.ndarray) -> np.ndarray:
        """All counts of a group say something of what its rows share. amplitudes: float array (n, n_amplitudes)."""
        return self.counts

    def _with_prior(
        self, shared: np.ndarray, half: np.ndarray | None, gradient: np.ndarray, hessian: np.ndarray
    ) -> Derivatives:
        """The derivatives with those of what is known beforehand of what is shared (n, n_amplitudes)."""
        if self.prior_weight is None:
            return half, gradient, hessian
        away, weight = shared - 1, self.prior_weight[:, None]
        if half is not None:
            half = half + 0.5 * (weight * away**2).sum(axis=1)
        return half, gradient + weight * away, hessian + weight[:, :, None] * np.eye(self.n_amplitudes)

    def _without_own(self, values: Any, descent: NewtonDescent) -> Derivatives:
        """The sums over rows of their derivatives, their own amplitudes at their best, as far as these can move."""
        half, gradient, hessian = values
        own, edge = hessian[:, 0, 0], hessian[:, 0, 1:]
        free = ~descent.held[:, 0] & (own > 0)
        stiffness = np.where(free, own, np.inf)
        step = gradient[:, 0] / stiffness
        if half is not None:
            half = half - 0.5 * gradient[:, 0] * step
            half[descent.going] = np.nan
            half = sums_by_owner(half, self.group, self.n)
        slope = gradient[:, 1:] - edge * step[:, None]
        bend = hessian[:, 1:, 1:] - edge[:, :, None] * (edge / stiffness[:, None])[:, None, :]
        return half, *(sums_by_owner(each, self.group, self.n) for each in (slope, bend))
