"""The share of a round profile that falls into each pixel of a grid."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tevcurve.kernels.folding import disc_integrals

# Points on a side of a pixel near the centre per scale of the profile.
POINTS_PER_SCALE = 12
MOST_POINTS = 40
# Between these distances, in sides, the pixels pass from many points to few, so that nothing jumps as the centre moves.
NEAR, FAR = 2.0, 3.0
# Of the sides of pixels that are looked at together: fewer touch fewer nodes, more need fewer steps.
POINTS_PER_BLOCK = 1024


def second_order(coordinate: np.ndarray) -> np.ndarray:
    """Expansion of a coordinate (ny + 2, nx + 2) about the inner grid points: (6, ny, nx).

    The terms are those of 1, dx, dy, dx^2 / 2, dx dy, dy^2 / 2 in units of a grid step, from central differences. A
    neighbour that is NaN (past the border of the sky) is put where the one on the other side says, on a straight line.
    """
    c = coordinate[1:-1, 1:-1]
    west, east = _mirrored(c, coordinate[1:-1, :-2], coordinate[1:-1, 2:])
    south, north = _mirrored(c, coordinate[:-2, 1:-1], coordinate[2:, 1:-1])
    mixed = (coordinate[2:, 2:] - coordinate[2:, :-2] - coordinate[:-2, 2:] + coordinate[:-2, :-2]) / 4
    terms = [c, (east - west) / 2, (north - south) / 2, east - 2 * c + west, mixed, north - 2 * c + south]
    return np.stack([terms[0], *np.nan_to_num(terms[1:], nan=0.0)])


def _mirrored(centre: np.ndarray, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The neighbours on two sides; one that is NaN is the mirror image of the other."""
    return (
        np.where(np.isnan(before), 2 * centre - after, before),
        np.where(np.isnan(after), 2 * centre - before, after),
    )


def integrate_over_pixels(
    x: np.ndarray,
    y: np.ndarray,
    rad: np.ndarray,
    profiles: np.ndarray,
    scale: float,
    factor: int = 4,
    discs: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels a disc touches, and the integral of its profiles over each: (index (k,), integrals (n, k)).

    The profiles are linear between the nodes and 0 beyond the last one. With M(r) the integral over the disc of radius
    r and the pixel a quadrilateral about which phi runs, the integral over it is that of M(r) dphi / (2 pi) along its
    sides (Green's theorem): M(r) / r^2 is smooth, so that few points on each side do, and the integrals change smoothly
    with the centre, as a fit of a position needs it.

    Parameters
    ----------
    x, y : arrays (6, ny, nx)
        Coordinates of the pixels from the profile's centre in radian, such that their hypotenuse is the
        separation, as `second_order` expands them.
    rad : array (n_rad,)
        Nodes in radian, the first is 0.
    profiles : array (n, n_rad)
        Densities in sr-1.
    scale : float
        Radius in radian over which the profiles change much.
    factor : int
        The least number of points on each side.
    discs : array (n, n_rad), optional
        Integrals over the disc up to each node, where they are known otherwise than of the profiles.
    """
    x, y = (np.ascontiguousarray(c.reshape(6, -1), dtype=float) for c in (x, y))
    rad = np.ascontiguousarray(rad, dtype=float)
    side = np.max(np.hypot(np.hypot(x[1], y[1]), np.hypot(x[2], y[2])), initial=0.0) / np.sqrt(2)
    # In steps of 8, so that profiles of nearly the same width share their points.
    many = min(8 * int(np.ceil(POINTS_PER_SCALE * side / scale / 8)), MOST_POINTS)
    touched, parts = _pixel_weights(x.tobytes(), y.tobytes(), rad.tobytes(), max(many, factor), factor)
    # Disc integrals and profiles in turn, as the weights are: one product for both.
    known = np.empty((len(profiles), 2 * len(rad)))
    known[:, ::2] = disc_integrals(rad, profiles) if discs is None else discs
    known[:, 1::2] = profiles
    integrals = np.zeros((len(profiles), len(touched)))
    for part in parts:
        # No product of BLAS, whose threads wait for each other longer than they work.
        integrals[:, part.pixels] += np.einsum("pr,er->ep", part.weights, known[:, part.nodes])
    return touched, np.maximum(integrals, 0.0, out=integrals)


@dataclass(frozen=True, eq=False)
class _Part:
    """Weights (k, 2 n) of the disc integral and of the profile at each of some nodes, for some pixels (int array).

    nodes: slice of the nodes, each of them twice.
    """

    pixels: np.ndarray
    nodes: slice
    weights: np.ndarray


# About a megabyte for each of the sources of a field.
@lru_cache(maxsize=64)
def _pixel_weights(
    x_bytes: bytes, y_bytes: bytes, rad_bytes: bytes, many: int, factor: int
) -> tuple[np.ndarray, list[_Part]]:
    """(numbers of the pixels that a disc touches, list of `_Part`), of arrays given as their bytes.

    They depend on where the pixels and the nodes are, not on the profiles: the runs on one source share them.
    """
    x, y = (np.frombuffer(each).reshape(6, -1) for each in (x_bytes, y_bytes))
    rad = np.frombuffer(rad_bytes)
    side = np.maximum(np.hypot(x[1], y[1]), np.hypot(x[2], y[2]))
    distance = np.hypot(x[0], y[0])
    touched = np.flatnonzero(distance - 0.75 * side < rad[-1])
    touched = touched[np.argsort(distance[touched], kind="stable")]
    near = np.clip((FAR - distance[touched] / side[touched]) / (FAR - NEAR), 0, 1)
    parts = []
    for points, share in ((many, near), (factor, 1 - near)):
        wanted, n_block = np.flatnonzero(share), max(1, POINTS_PER_BLOCK // (4 * points))
        # In blocks, from the centre outwards, so that each touches few nodes.
        for start in range(0, len(wanted), n_block):
            pixels = wanted[start : start + n_block]
            nodes, weights = _side_weights(x[:, touched[pixels]], y[:, touched[pixels]], rad, points)
            parts.append(_Part(pixels, nodes, share[pixels, None] * weights))
    return touched, parts


def _side_weights(x: np.ndarray, y: np.ndarray, rad: np.ndarray, number: int) -> tuple[slice, np.ndarray]:
    """What a `_Part` has as nodes and weights, of pixels.

    Coordinates (6, k); Gauss-Legendre points, `number` on each of the four sides.
    """
    corner_x, corner_y = (c.T @ _CORNERS for c in (x, y))
    delta_x, delta_y = (np.roll(c, -1, axis=1) - c for c in (corner_x, corner_y))
    place, weight = _unit_nodes(number)
    # |p + t (q - p)|^2 along a side.
    square = (corner_x**2 + corner_y**2)[:, :, None]
    square = square + 2 * (corner_x * delta_x + corner_y * delta_y)[:, :, None] * place
    square += (delta_x**2 + delta_y**2)[:, :, None] * place**2
    square = np.maximum(square, (1e-7 * rad[-1]) ** 2).reshape(len(corner_x), -1)
    radius = np.sqrt(square)
    turn = (corner_x * delta_y - corner_y * delta_x) * np.sign(x[1] * y[2] - x[2] * y[1])[:, None]
    part = (turn[:, :, None] * weight).reshape(radius.shape) / square
    last = min(len(rad), np.searchsorted(rad, radius.max(), side="right") + 1)
    first = min(max(0, np.searchsorted(rad, radius.min(), side="right") - 1), last - 2)
    rad = rad[first:last]
    # Beyond the last node the disc is complete.
    radius = np.minimum(radius, rad[-1])
    position = np.interp(radius, rad, np.arange(len(rad)))
    node = np.minimum(position.astype(np.intp), len(rad) - 2)
    step, low = radius - rad[node], rad[node]
    # The ring from the node to the point, 2 pi sin(r) dr of a profile that is linear over the width.
    ring = part * step * (2 * np.pi * np.sinc(rad / np.pi))[node]
    upper = ring * (position - node) * (low / 2 + step / 3)
    lower = ring * (low + step / 2) - upper
    shape = len(node), len(rad)
    flat, size = (node + shape[1] * np.arange(shape[0])[:, None]).ravel(), shape[0] * shape[1]
    of_profiles = np.bincount(flat, lower.ravel(), size) + np.bincount(flat + 1, upper.ravel(), size)
    of_discs = np.bincount(flat, part.ravel(), size)
    weights = np.stack([of_discs.reshape(shape), of_profiles.reshape(shape)], axis=-1)
    return slice(2 * int(first), 2 * int(last)), weights.reshape(len(corner_x), -1)


@lru_cache(maxsize=64)
def _unit_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes in [0, 1] and weights that sum to 1 / (2 pi)."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * (nodes + 1), weights / (4 * np.pi)


# The terms of `second_order` at the four corners of a pixel, around it.
_CORNERS = np.array(
    [
        [1, dx, dy, dx * dx / 2, dx * dy, dy * dy / 2]
        for dx, dy in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
).T
