"""What of a light curve's table is drawn: values with errors, limits, bands."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from astropy import units as u

from tevcurve.lightcurve.columns import TITLES
from tevcurve.lightcurve.faint import is_faint
from tevcurve.lightcurve.interval_words import limits_by
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.selection import rows_of_instruments

if TYPE_CHECKING:
    from astropy.table import Table

# Rows whose value is the reference's, not a measured one: of what is no flux.
NOT_MEASURED = ("shape_fixed",)


def floats_of(table: "Table", name: str | None, unit: u.UnitBase | None = None) -> np.ndarray:
    """A column of numbers, float64 (n,), NaN where it is unknown or not there.

    Parameters
    ----------
    table : of a light curve
    name : of the column
    unit : in which they come back; default: that of the column
    """
    if name not in table.colnames:
        return np.full(len(table), np.nan)
    array = np.ma.filled(np.ma.asarray(table[name], dtype=np.float64), np.nan)
    return array if unit is None else array * (table[name].unit or u.dimensionless_unscaled).to(unit)


def errors_of(
    table: "Table", quantity: str | None, end: str = "", unit: u.UnitBase | None = None
) -> np.ndarray:
    """Errors down and up of each row, float64 (2, n): asymmetric where the table has both, else symmetric.

    Parameters
    ----------
    table : of a light curve
    quantity : name of the column of values
    end : "_tot" for those with systematic errors
    unit : as for `floats_of`
    """
    sides = np.array([floats_of(table, f"{quantity}_err{side}{end}", unit) for side in "np"])
    both = floats_of(table, f"{quantity}_err{end}", unit)
    return np.where(np.isfinite(sides).all(axis=0), sides, both)


def values_of(table: "Table", quantity: str, unit: u.UnitBase) -> dict[str, np.ndarray]:
    """`value`, `errors` (2, n), `upper` and `lower` limit of each row, float64 in a unit, NaN where unknown.

    Errors are as of `errors_of`, `total` (2, n) those with systematic errors; the upper limit is that with systematic
    errors where there is one, and `is_total` (n,) says so.

    Parameters
    ----------
    table : of a light curve
    quantity : name of the column of values
    unit : in which they come back
    """

    def column(end: str) -> np.ndarray:
        return floats_of(table, f"{quantity}{end}", unit)

    value, limit = column(""), column("_ul_tot")
    if quantity not in TITLES and "status" in table.colnames:
        value = np.where(np.isin(table["status"], NOT_MEASURED), np.nan, value)
    return {
        "value": value,
        "errors": errors_of(table, quantity, unit=unit),
        "total": errors_of(table, quantity, "_tot", unit),
        "upper": np.where(np.isfinite(limit), limit, column("_ul")),
        "is_total": np.isfinite(limit),
        "lower": column("_ll"),
    }


def limits_of(
    table: "Table", values: dict[str, np.ndarray], ts_threshold: float | None, positive: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The rows (n,) that are drawn as an upper limit, and those that are drawn as a lower limit.

    Parameters
    ----------
    table : of a light curve
    values : as `values_of` gives them
    ts_threshold : rows with a smaller test statistic are limits; None for no limits
    positive : whether rows that are not above zero are limits nevertheless
    """
    value, upper, lower = values["value"], values["upper"], values["lower"]
    none = np.zeros(len(table), dtype=bool)
    if ts_threshold is None:
        return positive & (value <= 0) & np.isfinite(upper), none
    is_upper = is_faint(value, floats_of(table, "ts"), ts_threshold) & np.isfinite(upper)
    is_lower = ~np.isfinite(value) & (lower > 0)
    # a ratio with an error above it that is larger than itself is known on one side, the nearer one
    with np.errstate(divide="ignore", invalid="ignore"):
        one_sided = (values["errors"][1] > value) & np.isfinite(lower) & ~is_upper
        nearer_below = value / lower <= upper / value
    is_lower |= one_sided & nearer_below & (lower > 0)
    return is_upper | (one_sided & ~nearer_below & np.isfinite(upper)), is_lower & ~is_upper


def without_place(values: dict[str, np.ndarray], limits: tuple[np.ndarray, np.ndarray]) -> int:
    """The number of rows that have no place on a logarithmic axis.

    Parameters
    ----------
    values : as `values_of` gives them
    limits : as `limits_of` gives them
    """
    is_upper, is_lower = limits
    height = np.where(is_upper, values["upper"], np.where(is_lower, values["lower"], values["value"]))
    return int(np.sum(height <= 0))


def limit_words(meta: Mapping[str, Any]) -> tuple[str, str]:
    """What the upper and the lower limits of a light curve are in a legend: with their confidence level, if known.

    meta: of its table.
    """
    level = meta.get("upper_limit")
    words = "" if level is None else f"{100 * float(level):.4g}\u00a0% "
    return f"{words}upper limits{limits_by(meta)}", f"{words}lower limits"


Band: TypeAlias = tuple[float, float] | None


def series_of(table: "Table") -> dict[tuple[str, Band], np.ndarray]:
    """The rows that are drawn as one series, a dict by instrument and energy band.

    table: of a light curve.
    """
    bands = bands_of(table).items()
    found = {
        (name, band): np.intersect1d(rows, own)
        for name, own in rows_of_instruments(table).items()
        for band, rows in bands
    }
    return {key: rows for key, rows in found.items() if len(rows) or len(found) == 1}


def drawn_alike(table: "Table") -> dict[tuple[str, Band], np.ndarray]:
    """The rows that have a mark of their own in a figure, a dict by instrument and energy band.

    Rows of one series may be of several instruments together: then those of the same ones, by their names.

    table: of a light curve.
    """
    if INSTRUMENTS not in table.colnames:
        return series_of(table)
    names = np.asarray(table[INSTRUMENTS]).astype(str)
    found = {
        (name, band): rows[names[rows] == name]
        for name in np.unique(names).tolist()
        for (_, band), rows in series_of(table).items()
    }
    return {key: rows for key, rows in found.items() if len(rows)} or series_of(table)


def bands_of(table: "Table") -> dict[Band, np.ndarray]:
    """The rows of each energy band, a dict by its edges in TeV; by None where the table has no bands.

    table: of a light curve.
    """
    if not {"e_min", "e_max"} <= set(table.colnames):
        return {None: np.arange(len(table))}
    edges = list(zip(table["e_min"].tolist(), table["e_max"].tolist(), strict=True))
    return {band: np.flatnonzero([pair == band for pair in edges]) for band in sorted(set(edges))}
