"""The point spread function of a source as a table over true energy and angle."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.errors import InputError
from tevcurve.irf.psf_at_energies import TableAtEnergies
from tevcurve.irf.source_psf import SourcePSF, nodes_up_to
from tevcurve.kernels.folding import disc_integral_at, disc_integrals, whole_integrals
from tevcurve.kernels.interpolation import interpolate_axis, interpolate_rows, locate
from tevcurve.kernels.sphere import angular_separation
from tevcurve.records import short_repr

if TYPE_CHECKING:
    from tevcurve.irf.table import Response, ResponseTable

# Radian: positions nearer than this are one, written in different ways.
SAME_PLACE = 1e-9


@dataclass(frozen=True, eq=False)
class EnergyDependentTablePSF(SourcePSF):
    """A point spread function over true energy and angle, normalised to 1 over its radius at each energy.

    Linear in log energy and in angle between the nodes, 0 beyond the last angle, that of the nearest energy beyond the
    energies. All integrals are over the sphere, 2 pi sin(rad) drad.

    energies_tev : array (n_energy,), increasing, TeV.
    rad_rad : array (n_rad,), increasing from 0, radian.
    values : array (n_energy, n_rad), sr-1, any normalisation; it is set to 1. An energy that is 0 at all angles stays 0
        (`is_empty`) and takes no part in the interpolation.
    exposure_cm2_s : array (n_energy,), cm2 s, or None.
    mean_of : (tuple of responses over the field of view, (lon, lat) in ICRS radian) whose mean for a source at this
        position it is, at the energies and angles of the first one; None for any other table.
    """

    energies_tev: np.ndarray
    rad_rad: np.ndarray
    values: np.ndarray

    __repr__ = short_repr
    exposure_cm2_s: np.ndarray | None = None
    mean_of: tuple | None = None

    def __post_init__(self) -> None:
        energies, rad = np.asarray(self.energies_tev, dtype=float), np.asarray(self.rad_rad, dtype=float)
        values = np.asarray(self.values, dtype=float)
        if values.shape != (energies.size, rad.size) or rad.size < 2:
            raise InputError(f"values has the shape {values.shape}; {(energies.size, rad.size)} is wanted.")
        if rad[0] != 0 or np.any(np.diff(rad) <= 0) or np.any(np.diff(energies) <= 0):
            raise InputError("rad_rad must increase from 0 and energies_tev must increase.")
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise InputError("values holds negative or not finite densities; densities >= 0 are wanted.")
        for name, array in (
            ("energies_tev", energies),
            ("rad_rad", rad),
            ("values", _normalise(rad, values)),
        ):
            array = array.copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def psf_value(self) -> u.Quantity:
        """Densities (n_energy, n_rad), Quantity in sr-1."""
        return self.values * u.Unit("sr-1")

    @property
    def exposure(self) -> u.Quantity | None:
        """Exposure (n_energy,), Quantity in cm2 s, None where it is not known."""
        return None if self.exposure_cm2_s is None else self.exposure_cm2_s * u.Unit("cm2 s")

    @property
    def table_nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Its energies (TeV) and angles (radian)."""
        return self.energies_tev, self.rad_rad

    @property
    def is_empty(self) -> np.ndarray:
        """Bool array (n_energy,), True where the response has no point spread function."""
        return np.logical_not(self.values.any(axis=1))

    def is_own_of(self, response: "Response", position: tuple[float, float]) -> bool:
        """Whether it stands for what one response over the field of view says at a position (ICRS, radian), bool.

        Parameters
        ----------
        response : over the field of view
        position : (lon, lat), ICRS, radian
        """
        if self.mean_of is None or len(self.mean_of[0]) != 1:
            return False
        (own,), (lon, lat) = self.mean_of
        same = own is response or (type(own) is type(response) and _same_values(own.table, response.table))
        return bool(same and angular_separation(lon, lat, *position) < SAME_PLACE)

    def profiles(self, energies_tev: ArrayLike) -> np.ndarray:
        """Densities (n, n_rad) in sr-1 at the angles `rad_rad`, at true energies (n,) in TeV, normalised to 1.

        energies_tev: true energies, float array (n,), TeV.
        """
        places = locate(np.log(self.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        return _normalise(self.rad_rad, interpolate_axis(self.values, places))

    def densities(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """Densities (n, m) in sr-1 at true energies (n,) in TeV and angles (m,) in radian; 0 beyond the table.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        places = locate(self.rad_rad, rad_rad, 0.0, self.rad_rad[-1])
        return interpolate_axis(self.profiles(energies_tev), places, axis=1) * places.inside

    def at_energies(self, energies_tev: ArrayLike) -> TableAtEnergies:
        """The `TableAtEnergies` at true energies (n,) in TeV. energies_tev: float array (n,)."""
        return TableAtEnergies(self.rad_rad, self.profiles(energies_tev))

    def containment_fraction(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fraction (0 to 1) within angles (radian) at true energies (TeV), broadcast; 0 where the response is empty.

        Parameters
        ----------
        energies_tev : true energies, TeV
        rad_rad : angles from the source, radian
        """
        if np.ndim(rad_rad) == 0:
            return self._fractions_within(energies_tev, rad_rad)
        energies, rad = np.broadcast_arrays(energies_tev, rad_rad)
        values = disc_integral_at(self.rad_rad, self.profiles(energies.ravel()), rad.ravel())
        return values.reshape(energies.shape)

    def _fractions_within(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fractions of the shape of the energies within one angle: linear between the nodes, as the profiles are."""
        places = locate(np.log(self.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        within = interpolate_axis(disc_integral_at(self.rad_rad, self.values, rad_rad), places)
        total = interpolate_axis((~self.is_empty).astype(float), places)
        return np.divide(within, total, out=np.zeros_like(within), where=total > 0)

    @cached_property
    def scale_rad(self) -> float:
        """The smallest angle (radian) that holds 30 % at any energy: how fine the profile must be sampled."""
        cumulative = disc_integrals(self.rad_rad, self.values[~self.is_empty])
        if not len(cumulative):
            return self.rad_rad[-1]
        return max(self.rad_rad[1], self.rad_rad[np.argmax(cumulative >= 0.3, axis=1)].min())

    def profiles_up_to(
        self, energies_tev: ArrayLike, limit: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, None]:
        """Angles (m,) in radian from 0, densities (n, m) in sr-1 there, of 1 up to the last one; None.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        limit : radian, where the function is cut off; None for the whole table
        """
        rad, profiles = nodes_up_to(self.rad_rad, limit), self.profiles(energies_tev)
        if rad is self.rad_rad:
            return rad, profiles, None
        return rad, _normalise(rad, interpolate_axis(profiles, locate(self.rad_rad, rad), axis=1)), None

    def _evaluate(self, energies_tev: np.ndarray, rad: np.ndarray) -> np.ndarray:
        places = locate(self.rad_rad, rad, 0.0, self.rad_rad[-1])
        return interpolate_rows(self.profiles(energies_tev), places) * places.inside

    def _shares_within(self, energies_tev: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        profiles = self.profiles(energies_tev)
        return lambda rad: disc_integral_at(self.rad_rad, profiles, rad)


def _same_values(one: "ResponseTable", other: "ResponseTable") -> bool:
    """Whether two tables of responses hold the same numbers, bool."""
    return all(np.array_equal(values, other.columns[name]) for name, values in one.columns.items())


def _normalise(rad: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Densities (n, n_rad) divided by their integral over the disc; rows of 0 stay 0."""
    total = whole_integrals(rad, values)[..., None]
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)
