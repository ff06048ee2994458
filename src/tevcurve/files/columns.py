"""Columns as numbers in the wanted unit; what cannot be is told by its name."""

from collections.abc import Iterable
from functools import lru_cache

import astropy.units as u
import numpy as np

from tevcurve.errors import DataError
from tevcurve.files.bintable import BinTable, Columns, Rows


def column_values(
    table: BinTable, name: str, unit: str, where: str, default_unit: str | None = None
) -> np.ndarray:
    """Values of a column as float64 array in a unit.

    Parameters
    ----------
    table : `BinTable`, or what has its `columns` and `data`
    name : the column, in any case
    unit : the wanted unit as str ("" where the column has none)
    where : file and HDU for messages
    default_unit : for a column without one

    Raises DataError where the column or its unit is missing or of another kind.
    """
    found = column_unit(table, name, unit, where, default_unit)
    values = table.data[name]
    if values.dtype.kind not in "iuf":
        raise DataError(
            f"The column {name} of {where} holds {_KINDS.get(values.dtype.kind)}; wanted are numbers."
        )
    factor = _unit_factor(found, unit)
    # Whether numbers are finite is for those to judge who ask for them.
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.asarray(values, dtype=float)
        values = values if factor == 1 else values * factor
    null = table.data.is_null(name) if isinstance(table.data, Rows) else None
    return values if null is None or not np.any(null) else np.where(null, np.nan, values)


_KINDS = {"U": "texts", "b": "flags", "O": "lists of different lengths", "c": "complex numbers"}


def row_values(
    table: BinTable, name: str, unit: str, where: str, default_unit: str | None = None
) -> np.ndarray:
    """`column_values` with one number in each row, float64 array (n,); raises DataError where there are several.

    Parameters
    ----------
    table : `BinTable`, or what has its `columns` and `data`
    name : the column, in any case
    unit : the wanted unit, as text ("" where the column has none)
    where : file and HDU, for messages
    default_unit : unit of a column that names none
    """
    values = column_values(table, name, unit, where, default_unit)
    if values.ndim > 1 and values.shape[1:] == (1,) * (values.ndim - 1):
        return values.reshape(-1)
    if values.ndim != 1:
        raise DataError(
            f"The column {name} of {where} has {values.shape[1:]} values in a row; wanted is one."
        )
    return values


def column_unit(table: BinTable, name: str, unit: str, where: str, default_unit: str | None = None) -> str:
    """Unit string of a column that can be converted to `unit`; raises DataError otherwise.

    Parameters
    ----------
    table : `BinTable`, or what has its `columns` and `data`
    name : the column, in any case
    unit : the wanted unit, as text ("" where the column has none)
    where : file and HDU, for messages
    default_unit : unit of a column that names none
    """
    if isinstance(table.columns, Columns):
        columns = table.columns.called(name)
    else:
        columns = [one for one in table.columns if one.name.upper() == name.upper()]
    if not columns:
        raise DataError(f"{where} has no column {name}; it has {listed(table.columns.names)}.")
    if len(columns) > 1:
        names = " and ".join(one.name for one in columns)
        raise DataError(f"{where} has {len(columns)} columns {name} ({names}); wanted is one.")
    found = _plain_unit(columns[0].unit) or default_unit or ""
    if unit and not found:
        raise DataError(f"The column {name} of {where} has no unit; wanted is one that converts to {unit}.")
    try:
        _unit_factor(found, unit)
    except (u.UnitConversionError, ValueError, TypeError):
        raise DataError(
            f"The column {name} of {where} has the unit {found!r}; wanted is one that converts to {unit or '1'}."
        ) from None
    return found


def has_unit(table: BinTable, name: str) -> bool:
    """Whether a column names a unit; one that says it has none does not.

    Parameters
    ----------
    table : `BinTable`, or what has its `columns`
    name : a column that it has, in any case
    """
    return any(one.name.upper() == name.upper() and _plain_unit(one.unit) for one in table.columns)


# What files write in the place of a unit to say that there is none.
_NO_UNITS = ("dimensionless", "unitless", "none")


def _plain_unit(unit: str | None) -> str:
    """The text of a unit without blanks around it, "" where it says that there is none."""
    text = (unit or "").strip()
    return "" if text.lower() in _NO_UNITS else text


@lru_cache(maxsize=256)
def _unit_factor(found: str, wanted: str) -> float:
    if len(found) > 80:
        raise ValueError("too long for a unit")
    if found.count("/") > 1:
        # What stands behind each slash divides, as in "1/s/MeV/sr"; astropy knows one slash only.
        numerator, *denominators = found.split("/")
        found = f"{numerator.strip() or 1} / ({' '.join(one.strip() for one in denominators)})"
    factor = float(_without_counts(u.Unit(found)).to(u.Unit(wanted)))
    if not np.isfinite(factor) or factor <= 0:
        raise ValueError("a unit beyond numbers")
    return factor


def _without_counts(unit: u.UnitBase) -> u.UnitBase:
    """A unit without photons and counts: a rate of these is one per second, whatever it calls what it counts."""
    if not isinstance(unit, u.UnitBase):
        return unit
    kept = [pair for pair in zip(unit.bases, unit.powers, strict=True) if pair[0] not in (u.ph, u.ct)]
    if len(kept) == len(unit.bases):
        return unit
    bases, powers = zip(*kept, strict=True) if kept else ((), ())
    return u.CompositeUnit(unit.scale, bases, powers)


def in_a_sentence(names: Iterable) -> str:
    """Names as a sentence has them: "HESS", "HESS and MAGIC", "FACT, HESS and MAGIC".

    names: anything that has a text, at least one.
    """
    *first, last = (str(name) for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def listed(names: Iterable, most: int = 20) -> str:
    """Names as words for a message, the first ones where they are many; "none" where there are none.

    Parameters
    ----------
    names : anything that has a text
    most : number of names that are told
    """
    names = [str(name) for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
