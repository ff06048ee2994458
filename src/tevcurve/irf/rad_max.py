"""The energy-dependent radius of the ON region (GADF RAD_MAX_2D)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.errors import DataError
from tevcurve.figures.style import current_axes
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.table import Response, ResponseTable
from tevcurve.problems import remark

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Relative, of energies in 32 bits.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class RadMax2D(Response):
    """The radius within which events were counted for a point-like response: values (n_energy, n_offset) in radian.

    0 where there is none, so that no event counts.
    """

    layout = Layout(
        "rad_max",
        "rad_max_2d",
        "RAD_MAX",
        (("ENERG", "TeV", True), ("THETA", "rad", False)),
        (ValueColumn("RAD_MAX", "rad"),),
    )

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "RadMax2D":
        number = int(np.sum(table.values <= 0))
        if number == table.values.size:
            raise DataError(f"{table.where}: RAD_MAX holds radii of 0 only; radii above 0 are wanted.")
        if number:
            remark(f"{table.where}: RAD_MAX holds {number} radii of 0; nothing counts at their energies.")
        return cls(table)

    def radius(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Radius in radian at energies (TeV) and offsets (radian), broadcast: that of the bin nearest to each.

        The cut was made bin by bin, so nothing is interpolated; what lies beyond the edges takes the outer bins.

        Parameters
        ----------
        energy_tev : reconstructed energies, TeV
        offset_rad : from the pointing, radian
        """
        energy = np.searchsorted(self.energy_axis.edges[1:-1], energy_tev, side="right")
        nodes = self.offset_axis.nodes
        offset = np.searchsorted(0.5 * (nodes[1:] + nodes[:-1]), offset_rad, side="right")
        return self.table.values[energy, offset]

    def largest(self, low_tev: float, high_tev: float, offset_rad: float) -> float:
        """The largest radius in radian between two energies (TeV) at an offset (radian), float.

        Energies that are those of a bin's edge but for the rounding of 32 bits have nothing of the bin beyond it.

        Parameters
        ----------
        low_tev, high_tev : reconstructed energies, TeV
        offset_rad : from the pointing, radian
        """
        return float(self._between(low_tev, high_tev, offset_rad).max())

    def smallest(self, low_tev: float, high_tev: float, offset_rad: float) -> float:
        """The smallest radius in radian, as `largest`; 0 where the table has none at some of the energies.

        Parameters
        ----------
        low_tev, high_tev, offset_rad : as there
        """
        return float(self._between(low_tev, high_tev, offset_rad).min())

    def _between(self, low_tev: float, high_tev: float, offset_rad: float) -> np.ndarray:
        inner, nodes = self.energy_axis.edges[1:-1], self.offset_axis.nodes
        first = np.searchsorted(inner, low_tev * (1 + ROUNDING), side="right")
        last = np.searchsorted(inner, high_tev * (1 - ROUNDING))
        offset = np.searchsorted(0.5 * (nodes[1:] + nodes[:-1]), offset_rad, side="right")
        return self.table.values[first : last + 1, offset]

    def evaluate(self, energy: str | u.Quantity, offset: str | float | u.Quantity) -> u.Quantity:
        """Radius as Quantity in deg; energies and offsets are Quantities that broadcast.

        Parameters
        ----------
        energy : reconstructed energies, Quantity
        offset : from the pointing, Quantity
        """
        radius = self.radius(u.Quantity(energy).to_value(u.TeV), u.Quantity(offset).to_value(u.rad))
        return np.rad2deg(radius) * u.deg

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Axes with the radius against energy, one line per offset of the table.

        ax: matplotlib axes; default: the current ones.
        """
        ax = current_axes() if ax is None else ax
        for offset, values in zip(self.offset_axis.nodes, self.table.values.T, strict=True):
            ax.stairs(
                np.rad2deg(values), self.energy_axis.edges, label=f"{np.rad2deg(offset):.2g} deg", lw=1.5
            )
        ax.set(xscale="log", xlabel="Energy [TeV]", ylabel="Radius of the ON region [deg]")
        ax.set_ylim(bottom=0)
        ax.legend(title="Offset")
        return ax
