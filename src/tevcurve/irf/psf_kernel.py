"""The point spread function on a grid of pixels, as a kernel for convolution."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.figures.style import current_axes
from tevcurve.irf.disc_window import WIDEST_MARGIN
from tevcurve.irf.source_psf import SourcePSF, angle_in_rad
from tevcurve.kernels.radial import integrate_over_pixels
from tevcurve.maps import MapAxis, WcsGeom
from tevcurve.records import short_repr

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class PSFKernel:
    """The share of a point source's photons in each pixel around it: `data` (n_energy, n_lat, n_lon), odd sizes.

    Each energy sums to 1, or is 0 where the response is empty; where it goes on beyond the kernel and no radius was
    given, to what is on the kernel. It keeps the `table_psf` that it was made from and its
    `max_radius` (Quantity in deg), for those who need more than the grid.

    Attributes
    ----------
    data : float array (n_energy, n_lat, n_lon)
    geom : `WcsGeom` with the axis of true energy and the size of the pixels
    table_psf : what it was made from
    max_radius : Quantity, deg
    """

    data: np.ndarray
    geom: WcsGeom
    table_psf: SourcePSF
    max_radius: u.Quantity

    __repr__ = short_repr

    @classmethod
    def from_table_psf(
        cls,
        table_psf: SourcePSF,
        geom: WcsGeom,
        max_radius: str | float | u.Quantity | None = None,
        factor: int = 4,
    ) -> "PSFKernel":
        """PSFKernel of a table, integrated over the pixels of a geometry.

        Parameters
        ----------
        table_psf : SourcePSF
        geom : WcsGeom
            With an axis of true energy; the pixels are those at its centre.
        max_radius : str, Quantity or float in deg, optional
            Half the side of the square that the kernel fills with whole pixels; it is normalised to 1 on them.
            Default: the full radius of the table, or, where it goes on far beyond the geometry, all that this needs.
        factor : int
            The least number of subpixels along a pixel's side; near the centre there are more.
        """
        if len(geom.axes) != 1 or not geom.axes[0].unit.is_equivalent(u.TeV):
            names = [axis.name for axis in geom.axes]
            raise InputError(f"geom has the axes {names}; one axis, of true energy, is wanted.")
        edges = geom.axes[0].edges.to_value(u.TeV)
        rad, profiles, discs = table_psf.profiles_up_to(np.sqrt(edges[1:] * edges[:-1]))
        sides = _pixel_sides(geom)
        radius = rad[-1] if max_radius is None else min(rad[-1], angle_in_rad(max_radius))
        if not radius > 0:
            raise InputError(f"max_radius is {max_radius}; an angle above 0 is wanted.")
        # The whole disc of the table, or the whole pixels of a square: a pixel that just fits is in it.
        half = [np.ceil(rad[-1] / side - 0.5) for side in sides]
        if radius < rad[-1]:
            half = [max(0.0, np.floor(radius / side - 0.5 + 1e-6)) for side in sides]
        goes_on = radius == rad[-1] and (table_psf.is_endless or max(half) > WIDEST_MARGIN)
        if goes_on:
            half = [min(one, float(n)) for one, n in zip(half, geom.npix, strict=True)]
        x, y = _flat_grid(sides, half)
        index, integrals = integrate_over_pixels(x, y, rad, profiles, table_psf.scale_rad, factor, discs)
        data = np.zeros((len(profiles), x[0].size))
        data[:, index] = integrals
        if not goes_on:
            total = data.sum(axis=1, keepdims=True)
            data = np.divide(data, total, out=np.zeros_like(data), where=total > 0)
        return cls(data.reshape(-1, *x[0].shape), geom, table_psf, np.rad2deg(radius) * u.deg)

    @property
    def energy_axis(self) -> MapAxis:
        """The axis of true energy."""
        return self.geom.axes[0]

    def plot(self, ax: "Axes | None" = None, energy: str | u.Quantity = "1 TeV") -> "Axes":
        """Axes with the kernel at the true-energy bin that holds an energy.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        energy : Quantity or string, one within the axis
        """
        from matplotlib.colors import LogNorm

        index = int(self.energy_axis.coord_to_idx(u.Quantity(energy)))
        if index < 0:
            edges = self.energy_axis.edges
            raise InputError(f"energy is {energy}; one from {edges[0]:g} to {edges[-1]:g} is wanted.")
        ax = current_axes() if ax is None else ax
        plane = self.data[index]
        width, height = (
            np.rad2deg(side) * n / 2
            for side, n in zip(_pixel_sides(self.geom), plane.shape[::-1], strict=True)
        )
        norm = LogNorm(plane.max() * 1e-5, plane.max()) if plane.any() else None
        image = ax.imshow(plane, origin="lower", extent=(width, -width, -height, height), norm=norm)
        low, high = self.energy_axis.edges[index : index + 2]
        ax.set(xlabel="Offset in longitude [deg]", ylabel="Offset in latitude [deg]")
        ax.set_title(f"{low.value:.3g} to {high.value:.3g} {high.unit}")
        ax.figure.colorbar(image, ax=ax, label="Share of the photons per pixel")
        return ax


def _pixel_sides(geom: WcsGeom) -> tuple[float, float]:
    """True sides (lon, lat) in radian of a pixel at the centre of a geometry."""
    area = geom.solid_angle().value[geom.npix[1] // 2, geom.npix[0] // 2]
    ratio = abs(geom.cdelt[0] / geom.cdelt[1])
    if geom.proj == "CAR":
        # Rows are equally far apart everywhere; away from the grid's own equator the pixels are narrower.
        height = np.deg2rad(abs(geom.cdelt[1]))
        return area / height, height
    return np.sqrt(area * ratio), np.sqrt(area / ratio)


def _flat_grid(sides: tuple[float, float], half: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (6, n_lat, n_lon) in radian of a flat grid that goes `half` = (lon, lat) pixels to each side."""
    n_lon, n_lat = half
    y, x = np.meshgrid(np.arange(-n_lat, n_lat + 1.0), np.arange(-n_lon, n_lon + 1.0), indexing="ij")
    x_terms, y_terms = np.zeros((6, *x.shape)), np.zeros((6, *x.shape))
    x_terms[0], x_terms[1] = x * sides[0], sides[0]
    y_terms[0], y_terms[2] = y * sides[1], sides[1]
    return x_terms, y_terms
