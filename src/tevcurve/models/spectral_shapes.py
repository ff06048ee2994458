"""The spectral models in common use."""

import astropy.units as u
import numpy as np

from tevcurve.models.energies import energies_in_tev
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import FLUX_DENSITY, SpectralModel

# One value, or one for each energy.
Values = float | np.ndarray
# Units as objects, not texts: the first text costs 0.1 s for astropy's unit parser.
AMPLITUDE = Parameter("amplitude", 1e-12, FLUX_DENSITY)
REFERENCE = Parameter("reference", 1.0, u.TeV, frozen=True)


def power_law_integral(
    energy_min: np.ndarray, energy_max: np.ndarray, index: Values, amplitude: Values, reference: Values
) -> np.ndarray:
    """Integral of amplitude * (E / reference)^-index over [energy_min, energy_max], all TeV, cm, s.

    Written about the bin's middle in log energy, E = middle * exp(t): the integral of exp((1 - index) t) is
    width * sinh(x) / x with x = (1 - index) * width / 2, without cancellation at and near index 1.

    Parameters
    ----------
    energy_min : lower energies, TeV
    energy_max : upper energies, TeV
    index : spectral index
    amplitude : at the reference energy, cm-2 s-1 TeV-1
    reference : energy of the amplitude, TeV
    """
    middle = np.sqrt(energy_min) * np.sqrt(energy_max)
    width = np.log(energy_max / energy_min)
    x = np.asarray(0.5 * (1 - index) * width)
    shape = np.divide(np.sinh(x), x, out=np.ones_like(x), where=x != 0)
    return amplitude * (middle / reference) ** -index * middle * width * shape


class PowerLaw(SpectralModel):
    """Power law: dN/dE = amplitude * (E / reference)^-index."""

    default_parameters = (Parameter("index", 2.0), AMPLITUDE, REFERENCE)

    @staticmethod
    def evaluate(energy: np.ndarray, index: Values, amplitude: Values, reference: Values) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, reference in TeV).

        Parameters
        ----------
        energy : TeV
        index : spectral index
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        """
        return amplitude * (energy / reference) ** -index

    @staticmethod
    def evaluate_integral(
        energy_min: np.ndarray, energy_max: np.ndarray, index: Values, amplitude: Values, reference: Values
    ) -> np.ndarray:
        """Flux in cm-2 s-1 between two energies in TeV, exact also at index 1.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        index : spectral index
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        """
        return power_law_integral(energy_min, energy_max, index, amplitude, reference)

    @staticmethod
    def evaluate_energy_flux(
        energy_min: np.ndarray, energy_max: np.ndarray, index: Values, amplitude: Values, reference: Values
    ) -> np.ndarray:
        """Energy flux in TeV cm-2 s-1 between two energies in TeV, exact also at index 2.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        index : spectral index
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        """
        # E dN/dE is a power law of index - 1.
        return power_law_integral(energy_min, energy_max, index - 1, amplitude * reference, reference)


class ExponentialCutoffPowerLaw(SpectralModel):
    """Power law with a cutoff: `dN/dE = amplitude * (E / reference)^-index * exp(-(lambda_ * E)^alpha)`."""

    default_parameters = (
        Parameter("index", 1.5),
        AMPLITUDE,
        REFERENCE,
        Parameter("lambda_", 0.1, u.TeV**-1, min=0),
        Parameter("alpha", 1.0, frozen=True),
    )

    @staticmethod
    def evaluate(
        energy: np.ndarray,
        index: Values,
        amplitude: Values,
        reference: Values,
        lambda_: Values,
        alpha: Values,
    ) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, reference in TeV, `lambda_` in TeV-1).

        Parameters
        ----------
        energy : TeV
        index : spectral index
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        lambda_ : inverse of the energy of the cutoff, TeV-1
        alpha : exponent of the cutoff
        """
        return amplitude * (energy / reference) ** -index * np.exp(-((lambda_ * energy) ** alpha))


class LogParabola(SpectralModel):
    """Log parabola: dN/dE = amplitude * (E / reference)^-(alpha + beta * ln(E / reference))."""

    default_parameters = (AMPLITUDE, REFERENCE, Parameter("alpha", 2.0), Parameter("beta", 0.1))

    @staticmethod
    def evaluate(
        energy: np.ndarray, amplitude: Values, reference: Values, alpha: Values, beta: Values
    ) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, reference in TeV).

        Parameters
        ----------
        energy : TeV
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        alpha : spectral index at the reference energy
        beta : curvature
        """
        x = np.log(energy / reference)
        return amplitude * np.exp(-(alpha + beta * x) * x)


class BrokenPowerLaw(SpectralModel):
    """Two power laws that meet: amplitude * (E / ebreak)^-index1 below ebreak, ^-index2 from there on."""

    default_parameters = (
        Parameter("index1", 2.0),
        Parameter("index2", 3.0),
        AMPLITUDE,
        Parameter("ebreak", 1.0, u.TeV, min=0),
    )
    break_names = ("ebreak",)

    @staticmethod
    def evaluate(
        energy: np.ndarray, index1: Values, index2: Values, amplitude: Values, ebreak: Values
    ) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, ebreak in TeV).

        Parameters
        ----------
        energy : TeV
        index1 : spectral index below the break
        index2 : spectral index from the break on
        amplitude : at the break, cm-2 s-1 TeV-1
        ebreak : energy of the break, TeV
        """
        return amplitude * (energy / ebreak) ** -np.where(energy < ebreak, index1, index2)

    def spectral_index(self, energy: str | u.Quantity) -> np.ndarray:
        """The index of the side on which `energy` (Quantity or string) lies, float64."""
        return np.where(energies_in_tev(energy, "energy") < self.ebreak.internal, *self.parameters.values[:2])

    @staticmethod
    def evaluate_integral(
        energy_min: np.ndarray,
        energy_max: np.ndarray,
        index1: Values,
        index2: Values,
        amplitude: Values,
        ebreak: Values,
    ) -> np.ndarray:
        """Flux in cm-2 s-1 between two energies in TeV: the exact parts below and above the break.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        index1 : spectral index below the break
        index2 : spectral index from the break on
        amplitude : at the break, cm-2 s-1 TeV-1
        ebreak : energy of the break, TeV
        """
        middle = np.clip(ebreak, energy_min, energy_max)
        below = power_law_integral(energy_min, middle, index1, amplitude, ebreak)
        return below + power_law_integral(middle, energy_max, index2, amplitude, ebreak)

    @staticmethod
    def evaluate_energy_flux(
        energy_min: np.ndarray,
        energy_max: np.ndarray,
        index1: Values,
        index2: Values,
        amplitude: Values,
        ebreak: Values,
    ) -> np.ndarray:
        """Energy flux in TeV cm-2 s-1 between two energies in TeV, exact like the integral.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        index1 : spectral index below the break
        index2 : spectral index from the break on
        amplitude : at the break, cm-2 s-1 TeV-1
        ebreak : energy of the break, TeV
        """
        return BrokenPowerLaw.evaluate_integral(
            energy_min, energy_max, index1 - 1, index2 - 1, amplitude * ebreak, ebreak
        )


class Constant(SpectralModel):
    """The same flux at all energies: dN/dE = const."""

    default_parameters = (Parameter("const", 1e-12, FLUX_DENSITY),)
    amplitude_name = "const"

    @staticmethod
    def evaluate(energy: np.ndarray, const: Values) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1.

        Parameters
        ----------
        energy : TeV
        const : cm-2 s-1 TeV-1
        """
        return const * np.ones_like(energy)

    @staticmethod
    def evaluate_integral(energy_min: np.ndarray, energy_max: np.ndarray, const: Values) -> np.ndarray:
        """Flux in cm-2 s-1 between two energies in TeV.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        const : cm-2 s-1 TeV-1
        """
        return const * (energy_max - energy_min)

    @staticmethod
    def evaluate_energy_flux(energy_min: np.ndarray, energy_max: np.ndarray, const: Values) -> np.ndarray:
        """Energy flux in TeV cm-2 s-1 between two energies in TeV.

        Parameters
        ----------
        energy_min : lower energies, TeV
        energy_max : upper energies, TeV
        const : cm-2 s-1 TeV-1
        """
        return 0.5 * const * (energy_max - energy_min) * (energy_max + energy_min)


class PowerLawNorm(SpectralModel):
    """A factor without a unit: norm * (E / reference)^-tilt, to multiply another spectrum with."""

    default_parameters = (
        Parameter("tilt", 0.0, frozen=True),
        Parameter("norm", 1.0),
        REFERENCE,
    )
    amplitude_name = "norm"
    is_factor = True

    @staticmethod
    def evaluate(energy: np.ndarray, tilt: Values, norm: Values, reference: Values) -> np.ndarray:
        """The factor, a number without a unit.

        Parameters
        ----------
        energy : TeV
        tilt : change of the spectral index
        norm : factor at the reference energy
        reference : TeV
        """
        return norm * (energy / reference) ** -tilt
