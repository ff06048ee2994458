"""What all responses of a point spread function over the field of view share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle

from tevcurve.figures.style import colours_in_order, current_axes, use_colours
from tevcurve.irf.source_psf import SourcePSF, angle_in_rad
from tevcurve.irf.table import Response

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class PointSpreadResponse(Response):
    """A point spread function over true energy (TeV) and offset (radian), of any class."""

    def table_at(self, offset_rad: float) -> SourcePSF:
        """The function at one offset in radian. offset_rad: from the pointing, radian."""
        raise NotImplementedError

    def to_table(self, offset: str | float | u.Quantity) -> SourcePSF:
        """The function at one offset. offset: from the pointing, Quantity, string or float in deg."""
        return self.table_at(angle_in_rad(offset))

    def evaluate(
        self, energy: str | u.Quantity, offset: str | float | u.Quantity, rad: str | u.Quantity
    ) -> u.Quantity:
        """Density as Quantity in sr-1; energies, offsets and angles are Quantities that broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        offset : from the pointing, Quantity
        rad : angles from the source, Quantity
        """
        return self._densities(*places_of(energy, offset, rad)) * u.Unit("sr-1")

    def _densities(self, energy_tev: np.ndarray, offset_rad: np.ndarray, rad: np.ndarray) -> np.ndarray:
        """Densities in sr-1 at energies (TeV), offsets and angles (radian) of one shape."""
        raise NotImplementedError

    def plot(
        self, ax: "Axes | None" = None, fraction: float = 0.68, offsets: u.Quantity | None = None
    ) -> "Axes":
        """Axes with the angle that holds a fraction against energy, one line per offset (default: the file's).

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        fraction : 0 to 1
        offsets : Quantity, one or several; default: the file's
        """
        ax = current_axes() if ax is None else ax
        offsets = self.offset_axis.nodes * u.rad if offsets is None else u.Quantity(offsets)
        use_colours(ax, colours_in_order(np.size(offsets)))
        for offset in np.atleast_1d(offsets):
            table = self.to_table(offset)
            radius = table.containment_radius(table.energy, fraction)
            ax.plot(table.energies_tev, radius.value, label=f"{offset.to_value(u.deg):.2g} deg")
        ax.set(xscale="log", xlabel="True energy [TeV]", ylabel=f"{fraction:.0%} containment radius [deg]")
        ax.set_ylim(bottom=0)
        ax.legend(title="Offset")
        return ax


def places_of(
    energy: str | u.Quantity, offset: str | float | u.Quantity, rad: str | u.Quantity
) -> tuple[np.ndarray, ...]:
    """Energies in TeV, offsets and angles in radian, float arrays of one shape.

    Parameters
    ----------
    energy, offset, rad : Quantities that broadcast, as in `PointSpreadResponse.evaluate`
    """
    return np.broadcast_arrays(u.Quantity(energy).to_value(u.TeV), Angle(offset).rad, Angle(rad).rad)
