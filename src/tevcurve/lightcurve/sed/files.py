"""Flux points as files that gammapy opens, and back.

One row per time bin in the layout of `tevcurve.lightcurve.interop.gadf_table`, which gammapy reads by
`FluxPoints.read(path, format="lightcurve")`. Columns that begin with `fit_` are of the fit of all energies.
"""

import logging

import numpy as np
from astropy.table import Table

from tevcurve.errors import DataError, InputError
from tevcurve.files.texts import of_one_width
from tevcurve.lightcurve.interop.gadf_files import ecsv_bytes, fits_bytes
from tevcurve.lightcurve.interop.gadf_table import (
    TIME_COLUMNS,
    TIME_KEYS,
    by_time_bin,
    from_gadf_table,
    is_gadf_table,
    shares_time,
)
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.io import expanded, read_table, write_parts
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.sed.flux_points import FluxPoints

log = logging.getLogger(__name__)

SUFFIXES = (".ecsv", ".fits", ".fits.gz")
FIT = "fit_"
# What the points of a time bin say already.
SHARED = ("instrument", "phase_min", "phase_max")


def write_flux_points(flux_points, path, overwrite=False):
    """The path of the file written, in the format of its suffix; whole and on disk, or not there at all.

    gammapy opens it by `FluxPoints.read(path, format="lightcurve")`, unless time bins share time, which is warned of.

    Parameters
    ----------
    flux_points : `FluxPoints`
    path : str or path, ends in .ecsv, .fits or .fits.gz; environment variables are expanded
    overwrite : bool, whether a file that is there is replaced. Otherwise it is an `InputError`
    """
    path = expanded(path)
    if not path.name.lower().endswith(SUFFIXES):
        raise InputError(f"{path} is no name for flux points: it should end in {', '.join(SUFFIXES)}.")
    table = by_time_bin(flux_points.points, of_norms=True)
    if shares_time(table):
        log.warning(
            "Time bins of the flux points share time, which gammapy does not read; those of one of several instruments "
            "are had by of_instrument(name), those of one time bin by to_gadf_table(number)."
        )
    fits = flux_points.fits.table
    for name in fits.colnames:
        if name not in (*TIME_COLUMNS, *SHARED):
            table[FIT + name] = of_one_width(fits[name])
    if path.name.lower().endswith(".ecsv"):
        return write_parts(path, overwrite, lambda: [ecsv_bytes(table)])
    good = good_intervals(flux_points.fits)
    return write_parts(path, overwrite, lambda: [fits_bytes(table, good)])


def read_flux_points(path):
    """The `FluxPoints` in a file that `write` made, with its rows as they were and without the runs.

    path: str or path. Raises `DataError` where there are none.
    """
    table = read_table(path)
    own = [name for name in table.colnames if name.startswith(FIT)]
    if not own or not is_gadf_table(table):
        raise DataError(
            f"{path} holds no flux points of tevcurve; wanted is a file that FluxPoints.write made."
        )
    points = from_gadf_table(table[[name for name in table.colnames if name not in own]])
    first = np.arange(len(table)) * (len(points) // len(table))
    shared = [name for name in (*TIME_COLUMNS, *SHARED) if name in points.table.colnames]
    fits = Table({name: points.table[name][first] for name in shared}, meta=points.meta)
    for name in own:
        fits[name.removeprefix(FIT)] = table[name]
    return FluxPoints(points, LightCurve(fits))


def to_gadf_table(flux_points, number):
    """The astropy Table of the flux points of one time bin, in the layout of GADF flux points, a row for each band.

    gammapy takes it by `FluxPoints.from_table(table, format="gadf-sed")`; source:
    https://gamma-astro-data-formats.readthedocs.io/en/v0.3/spectra/flux_points/index.html. The time bin stands in the
    metadata, as `time_min` and `time_max` (MJD, in the scale TIMESYS).

    Parameters
    ----------
    flux_points : `FluxPoints`
    number : int, of the time bin, from 0
    """
    if not -len(flux_points) <= number < len(flux_points):
        raise InputError(f"There is no time bin {number}: the flux points are of {len(flux_points)}, from 0.")
    row = by_time_bin(flux_points.points, of_norms=True)[[number]]
    table = Table(meta={name: value for name, value in row.meta.items() if name not in TIME_KEYS})
    for name in row.colnames:
        if name not in TIME_COLUMNS:
            table[name] = row[name][0]
            table[name].unit, table[name].description = row[name].unit, row[name].description
    times = {name: float(row[name][0]) for name in TIME_COLUMNS}
    table.meta |= times | {"TIMESYS": row.meta["TIMESYS"]}
    return table
