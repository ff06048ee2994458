"""The Poisson likelihood of many bins at once, with the background norms profiled out.

A bin has a flux factor ``a`` shared by its blocks, further amplitudes ``c`` (shared too) if other sources are
free, and one background norm ``b`` per block. With the templates summed over all cells beforehand, cash (Cash
1979, ApJ 228, 939) needs them only at the cells where events are:

    cash = 2 * [a*sum S + c*sum O + sum_blocks b*sum B + sum C - sum_events n*log(a*s + c*o + b*B + C)]

A norm may be known beforehand, by a Gaussian prior that adds ((b - 1)/sigma)^2.

It is jointly convex in all amplitudes, and blocks couple only through the shared ones: the Hessian is an
arrowhead. So for given shared amplitudes each block finds its norm alone (`tevcurve.kernels.block_norms`), and
what is left for the shared ones is the Schur complement, one small matrix per bin (Boyd & Vandenberghe 2004,
"Convex Optimization", appendix A.5.5).

Every sum runs over the events of its own block in their order, and every bin stops at its own convergence: a
bin's numbers do not depend on which other bins are in the batch.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.block_norms import SettledNorms, ratio, settle_norms
from tevcurve.kernels.lowest_factors import lowest_factors
from tevcurve.kernels.newton_descent import NewtonDescent, dot, solve

MAX_STEPS = 200


class CashProfile:
    """The cash statistic of every bin as a function of its flux factor alone.

    At each flux factor the background norms and the further amplitudes are at their best non-negative values;
    the search for them starts where the last one ended, moved along with the flux factor to first order.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
        Backgrounds with a fixed norm are among the constant parts; a block without any has no norm to fit.
    """

    def __init__(self, terms, *, _start=None):
        counts = terms.block_counts()
        self._norm_scale = ratio(counts, terms.background_total)
        # What was taken of a profile has its templates normalised already.
        self.terms = terms if _start else terms.normalized(self._norm_scale)
        self.signal_total = np.bincount(terms.block_bin, terms.shared_total[:, 0], terms.n_bins)
        self.counts = np.bincount(terms.block_bin, counts, terms.n_bins)
        extra_total = np.zeros((terms.n_bins, terms.n_shared - 1))
        np.add.at(extra_total, terms.block_bin, terms.shared_total[:, 1:])
        self._extra_scale = (self.counts[:, None] + 1) / np.where(extra_total > 0, extra_total, 1.0)
        self._event_bin = terms.block_bin[terms.event_block]
        self._last = _start or _Best(
            np.zeros(terms.n_bins),
            self._norm_scale,
            np.zeros(terms.n_blocks),
            np.ones((terms.n_bins, terms.n_shared - 1)),
        )

    @property
    def n_bins(self):
        return self.terms.n_bins

    def copy(self):
        """The same profile, whose searches start where this one's would and leave this one's alone."""
        return CashProfile(self.terms, _start=self._last)

    def take(self, bins):
        """The profile of some bins (sorted int array)."""
        wanted = np.zeros(self.n_bins, dtype=bool)
        wanted[bins] = True
        blocks, last = wanted[self.terms.block_bin], self._last
        start = _Best(last.a[bins], last.norms[blocks], last.response[blocks], last.extras[bins])
        return CashProfile(self.terms.take(bins), _start=start)

    def evaluate(self, a):
        """(stat, slope, curvature) of the profile at flux factors a, each of shape (n_bins,).

        The statistic is infinite where an event is predicted impossible, and NaN where the search did not end.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            arrow, descent = self._settle(a)
            half_stat = self._half_stat(a, arrow.settled, descent.point)
            gradient, hessian = arrow.shared_gradient, arrow.shared_hessian
            slope, curvature = gradient[:, 0], hessian[:, 0, 0]
            if self.terms.n_shared > 1:
                rest, edge = hessian[:, 1:, 1:], hessian[:, 0, 1:]
                step = solve(rest, gradient[:, 1:], descent.held)
                half_stat -= 0.5 * dot(gradient[:, 1:], step)
                half_stat[descent.going] = np.nan
                slope = slope - dot(edge, step)
                curvature = curvature - dot(edge, solve(rest, edge, descent.held))
        return 2 * half_stat, 2 * slope, 2 * curvature

    def nuisance(self, a):
        """Best (background norms (n_blocks,), further amplitudes (n_bins, n_shared - 1)) at flux factors a."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            arrow, descent = self._settle(a)
            return arrow.settled.last_norms(), descent.point

    def settled(self, a):
        """The `Settled` of all bins at flux factors a (n_bins,)."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            arrow, descent = self._settle(a)
            stat = 2 * self._half_stat(a, arrow.settled, descent.point)
            return Settled(stat, arrow.settled.last_norms(), self._last.response, descent.point)

    def lower_limits(self):
        """The lowest flux factor of each bin: where a prediction would reach zero, in any cell of the fit.

        See `tevcurve.kernels.lowest_factors`.
        """
        return lowest_factors(self)

    def _settle(self, a):
        """(`_Arrowhead`, `NewtonDescent` at its end) at flux factors a: norms and further amplitudes at their best."""
        terms, last = self.terms, self._last
        moved = last.norms + last.response * (a - last.a)[terms.block_bin]
        norms = np.fmax(moved, 0.1 * last.norms)
        descent = NewtonDescent(self._possible_extras(a), self._extra_scale)
        for _ in range(MAX_STEPS):
            settled = settle_norms(terms, self._rest(a, descent.point), norms)
            arrow, norms = self._arrowhead(settled), settled.norms
            if terms.n_shared > 1:
                descent.advance(arrow.shared_gradient[:, 1:], arrow.shared_hessian[:, 1:, 1:])
            if terms.n_shared == 1 or not descent.going.any():
                break
        self._last = _Best(a, norms, -arrow.coupling[:, 0] / settled.hessian, descent.point)
        return arrow, descent

    def _possible_extras(self, a):
        """Further amplitudes to start from, raised where a negative flux factor needs them for a prediction."""
        terms = self.terms
        # What had reached its bound must be able to come back.
        extras = np.where(self._last.extras > 0, self._last.extras, 1e-3)
        if terms.n_shared == 1 or not (a < 0).any():
            return extras
        nothing = np.zeros(self.n_bins)
        short = -self._rest(a, 0 * extras)
        lift = self._rest(nothing, extras) - terms.event_constant
        lacking = (terms.event_background == 0) & (short > 0) & (lift > 0)
        factor = np.ones(self.n_bins)
        np.maximum.at(factor, self._event_bin[lacking], 1.1 * short[lacking] / lift[lacking])
        return extras * factor[:, None]

    def _rest(self, a, extras):
        """Prediction of everything but the background at the cell of each event, (n_events,)."""
        terms = self.terms
        rest = a[self._event_bin] * terms.event_shared[:, 0] + terms.event_constant
        for j in range(extras.shape[1]):
            rest += extras[self._event_bin, j] * terms.event_shared[:, 1 + j]
        return rest

    def _arrowhead(self, settled):
        """Derivatives in the shared amplitudes, once the norms follow them (Schur complement in each bin)."""
        terms = self.terms
        n_blocks, n_bins, n_shared = terms.n_blocks, terms.n_bins, terms.n_shared
        norm_gradient, norm_hessian = settled.gradient, settled.hessian
        coupling = np.zeros((n_blocks, n_shared))
        gradient, hessian = np.zeros((n_bins, n_shared)), np.zeros((n_bins, n_shared, n_shared))
        shares = [terms.event_shared[:, j] / settled.prediction for j in range(n_shared)]
        for j in range(n_shared):
            pull = terms.event_count * shares[j]
            coupling[:, j] = np.bincount(terms.event_block, pull * settled.share, n_blocks)
            follow = coupling[:, j] / norm_hessian
            gradient[:, j] = self._per_bin(terms.shared_total[:, j] - follow * norm_gradient)
            gradient[:, j] -= np.bincount(self._event_bin, pull, n_bins)
            for k in range(j + 1):
                hessian[:, j, k] = np.bincount(self._event_bin, pull * shares[k], n_bins)
                hessian[:, j, k] -= self._per_bin(follow * coupling[:, k])
                hessian[:, k, j] = hessian[:, j, k]
        return _Arrowhead(settled, coupling, gradient, hessian)

    def _half_stat(self, a, settled, extras):
        terms = self.terms
        lone = np.where(terms.lone_count > 0, terms.lone_count * np.log(settled.norms), 0.0)
        block = settled.norms * terms.background_total + terms.constant_total - lone - terms.lone_log
        block += a[terms.block_bin] * terms.shared_total[:, 0]
        for j in range(extras.shape[1]):
            block += extras[terms.block_bin, j] * terms.shared_total[:, 1 + j]
        block -= np.bincount(
            terms.event_block, terms.event_count * np.log(settled.prediction), terms.n_blocks
        )
        if terms.prior_weight is not None:
            block += 0.5 * terms.prior_weight * (settled.norms - 1) ** 2
        # What the last steps of the norms, too small to be worth making, would still take away.
        block -= 0.5 * settled.gradient**2 / settled.hessian
        half_stat = self._per_bin(block)
        half_stat[self._event_bin[settled.impossible]] = np.inf
        return half_stat

    def _per_bin(self, values):
        # Without any block there is nothing to count, and bincount gives integers.
        return np.bincount(self.terms.block_bin, values, self.n_bins).astype(float, copy=False)


@dataclass(frozen=True)
class Settled:
    """Everything but the flux factors at its best for given ones.

    Attributes
    ----------
    stat : float array (n_bins,)
    norms, response : float arrays (n_blocks,), background norms and their derivatives in the flux factor
    extras : float array (n_bins, n_shared - 1), further amplitudes
    """

    stat: np.ndarray
    norms: np.ndarray
    response: np.ndarray
    extras: np.ndarray


@dataclass(frozen=True)
class _Arrowhead:
    """Settled norms, their coupling to the shared amplitudes (n_blocks, n_shared), and those amplitudes' gradient
    (n_bins, n_shared) and Hessian (n_bins, n_shared, n_shared) of half the statistic with the norms following.
    """

    settled: SettledNorms
    coupling: np.ndarray
    shared_gradient: np.ndarray
    shared_hessian: np.ndarray


@dataclass(frozen=True)
class _Best:
    """Where a search ended: flux factors, norms and their derivative in the flux factor, further amplitudes."""

    a: np.ndarray
    norms: np.ndarray
    response: np.ndarray
    extras: np.ndarray
