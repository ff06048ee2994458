"""Energies that a person gives, as numbers in TeV."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.units import as_quantity


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


def bounds_in_tev(emin: str | u.Quantity, emax: str | u.Quantity) -> tuple[np.ndarray, np.ndarray]:
    """The two energies of an integral in TeV; InputError unless emin <= emax.

    Parameters
    ----------
    emin : lower energies, Quantity or string
    emax : upper energies, Quantity or string
    """
    low, high = energies_in_tev(emin, "emin"), energies_in_tev(emax, "emax")
    if np.any(low > high):
        raise InputError(f"The energies are emin {emin} and emax {emax}; wanted is emin below emax.")
    return low, high
