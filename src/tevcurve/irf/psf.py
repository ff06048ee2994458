"""The point spread function over the field of view (GADF PSF_TABLE), and its mean for a source."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle
from numpy.typing import ArrayLike

from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.energy_dispersion import ObservedRun, exposure_at, observations_with_offset
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.point_spread import PointSpreadResponse
from tevcurve.irf.psf_table import EnergyDependentTablePSF
from tevcurve.irf.roles import PointSpread
from tevcurve.irf.source_psf import angle_in_rad
from tevcurve.irf.table import ResponseTable, check_not_empty
from tevcurve.kernels.folding import continuous_nodes, continuous_profile
from tevcurve.kernels.interpolation import (
    all_inside,
    interpolate_axis,
    interpolate_points,
    interpolate_rows,
    locate,
)

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord


@dataclass(frozen=True, eq=False)
class PSF3D(PointSpreadResponse):
    """The point spread function over true energy (TeV), offset and angle (radian).

    Values (n_energy, n_offset, n_rad) in sr-1, as the file has them: not normalised before `to_table`.
    """

    layout = Layout(
        "psf",
        "psf_table",
        "RPSF",
        (("ENERG", "TeV", True), ("THETA", "rad", False), ("RAD", "rad", False)),
        (ValueColumn("RPSF", "sr-1"),),
    )

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "PSF3D":
        check_not_empty(table, "RPSF")
        return cls(table)

    @property
    def rad_axis(self) -> ResponseAxis:
        """The axis of the angle from the source, radian."""
        return self.table.axes[2]

    @cached_property
    def rad_nodes(self) -> np.ndarray:
        """Angles (n,) in radian between which `profiles` are linear."""
        axis = self.rad_axis
        if np.all(axis.high > axis.low):
            return continuous_nodes(np.append(0.0, axis.high))
        return np.unique(np.append(0.0, axis.nodes))

    def profiles(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Densities (..., n_rad) in sr-1 at `rad_nodes`, at true energies (TeV) and offsets (radian), broadcast.

        Linear in log energy and offset between the bin centres, constant in the outer half bins, 0 beyond the edges.
        The values of a file are means over the bins in angle: the profile, linear between its nodes, keeps the
        integral over each. (A line through the bin centres would miss up to a tenth of the innermost bin.) Values of
        a file whose bins have no width are those at the angles themselves.

        Parameters
        ----------
        energy_tev : true energies, TeV
        offset_rad : from the pointing, radian
        """
        places = self.energy_axis.locate(energy_tev), self.offset_axis.locate(offset_rad)
        values = interpolate_points(self.table.values, *places)
        return self._over_rad(values) * np.asarray(all_inside(*places))[..., None]

    def _over_rad(self, values: np.ndarray) -> np.ndarray:
        """The values (..., n_bin) of the file at `rad_nodes`."""
        axis = self.rad_axis
        if np.all(axis.high > axis.low):
            return continuous_profile(np.append(0.0, axis.high), values)[1]
        return interpolate_axis(values, axis.locate(self.rad_nodes), axis=values.ndim - 1)

    def _densities(self, energy_tev: np.ndarray, offset_rad: np.ndarray, rad: np.ndarray) -> np.ndarray:
        angles = locate(self.rad_nodes, rad, 0.0, self.rad_nodes[-1])
        return interpolate_rows(self.profiles(energy_tev, offset_rad), angles) * angles.inside

    def to_table(
        self, offset: str | float | u.Quantity, exposure: u.Quantity | None = None
    ) -> EnergyDependentTablePSF:
        """EnergyDependentTablePSF at one offset (Quantity, string or float in deg), normalised at each energy.

        Parameters
        ----------
        offset : from the pointing, Quantity, string or float in deg
        exposure : Quantity (n_energy,) at the energies of the file; None where it is not known
        """
        return self.table_at(
            angle_in_rad(offset), None if exposure is None else u.Quantity(exposure).to_value("cm2 s")
        )

    def table_at(
        self, offset_rad: float, exposure_cm2_s: np.ndarray | None = None
    ) -> EnergyDependentTablePSF:
        """EnergyDependentTablePSF at one offset in radian; see `to_table`.

        Parameters
        ----------
        offset_rad : from the pointing, radian
        exposure_cm2_s : float array (n_energy,), cm2 s; None where it is not known
        """
        energies = self.energy_axis.nodes
        values = self.profiles(energies, offset_rad)
        return EnergyDependentTablePSF(energies, self.rad_nodes, values, exposure_cm2_s)


class RunWithPsf(ObservedRun, Protocol):
    """An observation with a point spread function."""

    @property
    def psf(self) -> PointSpread:
        """The point spread function."""


def make_mean_psf(
    observations: Iterable[RunWithPsf] | RunWithPsf,
    position: "SkyCoord",
    energy: u.Quantity | None = None,
    rad: u.Quantity | None = None,
) -> EnergyDependentTablePSF:
    """EnergyDependentTablePSF of several observations for a source: the mean over them, weighted with their exposure.

    Parameters
    ----------
    observations : iterable, or a single one
        With `pointing_lonlat` (radian, ICRS), `livetime`, `aeff` and `psf`.
    position : astropy.coordinates.SkyCoord
    energy : Quantity (n_energy,), optional
        True energies; default: those of the first observation's response.
    rad : Quantity (n_rad,), optional
        Angles, starting with 0; default: those of the first observation's response.

    Of a response that has parameters the energies are eight times as close as those of the file, and the angles go to
    where 1e-5 of the photons are left, or to 30 deg. An energy without exposure is empty (0 at all angles).
    """
    pairs = observations_with_offset(observations, position)
    energies, angles = pairs[0][0].psf.table_at(pairs[0][1]).table_nodes
    energies = energies if energy is None else u.Quantity(energy).to_value(u.TeV)
    angles = angles if rad is None else Angle(rad).rad
    values: np.ndarray = np.zeros(())
    total: np.ndarray = np.zeros(())
    for observation, offset in pairs:
        exposure = exposure_at(observation, energies, offset)
        densities = observation.psf.table_at(offset).densities_for_table(energies, angles)
        values, total = values + exposure[:, None] * densities, total + exposure
    mean_of = None
    if energy is None and rad is None:
        mean_of = tuple(each.psf for each, _ in pairs), (position.icrs.ra.rad, position.icrs.dec.rad)
    return EnergyDependentTablePSF(energies, angles, values, total, mean_of)
