"""Tests of a light curve against a constant flux."""

from dataclasses import dataclass, field

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.chances import Test, chances, chi_square_chance
from tevcurve.lightcurve.variability.not_known import beside
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.rounding import statistic_text

FLUX = u.Unit("cm-2 s-1")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ConstancyResult(VariabilityResult):
    """A `VariabilityResult` with the degrees of freedom `n_free`, and the `constant` flux that fits best."""

    n_free: int = 0
    constant: u.Quantity = field(default=np.nan * FLUX)

    def measured(self):
        """The statistic per degrees of freedom, in words."""
        return f"{statistic_text(self.value)} / {self.n_free}"


def chi_square(light_curve, band=None, n_toys=1000, random_state=0):
    """Chi-square of the fluxes against the constant that fits them best, a `ConstancyResult`.

    Errors are asymmetric: a flux's statistic is d^2 / (errn*errp + (errp - errn)*d) at a distance d of the constant
    (Barlow 2004, arXiv:physics/0406120), and the constant is where the sum is least. Fluxes are those that
    may be negative, whatever the light curve shows; the chance is that of a chi-square with n - 1 degrees of freedom,
    or from toys where a row has under 20 counts or is a limit. `ts_var` says more, as it knows the likelihoods.
    Raises `InputError` where more than a tenth of the fluxes are at the lowest value that predictions allow.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band)
    if rows.why_no_squares:
        raise InputError(rows.why_no_squares)

    def result(rows):
        found = chances(rows, {"": chi_square_test(rows)}, n_toys, random_state)[""]
        return chi_square_result(rows, found)

    return beside(rows, result)


def ts_var(light_curve, band=None, n_toys=1000, random_state=0):
    """TS_var, the likelihood-ratio test of a variable against a constant flux, a `ConstancyResult`.

        TS_var = 2 * sum over rows of [log L(best flux of the row) - log L(common flux)],

    with the one common flux that fits all rows best (Nolan et al. 2012, ApJS 199, 31, section 3.6), from the
    likelihoods of the rows themselves, so that limits count for what they are. Fluxes are those that may be negative.
    Of a light curve without its events the likelihoods are rebuilt from its scans. The chance is that of a chi-square
    with n - 1 degrees of freedom, or from toys where a row has under 20 counts or is a limit: toys with the same
    bound, at the same measured constant (`chances`).

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band, bounded=True)

    def result(rows):
        found = chances(rows, {"": ts_var_test(rows)}, n_toys, random_state)[""]
        return ts_var_result(rows, found)

    return beside(rows, result)


def chi_square_test(rows):
    """The `Test` of chi-square. rows: `Rows`."""
    return Test(lambda fits: fits.gaussian_minimum.stat, chi_square_chance(rows.n_free))


def ts_var_test(rows):
    """The `Test` of TS_var. rows: `Rows`."""
    return Test(
        lambda fits: fits.ts_var, chi_square_chance(rows.n_free), lambda fits: fits.constant, has_tail=True
    )


def chi_square_result(rows, found):
    """The `ConstancyResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    found : `Found`
    """
    constant = rows.fits.gaussian_minimum.norm[0]
    return _result("chi-square of a constant", rows, rows.fits.gaussian_minimum.stat[0], constant, found)


def ts_var_result(rows, found):
    """The `ConstancyResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    found : `Found`
    """
    return _result("TS of variability", rows, rows.fits.ts_var[0], rows.fits.constant[0], found)


def _result(name, rows, value, constant, found):
    return found.record(
        ConstancyResult,
        rows,
        name=name,
        value=float(value),
        n_free=rows.n_free,
        constant=float(constant * rows.flux) * FLUX,
    )
