"""The share of a round density on the sky that lies in a disc whose centre is elsewhere."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

# Angles from the centre of the density at which a disc is cut into rings, all of it, and between two nodes of a table.
RINGS, BETWEEN_NODES = 96, 8


def part_of_rings(distance: np.ndarray, ring: np.ndarray, radius: float) -> np.ndarray:
    """The part (0 to 1) of rings that lies in a disc, exact on the sphere.

    Parameters
    ----------
    distance : of the centre of the disc from that of the rings, radian; the arrays broadcast
    ring : radii of the rings, radian
    radius : of the disc, radian
    """
    # Haversines keep their digits for small angles.
    beyond = np.sin(0.5 * radius) ** 2 - np.sin(0.5 * (distance - ring)) ** 2
    across = np.sin(distance) * np.sin(ring)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.where(across > 0, beyond / across, np.where(beyond >= 0, np.inf, -np.inf))
    return 2 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))) / np.pi


@lru_cache(maxsize=4)
def _turns(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [0, pi] and weights that sum to pi."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * np.pi * (nodes + 1), 0.5 * np.pi * weights


def disc_shares(
    densities: Callable[[np.ndarray], np.ndarray],
    within: Callable[[float], np.ndarray],
    distances: np.ndarray,
    radius: float,
    last: float = np.pi,
) -> np.ndarray:
    """Shares (n, n_discs) of smooth densities in discs of one radius.

    What lies in whole rings is taken from `within`, the rest is integrated ring by ring.

    Parameters
    ----------
    densities : function of angles (m,) in radian to densities (n, m), sr-1
    within : function of an angle in radian to the shares within it (n,)
    distances : float array (n_discs,), of the discs' centres from that of the densities, radian
    radius : of the discs, radian
    last : the angle beyond which there is nothing, radian
    """
    turn, step = _turns(RINGS)
    distances = np.atleast_1d(np.asarray(distances, dtype=float))
    low, high = (np.minimum(ends, last)[:, None] for ends in (np.abs(distances - radius), distances + radius))
    # So that the integrand is smooth at both ends, where rings begin to touch the disc as a root does.
    ring = low + (high - low) * np.sin(0.5 * turn) ** 2
    area = np.pi * np.sin(ring) * (high - low) * np.sin(turn) * step
    part = part_of_rings(distances[:, None], ring, radius) * area
    shares = np.zeros((len(within(0.0)), len(distances)))
    reached = np.flatnonzero(high[:, 0] > low[:, 0])
    density = densities(ring[reached].ravel()).reshape(len(shares), len(reached), RINGS)
    # Not a matrix product: an energy's numbers must not depend on how many others there are.
    shares[:, reached] = np.einsum("edr,dr->ed", density, part[reached])
    for disc in np.flatnonzero(distances < radius):
        shares[:, disc] += within(float(low[disc, 0]))
    return shares


def node_weights(nodes: np.ndarray, distances: np.ndarray, radius: float) -> np.ndarray:
    """Weights (n_discs, n_nodes) with which the values of tables sum to their shares in discs of one radius.

    A table is linear between its nodes, and 0 beyond the last one.

    Parameters
    ----------
    nodes : float array (n_nodes,), increasing from 0, radian
    distances : float array (n_discs,), of the discs' centres from that of the table, radian
    radius : of the discs, radian
    """
    turn, step = _turns(BETWEEN_NODES)
    weights = np.zeros((len(distances), len(nodes)))
    for own, distance in zip(weights, distances, strict=True):
        touched = abs(distance - radius)
        low, high = (0.0 if distance < radius else touched), min(distance + radius, nodes[-1])
        if high <= low:
            continue
        # Between these a table is linear, and the part of the rings a smooth function but for a root at an end.
        edges = np.unique(
            np.concatenate([[low, high, min(touched, high)], nodes[(nodes > low) & (nodes < high)]])
        )
        first, width = edges[:-1, None], np.diff(edges)[:, None]
        ring = first + width * np.sin(0.5 * turn) ** 2
        area = np.pi * np.sin(ring) * width * np.sin(turn) * step * part_of_rings(distance, ring, radius)
        left = np.searchsorted(nodes, edges[:-1], side="right") - 1
        place = (ring - nodes[left, None]) / np.diff(nodes)[left, None]
        np.add.at(own, left, np.sum(area * (1 - place), axis=1))
        np.add.at(own, left + 1, np.sum(area * place, axis=1))
    return weights
