"""Bins with templates in every cell: simulated, given to the code, and fitted the long way round."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.terms import CashTerms


@dataclass(frozen=True)
class DenseBlock:
    """One run's cells: templates of the sources (n_shared, n_cells), of the background and of what is fixed, and
    counts, each (n_cells,). A background of zeros has no norm to fit.
    """

    shared: np.ndarray
    background: np.ndarray
    constant: np.ndarray
    counts: np.ndarray

    def prediction(self, shared, norm):
        return np.asarray(shared) @ self.shared + norm * self.background + self.constant

    def half_stat(self, shared, norm):
        """Sum of prediction - counts*log(prediction), infinite where something impossible happened."""
        prediction, filled = self.prediction(shared, norm), self.counts > 0
        if np.any(prediction[filled] <= 0):
            return np.inf
        return prediction.sum() - (self.counts[filled] * np.log(prediction[filled])).sum()

    def half_gradient(self, shared, norm):
        """Derivatives of half_stat in the shared amplitudes and in the norm, (n_shared + 1,)."""
        filled = self.counts > 0
        weight = self.counts[filled] / self.prediction(shared, norm)[filled]
        templates = np.vstack([self.shared, self.background])
        return templates.sum(axis=1) - templates[:, filled] @ weight

    def best_norm(self, shared):
        """The background norm (>= 0) that fits best: the root of the slope by bisection."""
        total = self.background.sum()
        if total == 0:
            return 0.0
        filled = (self.counts > 0) & (self.background > 0)
        counts, background = self.counts[filled], self.background[filled]
        rest = self.prediction(shared, 0.0)[filled]

        def slope(norm):
            return total - (counts * background / (norm * background + rest)).sum()

        lowest = max(0.0, np.max(-rest / background, initial=0.0))
        if lowest == 0.0 and (rest > 0).all() and slope(0.0) >= 0:
            return 0.0
        reach = counts.sum() / total
        return brentq(
            slope, lowest + 1e-13 * (reach + lowest), lowest + 1.001 * reach, xtol=1e-300, rtol=1e-14
        )


def simulate_bin(
    seed,
    *,
    n_blocks=1,
    strength=1.0,
    source=10.0,
    background=30.0,
    n_shared=1,
    constant=0.0,
    free=True,
    truth=1.0,
    near=True,
    counts=True,
):
    """A bin of runs: a source that 20 of 60 cells see, further ones beside it, a background in all cells.

    Parameters
    ----------
    strength : the true flux factor
    source, background, constant : expected counts of each run at amplitude 1
    free, truth : whether the background has a norm, and its true value
    near : False for no counts where the source shines
    counts : False for no counts at all
    """
    rng, n_cells, bin_ = np.random.default_rng(seed), 60, []
    for _ in range(n_blocks):
        shared = np.zeros((n_shared, n_cells))
        for j in range(n_shared):
            shared[j, 10 * j : 10 * j + 20] = rng.dirichlet(np.full(20, 0.7)) * source * rng.uniform(0.7, 1.3)
        template = rng.dirichlet(np.full(n_cells, 3.0)) * background
        fixed = rng.dirichlet(np.full(n_cells, 3.0)) * constant
        expected = strength * shared[0] + shared[1:].sum(axis=0) + truth * template + fixed
        drawn = rng.poisson(expected).astype(float) * counts
        if not near:
            drawn[shared[0] > 0] = 0
        if not free:
            template, fixed = np.zeros(n_cells), template + fixed
        bin_.append(DenseBlock(shared, template, fixed, drawn))
    return bin_


def terms_of(bins):
    """The `CashTerms` of bins, each a list of `DenseBlock`, made of their filled cells."""
    blocks = [block for bin_ in bins for block in bin_]
    filled = [block.counts > 0 for block in blocks]

    def at_filled(name):
        pairs = zip(blocks, filled, strict=True)
        return np.concatenate([np.zeros(0), *(getattr(block, name)[own] for block, own in pairs)])

    def per_block(name):
        return np.array([getattr(block, name).sum() for block in blocks])

    n_shared, number = (
        bins[0][0].shared.shape[0],
        np.repeat(np.arange(len(blocks)), [own.sum() for own in filled]),
    )
    parts = [block.shared[:, own].T for block, own in zip(blocks, filled, strict=True)]
    shared, count = np.concatenate([np.zeros((0, n_shared)), *parts]), at_filled("counts")
    there, fixed = at_filled("background"), at_filled("constant")
    # Cells that see no source, and one of the two others only, are known by their sums.
    lone = ~(shared > 0).any(axis=1) & ((fixed == 0) | (there == 0))
    scaling, logs = lone & (fixed == 0), count[lone] * np.log(there[lone] + fixed[lone])
    cells = [np.full(block.counts.size, number) for number, block in enumerate(blocks)]
    source, background, constant = (
        np.concatenate(each)
        for each in zip(*((b.shared[0], b.background, b.constant) for b in blocks), strict=True)
    )
    return CashTerms(
        n_bins=len(bins),
        block_bin=np.repeat(np.arange(len(bins)), [len(bin_) for bin_ in bins]),
        shared_total=np.array([block.shared.sum(axis=1) for block in blocks]),
        background_total=per_block("background"),
        constant_total=per_block("constant"),
        event_block=number[~lone],
        event_count=count[~lone],
        event_shared=shared[~lone],
        event_background=there[~lone],
        event_constant=fixed[~lone],
        lone_count=np.bincount(number[scaling], count[scaling], len(blocks)),
        lone_log=np.bincount(number[lone], logs, len(blocks)),
        bounds=BoundCells.of(
            np.concatenate(cells),
            source,
            background,
            constant,
            np.concatenate([block.shared[1:].T for block in blocks]),
        ),
    )


def profile_of(bins):
    """The profile of bins, each a list of `DenseBlock`."""
    return cash_profile(terms_of(bins))


def profile_stat(bin_, a):
    """The cash statistic of a bin at flux factor a, minimised over everything else (at most one other source)."""
    if bin_[0].shared.shape[0] == 1:
        return 2 * sum(block.half_stat([a], block.best_norm([a])) for block in bin_)

    def of_extra(extra):
        return sum(block.half_stat([a, extra], block.best_norm([a, extra])) for block in bin_)

    reach = (sum(block.counts.sum() for block in bin_) + 1) / sum(block.shared[1].sum() for block in bin_)
    least = max(_least_extra(block, a) for block in bin_)
    grid = least + reach * np.append(0, np.geomspace(1e-6, 4, 40))
    best = np.argmin([of_extra(extra) for extra in grid])
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    options = {"xatol": 1e-8 * bounds[1], "maxiter": 200}
    found = minimize_scalar(of_extra, bounds=bounds, method="bounded", options=options)
    return 2 * min(found.fun, of_extra(least))


def profile_slope(bin_, a):
    """Derivative of `profile_stat` in the flux factor, of one source: that at the best norms."""
    return 2 * sum(block.half_gradient([a], block.best_norm([a]))[0] for block in bin_)


def best_norm_of(bin_):
    """The flux factor (>= 0) of one source that fits best, by bisection of the slope."""
    with np.errstate(divide="ignore"):
        if profile_slope(bin_, 0.0) >= 0:
            return 0.0
    counts = sum(block.counts.sum() for block in bin_)
    reach = counts / sum(block.shared.sum() for block in bin_)
    return brentq(lambda a: profile_slope(bin_, a), 1e-12 * reach, 1.001 * reach, xtol=1e-300, rtol=1e-14)


def crossing_of(bin_, best, rise, above=True):
    """Where `profile_stat` is higher than at `best` by `rise`, by bisection; 0 where that comes first."""
    least = profile_stat(bin_, best)

    def missing(a):
        return profile_stat(bin_, a) - least - rise

    if not above:
        return brentq(missing, 0.0, best, rtol=1e-13, xtol=1e-13) if missing(0.0) > 0 else 0.0
    reach = max(best, 1e-3)
    while missing(best + reach) < 0:
        reach *= 2
    return brentq(missing, best, best + reach, rtol=1e-13, xtol=1e-13)


def _least_extra(block, a):
    """The least amplitude (>= 0) of the second source that leaves no event without prediction."""
    short = (block.counts > 0) & (block.background == 0) & (block.shared[1] > 0)
    rest = block.prediction([a, 0.0], 0.0)[short]
    return max(0.0, np.max(-rest / block.shared[1][short], initial=0.0) * (1 + 1e-12))
