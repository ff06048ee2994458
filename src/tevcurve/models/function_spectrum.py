"""A spectral model made of a plain function."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel


class FunctionSpectrum(SpectralModel):
    """A spectral model made of a plain function::

        FunctionSpectrum(lambda energy, norm, width: norm * np.exp(-energy / width),
                         norm="1e-12 cm-2 s-1 TeV-1", width="3 TeV", amplitude_name="norm")

    Parameters
    ----------
    function : called as `function(energy, **parameters)` with floats and arrays in TeV, cm, s; returns
        cm-2 s-1 TeV-1.
    name : the model's name.
    amplitude_name : the parameter that scales the flux ("amplitude" when there is one of that name).
    break_names : parameters that are energies at which the function has a kink.
    parameters : a value, Quantity, string or Parameter for each further argument of the function.

    Raises InputError when the parameters are not the function's arguments.
    """

    def __init__(
        self,
        function: Callable[..., np.ndarray],
        *,
        name: str = "",
        amplitude_name: str | None = None,
        break_names: Sequence[str] = (),
        **parameters: Any,
    ) -> None:
        _check_arguments(function, parameters)
        self.__dict__["evaluate"] = function
        self._set_parameters(_as_parameter(key, value) for key, value in parameters.items())
        if amplitude_name is None and "amplitude" in parameters:
            amplitude_name = "amplitude"
        for wanted in (*break_names, *([] if amplitude_name is None else [amplitude_name])):
            self.parameters[wanted]
        self.__dict__["amplitude_name"] = amplitude_name
        self.__dict__["break_names"] = tuple(break_names)
        self.name = name


def _as_parameter(name: str, value: Any) -> Parameter:
    if not isinstance(value, Parameter):
        return Parameter(name, value)
    if value.name != name:
        raise InputError(f"The argument '{name}' is the parameter '{value.name}'; wanted is the same name.")
    return value.copy()


def _check_arguments(function: Callable[..., np.ndarray], parameters: dict[str, Any]) -> None:
    """InputError unless function(energy, **parameters) can be called."""
    try:
        inspect.signature(function).bind(1.0, **parameters)
    except TypeError as error:
        raise InputError(
            f"A spectral function cannot be called with the energy and ({', '.join(parameters)}): {error}; "
            f"wanted is a value for each of its arguments after the energy."
        ) from error
