"""What rows have beside a sinusoid where they vary by their own errors alone: white noise.

Rows enter by the scores of their likelihoods: a value is the score over what the rows expect of its information, which
is the mean over toys and not that of a row's own counts, which would vanish with them. So values have the noise that
their errors say at a few counts, too.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from tevcurve.errors import InputError
from tevcurve.kernels.sinusoids import Sinusoids
from tevcurve.lightcurve.variability.chances import null_fits
from tevcurve.lightcurve.variability.log_normal_rows import MOST_ROWS
from tevcurve.lightcurve.variability.power_spectrum import CONSTANT, LEAST_EVIDENCE, spectrum_of

# Toys whose mean information is that of the rows.
EXPECTED = 100
# Of the largest information; rows do not have less.
LEAST = 1e-9
# What is said of toys that are not of counts.
GAUSSIAN = "toys have Gaussian errors, as the counts of the rows are not at hand"


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

    @classmethod
    def of(cls, rows, rng, process=None):
        """That of some rows.

        Parameters
        ----------
        rows : `Rows`
        rng : numpy Generator, of the toys whose information it is
        process : `PowerSpectrum` of the rows, which white noise does not want

        Raises `InputError` where the rows say nothing of a constant flux.
        """
        toys = [rows.fits] if rows.maker is None else null_fits(rows, EXPECTED, rng)
        information = np.concatenate([_scores(each)[1] for each in toys]).mean(axis=0)
        if not np.max(information) > 0:
            raise InputError(
                "No row has an event, or expects one, with the constant flux that fits all rows best, so there are no "
                "periods to find."
            )
        return cls(rows, floored(information))

    def values(self, fits):
        """Norms (n, n_rows) beside the constant. fits: `RowFits` of n light curves."""
        return _scores(fits)[0] / self.information

    def draw(self, n, rng):
        """Values of n toys with a constant flux, in batches; with Gaussian errors where there are no counts.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        if self.rows.maker is None:
            yield rng.standard_normal((n, self.rows.n)) / np.sqrt(self.information)
            return
        for fits in null_fits(self.rows, n, rng):
            yield self.values(fits)

    def sinusoids(self, waves):
        """The `Sinusoids` beside this noise. waves: float array (2, m, n_rows), of `tevcurve.kernels.sinusoids`."""
        return Sinusoids.of(waves, 1 / self.information)


def _scores(fits):
    """(scores, information), each (n, n_rows), of the norms of n light curves at their constants. fits: `RowFits`."""
    norm = np.repeat(fits.constant, fits.n_rows)
    _, slope, curvature = fits.profile.evaluate(norm)[0]
    return (-0.5 * slope).reshape(fits.n, -1), (0.5 * curvature).reshape(fits.n, -1)


def floored(information):
    """Information (n_rows,) that no row has less of than a share of the largest. information: float array (n_rows,)."""
    return np.maximum(information, LEAST * np.max(information))


def is_red(rows, process=None):
    """Whether a process of the log flux describes some rows better than a constant, or may do so.

    Parameters
    ----------
    rows : `Rows`
    process : `PowerSpectrum` of the rows where it is at hand
    """
    if chdtrc(rows.n_free, rows.fits.ts_var[0]) >= CONSTANT:
        return False
    if rows.n > MOST_ROWS or not rows.fits.constant[0] > 0:
        return True
    return (process or spectrum_of(rows)).log_evidence > LEAST_EVIDENCE
