"""The tangent plane (gnomonic projection, TAN) around a direction, in unit vectors.

Source: Calabretta & Greisen 2002, A&A 395, 1077, section 5.1.3.
"""

import numpy as np


def tangent_axes(lon: float, lat: float) -> np.ndarray:
    """Unit vectors (3, 3), as rows: the direction itself, and growing longitude and latitude there.

    Parameters
    ----------
    lon, lat : float, radian
    """
    sin_lon, cos_lon, sin_lat, cos_lat = np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)
    return np.array(
        [
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
        ]
    )


def unit_vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Unit vectors (3, ...) of directions.

    Parameters
    ----------
    lon, lat : float arrays (...), radian
    """
    cos_lat = np.cos(lat)
    return np.stack([cos_lat * np.cos(lon), cos_lat * np.sin(lon), np.sin(lat)])


def directions(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(lon, lat) in radian of unit vectors. vectors: float array (3, ...)."""
    return np.arctan2(vectors[1], vectors[0]), np.arctan2(vectors[2], np.hypot(vectors[0], vectors[1]))


def along(axis: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Components (...) of vectors (3, ...) along an axis; as sums, which do not depend on how many there are.

    Parameters
    ----------
    axis : float array (3,)
    vectors : float array (3, ...)
    """
    return np.einsum("i,i...->...", axis, vectors)
