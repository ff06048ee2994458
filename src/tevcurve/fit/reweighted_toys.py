"""Toys drawn at a few flux factors, reweighted to those between: importance sampling of a row of a 3D light curve.

Between two flux factors toys of both are taken, weighted by the chance of their counts over the mean of their chances
at the two (the balance heuristic, Veach & Guibas 1995): no weight is much above 1 where the two are not far apart, so
that the weighted toys are worth nearly as many as they are. Their best fits are those that they were drawn with.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tevcurve.fit.minimize import minimize_norm

# t is then right to the square of it.
LAST_STEP = 1e-3
# A chance of 0 has a logarithm still.
LEAST = 1e-300


@dataclass(eq=False)
class _Drawn:
    """Toys of one flux factor.

    counts : float array (n_toys, n_classes)
    expected : float array (n_classes,), what they were drawn of
    profile : their profile, and stat: float array (n_toys,), its least
    start : where the search for the backgrounds of the toys begins
    """

    counts: np.ndarray
    expected: np.ndarray
    profile: Any
    stat: np.ndarray
    start: Any = field(default=None)

    def log_chance(self, expected):
        """Logarithm (n_toys,) of the chance of the counts over that at what they were drawn of."""
        ratio = np.log(np.maximum(expected, LEAST)) - np.log(np.maximum(self.expected, LEAST))
        return self.counts @ ratio - np.sum(expected - self.expected)

    def t(self, norm):
        """t (n_toys,) at a flux factor."""
        (stat, _, _), self.start = self.profile.evaluate(np.full(self.profile.n, norm), self.start)
        return stat - self.stat


class ReweightedToys:
    """Toys of a row at some flux factors, drawn when they are asked for.

    Parameters
    ----------
    cells : `~tevcurve.fit.expected_cells.ExpectedCells` of the row
    observed : function of a flux factor to (t of the row itself, norms (n_blocks,) of the background that fit it best)
    norms : float array (n,), flux factors at which toys are drawn, in either order
    n_toys : int, toys at each
    seed : int
    """

    def __init__(self, cells, observed, norms, n_toys, seed):
        self.cells, self.observed, self.n_toys, self.seed = cells, observed, n_toys, seed
        self.norms, self._drawn = np.sort(norms), {}

    def preceding(self, norm, bound_of):
        """(share of toys with a smaller t than the row itself, number of equal toys that they are worth).

        Parameters
        ----------
        norm : float, a flux factor between those at which toys are drawn
        bound_of : function of the row's t to the t below which toys come before it
        """
        last = int(np.clip(np.searchsorted(self.norms, norm), 1, len(self.norms) - 1))
        observed, background = self.observed(norm)
        pair = [self._at(last - 1), self._at(last)]
        expected, bound = self._expected(norm, background), bound_of(observed)
        weight, is_before = [], []
        for own, other in (pair, pair[::-1]):
            of_other = np.logaddexp(0.0, own.log_chance(other.expected))
            weight.append(np.exp(own.log_chance(expected) - of_other))
            is_before.append(own.t(norm) < bound)
        weight, is_before = np.concatenate(weight), np.concatenate(is_before)
        total = weight.sum()
        return weight[is_before].sum() / total, total**2 / np.sum(weight**2)

    def _expected(self, norm, background):
        return self.cells.expected(np.array([norm]), background[None])[0]

    def _at(self, number):
        if number not in self._drawn:
            norm = self.norms[number]
            expected = self._expected(norm, self.observed(norm)[1])
            rng = np.random.default_rng((self.seed, number))
            counts = rng.poisson(expected, (self.n_toys, len(expected)))
            profile = self.cells.profile_of(counts)
            best = minimize_norm(
                profile, np.zeros(profile.n), last_step=LAST_STEP, first=np.full(profile.n, norm)
            )
            self._drawn[number] = _Drawn(counts.astype(float), expected, profile, best.stat)
        return self._drawn[number]
