"""Angles on the sphere, in radian. Plain numpy: a SkyCoord costs a millisecond, these their arithmetic."""

import numpy as np


def angular_separation(
    lon1: float | np.ndarray, lat1: float | np.ndarray, lon2: float | np.ndarray, lat2: float | np.ndarray
) -> np.ndarray:
    """Separation of two directions in radian, exact at all distances (Vincenty's formula).

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : float arrays, radian, of both directions; they broadcast
    """
    dlon = np.subtract(lon2, lon1)
    sin1, cos1, sin2, cos2 = np.sin(lat1), np.cos(lat1), np.sin(lat2), np.cos(lat2)
    cos_dlon = np.cos(dlon)
    cross = np.hypot(cos2 * np.sin(dlon), cos1 * sin2 - sin1 * cos2 * cos_dlon)
    return np.arctan2(cross, sin1 * sin2 + cos1 * cos2 * cos_dlon)


# What rounding moves a separation by is much less, radian.
_ROUNDING = 1e-9


def may_be_within(lon0: float, lat0: float, lon: np.ndarray, lat: np.ndarray, radius: float) -> np.ndarray:
    """Bool array (...): False where directions are farther from (lon0, lat0) than a radius, by comparisons only.

    Where it is True the `angular_separation` tells, which takes many times as long.
    Source: `|sin(dlon)| <= sin(radius) / cos(lat0)` inside a circle that holds no pole (its tangents are meridians).

    Parameters
    ----------
    lon0, lat0 : float, radian, of the one direction
    lon, lat : float arrays (...), radian, of the others
    radius : float, radian
    """
    near = np.abs(np.subtract(lat, lat0)) <= radius + _ROUNDING
    if radius + abs(lat0) < np.pi / 2:
        widest = np.arcsin(min(np.sin(radius) / np.cos(lat0), 1.0)) + _ROUNDING
        dlon = np.abs(np.subtract(lon, lon0))
        near &= (dlon <= widest) | (dlon >= 2 * np.pi - widest)
    return near


def position_angle(
    lon1: float | np.ndarray, lat1: float | np.ndarray, lon2: float | np.ndarray, lat2: float | np.ndarray
) -> np.ndarray:
    """Position angle of direction 2 seen from direction 1 in radian: from north towards growing longitude.

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : float arrays, radian, of both directions; they broadcast
    """
    dlon = np.subtract(lon2, lon1)
    east = np.sin(dlon) * np.cos(lat2)
    north = np.sin(lat2) * np.cos(lat1) - np.cos(lat2) * np.sin(lat1) * np.cos(dlon)
    return np.arctan2(east, north)


def directional_offset(
    lon: float | np.ndarray,
    lat: float | np.ndarray,
    angle: float | np.ndarray,
    separation: float | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Direction (lon, lat) in radian at a position angle and separation (radian) from (lon, lat).

    Parameters
    ----------
    lon, lat : float arrays, radian, where it begins
    angle : float array, radian, position angle
    separation : float array, radian
    """
    cos_sep, sin_sep = np.cos(separation), np.sin(separation)
    sin_lat = np.sin(lat) * cos_sep + np.cos(lat) * sin_sep * np.cos(angle)
    y = np.sin(angle) * sin_sep * np.cos(lat)
    x = cos_sep - np.sin(lat) * sin_lat
    new_lon = np.mod(np.add(lon, np.arctan2(y, x)), 2 * np.pi)
    return new_lon, np.arcsin(np.clip(sin_lat, -1, 1))


def offset_frame(
    lon: np.ndarray, lat: np.ndarray, lon0: float | np.ndarray, lat0: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Flat coordinates (x, y) in radian of directions seen from (lon0, lat0).

    The separation, split along growing longitude (x) and growing latitude (y): distances from the origin are exact.

    Parameters
    ----------
    lon, lat : float arrays, radian, of the directions
    lon0, lat0 : float arrays, radian, of the origin
    """
    separation = angular_separation(lon0, lat0, lon, lat)
    angle = position_angle(lon0, lat0, lon, lat)
    return separation * np.sin(angle), separation * np.cos(angle)


def field_of_view(
    lon: float | np.ndarray, lat: float | np.ndarray, lon0: float | np.ndarray, lat0: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Field-of-view longitude and latitude in radian of directions seen from (lon0, lat0).

    The spherical coordinates in the frame whose origin is (lon0, lat0), growing with longitude and latitude. Their
    cosines multiply to that of the separation. A background's DETX may go the other way: `RunHeader.fov_lon_sign`.

    Parameters
    ----------
    lon, lat : float arrays, radian, of the directions
    lon0, lat0 : float arrays, radian, of the origin
    """
    dlon, dlat, cos_lat = np.subtract(lon, lon0), np.subtract(lat, lat0), np.cos(lat)
    # From the sines and cosines of halves: 1 - cos(dlon) would lose the digits of small fields of view.
    half = np.sin(0.5 * dlon)
    sin_lat = np.sin(dlat) + 2 * cos_lat * np.sin(lat0) * half * half
    fov_lat = np.arcsin(np.clip(sin_lat, -1, 1))
    fov_lon = np.arctan2(cos_lat * np.sin(dlon), np.cos(dlat) - 2 * cos_lat * np.cos(lat0) * half**2)
    return fov_lon, fov_lat
