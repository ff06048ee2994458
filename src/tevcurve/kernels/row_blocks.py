"""Blocks of rows with one flux each, sought in many light curves at once; rows have values with asymmetric errors."""

import numpy as np

from tevcurve.kernels.measured_profile import asymmetric_stat

N_GRID = 128
MAX_BLOCKS = 8


def block_losses(value, errn, errp):
    """Half the least statistic of all blocks (n, n_rows, n_rows): [t, i, j] of rows i to j; infinite for j < i.

    The statistic of a row is that of `AsymmetricProfile`; the least of their sum is that of a parabola through the
    three lowest of many fluxes between the lowest and the highest value.

    value, errn, errp : float arrays (n, n_rows), errors above 0
    """
    n, n_rows = value.shape
    low, high = value.min(axis=1, keepdims=True), value.max(axis=1, keepdims=True)
    margin = 1e-3 * errp.max(axis=1, keepdims=True)
    grid = low - margin + (high - low + 2 * margin) * np.linspace(0, 1, N_GRID)
    stat, _, _ = asymmetric_stat(grid[:, None, :] - value[..., None], errn[..., None], errp[..., None])
    running = np.zeros((n, n_rows + 1, N_GRID))
    np.cumsum(0.5 * stat, axis=1, out=running[:, 1:])
    losses = np.full((n, n_rows, n_rows), np.inf)
    for first in range(n_rows):
        losses[:, first, first:] = _least(running[:, first + 1 :] - running[:, first : first + 1])
    return losses


def _least(curves):
    """The least value (...,) of curves (..., n_grid), with that of the parabola through the lowest three points."""
    at = np.clip(np.argmin(curves, axis=-1), 1, N_GRID - 2)
    left, middle, right = (
        np.take_along_axis(curves, (at + step)[..., None], axis=-1)[..., 0] for step in (-1, 0, 1)
    )
    bend, tilt = left - 2 * middle + right, 0.5 * (right - left)
    drop = np.divide(tilt**2, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    # At an end of the grid the parabola's lowest point lies outside.
    inside = np.abs(tilt) <= bend
    return np.where(inside, middle - drop, np.minimum(np.minimum(left, right), middle))


def gaussian_losses(value, err):
    """The same for symmetric errors, in closed form."""
    n, n_rows = value.shape
    weight = 1 / err**2
    sums = np.zeros((3, n, n_rows + 1))
    np.cumsum([weight, weight * value, weight * value**2], axis=2, out=sums[:, :, 1:])
    losses = np.full((n, n_rows, n_rows), np.inf)
    for first in range(n_rows):
        total, moment, square = sums[:, :, first + 1 :] - sums[:, :, first : first + 1]
        losses[:, first, first:] = 0.5 * np.maximum(square - moment**2 / total, 0.0)
    return losses


def best_gain(losses):
    """The most that a further block gains (n,): the largest of (loss of one block - loss of k blocks)/(k - 1).

    A penalty above it for each further block leaves one block, one below it more. k goes up to 8.

    losses : float array (n, n_rows, n_rows), from `block_losses`
    """
    n, n_rows, _ = losses.shape
    best = losses[:, 0, :].copy()
    whole, gain = best[:, -1].copy(), np.zeros(n)
    for k in range(2, min(MAX_BLOCKS, n_rows) + 1):
        following = np.full_like(best, np.inf)
        for last in range(k - 1, n_rows):
            starts = slice(k - 1, last + 1)
            following[:, last] = np.min(best[:, k - 2 : last] + losses[:, starts, last], axis=1)
        best = following
        gain = np.maximum(gain, (whole - best[:, -1]) / (k - 1))
    return gain


def divide(losses, penalty):
    """First rows of the blocks (int array, ascending, from 0) of the division that costs least.

    losses : float array (n_rows, n_rows) of one light curve. penalty : what each block costs.
    """
    n_rows = len(losses)
    best, origin = np.zeros(n_rows + 1), np.zeros(n_rows + 1, dtype=int)
    for stop in range(1, n_rows + 1):
        cost = best[:stop] + losses[:stop, stop - 1] + penalty
        origin[stop] = np.argmin(cost)
        best[stop] = cost[origin[stop]]
    starts, stop = [], n_rows
    while stop > 0:
        stop = origin[stop]
        starts.append(stop)
    return np.array(starts[::-1], dtype=int)
