"""Point spread functions at certain energies, asked for at many places: what unbinned light curves are made of."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from tevcurve.kernels.folding import disc_integral_at, ring_integrals
from tevcurve.kernels.interpolation import interpolate_axis, locate
from tevcurve.kernels.radial_forms import FORMS
from tevcurve.records import short_repr


class PSFAtEnergies(Protocol):
    """What both kinds offer, at n energies."""

    def densities_of(self, which: np.ndarray, rad_rad: np.ndarray) -> np.ndarray:
        """Densities (m,) in sr-1, each at one of the energies and at an angle; 0 beyond the last angle.

        Parameters
        ----------
        which : int array (m,), the number of the energy of each
        rad_rad : angles from the source, float array (m,), radian
        """

    def shares_in_rings(self, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """Edges (m + 1,) in radian of rings around the source, from 0, and the shares (n, m) of the photons in each.

        limit: radian, where the last ring ends; or the last angle, if that is nearer.
        """

    def shares_within(self, limit: float) -> np.ndarray:
        """Shares (n,) of the photons within an angle. limit: radian."""


@dataclass(frozen=True, eq=False)
class TableAtEnergies:
    """A `PSFAtEnergies` that is linear between angles.

    Attributes
    ----------
    rad_rad : float array (n_rad,), increasing from 0, radian
    values : float array (n, n_rad), sr-1
    """

    rad_rad: np.ndarray
    values: np.ndarray

    __repr__ = short_repr

    def densities_of(self, which: np.ndarray, rad_rad: np.ndarray) -> np.ndarray:
        """See `PSFAtEnergies`.

        Parameters
        ----------
        which : int array (m,), the number of the energy of each
        rad_rad : angles from the source, float array (m,), radian
        """
        places = locate(self.rad_rad, rad_rad, 0.0, self.rad_rad[-1])
        first, values = which * len(self.rad_rad), self.values.ravel()
        low, high = (values.take(first + node) for node in (places.lower, places.upper))
        return (low * (1 - places.weight) + high * places.weight) * places.inside

    def shares_in_rings(self, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """See `PSFAtEnergies`. limit: radian."""
        rad, values = rings_up_to(self.rad_rad, limit), self.values
        if rad is not self.rad_rad:
            values = interpolate_axis(values, locate(self.rad_rad, rad), axis=1)
        return rad, ring_integrals(rad, values)

    def shares_within(self, limit: float) -> np.ndarray:
        """See `PSFAtEnergies`. limit: radian."""
        return disc_integral_at(self.rad_rad, self.values, limit)


@dataclass(frozen=True, eq=False)
class FormAtEnergies:
    """A `PSFAtEnergies` in closed form.

    Attributes
    ----------
    form : name of one of `tevcurve.kernels.radial_forms.FORMS`
    parameters : float array (n, n_parameters)
    radii : float array (m,), increasing from 0, radian, the edges of rings
    """

    form: str
    parameters: np.ndarray
    radii: np.ndarray

    __repr__ = short_repr

    @cached_property
    def _coefficients(self) -> np.ndarray:
        return np.ascontiguousarray(FORMS[self.form].coefficients(self.parameters).T)

    def densities_of(self, which: np.ndarray, rad_rad: np.ndarray) -> np.ndarray:
        """See `PSFAtEnergies`.

        Parameters
        ----------
        which : int array (m,), the number of the energy of each
        rad_rad : angles from the source, float array (m,), radian
        """
        return FORMS[self.form].of_coefficients(self._coefficients.take(which, axis=1).T, rad_rad)

    def shares_in_rings(self, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """See `PSFAtEnergies`. limit: radian."""
        rad = rings_up_to(self.radii, limit)
        return rad, np.diff(FORMS[self.form].within(self.parameters[:, None], rad), axis=1)

    def shares_within(self, limit: float) -> np.ndarray:
        """See `PSFAtEnergies`. limit: radian."""
        return FORMS[self.form].within(self.parameters, limit)


def rings_up_to(radii: np.ndarray, limit: float) -> np.ndarray:
    """The radii (m,) up to a limit, which is the last; all where it is beyond them.

    Parameters
    ----------
    radii : float array (n,), increasing from 0, radian
    limit : radian, above 0
    """
    return radii if limit >= radii[-1] else np.append(radii[radii < limit], limit)
