"""The one place that reads a GADF response HDU: named axes and one array of values.

Format: https://gamma-astro-data-formats.readthedocs.io/en/latest/irfs/ (one-row binary tables, each axis as a
pair of columns `<NAME>_LO`, `<NAME>_HI`).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np

from tevcurve.errors import DataError
from tevcurve.files import FitsFile, column_values, expand_path, number_of
from tevcurve.files.bintable import BinTable, Columns
from tevcurve.files.columns import has_unit
from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.layout import Layout, ValueColumn, names_of
from tevcurve.irf.undefined import without_undefined
from tevcurve.problems import remark

# Extrapolated responses undershoot 0 by up to 2 % of their maximum in public data; more than this is another mistake.
LARGEST_UNDERSHOOT = 0.1
# Beyond these an axis is a mistake: the whole sky, and energies that nothing has. The values of a migra are ratios.
_FARTHEST = {"rad": 2 * np.pi, "TeV": 1e9, "": 1e9}
_LARGEST_VALUE = 1e60


@dataclass(frozen=True, eq=False)
class ResponseTable:
    """What a response HDU holds: axes, columns of values in their order, and the header.

    Attributes
    ----------
    axes : tuple of `ResponseAxis`
    columns : dict of the name of each column and its values, float array with these axes
    header : dict
    where : str, names the HDU in messages
    n_negative : int, values a little below 0 (where a response was extrapolated) that were read as 0
    """

    axes: tuple[ResponseAxis, ...]
    columns: dict[str, np.ndarray]
    header: dict
    where: str
    n_negative: int = 0

    @property
    def values(self) -> np.ndarray:
        """The values of the first column, which for most kinds of responses is the only one."""
        return next(iter(self.columns.values()))

    def __repr__(self) -> str:
        axes = (f"{a.name} {a.nbin} bins {a.low[0]:.4g} to {a.high[-1]:.4g} {a.unit}" for a in self.axes)
        return f"<{self.where}: {', '.join(map(str.rstrip, axes))}>"

    def around(self, index: int, value: float) -> "ResponseTable":
        """The table with only those nodes of one axis (by its index) between which a value is interpolated.

        Parameters
        ----------
        index : number of the axis
        value : on that axis, in its unit
        """
        axis = self.axes[index]
        place = axis.locate(value)
        kept = slice(int(place.lower), int(place.upper) + 1)
        axes = list(self.axes)
        axes[index] = replace(axis, low=axis.low[kept].copy(), high=axis.high[kept].copy())
        own = (slice(None),) * index + (kept,)
        columns = {name: values[own].copy() for name, values in self.columns.items()}
        return replace(self, axes=tuple(axes), columns=columns)

    @property
    def radius_of_cut(self) -> float | None:
        """RAD_MAX of the header in deg, float: the radius of the cut in angle; None where it has none above 0."""
        radius = number_of(self.header.get("RAD_MAX"))
        return radius if radius is not None and radius > 0 else None

    @property
    def directional_cut(self) -> str:
        """What the header says of a cut in angle that events have passed (GADF, point-like IRFs), in words; or ""."""
        region = str(self.header.get("HDUCLAS3") or "").strip().upper()
        radius = self.radius_of_cut
        if region.startswith("POINT"):
            return f"HDUCLAS3 {region}" + ("" if radius is None else f", RAD_MAX {radius}")
        return "" if radius is None else f"RAD_MAX {radius}"


def _read_column(hdu: BinTable, column: ValueColumn, where: str) -> np.ndarray:
    """The first row of a column, by any of its names, as float64 in the unit inside."""
    name = _name_in(hdu, column.name)
    values = column_values(hdu, name, column.unit, where, default_unit=column.usual_unit)
    if column.usual_unit and column.is_used and not has_unit(hdu, name):
        remark(f"The column {name} of {where} has no unit; {column.usual_unit} is taken.")
    return np.atleast_1d(values[0])


def _name_in(hdu: BinTable, name: str, end: str = "") -> str:
    """What a table calls a column, with its end; the usual name where it has none of them."""
    columns = hdu.columns
    known = columns if isinstance(columns, Columns) else {each.upper() for each in columns.names}
    return next((f"{one}{end}" for one in names_of(name) if f"{one}{end}" in known), f"{name}{end}")


def _read_axis(hdu: BinTable, name: str, unit: str, logarithmic: bool, where: str) -> ResponseAxis:
    """One axis from its LO and HI columns, checked."""
    low, high = (
        np.atleast_1d(column_values(hdu, _name_in(hdu, name, end), unit, where)[0]).ravel()
        for end in ("_LO", "_HI")
    )
    try:
        return _axis(name, unit, logarithmic, low.tobytes(), high.tobytes())
    except ValueError as error:
        raise DataError(f"{where}: {error}.") from None


# The runs of an instrument have responses with the same axes, and what is known of these once.
@lru_cache(maxsize=256)
def _axis(name: str, unit: str, logarithmic: bool, low_bytes: bytes, high_bytes: bytes) -> ResponseAxis:
    """An axis of the bytes of its edges, float64; raises `ValueError`, in words, where it is none."""
    low, high = np.frombuffer(low_bytes), np.frombuffer(high_bytes)
    if low.size == 0 or low.shape != high.shape:
        raise ValueError(
            f"{name}_LO has {low.size} values and {name}_HI has {high.size}; the same number is wanted"
        )
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(f"the axis {name} holds values that are not finite; numbers are wanted")
    if logarithmic and low[0] <= 0:
        raise ValueError(f"the axis {name} starts at {low[0]:g} {unit}; a start above 0 is wanted")
    if (high < low).any() or (low[1:] <= low[:-1]).any() or (high[1:] <= high[:-1]).any():
        raise ValueError(f"the bins of the axis {name} do not increase; growing edges are wanted")
    if max(abs(low[0]), abs(high[-1])) > _FARTHEST.get(unit, np.inf):
        raise ValueError(
            f"the axis {name} goes from {low[0]:g} to {high[-1]:g} {unit}; at most {_FARTHEST[unit]:g} is wanted"
        )
    return ResponseAxis(name, low, high, unit, logarithmic)


def _order_values(
    values: np.ndarray,
    axes: Sequence[ResponseAxis],
    orders: tuple[tuple[str, ...], ...],
    column: str,
    where: str,
) -> np.ndarray:
    """Values with their axes in the order of `axes`, read with the first of the orders whose shape fits."""
    size = {axis.name: axis.nbin for axis in axes}
    for order in orders:
        if values.shape == tuple(size[name] for name in order):
            return values.transpose([order.index(axis.name) for axis in axes])
    wanted = " or ".join(f"{tuple(size[n] for n in order)} ({', '.join(order)})" for order in orders)
    raise DataError(f"{where}: {column} has the shape {values.shape}; {wanted} is wanted.")


@dataclass(frozen=True, eq=False)
class Response:
    """What all responses are: a table with the axis of energy first, read from an HDU.

    Attributes
    ----------
    table : what it was read from
    layout : how this kind of response lies in its HDU
    """

    table: ResponseTable

    layout: ClassVar[Layout]

    @classmethod
    def from_hdu(
        cls,
        hdu: BinTable,
        where: str | None = None,
        safe_tev: Callable[[], tuple[float | None, float | None]] | None = None,
    ) -> Self:
        """The response of a table HDU; raises DataError, naming `where`, if it cannot be used.

        Parameters
        ----------
        hdu : `tevcurve.files.bintable.BinTable`, or what has its `columns`, `data` and `header`
        where : names the file and the HDU in messages; default: the usual name of the HDU
        safe_tev : function to the safe energies of its run, as in `without_undefined`
        """
        where = where or cls.layout.hdu
        return cls._of_table(read_response(hdu, where, cls.layout, safe_tev, cls._prepared))

    @classmethod
    def read(cls, path: str | os.PathLike[str], hdu: str | None = None) -> Self:
        """The response of one HDU of a FITS file, by its name (in any case; default: the usual one).

        Parameters
        ----------
        path : of the file
        hdu : name, in any case; default: the usual one
        """
        name = cls.layout.hdu if hdu is None else hdu
        path = expand_path(path)
        return cls.from_hdu(FitsFile.open(path).table(name), f"{path.name}[{name}]")

    @classmethod
    def _prepared(cls, columns: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
        """Columns as they are read, before what is undefined in them is looked for, in the sense of this kind."""
        return columns

    @classmethod
    def _of_table(cls, table: ResponseTable) -> Self:
        """The response of a `ResponseTable`, checked for what only this kind of response asks for."""
        return cls(table)

    def file_table(self) -> ResponseTable:
        """The `ResponseTable` as files have it."""
        return self.table

    @property
    def energy_axis(self) -> ResponseAxis:
        """The axis of energy, TeV."""
        return self.table.axes[0]

    @property
    def offset_axis(self) -> ResponseAxis:
        """The axis of offset from the pointing, radian, of a response that has one."""
        return self.table.axes[1]


def read_response(
    hdu: BinTable,
    where: str,
    layout: Layout,
    safe_tev: Callable[[], tuple[float | None, float | None]] | None = None,
    prepared: Callable[[dict[str, np.ndarray], str], dict[str, np.ndarray]] | None = None,
) -> ResponseTable:
    """ResponseTable of a one-row response HDU.

    Parameters
    ----------
    hdu : `BinTable`, or what has its `columns`, `data` and `header`
    where : names the file and the HDU in errors
    layout : what is wanted of it
    safe_tev : see `Response.from_hdu`
    prepared : function of the columns and of `where` to the columns in which undefined values are looked for

    Raises DataError where a column or a unit is missing, a shape does not fit, an axis does not increase, values are
    negative, or NaN among others (`tevcurve.irf.undefined`).
    """
    if not hasattr(hdu, "columns"):
        raise DataError(f"{where}: this is a {type(hdu).__name__}; a binary table is wanted.")
    if hdu.data is None or len(hdu.data) != 1:
        rows = 0 if hdu.data is None else len(hdu.data)
        raise DataError(f"{where}: the response table has {rows} rows; one is wanted.")
    axes = tuple(_read_axis(hdu, name, unit, log, where) for name, unit, log in layout.axes)
    columns, size = {}, tuple(axis.nbin for axis in axes)
    for each in layout.columns:
        if not each.is_used and each.name not in hdu.columns.names:
            columns[each.name] = np.ones(size)
        else:
            read = _read_column(hdu, each, where)
            columns[each.name] = _order_values(read, axes, layout.orders, each.name, where)
    columns = columns if prepared is None else prepared(columns, where)
    axes, columns = without_undefined(axes, columns, hdu.header, where, safe_tev)
    n_negative = 0
    for each in layout.columns:
        values, below = columns[each.name], 0
        if not each.signed:
            values, below = _without_undershoot(values, each.name, where)
        values.setflags(write=False)
        columns[each.name], n_negative = values, n_negative + below
    return ResponseTable(axes, columns, dict(hdu.header), where, n_negative)


def check_not_empty(table: ResponseTable, column: str) -> None:
    """None where a response has values above 0; raises DataError otherwise.

    Parameters
    ----------
    table : as it was read
    column : name of its values, for the message
    """
    if not table.values.max(initial=0.0) > 0:
        raise DataError(f"{table.where}: {column} is zero everywhere; values above 0 are wanted.")


def _without_undershoot(values: np.ndarray, column: str, where: str) -> tuple[np.ndarray, int]:
    """Values with small negative ones at 0, and how many these were."""
    lowest, highest = values.min(), values.max()
    if max(highest, -lowest) > _LARGEST_VALUE:
        raise DataError(f"{where}: {column} holds values up to {max(highest, -lowest):g}, which nothing has.")
    if lowest >= 0:
        return values, 0
    if lowest < -LARGEST_UNDERSHOOT * highest:
        raise DataError(
            f"{where}: {column} holds values from {lowest:g} to {highest:g}; values >= 0 are wanted."
        )
    return np.maximum(values, 0.0), int(np.sum(values < 0))
