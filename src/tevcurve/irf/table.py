"""The one place that reads a GADF response HDU: named axes and one array of values.

Format: https://gamma-astro-data-formats.readthedocs.io/en/latest/irfs/ (one-row binary tables, each axis as a
pair of columns `<NAME>_LO`, `<NAME>_HI`).
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits

from tevcurve.errors import DataError
from tevcurve.kernels.interpolation import locate
from tevcurve.records import short_repr

# Extrapolated responses undershoot 0 by up to 2 % of their maximum in public data; more than this is another mistake.
LARGEST_UNDERSHOOT = 0.1
# float32 edges such as 0.1 TeV are not the float64 number that a caller writes.
EDGE_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class ResponseAxis:
    """An axis of a response: low and high edges (n,) in `unit`, and where its values stand (`nodes`)."""

    name: str
    low: np.ndarray
    high: np.ndarray
    unit: str
    logarithmic: bool = False

    __repr__ = short_repr

    def __post_init__(self):
        for array in (self.low, self.high, self.nodes):
            array.setflags(write=False)

    @property
    def nbin(self):
        """The number of bins."""
        return len(self.low)

    @property
    def edges(self):
        """The edges (n + 1,) in `unit`, for axes whose bins touch."""
        return np.append(self.low, self.high[-1])

    @cached_property
    def nodes(self):
        """The bin centres (n,) in `unit`: sqrt(low * high) of a logarithmic axis, else (low + high) / 2."""
        return np.sqrt(self.low * self.high) if self.logarithmic else 0.5 * (self.low + self.high)

    @cached_property
    def scaled_nodes(self):
        """The nodes as the interpolation sees them: their logarithm on a logarithmic axis."""
        return np.log(self.nodes) if self.logarithmic else self.nodes

    def locate(self, values):
        """Places of values (in `unit`) between the bin centres; `inside` between the axis' outer edges."""
        low, high = self.low[0], self.high[-1]
        values = np.asarray(values, dtype=float)
        inside = (values >= low - EDGE_TOLERANCE * abs(low)) & (values <= high + EDGE_TOLERANCE * abs(high))
        if self.logarithmic:
            values = np.log(np.maximum(values, np.finfo(float).tiny))
        return replace(locate(self.scaled_nodes, values), inside=inside)


@dataclass(frozen=True, eq=False)
class ResponseTable:
    """What a response HDU holds: axes, values in their order, and the header.

    `n_negative` counts the values a little below 0 (where a response was extrapolated) that were read as 0.
    """

    axes: tuple
    values: np.ndarray
    header: dict
    where: str
    n_negative: int = 0

    def __repr__(self):
        axes = (f"{a.name} {a.nbin} bins {a.low[0]:.4g} to {a.high[-1]:.4g} {a.unit}" for a in self.axes)
        return f"<{self.where}: {', '.join(map(str.rstrip, axes))}>"

    def around(self, index, value):
        """The table with only those nodes of one axis (by its index) between which a value is interpolated."""
        axis = self.axes[index]
        place = axis.locate(value)
        kept = slice(int(place.lower), int(place.upper) + 1)
        axes = list(self.axes)
        axes[index] = replace(axis, low=axis.low[kept].copy(), high=axis.high[kept].copy())
        values = self.values[(slice(None),) * index + (kept,)].copy()
        return replace(self, axes=tuple(axes), values=values)

    def number(self, key):
        """Float of a header key, None where the header has none."""
        value = self.header.get(key)
        if value is None or isinstance(value, str):
            return None
        return float(value)


@lru_cache(maxsize=128)
def _unit_factor(text, wanted):
    return u.Unit(text).to(u.Unit(wanted))


def _factor(column, wanted, where):
    """The number that turns a column's values into the wanted unit."""
    text = (column.unit or "").strip()
    if not text and wanted:
        raise DataError(
            f"{where}: column {column.name} has no unit; one that converts to {wanted} is wanted."
        )
    try:
        return _unit_factor(text, wanted)
    except (ValueError, TypeError):  # UnitConversionError is a TypeError
        raise DataError(
            f"{where}: column {column.name} has unit {text!r}; one that converts to {wanted or 'no unit'} is wanted."
        ) from None


def _read_column(hdu, name, wanted, where):
    """The first row of a column as float64 in the wanted unit."""
    if name not in hdu.columns.names:
        raise DataError(f"{where}: column {name} is missing; the table has {', '.join(hdu.columns.names)}.")
    try:
        values = np.atleast_1d(np.asarray(hdu.data[name][0], dtype=float))
    except (TypeError, ValueError):
        raise DataError(f"{where}: column {name} does not hold numbers.") from None
    factor = _factor(hdu.columns[name], wanted, where)
    return values if factor == 1 else values * factor


def _read_axis(hdu, name, unit, logarithmic, where):
    """One axis from its LO and HI columns, checked."""
    low = _read_column(hdu, f"{name}_LO", unit, where).ravel()
    high = _read_column(hdu, f"{name}_HI", unit, where).ravel()
    if low.size == 0 or low.shape != high.shape:
        raise DataError(
            f"{where}: {name}_LO has {low.size} values and {name}_HI has {high.size}; the same number is wanted."
        )
    if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
        raise DataError(f"{where}: the axis {name} holds values that are not finite; numbers are wanted.")
    if logarithmic and low[0] <= 0:
        raise DataError(f"{where}: the axis {name} starts at {low[0]:g} {unit}; a start above 0 is wanted.")
    if np.any(high < low) or np.any(np.diff(low) <= 0) or np.any(np.diff(high) <= 0):
        raise DataError(f"{where}: the bins of the axis {name} do not increase; growing edges are wanted.")
    return ResponseAxis(name, low, high, unit, logarithmic)


def _order_values(values, axes, orders, column, where):
    """Values with their axes in the order of `axes`, read with the first of the orders whose shape fits."""
    size = {axis.name: axis.nbin for axis in axes}
    for order in orders:
        if values.shape == tuple(size[name] for name in order):
            return values.transpose([order.index(axis.name) for axis in axes])
    wanted = " or ".join(f"{tuple(size[n] for n in order)} ({', '.join(order)})" for order in orders)
    raise DataError(f"{where}: {column} has the shape {values.shape}; {wanted} is wanted.")


def read_response(hdu, where, axes, column, unit, orders=None):
    """ResponseTable of a one-row response HDU.

    Parameters
    ----------
    hdu : astropy.io.fits.BinTableHDU, or what has its `columns`, `data` and `header`
    where : str
        Names the file and the HDU in errors.
    axes : sequence of (name, unit, logarithmic)
        Wanted axes, in the wanted order, e.g. ("ENERG", "TeV", True).
    column, unit : str
        The column of the values, and the unit that they shall have ("" for a number).
    orders : sequence of sequences of axis names, optional
        The orders in which numpy may see the values, by preference; default: the reverse of `axes` in FITS order,
        i.e. the last axis of `axes` first.

    Raises
    ------
    DataError
        A column or a unit is missing, a shape does not fit, an axis does not increase, values are NaN or negative.
    """
    if not hasattr(hdu, "columns"):
        raise DataError(f"{where}: this is a {type(hdu).__name__}; a binary table is wanted.")
    if hdu.data is None or len(hdu.data) != 1:
        rows = 0 if hdu.data is None else len(hdu.data)
        raise DataError(f"{where}: the response table has {rows} rows; one is wanted.")
    found = tuple(_read_axis(hdu, name, axis_unit, log, where) for name, axis_unit, log in axes)
    values = _read_column(hdu, column, unit, where)
    orders = orders or [tuple(axis.name for axis in reversed(found))]
    values = _order_values(values, found, orders, column, where)
    values, n_negative = _without_undershoot(values, column, where)
    values.setflags(write=False)
    return ResponseTable(found, values, dict(hdu.header), where, n_negative)


def _without_undershoot(values, column, where):
    """Values with small negative ones at 0, and how many these were."""
    lowest, highest = values.min(), values.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        number = np.sum(~np.isfinite(values))
        raise DataError(f"{where}: {column} holds {number} values that are not finite; numbers are wanted.")
    if lowest >= 0:
        return values, 0
    if lowest < -LARGEST_UNDERSHOOT * highest:
        raise DataError(
            f"{where}: {column} holds values from {lowest:g} to {highest:g}; values >= 0 are wanted."
        )
    return np.maximum(values, 0.0), int(np.sum(values < 0))


def open_hdu(path, hdu):
    """One HDU of a FITS file, in memory, and the words that name it in errors."""
    path = Path(path)
    where = f"{path.name}[{hdu}]"
    try:
        with fits.open(path, memmap=False) as hdus:
            found = hdus[hdu]
            if found.data is not None:
                found.columns  # noqa: B018 - loads what the table needs before the file closes
            return found, where
    except FileNotFoundError:
        raise DataError(f"{path}: the file is not there.") from None
    except (KeyError, IndexError):
        raise DataError(f"{where}: the file has no such HDU.") from None
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read as FITS ({error}).") from None
