"""Round profiles convolved with round shapes, on the sphere."""

from collections.abc import Callable

import numpy as np

# Points in each interval between nodes, at least and at most, and for each scale over which the shape changes.
FEWEST, MOST, PER_SCALE = 4, 512, 4
AROUND = 96


def ring_convolution(
    wanted: np.ndarray,
    nodes: np.ndarray,
    on_ring: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    scale: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n_wanted, n_nodes) of a profile's values at nodes in its convolution with a shape at wanted angles.

    The profile is linear between the nodes and 0 beyond the last one. Its value at an angle from the centre is the
    integral over rings around that place: 2 pi sin(ring) dring times the mean of the shape on the ring, which is exact
    on the sphere. The second array is for the same integral times the angle from the centre at which the shape is
    there, along the direction of the place (on a plane).

    Parameters
    ----------
    wanted : float array (n_wanted,), radian
    nodes : float array (n_nodes,), from 0, radian
    on_ring : function of angles from the centre of the shape and of radii of rings around there (radian, broadcast) to
        the means of its density, and of this times the cosine of the angle at the place towards the centre, sr-1
    scale : angle over which the shape changes much, radian
    """
    weights, moments = (np.zeros((len(wanted), len(nodes))) for _ in range(2))
    numbers = np.clip(np.ceil(PER_SCALE * np.diff(nodes) / scale), FEWEST, MOST).astype(int)
    for number in np.unique(numbers):
        own = np.flatnonzero(numbers == number)
        place, part = _unit_nodes(int(number))
        low, step = nodes[own, None], np.diff(nodes)[own, None]
        ring = low + step * place
        area = 2 * np.pi * np.sin(ring) * step * part
        mean, cosine = on_ring(wanted[:, None, None], ring)
        along = mean * wanted[:, None, None] - cosine * ring
        for sums, values in ((weights, mean * area), (moments, along * area)):
            # Each interval is there once, so that none is lost.
            sums[:, own] += np.einsum("wnk,k->wn", values, 1 - place)
            sums[:, own + 1] += np.einsum("wnk,k->wn", values, place)
    return weights, moments


def mean_around(
    profile: Callable[[np.ndarray], np.ndarray], separation: np.ndarray, ring: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means of a smooth profile (sr-1), and of it times a cosine, on rings, as `ring_convolution` wants them.

    Parameters
    ----------
    profile : function of the separation, radian
    separation, ring : float arrays that broadcast, radian
    """
    total: np.ndarray | float = 0.0
    cosine: np.ndarray | float = 0.0
    across = np.sin(separation) * np.sin(ring)
    nearest = np.sin(0.5 * (separation - ring)) ** 2
    for turn in (np.arange(AROUND) + 0.5) * np.pi / AROUND:
        # Haversines: 1 - cos(turn) = 2 sin^2(turn / 2).
        half = nearest + across * np.sin(0.5 * turn) ** 2
        density = profile(2 * np.arcsin(np.sqrt(np.clip(half, 0, 1))))
        total, cosine = total + density, cosine + np.cos(turn) * density
    return np.asarray(total) / AROUND, np.asarray(cosine) / AROUND


def _unit_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [0, 1] and weights that sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * (nodes + 1), 0.5 * weights
