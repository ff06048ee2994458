"""The point spread function of a source in closed form, whose parameters are known at some energies."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from tevcurve.irf.psf_at_energies import FormAtEnergies
from tevcurve.irf.source_psf import SourcePSF, nodes_up_to
from tevcurve.kernels.folding import continuous_profile
from tevcurve.kernels.interpolation import locate
from tevcurve.kernels.radial_forms import FORMS, between_known
from tevcurve.records import short_repr

# Angles between which densities are taken as linear and shares are exact at each, radian: a thirtieth of the width of
# the sharpest functions (0.01 deg) apart at the centre, 6 % of the angle farther out, up to 30 deg.
_FINEST, _STEP, _FARTHEST = np.deg2rad(0.005), 0.06, np.deg2rad(30)
RADII = _FINEST * np.sinh(_STEP * np.arange(int(np.arcsinh(_FARTHEST / _FINEST) / _STEP) + 2))
# Angles of a table that stands for a closed form: these and the middles between them.
_TABLE_RADII, _ = continuous_profile(RADII, np.zeros(len(RADII) - 1))
_RINGS = 2 * np.pi * np.diff(-np.cos(RADII))
# What may be beyond the last angle, and, of a table that stands for the closed form, beyond its radius.
_LEFT, _LEFT_OF_TABLE = 1e-9, 1e-5
# Angles are counted in steps of so many, so that runs at nearly one offset have the same.
_IN_STEPS = 4
# Energies in each interval of those of the file, for a table.
_FINER = 8


@dataclass(frozen=True, eq=False)
class AnalyticPSF(SourcePSF):
    """A point spread function in closed form, normalised to 1 to infinity at each energy.

    Its parameters are linear in log energy between the nodes, those of the nearest energy beyond. A node without a
    function takes no part; a parameter that belongs to a component which a node has not is that of the other node.

    Attributes
    ----------
    form : name of one of `tevcurve.kernels.radial_forms.FORMS`
    energies_tev : array (n_energy,), increasing, TeV
    parameters : array (n_energy, n_parameters), angles in radian; 0 where there is no function
    """

    form: str
    energies_tev: np.ndarray
    parameters: np.ndarray

    __repr__ = short_repr
    is_endless = True

    @property
    def is_empty(self) -> np.ndarray:
        """Bool array (n_energy,), True where there is no function."""
        return ~(self.parameters[:, 0] > 0)

    def parameters_at(self, energies_tev: ArrayLike) -> np.ndarray:
        """Parameters (n, n_parameters) at true energies (n,) in TeV. energies_tev: float array (n,)."""
        places = locate(np.log(self.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        low, high = self.parameters[places.lower], self.parameters[places.upper]
        return between_known(low, high, places.weight, FORMS[self.form].told_by)

    @cached_property
    def rad_rad(self) -> np.ndarray:
        """Angles (n_rad,) in radian, from 0, beyond which 1e-9 of the photons are, or 30 deg."""
        return RADII[: self._number_until(_LEFT, self.parameters)]

    def _number_until(self, left: float, parameters: np.ndarray) -> int:
        """How many of `RADII` are needed until so little is left of any functions; at least 2."""
        within = FORMS[self.form].within(parameters[parameters[:, 0] > 0][:, None], RADII)
        enough = np.all(within >= 1 - left, axis=0)
        number = int(np.argmax(enough)) + 1 if enough.any() else len(RADII)
        return min(_IN_STEPS * -(-number // _IN_STEPS), len(RADII))

    @cached_property
    def scale_rad(self) -> float:
        """The smallest angle (radian) that holds 30 % at any energy: how fine the profile must be sampled."""
        within = FORMS[self.form].within(self.parameters[~self.is_empty][:, None], RADII)
        enough = np.any(within >= 0.3, axis=0)
        return float(RADII[np.argmax(enough)] if enough.any() else RADII[-1])

    @property
    def table_nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Energies (TeV) and angles (radian) of a table that stands for it: closer ones than those of the file."""
        log = np.log(self.energies_tev)
        number = np.arange(_FINER * (len(log) - 1) + 1) / _FINER
        rings = self._number_until(_LEFT_OF_TABLE, self.parameters) - 1
        return np.exp(np.interp(number, np.arange(len(log)), log)), _TABLE_RADII[: 2 * rings + 1]

    def densities_for_table(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """As `densities`; at the angles of `table_nodes` so that lines between them hold what the closed form holds.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        rings = len(rad_rad) // 2
        if not np.array_equal(rad_rad, _TABLE_RADII[: 2 * rings + 1]):
            return self.densities(energies_tev, rad_rad)
        within = FORMS[self.form].within(self.parameters_at(energies_tev)[:, None], RADII[: rings + 1])
        return continuous_profile(RADII[: rings + 1], np.diff(within, axis=1) / _RINGS[:rings])[1]

    def profiles(self, energies_tev: ArrayLike) -> np.ndarray:
        """Densities (n, n_rad) in sr-1 at the angles `rad_rad`.

        energies_tev: true energies, float array (n,), TeV.
        """
        return self.densities(energies_tev, self.rad_rad)

    def densities(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """Densities (n, m) in sr-1 at true energies (n,) in TeV and angles (m,) in radian.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        return FORMS[self.form].density(self.parameters_at(energies_tev)[:, None], rad_rad)

    def at_energies(self, energies_tev: ArrayLike) -> FormAtEnergies:
        """The `FormAtEnergies` at true energies (n,) in TeV. energies_tev: float array (n,)."""
        return FormAtEnergies(self.form, self.parameters_at(energies_tev), RADII)

    def containment_fraction(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fraction (0 to 1) within angles (radian) at true energies (TeV), broadcast; 0 where there is no function.

        Parameters
        ----------
        energies_tev : true energies, TeV
        rad_rad : angles from the source, radian
        """
        energies, rad = np.broadcast_arrays(np.asarray(energies_tev, dtype=float), rad_rad)
        return FORMS[self.form].within(self.parameters_at(energies), rad)

    def profiles_up_to(
        self, energies_tev: ArrayLike, limit: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Angles (m,) in radian from 0, densities (n, m) in sr-1 there, and the shares within each, (n, m).

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        limit : radian, where the function is cut off, and up to where it is normalised to 1; None for all that there
            is: beyond the last angle are 1e-9 of the photons of these energies, or it is 30 deg
        """
        form, parameters = FORMS[self.form], self.parameters_at(energies_tev)
        is_cut = limit is not None and limit < self.rad_rad[-1]
        number = self._number_until(_LEFT, parameters)
        rad = nodes_up_to(self.rad_rad, limit) if is_cut else RADII[:number]
        density = form.density(parameters[:, None], rad)
        within = form.within(parameters[:, None], rad)
        whole = np.where(is_cut & (within[:, -1:] > 0), within[:, -1:], 1.0)
        return rad, density / whole, within / whole

    def _evaluate(self, energies_tev: np.ndarray, rad: np.ndarray) -> np.ndarray:
        return FORMS[self.form].density(self.parameters_at(energies_tev), rad)
