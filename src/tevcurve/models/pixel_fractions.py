"""The share of a source's emission in each pixel of a sky geometry."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps import WcsGeom
from tevcurve.maps.pixel_area import quadrilateral_area

POINTS_PER_DETAIL = 3
MAX_FACTOR = 100
# Beyond this radius (radian) a source is not wrapped into a window of pixels.
MAX_WINDOW = 1.0


def point_fractions(geom: WcsGeom, lon: float, lat: float) -> np.ndarray:
    """The four bilinear weights of a point in the geometry's pixels, float64 (nlat, nlon); 0 elsewhere.

    Parameters
    ----------
    geom : WcsGeom.
    lon, lat : the point in the geometry's frame, radian.
    """
    fractions = np.zeros(geom.data_shape[-2:])
    x, y = (float(pixel) for pixel in geom.lonlat_to_pix(lon, lat))
    if not np.isfinite(x + y):
        return fractions
    left, bottom = int(np.floor(x)), int(np.floor(y))
    for column, weight_x in ((left, 1 - (x - left)), (left + 1, x - left)):
        for row, weight_y in ((bottom, 1 - (y - bottom)), (bottom + 1, y - bottom)):
            if 0 <= row < fractions.shape[0] and 0 <= column < fractions.shape[1]:
                fractions[row, column] = weight_x * weight_y
    return fractions


def profile_fractions(
    geom: WcsGeom,
    lon: float,
    lat: float,
    profile: Callable[[np.ndarray, float], np.ndarray],
    radius: float,
    detail: float,
    factor: int,
) -> np.ndarray:
    """The integral of a round source over each pixel, float64 (nlat, nlon).

    The source is sampled in all pixels that it reaches, also those past the geometry's border, and normalised
    to 1 over them: what lies past the border is missing from the sum, nothing else.

    Parameters
    ----------
    geom : WcsGeom.
    lon, lat : the centre in the geometry's frame, radian.
    profile : function(separation, spacing of the sampling points), radian -> sr-1.
    radius : separation in radian beyond which next to nothing is left.
    detail : size of the finest structure, radian.
    factor : smallest number of points per pixel and direction.
    """
    if not (isinstance(factor, int | np.integer) and factor >= 1):
        raise InputError(f"The oversampling factor is {factor!r}; wanted is a whole number >= 1.")
    nlat, nlon = geom.data_shape[-2:]
    window = _window(geom, lon, lat, radius)
    if window is None:
        window = (0, nlon, 0, nlat)
    x0, x1, y0, y1 = window
    if x1 <= 0 or y1 <= 0 or x0 >= nlon or y0 >= nlat:
        return np.zeros((nlat, nlon))
    rows, columns = np.mgrid[y0 : y1 + 1, x0 : x1 + 1] - 0.5
    area = quadrilateral_area(*geom.pix_to_lonlat(columns, rows))
    pixel = np.sqrt(np.nanmax(area))
    needed = POINTS_PER_DETAIL * pixel / detail if detail > 0 else np.inf
    if needed > MAX_FACTOR:
        return point_fractions(geom, lon, lat)
    factor = max(int(factor), int(np.ceil(needed)))

    def brightness(lons: np.ndarray, lats: np.ndarray) -> np.ndarray:
        return profile(angular_separation(lon, lat, lons, lats), pixel / factor)

    content = np.nan_to_num(area) * mean_over_pixels(geom, brightness, window, factor)
    total = content.sum()
    # Where the pixels hold the whole source, the remaining difference is that of the sampling.
    if 0.8 < total < 1.2 and radius <= MAX_WINDOW and np.all(np.isfinite(area)):
        content /= total
    fractions = np.zeros((nlat, nlon))
    inside = slice(max(y0, 0), min(y1, nlat)), slice(max(x0, 0), min(x1, nlon))
    fractions[inside] = content[max(-y0, 0) : min(y1, nlat) - y0, max(-x0, 0) : min(x1, nlon) - x0]
    return fractions


def _window(geom: WcsGeom, lon: float, lat: float, radius: float) -> tuple[int, int, int, int] | None:
    """Pixel ranges (x0, x1, y0, y1), half-open, that hold the circle about (lon, lat); None if unknown."""
    if radius > MAX_WINDOW:
        return None
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x, y = geom.lonlat_to_pix(*directional_offset(lon, lat, angles, radius))
    if not np.all(np.isfinite(x + y)):
        return None
    return (
        int(np.floor(x.min())),
        int(np.ceil(x.max())) + 1,
        int(np.floor(y.min())),
        int(np.ceil(y.max())) + 1,
    )


def mean_over_pixels(
    geom: WcsGeom,
    brightness: Callable[[np.ndarray, np.ndarray], np.ndarray],
    window: tuple[int, int, int, int],
    factor: int,
) -> np.ndarray:
    """Mean of a brightness over each pixel of a window, float64 (y1 - y0, x1 - x0); 0 off the sky.

    Parameters
    ----------
    geom : WcsGeom.
    brightness : function(lon, lat), directions in the geometry's frame in radian.
    window : (x0, x1, y0, y1), pixel ranges, half-open; they may reach past the border.
    factor : of how many Gauss-Legendre points in each direction the mean is taken.
    """
    x0, x1, y0, y1 = window
    nodes, weights = _unit_nodes(factor)
    x = (np.arange(x0, x1)[:, None] + nodes).ravel()
    y = (np.arange(y0, y1)[:, None] + nodes).ravel()
    values = np.nan_to_num(brightness(*geom.pix_to_lonlat(x[None, :], y[:, None])))
    return np.einsum("aibj,i,j->ab", values.reshape(y1 - y0, factor, x1 - x0, factor), weights, weights)


@lru_cache(maxsize=32)
def _unit_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [-0.5, 0.5] and weights that sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * nodes, 0.5 * weights
