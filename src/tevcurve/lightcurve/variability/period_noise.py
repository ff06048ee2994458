"""What rows have beside a sinusoid: their own errors alone (white), or a process of the log flux with them (red).

Rows enter by the scores of their likelihoods: a value is the score over what the rows expect of its information, which
is the mean over toys and not that of a row's own counts, which would vanish with them. So values have the noise that
their errors say at a few counts, too.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import chdtrc

from tevcurve.kernels.log_normal_process import in_log_flux, laplace_fit
from tevcurve.lightcurve.variability.chances import null_fits
from tevcurve.lightcurve.variability.log_normal_rows import MOST_ROWS
from tevcurve.lightcurve.variability.power_spectrum import CONSTANT, LEAST_EVIDENCE, spectrum_of

# Toys whose mean information is that of the rows.
EXPECTED = {"white": 100, "red": 30}
# Of the largest information; rows do not have less.
LEAST = 1e-9
# The highest log of a flux over the constant one.
HIGHEST = 50.0


@dataclass(frozen=True, eq=False)
class WhiteNoise:
    """Rows with nothing but their own errors.

    Attributes
    ----------
    rows : `Rows`
    information : float array (n_rows,), of norms
    """

    rows: object
    information: np.ndarray
    name = "white"

    @classmethod
    def of(cls, rows, rng):
        """That of some rows.

        Parameters
        ----------
        rows : `Rows`
        rng : numpy Generator, of the toys whose information it is
        """
        return cls(rows, _expected(rows.fits, cls(rows, None), rng))

    @property
    def covariance(self):
        """Variances (n_rows,) of values."""
        return 1 / self.information

    def scores(self, fits):
        """(scores, information), each (n, n_rows), of the norms of n light curves at their constants.

        fits: `RowFits` of n light curves.
        """
        norm = np.repeat(fits.constant, fits.n_rows)
        _, slope, curvature = fits.profile.evaluate(norm)[0]
        return (-0.5 * slope).reshape(fits.n, -1), (0.5 * curvature).reshape(fits.n, -1)

    def values(self, fits):
        """Norms (n, n_rows) beside the constant. fits: `RowFits` of n light curves."""
        return self.scores(fits)[0] / self.information

    def draw(self, n, rng):
        """`RowFits` of n toys with a constant flux, in batches.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        return null_fits(self.rows, n, rng)


@dataclass(frozen=True, eq=False)
class RedNoise:
    """Rows with a process of the log flux behind them, as it fits them best.

    Attributes
    ----------
    fit : `ProcessFit`
    prior : float array (n_rows, n_rows), covariance of the log fluxes
    information : float array (n_rows,), of log fluxes
    """

    fit: object
    prior: np.ndarray
    information: np.ndarray
    name = "red"

    @classmethod
    def of(cls, rows, rng):
        """That of some rows.

        Parameters
        ----------
        rows : `Rows`
        rng : numpy Generator, of the toys whose information it is
        """
        fit = spectrum_of(rows).fit
        prior = fit.process.covariance(fit.best_weight)
        return cls(fit, prior, _expected(rows.fits, cls(fit, prior, None), rng))

    @property
    def rows(self):
        """`Rows`."""
        return self.fit.process.rows

    @property
    def covariance(self):
        """Covariance (n_rows, n_rows) of values."""
        return self.prior + np.diag(1 / self.information)

    def scores(self, fits):
        """(scores, information), each (n, n_rows), of the log fluxes of n light curves where these fit best.

        fits: `RowFits` of n light curves.
        """
        found, process, constant = [], self.fit.process, self.rows.fits.constant[0]
        for number in range(fits.n):
            own = np.arange(fits.n_rows) + number * fits.n_rows
            profile = fits.profile.take(own)[0]
            one = laplace_fit(self.prior, partial(_log_likelihood, profile, constant, process.unknown[0]))
            found.append((one.pull, np.maximum(one.bend, 0.0)))
        return tuple(np.array(each) for each in zip(*found, strict=True))

    def values(self, fits):
        """Log fluxes (n, n_rows) with noise, of n light curves. fits: `RowFits`."""
        return self.scores(fits)[0] @ self.covariance

    def draw(self, n, rng):
        """`RowFits` of toys of the process, n in all, each of a power spectrum that is drawn from the posterior.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        yield self.fit.simulated(n, rng)[1]


def _log_likelihood(profile, constant, offset, x):
    """(log likelihoods, their slopes, minus their second derivatives), each (n,), at log fluxes x (n,)."""
    flux = constant * np.exp(np.minimum(x + offset, HIGHEST))
    return in_log_flux(*profile.evaluate(flux)[0], flux)


def is_red(rows):
    """Whether a process of the log flux describes some rows better than a constant, or may do so. rows: `Rows`."""
    if chdtrc(rows.n_free, rows.fits.ts_var[0]) >= CONSTANT:
        return False
    if rows.n > MOST_ROWS or not rows.fits.constant[0] > 0:
        return True
    return spectrum_of(rows).log_evidence > LEAST_EVIDENCE


def _expected(fits, noise, rng):
    """Information (n_rows,): the mean over toys, or where there are none that of the rows."""
    toys = [fits] if noise.rows.maker is None else noise.draw(EXPECTED[noise.name], rng)
    mean = np.mean(np.concatenate([noise.scores(each)[1] for each in toys]), axis=0)
    return np.maximum(mean, LEAST * mean.max())
