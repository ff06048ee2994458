"""The pixels of a map that is centred on a source, the same around each source of a field but for where they lie."""

from dataclasses import dataclass
from functools import cached_property

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.tangent import along
from tevcurve.maps import WcsGeom
from tevcurve.records import short_repr

# Azimuths at which a ring around the source is looked at for the share of it that is in the fit.
AZIMUTHS = 720


@dataclass(frozen=True, eq=False)
class PixelsAround:
    """Pixels of the tangent plane around any source.

    Attributes
    ----------
    shape : (nlat, nlon)
    step : (lon, lat), the size of a pixel in the plane; that along the longitude is below zero
    centres : float array (3, nlat * nlon), unit vectors of the pixels' centres along the source, its longitude and its
        latitude
    solid_angle : float array (nlat * nlon,), sr
    reach : float, cosine of the angle within which all of the map lies
    """

    shape: tuple[int, int]
    step: tuple[float, float]
    centres: np.ndarray
    solid_angle: np.ndarray
    reach: float

    __repr__ = short_repr

    @classmethod
    def of(cls, geom: WcsGeom) -> "PixelsAround":
        """Those of a geometry around one source.

        geom: `WcsGeom` in the tangential projection and ICRS, centred on its reference position. Raises `InputError`
        for another.
        """
        n_lon, n_lat = geom.npix
        if (geom.proj, geom.frame, geom.crpix) != ("TAN", "icrs", ((n_lon + 1) / 2, (n_lat + 1) / 2)):
            raise InputError(
                "The map of a source is centred on it, in TAN and ICRS; wanted is such a geometry."
            )
        step = np.deg2rad(geom.cdelt[0]), np.deg2rad(geom.cdelt[1])
        x, y = (
            (np.arange(number) - (number - 1) / 2) * size
            for number, size in zip((n_lon, n_lat), step, strict=True)
        )
        plane = np.stack(np.broadcast_arrays(1.0, x, y[:, None])).reshape(3, -1)
        corner = np.hypot(0.5 * n_lon * step[0], 0.5 * n_lat * step[1])
        solid_angle = geom.solid_angle().to_value(u.sr).ravel()
        centres = plane / np.sqrt(np.sum(plane**2, axis=0))
        return cls((n_lat, n_lon), step, centres, solid_angle, float(np.cos(np.arctan(corner)) - 1e-12))

    def numbers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Flat numbers (...) of the pixels at places in the plane, -1 outside the map.

        Parameters
        ----------
        x, y : float arrays (...), along growing longitude and latitude
        """
        (n_lat, n_lon), (step_x, step_y) = self.shape, self.step
        ix, iy = np.floor(x / step_x + 0.5 * n_lon), np.floor(y / step_y + 0.5 * n_lat)
        inside = (ix >= 0) & (ix < n_lon) & (iy >= 0) & (iy < n_lat)
        return np.where(inside, iy * n_lon + ix, -1).astype(np.intp)

    @cached_property
    def blocks(self) -> tuple[np.ndarray, np.ndarray]:
        """(unit vectors (3, n) of blocks of 2 x 2 pixels, the block of each pixel); where these are odd, of pixels."""
        n_lat, n_lon = self.shape
        if n_lat % 2 or n_lon % 2:
            return self.centres, np.arange(n_lat * n_lon)
        number = np.arange(n_lat * n_lon // 4).reshape(n_lat // 2, n_lon // 2)
        block = np.repeat(np.repeat(number, 2, axis=0), 2, axis=1).ravel()
        vectors = np.stack([np.bincount(block, each) for each in self.centres])
        return vectors / np.sqrt(np.sum(vectors**2, axis=0)), block

    def ring_places(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places (x, y) in the plane in the middle of rings around the source, float arrays (n, `AZIMUTHS`).

        edges: float array (n + 1,), radian.
        """
        rad, azimuth = (
            np.tan(0.5 * (edges[1:] + edges[:-1])),
            2 * np.pi * (np.arange(AZIMUTHS) + 0.5) / AZIMUTHS,
        )
        return rad[:, None] * np.cos(azimuth), rad[:, None] * np.sin(azimuth)

    def rings(self, edges: np.ndarray) -> np.ndarray:
        """Numbers of the pixels at these places, int array (n, `AZIMUTHS`). edges: float array (n + 1,), radian."""
        return self.numbers(*self.ring_places(edges))

    def near(self, axes: np.ndarray, pointing: np.ndarray, offset_max: float) -> np.ndarray:
        """Whether the centres of pixels are nearer to a pointing than an offset, bool array (nlat * nlon,).

        Parameters
        ----------
        axes : of the source, see `tangent_axes`
        pointing : float array (3,), unit vector
        offset_max : float, radian
        """
        return along(axes @ pointing, self.centres) > np.cos(offset_max)


def places_in_plane(axes: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of directions in the tangent plane of a source, float arrays (n,).

    Parameters
    ----------
    axes : of the source, see `tangent_axes`
    vectors : float array (3, n), unit vectors less than 90 deg from it
    """
    depth = along(axes[0], vectors)
    return along(axes[1], vectors) / depth, along(axes[2], vectors) / depth
