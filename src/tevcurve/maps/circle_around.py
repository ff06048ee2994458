"""A circle on the sky that holds a small map: what is outside of it need not be projected to be told from it."""

from collections.abc import Callable

import numpy as np

from tevcurve.kernels.sphere import angular_separation

# Maps that reach farther have a border that may be anywhere.
_FARTHEST = np.deg2rad(30)


def circle_around(
    pix_to_lonlat: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]], npix: tuple[int, int]
) -> tuple[float, float, float] | None:
    """(lon, lat, radius) in radian of a circle that holds all pixels of a map, or None of a map that is large.

    None as well where its border is not on the sky. On a small map the border is farther from the middle than all that
    it encloses; between the points at which it is looked at, one on each side of a pixel, it is not farther by more
    than these are apart.

    Parameters
    ----------
    pix_to_lonlat : longitude and latitude, radian, of pixel coordinates x and y, as `WcsGeom.pix_to_lonlat`
    npix : numbers of pixels (lon, lat)
    """
    x, y = (np.arange(number + 1) - 0.5 for number in npix)
    border_x = np.concatenate([x, np.full(len(y), x[-1]), x[::-1], np.full(len(y), x[0])])
    border_y = np.concatenate([np.full(len(x), y[0]), y, np.full(len(x), y[-1]), y[::-1]])
    lon, lat = pix_to_lonlat(border_x, border_y)
    middle = pix_to_lonlat((x[0] + x[-1]) / 2, (y[0] + y[-1]) / 2)
    middle_lon, middle_lat = float(middle[0]), float(middle[1])
    step = angular_separation(lon, lat, np.roll(lon, 1), np.roll(lat, 1))
    radius = np.max(angular_separation(middle_lon, middle_lat, lon, lat)) + np.max(step)
    return (middle_lon, middle_lat, float(radius)) if radius < _FARTHEST else None
