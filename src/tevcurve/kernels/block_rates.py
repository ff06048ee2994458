"""Rates and fluxes of blocks: at which ones blocks of cells are compared, and what cells cost there.

The cost is minus the log likelihood of Poisson counts, less what all divisions of the cells have in common.
"""

import numpy as np

# Rates lie this far apart, in errors of the block with the most events that can have such a rate.
STEP = 0.2
# The lowest rate but 0 expects so many events in all: a block without any costs so much there.
_LOWEST = 1e-3
# Points of the integral that rates are laid by.
_POINTS = 4000


def rates_between(
    count: np.ndarray, time: np.ndarray, weight: np.ndarray, share: np.ndarray, lowest: float = 0.0
) -> np.ndarray:
    """Rates of the source, ascending, so close that no block of cells costs over STEP^2/8 more at one than at its best.

    From the lowest one to that of the cell with the highest. A block is known to weight^2/(rate*weight + share) per
    unit of time at most, summed over all of them, and to its counts over rate^2: of short blocks, as high rates have,
    these are few.

    Parameters
    ----------
    count : float array (n,), events of the cells
    time : float array (n,), in which they are seen, times the weight, above 0
    weight, share : float arrays (m,), of m runs: all such time, and the events in it that are not of the source
    lowest : float, the lowest rate; 0 is a rate of its own, from where the next one is near
    """
    first = max(lowest, _LOWEST / weight.sum())
    highest = max(float(np.max(count / time)), 2 * first)
    rate = np.exp(np.linspace(np.log(first), np.log(highest), _POINTS))
    known = np.sum(weight**2 / (weight * rate[:, None] + share), axis=1)
    spacing = np.sqrt(np.minimum(known, most_counts(count, time, rate) / rate**2)) / STEP
    steps = 0.5 * (spacing[1:] + spacing[:-1]) * np.diff(rate)
    done = np.append(0.0, np.cumsum(steps))
    nodes = np.interp(np.linspace(0, done[-1], int(np.ceil(done[-1])) + 1), done, rate)
    nodes[0], nodes[-1] = first, highest
    return np.append(lowest, nodes) if lowest < first else nodes


def most_counts(count: np.ndarray, time: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """No block of cells with such a rate or more has more counts, float array (m,), 1 or more.

    A block of some length has half of its rate, or more, in a part of at least half its length: windows of 1, 2, 4 ...
    cells are looked at.

    Parameters
    ----------
    count, time : float arrays (n,), of the cells
    rate : float array (m,), ascending
    """
    counts, times = (np.append(0.0, np.cumsum(each)) for each in (count, time))
    most, half, width = np.ones(len(rate)), 0.5 * rate, 1
    while width <= len(count):
        seen, in_time = (each[width:] - each[:-width] for each in (counts, times))
        reached = int(np.searchsorted(half, np.max(seen / in_time), side="right"))
        # A block of up to twice the width is in two windows.
        np.maximum(most[:reached], 2 * seen.max(), out=most[:reached])
        width *= 2
    return most


def known_cost(count: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """expected - count*log(expected), infinite where events came and none is expected.

    Parameters
    ----------
    count, expected : float arrays that broadcast, 0 or more
    """
    if expected.min(initial=np.inf) > 0:
        return expected - count * np.log(expected)
    nothing = expected <= 0
    cost = expected - count * np.log(np.where(nothing, 1.0, expected))
    return np.where(nothing & (count > 0), np.inf, cost)


def onoff_cost(count: np.ndarray, source: np.ndarray, off: np.ndarray, alpha: float) -> np.ndarray:
    """The same of ON and OFF counts with the background that fits both best, and 0 for OFF counts as expected.

    Its OFF counts b solve alpha*(1 + alpha)*b^2 - linear*b - off*source = 0 (`tevcurve.kernels.onoff` has the same to
    the last digit, at a quarter of the speed).

    Parameters
    ----------
    count : float array, ON counts
    source : float array, ON counts expected of the source, 0 or more
    off : float array, OFF counts, fractions too
    alpha : float, ratio of the acceptances, ON over OFF
    """
    linear = alpha * (count + off) - (1 + alpha) * source
    product = off * source
    root = np.sqrt(linear**2 + 4 * alpha * (1 + alpha) * product)
    above = linear > 0
    bottom = np.where(above, 2 * alpha * (1 + alpha), root - linear)
    best = np.where(above, linear + root, 2 * product) / np.where(bottom > 0, bottom, 1.0)
    if off.min(initial=np.inf) > 0:
        ratio = best / off
    else:
        ratio = np.where(off > 0, best, 1.0) / np.where(off > 0, off, 1.0)
    return known_cost(count, source + alpha * best) + best - off - off * np.log(ratio)
