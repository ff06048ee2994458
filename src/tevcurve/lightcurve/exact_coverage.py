"""Whether intervals by Feldman & Cousins have the truth, for simulated light curves, without finding their ends.

A true norm that is accepted is in the interval, which reaches from the lowest to the highest accepted norm: the share
is exact but for holes in intervals, which it counts as not covered.
"""

from itertools import pairwise

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.protocols import DrawnOnOff
from tevcurve.fit.toy_intervals import bound_of, toy_statistics, toys_for
from tevcurve.kernels.profile_construction import preceding_probability
from tevcurve.lightcurve.exact_columns import as_good, check_toy_rows, drawn_rows, levels_of

# Backgrounds at which the critical values of a row are found; in between they are interpolated.
N_BACKGROUNDS = 5


def exact_coverage(origin, rows, norms):
    """Function of toys that says whether intervals and limits have the truth.

    Of (`RowFits`, the counts that they are fits of, rise of the statistic (n * n_rows,) from each best norm to the true
    one) to (in the interval, below the limit), two bool arrays (n * n_rows,).

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    rows : `~tevcurve.lightcurve.variability.likelihood_rows.Rows` of the light curve
    norms : float array (n_rows,), the truth
    """
    options = origin.options
    levels = list(levels_of(options).values())
    joint, _ = origin.rows(below_zero=False)
    own = np.searchsorted(joint.fitted, rows.number)
    by_likelihood = as_good(joint, estimate_norms(joint.profile).minimum, options)[own]
    drawn = drawn_rows(joint, options.interval)
    if isinstance(drawn, DrawnOnOff):
        exact = _OnOffCoverage(norms, levels)
    else:
        check_toy_rows(np.count_nonzero(~by_likelihood), options.interval)
        exact = _ToyCoverage([drawn.cells[k] for k in own], norms, levels, ~by_likelihood)
    if not by_likelihood.any():
        return exact

    def coverage(fits, counts, rise):
        """With the likelihood's of the rows whose light curve has these."""
        usual, rises = np.tile(by_likelihood, fits.n), (options.sigma**2, options.sigma_ul**2)
        return tuple(
            np.where(usual, rise <= most, own)
            for most, own in zip(rises, exact(fits, counts, rise), strict=True)
        )

    return coverage


class _OnOffCoverage:
    """Of ON and OFF counts, summed over energies."""

    def __init__(self, norms, levels):
        self.norms, self.levels = norms, levels

    def __call__(self, fits, counts, rise):
        n_on, n_off, alpha, off_in_on, signal = counts.summed(fits.n * fits.n_rows)
        true = np.tile(self.norms, fits.n) * signal
        seen, which = np.unique([n_on, n_off, alpha, true], axis=1, return_inverse=True)
        before = preceding_probability(*seen)[which.ravel()]
        inside, below = (before < level for level in self.levels)
        # The upper end is not below the excess.
        return inside, below | (true <= n_on - off_in_on)


class _ToyCoverage:
    """Of cubes, by toys of the truth with backgrounds as the toys themselves find them."""

    def __init__(self, cells, norms, levels, wanted):
        self.cells, self.norms, self.levels = [each() for each in cells], norms, levels
        self.wanted, self.critical = wanted, None

    def __call__(self, fits, counts, rise):
        settled, _ = fits.profile.settled(np.tile(self.norms, fits.n))
        blocks = np.cumsum([0] + [cells.n_blocks for cells in self.cells])
        background = settled.norms.reshape(fits.n, -1)
        own = [background[:, first:stop] for first, stop in pairwise(blocks)]
        if self.critical is None:
            rows = zip(self.cells, self.norms, own, strict=True)
            self.critical = [
                _Critical(*row, toys_for(max(self.levels))) if is_wanted else None
                for row, is_wanted in zip(rows, self.wanted, strict=True)
            ]
        rise = rise.reshape(fits.n, -1)
        before = [
            critical.preceding(norms, observed) if critical else np.zeros(fits.n)
            for critical, norms, observed in zip(self.critical, own, rise.T, strict=True)
        ]
        before = np.stack(before, axis=1).ravel()
        inside, below = (before < level for level in self.levels)
        return inside, below


class _Critical:
    """The distribution of t at one true norm of a row, for backgrounds of a common scale.

    background : float array (n, n_blocks), norms that simulated rows have found
    """

    def __init__(self, cells, norm, background, n_toys):
        self.weight = np.bincount(cells.block, cells.background)
        self.mean = background.mean(axis=0)
        scales = self._scales(background)
        self.scales = np.linspace(scales.min(), scales.max(), N_BACKGROUNDS if np.ptp(scales) > 0 else 1)
        norms = np.full(len(self.scales), float(norm))
        self.t = np.sort(toy_statistics(cells, norms, self.scales[:, None] * self.mean, n_toys), axis=1)

    def _scales(self, background):
        total = np.sum(self.weight * self.mean)
        return background @ self.weight / total if total > 0 else np.ones(len(background))

    def preceding(self, background, observed):
        """Share of toys with a smaller t (n,) for rows with norms (n, n_blocks) of the background."""
        bound = bound_of(observed)
        shares = np.array([np.searchsorted(t, bound, side="left") for t in self.t]) / self.t.shape[1]
        if len(self.scales) == 1:
            return shares[0]
        place = np.interp(self._scales(background), self.scales, np.arange(len(self.scales)))
        low = np.minimum(place.astype(int), len(self.scales) - 2)
        part, row = place - low, np.arange(len(place))
        return (1 - part) * shares[low, row] + part * shares[low + 1, row]
