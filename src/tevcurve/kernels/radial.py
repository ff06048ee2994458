"""The share of a round profile that falls into each pixel of a grid."""

import numpy as np

# A subpixel is smaller than this part of the profile's scale, or of the distance where that is larger.
SUBPIXELS_PER_SCALE = 16
LARGEST_FACTOR = 64
SUBPIXELS_PER_BLOCK = 4096


def second_order(coordinate):
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


def _mirrored(centre, before, after):
    """The neighbours on two sides; one that is NaN is the mirror image of the other."""
    return (
        np.where(np.isnan(before), 2 * centre - after, before),
        np.where(np.isnan(after), 2 * centre - before, after),
    )


def integrate_over_pixels(x, y, rad, profiles, scale, factor=4):
    """Which pixels a disc touches, and the integral of its profiles over each: (index (k,), integrals (n, k)).

    The profiles are linear between the nodes and 0 beyond the last one. Pixels are divided into subpixels, more where
    the profile is steep: near its centre. All profiles share the geometry. The integrals change smoothly with the
    centre, as a fit of a position needs it, but for small jumps where it passes from one pixel to the next.

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
        The least number of subpixels along each side.
    """
    x, y = x.reshape(6, -1), y.reshape(6, -1)
    side = np.maximum(np.hypot(x[1], y[1]), np.hypot(x[2], y[2]))
    distance = np.hypot(x[0], y[0])
    touched = np.flatnonzero(distance - (0.75 + 0.5 / factor) * side < rad[-1])
    # By the distance from the middle pixel, so that the numbers do not jump while the centre moves inside of it.
    middle = np.argmin(distance)
    steps = np.hypot(x[0] - x[0, middle], y[0] - y[0, middle])
    touched = touched[np.argsort(steps[touched], kind="stable")]
    nearest = np.maximum(scale, steps[touched] - side[touched])
    subpixels = np.ceil(SUBPIXELS_PER_SCALE * side[touched] / nearest).astype(int)
    subpixels = np.clip(subpixels, factor, max(factor, LARGEST_FACTOR))
    integrals = np.empty((len(profiles), len(touched)))
    start = 0
    # From the centre outwards in blocks, so that each touches few nodes and has its own number of subpixels.
    while start < len(touched):
        number = int(subpixels[start])
        same = np.searchsorted(-subpixels, -number, side="right")
        stop = min(same, start + max(1, SUBPIXELS_PER_BLOCK // number**2))
        block = touched[start:stop]
        nodes, weights = _subpixel_weights(x[:, block], y[:, block], rad, number)
        integrals[:, start:stop] = np.einsum("pr,er->ep", weights, profiles[:, nodes])
        start = stop
    return touched, integrals


def _subpixel_weights(x, y, rad, factor):
    """Nodes (slice) that pixels touch and weights (k, n) on these; coordinates (6, k), factor^2 subpixels each."""
    step = (np.arange(factor) + 0.5) / factor - 0.5
    dy, dx = (grid.ravel() for grid in np.meshgrid(step, step, indexing="ij"))
    basis = np.stack([np.ones_like(dx), dx, dy, dx * dx / 2, dx * dy, dy * dy / 2])
    radius = np.sqrt(np.einsum("tk,ts->ks", x, basis) ** 2 + np.einsum("tk,ts->ks", y, basis) ** 2)
    # The area element is the Jacobian of the coordinates, to first order across a pixel, times sin(r) / r.
    area = x[1] * y[2] - x[2] * y[1]
    grow_x = x[3] * y[2] + x[1] * y[4] - x[4] * y[1] - x[2] * y[3]
    grow_y = x[4] * y[2] + x[1] * y[5] - x[5] * y[1] - x[2] * y[4]
    part = np.abs(area[:, None] + grow_x[:, None] * dx + grow_y[:, None] * dy)
    part *= (np.sinc(np.hypot(x[0], y[0]) / np.pi) / factor**2)[:, None]
    nearest, farthest = radius.min(), radius.max()
    width = np.maximum(np.hypot(x[1], y[1]), np.hypot(x[2], y[2])) / factor
    if farthest > rad[-1] - 0.5 * np.max(width):
        # An edge as wide as a subpixel: none leaves all at once while the centre moves.
        part *= np.clip(0.5 + (rad[-1] - radius) / width[:, None], 0, 1)
    last = min(len(rad), np.searchsorted(rad, farthest, side="right") + 1)
    first = min(max(0, np.searchsorted(rad, nearest, side="right") - 1), last - 2)
    rad = rad[first:last]
    position = np.interp(radius, rad, np.arange(len(rad)))
    node = np.minimum(position.astype(np.intp), len(rad) - 2)
    upper = part * (position - node)
    flat = (node + len(rad) * np.arange(len(node))[:, None]).ravel()
    size = len(node) * len(rad)
    weights = np.bincount(flat, (part - upper).ravel(), size) + np.bincount(flat + 1, upper.ravel(), size)
    return slice(first, last), weights.reshape(len(node), len(rad))
