"""Light curves as `astropy.timeseries.BinnedTimeSeries` and back, and as `lightkurve.LightCurve`."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, Table
from astropy.timeseries import BinnedTimeSeries

from tevcurve.errors import InputError
from tevcurve.files.texts import is_text
from tevcurve.lightcurve.interop.one_band import band_of
from tevcurve.lightcurve.interop.symmetric_errors import tell_missing_errors
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.table_making import light_curve_table
from tevcurve.near_names import meant

if TYPE_CHECKING:
    import lightkurve

TIMES = ("time_min", "time_max")


def to_binned_time_series(light_curve: LightCurve, band: int | None = None) -> BinnedTimeSeries:
    """`BinnedTimeSeries` of one energy band: bins from `time_min` to `time_max` in the light curve's time scale, and
    all further columns, those with a unit as Quantities. Errors that a row does not have are NaN, and logged.

    Parameters
    ----------
    light_curve : with the band
    band : int, number of the energy band; needed where there are several
    """
    light_curve = band_of(light_curve, band, "A BinnedTimeSeries")
    series = BinnedTimeSeries(time_bin_start=light_curve.time_start, time_bin_end=light_curve.time_stop)
    for name in light_curve.table.colnames:
        if name not in TIMES:
            series[name] = _bare(light_curve.table[name])
            series[name].info.description = light_curve.table[name].description
    series.meta.update(copy.deepcopy(dict(light_curve.meta)))
    tell_missing_errors(light_curve.table, "flux", "NaN in the BinnedTimeSeries")
    return series


def from_binned_time_series(series: BinnedTimeSeries) -> LightCurve:
    """The `LightCurve` of a `BinnedTimeSeries`, with its columns under their names.

    Columns of a light curve's names (`flux`, `flux_err`, `e_min`, ...) are converted to its units. Raises `InputError`
    for a unit that does not convert, or something else than a `BinnedTimeSeries`.

    series: with columns of any names.
    """
    if not isinstance(series, BinnedTimeSeries):
        raise InputError(f"A {type(series).__name__} was given; wanted is a BinnedTimeSeries.")
    columns = {
        name: series[name] for name in series.colnames if name not in ("time_bin_start", "time_bin_size")
    }
    meta = copy.deepcopy(dict(series.meta))
    return LightCurve(light_curve_table(series.time_bin_start, series.time_bin_end, columns, meta))


def to_lightkurve(
    light_curve: LightCurve, band: int | None = None, quantity: str = "flux"
) -> "lightkurve.LightCurve":
    """`lightkurve.LightCurve` of one energy band: `time` is the middle of the bins, `flux` and `flux_err` are those of
    the quantity, and all further numbers stand under their names (`time_min` and `time_max` as MJD).

    The errors are statistical; those with systematic errors, such as `flux_err_tot`, are among the further numbers.

    Texts are in the metadata, for lightkurve bins numbers only; the vectors of the likelihood scan are left out. Errors
    that a row does not have, as at a bound, are NaN, and logged.

    Parameters
    ----------
    light_curve : with the band
    band : int, number of the energy band; needed where there are several
    quantity : str, column to take: "flux", "dnde", "eflux", "e2dnde" or "norm"
    """
    import lightkurve

    light_curve = band_of(light_curve, band, "A lightkurve.LightCurve")
    table = light_curve.table
    _check_column(table, quantity)
    flux = _bare(table[quantity])
    error = _bare(table[f"{quantity}_err"]) if f"{quantity}_err" in table.colnames else flux * np.nan
    tell_missing_errors(table, quantity, "NaN in the lightkurve.LightCurve")
    made = lightkurve.LightCurve(time=light_curve.time, flux=flux, flux_err=error)
    for name in table.colnames:
        if name not in made.colnames and table[name].ndim == 1 and table[name].dtype.kind in "biuf":
            made[name] = _bare(table[name])
    made.meta.update(copy.deepcopy(dict(light_curve.meta)))
    made.meta.update({name: table[name].tolist() for name in table.colnames if is_text(table[name])})
    made.meta["LABEL"] = light_curve.meta.get("source", "")
    made.meta["QUANTITY"] = quantity
    return made


def _check_column(table: Table, quantity: str) -> None:
    if quantity not in table.colnames:
        wanted = meant(quantity, table.colnames, f"it has {', '.join(table.colnames)}.")
        raise InputError(f"The light curve has no column {quantity!r}; {wanted}")


def _bare(column: Column) -> Any:
    """The values of a column on their own: a Quantity where it has a unit."""
    if column.unit is not None:
        return column.quantity.copy()
    return Column(np.array(column))
