"""The effective area (GADF AEFF_2D)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.figures.style import colours_in_order, current_axes, use_colours
from tevcurve.files import number_of
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.table import Response, ResponseTable
from tevcurve.kernels.interpolation import all_inside, interpolate_axis, interpolate_points
from tevcurve.problems import remark

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class EffectiveAreaTable2D(Response):
    """The effective area over true energy (TeV) and offset (radian): values (n_energy, n_offset) in cm2."""

    layout = Layout(
        "aeff",
        "aeff_2d",
        "EFF_AREA",
        (("ENERG", "TeV", True), ("THETA", "rad", False)),
        (ValueColumn("EFFAREA", "cm2"),),
    )

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "EffectiveAreaTable2D":
        _remark_thresholds(table)
        return cls(table)

    @property
    def low_threshold(self) -> u.Quantity | None:
        """The lowest safe energy (`LO_THRES`) in TeV as Quantity, None where the file has none above 0."""
        return _threshold(self.table, "LO_THRES")

    @property
    def high_threshold(self) -> u.Quantity | None:
        """The highest safe energy (`HI_THRES`) in TeV as Quantity, None where the file has none above 0."""
        return _threshold(self.table, "HI_THRES")

    @property
    def max_offset(self) -> u.Quantity:
        """The largest offset of the table, Quantity in deg."""
        return np.rad2deg(self.offset_axis.high[-1]) * u.deg

    def effective_area(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Effective area in cm2 at energies (TeV) and offsets (radian), broadcast.

        Linear in log energy and in offset between the bin centres, constant in the outer half bins, 0 beyond the
        edges.

        Parameters
        ----------
        energy_tev : true energies, TeV
        offset_rad : from the pointing, radian
        """
        places = self.energy_axis.locate(energy_tev), self.offset_axis.locate(offset_rad)
        return np.where(all_inside(*places), interpolate_points(self.table.values, *places), 0.0)

    def effective_area_grid(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Effective area in cm2 at every energy (n,) and offset (...), shape (n, ...): faster than broadcasting.

        Parameters
        ----------
        energy_tev : true energies, float array (n,), TeV
        offset_rad : from the pointing, of any shape, radian
        """
        energy, offset = self.energy_axis.locate(energy_tev), self.offset_axis.locate(offset_rad)
        per_energy = interpolate_axis(self.table.values, energy) * energy.inside[:, None]
        return interpolate_axis(per_energy, offset, axis=1) * offset.inside

    def evaluate(self, energy_true: str | u.Quantity, offset: str | float | u.Quantity) -> u.Quantity:
        """Effective area as Quantity in m2; energies and offsets are Quantities that broadcast.

        Parameters
        ----------
        energy_true : Quantity
        offset : from the pointing, Quantity
        """
        energy = u.Quantity(energy_true).to_value(u.TeV)
        return self.effective_area(energy, u.Quantity(offset).to_value(u.rad)) * 1e-4 * u.m**2

    def plot(self, ax: "Axes | None" = None, offsets: u.Quantity | None = None) -> "Axes":
        """Axes with the effective area against energy, one line per offset (default: those of the table).

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        offsets : Quantity, one or several; default: those of the table
        """
        ax = current_axes() if ax is None else ax
        offsets = self.offset_axis.nodes * u.rad if offsets is None else u.Quantity(offsets)
        use_colours(ax, colours_in_order(np.size(offsets)))
        energy = self.energy_axis.nodes
        for offset in np.atleast_1d(offsets):
            area = self.effective_area(energy, offset.to_value(u.rad)) * 1e-4
            ax.plot(energy, np.where(area > 0, area, np.nan), label=f"{offset.to_value(u.deg):.2g} deg")
        ax.set(xscale="log", yscale="log", xlabel="True energy [TeV]", ylabel="Effective area [m$^2$]")
        ax.legend(title="Offset")
        return ax


def _threshold(table: ResponseTable, key: str) -> u.Quantity | None:
    number = number_of(table.header.get(key))
    return None if number is None or number <= 0 else number * u.TeV


def _remark_thresholds(table: ResponseTable) -> None:
    """Notes thresholds that are none: what is no number limits nothing, nor does a highest energy of 0 or less."""
    for key, least in (("LO_THRES", -np.inf), ("HI_THRES", 0.0)):
        value = table.header.get(key)
        number = number_of(value)
        if value is not None and (number is None or number <= least):
            remark(f"{table.where} has {key} {value!r}, which is no energy; energies are not limited there.")
