"""What every model with parameters of its own has in common."""

import inspect
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Self

import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter, Parameters
from tevcurve.near_names import meant


class _Signature:
    """The signature with the parameters' names and defaults, made when help() or a completion asks for it."""

    def __get__(self, instance: Any, owner: type["Model"]) -> inspect.Signature | None:
        return _signature(owner) if owner.default_parameters else None


class Model:
    """A model with parameters, declared in the class attribute `default_parameters`.

    A child gives a tuple of Parameter objects there; each instance has copies of them, at the values it was
    made with. `model.index` is the Parameter; `model.index = 2.3` sets its value, here in its own unit.

    Parameters
    ----------
    values : of the parameters, by name or in their order: numbers, Quantities or strings such as "1 TeV".
    name : free to choose and to change.
    named : values of the parameters by name
    """

    default_parameters: tuple[Parameter, ...] = ()
    values_are_required = False
    # Parameters that need no value even then.
    may_be_left: tuple[str, ...] = ()
    extra_keywords: tuple[str, ...] = ("name",)
    __signature__ = _Signature()

    def __init__(self, *values: Any, name: str = "", **named: Any) -> None:
        names = [parameter.name for parameter in self.default_parameters]
        kind = type(self).__name__
        if len(values) > len(names):
            raise InputError(
                f"{kind} was given {len(values)} values; it has the parameters {', '.join(names)}."
            )
        given = dict(zip(names, values, strict=False))
        for key, value in named.items():
            if key not in names:
                wanted = meant(key, names, f"it has {', '.join(names) or 'none'}.")
                raise InputError(f"{kind} has no parameter '{key}'; {wanted}")
            if key in given:
                raise InputError(f"{kind} was given '{key}' twice; wanted is one value.")
            given[key] = value
        missing = [key for key in names if key not in given and key not in self.may_be_left]
        if self.values_are_required and missing:
            raise InputError(
                f"{kind} was made without {' and '.join(missing)}; wanted are values for {', '.join(names)}."
            )
        self._set_parameters(
            parameter.like(given[parameter.name]) if parameter.name in given else parameter.copy()
            for parameter in self.default_parameters
        )
        self.name = name

    def _set_parameters(self, parameters: Iterable[Parameter]) -> None:
        parameters = Parameters(parameters)
        for key in parameters.names:
            if hasattr(type(self), key):
                raise InputError(f"A parameter of {type(self).__name__} is called '{key}', which is taken.")
        self.__dict__["_parameters"] = parameters

    @property
    def parameters(self) -> Parameters:
        """The model's parameters: Parameters, the objects themselves."""
        return self.__dict__["_parameters"]

    @property
    def name(self) -> str:
        """The model's name, str."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        if not isinstance(name, str):
            raise InputError(f"The name of a model is {name!r}; wanted is a text such as 'crab'.")
        self._name = name

    def __getattr__(self, name: str) -> Parameter:
        # Only asked when there is no such attribute; `_parameters` is missing while a copy is being made.
        parameters = self.__dict__.get("_parameters", ())
        if not name.startswith("_") and name in parameters:
            return parameters[name]
        raise AttributeError(f"'{type(self).__name__}' has no attribute or parameter '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("_parameters", ()):
            self.parameters[name].value = value
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.parameters.names]

    def internal_values(self, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The parameter values in TeV, cm, s, rad by name: dict of float (or float64 arrays, for overrides).

        Parameters
        ----------
        overrides : values by name in the parameters' own units (floats, or arrays that broadcast), used in
            place of the parameters' values; the parameters stay as they are.

        Raises MissingError for a name that is not a parameter.
        """
        values: dict[str, Any] = {parameter.name: parameter.internal for parameter in self.parameters}
        for name, value in (overrides or {}).items():
            values[name] = np.asarray(value, dtype=np.float64)[()] * self.parameters[name].factor
        return values

    def copy(self, name: str | None = None) -> Self:
        """An independent model with the same numbers, under its name or a new one.

        name: default: that of this one.
        """
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._set_parameters(self.parameters.copy())
        new.name = self.name if name is None else name
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def _title(self) -> str:
        return f"{type(self).__name__} '{self.name}'" if self.name else type(self).__name__

    def __str__(self) -> str:
        return "\n".join([self._title(), *(f"  {parameter}" for parameter in self.parameters)])

    def __repr__(self) -> str:
        return f"<{self._title()}: {', '.join(str(parameter) for parameter in self.parameters)}>"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self._title())}</b>{self.parameters._repr_html_()}"


def _signature(cls: type[Model]) -> inspect.Signature:
    """The signature of a model's class: its parameters, then the keywords."""
    kinds, defaults = inspect.Parameter, {"name": "", "frame": "icrs"}
    arguments = [
        kinds(
            p.name,
            kinds.POSITIONAL_OR_KEYWORD,
            default=kinds.empty if cls.values_are_required and p.name not in cls.may_be_left else _default(p),
        )
        for p in cls.default_parameters
    ]
    extra = [kinds(key, kinds.KEYWORD_ONLY, default=defaults[key]) for key in cls.extra_keywords]
    return inspect.Signature([*arguments, *extra])


def _default(parameter: Parameter) -> str | float:
    unit = parameter.unit.to_string()
    return f"{parameter.value:g} {unit}" if unit else parameter.value
