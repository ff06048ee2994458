"""Light curves by the dozen: what the likelihoods of their rows say of each of them."""

from functools import cached_property

import numpy as np

from tevcurve.fit.confidence import LAST_STEP, crossing_above, crossing_below
from tevcurve.fit.minimize import minimize_norm
from tevcurve.fit.shared_constant import constant_with_nuisances
from tevcurve.kernels.measured_profile import AsymmetricProfile
from tevcurve.kernels.summed_profile import SummedProfile
from tevcurve.lightcurve.variability.lowest_norms import LowestNorms

# Steps of toys that are the last of a search, which squares what is left: for minima in errors of the row, for the ends
# of errors in the rise that is wanted. What is left of a toy's flux is a hundred-thousandth of its error.
MINIMUM_STEP, END_STEP = 1e-3, 1e-2


class RowFits:
    """Fits of n light curves with the same n_rows rows each: one that was measured, or toys of it.

    Fluxes are norms and may be below zero, down to a lowest value. Results are computed when they
    are asked for, in arrays (n, n_rows), or (n,) for what each light curve has one of; hence so many methods.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; row r of light curve t is its bin t * n_rows + r
    n : number of light curves
    lowest : float array (n_rows,), norms that fluxes do not go below; default: where a prediction would vanish
    nuisances : `RowNuisances` of the n_rows rows, of which tests against a constant take the best values; default: none
    """

    def __init__(self, profile, n=1, lowest=None, nuisances=None):
        self.profile, self.n, self.n_rows, self.lowest = profile, n, profile.n // n, lowest
        self.nuisances, self._changes = nuisances, None
        # What was measured is found to rounding, toys are not.
        self._end_step = LAST_STEP if n == 1 else END_STEP
        self._lowest = LowestNorms(profile, n, lowest)
        # The light curve of each row, int array (n * n_rows,).
        self._curve = np.repeat(np.arange(n), self.n_rows)

    @property
    def lower(self):
        """The lowest norms (n * n_rows,)."""
        return self._lowest.all

    @cached_property
    def floor(self):
        """Norms (n * n_rows,) below which no norm is best that rows of a light curve have in common.

        Such a norm is not below the least of its rows' own best ones: 0 where these are all above it, else the lowest.
        """
        if not self._lowest.are_spared:
            return self.lower
        floor, rows = np.zeros(self.profile.n), np.flatnonzero((self.norm <= 0).any(axis=1)[self._curve])
        floor[rows] = self._lowest.of(rows) if len(rows) else 0.0
        return floor

    @cached_property
    def minimum(self):
        """The `Minimum` of each row (n * n_rows,)."""
        if not self._lowest.are_spared:
            return minimize_norm(self.profile, self.lower)
        found = minimize_norm(self.profile, np.zeros(self.profile.n), last_step=MINIMUM_STEP)
        held = np.flatnonzero(found.at_limit | ~found.converged)
        if not len(held):
            return found
        further = minimize_norm(self._lowest.part(held), self._lowest.of(held), last_step=MINIMUM_STEP)
        return found.with_some(held, further)

    @cached_property
    def norm(self):
        """Best norms."""
        return self._table(self.minimum.norm)

    @cached_property
    def errn(self):
        """Distances down to where the statistic has risen by 1, or to the lowest norm."""
        minimum, lower, risen = self.minimum, np.zeros(self.profile.n), 1.0
        if self._lowest.are_spared:
            rows = np.flatnonzero((minimum.norm <= 0) | ~(minimum.stat_at_zero - minimum.stat >= risen))
            lower[rows] = self._lowest.of(rows) if len(rows) else 0.0
        else:
            lower = self.lower
        step = self._end_step
        return self._table(
            minimum.norm - crossing_below(self.profile, self.start, minimum, risen, lower, step)
        )

    @cached_property
    def errp(self):
        """Distances up to where the statistic has risen by 1."""
        above = crossing_above(self.profile, self.start, self.minimum, 1.0, self._end_step)
        return self._table(above - self.minimum.norm)

    @cached_property
    def err(self):
        """Symmetric errors from the curvature; where the minimum is no smooth one, from both asymmetric ones.

        At the lowest norm, or where the slope jumps as no event is left, the curvature says nothing of the error.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            err = self._table(np.where(self.minimum.is_smooth, np.sqrt(2 / self.minimum.curvature), np.nan))
        rough = ~np.isfinite(err)
        if rough.any():
            err = np.where(rough, np.sqrt(0.5 * (self.errn**2 + self.errp**2)), err)
        return err

    @cached_property
    def constant_minimum(self):
        """The `Minimum` (n,) of the sum of a light curve's statistics in one common norm."""
        summed = SummedProfile([(self.profile, self._curve)], self.n)
        return minimize_norm(summed, self._table(self.floor).max(axis=1))

    @cached_property
    def shared(self):
        """The `SharedConstant` of the rows' statistics and their nuisances."""
        return constant_with_nuisances(self.profile, self.constant_minimum.norm, self.lower, self.nuisances)

    @property
    def constant(self):
        """The common norm (n,) that fits each light curve best."""
        return self.constant_minimum.norm if self.nuisances is None else self.shared.norm

    @cached_property
    def ts_var(self):
        """Rise of the statistic from each row at its own best norm to all at the common one, (n,).

        What priors of nuisances add is in it.
        """
        if self.nuisances is None:
            return self.rise_of_constant
        best = self._table(self.minimum.stat).sum(axis=1)
        return np.maximum(self.shared.stat - best, 0.0)

    @cached_property
    def rise_of_constant(self):
        """The same where all that is not known is left out, (n,): for what does not know of nuisances."""
        best = self._table(self.minimum.stat).sum(axis=1)
        return np.maximum(self.constant_minimum.stat - best, 0.0)

    @cached_property
    def gaussian_minimum(self):
        """The best common norm (n,) where only values and asymmetric errors are known; its stat: chi-square.

        Errors are those at the constant (`tevcurve.kernels.measured_profile.asymmetric_stat`). A `Minimum`, or a
        `SharedConstant` where there are nuisances.
        """
        widest = np.maximum(self.errn, self.errp)
        errn, errp = (np.maximum(err, 1e-3 * widest).ravel() for err in (self.errn, self.errp))
        rows = AsymmetricProfile(self.minimum.norm, errn, errp)
        summed = SummedProfile([(rows, self._curve)], self.n)
        found = minimize_norm(summed, summed.lower_bound())
        if self.nuisances is None:
            return found
        return constant_with_nuisances(rows, found.norm, rows.lower_bound(), self.nuisances)

    def changes(self, first, second):
        """Significance (n, n_pairs) in standard deviations of the change from one row to another; below 0 for a fall.

        The root of the rise of the statistic when both have one flux.

        Parameters
        ----------
        first, second : int arrays (n_pairs,), sorted, the earlier and the later row of each pair
        """
        if self._changes is None or not np.array_equal(self._changes[0], (first, second)):
            one, other = (
                (np.arange(self.n)[:, None] * self.n_rows + pair).ravel() for pair in (first, second)
            )
            pair = np.arange(len(one))
            parts = [(self.profile.take(rows)[0], pair) for rows in (one, other)]
            paired = SummedProfile(parts, len(one))
            common = minimize_norm(paired, np.maximum(self.floor[one], self.floor[other]))
            best = self.minimum.stat
            rise = np.maximum(common.stat - best[one] - best[other], 0.0)
            sign = np.sign(self.minimum.norm[other] - self.minimum.norm[one])
            self._changes = (first, second), (sign * np.sqrt(rise)).reshape(self.n, -1)
        return self._changes[1]

    @cached_property
    def start(self):
        """Where searches inside the profile begin that start from the minimum."""
        return self.profile.evaluate(self.minimum.norm)[1]

    def _table(self, values):
        return values.reshape(self.n, self.n_rows)
