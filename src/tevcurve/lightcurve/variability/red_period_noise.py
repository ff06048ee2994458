"""What rows have beside a sinusoid where their log flux is a process: red noise.

Values are log fluxes: those that fit a light curve best, beside the fitted process, moved by their scores over the
information that rows expect at the level. As a process that is fitted without a sinusoid takes part of it for its own,
the power spectrum is chosen anew with each sinusoid, among some around the fitted one, and no process at all.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.log_flux_modes import modes_of_many
from tevcurve.kernels.log_normal_process import in_log_flux
from tevcurve.kernels.sinusoids_beside_noise import SinusoidsBesideNoise
from tevcurve.lightcurve.variability.chances import toys_at
from tevcurve.lightcurve.variability.log_normal_rows import MOST_ROWS, root_of
from tevcurve.lightcurve.variability.period_noise import EXPECTED, floored
from tevcurve.lightcurve.variability.power_spectrum import pivot_of, spectrum_of, weights_of
from tevcurve.lightcurve.variability.process_fit import BRIGHTEST

# Slopes that power spectra are chosen among, and logs of their variance over that of the fitted one; a lower one is
# what is left beside a sinusoid.
SLOPES, LEVELS = (0.5, 1.25, 2.0, 2.75, 3.5), (2.0, 1.0, 0.0, -1.0, -2.0, -3.5)
# Where frequencies times rows squared are more than this, slopes are not chosen anew.
MOST_WORK = 3e9
# Of log fluxes at their level, on average over rows: about the counts that are expected there.
LEAST_INFORMATION = 0.01
# The level's standard deviation in a fit, in log flux: it is free.
LEVEL = 5.0
# The highest log of a flux over the constant one in a fit.
HIGHEST = 50.0


@dataclass(frozen=True, eq=False)
class RedNoise:
    """Rows with a process of the log flux behind them.

    Attributes
    ----------
    fit : `ProcessFit`
    information : float array (n_rows,), of log fluxes at their level: that of their noise
    """

    fit: object
    information: np.ndarray

    @classmethod
    def of(cls, rows, rng, process=None):
        """That of some rows.

        Parameters
        ----------
        rows : `Rows`
        rng : numpy Generator, of the toys whose information it is
        process : `PowerSpectrum` of the rows where it is at hand

        Raises `InputError` for more than 1000 rows, where a process cannot be fitted, and for a flux whose log has no
        level that rows would see.
        """
        if rows.n > MOST_ROWS:
            raise InputError(
                f"Red noise behind {rows.n} rows takes too long; wanted are {MOST_ROWS} at most: rebin the light curve."
            )
        fit = (process or spectrum_of(rows)).fit
        flux, toys = rows.fits.constant[0] * np.exp(fit.best.mode.mean()), [rows.fits]
        if rows.maker is not None:
            toys = toys_at(rows, np.full((EXPECTED, rows.n), flux), rng)
        total, n = 0.0, 0
        for fits in toys:
            # The slope is 0 on average.
            curvature = fits.profile.evaluate(np.full(fits.n * rows.n, flux))[0][2]
            total, n = total + curvature.reshape(fits.n, -1).sum(axis=0), n + fits.n
        information = 0.5 * flux**2 * total / n
        if not np.mean(information) > LEAST_INFORMATION:
            raise InputError(
                "The flux touches zero so often that rows expect nothing of the source at the geometric mean of their "
                "fluxes, and red noise of its log says nothing of periods; wanted are longer time bins, or white noise."
            )
        return cls(fit, floored(information))

    @cached_property
    def roots(self):
        """Matrices (n_rows, n_rows) whose squares are the covariances that toys are drawn with, a list."""
        return [root_of(self.fit.process.source(weight)) for weight in self.fit.weights]

    @property
    def rows(self):
        """`Rows`."""
        return self.fit.process.rows

    def values(self, fits):
        """Log fluxes (n, n_rows) with noise, of n light curves. fits: `RowFits`."""
        covariance = self.fit.process.covariance(self.fit.best_weight) + LEVEL**2
        mode, slope = modes_of_many(covariance, self.information, self._log_likelihood(fits), fits.n)
        return mode + slope / self.information

    def draw(self, n, rng):
        """Values of toys of the process, n in all, each with a power spectrum that is drawn from the posterior.

        Where the rows have no counts, errors are Gaussian.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        if self.rows.maker is None:
            errors = rng.standard_normal((n, self.rows.n)) / np.sqrt(self.information)
            yield self._log_fluxes(n, rng) + errors
        else:
            for fits in self._drawn(n, rng):
                yield self.values(fits)

    def sinusoids(self, waves):
        """The `SinusoidsBesideNoise`. waves: float array (2, m, n_rows), of `tevcurve.kernels.sinusoids`."""
        process, own = self.fit.process, np.diag(1 / self.information) + self.fit.process.unknown[1]
        fitted = np.tensordot(self.fit.best_weight, process.each, 1)
        variance, shapes = _variance(fitted), [fitted]
        if waves[0].size * self.rows.n <= MOST_WORK:
            pivot = pivot_of(self.rows)
            weights = [weights_of(process.frequency, pivot, slope) for slope in SLOPES]
            shapes = [np.tensordot(weight, process.each, 1) for weight in weights]
        scaled = [variance / _variance(each) * np.exp(level) * each for each in shapes for level in LEVELS]
        return SinusoidsBesideNoise(waves, [own, own + fitted, *(own + each for each in scaled)])

    def _log_fluxes(self, n, rng):
        """Log fluxes (n, n_rows) of toys, with the geometric mean of the fitted ones."""
        which, normal = np.arange(n) % len(self.roots), rng.standard_normal((n, self.rows.n))
        drawn = np.empty_like(normal)
        for number, root in enumerate(self.roots):
            drawn[which == number] = normal[which == number] @ root.T
        return drawn - drawn.mean(axis=1, keepdims=True) + self.fit.best.mode.mean()

    def _drawn(self, n, rng):
        """`RowFits` of the counts of toys, in batches."""
        rows, logs = self.rows, self._log_fluxes(n, rng)
        norms = rows.fits.constant[0] * np.exp(np.minimum(logs, BRIGHTEST))
        nuisances = rows.fits.nuisances
        if nuisances is not None:
            norms = nuisances.drawn(norms, n, rows.fits.shared.scales[0], rng)
        return toys_at(rows, norms, rng)

    def _log_likelihood(self, fits):
        """Function of log fluxes (n, n_rows) to what `modes_of_many` wants. fits: `RowFits` of n light curves."""
        constant, offset = self.rows.fits.constant[0], self.fit.process.unknown[0]

        def rows(x):
            flux = (constant * np.exp(np.minimum(x + offset, HIGHEST))).ravel()
            return tuple(each.reshape(x.shape) for each in in_log_flux(*fits.profile.evaluate(flux)[0], flux))

        return rows


def _variance(covariance):
    """The variance of log fluxes around their mean, on average over rows."""
    n = len(covariance)
    return max((np.trace(covariance) - covariance.sum() / n) / (n - 1), np.finfo(float).tiny)
