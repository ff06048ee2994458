"""The pixels of a map around a disc on the sky, and their places as seen from its centre."""

from functools import lru_cache

import numpy as np

from tevcurve.kernels.radial import second_order
from tevcurve.kernels.sphere import offset_frame
from tevcurve.maps import WcsGeom

# Pixels past the border of a map that are looked at for what falls there; a disc that reaches farther is cut there.
WIDEST_MARGIN = 300


@lru_cache(maxsize=8)
def _padded_lonlat(geom: WcsGeom, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude (radian) of the pixel centres, also of `margin` more pixels on each side."""
    x, y = (np.arange(-margin, n + margin, dtype=float) for n in geom.npix)
    return geom.pix_to_lonlat(*np.meshgrid(x, y))


@lru_cache(maxsize=64)
def disc_window(
    geom: WcsGeom, lon: float, lat: float, radius: float, beyond: bool = True
) -> tuple[np.ndarray, np.ndarray, int, int, bool] | None:
    """Pixels around a disc, also those past the border of the map, or None: (x, y, first row, first column, complete).

    x and y are the pixels' coordinates from (lon, lat), expanded by `second_order`, read-only; complete is whether the
    whole disc lies on them. The runs on one source share them. Of a disc that goes far beyond the map only the pixels
    of the map are there.

    Parameters
    ----------
    geom : `WcsGeom` of the image
    lon, lat : of the centre, radian, in the frame of the geometry
    radius : of the disc, radian
    beyond : whether pixels past the border of the map are asked for
    """
    size = np.deg2rad(np.max(np.abs(geom.cdelt)))
    margin = int(np.ceil(radius / np.deg2rad(np.min(np.abs(geom.cdelt))))) + 3
    margin = margin if beyond and margin <= WIDEST_MARGIN else 1
    grid_lon, grid_lat = _padded_lonlat(geom, margin)
    reach = radius + 2 * size
    near = np.abs(grid_lat - lat) < reach
    if abs(lat) + reach < np.pi / 2:
        width = np.arcsin(np.sin(reach) / np.cos(lat))
        near &= np.abs(np.remainder(grid_lon - lon + np.pi, 2 * np.pi) - np.pi) < width
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return None
    row, column = max(rows[0], 1), max(columns[0], 1)
    box = slice(row - 1, rows[-1] + 2), slice(column - 1, columns[-1] + 2)
    x, y = offset_frame(grid_lon[box], grid_lat[box], lon, lat)
    distance = np.hypot(x, y)
    rim = np.concatenate([distance[0], distance[-1], distance[:, 0], distance[:, -1]])
    # Past the border of the sky the rim is NaN: there nothing is missing.
    complete = not np.any(rim < radius + size)
    x, y = second_order(x), second_order(y)
    for coordinate in (x, y):
        coordinate.setflags(write=False)
    return x, y, row - margin, column - margin, complete
