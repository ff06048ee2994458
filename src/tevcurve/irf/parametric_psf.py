"""Point spread functions as parameters over the field of view (GADF PSF_3GAUSS and PSF_KING).

Source: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/irfs/full_enclosure/psf/index.html
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.errors import DataError
from tevcurve.irf.analytic_psf import AnalyticPSF
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.point_spread import PointSpreadResponse, places_of
from tevcurve.irf.table import ResponseTable
from tevcurve.kernels.interpolation import all_inside
from tevcurve.kernels.radial_forms import FORMS, between_known
from tevcurve.problems import remark

_AXES = (("ENERG", "TeV", True), ("THETA", "rad", False))
# Beyond these a parameter is a mistake, by its unit inside; widths below the least are none, radian.
_LARGEST, _LEAST_WIDTH = {"rad": 2 * np.pi, "": 1e9}, 1e-9
# Where more than this is outside an angle that maps and regions rarely reach, a light curve says so.
_FAR, _MUCH = np.deg2rad(3.0), 0.01


@dataclass(frozen=True, eq=False)
class ParametricPSF(PointSpreadResponse):
    """A point spread function whose parameters are tabulated over true energy (TeV) and offset (radian).

    The parameters are linear in log energy and offset between the bin centres, constant in the outer half bins; the
    function is the closed form of these, normalised to 1 to infinity, so that a light curve counts as lost what is
    outside its region or its map. Below the first offset parameters are held. A cell without a function takes no part:
    next to it the others stand.
    """

    form: ClassVar[str]

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "ParametricPSF":
        for column in cls.layout.columns:
            largest = np.max(np.abs(table.columns[column.name]))
            if column.is_used and largest > _LARGEST[column.unit]:
                unit = f" {column.unit}" if column.unit else ""
                raise DataError(
                    f"{table.where}: {column.name} holds values up to {largest:g}{unit}, which nothing has."
                )
        response = cls(table)
        if not np.any(response.parameters[..., 0] > 0):
            names = " and ".join(column.name for column in cls.layout.columns)
            raise DataError(
                f"{table.where}: {names} are those of no function at any energy and offset; one is wanted."
            )
        response._remark_tail()
        return response

    def _remark_tail(self) -> None:
        """Notes where much of the photons is farther away than maps and regions reach."""
        left = 1 - FORMS[self.form].within(self.parameters, np.full(self.parameters.shape[:-1], _FAR))
        left = np.where(self.parameters[..., 0] > 0, left, 0.0)
        if left.max() > _MUCH:
            place = np.unravel_index(np.argmax(left), left.shape)
            energy, offset = self.energy_axis.nodes[place[0]], np.rad2deg(self.offset_axis.nodes[place[1]])
            remark(
                f"{self.table.where} has up to {left.max():.1%} of the photons ({energy:.3g} TeV, {offset:.3g} deg off "
                f"the pointing) beyond {np.rad2deg(_FAR):g} deg, to infinity; they count as outside."
            )

    @cached_property
    def parameters(self) -> np.ndarray:
        """Parameters (n_energy, n_offset, n_parameters) of the form, in its order; 0 where there is no function."""
        return np.stack([self.table.columns[name] for name in FORMS[self.form].parameters], axis=-1)

    def table_at(self, offset_rad: float) -> AnalyticPSF:
        """AnalyticPSF at one offset in radian; empty at all energies beyond the edges.

        offset_rad: from the pointing, radian.
        """
        place = self.offset_axis.locate(offset_rad)
        low, high = self.parameters[:, int(place.lower)], self.parameters[:, int(place.upper)]
        weight = np.full(len(low), float(place.weight))
        parameters = between_known(low, high, weight, FORMS[self.form].told_by) * bool(place.inside)
        return AnalyticPSF(self.form, self.energy_axis.nodes, parameters)

    def parameters_at(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Parameters (..., n_parameters) at true energies (TeV) and offsets (radian), broadcast; 0 beyond the edges.

        Parameters
        ----------
        energy_tev : true energies, TeV
        offset_rad : from the pointing, radian
        """
        energies, offsets = np.broadcast_arrays(energy_tev, offset_rad)
        energy, offset = self.energy_axis.locate(energies), self.offset_axis.locate(offsets)
        values, told_by = self.parameters, FORMS[self.form].told_by
        low, high = (
            between_known(values[at, offset.lower], values[at, offset.upper], offset.weight, told_by)
            for at in (energy.lower, energy.upper)
        )
        inside = np.asarray(all_inside(energy, offset))[..., None]
        return between_known(low, high, energy.weight, told_by) * inside

    def _densities(self, energy_tev: np.ndarray, offset_rad: np.ndarray, rad: np.ndarray) -> np.ndarray:
        return FORMS[self.form].density(self.parameters_at(energy_tev, offset_rad), rad)

    def containment(
        self, energy: str | u.Quantity, offset: str | float | u.Quantity, rad: str | u.Quantity
    ) -> u.Quantity:
        """Fraction (0 to 1) of all photons, to infinity, within an angle; the arguments are those of `evaluate`.

        Parameters
        ----------
        energy, offset, rad : as there
        """
        energies, offsets, angles = places_of(energy, offset, rad)
        return u.Quantity(FORMS[self.form].within(self.parameters_at(energies, offsets), angles))

    def draw(self, energy_tev: np.ndarray, offset_rad: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Angles (n,) in radian between true and reconstructed direction; NaN where there is no function.

        Parameters
        ----------
        energy_tev : true energies, float array (n,), TeV
        offset_rad : from the pointing, float array (n,), radian
        rng : numpy random generator
        """
        parameters = self.parameters_at(energy_tev, offset_rad)
        angle = np.full(len(parameters), np.nan)
        seen = np.flatnonzero(parameters[:, 0] > 0)
        drawn = FORMS[self.form].draw(parameters[seen], rng)
        # An endless plane has more room than the sky; what is drawn there is nowhere.
        angle[seen] = np.where(drawn <= np.pi, drawn, np.nan)
        return angle


@dataclass(frozen=True, eq=False)
class EnergyDependentMultiGaussPSF(ParametricPSF):
    """The point spread function as up to three Gaussians (PSF_3GAUSS).

    AMPL_2 and AMPL_3 are relative to the first, all are normalised together: SCALE, which files have in different
    units, only tells by 0 that there is none. A Gaussian without amplitude or width is none, whatever its other number.
    """

    form = "three gaussians"
    layout = Layout(
        "psf",
        "psf_3gauss",
        "RPSF",
        _AXES,
        (
            ValueColumn("SIGMA_1", "rad", signed=True),
            ValueColumn("SIGMA_2", "rad", signed=True),
            ValueColumn("SIGMA_3", "rad", signed=True),
            ValueColumn("SCALE", "sr-1", signed=True, usual_unit="sr-1", is_used=False),
            ValueColumn("AMPL_2", ""),
            ValueColumn("AMPL_3", ""),
        ),
    )

    @classmethod
    def _prepared(cls, columns: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
        columns = dict(columns)
        for sigma, amplitude in (("SIGMA_2", "AMPL_2"), ("SIGMA_3", "AMPL_3")):
            width, height = columns[sigma], columns[amplitude]
            none = (np.abs(width) < _LEAST_WIDTH) | (height == 0) | (np.isnan(width) & np.isnan(height))
            columns[sigma], columns[amplitude] = np.where(none, 0.0, width), np.where(none, 0.0, height)
        widths = [columns[name] for name in ("SIGMA_1", "SIGMA_2", "SIGMA_3")]
        empty = (columns["SCALE"] <= 0) | (widths[0] < _LEAST_WIDTH) | (np.minimum(widths[1], widths[2]) < 0)
        return {name: np.where(empty, 0.0, values) for name, values in columns.items()}


@dataclass(frozen=True, eq=False)
class PSFKing(ParametricPSF):
    """The point spread function as King function (PSF_KING).

    Its tail is a power law: what is within an angle is counted of the whole, to infinity, as the closed form has it.
    """

    form = "king"
    layout = Layout(
        "psf",
        "psf_king",
        "RPSF",
        _AXES,
        (ValueColumn("GAMMA", "", signed=True), ValueColumn("SIGMA", "rad", signed=True)),
    )

    @classmethod
    def _prepared(cls, columns: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
        gamma, sigma = columns["GAMMA"], columns["SIGMA"]
        endless = (gamma <= 1) & (sigma > 0)
        if np.any(endless & (gamma != 0)):
            remark(
                f"{where}: GAMMA is {np.min(gamma[endless]):g} and the like at {int(np.sum(endless))} energies and "
                "offsets; a King function needs more than 1, so there is none."
            )
        empty = (gamma <= 1) | (sigma < _LEAST_WIDTH)
        return {name: np.where(empty, 0.0, values) for name, values in columns.items()}
