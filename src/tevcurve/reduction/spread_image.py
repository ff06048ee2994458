"""Where the photons of a source of any shape are: its image, weighted with the effective area, through the PSF."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tevcurve.kernels.sphere import angular_separation, offset_frame
from tevcurve.maps import WcsGeom
from tevcurve.models.spatial import SpatialModel
from tevcurve.records import short_repr

# Steps of the grid for each angle that holds 30 % of a point's photons at some energy, and its sizes in radian.
PER_SCALE = 4
FINEST, COARSEST = np.deg2rad(0.002), np.deg2rad(0.05)
MOST_STEPS = 512  # on a side
# Points on a side of a pixel at which the image is looked at.
POINTS = 4


@dataclass(frozen=True, eq=False)
class SpreadImage:
    """Densities of a source's photons on a flat grid around its centre, at each energy that is asked for.

    Attributes
    ----------
    shape : `SpatialModel`
    position : (lon, lat) of its centre, ICRS, radian
    pointing : (lon, lat), ICRS, radian
    aeff : `EffectiveAreaTable2D`, by which each part of the source counts
    psf : `SourcePSF` of a point at the centre
    """

    shape: SpatialModel
    position: tuple[float, float]
    pointing: tuple[float, float]
    aeff: Any
    psf: Any

    __repr__ = short_repr

    @cached_property
    def rad_rad(self) -> np.ndarray:
        """(0, the angle from the centre beyond which nothing is), radian."""
        return np.array([0.0, np.deg2rad(self.shape.evaluation_radius.value) + self.psf.table_nodes[1][-1]])

    @cached_property
    def step(self) -> float:
        """Of the grid, radian."""
        step = np.clip(self.psf.scale_rad / PER_SCALE, FINEST, COARSEST)
        return float(max(step, 2 * self.rad_rad[1] / MOST_STEPS))

    @cached_property
    def _half(self) -> int:
        """Steps from the middle of the grid to its border."""
        return int(np.ceil(self.rad_rad[1] / self.step)) + 2

    @cached_property
    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of points on the source: places on the grid (x and y, in steps), offsets from the pointing, and weights."""
        lon, lat, weight = self.shape.nodes(self.step)
        x, y = offset_frame(lon, lat, *self.position)
        offset = angular_separation(*self.pointing, lon, lat)
        return x / self.step + self._half, y / self.step + self._half, offset, weight

    def planes(self, energies_tev: np.ndarray) -> np.ndarray:
        """Densities (n, ny, nx) in sr-1 at the grid's points; each integrates to 1.

        energies_tev: true energies, float array (n,), TeV.
        """
        x, y, offset, weight = self._parts
        size = 2 * self._half + 1
        areas = self.aeff.effective_area_grid(energies_tev, offset) * weight
        total = areas.sum(axis=1, keepdims=True)
        areas = np.divide(areas, total, out=np.zeros_like(areas), where=total > 0)
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        right, upper = x - column, y - row
        shape = (size, size)
        padded = 2 * [_fast_length(size)]
        kernels = self._kernels(energies_tev)
        planes = np.empty((len(energies_tev), *shape))
        for plane, area, kernel in zip(planes, areas, kernels, strict=True):
            content = np.zeros(size * size)
            for dx, dy, part in (
                (0, 0, (1 - right) * (1 - upper)),
                (1, 0, right * (1 - upper)),
                (0, 1, (1 - right) * upper),
                (1, 1, right * upper),
            ):
                content += np.bincount((row + dy) * size + column + dx, area * part, size * size)
            spread = np.fft.irfft2(
                np.fft.rfft2(content.reshape(shape), padded) * np.fft.rfft2(kernel, padded), padded
            )
            # The kernel's middle goes to the first pixel; the transform leaves noise of both signs.
            spread = np.roll(spread, (-(kernel.shape[0] // 2),) * 2, axis=(0, 1))[:size, :size]
            plane[:] = np.maximum(spread, 0.0)
        return planes / self.step**2

    def _kernels(self, energies_tev: np.ndarray) -> np.ndarray:
        """Shares (n, odd, odd) of a point's photons in the cells around it."""
        reach = int(np.ceil(self.psf.table_nodes[1][-1] / self.step)) + 1
        width, step = (2 * reach + 1) * np.rad2deg(self.step), np.rad2deg(self.step)
        geom = WcsGeom.create(skydir=(0, 0), binsz=step, width=width, coordsys="CEL", proj="TAN")
        return self.psf.pixel_fractions(energies_tev, 0.0, 0.0, geom)

    def densities_at(self, energies_tev: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Densities (n, m) in sr-1 at directions (m,) in ICRS, radian.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        lon, lat : float arrays (m,), radian
        """
        return self._at(self.planes(energies_tev), lon, lat)

    def pixel_fractions(
        self, energies_tev: np.ndarray, lon_rad: float, lat_rad: float, geom: WcsGeom
    ) -> np.ndarray:
        """Fraction (n, n_lat, n_lon) of the photons in each pixel, at true energies (n,) in TeV.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        lon_rad, lat_rad : of the centre, radian
        geom : `WcsGeom` in ICRS
        """
        planes = self.planes(energies_tev)
        n_lon, n_lat = geom.npix
        fine = (np.arange(POINTS) + 0.5) / POINTS - 0.5
        total = np.zeros((len(planes), n_lat * n_lon))
        for dy in fine:
            for dx in fine:
                x, y = np.meshgrid(np.arange(n_lon) + dx, np.arange(n_lat) + dy)
                lon, lat = geom.pix_to_lonlat(x, y)
                total += self._at(planes, lon.ravel(), lat.ravel())
        area = np.nan_to_num(geom.to_image().solid_angle().to_value("sr"))
        return (total / POINTS**2).reshape(-1, n_lat, n_lon) * area

    def _at(self, planes: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Values (n, m) of planes between the points of the grid, linear; 0 beyond it."""
        x, y = offset_frame(lon, lat, *self.position)
        x, y = x / self.step + self._half, y / self.step + self._half
        last = planes.shape[-1] - 1
        inside = (x >= 0) & (x < last) & (y >= 0) & (y < last)
        values = np.zeros((len(planes), len(lon)))
        column, row = x[inside].astype(int), y[inside].astype(int)
        right, upper = x[inside] - column, y[inside] - row
        lower_row = planes[:, row, column] * (1 - right) + planes[:, row, column + 1] * right
        upper_row = planes[:, row + 1, column] * (1 - right) + planes[:, row + 1, column + 1] * right
        values[:, inside] = lower_row * (1 - upper) + upper_row * upper
        return values


def _fast_length(least: int) -> int:
    """The next number of points, at least so many, that a Fourier transform is fast for: 2 and 3 and 5 make it up."""
    length = least
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
