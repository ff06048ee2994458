"""Times in a column of any table, as it says them or as a person does."""

from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.bins.time_text import check_mjd, is_plain, is_time, one_time
from tevcurve.errors import InputError

_DAYS_BEFORE_MJD = {"mjd": 0.0, "jd": 2400000.5}


def moments(table: Table, name: str, unit: Any, told: tuple[str, str | None, Any]) -> Time:
    """The `Time` (n,) of a column.

    Parameters
    ----------
    table : astropy Table
    name : of the column
    unit : of times since a moment, or None for that of the column
    told : (format, scale, moment since which they are), as `from_table` takes them

    Raises `InputError` where the scale or unit is not said, for a row without its time, and for numbers that can be no
    date: seconds or Julian days as MJD, and the like.
    """
    form, scale, origin = told
    column = table[name]
    if isinstance(column, Time):
        return column if scale is None else getattr(column, scale)
    if origin is not None:
        return _since(column, name, unit, origin)
    scale = scale or str(table.meta.get("TIMESYS", "")).lower() or None
    if scale not in Time.SCALES:
        raise InputError(
            f"The table does not say the time scale of {name}; say time_scale=, one of {', '.join(Time.SCALES)}."
        )
    if column.dtype.kind not in "USO":
        values = np.asarray(column, dtype=float)
        _check_there(np.isfinite(values), name)
        _check_dates(values, name, form)
    else:
        values = np.asarray(column, dtype=str)
        _check_there(np.char.strip(values) != "", name)
    try:
        return Time(values, format=form, scale=scale)
    except ValueError as error:
        texts = values.astype(str).tolist()
        are_dates = all(map(is_time, texts)) and not is_plain(texts)
        wanted = (
            "say time_format=isot, or iso with a blank" if are_dates else "say what it is by time_format="
        )
        raise InputError(
            f"The column {name} has {texts[0]!r}, which is no time as time_format={form!r}; {wanted}."
        ) from error


def _since(column: Any, name: str, unit: Any, origin: Any) -> Time:
    since = unit or column.unit
    if since is None:
        raise InputError(
            f'The times of {name} have no unit; wanted is one, as units={{"time": "s"}}, '
            "on the command line time_unit=s."
        )
    values = np.asarray(column, dtype=float)
    _check_there(np.isfinite(values), name)
    return one_time(origin, "time_origin") + values * u.Unit(since)


def _check_there(is_there: np.ndarray, name: str) -> None:
    if not np.all(is_there):
        raise InputError(f"The column {name} has a row without its time; wanted is a table without such.")


def _check_dates(values: np.ndarray, name: str, form: str) -> None:
    """Raises `InputError` for numbers that can be no MJD, or no Julian days, with what they may be."""
    if form not in _DAYS_BEFORE_MJD:
        return
    try:
        check_mjd(values - _DAYS_BEFORE_MJD[form])
    except InputError as error:
        what, such = ("Julian date", "2459000.5") if form == "jd" else ("MJD", "59000.0")
        raise InputError(
            f"The column {name} has {values[0]:.12g}, and a {what} is such as {such}; say time_format=, such as mjd, "
            "jd or decimalyear, or time_origin=, the moment since which it is."
        ) from error
