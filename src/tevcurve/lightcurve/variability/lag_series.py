"""Series of rows as likelihoods of their log flux: of a light curve, or of a table of other data."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.kernels.log_normal_process import in_log_flux
from tevcurve.kernels.measured_profile import AsymmetricProfile
from tevcurve.lightcurve.variability.lag_processes import Series
from tevcurve.lightcurve.variability.rows import rows_of

# Rows that both need; below the second number it is said that they are few.
LEAST, FEW = 10, 20
# Rows of both together, at most: their covariances are dense.
MOST = 1000
# Width of points in time, in usual distances between them.
_POINT = 0.01
_ERRORS = "flux_err", "flux_error", "error"


@dataclass(frozen=True, eq=False)
class Measured:
    """A series of rows, and its values.

    Attributes
    ----------
    series : `Series`
    reference : `Time` that its seconds are counted from
    flux, err : float arrays (n,), in whatever unit
    notes : tuple of str
    """

    series: Series
    reference: Time
    flux: np.ndarray
    err: np.ndarray
    notes: tuple = ()


def measured_series(source, band, name):
    """The `Measured` series of a light curve, or of a table.

    Parameters
    ----------
    source : `LightCurve`, or astropy Table; see `tevcurve.lightcurve.variability.time_lag.time_lag`
    band : int, number of the energy band of a light curve; None where it has one
    name : str, what it is called in what is said of it

    Raises `InputError` where rows are fewer than `LEAST`, or fluxes, errors or times are missing.
    """
    if isinstance(source, Table):
        return _of_table(source, name)
    rows = rows_of(source, band, least=LEAST)
    rows.check_order()
    _check_bright(float(rows.fits.constant_minimum.norm[0]), name)
    notes = list(rows.notes)
    if rows.unknown is not None:
        notes.append(
            f"lags ignore {rows.unknown.errors}; what both series have in common looks like a lag of 0"
        )
    flux, err = rows.fits.norm[0] * rows.flux, rows.fits.err[0] * rows.flux
    return Measured(series_of_rows(rows), rows.reference, flux, err, tuple(notes))


def n_bands(table):
    """Number of energy bands of a light curve's table. table: Table."""
    if "e_min" not in table.colnames:
        return 1
    return len(
        np.unique(np.stack([np.asarray(table[name], dtype=float) for name in ("e_min", "e_max")]), axis=1).T
    )


def _of_table(table, name):
    start, stop = _times(table, name)
    flux = _numbers(table, "flux", name)
    found = [each for each in _ERRORS if each in table.colnames]
    if not found:
        raise InputError(
            f"{name} has no errors: wanted is a column flux_err beside flux; it has {table.colnames}."
        )
    err = _numbers(table, found[0], name)
    good = np.isfinite(flux) & (err > 0) & np.isfinite(start.mjd)
    if np.count_nonzero(good) < LEAST:
        raise InputError(
            f"{name} has {np.count_nonzero(good)} rows with a time, a flux and an error above 0; a lag needs {LEAST}."
        )
    order = np.flatnonzero(good)[np.argsort(start[good].mjd, kind="stable")]
    flux, err, reference = flux[order], err[order], start[order[0]].tt
    first, last = ((each[order] - reference).sec for each in (start, stop))
    middle, width = 0.5 * (first + last), last - first
    if np.any(np.diff(middle) <= 0):
        raise InputError(f"{name} has several rows at one time; wanted is one series.")
    constant = float(np.sum(flux / err**2) / np.sum(err**-2.0))
    _check_bright(constant, name)
    width = np.maximum(width, _POINT * np.median(np.diff(middle)))
    notes = (f"errors of {name} are Gaussian, in flux",)
    rows = _in_log(AsymmetricProfile(flux, err, err), constant)
    return Measured(Series(middle, width, rows), reference, flux, err, notes)


def _times(table, name):
    """(starts, stops) of the rows of a table, `Time`."""
    if {"time_min", "time_max"} <= set(table.colnames):
        return _as_time(table["time_min"]), _as_time(table["time_max"])
    if "time" not in table.colnames:
        raise InputError(
            f"{name} has no times: wanted is a column time, or time_min and time_max; it has {table.colnames}."
        )
    time = _as_time(table["time"])
    if "width" not in table.colnames:
        return time, time
    half = 0.5 * u.Quantity(table["width"])
    if not half.unit.is_equivalent(u.s):
        raise InputError(f"The column width of {name} is in {half.unit or 'no unit'}; wanted is a time.")
    return time - half, time + half


def _as_time(column):
    """`Time` of a column; numbers are MJD in TT."""
    if isinstance(column, Time):
        return column
    values = np.ma.filled(np.ma.masked_array(column, dtype=float), np.nan)
    return Time(np.asarray(values), format="mjd", scale="tt")


def _numbers(table, column, name):
    """A column as float array; NaN where it is masked."""
    if column not in table.colnames:
        raise InputError(f"{name} has no column {column}; it has {table.colnames}.")
    values = table[column]
    return np.asarray(np.ma.filled(np.ma.masked_array(getattr(values, "value", values), dtype=float), np.nan))


def _check_bright(constant, name):
    """Raises `InputError` where the mean flux is not above 0."""
    if not constant > 0:
        raise InputError(
            f"The mean flux of {name} is {constant:.3g}, and a log-normal process needs one that is above 0."
        )


def series_of_rows(rows):
    """The `Series` of `Rows`. rows: `Rows`."""
    middle, width = 0.5 * (rows.start_s + rows.stop_s), rows.stop_s - rows.start_s
    return Series(middle, width, _in_log(rows.fits.profile, float(rows.fits.constant_minimum.norm[0])))


def _in_log(profile, constant):
    """Function of log fluxes relative to a constant to what `laplace_fit` wants of rows."""

    def rows(x):
        flux = constant * np.exp(np.minimum(x, 60.0))
        return in_log_flux(*profile.evaluate(flux)[0], flux)

    return rows
