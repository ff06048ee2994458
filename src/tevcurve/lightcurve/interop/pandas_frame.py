"""Light curves as pandas DataFrames and back."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.leap_seconds import as_utc
from tevcurve.lightcurve.interop.symmetric_errors import tell_missing_errors
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.table_making import light_curve_table

if TYPE_CHECKING:
    from pandas import DataFrame, Series

TIMES = ("time_min", "time_max")


def to_pandas(light_curve: LightCurve) -> "DataFrame":
    """`pandas.DataFrame` with all rows and columns; the index `time` is the middle of each bin in UTC.

    Units are in `frame.attrs["units"]`, the metadata in `frame.attrs["meta"]`; the vectors of a likelihood scan are
    arrays in cells. Errors that a row does not have, as at a bound, are NaN, and logged.

    light_curve: any.
    """
    import pandas

    table = light_curve.table
    tell_missing_errors(table, "flux", "NaN in the DataFrame")
    columns = {
        name: list(np.array(table[name])) if table[name].ndim > 1 else np.array(table[name])
        for name in table.colnames
    }
    # pandas counts ns since 1970 without leap seconds, as UTC dates do.
    index = pandas.DatetimeIndex(as_utc(light_curve.time).datetime64, name="time", tz="UTC")
    frame = pandas.DataFrame(columns, index=index)
    units = {name: table[name].unit.to_string() for name in table.colnames if table[name].unit is not None}
    frame.attrs = {"units": units, "meta": copy.deepcopy(dict(light_curve.meta))}
    return frame


def from_pandas(frame: "DataFrame", timesys: str | None = None) -> LightCurve:
    """The `LightCurve` in a DataFrame with the columns `time_min` and `time_max` (MJD).

    Parameters
    ----------
    frame : pandas.DataFrame
        Units are those of `attrs["units"]`; without them numbers are taken to be in a light curve's own units.
    timesys : str, time scale of the times; default: that of `attrs["meta"]`

    Raises `InputError` where times or their scale are missing.
    """
    missing = [name for name in TIMES if name not in getattr(frame, "columns", ())]
    if missing:
        raise InputError(
            f"The DataFrame has no column {missing[0]}; a light curve needs the MJD of start and end."
        )
    meta = copy.deepcopy(dict(frame.attrs.get("meta", {})))
    scale = str(timesys or meta.get("TIMESYS", "")).lower()
    if scale not in Time.SCALES:
        raise InputError(
            f"The time scale of the DataFrame is {scale or 'not said'}; say timesys=, one of {', '.join(Time.SCALES)}."
        )
    units = frame.attrs.get("units", {})
    start, stop = (Time(_days(frame[name]), format="mjd", scale=scale) for name in TIMES)
    columns = {name: _values(frame[name], units.get(name)) for name in frame.columns if name not in TIMES}
    return LightCurve(light_curve_table(start, stop, columns, meta))


def _days(series: "Series") -> np.ndarray:
    """MJD (n,); raises `InputError` where one is missing."""
    days = series.to_numpy(dtype=float, na_value=np.nan)
    if not np.all(np.isfinite(days)):
        raise InputError(f"The column {series.name} has a row without a time; wanted is an MJD in each.")
    return days


def _values(series: "Series", unit: str | None) -> Any:
    values = series.to_numpy()
    if values.dtype == object:
        values = _plain(values.tolist(), series.isna().to_numpy())
    return values if unit is None else values * u.Unit(unit)


def _plain(cells: Sequence[Any], missing: np.ndarray) -> np.ndarray:
    """The array of a list of texts, of numbers, or of arrays; "" or NaN where one is missing (bool array (n,))."""
    known = [cell for cell, gone in zip(cells, missing, strict=True) if not gone]
    if not known or not missing.any():
        return np.array(known if known else np.full(len(cells), np.nan))
    stands = "" if isinstance(known[0], str) else np.full(np.shape(known[0]), np.nan)
    return np.array([stands if gone else cell for cell, gone in zip(cells, missing, strict=True)])
