"""The rows of a light curve with a process of their log flux behind them.

The log flux of row r, relative to the constant that fits all rows best, is a level that all have in common plus the
mean over the row of a Gaussian process with a power spectrum, plus what is not known of instruments. The row sees the
constant times its exponential: it is the log of the flux that is averaged over a row, not the flux. The level is
free, so that covariances are those of log fluxes beside their mean over the rows: what all rows have in common, which
for a steep spectrum is hundreds of times as much as how they differ, is not in them.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.celerite_covariance import CeleriteCovariance
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.log_normal_process import in_log_flux, laplace_fit

# Standard deviation of scales of which nothing is known, in log flux.
FREE = 5.0
# The lowest oscillator is at 1/(30 T), the highest at 5 over the shortest row, with five in a factor of 10 or more.
SPANS, HIGHEST, TERMS, PER_DECADE = 30, 5.0, 24, 5
# Most rows of which all covariances are written out, and most in all; by so much of the width rows may differ from it.
MOST_ROWS, MOST_OF_ONE_WIDTH, ONE_WIDTH = 1000, 20_000, 1e-6


@dataclass(frozen=True, eq=False)
class LogNormalRows:
    """Rows, and the covariances of oscillators averaged over them.

    Attributes
    ----------
    rows : `Rows`
    frequency : float array (m,), Hz, of the oscillators
    """

    rows: object
    frequency: np.ndarray

    @staticmethod
    def of(rows):
        """Those of some rows, `ManyRows` where they are more than 1000.

        rows: `Rows`.

        Raises `InputError` where they are too many, share time, or have no flux.
        """
        kind = LogNormalRows
        if rows.n > MOST_ROWS:
            check_many(rows)
            kind = ManyRows
        rows.check_order()
        if not rows.fits.constant[0] > 0:
            raise InputError(
                "The constant flux that fits all rows best is not above zero, so its log has no variations to find."
            )
        lowest, highest = 1 / (SPANS * span_of(rows)), HIGHEST / np.min(rows.stop_s - rows.start_s)
        terms = max(TERMS, int(np.ceil(PER_DECADE * np.log10(highest / lowest))) + 1)
        return kind(rows, np.geomspace(lowest, highest, terms))

    @property
    def middle(self):
        """Middles (n,) of the rows, s."""
        return 0.5 * (self.rows.start_s + self.rows.stop_s)

    @property
    def width(self):
        """Widths (n,) of the rows, s."""
        return self.rows.stop_s - self.rows.start_s

    @cached_property
    def each(self):
        """Covariances (m, n, n) of the rows beside their mean, of an oscillator of a weight of 1 at each frequency."""
        mean = self._of_mean
        return self._averaged - mean[:, :, None] - mean[:, None, :] + mean.mean(axis=1)[:, None, None]

    @cached_property
    def _averaged(self):
        """Covariances (m, n, n) of the rows, of each oscillator."""
        return self._alone.averaged_each(self.middle, self.width)

    @property
    def _of_mean(self):
        """Covariances (m, n) of the rows with the mean of all rows, of each oscillator."""
        return self._averaged.mean(axis=2)

    def elsewhere(self, middle, width):
        """Covariances (m, k, n) of other bins with the rows and variances (m, k) of them, all beside the rows' mean.

        Parameters
        ----------
        middle, width : float arrays (k,), s
        """
        across = self._alone.averaged_each(middle, width, (self.middle, self.width))
        mean = self._of_mean
        of_other, of_all = across.mean(axis=2), mean.mean(axis=1)[:, None]
        return (
            across - of_other[:, :, None] - mean[:, None, :] + of_all[:, :, None],
            self._alone.variance[:, None] - 2 * of_other + of_all,
        )

    def beside(self, middle, width):
        """Function of weights (m,) to (covariance (k, n) of other bins with the rows, variances (k,) of these).

        Parameters
        ----------
        middle, width : float arrays (k,), s
        """
        across, own = self.elsewhere(middle, width)
        return lambda weight: (np.tensordot(weight, across, 1), weight @ own)

    def drawn(self, weight, rng):
        """A draw (n,) of the log fluxes of the rows.

        Parameters
        ----------
        weight : float array (m,), of the oscillators
        rng : numpy Generator
        """
        return root_of(self.source(weight)) @ rng.standard_normal(self.rows.n)

    @property
    def _alone(self):
        """The oscillators, with weights of 1."""
        return Oscillators(np.ones(len(self.frequency)), self.frequency)

    @cached_property
    def unknown(self):
        """(mean (n,), covariance (n, n)) of the log fluxes by what is not known of instruments, at the constant."""
        nothing = np.zeros(self.rows.n), np.zeros((self.rows.n, self.rows.n))
        if self.rows.unknown is None:
            return nothing
        nuisances, constant = self.rows.unknown.nuisances, self.rows.fits.constant[0]
        loading = np.zeros((self.rows.n, nuisances.n_nuisances))
        np.add.at(loading, (nuisances.row, nuisances.nuisance), nuisances.scale + nuisances.shift / constant)
        prior, n_scales = np.eye(nuisances.n_nuisances), nuisances.n_scales
        # Nothing is known of a free scale.
        precision = nuisances.precision + np.eye(n_scales) / FREE**2
        prior[:n_scales, :n_scales] = np.linalg.inv(precision)
        alone, mixed, shift = nuisances.own.T
        own = alone + 2 * mixed / constant + shift / constant**2
        return loading @ nuisances.centers, loading @ prior @ loading.T + np.diag(own)

    def source(self, weight):
        """Covariance (n, n) of the process beside its mean. weight: float array (m,), of the oscillators."""
        return np.tensordot(weight, self.each, 1)

    def covariance(self, weight):
        """The same with what is not known of instruments. weight: float array (m,), of the oscillators."""
        return self.source(weight) + self.unknown[1]

    def log_likelihood(self, x):
        """(log likelihoods, their slopes, minus their second derivatives) at log fluxes. x: float array (n,)."""
        flux = self.rows.fits.constant[0] * np.exp(np.minimum(x + self.unknown[0], 50.0))
        return in_log_flux(*self.rows.fits.profile.evaluate(flux, self.rows.fits.start)[0], flux)

    def fit(self, source, start=None):
        """The `LaplaceFit` with a process.

        Parameters
        ----------
        source : float array (n, n), covariance of the process
        start : float array (n,), log fluxes, see `laplace_fit`
        """
        return laplace_fit(source + self.unknown[1], self.log_likelihood, start)


class ManyRows(LogNormalRows):
    """Rows of one width, with nothing that is not known of instruments: their covariances are never written out.

    What all rows have in common is in their covariances.
    """

    @property
    def unknown(self):
        """(mean (n,), covariance) of what is not known of instruments: nothing."""
        return np.zeros(self.rows.n), 0.0

    def source(self, weight):
        """The `CeleriteCovariance` of the process. weight: float array (m,), of the oscillators."""
        middle = self.middle - self.middle[0]
        return CeleriteCovariance(Oscillators(weight, self.frequency), middle, float(np.median(self.width)))

    def covariance(self, weight):
        """The same. weight: float array (m,), of the oscillators."""
        return self.source(weight)

    def fit(self, source, start=None):
        """The `LaplaceFit` with a process.

        Parameters
        ----------
        source : `CeleriteCovariance`
        start : float array (n,), log fluxes, see `laplace_fit`
        """
        return laplace_fit(source, self.log_likelihood, start)

    def beside(self, middle, width):
        """Function of weights (m,) to (covariance (k, n) of other bins with the rows, variances (k,) of these).

        Parameters
        ----------
        middle, width : float arrays (k,), s
        """

        def of(weight):
            process = Oscillators(weight, self.frequency)
            across = process.averaged(middle, width, (self.middle, self.width))
            return across, np.full(len(middle), process.variance.sum())

        return of

    def drawn(self, weight, rng):
        """A draw (n,) of the log fluxes of the rows.

        Parameters
        ----------
        weight : float array (m,), of the oscillators
        rng : numpy Generator
        """
        return self.source(weight).drawn(rng.standard_normal(self.rows.n))


def root_of(covariance):
    """A matrix (n, n) that times its transpose is a covariance. covariance: float array (n, n)."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def check_many(rows):
    """Raises `InputError` where more than 1000 rows cannot have a process behind them. rows: `Rows`."""
    named = f"A process behind {rows.n} rows"
    if rows.n > MOST_OF_ONE_WIDTH:
        raise InputError(
            f"{named} takes too long; wanted are {MOST_OF_ONE_WIDTH} at most: rebin the light curve."
        )
    width = rows.stop_s - rows.start_s
    if np.ptp(width) > ONE_WIDTH * np.median(width):
        raise InputError(
            f"{named} of different widths takes too long; wanted are {MOST_ROWS} at most, or rows of one width: rebin "
            'the light curve, or leave out what is left at the end of runs by rest="drop".'
        )
    if rows.unknown is not None:
        raise InputError(
            f"{named} with scales or systematic errors of instruments takes too long; wanted are {MOST_ROWS} at most: "
            "rebin the light curve."
        )
    if find_spec("celerite2") is None:
        raise InputError(
            f"{named} needs the package celerite2, which is not installed; wanted is pip install "
            f'"tevcurve[timing]", or {MOST_ROWS} rows at most: rebin the light curve.'
        )


def span_of(rows):
    """How long the rows last, s. rows: `Rows`."""
    return float(rows.stop_s[-1] - rows.start_s[0])


def band_of(rows, width=np.median):
    """(lowest, highest) frequency that rows see, Hz.

    Parameters
    ----------
    rows : `Rows`
    width : function of the widths of rows to the one that settles the highest
    """
    return 1 / span_of(rows), 0.5 / float(width(rows.stop_s - rows.start_s))
