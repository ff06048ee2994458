"""The share of a round profile that falls into each pixel of a grid."""

import numpy as np

# A subpixel is smaller than this part of the profile's scale, or of the distance where that is larger.
SUBPIXELS_PER_SCALE = 16
LARGEST_FACTOR = 64


def second_order(coordinate):
    """Expansion of a coordinate (ny + 2, nx + 2) about the inner grid points: (6, ny, nx).

    The terms are those of 1, dx, dy, dx^2 / 2, dx dy, dy^2 / 2 in units of a grid step, from central differences;
    a term that is NaN (next to the border of the sky) is 0.
    """
    c = coordinate[1:-1, 1:-1]
    west, east, south, north = (
        coordinate[1:-1, :-2],
        coordinate[1:-1, 2:],
        coordinate[:-2, 1:-1],
        coordinate[2:, 1:-1],
    )
    mixed = (coordinate[2:, 2:] - coordinate[2:, :-2] - coordinate[:-2, 2:] + coordinate[:-2, :-2]) / 4
    terms = np.stack(
        [c, (east - west) / 2, (north - south) / 2, east - 2 * c + west, mixed, north - 2 * c + south]
    )
    terms[1:] = np.nan_to_num(terms[1:], nan=0.0)
    return terms


def pixel_weights(x, y, area, rad, scale, factor=4):
    """Which pixels a disc touches, and their weights on a profile's nodes: (index (k,), weights (k, n_rad)).

    `weights @ profile` is the integral over each pixel of a profile that is linear between the nodes and 0 beyond the
    last one. Pixels are divided into subpixels, more where the profile is steep: near its centre.

    Parameters
    ----------
    x, y : arrays (6, ny, nx)
        Coordinates of the pixels from the profile's centre in radian, such that their hypotenuse is the
        separation, as `second_order` expands them.
    area : array (ny, nx)
        Solid angles in sr.
    rad : array (n_rad,)
        Nodes in radian, the first is 0.
    scale : float
        Radius in radian over which the profile changes much.
    factor : int
        The least number of subpixels along each side.
    """
    n_pixels = area.size
    x, y, area = x.reshape(6, n_pixels), y.reshape(6, n_pixels), area.reshape(n_pixels)
    side = np.maximum(np.hypot(x[1], y[1]), np.hypot(x[2], y[2]))
    distance = np.hypot(x[0], y[0])
    touched = np.flatnonzero(distance - 0.75 * side < rad[-1])
    wanted = SUBPIXELS_PER_SCALE * side[touched] / np.maximum(scale, distance[touched] - 0.75 * side[touched])
    level = np.ceil(np.log2(np.clip(wanted / factor, 1.0, max(1.0, LARGEST_FACTOR / factor)))).astype(int)
    weights = np.zeros((len(touched), len(rad)))
    for step in np.unique(level):
        rows = np.flatnonzero(level == step)
        chosen = touched[rows]
        weights[rows] = _subpixel_weights(x[:, chosen], y[:, chosen], area[chosen], rad, factor << int(step))
    return touched, weights


def _subpixel_weights(x, y, area, rad, factor):
    """Weights (k, n_rad) of pixels whose coordinates are expanded as (6, k), with factor^2 subpixels each."""
    step = (np.arange(factor) + 0.5) / factor - 0.5
    dy, dx = (grid.ravel() for grid in np.meshgrid(step, step, indexing="ij"))
    basis = np.stack([np.ones_like(dx), dx, dy, dx * dx / 2, dx * dy, dy * dy / 2])
    radius = np.hypot(np.einsum("tk,ts->ks", x, basis), np.einsum("tk,ts->ks", y, basis))
    # The area element grows across the pixel, as the Jacobian of the coordinates does.
    jacobian = x[1] * y[2] - x[2] * y[1]
    jacobian = np.where(jacobian == 0, np.inf, jacobian)
    grow_x = (x[3] * y[2] + x[1] * y[4] - x[4] * y[1] - x[2] * y[3]) / jacobian
    grow_y = (x[4] * y[2] + x[1] * y[5] - x[5] * y[1] - x[2] * y[4]) / jacobian
    part = area[:, None] / factor**2 * (1 + grow_x[:, None] * dx + grow_y[:, None] * dy)
    part[radius > rad[-1]] = 0.0
    node = np.minimum(np.searchsorted(rad, radius, side="right") - 1, len(rad) - 2)
    upper = part * (radius - rad[node]) / (rad[node + 1] - rad[node])
    flat = (node + len(rad) * np.arange(len(area))[:, None]).ravel()
    size = len(area) * len(rad)
    weights = np.bincount(flat, (part - upper).ravel(), size) + np.bincount(flat + 1, upper.ravel(), size)
    return weights.reshape(len(area), len(rad))
