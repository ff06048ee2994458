"""The Poisson likelihood of many bins at once, with the background norms profiled out.

A bin has a flux factor ``a`` shared by its blocks, further amplitudes ``c`` (shared too) if other sources are
free, and one background norm ``b`` per block. With the templates summed over all cells beforehand, cash needs
them only at the cells where events are:

    cash = 2 * [a*sum S + c*sum O + sum_blocks b*sum B + sum C - sum_events n*log(a*s + c*o + b*B + C)]

It is jointly convex in all amplitudes, and half of it is self-concordant: a Newton step damped by its own
decrement converges from anywhere (Boyd & Vandenberghe 2004, "Convex Optimization", section 9.6). The Hessian
is an arrowhead, since blocks couple only through the shared amplitudes, so a step costs one pass over the events.

Every sum runs over the events of its own block in their order, and every bin stops at its own convergence: a
bin's numbers do not depend on which other bins are in the batch.
"""

from dataclasses import dataclass

import numpy as np

MAX_STEPS = 200
# A full Newton step squares the error, so a decrement of 1e-8 leaves nothing above the rounding.
DECREMENT_STOP = 1e-8


class CashProfile:
    """The cash statistic of every bin as a function of its flux factor alone.

    At each flux factor the background norms and the further amplitudes are at their best non-negative values;
    the search for them starts where the last one ended.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
        Backgrounds with a fixed norm are among the constant parts; a block without any has no norm to fit.
    """

    def __init__(self, terms, *, _start=None):
        self.terms = terms
        self.free_background = bool(terms.background_total.any())
        self.signal_total = np.bincount(terms.block_bin, terms.shared_total[:, 0], terms.n_bins)
        self.counts = np.bincount(terms.block_bin, terms.block_counts(), terms.n_bins)
        self._event_bin = terms.block_bin[terms.event_block]
        self._norms, self._extras = _start or self._first_guess()

    @property
    def n_bins(self):
        return self.terms.n_bins

    def copy(self):
        """The same profile, whose searches start where this one's would and leave this one's alone."""
        return CashProfile(self.terms, _start=(self._norms, self._extras))

    def take(self, bins):
        """The profile of some bins (sorted int array)."""
        blocks = np.isin(self.terms.block_bin, bins)
        start = self._norms[blocks], self._extras[bins]
        return CashProfile(self.terms.take(bins), _start=start)

    def evaluate(self, a):
        """(stat, slope, curvature) of the profile at flux factors a, each of shape (n_bins,)."""
        norms, extras = self.nuisance(a)
        point = self._at(a, norms, extras)
        arrow = self._arrowhead(point, 0)
        slope = arrow.shared_gradient[:, 0].copy()
        norm_held = ~((norms > 0) & (arrow.norm_hessian > 0))
        corner, _ = _eliminate_norms(arrow, norm_held, self.terms.block_bin)
        curvature = corner[:, 0, 0]
        if self.terms.n_shared > 1:
            edge = corner[:, 0, 1:]
            curvature = curvature - (edge * _solve(corner[:, 1:, 1:], edge, extras <= 0)).sum(axis=1)
        return 2 * self._half_stat(point), 2 * slope, 2 * curvature

    def nuisance(self, a):
        """Best (background norms (n_blocks,), further amplitudes (n_bins, n_shared - 1)) at flux factors a."""
        norms, extras = self._norms, self._extras
        if not self.free_background and self.terms.n_shared == 1:
            return norms, extras
        norms, extras = self._feasible(a, norms, extras)
        block_bin = self.terms.block_bin
        moving = np.ones(self.n_bins, dtype=bool)
        for _ in range(MAX_STEPS):
            step_norms, step_extras, decrement = self._newton_step(self._at(a, norms, extras))
            damping = np.where(decrement > 0.25, 1 / (1 + decrement), 1.0)
            going = moving[block_bin]
            norms = np.where(going, _stay_positive(norms, damping[block_bin] * step_norms), norms)
            stepped = _stay_positive(extras, damping[:, None] * step_extras)
            extras = np.where(moving[:, None], stepped, extras)
            moving &= ~(decrement < DECREMENT_STOP)
            if not moving.any():
                break
        self._norms, self._extras = norms, extras
        return norms, extras

    def lower_limits(self):
        """The lowest flux factor of each bin: where a prediction at an event's cell would reach zero.

        With the background norms of flux factor 0. Where no event sees the source, the cell with the smallest
        ratio of everything else to the source decides.
        """
        terms = self.terms
        norms, extras = self.nuisance(np.zeros(self.n_bins))
        without = self._at(np.zeros(self.n_bins), norms, extras).prediction
        source = terms.event_shared[:, 0]
        seen = source > 0
        limit = np.full(self.n_bins, -np.inf)
        np.maximum.at(limit, self._event_bin[seen], -without[seen] / source[seen])
        ratio = np.full(self.n_bins, np.inf)
        np.minimum.at(ratio, terms.block_bin, terms.floor_ratio)
        return np.where(np.isfinite(limit), limit, -ratio)

    def _first_guess(self):
        total = self.terms.background_total
        norms = np.divide(self.terms.block_counts(), total, out=np.zeros_like(total), where=total > 0)
        return norms, np.ones((self.n_bins, self.terms.n_shared - 1))

    def _feasible(self, a, norms, extras):
        """Starting values where every event has a positive prediction; flux factors may be negative."""
        terms = self.terms
        # What had reached its bound must be able to come back.
        extras = np.where(extras <= 0, 1e-3, extras)
        if not self.free_background:
            return norms, extras
        guess, _ = self._first_guess()
        norms = np.where(norms <= 1e-9 * guess, 0.5 * guess, norms)
        rest = self._at(a, np.zeros_like(norms), extras).prediction
        seen = terms.event_background > 0
        needed = np.zeros(terms.n_blocks)
        np.maximum.at(needed, terms.event_block[seen], -rest[seen] / terms.event_background[seen])
        return np.where(norms <= 1.0001 * needed, 1.001 * needed + 0.1 * guess, norms), extras

    def _at(self, a, norms, extras):
        terms = self.terms
        prediction = a[self._event_bin] * terms.event_shared[:, 0] + terms.event_constant
        if self.free_background:
            prediction += norms[terms.event_block] * terms.event_background
        for j in range(extras.shape[1]):
            prediction += extras[self._event_bin, j] * terms.event_shared[:, 1 + j]
        return _Point(a, norms, extras, prediction)

    def _half_stat(self, point):
        terms = self.terms
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = terms.event_count * np.log(point.prediction)
            lone = np.where(terms.lone_count > 0, terms.lone_count * np.log(point.norms), 0.0)
        block = point.norms * terms.background_total + terms.constant_total - lone - terms.lone_log
        block += point.a[terms.block_bin] * terms.shared_total[:, 0]
        for j in range(point.extras.shape[1]):
            block += point.extras[terms.block_bin, j] * terms.shared_total[:, 1 + j]
        block -= np.bincount(terms.event_block, logs, terms.n_blocks)
        return np.bincount(terms.block_bin, block, self.n_bins)

    def _arrowhead(self, point, first):
        """Gradient and Hessian of half the statistic, for the norms and the shared amplitudes from `first` on."""
        terms, n_blocks = self.terms, self.terms.n_blocks
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = terms.event_count / point.prediction
            square = weight / point.prediction
        shared = terms.event_shared[:, first:]
        n_shared = shared.shape[1]
        arrow = _Arrowhead.empty(n_blocks, self.n_bins, n_shared)
        if self.free_background:
            background = terms.event_background
            with np.errstate(divide="ignore", invalid="ignore"):
                lone = np.where(terms.lone_count > 0, terms.lone_count / point.norms, 0.0)
                lone_square = np.where(terms.lone_count > 0, lone / point.norms, 0.0)
            drawn = np.bincount(terms.event_block, weight * background, n_blocks) + lone
            arrow.norm_gradient[:] = terms.background_total - drawn
            arrow.norm_hessian[:] = lone_square
            arrow.norm_hessian[:] += np.bincount(terms.event_block, square * background**2, n_blocks)
        for j in range(n_shared):
            total = np.bincount(terms.block_bin, terms.shared_total[:, first + j], self.n_bins)
            drawn = np.bincount(self._event_bin, weight * shared[:, j], self.n_bins)
            arrow.shared_gradient[:, j] = total - drawn
            slanted = square * shared[:, j]
            if self.free_background:
                arrow.coupling[:, j] = np.bincount(terms.event_block, slanted * background, n_blocks)
            for k in range(j + 1):
                corner = np.bincount(self._event_bin, slanted * shared[:, k], self.n_bins)
                arrow.corner[:, j, k] = arrow.corner[:, k, j] = corner
        return arrow

    def _newton_step(self, point):
        """(norm step (n_blocks,), extra step (n_bins, n_extra), decrement (n_bins,)) at fixed flux factors."""
        arrow, block_bin = self._arrowhead(point, 1), self.terms.block_bin
        norms, gradient = point.norms, arrow.norm_gradient
        held = ((norms <= 0) & (gradient >= 0)) | ~(arrow.norm_hessian > 0)
        corner, reduced = _eliminate_norms(arrow, held, block_bin)
        extra_held = (point.extras <= 0) & (arrow.shared_gradient >= 0)
        step_extras = -_solve(corner, reduced, extra_held)
        hessian = np.where(held, 1.0, arrow.norm_hessian)
        moved = gradient + (arrow.coupling * step_extras[block_bin]).sum(axis=1)
        step_norms = np.where(held, 0.0, -moved / hessian)
        square = np.where(held, 0.0, gradient**2 / hessian)
        decrement = np.bincount(block_bin, square, self.n_bins) - (reduced * step_extras).sum(axis=1)
        # A block without events has nothing that holds its norm up: straight to zero.
        step_norms = np.where(~(arrow.norm_hessian > 0) & (gradient > 0), -norms, step_norms)
        return step_norms, step_extras, np.sqrt(np.maximum(decrement, 0))


@dataclass(frozen=True)
class _Point:
    """Flux factors (n_bins,), norms (n_blocks,), extras (n_bins, n_extra), prediction at events (n_events,)."""

    a: np.ndarray
    norms: np.ndarray
    extras: np.ndarray
    prediction: np.ndarray


@dataclass(frozen=True)
class _Arrowhead:
    """Derivatives of half the statistic: diagonal part of the norms, small dense part of what is shared."""

    norm_gradient: np.ndarray
    norm_hessian: np.ndarray
    coupling: np.ndarray
    shared_gradient: np.ndarray
    corner: np.ndarray

    @classmethod
    def empty(cls, n_blocks, n_bins, n_shared):
        return cls(
            np.zeros(n_blocks),
            np.zeros(n_blocks),
            np.zeros((n_blocks, n_shared)),
            np.zeros((n_bins, n_shared)),
            np.zeros((n_bins, n_shared, n_shared)),
        )


def _eliminate_norms(arrow, held, block_bin):
    """Hessian and gradient of the shared amplitudes once the norms follow them (Schur complement per bin)."""
    n_bins, n_shared = arrow.shared_gradient.shape
    corner, gradient = arrow.corner.copy(), arrow.shared_gradient.copy()
    hessian = np.where(held, 1.0, arrow.norm_hessian)
    for j in range(n_shared):
        ratio = np.where(held, 0.0, arrow.coupling[:, j]) / hessian
        gradient[:, j] -= np.bincount(block_bin, ratio * arrow.norm_gradient, n_bins)
        for k in range(n_shared):
            corner[:, j, k] -= np.bincount(block_bin, ratio * arrow.coupling[:, k], n_bins)
    return corner, gradient


def _stay_positive(value, step):
    """value + step, but at most nine tenths of the way to a bound at zero; what is negligible becomes zero."""
    moved = np.maximum(value + step, 0.1 * value)
    full_drop = step <= -value
    moved = np.where(full_drop & (step == -value), 0.0, moved)
    return np.where(moved < 1e-14, 0.0, moved)


def _solve(matrix, vector, held):
    """matrix^-1 vector per bin (n_bins, n), with some entries held at zero, as are those without information."""
    n = vector.shape[1]
    if n == 0:
        return np.zeros_like(vector)
    index = np.arange(n)
    held = held | ~(matrix[:, index, index] > 0)
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, matrix)
    matrix[:, index, index] = np.where(held, 1.0, matrix[:, index, index])
    return np.linalg.solve(matrix, np.where(held, 0.0, vector)[:, :, None])[:, :, 0]
