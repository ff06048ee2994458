"""Spectral models with a smooth break or cutoff."""

import astropy.units as u
import numpy as np

from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectral_shapes import AMPLITUDE, REFERENCE, Values

# Where the closed form of the cutoff loses digits; the series is right to 1e-11 there.
SERIES_BELOW = 1e-2


class SmoothBrokenPowerLaw(SpectralModel):
    """Two power laws with a smooth break.

    dN/dE = amplitude * (E / reference)^-index1 * (1 + (E / ebreak)^((index2 - index1) / b))^-b, where b is `beta` with
    the sign of index2 - index1: index1 far below the break, index2 far above it, and a small `beta` for a sharp one.
    """

    default_parameters = (
        Parameter("index1", 2.0),
        Parameter("index2", 2.0),
        AMPLITUDE,
        Parameter("ebreak", 1.0, u.TeV, min=0),
        REFERENCE,
        Parameter("beta", 1.0, frozen=True),
    )

    @staticmethod
    def evaluate(
        energy: np.ndarray,
        index1: Values,
        index2: Values,
        amplitude: Values,
        ebreak: Values,
        reference: Values,
        beta: Values,
    ) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, ebreak, reference in TeV).

        Parameters
        ----------
        energy : TeV
        index1 : spectral index far below the break
        index2 : spectral index far above it
        amplitude : of the first power law at the reference energy, cm-2 s-1 TeV-1
        ebreak : energy of the break, TeV
        reference : energy of the amplitude, TeV
        beta : width of the break
        """
        step = np.asarray(index2 - index1, dtype=float)
        sharp = beta * np.sign(step)
        slope = np.divide(step, sharp, out=np.zeros(np.broadcast(step, sharp).shape), where=sharp != 0)
        # In logarithms, so that neither end overflows.
        bend = sharp * np.logaddexp(0.0, slope * np.log(energy / ebreak))
        return amplitude * (energy / reference) ** -index1 * np.exp(-bend)


class SuperExpCutoffPowerLaw4FGLDR3(SpectralModel):
    """Power law with the cutoff that the Fermi-LAT catalogue 4FGL-DR3 has.

    With x = E / reference, dN/dE = amplitude * x^-index_1 * x^(expfactor / index_2) * exp(expfactor / index_2^2 *
    (1 - x^index_2)); near x^index_2 = 1 the last two by their series. -index_1 is the slope and expfactor the
    curvature at the reference energy. Source: Abdollahi et al. 2022, equations (2) and (3).
    """

    default_parameters = (
        AMPLITUDE,
        REFERENCE,
        Parameter("expfactor", 0.01),
        Parameter("index_1", 1.5),
        Parameter("index_2", 2.0),
    )

    @staticmethod
    def evaluate(
        energy: np.ndarray,
        amplitude: Values,
        reference: Values,
        expfactor: Values,
        index_1: Values,
        index_2: Values,
    ) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1 (energy, reference in TeV).

        Parameters
        ----------
        energy : TeV
        amplitude : at the reference energy, cm-2 s-1 TeV-1
        reference : energy of the amplitude, TeV
        expfactor : curvature of the spectrum at the reference energy
        index_1 : spectral index at the reference energy
        index_2 : exponent of the cutoff
        """
        x = np.log(energy / reference)
        # (e^y - 1 - y) / y^2 is 1/2 at 0, so the logarithm is a parabola there.
        y = index_2 * x
        small = np.abs(y) < SERIES_BELOW
        safe = np.where(small, 1.0, y)
        bend = np.where(small, 0.5 + y / 6 + y**2 / 24 + y**3 / 120, (np.expm1(safe) - safe) / safe**2)
        with np.errstate(over="ignore", invalid="ignore"):
            return amplitude * np.exp(-index_1 * x - expfactor * x**2 * bend)
