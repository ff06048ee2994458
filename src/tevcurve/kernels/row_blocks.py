"""Blocks of rows with one flux each, sought in many light curves at once; rows have likelihoods, or plain errors."""

import numpy as np

MAX_BLOCKS = 8


def block_losses(grid, stat, slope):
    """Half the least statistic of all blocks (n, n_rows, n_rows): [t, i, j] of rows i to j; infinite for j < i.

    Between fluxes at which it is known a statistic is the cubic with its values and slopes, so that of a block, which
    is the sum of those of its rows, is one, too. Where it is least outside of them, the nearest one is taken.

    Parameters
    ----------
    grid : float array (n, n_grid), fluxes, ascending; two of them may be the same, or nearly so, where slopes jump
    stat, slope : float arrays (n, n_rows, n_grid), the statistics of the rows, convex, and their slopes
    """
    n, n_rows, n_grid = stat.shape
    running = np.zeros((2, n, n_rows + 1, n_grid))
    np.cumsum([0.5 * stat, 0.5 * slope], axis=2, out=running[:, :, 1:])
    losses = np.full((n, n_rows, n_rows), np.inf)
    for first in range(n_rows):
        before, after = running[:, :, first : first + 1], running[:, :, first + 1 :]
        n_falling = np.count_nonzero(after[1] < before[1], axis=-1)
        sides = np.clip(n_falling - 1, 0, None), np.clip(n_falling, None, n_grid - 1)
        flux = [np.take_along_axis(grid, side, axis=1) for side in sides]
        value, tilt = ([_between(*each, side) for side in sides] for each in zip(before, after, strict=True))
        losses[:, first, first:] = _least(flux, value, tilt)
    return losses


def _between(before, after, side):
    """Differences (n, m) of running sums (n, 1, n_grid) and (n, m, n_grid) at the fluxes of numbers `side` (n, m)."""
    later = np.take_along_axis(after, side[..., None], axis=2)[..., 0]
    return later - np.take_along_axis(before[:, 0], side, axis=1)


def _least(flux, value, slope):
    """The least values of cubics; lists of two arrays, at the last flux where the curve falls and at the next one."""
    (x0, x1), (f0, f1), (g0, g1) = flux, value, slope
    width, ends = x1 - x0, np.minimum(f0, f1)
    inside = (g0 < 0) & (g1 >= 0) & (width > 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = (f1 - f0) / width
        square, cube = 3 * mean - 2 * g0 - g1, g0 + g1 - 2 * mean
        # The root of the derivative g0 + 2*square*t + 3*cube*t^2 at which the cubic is least.
        t = -g0 / (square + np.sqrt(np.maximum(square**2 - 3 * cube * g0, 0.0)))
        lowest = f0 + width * t * (g0 + t * (square + t * cube))
    return np.where(inside & (t >= 0) & (t <= 1), np.minimum(lowest, ends), ends)


def gaussian_losses(value, err):
    """The same, in closed form, for values with Gaussian errors, each (n, n_rows)."""
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
