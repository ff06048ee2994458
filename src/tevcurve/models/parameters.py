"""The numbers of a model: a `Parameter` has a name, value, unit, bounds and whether a fit may change it."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, overload

import astropy.units as u
import numpy as np
from astropy.table import Table

from tevcurve.errors import InputError, MissingError
from tevcurve.models.units import as_quantity, internal_factor
from tevcurve.near_names import meant
from tevcurve.rounding import cells


class Parameter:
    """One number of a model.

    Parameters
    ----------
    name : a Python identifier.
    value : float in `unit`, or a Quantity, or a string such as "1 TeV".
    unit : unit of a plain number; a value with a unit of its own keeps that one.
    error : one standard deviation in the parameter's unit, NaN until a fit sets it.
    min, max : bounds in the parameter's unit or as Quantity; None means no bound.
    frozen : True when a fit leaves it alone.

    Raises InputError for a value that is not one finite number, has a unit that does not convert or lies
    outside the bounds.
    """

    def __init__(
        self,
        name: str,
        value: float | str | u.Quantity,
        unit: str | u.UnitBase | None = None,
        *,
        error: float | str | u.Quantity = np.nan,
        min: float | str | u.Quantity | None = None,
        max: float | str | u.Quantity | None = None,
        frozen: bool = False,
    ) -> None:
        if not (isinstance(name, str) and name.isidentifier()):
            raise InputError(f"A parameter's name is {name!r}; wanted is a name such as 'index'.")
        self._name = name
        quantity = as_quantity(value, f"Parameter '{name}'")
        if unit is not None:
            wanted = _unit(unit, name)
            plain = quantity.unit == u.dimensionless_unscaled
            quantity = u.Quantity(quantity.value, wanted) if plain else quantity
            if not quantity.unit.is_equivalent(wanted):
                raise InputError(
                    f"Parameter '{name}' is {quantity}; wanted is a unit that converts to {wanted.to_string()}."
                )
        self._unit = quantity.unit
        self._factor = internal_factor(self._unit)
        self._min, self._max = -np.inf, np.inf
        self.value = quantity.value
        self.set_bounds(min, max)
        self.error = error
        self.frozen = frozen

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self._name

    @property
    def unit(self) -> u.UnitBase:
        """The unit of value, error, min and max; it stays the same for the parameter's life."""
        return self._unit

    @property
    def factor(self) -> float:
        """The float that turns a value in this parameter's unit into TeV, cm, s, rad."""
        return self._factor

    @property
    def internal(self) -> float:
        """The value in TeV, cm, s, rad, float."""
        return self._value * self._factor

    @property
    def value(self) -> float:
        """The value in the parameter's unit, float. Also set from a Quantity, which is converted."""
        return self._value

    @value.setter
    def value(self, value: float | str | u.Quantity) -> None:
        value = self._number(value, "value")
        if not np.isfinite(value):
            raise InputError(f"Parameter '{self.name}' is set to {value}; wanted is a finite number.")
        if not self._min <= value <= self._max:
            raise InputError(
                f"Parameter '{self.name}' is set to {value:g}; wanted is a value within its bounds "
                f"{self._min:g} to {self._max:g}."
            )
        self._value = value

    @property
    def quantity(self) -> u.Quantity:
        """The value as a Quantity. Setting it converts to the parameter's unit."""
        return u.Quantity(self._value, self._unit)

    @quantity.setter
    def quantity(self, value: float | str | u.Quantity) -> None:
        self.value = as_quantity(value, f"Parameter '{self.name}'")

    @property
    def error(self) -> float:
        """One standard deviation in the parameter's unit, NaN while not known."""
        return self._error

    @error.setter
    def error(self, value: float | str | u.Quantity) -> None:
        value = self._number(value, "error")
        if value < 0:
            raise InputError(
                f"The error of parameter '{self.name}' is set to {value:g}; wanted is a number >= 0 or NaN."
            )
        self._error = value

    @property
    def min(self) -> float:
        """Lower bound in the parameter's unit, -inf when there is none."""
        return self._min

    @min.setter
    def min(self, value: float | str | u.Quantity) -> None:
        self.set_bounds(value, self._max)

    @property
    def max(self) -> float:
        """Upper bound in the parameter's unit, inf when there is none."""
        return self._max

    @max.setter
    def max(self, value: float | str | u.Quantity) -> None:
        self.set_bounds(self._min, value)

    def set_bounds(self, min: float | str | u.Quantity | None, max: float | str | u.Quantity | None) -> None:
        """Set both bounds (in the parameter's unit, Quantity, None for none); the value must lie between.

        Parameters
        ----------
        min, max : in the parameter's unit, or Quantity; None for no bound
        """
        low = -np.inf if min is None else self._number(min, "min")
        high = np.inf if max is None else self._number(max, "max")
        low, high = (-np.inf if np.isnan(low) else low), (np.inf if np.isnan(high) else high)
        if not low <= self._value <= high:
            raise InputError(
                f"The bounds of parameter '{self.name}' are set to {low:g} and {high:g}; "
                f"wanted are bounds around its value {self._value:g}."
            )
        self._min, self._max = low, high

    @property
    def frozen(self) -> bool:
        """True when a fit leaves the parameter alone."""
        return self._frozen

    @frozen.setter
    def frozen(self, value: float | str | u.Quantity) -> None:
        if not isinstance(value, bool | np.bool_):
            raise InputError(
                f"'frozen' of parameter '{self.name}' is set to {value!r}; wanted is True or False."
            )
        self._frozen = bool(value)

    def copy(self) -> "Parameter":
        """An independent parameter with the same numbers."""
        return self.like(self.quantity, error=self._error)

    def called(self, name: str) -> "Parameter":
        """An independent parameter with the same numbers under another name. name: a Python identifier."""
        return Parameter(
            name,
            self._value,
            self._unit,
            error=self._error,
            min=self._min,
            max=self._max,
            frozen=self._frozen,
        )

    def like(self, value: float | str | u.Quantity, error: float = np.nan) -> "Parameter":
        """A new parameter at `value` (with its own unit) with this one's name, bounds and frozen flag.

        Parameters
        ----------
        value : number without a unit, Quantity or string
        error : one standard deviation in the unit of `value`

        Raises InputError when the unit of `value` does not convert to this parameter's.
        """
        quantity = as_quantity(value, f"Parameter '{self.name}'")
        self._number(quantity, "value")
        scale = self._factor / internal_factor(quantity.unit)
        bounds = {"min": self._min * scale, "max": self._max * scale}
        return Parameter(self.name, quantity, error=error, frozen=self._frozen, **bounds)

    def _number(self, value: Any, what: str) -> float:
        """One float in the parameter's unit from a plain number or something with a unit."""
        if isinstance(value, str | u.Quantity):
            quantity = as_quantity(value, f"The {what} of parameter '{self.name}'")
            if not quantity.unit.is_equivalent(self._unit):
                unit = self._unit.to_string() or "no unit"
                raise InputError(
                    f"The {what} of parameter '{self.name}' is {value}; wanted is what converts to {unit}."
                )
            value = quantity.to_value(self._unit)
        if np.ndim(value) != 0:
            raise InputError(f"The {what} of parameter '{self.name}' is {value!r}; wanted is one number.")
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"The {what} of parameter '{self.name}' is {value!r}; wanted is one number."
            ) from error

    def __str__(self) -> str:
        value, error = cells(self._value, self._error)
        error = f" +- {error}" if error else ""
        unit = f" {self._unit}" if self._unit.to_string() else ""
        return f"{self.name} = {value}{error}{unit}{' (frozen)' if self._frozen else ''}"

    def __repr__(self) -> str:
        return f"<Parameter {self}>"


class Parameters:
    """Parameters in their order, found by name, by index or by slice.

    The same object given twice stands once. Two different parameters may have one name (a sky model may have
    them in its two parts); such a name must be asked for in the part.

    parameters: in their order.
    """

    def __init__(self, parameters: Iterable[Parameter] = ()) -> None:
        unique = {}
        for parameter in parameters:
            if not isinstance(parameter, Parameter):
                raise InputError(f"Parameters were given {parameter!r}; wanted are Parameter objects.")
            unique[id(parameter)] = parameter
        self._parameters = tuple(unique.values())
        self._by_name: dict[str, list[Parameter]] = {}
        for parameter in self._parameters:
            self._by_name.setdefault(parameter.name, []).append(parameter)

    @overload
    def __getitem__(self, key: str | int) -> Parameter: ...

    @overload
    def __getitem__(self, key: slice) -> "Parameters": ...

    def __getitem__(self, key: str | int | slice) -> "Parameter | Parameters":
        if isinstance(key, str):
            return self._named(key)
        if isinstance(key, slice):
            return Parameters(self._parameters[key])
        try:
            return self._parameters[key]
        except IndexError as error:
            raise MissingError(f"There is no parameter number {key}: there are {len(self)}.") from error
        except TypeError as error:
            raise InputError(
                f"A parameter is asked for by {key!r}; wanted is its name or its number."
            ) from error

    def _named(self, name: str) -> Parameter:
        found = self._by_name.get(name, ())
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"The name '{name}' belongs to {len(found)} parameters; "
                "ask the part of the model that is meant, such as model.spectral_model.parameters."
            )
        wanted = meant(name, self.names, f"there are {', '.join(self.names) or 'none'}.")
        raise MissingError(f"There is no parameter '{name}'; {wanted}")

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __contains__(self, item: object) -> bool:
        return (
            item in self._by_name if isinstance(item, str) else any(item is own for own in self._parameters)
        )

    def __add__(self, other: Iterable[Parameter]) -> "Parameters":
        return Parameters([*self, *other])

    @property
    def names(self) -> list[str]:
        """The names in order, list of str."""
        return [parameter.name for parameter in self._parameters]

    @property
    def values(self) -> np.ndarray:
        """The values in the parameters' own units, float64 array."""
        return np.array([parameter.value for parameter in self._parameters], dtype=np.float64)

    @property
    def free_parameters(self) -> "Parameters":
        """Those that a fit may change: Parameters of the same objects."""
        return Parameters(parameter for parameter in self._parameters if not parameter.frozen)

    def copy(self) -> "Parameters":
        """Independent parameters with the same numbers."""
        return Parameters(parameter.copy() for parameter in self._parameters)

    def to_table(self) -> Table:
        """A Table with a row per parameter: name, value, unit, error, min, max, frozen."""
        rows = [(p.name, p.value, p.unit.to_string(), p.error, p.min, p.max, p.frozen) for p in self]
        names = ["name", "value", "unit", "error", "min", "max", "frozen"]
        return Table(rows=rows or None, names=names, dtype=[str, float, str, float, float, float, bool])

    def __str__(self) -> str:
        return "\n".join(str(parameter) for parameter in self._parameters) or "no parameters"

    def __repr__(self) -> str:
        return f"<Parameters {', '.join(self.names)}>"

    def _repr_html_(self) -> str:
        heads = "".join(
            f"<th>{name}</th>" for name in ("name", "value", "error", "unit", "min", "max", "frozen")
        )
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _row(p))}</tr>" for p in self)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(parameter: Parameter) -> list[str]:
    """The texts of one parameter's row in a notebook."""
    numbers = cells(parameter.value, parameter.error)
    bounds = [f"{bound:g}" if np.isfinite(bound) else "" for bound in (parameter.min, parameter.max)]
    texts = [
        parameter.name,
        *numbers,
        parameter.unit.to_string(),
        *bounds,
        "yes" if parameter.frozen else "no",
    ]
    return [escape(text) for text in texts]


def _unit(unit: str | u.UnitBase, name: str) -> u.UnitBase:
    """The unit object of a parameter, InputError when there is no such unit."""
    try:
        return u.Unit(unit)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The unit of parameter '{name}' is {unit!r}; wanted is a unit such as 'TeV'."
        ) from error
