"""A binned axis: its edges are the caller's, to the last digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks

INTERPOLATIONS = ("lin", "log")


@dataclass(frozen=True, eq=False, repr=False)
class MapAxis:
    """Bins along one quantity, most often energy; half-open, [lower edge, upper edge).

    edges: n + 1 strictly increasing values (Quantity, or numbers without a unit).
    name: what the axis is called ("energy").
    interp: "lin" or "log", the scale on which the bin centres lie in the middle.

    Raises InputError when the edges are fewer than two, not finite, not increasing, or with
    "log" not positive.
    """

    edges: u.Quantity
    name: str = ""
    interp: str = "lin"

    def __post_init__(self) -> None:
        if self.interp not in INTERPOLATIONS:
            raise InputError(f"The interp of axis {self.name!r} must be 'lin' or 'log', not {self.interp!r}.")
        if not isinstance(self.name, str):
            raise InputError(f"The name of an axis must be a string, not {self.name!r}.")
        edges = u.Quantity(self.edges, dtype=float, copy=True, subok=False)
        _check_edges(edges.value, self.name, self.interp)
        edges.flags.writeable = False
        object.__setattr__(self, "edges", edges)

    @classmethod
    def from_bounds(
        cls,
        lo_bnd: float | str | u.Quantity,
        hi_bnd: float | str | u.Quantity,
        nbin: float,
        interp: str = "lin",
        unit: str | u.UnitBase = "",
        name: str = "",
    ) -> "MapAxis":
        """Axis of `nbin` bins, equal on the scale of `interp`, from `lo_bnd` to `hi_bnd`.

        The bounds are numbers in `unit`, or Quantities; the first and the last edge are exactly these.

        Parameters
        ----------
        lo_bnd, hi_bnd : the first and the last edge
        nbin : number of bins
        interp : "lin" or "log", the scale on which bins are equal and centres in the middle
        unit : unit of plain numbers, and that of the axis
        name : what the axis is called
        """
        low, high = _as_quantity(lo_bnd, unit, name), _as_quantity(hi_bnd, unit, name)
        unit = low.unit
        low, high = low.item().value, _converted(high, unit, name).item().value
        if nbin != int(nbin) or nbin < 1:
            raise InputError(f"The number of bins of axis {name!r} must be whole and above 0, not {nbin!r}.")
        _check_edges(np.array([low, high]), name, interp)
        if interp == "log":
            edges = np.exp(np.linspace(np.log(low), np.log(high), int(nbin) + 1))
        else:
            edges = np.linspace(low, high, int(nbin) + 1)
        edges[0], edges[-1] = low, high
        return cls(edges << unit, name=name, interp=interp)

    @classmethod
    def from_edges(
        cls,
        edges: u.Quantity | Sequence[float] | np.ndarray,
        unit: str | u.UnitBase = "",
        name: str = "",
        interp: str = "lin",
    ) -> "MapAxis":
        """Axis with these edges: a Quantity (converted to `unit` when one is given), or numbers in `unit`.

        Parameters
        ----------
        edges : n + 1 values, strictly increasing
        unit : unit of plain numbers, and that of the axis
        name : what the axis is called
        interp : "lin" or "log", the scale on which centres are in the middle
        """
        return cls(_as_quantity(edges, unit, name), name=name, interp=interp)

    @classmethod
    def from_energy_bounds(
        cls,
        energy_min: str | u.Quantity,
        energy_max: str | u.Quantity,
        nbin: float,
        per_decade: bool = False,
        name: str = "energy",
    ) -> "MapAxis":
        """Logarithmic energy axis between two energies (Quantity or string), in the unit of the first.

        Parameters
        ----------
        energy_min, energy_max : the first and the last edge
        nbin : the number of bins; with `per_decade` that of bins per factor of ten, rounded up to whole bins
        per_decade : whether `nbin` is for a factor of ten
        name : what the axis is called
        """
        low, high = u.Quantity(energy_min), u.Quantity(energy_max)
        for energy in (low, high):
            if not energy.unit.is_equivalent(u.TeV):
                raise InputError(
                    f"The bounds of axis {name!r} must be energies like '0.7 TeV', not {energy}."
                )
        if per_decade:
            _check_edges(u.Quantity([low, high]).value, name, "log")
            # The small number keeps rounding in the ratio from adding a bin.
            nbin = max(1, int(np.ceil(np.log10((high / low).to_value("")) * nbin - 1e-9)))
        return cls.from_bounds(low, high, nbin, interp="log", name=name)

    @property
    def unit(self) -> u.UnitBase:
        """Unit of the edges."""
        return self.edges.unit

    @property
    def nbin(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    @cached_property
    def center(self) -> u.Quantity:
        """Bin centres: sqrt(lower * upper) on a log axis, the mean of the edges on a linear one."""
        low, high = self.edges.value[:-1], self.edges.value[1:]
        # sqrt(lower) * sqrt(upper) cannot overflow.
        center = np.sqrt(low) * np.sqrt(high) if self.interp == "log" else low + 0.5 * (high - low)
        return _read_only(center) << self.unit

    @cached_property
    def bin_width(self) -> u.Quantity:
        """Widths of the bins."""
        return _read_only(np.diff(self.edges.value)) << self.unit

    def coord_to_idx(self, values: u.Quantity) -> np.ndarray:
        """Number of the bin of each value (Quantity), integers of the same shape; -1 outside and for NaN.

        An upper edge belongs to the next bin; the last one is outside.

        values: Quantity of any shape.
        """
        edges = self.edges.value
        values = _converted(values, self.unit, self.name).value
        index = np.searchsorted(edges, values, side="right") - 1
        return np.where((values >= edges[0]) & (values < edges[-1]), index, -1)

    def squash(self) -> "MapAxis":
        """Axis of one bin from the first to the last edge."""
        return MapAxis(self.edges[[0, -1]], self.name, self.interp)

    def label(self, index: int) -> str:
        """Words for one bin: "0.7 - 0.913 TeV". index: number of the bin."""
        unit = f" {self.unit}" if self.unit != u.dimensionless_unscaled else ""
        return f"{self.edges.value[:-1][index]:.3g} - {self.edges.value[1:][index]:.3g}{unit}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MapAxis):
            return NotImplemented
        same_words = (self.name, self.interp, self.unit) == (other.name, other.interp, other.unit)
        return same_words and np.array_equal(self.edges.value, other.edges.value)

    def __hash__(self) -> int:
        return hash((self.name, self.interp, str(self.unit), self.edges.value.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return MapAxis, (self.edges, self.name, self.interp)

    def __repr__(self) -> str:
        ends = f"{self.edges.value[0]:g} to {self.edges.value[-1]:g} {self.unit}".strip()
        return f"MapAxis({self.name!r}, {self.nbin} {self.interp} bins, {ends})"


def _check_edges(edges: np.ndarray, name: str, interp: str) -> None:
    """Refuse edges (1D float array) that are no axis, with the value that is wrong."""
    what = f"The edges of axis {name!r}"
    if edges.ndim != 1 or len(edges) < 2:
        raise InputError(f"{what} must be a list of two values or more, not an array of shape {edges.shape}.")
    if not np.all(np.isfinite(edges)):
        raise InputError(f"{what} must be finite, but one of them is {edges[~np.isfinite(edges)][0]}.")
    steps = np.flatnonzero(np.diff(edges) <= 0)
    if len(steps):
        raise InputError(f"{what} must increase, but {edges[steps[0] + 1]:g} follows {edges[steps[0]]:g}.")
    if interp == "log" and edges[0] <= 0:
        raise InputError(f"{what} must be above 0 on a log axis, but the first is {edges[0]:g}.")


def _as_quantity(values: Any, unit: str | u.UnitBase, name: str) -> u.Quantity:
    """Values as a float Quantity: converted to `unit` when they bring their own, numbers are in `unit`."""
    values = without_masks(values)
    quantity = u.Quantity(values, dtype=float)
    if not isinstance(values, u.Quantity) and quantity.unit == u.dimensionless_unscaled:
        return quantity.value << u.Unit(unit)
    return quantity if unit == "" else _converted(quantity, u.Unit(unit), name)


def _converted(values: Any, unit: u.UnitBase, name: str) -> u.Quantity:
    """Values as a float Quantity in `unit`, or InputError."""
    values = values if isinstance(values, u.Quantity) else u.Quantity(values, dtype=float)
    if not values.unit.is_equivalent(unit):
        got = values.unit if values.unit != u.dimensionless_unscaled else "no unit"
        raise InputError(f"Axis {name!r} is in {unit or 'no unit'}, but the values came in {got}.")
    return values << unit


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
