"""Which columns a table in a paper has, and the power of ten that numbers of one kind share there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import Table
from astropy.units import Unit, UnitBase, cm

from tevcurve.lightcurve.interval_words import INTERVAL, is_of_rows
from tevcurve.lightcurve.papers.rounded import decimals, decimals_of_shown, number_text, values_in
from tevcurve.lightcurve.papers.shown import EXACT, MADE, Shown, check_names, made_column, with_utc
from tevcurve.lightcurve.plots.rows import bands_of
from tevcurve.rounding import fixed, power_of, to_place

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

# What a table has unless columns are named, as far as the light curve has them.
WHO, BAND = ("instrument", "instruments"), ("e_min", "e_max")
TIMES = ("phase_min", "phase_max", "time_min", "time_max")


class Value(NamedTuple):
    """The texts of a value of each row, all in one power of ten.

    Attributes
    ----------
    name : str, of its column
    unit : unit with its power of ten, or None
    texts : {ending: list of str (n,)} of the value (""), its errors and limits; "" where one is not known
    """

    name: str
    unit: UnitBase | None
    texts: dict[str, list[str]]


def names_of(light_curve: "LightCurve", shown: Shown) -> list[str]:
    """Names of the columns of a table in a paper, those that are asked for or the usual ones.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for

    Raises `InputError` for one that is not there.
    """
    table = light_curve.table
    if shown.columns is not None:
        names = list(dict.fromkeys(shown.columns))
    else:
        band = BAND if len(bands_of(table)) > 1 else ()
        value = next(iter(_values_first(table)), None)
        # Of one instrument its name would be in every row.
        who = WHO if len(light_curve.instruments) > 1 else ()
        wanted = (*who, *TIMES, *band, "livetime", *((value,) if value else ()), "sqrt_ts")
        wanted += (INTERVAL,) if is_of_rows(light_curve.meta) else ()
        names = [name for name in wanted if name in table.colnames]
    check_names(table, names)
    return with_utc(names) if shown.utc else names


def _values_first(table: Table) -> list[str]:
    """Values of a table, the flux first."""
    known = list(values_in(table))
    return sorted(known, key=lambda name: name != "flux")


def merged(table: Table, names: Sequence[str]) -> list[str]:
    """Of some columns those that stand for a value with its errors and limits: which are not named themselves.

    Parameters
    ----------
    table : of a light curve
    names : of the columns
    """
    groups = values_in(table)
    return [name for name in names if name in groups and not set(groups[name][1:]) & set(names)]


def value_of(table: Table, name: str, shown: Shown) -> Value:
    """The texts of a value with its errors and limits.

    Parameters
    ----------
    table : of a light curve
    name : of the value's column
    shown : with the digits: those of papers, unless it says "exact"
    """
    columns = values_in(table).get(name, [name])
    value = np.asarray(table[name], dtype=float)
    limits = [
        np.asarray(table[column], dtype=float) for column in columns if column.endswith(("_ul", "_ul_tot"))
    ]
    errors = {column: np.asarray(table[column], dtype=float) for column in columns if _is_error(name, column)}
    sizes = np.where(np.isfinite(value) & (value != 0), value, np.nan)
    for others in (*limits, *errors.values()):
        sizes = np.where(np.isfinite(sizes), sizes, np.where(others != 0, others, np.nan))
    power = power_of(sizes)
    places = decimals(table)[name] + power if shown.digits != EXACT else None
    # Where all errors are 0 none is known; one alone is the way to a bound.
    is_known = np.any([error > 0 for error in errors.values()], axis=0) if errors else None
    texts = {}
    for column in columns:
        values = np.asarray(table[column], dtype=float)
        if column in errors:
            ends = column.endswith(("_errn", "_errp"))
            values = np.where(is_known if ends else values > 0, values, np.nan)
        texts[column.removeprefix(name)] = _texts(values, power, places)
    unit = table[name].unit
    unit = Unit(10.0**power * (unit or 1)) if power else unit
    return Value(name, unit, texts)


def _is_error(name: str, column: str) -> bool:
    """Whether a column has statistical errors of a value."""
    return column.removeprefix(name) in ("_err", "_errn", "_errp")


def _texts(values: np.ndarray, power: int, places: np.ndarray | None) -> list[str]:
    # Without the last digits, which the division leaves.
    scaled = [float(f"{value / 10.0**power:.15g}") for value in values.tolist()]
    if places is None:
        return [repr(value) if np.isfinite(value) else "" for value in scaled]
    return [
        fixed(to_place(value, place), max(place, 0)) if np.isfinite(value) else ""
        for value, place in zip(scaled, places.tolist(), strict=True)
    ]


def plain_texts(table: Table, name: str, shown: Shown) -> list[str]:
    """Texts of a column that stands for itself; "" where something is not known.

    Parameters
    ----------
    table : of a light curve
    name : of the column, or one of `MADE`
    shown : with the digits
    """
    column = made_column(table, name) if name in MADE else table[name]
    if column.ndim > 1:
        return [" ".join(f"{value:.6g}" for value in np.ravel(row).tolist()) for row in column]
    if column.dtype.kind != "f":
        return [str(value) for value in column.tolist()]
    if shown.digits == EXACT:
        return ["" if np.isnan(value) else repr(float(value)) for value in column.tolist()]
    places = decimals_of_shown(table, Table([column]))[name]
    return [number_text(value, place) for value, place in zip(column.tolist(), places.tolist(), strict=True)]


def is_flux(table: Table, name: str) -> bool:
    """Whether numbers of a column share a power of ten: whether they are per area, and one in each row.

    Parameters
    ----------
    table : of a light curve
    name : of the column, or one of `MADE`
    """
    if name not in table.colnames or table[name].dtype.kind != "f" or table[name].ndim != 1:
        return False
    return cm in getattr(table[name].unit, "bases", ())


def power_and_rest(unit: UnitBase) -> tuple[int, UnitBase]:
    """(power of ten, unit without it) of a unit. unit: any."""
    power = round(float(np.log10(unit.scale)))
    return power, Unit(unit / 10.0**power)


def unit_of(table: Table, name: str) -> UnitBase | None:
    """The unit of a column, or None.

    Parameters
    ----------
    table : of a light curve
    name : of the column, or one of `MADE`
    """
    if name in MADE:
        return Unit("d") if name == "time" else None
    return table[name].unit
