"""Intervals of flux factors with the coverage that they name, from toys of each row of a 3D light curve.

Flux factors are accepted by the likelihood ratio, as by Feldman & Cousins 1998 (Phys. Rev. D 57, 3873), where the rows
are events in cells and the norms of the background are fitted:

    t(a) = stat(a) - min over a' >= 0 of stat(a'),

the statistic with the norms at their best for each flux factor. Toys are drawn at a, with the norms that fit the
observed row best there (the "profile construction", Cranmer 2005, PHYSTAT05, arXiv:physics/0511028); a is in the
interval where the share of toys with a smaller t than the observed one is below the confidence level. This is asked at
a grid of flux factors, evenly spaced in the root of the observed t from the best one outwards, then at the middle of
what brackets an end; an interval may have holes, and its ends are the outermost ones. A row of many counts does not
draw toys for each question: toys of every few flux factors of the grid are reweighted to those between
(`tevcurve.fit.reweighted_toys`).

Every row draws from the same seed: its numbers do not depend on which others are in the light curve.
"""

import numpy as np
from scipy.special import ndtri

from tevcurve.errors import InputError
from tevcurve.fit.confidence import crossing_above, crossing_below
from tevcurve.fit.minimize import minimize_norm
from tevcurve.fit.reweighted_toys import ReweightedToys
from tevcurve.kernels.spread_counts import spread_counts

N_TOYS = 2000
# Toys beyond the critical value, on average: fewer would not tell where it is.
TOYS_BEYOND = 20
HIGHEST_LEVEL = 0.999
SEED = 20030
# Between neighbours of the grid, in the root of t.
STEP = 0.3
HALVINGS = 3
# Of reweighted toys, which are the same on either side: what is between is smooth.
HALVINGS_WEIGHTED = 2
# t is larger nowhere in an interval: Chernoff's bound for both tails of one count together, and this.
MARGIN = 2.0
# Classes of cells times toys that are fitted at once.
BATCH = 1_000_000
# Effective counts of a row (over so many what it says of the flux is spread) from which on its toys are reweighted; of
# fewer, every question has toys of its own.
MANY = 12
# Places of the grid from one flux factor whose toys are reweighted to the next.
APART = 5
# Shares of `n_toys`: those drawn at each of these, and those that reweighted ones are worth at least.
DRAWN, WORTH = 0.6, 0.4
# Classes of cells times toys that are kept.
KEPT = 50_000_000


def toy_norm_intervals(profile, minimum, cells, levels, limit_levels=(), rows=None):
    """(lower, upper, limits): ends (n_levels, n) of intervals of flux factors, upper ends (n_limits, n).

    The best flux factor is in every interval. NaN where the search for it or for rises of the statistic did not end.

    Parameters
    ----------
    profile : `OneAmplitude` of a `CashLikelihood` with no other amplitude
    minimum : its `~tevcurve.fit.minimize.Minimum`, with flux factors >= 0
    cells : list (n,) of functions without arguments to the `ExpectedCells` of a bin
    levels : list of float, confidence levels
    limit_levels : list of float, of those whose upper ends alone are wanted
    rows : int array, those that are wanted, the others are NaN; default: all

    Raises `InputError` for a level that so few toys cannot tell.
    """
    both = [*levels, *limit_levels]
    for level in both:
        if level > HIGHEST_LEVEL:
            raise InputError(
                f"interval='feldman-cousins' in 3D is asked for the confidence level {level:.7g}, which takes too many "
                f"toys; wanted are sigma, sigma_ul or upper_limit for levels up to {HIGHEST_LEVEL}."
            )
    _, start = profile.evaluate(minimum.norm)
    zero = np.zeros(profile.n)
    sides = [
        (levels, lambda rise: crossing_below(profile, start, minimum, rise, zero)),
        (both, lambda rise: crossing_above(profile, start, minimum, rise)),
    ]
    grids = [np.array([crossing(root**2) for root in _roots(own)]) for own, crossing in sides]
    ends = [np.full((len(own), profile.n), np.nan) for own, _ in sides]
    found = np.logical_and.reduce([np.isfinite(grid).all(axis=0) for grid in grids])
    wanted = np.ones(profile.n, dtype=bool) if rows is None else np.isin(np.arange(profile.n), rows)
    for number in np.flatnonzero(minimum.converged & found & wanted):
        own, _ = profile.take(np.array([number]))
        row = _Row(own, cells[number](), minimum.norm[number], minimum.stat[number], max(both))
        for (of_levels, _), grid, of_side in zip(sides, grids, ends, strict=True):
            of_side[:, number] = row.ends(grid[:, number], of_levels)
    return ends[0], ends[1][: len(levels)], ends[1][len(levels) :]


def toys_for(level):
    """Number of toys that tell where the critical value of a confidence level is. level: float, 0 to 1."""
    return max(N_TOYS, int(np.ceil(TOYS_BEYOND / (1 - level))))


def toy_statistics(cells, norms, background, n_toys):
    """t (n, n_toys) of toys of a row, drawn with flux factors (n,) and norms of the background (n, n_blocks).

    Parameters
    ----------
    cells : `ExpectedCells`
    norms : float array (n,), flux factors
    background : float array (n, n_blocks), norms of the background
    n_toys : int, number of toys for each flux factor
    """
    counts = np.random.default_rng(SEED).poisson(np.repeat(cells.expected(norms, background), n_toys, axis=0))
    toys = cells.profile_of(counts)
    fit = minimize_norm(toys, np.zeros(toys.n))
    (stat, _, _), _ = toys.evaluate(np.repeat(norms, n_toys))
    return (stat - fit.stat).reshape(len(norms), n_toys)


def bound_of(observed):
    """t below which toys come before the observed one; those with the same counts do not, whatever the rounding.

    observed: float array, t of the observed counts.
    """
    return observed * (1 - 1e-9) - 1e-9


class _Row:
    """One row, of which toys are drawn."""

    def __init__(self, profile, cells, norm, stat, level):
        self.profile, self.cells, self.norm, self.stat = profile, cells, norm, stat
        self.n_toys = toys_for(level)
        kept = DRAWN * self.n_toys * len(cells.signal)
        self.has_many = kept < KEPT and spread_counts(profile, np.array([norm]))[0] >= MANY

    def ends(self, norms, levels):
        """The outermost accepted flux factor for each level, in a grid (n,) that goes outwards; a list."""
        if not len(norms):
            return []
        if not self.has_many:
            # To find what brackets the ends, half of the toys will do.
            before = self.preceding(norms, self.n_toys // 2)
            return [self._end(norms, before, level, self._own_share, HALVINGS) for level in levels]
        drawn_at = np.append(norms[::-APART], self.norm)
        toys = ReweightedToys(self.cells, self._observed, drawn_at, int(DRAWN * self.n_toys), SEED)

        def share(norm):
            found, worth = toys.preceding(norm, bound_of)
            return found if worth >= WORTH * self.n_toys else self._own_share(norm)

        # From outside, as ends are the outermost ones; what lies inside of all of them is not asked for.
        before = np.zeros(len(norms))
        for number in range(len(norms) - 1, -1, -1):
            before[number] = share(norms[number])
            if before[number] < min(levels):
                break
        return [self._end(norms, before, level, share, HALVINGS_WEIGHTED) for level in levels]

    def _own_share(self, norm):
        return self.preceding(np.array([norm]), self.n_toys)[0]

    def preceding(self, norms, n_toys):
        """Share of toys (n,) with a smaller t than the observed one, at flux factors (n,)."""
        share, each = np.zeros(len(norms)), max(1, BATCH // (n_toys * len(self.cells.signal)))
        for first in range(0, len(norms), each):
            some = norms[first : first + each]
            observed, background = zip(*(self._observed(norm) for norm in some), strict=True)
            t = toy_statistics(self.cells, some, np.array(background), n_toys)
            share[first : first + each] = np.mean(t < bound_of(np.array(observed))[:, None], axis=1)
        return share

    def _observed(self, norm):
        """(t, norms of the background (n_blocks,)) of the row itself at a flux factor."""
        settled, _ = self.profile.settled(np.array([norm]))
        return float(settled.stat[0]) - self.stat, settled.norms

    def _end(self, norms, before, level, share_at, halvings):
        accepted = np.flatnonzero(before < level)
        last = accepted[-1] if len(accepted) else -1
        if last == len(norms) - 1:
            return norms[-1]
        inside, share_inside = (norms[last], before[last]) if last >= 0 else (self.norm, 0.0)
        outside, share_outside = norms[last + 1], before[last + 1]
        for _ in range(halvings):
            middle = 0.5 * (inside + outside)
            share = share_at(middle)
            if share < level:
                inside, share_inside = middle, share
            else:
                outside, share_outside = middle, share
        low, high, wanted = (self._deviations(share) for share in (share_inside, share_outside, level))
        return inside + (outside - inside) * (wanted - low) / (high - low) if high > low else outside

    def _deviations(self, share):
        """Standard deviations that have this share inside; nearly the root of t."""
        return float(ndtri(0.5 + 0.5 * min(share, 1 - 0.5 / self.n_toys)))


def _roots(levels):
    """Roots of t (n,) from the best flux factor outwards, as far as any interval can reach."""
    if not levels:
        return np.zeros(0)
    most = np.sqrt(2 * np.log(2 / (1 - max(levels))) + MARGIN)
    return np.linspace(0, most, int(np.ceil(most / STEP)) + 1)[1:]
