"""The columns and metadata of a light curve, made from plain arrays."""

from collections.abc import Mapping
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from astropy.table import Column, Table
from astropy.time import Time
from astropy.units import Quantity, Unit, UnitConversionError

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks
from tevcurve.files.texts import text_array
from tevcurve.lightcurve.columns import COLUMNS, QUANTITIES, declared, filled


def table_of_arrays(time_min, time_max, values, reference, meta):
    """The astropy Table of a light curve with what follows from its columns; see `LightCurve.from_arrays`.

    Parameters
    ----------
    time_min, time_max : Time of shape (n,)
    values : dict of columns: scalars, arrays of shape (n, ...) or Quantities
    reference : mapping or record of the reference fluxes
    meta : mapping or None
    """
    return light_curve_table(time_min, time_max, _references(reference) | values, meta, derive=True)


def light_curve_table(time_min, time_max, values, meta, derive=False, owned=False):
    """The astropy Table of columns: in our units and order, with formats and descriptions.

    Parameters
    ----------
    time_min, time_max, values, meta : as in `table_of_arrays`
    derive : bool, whether to add columns that follow from others
    owned : bool, whether the arrays of `values` are of nobody else, so that none is copied
    """
    time_min, time_max = (
        times if isinstance(times, Time) and times.ndim == 1 else Time(times).reshape(-1)
        for times in (time_min, time_max)
    )
    scale = time_min.scale
    if time_min.shape != time_max.shape:
        raise InputError(f"time_min has {time_min.size} values and time_max has {time_max.size}.")
    times = {"time_min": time_min.mjd, "time_max": getattr(time_max, scale).mjd}
    times = {name: without_masks(values) for name, values in times.items()}
    if np.any(times["time_max"] < times["time_min"]):
        raise InputError("A time bin ends before it begins: time_max should not be before time_min.")
    columns = {
        name: table_column(name, value, time_min.size, owned) for name, value in (times | values).items()
    }
    if derive:
        made = filled(columns)
        columns |= {name: table_column(name, made.pop(name), time_min.size) for name in list(made)}
    own = COLUMNS.things()
    order = [*(name for name in own if name in columns), *(name for name in columns if name not in own)]
    return _table_of([columns[name] for name in order], complete_meta(meta, scale))


def _table_of(columns, meta):
    """The astropy Table that has these very columns, as `Table(columns, copy=False)` makes it.

    That makes each column a second time, which takes longer than all of ours.

    columns: list of `Column` without a mask, with names of their own. meta: dict
    """
    table = Table(meta=meta, copy=False)
    for column in columns:
        table.columns[column.name] = column
        column.parent_table = table
    return table


def _references(reference):
    names = [f"ref_{quantity}" for quantity in QUANTITIES]
    if isinstance(reference, Mapping):
        return {name: reference[name] for name in names if name in reference}
    return {name: getattr(reference, name) for name in names if hasattr(reference, name)}


def table_column(name, value, n_rows, owned=False):
    """A table column of n rows, with the unit, print format and description that belong to the name.

    Parameters
    ----------
    name : str
    value : one for all rows, or an array or Quantity (n_rows, ...)
    n_rows : int
    owned : bool, whether an array is of nobody else, so that it is not copied
    """
    column = declared(name)
    unit, form = column.unit, column.form
    value = without_masks(value)
    if isinstance(value, Quantity):
        # a column that is not among ours keeps the unit that it came with
        unit = unit if name in COLUMNS.things() else value.unit
        try:
            value = value.to_value(unit)
        except UnitConversionError as error:
            raise InputError(
                f"The column {name} is in {value.unit}; wanted is {unit or 'a plain number'}."
            ) from error
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = text_array(value)
    value = np.array(value, dtype=np.float64 if form else None, copy=None if owned else True)
    if value.ndim == 0 or (column.is_shared and value.ndim == 1):
        value = np.repeat(value[np.newaxis], n_rows, axis=0)
    if len(value) != n_rows:
        raise InputError(f"The column {name} has {len(value)} values for a light curve of {n_rows} rows.")
    return Column(value, name=name, unit=_parsed(unit), format=form, description=column.words)


def in_own_units(table):
    """The table itself where its columns of our names have our units, or none; else a copy in which they have.

    table: astropy Table of a light curve.

    Raises `InputError` for a unit that does not convert.
    """
    own = COLUMNS.things()
    other = [name for name in table.colnames if name in own and _has_other_unit(table[name], name)]
    if not other:
        return table
    table = Table(table, copy=False)
    for name in other:
        column = table[name]
        table[name] = table_column(
            name, Quantity(np.asarray(column, dtype=np.float64), column.unit), len(column)
        )
    return table


def _has_other_unit(column, name):
    unit, own = getattr(column, "unit", None), _parsed(declared(name).unit)
    return unit is not None and unit is not own and unit != (own or "")


@lru_cache(maxsize=64)
def _parsed(unit):
    # Reading a unit from its text takes longer than all the rest of a column.
    return Unit(unit) if unit else None


def complete_meta(meta, scale):
    """The metadata with the time scale, and the limit's confidence both as sigma and as a level.

    Parameters
    ----------
    meta : mapping or None
    scale : str, of the times
    """
    full = {**(meta or {}), "TIMESYS": scale}
    if full.get("sigma_ul") is not None and full.get("upper_limit") is None:
        full["upper_limit"] = level_of(full["sigma_ul"])
    elif full.get("upper_limit") is not None and full.get("sigma_ul") is None:
        full["sigma_ul"] = NormalDist().inv_cdf(full["upper_limit"])
    return full


def level_of(sigma_ul):
    """The confidence level of a limit in standard deviations: the one that these were made of, where it is short.

    sigma_ul: float.
    """
    level = NormalDist().cdf(sigma_ul)
    short = round(level, 9)
    return short if 0 < short < 1 and NormalDist().inv_cdf(short) == sigma_ul else level
