"""The base of spectral models: any function of energy with parameters, its integrals and its views."""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import unit_text
from tevcurve.models.model import Model
from tevcurve.models.parameters import Parameter
from tevcurve.models.quadrature import integrate_over_energy
from tevcurve.models.units import as_quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLUX = u.cm**-2 * u.s**-1
FLUX_DENSITY = FLUX * u.TeV**-1
ENERGY_FLUX = FLUX * u.TeV


class SpectralModel(Model):
    """A differential flux dN/dE of the energy.

    A new model is its parameters and its formula; integrals, views, copies and fits follow::

        class Hump(SpectralModel):
            default_parameters = (Parameter("amplitude", "1e-12 cm-2 s-1 TeV-1"), Parameter("peak", "1 TeV"))

            @staticmethod
            def evaluate(energy, amplitude, peak):
                return amplitude * np.exp(-np.log(energy / peak) ** 2)

    `evaluate` takes and returns plain numbers and arrays in TeV, cm, s. Two further static formulas may be
    given, `evaluate_integral(energy_min, energy_max, ...)` (cm-2 s-1) and `evaluate_energy_flux(energy_min,
    energy_max, ...)` (TeV cm-2 s-1); else these are integrated numerically. `break_names` are the parameters
    that are energies at which the formula has a kink, `amplitude_name` the one that scales the flux.

    Parameters
    ----------
    values : of the parameters in their order: numbers, Quantities or strings such as "1 TeV"
    name : free to choose
    named : values of the parameters by name
    """

    amplitude_name: str | None = None
    break_names: tuple[str, ...] = ()
    # Formulas of a child: (energy, ...) or (energy_min, energy_max, ...) and the parameters, TeV, cm, s.
    evaluate: ClassVar[Callable[..., np.ndarray]] = None  # type: ignore[assignment]
    evaluate_integral: ClassVar[Callable[..., np.ndarray]] = None  # type: ignore[assignment]
    evaluate_energy_flux: ClassVar[Callable[..., np.ndarray]] = None  # type: ignore[assignment]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.amplitude_name is None and any(p.name == "amplitude" for p in cls.default_parameters):
            cls.amplitude_name = "amplitude"

    def __init__(self, *values: Any, name: str = "", **named: Any) -> None:
        if self.evaluate is None:
            raise InputError(
                f"{type(self).__name__} has no formula; wanted is a child class with 'evaluate'."
            )
        super().__init__(*values, name=name, **named)

    @staticmethod
    def from_function(
        function: Callable[..., np.ndarray],
        *,
        name: str = "",
        amplitude_name: str | None = None,
        break_names: Sequence[str] = (),
        **parameters: Any,
    ) -> "FunctionSpectrum":
        """A model of a plain function(energy, ...): see `FunctionSpectrum`.

        Parameters
        ----------
        function, name, amplitude_name, break_names, parameters : as there
        """
        return FunctionSpectrum(
            function, name=name, amplitude_name=amplitude_name, break_names=break_names, **parameters
        )

    def dnde(self, energy: float | np.ndarray, **overrides: Any) -> np.ndarray:
        """Differential flux in cm-2 s-1 TeV-1, float64, in the shape of `energy` (and the overrides).

        Parameters
        ----------
        energy : float or array, TeV.
        overrides : values in the parameters' own units, in place of the model's; arrays broadcast.
        """
        energy = np.asarray(energy, dtype=np.float64)
        return self._evaluate(energy, self.internal_values(overrides))

    def photon_flux(self, edges: np.ndarray, **overrides: Any) -> np.ndarray:
        """Flux in each energy bin in cm-2 s-1, float64 (n-1,); overrides of shape (m, 1) give (m, n-1).

        Parameters
        ----------
        edges : ascending bin edges (n,), TeV.
        overrides : as in `dnde`.
        """
        edges = np.asarray(edges, dtype=np.float64)
        return self._photon_flux(edges[:-1], edges[1:], self.internal_values(overrides))

    def energy_flux_bins(self, edges: np.ndarray, **overrides: Any) -> np.ndarray:
        """Energy flux in each energy bin in TeV cm-2 s-1, float64 (n-1,); arguments as in `photon_flux`.

        Parameters
        ----------
        edges : ascending bin edges (n,), TeV
        overrides : values in the parameters' own units, in place of the model's
        """
        edges = np.asarray(edges, dtype=np.float64)
        return self._energy_flux(edges[:-1], edges[1:], self.internal_values(overrides))

    def _evaluate(self, energy: np.ndarray, values: dict[str, Any]) -> np.ndarray:
        return np.asarray(self.evaluate(energy, **values), dtype=np.float64) + np.zeros_like(energy)

    def _photon_flux(
        self, energy_min: np.ndarray, energy_max: np.ndarray, values: dict[str, Any]
    ) -> np.ndarray:
        if self.evaluate_integral is not None:
            return np.asarray(self.evaluate_integral(energy_min, energy_max, **values), dtype=np.float64)
        return self._integrate(energy_min, energy_max, values, power=0)

    def _energy_flux(
        self, energy_min: np.ndarray, energy_max: np.ndarray, values: dict[str, Any]
    ) -> np.ndarray:
        if self.evaluate_energy_flux is not None:
            return np.asarray(self.evaluate_energy_flux(energy_min, energy_max, **values), dtype=np.float64)
        return self._integrate(energy_min, energy_max, values, power=1)

    def _integrate(
        self, energy_min: np.ndarray, energy_max: np.ndarray, values: dict[str, Any], power: int
    ) -> np.ndarray:
        # The nodes stand on one more axis, so parameters that are arrays need one too.
        shaped = {name: value[..., None] if np.ndim(value) else value for name, value in values.items()}
        breaks = [values[name] for name in self.break_names]
        return integrate_over_energy(
            lambda energy: energy**power * self._evaluate(energy, shaped), energy_min, energy_max, breaks
        )

    def __call__(self, energy: str | u.Quantity) -> u.Quantity:
        """Differential flux as a Quantity in cm-2 s-1 TeV-1 at `energy` (Quantity or string, any shape)."""
        return u.Quantity(self.dnde(energies_in_tev(energy, "energy")), FLUX_DENSITY)

    def integral(self, emin: str | u.Quantity, emax: str | u.Quantity) -> u.Quantity:
        """Flux between energies `emin` and `emax` (Quantity or string, arrays too): Quantity in cm-2 s-1.

        Parameters
        ----------
        emin : lower energies, Quantity or string
        emax : upper energies, Quantity or string
        """
        emin, emax = _bounds(emin, emax)
        return u.Quantity(self._photon_flux(emin, emax, self.internal_values()), FLUX)

    def energy_flux(self, emin: str | u.Quantity, emax: str | u.Quantity) -> u.Quantity:
        """Energy flux between two energies as a Quantity in TeV cm-2 s-1; arguments as in `integral`.

        Parameters
        ----------
        emin : lower energies, Quantity or string
        emax : upper energies, Quantity or string
        """
        emin, emax = _bounds(emin, emax)
        return u.Quantity(self._energy_flux(emin, emax, self.internal_values()), ENERGY_FLUX)

    def spectral_index(self, energy: str | u.Quantity) -> np.ndarray:
        """Local index -dlog(dN/dE)/dlog(E) at `energy` (Quantity or string), float64; NaN where the flux is 0."""
        energy = energies_in_tev(energy, "energy")
        values, step = self.internal_values(), 1e-3
        shift = np.exp(step * np.array([-2, -1, 1, 2]))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self._evaluate(energy[..., None] * shift, values))
            # The slope at the middle of the polynomial through the four neighbours.
            return -np.sum(logs * np.array([1, -8, 8, -1]), axis=-1) / (12 * step)

    def plot(
        self,
        energy_bounds: u.Quantity | Sequence[str | u.Quantity],
        ax: "Axes | None" = None,
        energy_power: float = 0,
        **kwargs: Any,
    ) -> "Axes":
        """Draw E^power dN/dE between two energies on logarithmic axes; returns the matplotlib axes.

        Parameters
        ----------
        energy_bounds : two energies, Quantity such as [1, 10] * u.TeV or a pair of strings.
        ax : matplotlib axes, the current ones when None.
        energy_power : power of the energy to multiply with, 2 for a spectral energy distribution.
        kwargs : for the line (`label`, `color`, ...).
        """
        import matplotlib.pyplot as plt

        if np.shape(energy_bounds) != (2,):
            raise InputError(f"energy_bounds is {energy_bounds}; wanted are two energies.")
        emin, emax = _bounds(*energy_bounds)
        ax = plt.gca() if ax is None else ax
        energy = np.geomspace(emin, emax, 200)
        kwargs.setdefault("label", self.name or None)
        ax.plot(energy, energy**energy_power * self.dnde(energy), **kwargs)
        ax.set_xscale("log")
        ax.set_yscale("log")
        unit = unit_text(FLUX_DENSITY * u.TeV**energy_power)
        power = "" if energy_power == 0 else "E " if energy_power == 1 else f"E$^{{{energy_power:g}}}$ "
        ax.set_xlabel("Energy [TeV]")
        ax.set_ylabel(f"{power}dN/dE [{unit}]")
        return ax


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


def energies_in_tev(energy: str | u.Quantity, what: str) -> np.ndarray:
    """Energies in TeV, float64, from a Quantity or a string; InputError unless finite and > 0.

    Parameters
    ----------
    energy : Quantity or string, of any shape
    what : names them in the error
    """
    quantity = as_quantity(energy, f"'{what}'")
    if not quantity.unit.is_equivalent(u.TeV):
        raise InputError(f"'{what}' is {energy}; wanted is an energy such as '1 TeV'.")
    value = quantity.to_value(u.TeV)
    if not np.all(np.isfinite(value) & (value > 0)):
        raise InputError(f"'{what}' is {energy}; wanted are finite energies above 0.")
    return np.asarray(value, dtype=np.float64)


def _bounds(emin: str | u.Quantity, emax: str | u.Quantity) -> tuple[np.ndarray, np.ndarray]:
    """The two energies of an integral in TeV; InputError unless emin <= emax."""
    low, high = energies_in_tev(emin, "emin"), energies_in_tev(emax, "emax")
    if np.any(low > high):
        raise InputError(f"The energies are emin {emin} and emax {emax}; wanted is emin below emax.")
    return low, high
