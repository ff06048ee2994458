"""Views of spectra: the local index, and lines on logarithmic axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import current_axes, unit_text
from tevcurve.models.energies import bounds_in_tev, energies_in_tev
from tevcurve.models.spectral import FLUX_DENSITY, SpectralModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spectral_index(model: SpectralModel, energy: str | u.Quantity) -> np.ndarray:
    """Local index -dlog(dN/dE)/dlog(E) at `energy` (Quantity or string), float64; NaN where the flux is 0.

    Parameters
    ----------
    model : `SpectralModel`
    energy : Quantity or string
    """
    energy = energies_in_tev(energy, "energy")
    values, step = model.internal_values(), 1e-3
    shift = np.exp(step * np.array([-2, -1, 1, 2]))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(model._evaluate(energy[..., None] * shift, values))
        # The slope at the middle of the polynomial through the four neighbours.
        return -np.sum(logs * np.array([1, -8, 8, -1]), axis=-1) / (12 * step)


def plot(
    model: SpectralModel,
    energy_bounds: u.Quantity | Sequence[str | u.Quantity],
    ax: "Axes | None" = None,
    energy_power: float = 0,
    **kwargs: Any,
) -> "Axes":
    """Draw E^power dN/dE between two energies on logarithmic axes; returns the matplotlib axes.

    Parameters
    ----------
    model : `SpectralModel`
    energy_bounds : two energies, Quantity such as [1, 10] * u.TeV or a pair of strings.
    ax : matplotlib axes, the current ones when None.
    energy_power : power of the energy to multiply with, 2 for a spectral energy distribution.
    kwargs : for the line (`label`, `color`, ...).
    """
    if np.shape(energy_bounds) != (2,):
        raise InputError(f"energy_bounds is {energy_bounds}; wanted are two energies.")
    emin, emax = bounds_in_tev(*energy_bounds)
    ax = current_axes() if ax is None else ax
    energy = np.geomspace(emin, emax, 200)
    kwargs.setdefault("label", model.name or None)
    ax.plot(energy, energy**energy_power * model.dnde(energy), **kwargs)
    ax.set_xscale("log")
    ax.set_yscale("log")
    unit = unit_text(FLUX_DENSITY * u.TeV**energy_power)
    power = "" if energy_power == 0 else "E " if energy_power == 1 else f"E$^{{{energy_power:g}}}$ "
    ax.set_xlabel("Energy [TeV]")
    ax.set_ylabel(f"{power}dN/dE [{unit}]")
    return ax
