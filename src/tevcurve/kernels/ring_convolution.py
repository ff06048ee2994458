"""Round profiles convolved with round shapes, on the sphere."""

from collections.abc import Callable

import numpy as np

# Points in each interval between nodes, at least and at most, and for each scale over which the shape changes.
FEWEST, MOST, PER_SCALE = 4, 32, 4
AROUND = 96


def ring_convolution(
    wanted: np.ndarray,
    nodes: np.ndarray,
    mean_on_ring: Callable[[np.ndarray, np.ndarray], np.ndarray],
    scale: float,
) -> np.ndarray:
    """Weights (n_wanted, n_nodes) of a profile's values at nodes in that of its convolution at wanted angles.

    The profile is linear between the nodes and 0 beyond the last one. Its value at an angle from the centre is the
    integral over rings around that place: 2 pi sin(ring) dring times the mean of the shape on the ring, which is exact
    on the sphere.

    Parameters
    ----------
    wanted : float array (n_wanted,), radian
    nodes : float array (n_nodes,), from 0, radian
    mean_on_ring : function of angles from the centre of the shape and of radii of rings around there (radian,
        broadcast) to the mean of its density on the ring, sr-1
    scale : angle over which the shape changes much, radian
    """
    weights = np.zeros((len(wanted), len(nodes)))
    numbers = np.clip(np.ceil(PER_SCALE * np.diff(nodes) / scale), FEWEST, MOST).astype(int)
    for number in np.unique(numbers):
        own = np.flatnonzero(numbers == number)
        place, part = _unit_nodes(int(number))
        low, step = nodes[own, None], np.diff(nodes)[own, None]
        ring = low + step * place
        area = 2 * np.pi * np.sin(ring) * step * part
        values = mean_on_ring(wanted[:, None, None], ring) * area
        # Each interval is there once, so that none is lost.
        weights[:, own] += np.einsum("wnk,k->wn", values, 1 - place)
        weights[:, own + 1] += np.einsum("wnk,k->wn", values, place)
    return weights


def mean_around(
    profile: Callable[[np.ndarray], np.ndarray], separation: np.ndarray, ring: np.ndarray
) -> np.ndarray:
    """Mean of a smooth profile (sr-1) on rings around places at a separation from its centre.

    Parameters
    ----------
    profile : function of the separation, radian
    separation, ring : float arrays that broadcast, radian
    """
    total: np.ndarray | float = 0.0
    across = np.sin(separation) * np.sin(ring)
    nearest = np.sin(0.5 * (separation - ring)) ** 2
    for turn in (np.arange(AROUND) + 0.5) * np.pi / AROUND:
        # Haversines: 1 - cos(turn) = 2 sin^2(turn / 2).
        half = nearest + across * np.sin(0.5 * turn) ** 2
        total = total + profile(2 * np.arcsin(np.sqrt(np.clip(half, 0, 1))))
    return np.asarray(total) / AROUND


def _unit_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [0, 1] and weights that sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * (nodes + 1), 0.5 * weights
