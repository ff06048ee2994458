"""Solid angles of sky pixels, in sr from radian and from the numbers of a FITS projection."""

import numpy as np


def plate_carree_area(
    npix: tuple[int, int], crpix: tuple[float, float], cdelt: tuple[float, float]
) -> np.ndarray:
    """Solid angles in sr of the pixels of a CAR grid, shape (lat, lon); NaN off the sky.

    In the native coordinates of the projection a pixel is a rectangle in longitude and latitude, so that its
    area is dlon * (sin(upper) - sin(lower)), wherever on the sky the reference position is.

    Parameters
    ----------
    npix : numbers of pixels (lon, lat)
    crpix : reference pixel, from 1
    cdelt : pixel sizes in deg
    """
    lon, lat = (
        np.deg2rad((np.arange(number + 1) + 0.5 - reference) * size)
        for number, reference, size in zip(npix, crpix, cdelt, strict=True)
    )
    # A pixel that hangs over a pole or the seam counts with the part that is sky.
    lon, lat = np.clip(lon, -np.pi, np.pi), np.clip(lat, -np.pi / 2, np.pi / 2)
    dlon, middle, half = np.abs(np.diff(lon)), 0.5 * (lat[1:] + lat[:-1]), 0.5 * np.abs(np.diff(lat))
    # sin(b + h) - sin(b - h) without the cancellation.
    area = (2 * np.cos(middle) * np.sin(half))[:, None] * dlon
    return np.where(area > 0, area, np.nan)


def quadrilateral_area(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Solid angles in sr of the quadrilaterals between the points of a grid, one less in both directions.

    Their sides are great circles; neighbours share corners, so that no area is lost or counted twice. Each is
    two triangles (van Oosterom and Strackee 1983, IEEE Trans. Biomed. Eng. 30, 125). NaN where a corner is.

    Parameters
    ----------
    lon, lat : corners in radian, 2D arrays of the same shape
    """
    corner = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    return _triangle_area(a, b, c) + _triangle_area(a, c, d)


def _triangle_area(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Solid angle in sr of the triangle of three unit vectors (..., 3)."""
    # a . (b x c), from differences: small triangles keep their digits.
    volume = np.abs(np.sum(a * np.cross(b - a, c - a), axis=-1))
    return 2 * np.arctan2(volume, 1 + np.sum(a * b + b * c + c * a, axis=-1))
