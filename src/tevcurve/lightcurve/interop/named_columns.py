"""Light curves in any table whose columns are named: a time, and values with their errors and limits."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.files.masked import table_without_masks, without_masks
from tevcurve.files.unit_words import unit_of_text
from tevcurve.lightcurve.columns import COLUMNS, ENDINGS
from tevcurve.lightcurve.interop.named_times import moments
from tevcurve.lightcurve.interop.read_texts import errors_of, in_order, numbers, of_lines, text_of, truths
from tevcurve.lightcurve.interop.unknown_values import check_known
from tevcurve.lightcurve.magnitudes import check_sizes, check_unit_said, in_magnitudes, is_magnitude
from tevcurve.lightcurve.product import LightCurve

TIMES = ("time", "time_min", "time_max", "time_width")
FLAGS = "is_ul"
# Errors and limits, which have the unit of their value.
_ENDS = (*(end for end in ENDINGS if end), "_ll")
_ERRORS = tuple(end for end in _ENDS if "_err" in end)
_SUFFIXES = {".fits": "fits", ".fits.gz": "fits", ".fit": "fits", ".ecsv": "ascii.ecsv", ".vot": "votable"}
_SUFFIXES |= {".xml": "votable", ".mrt": "ascii.mrt"}


def from_table(
    table: Table,
    columns: Mapping[str, str],
    units: Mapping[str, Any] | None = None,
    time_format: str = "mjd",
    time_scale: str | None = None,
    time_origin: Any = None,
    meta: Mapping[str, Any] | None = None,
) -> LightCurve:
    """The `LightCurve` in a table of anyone, of which columns are named.

    Parameters
    ----------
    table : astropy Table
    columns : dict of a light curve's name to the table's
        "time", of a moment or with "time_width" the middle of a bin; or "time_min" and "time_max". At least one value:
        "flux", "eflux" and the like, or any other name, such as "rate" or "mag", and with it "flux_err", or
        "flux_errn" and "flux_errp", down and up with any sign, "flux_ul", "flux_ll". "e_min" and "e_max", edges of the
        band; "ts", and whatever else is to be kept. "is_ul": True, 1, "UL" or "<" where the value is an upper limit. A
        cell of a value such as "<1.2e-11" is a limit, too; of magnitudes it is one below which the source is fainter.
    units : dict of a light curve's name to a unit, where the table does not say it
        Errors and limits have that of their value.
    time_format : str
        "mjd", "jd", "isot", "decimalyear" or another one of `Time`.
    time_scale : str
        "utc", "tt", "tdb" ...; default: what the table says as TIMESYS, or its column of `Time`.
    time_origin : `Time`, text such as "2013-04-27T07:47:57" (UTC), or an MJD in TT
        Times are since then, in the unit of their column; `time_format` is not needed.
    meta : dict of further metadata, such as {"instrument": "V"}

    Raises `InputError` for a column that is not there, for times or units that are not said, and for numbers without an
    error that stand for nothing beside those with one, such as -99.
    """
    table = table_without_masks(table)
    _check(table, columns, units or {})
    columns = dict(columns)
    start, stop = _times(table, columns, units or {}, (time_format, time_scale, time_origin))
    flags = columns.pop(FLAGS, None)
    values: dict[str, Any] = {}
    for name in columns:
        if name not in TIMES:
            values |= _column(table, name, columns, units or {})
    if flags is not None:
        _flagged(values, table[flags], list(columns))
    _check_known(values, columns)
    said = {key: value for key, value in (meta or {}).items() if key != "TIMESYS"}
    return LightCurve(in_order(start, stop, values, said))


def read_any_table(data: bytes, path: Path) -> Table:
    """The astropy table in a file of any format that its suffix, or else its text, is of.

    Parameters
    ----------
    data : bytes of the file
    path : of the file

    Raises `DataError` where it cannot be read.
    """
    name = path.name.lower()
    form = next((form for suffix, form in _SUFFIXES.items() if name.endswith(suffix)), None)
    try:
        if form in ("fits", "votable"):
            return Table.read(io.BytesIO(data), format=form)
        lines = text_of(data).splitlines()
        if not any(map(str.strip, lines)):
            raise DataError("there is no line in it")
        # Texts stay texts where a column has limits among its numbers.
        return of_lines(lines) if form is None else Table.read(lines, format=form)
    except Exception as error:
        words = " ".join(str(error).split()).rstrip(".")[:200]
        words = "its text is not in UTF-8" if isinstance(error, UnicodeDecodeError) else words
        raise DataError(f"{path} cannot be read as a table: {words}.") from error


def _check(table: Table, columns: Mapping[str, str], units: Mapping[str, Any]) -> None:
    """Raises `InputError` for columns that are not there, and names that lead nowhere."""
    for ours, theirs in columns.items():
        if theirs not in table.colnames:
            raise InputError(
                f"The table has no column {theirs!r} for {ours}; it has {', '.join(map(str, table.colnames))}."
            )
    for ours in units:
        if ours not in columns:
            raise InputError(
                f"There is a unit for {ours}, which is not among the columns {', '.join(columns)}."
            )
    if "time" not in columns and not {"time_min", "time_max"} <= set(columns):
        raise InputError(f"The columns are {', '.join(columns)}; wanted is time, or time_min and time_max.")
    if not [name for name in columns if name not in (*TIMES, FLAGS)]:
        raise InputError(f"The columns are {', '.join(columns)}; wanted is a value, such as flux, too.")
    for name in columns:
        base = _value_of(name)
        if base != name and base not in columns:
            raise InputError(f"The columns have {name} and no {base}, whose error or limit it is.")


def _value_of(name: str) -> str:
    """The value whose error or limit a column is, or its own name."""
    ends = () if name == FLAGS else sorted(_ENDS, key=len, reverse=True)
    return name.removesuffix(next((end for end in ends if name.endswith(end)), ""))


def _times(
    table: Table, columns: Mapping[str, str], units: Mapping[str, Any], told: tuple[str, str | None, Any]
) -> tuple[Time, Time]:
    """Starts and stops of the rows, (n,)."""

    def times(name: str) -> Time:
        return moments(table, columns[name], units.get(name), told)

    if "time" not in columns:
        return times("time_min"), times("time_max")
    middle = times("time")
    if "time_width" not in columns:
        return middle, middle
    unit = _unit(table, columns, "time_width", units)
    if unit is None:
        raise InputError(
            f'The column {columns["time_width"]} has no unit; wanted is one, as units={{"time_width": "d"}}, on the '
            "command line time_width_unit=d."
        )
    half = np.asarray(table[columns["time_width"]], dtype=float) * unit / 2
    if not np.all(half >= 0):
        raise InputError(
            f"The column {columns['time_width']} has a row without a width above 0; wanted is each bin's whole width."
        )
    return middle - half, middle + half


def _unit(table: Table, columns: Mapping[str, str], name: str, units: Mapping[str, Any]) -> Any:
    """The unit of a column: what is told of it, its own, or that of its value; None where nothing says it."""
    base = _value_of(name)
    for known in (units.get(name), table[columns[name]].unit, units.get(base)):
        if known is not None:
            return _parsed(known, name)
    return _unit(table, columns, base, units) if base != name else None


def _parsed(unit: Any, name: str) -> u.UnitBase:
    try:
        parsed = unit_of_text(unit) if isinstance(unit, str) else u.Unit(unit)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The unit of {name} is {unit!r}; wanted is one that astropy knows, such as cm-2 s-1."
        ) from error
    # A flux of photons is a number of these, whatever some write.
    if u.ph in getattr(parsed, "bases", ()) and name in COLUMNS.things():
        parsed = (parsed / u.ph ** parsed.powers[parsed.bases.index(u.ph)]).decompose(bases=parsed.bases)
    return in_magnitudes(parsed, name)


def _column(
    table: Table, name: str, columns: Mapping[str, str], units: Mapping[str, Any]
) -> dict[str, np.ndarray | u.Quantity]:
    """{name: values} of a column, and of the limits that are among its values."""
    column, unit = table[columns[name]], _unit(table, columns, name, units)
    check_unit_said((name, columns[name]), unit)
    declared = COLUMNS.things()
    number = (
        declared[name].form is not None if name in declared else unit is not None or _is_value(name, columns)
    )
    if column.dtype.kind in "USO" and not number:
        return {name: np.asarray(column).astype(str)}
    try:
        found = _numbers(column, columns[name])
    except DataError as error:
        raise InputError(f"In the table, {error}.") from error
    if name in declared and declared[name].unit and unit is None:
        raise InputError(
            f'The column {columns[name]} has no unit; wanted is one, as units={{"{name}": "{declared[name].unit}"}}, '
            f"on the command line {name}_unit=."
        )
    if name in declared and unit is not None and not unit.is_equivalent(declared[name].unit or ""):
        raise InputError(
            f"The column {columns[name]} is in {unit}, and {name} is what is in "
            f"{declared[name].unit or 'no unit'}; wanted is another name for it, such as eflux, flux_density or rate."
        )
    value, upper, lower = found
    if name.endswith(_ERRORS):
        value = errors_of(value, columns[name], any_sign=not name.endswith("_err"))
    if is_magnitude(unit):
        scale, unit = unit.to(u.mag), u.mag
        value, upper, lower = scale * value, scale * upper, scale * lower
        check_sizes(value, columns[name])
        upper, lower = np.full(len(value), np.nan), np.where(np.isnan(upper), lower, upper)
    made = {name: value, f"{name}_ul": upper, f"{name}_ll": lower}
    made = {key: each for key, each in made.items() if key == name or np.isfinite(each).any()}
    return {key: each if unit is None else each * unit for key, each in made.items()}


def _check_known(values: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    """Raises `InputError` for values that stand for nothing, where a column has errors."""
    for name, column in values.items():
        errors = [values[f"{name}{end}"] for end in _ERRORS if f"{name}{end}" in values]
        if errors:
            has_error = np.any([np.isfinite(np.asarray(each)) for each in errors], axis=0)
            is_signed = getattr(column, "unit", None) == u.mag
            check_known(np.asarray(column), has_error, columns[name], is_signed)


def _is_value(name: str, columns: Mapping[str, str]) -> bool:
    return any(_value_of(other) == name and other != name for other in columns)


def _numbers(column: Any, what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, upper and lower limits of a column of numbers or texts."""
    if column.dtype.kind in "USO":
        return numbers([str(cell).strip() for cell in column.tolist()], what)
    values = np.asarray(without_masks(column), dtype=float)
    nothing = np.full(len(values), np.nan)
    return values, nothing, nothing


def _flagged(values: dict[str, Any], flags: Any, names: list[str]) -> None:
    """Make limits, in place, of the values in rows that are flagged."""
    truth = truths([str(flag) for flag in flags.tolist()], "is_ul")
    value = next(
        name for name in names if name in values and _value_of(name) == name and name not in ("e_min",)
    )
    limit = f"{value}_ll" if getattr(values[value], "unit", None) == u.mag else f"{value}_ul"
    measured = values[value]
    before = values.get(limit, measured * np.nan)
    values[limit] = np.where(truth, measured, before)
    for name in [value, *(name for name in names if _value_of(name) == value and name != limit)]:
        values[name] = np.where(truth, np.nan, values[name])
