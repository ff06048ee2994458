"""The best division of rows into blocks by brute force: each block by its own dense scan, no code of tevcurve."""

from itertools import pairwise

import numpy as np
from scipy.optimize import minimize_scalar

from validation.counting import deviance

NODES = 4000


def row_statistics(profile):
    """Of each row of an ON/OFF profile (function of norms (n,) to deviances (n,), lowest, highest norm of a cell)."""
    found = []
    for row in range(profile.n):
        own = profile.likelihood
        cells = (own.cell_bin == row) & (own.signal > 0)
        on, off, alpha, unit = (each[cells] for each in (own.n_on, own.n_off, own.alpha, own.signal))
        own = (on - alpha * off) / unit

        def statistic(norms, on=on, off=off, alpha=alpha, unit=unit):
            norms = np.atleast_1d(norms)
            cells = (each[:, None] for each in (on, off))
            return np.sum(deviance(*cells, unit[:, None] * norms, None, alpha[:, None]), axis=0)

        found.append((statistic, min(own.min(), 0.0), max(own.max(), 0.0)))
    return found


def best_rows(statistics, negative):
    """(best norm, its deviance) of each row, arrays (n_rows,)."""
    norms, least = [], []
    for statistic, low, high in statistics:
        low = low if negative else 0.0
        places = [0.0]
        if high > low:
            search = minimize_scalar(
                lambda norm, f=statistic: f(norm)[0],
                bounds=(low, high),
                method="bounded",
                options={"xatol": 1e-8 * (high - low)},
            )
            places.append(search.x)
        values = [statistic(place)[0] for place in places]
        norms.append(places[int(np.argmin(values))])
        least.append(min(values))
    return np.array(norms), np.array(least)


def block_losses(profile, negative, n_nodes=NODES):
    """Half the rise of the deviance of every block of rows over that of its rows: [first, last], inf below.

    Norms are scanned evenly, 0 among them, and a parabola through the three lowest gives the lowest of each block;
    none at 0 itself, where slopes jump.
    """
    statistics = row_statistics(profile)
    norms, least = best_rows(statistics, negative)
    n, step = len(norms), (max(norms.max(), 1e-6) - min(norms.min(), 0.0)) / n_nodes
    lowest = int(np.floor(norms.min() / step)) - 1 if negative and norms.min() < 0 else 0
    nodes = step * np.arange(lowest, int(np.ceil(norms.max() / step)) + 2)
    rise = np.array([statistic(nodes) for statistic, _, _ in statistics]) - least[:, None]
    losses = np.full((n, n), np.inf)
    for first in range(n):
        sums = np.cumsum(rise[first:], axis=0)
        place, own = sums.argmin(axis=1), np.arange(n - first)
        below, here, above = (sums[own, np.clip(place + k, 0, len(nodes) - 1)] for k in (-1, 0, 1))
        bend = below - 2 * here + above
        smooth = (place > 0) & (place < len(nodes) - 1) & (place != -lowest) & (bend > 0)
        lower = np.divide((above - below) ** 2, 8 * bend, out=np.zeros(len(own)), where=smooth)
        losses[first, first:] = 0.5 * (here - lower)
    losses[np.diag_indices(n)] = 0.0
    return losses


def best_total(losses, penalty):
    """What the best division costs: its losses, and a penalty for each block."""
    best = np.zeros(len(losses) + 1)
    for stop in range(1, len(best)):
        best[stop] = np.min(best[:stop] + losses[:stop, stop - 1]) + penalty
    return float(best[-1])


def total_of(losses, block, penalty):
    """What a division costs; block: int array (n_rows,), the number of the block of each row."""
    edges = [0, *(np.flatnonzero(np.diff(block)) + 1), len(block)]
    return float(sum(losses[first, stop - 1] + penalty for first, stop in pairwise(edges)))
