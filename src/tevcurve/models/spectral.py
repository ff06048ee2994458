"""The base of spectral models: any function of energy with parameters, its integrals and its views."""

from collections.abc import Callable
from typing import Any, ClassVar

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.energies import bounds_in_tev, energies_in_tev
from tevcurve.models.model import Model
from tevcurve.models.quadrature import integrate_between, integrate_over_energy
from tevcurve.on_demand import Elsewhere, MakerElsewhere, found_at

FLUX = u.cm**-2 * u.s**-1
FLUX_DENSITY = FLUX * u.TeV**-1
ENERGY_FLUX = FLUX * u.TeV
NO_ENERGIES = np.empty(0)


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
    that are energies at which the formula has a kink, `amplitude_name` the one that scales the flux. With a line
    in `tevcurve.spectra.SPECTRA`, or `SPECTRA.register("Hump", Hump)`, it has a name in texts and files.

    Spectra can be added (`one + other`) and multiplied (`EBLAbsorption(0.116) * PowerLaw()`); a factor has no unit
    and says `is_factor`. What is made of more than parameters (nodes, other spectra) tells it in `settings`, and is
    made again by `from_settings`.

    Parameters
    ----------
    values : of the parameters in their order: numbers, Quantities or strings such as "1 TeV"
    name : free to choose
    named : values of the parameters by name
    """

    amplitude_name: str | None = None
    break_names: tuple[str, ...] = ()
    # Whether values are numbers without a unit, that another spectrum is multiplied with.
    is_factor: bool = False
    # Whether the spectrum beside it in a product is that of the source, before something between it and us.
    absorbs: bool = False
    # Keys of `short_settings`, which texts may have beside those of parameters.
    setting_names: tuple[str, ...] = ()
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

    from_function: ClassVar[Any] = MakerElsewhere("tevcurve.models.function_spectrum:FunctionSpectrum")
    spectral_index: ClassVar[Any] = Elsewhere("tevcurve.models.spectral_views:spectral_index")
    plot: ClassVar[Any] = Elsewhere("tevcurve.models.spectral_views:plot")

    def __add__(self, other: Any) -> "SpectralModel":
        return found_at("tevcurve.models.compound_spectra:added")(self, other)

    def __mul__(self, other: Any) -> "SpectralModel":
        return found_at("tevcurve.models.compound_spectra:multiplied")(self, other)

    def __rmul__(self, other: Any) -> "SpectralModel":
        return found_at("tevcurve.models.compound_spectra:multiplied")(self, other)

    @property
    def table_energies(self) -> np.ndarray:
        """Energies in TeV, float64 (n,) ascending, of nodes between which the formula is smooth; (0,) without any."""
        return NO_ENERGIES

    @property
    def energy_range(self) -> tuple[float, float]:
        """(lowest, highest) energy in TeV that the model knows of; (0, inf) for a formula."""
        return 0.0, np.inf

    @property
    def intrinsic_names(self) -> tuple[str, ...]:
        """Names of parameters that are of the source's own spectrum, before an absorption that the model has too."""
        return ()

    @property
    def settings(self) -> dict[str, Any]:
        """What the model is made of beside its parameters: dict of texts, numbers, arrays and models; {} for none."""
        return {}

    @property
    def short_settings(self) -> dict[str, str]:
        """The same as a person writes it, dict of texts."""
        return {}

    @classmethod
    def from_settings(cls, settings: dict[str, Any], **parameters: Any) -> "SpectralModel":
        """The model of `settings` or `short_settings`, and of values of parameters.

        Parameters
        ----------
        settings : dict of str
        parameters : values by name

        Raises InputError for settings that the model has not.
        """
        if settings:
            raise InputError(
                f"{cls.__name__} was given {', '.join(map(str, settings))}; it is made of its parameters alone."
            )
        return cls(**parameters)

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

        def function(energy: np.ndarray) -> np.ndarray:
            return energy**power * self._evaluate(energy, shaped)

        nodes = self.table_energies
        if len(nodes):
            return integrate_between(function, energy_min, energy_max, nodes, breaks)
        return integrate_over_energy(function, energy_min, energy_max, breaks)

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
        emin, emax = bounds_in_tev(emin, emax)
        return u.Quantity(self._photon_flux(emin, emax, self.internal_values()), FLUX)

    def energy_flux(self, emin: str | u.Quantity, emax: str | u.Quantity) -> u.Quantity:
        """Energy flux between two energies as a Quantity in TeV cm-2 s-1; arguments as in `integral`.

        Parameters
        ----------
        emin : lower energies, Quantity or string
        emax : upper energies, Quantity or string
        """
        emin, emax = bounds_in_tev(emin, emax)
        return u.Quantity(self._energy_flux(emin, emax, self.internal_values()), ENERGY_FLUX)
