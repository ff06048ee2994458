"""A fitted log-normal process: what it says of the power, of the flux between and inside rows, and of other curves."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from tevcurve.errors import InputError
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.lightcurve.variability.log_normal_rows import LogNormalRows
from tevcurve.lightcurve.variability.process_posterior import Posterior
from tevcurve.lightcurve.variability.row_fits import RowFits

# Draws from the posterior that stand for it, with a seed of their own so that a band is the same each time.
DRAWS, SEED = 24, 0
# Instants that are computed at once; their width as bins, over that of the narrowest row.
AT_ONCE, INSTANT = 200, 1e-3
# The highest log flux over the constant one of which counts are drawn: beyond, they are no numbers any more.
BRIGHTEST = 6.0
# Halvings in the search of a quantile.
HALVINGS = 45


@dataclass(frozen=True, eq=False)
class ProcessFit:
    """A log-normal process behind rows, and the posterior of its power spectrum.

    Attributes
    ----------
    process : `LogNormalRows`
    posterior : `Posterior`
    """

    process: LogNormalRows
    posterior: Posterior

    @cached_property
    def weights(self):
        """Weights (`DRAWS`, m) of the oscillators, drawn from the posterior."""
        return self.drawn(DRAWS, np.random.default_rng(SEED))

    def drawn(self, n, rng):
        """Weights (n, m) of the oscillators, drawn from the posterior.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        return self.posterior.draw(n, rng)

    @property
    def best_weight(self):
        """Weights (m,) of the oscillators where the posterior is highest."""
        return self.posterior.best[0]

    @cached_property
    def best(self):
        """The `LaplaceFit` there."""
        weight, near = self.posterior.best
        return self.process.fit(self.process.source(weight), near)

    def powers(self, frequency):
        """Powers (`DRAWS`, k) of the draws, one-sided, s. frequency: float array (k,), Hz."""
        return np.array(
            [Oscillators(weight, self.process.frequency).power(frequency) for weight in self.weights]
        )

    @cached_property
    def fits(self):
        """The `LaplaceFit` of each draw, list."""
        process, near = self.process, self.best.mode
        return [process.fit(process.source(weight), near) for weight in self.weights]

    def flux(self, seconds, shares):
        """Quantiles (n_shares, k) of the norm at instants, what is not known of the power spectrum among it.

        Parameters
        ----------
        seconds : float array (k,), s since the reference of the rows
        shares : floats (n_shares,), such as 0.5
        """
        parts = np.array_split(seconds, max(int(np.ceil(len(seconds) / AT_ONCE)), 1))
        logs = np.concatenate([self._logs(part, shares) for part in parts], axis=1)
        return self.process.rows.fits.constant[0] * np.exp(logs)

    def _logs(self, seconds, shares):
        """Quantiles (n_shares, k) of the log flux."""
        process = self.process
        width = np.full(len(seconds), INSTANT * process.width.min())
        beside, moments = process.beside(seconds, width), []
        for weight, fit in zip(self.weights, self.fits, strict=True):
            moments.append(fit.alone_elsewhere(process.covariance(weight), *beside(weight)))
        mean, spread = np.moveaxis(np.array(moments), 1, 0)
        return np.array([_quantile(mean, np.sqrt(np.maximum(spread, 0.0)), share) for share in shares])

    def simulated(self, n, rng):
        """(true norms (n, n_rows), `RowFits` of the drawn counts): light curves of the process.

        Their geometric means are that of the fitted one.

        Parameters
        ----------
        n : int
        rng : numpy Generator

        Raises `InputError` where counts cannot be drawn.
        """
        rows = self.process.rows
        if rows.maker is None:
            raise InputError(f"Light curves cannot be simulated: {rows.why_no_toys}.")
        mean = self.best.mode.mean()
        logs = []
        for weight in self.drawn(n, rng):
            x = self.process.drawn(weight, rng)
            logs.append(x - x.mean() + mean)
        norms = rows.fits.constant[0] * np.exp(np.minimum(logs, BRIGHTEST))
        return norms, RowFits(rows.maker.draw(norms, n, rng), n, rows.fits.lowest)


def _quantile(mean, spread, share):
    """The quantile (k,) of a mixture of n Gaussians with means and standard deviations (n, k). share: float."""
    low, high = np.min(mean - 6 * spread, axis=0), np.max(mean + 6 * spread, axis=0)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.mean(ndtr((middle - mean) / spread), axis=0) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
