"""Blocks of rows by their likelihoods: at which fluxes they are sought, and their exact fits."""

import numpy as np

from tevcurve.fit.minimize import minimize_norm
from tevcurve.kernels.measured_profile import asymmetric_stat
from tevcurve.kernels.row_blocks import best_gain, block_of_rows, divide, weighted_losses
from tevcurve.kernels.summed_profile import SummedProfile

# Fluxes of one light curve lie this far apart, in errors of the constant, but are not more than so many.
STEP, MAX_NODES = 0.25, 4000
# To both sides of 0, where the slopes of rows without events jump, in errors of the constant.
NEAR_ZERO = 1e-6 * np.array([-1.0, 1.0])
# Fluxes of each of many light curves: ever wider apart from the constant one, and best fluxes of rows.
N_GRID, N_OWN = 24, 12
# Numbers that are held at once.
AT_ONCE = 4_000_000
# Errors up and down of rows whose statistics are rebuilt from them differ by this factor at most.
LOPSIDED = 1.3
# What a refit may miss the best flux of the search by: rounding.
ROUNDING = 1e-6


def best_division(fits, penalty):
    """(number of the block of each row (n_rows,), cost) of the best division of `RowFits` of one light curve.

    cost: half the rise of the statistic from each row's best flux to the best one of its block, and `penalty` for each
    block. It is exact for these blocks; others cost less by 0.008 at most, as the fluxes of the search are so close.

    Parameters
    ----------
    fits : `RowFits` of one light curve
    penalty : float, that each block costs
    """
    first, sought = divide(_rows_at(fits, fluxes_of_one(fits)), np.array([penalty]))
    block = block_of_rows(first)
    cost = block_costs(fits, block, fit_blocks(fits, block))[0] + penalty * (block[0, -1] + 1)
    if cost > sought[0] + ROUNDING * (1 + sought[0]):
        raise ArithmeticError(f"the fit of blocks ended at {cost}, above the {sought[0]} of the search")
    return block[0], cost


def gain_of(fits):
    """The most that a further block gains in each light curve of `RowFits`, (n,).

    The division is sought with statistics of which most are rebuilt from the errors of rows; what it gains is from the
    likelihoods themselves. In toys of 1 to 20 counts a row that was 0.1 % below the most, on average.

    fits: `RowFits`.
    """
    nodes = fluxes_of_many(fits)
    block = np.zeros((fits.n, fits.n_rows), dtype=int)
    step = max(1, AT_ONCE // (fits.n_rows * nodes.shape[1]))
    for part in (slice(first, min(first + step, fits.n)) for first in range(0, fits.n, step)):
        _, block[part] = best_gain(_half(fits, part, nodes[part]))
    further = block[:, -1]
    whole = 0.5 * fits.rise_of_constant
    gain = whole - block_costs(fits, block, fit_blocks(fits, block))
    return np.maximum(np.divide(gain, further, out=np.zeros(fits.n), where=further > 0), 0.0)


def gaussian_gains(value, err):
    """The same of values with Gaussian errors.

    Parameters
    ----------
    value : float array (n, n_rows)
    err : float array (n, n_rows), standard deviations, above 0
    """
    weight = 1 / err**2
    total = weight.sum(axis=1, keepdims=True)
    mean = np.sum(weight * value, axis=1, keepdims=True) / total
    nodes = _widening(value, mean, 1 / np.sqrt(total))
    half = 0.5 * weight.T[..., None] * (value.T[..., None] - nodes) ** 2
    _, block = best_gain(half)
    further = block[:, -1]
    gain = weighted_losses(value, weight, np.zeros_like(block)) - weighted_losses(value, weight, block)
    return np.maximum(np.divide(gain, further, out=np.zeros(len(value)), where=further > 0), 0.0)


def fluxes_of_one(fits):
    """Fluxes (n_grid,), ascending, for the search in one light curve.

    They reach from the lowest to the highest best flux of its rows, between which the best flux of any block is: these
    themselves, others 0.25 of the error of the constant apart, and two beside 0.

    fits: `RowFits` of one light curve.
    """
    own, error = fits.norm[0], _common_error(fits)[0]
    low, high = own.min(), own.max()
    n_steps = min(int(np.ceil((high - low) / (STEP * error))) + 1, MAX_NODES)
    zero = NEAR_ZERO * error
    return np.unique([*own, *np.linspace(low, high, n_steps), *zero[(zero > low) & (zero < high)]])


def fluxes_of_many(fits):
    """Fluxes (n, n_grid), ascending, for the search in many light curves of a source that is constant, or nearly so.

    They are dense around the constant and ever wider apart from it, as blocks far from it are short and have large
    errors; with some best fluxes of rows, from the lowest to the highest, and two beside 0.

    fits: `RowFits`.
    """
    own, error = fits.norm, _common_error(fits)[:, None]
    chosen = np.linspace(0, fits.n_rows - 1, min(N_OWN, fits.n_rows)).round().astype(int)
    constant = fits.constant_minimum.norm[:, None]
    nodes = [_widening(own, constant, error), np.sort(own, axis=1)[:, chosen]]
    beside = np.clip(NEAR_ZERO * error, own.min(axis=1, keepdims=True), own.max(axis=1, keepdims=True))
    return np.sort(np.concatenate([*nodes, beside, constant], axis=1), axis=1)


def _widening(own, constant, error):
    """Fluxes (n, N_GRID) from the lowest to the highest best flux `own` (n, n_rows) of rows."""
    scale = 2 * error
    ends = (end(own, axis=1, keepdims=True) for end in (np.min, np.max))
    low, high = (np.arcsinh((edge - constant) / scale) for edge in ends)
    return constant + scale * np.sinh(low + (high - low) * np.linspace(0, 1, N_GRID))


def _common_error(fits):
    """The error (n,) of each light curve's constant flux, roughly: that of the weighted mean."""
    err = np.where(np.isfinite(fits.err) & (fits.err > 0), fits.err, np.inf)
    with np.errstate(divide="ignore"):
        error = 1 / np.sqrt(np.sum(1 / err**2, axis=1))
    return np.where(np.isfinite(error), error, 1.0)


def _half(fits, part, nodes):
    """About half the rise of the statistics of light curves (slice) at their fluxes (n, n_grid): (n_rows, n, n_grid).

    It is that of asymmetric errors (`tevcurve.kernels.measured_profile`), which cost nothing more, but where these
    say that a row is far from a parabola.
    """
    lower = fits.floor.reshape(fits.n, -1)
    norm, errn, errp, lower = (each[part].T[..., None] for each in (fits.norm, fits.errn, fits.errp, lower))
    even = (np.maximum(errn, errp) <= LOPSIDED * np.minimum(errn, errp))[..., 0].T
    light_curve, row = np.nonzero(~(even & fits.minimum.is_smooth.reshape(fits.n, -1)[part]))
    least = 1e-3 * np.maximum(errn, errp)
    half = 0.5 * asymmetric_stat(nodes - norm, np.maximum(errn, least), np.maximum(errp, least))[0]
    half[nodes < lower] = np.inf
    numbers = (light_curve + part.start) * fits.n_rows + row
    half[row, light_curve] = _rise(fits, numbers, nodes[light_curve]) if len(row) else 0.0
    return half


def _rows_at(fits, nodes):
    """The same of each row of one light curve, (1, n_grid) each, one by one."""
    step = max(1, AT_ONCE // len(nodes))
    for first in range(0, fits.n_rows, step):
        numbers = np.arange(first, min(first + step, fits.n_rows))
        yield from _rise(fits, numbers, np.broadcast_to(nodes, (len(numbers), len(nodes))))[:, None]


def _rise(fits, numbers, nodes):
    """Half the rise (m, n_grid) of bins of the profile (int array (m,)) at their fluxes, infinite below the lowest."""
    profile = fits.profile.take(numbers)[0] if len(numbers) < fits.profile.n else fits.profile
    lower = fits.floor[numbers]
    half = _stats(profile, np.maximum(nodes, lower[:, None]))
    half -= fits.minimum.stat[numbers, None]
    half *= 0.5
    half[np.isnan(half) | (nodes < lower[:, None])] = np.inf
    # Rounding, where a flux is a row's best one.
    return np.maximum(half, 0.0, out=half)


def _stats(profile, norms):
    """The statistics of a profile at norms (n, m), all at once where its likelihood can do that."""
    likelihood = getattr(profile, "likelihood", None)
    if hasattr(likelihood, "stats"):
        return likelihood.stats(norms)
    stats, start = np.empty(norms.shape), None
    for k in range(norms.shape[1]):
        (stats[:, k], _, _), start = profile.evaluate(norms[:, k], start)
    return stats


def fit_blocks(fits, block):
    """The `Minimum` of the blocks of all light curves of `RowFits`, one after the other.

    Parameters
    ----------
    fits : `RowFits` of n light curves
    block : int array (n, n_rows), number of the block of each row
    """
    summed, lowest = summed_blocks(fits, block)
    return minimize_norm(summed, lowest)


def summed_blocks(fits, block):
    """(profile of blocks, the lowest norm of each).

    Parameters
    ----------
    fits : `RowFits` of n light curves
    block : int array (n, n_rows), number of the block of each row
    """
    count = block[:, -1] + 1
    group = (block + (np.cumsum(count) - count)[:, None]).ravel()
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return SummedProfile([(fits.profile, group)], int(group[-1]) + 1), np.maximum.reduceat(fits.floor, first)


def block_costs(fits, block, fitted):
    """Half the rise (n,) of the statistic from each row's best flux to that of its block, without penalties.

    Parameters
    ----------
    fits : `RowFits` of n light curves
    block : int array (n, n_rows), number of the block of each row
    fitted : `Minimum` of the blocks, of `fit_blocks`
    """
    light_curve = np.repeat(np.arange(fits.n), block[:, -1] + 1)
    stat = np.bincount(light_curve, fitted.stat, fits.n)
    return np.maximum(0.5 * (stat - fits.minimum.stat.reshape(fits.n, -1).sum(axis=1)), 0.0)
