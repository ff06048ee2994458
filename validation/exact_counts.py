"""Item 3 for intervals by Feldman & Cousins: no NaN and no negative limit, whatever the counts."""

import numpy as np

from tevcurve.fit.exact_intervals import known_norm_intervals, onoff_norm_intervals

# Rows with the same counts and alpha have the same interval, which is found once (about 6 ms of a processor for a new
# one): a million draws of these are 24,000 different rows, in minutes. All different, they would take two hours.
ALPHAS = np.array([0.01, 1 / 40, 1 / 12, 0.2, 0.5, 1.0, 2.0])
MOST_EXPECTED = 60.0
BATCH = 100_000


def random_counts(n, rng, most=MOST_EXPECTED):
    """Counts (n,) with log-uniform means from 0.01 to the most, a tenth of them 0."""
    counts = rng.poisson(np.exp(rng.uniform(np.log(0.01), np.log(most), n)))
    return np.where(rng.random(n) < 0.1, 0, counts).astype(float)


def onoff_problems(n, rng, level=0.95, most=MOST_EXPECTED, alphas=ALPHAS):
    """(ends that are NaN or infinite, limits or lower ends below zero, ends in the wrong order, different rows).

    Of n random ON and OFF counts and alphas, zeros included; int array (4,).
    """
    on, off = random_counts(n, rng, most), random_counts(n, rng, most)
    alpha = rng.choice(alphas, n)
    lower, upper = onoff_norm_intervals(on, off, alpha, np.ones(n), level)
    best = np.maximum(on - alpha * off, 0.0)
    different = len(np.unique([on, off, alpha], axis=1).T)
    return np.array([*_problems(lower, upper, best), different])


def known_problems(n, rng, level=0.95):
    """The same for counts on known backgrounds, log-uniform from 0.01 to 1000, a tenth of them 0."""
    total = np.zeros(3, dtype=int)
    for first in range(0, n, BATCH):
        size = min(BATCH, n - first)
        background = np.exp(rng.uniform(np.log(0.01), np.log(1000), size))
        background = np.where(rng.random(size) < 0.1, 0.0, background)
        counts = np.where(rng.random(size) < 0.5, random_counts(size, rng, 1000.0), rng.poisson(background))
        lower, upper = known_norm_intervals(counts.astype(float), background, np.ones(size), level)
        total += _problems(lower, upper, np.maximum(counts - background, 0.0))
    return np.array([*total, n])


def _problems(lower, upper, best):
    """Numbers of ends that are not finite, below zero, and not on both sides of the best signal."""
    bad = ~(np.isfinite(lower) & np.isfinite(upper))
    around = (lower <= best + 1e-6 * (1 + best)) & (best <= upper + 1e-6 * (1 + best))
    return np.array([np.count_nonzero(each) for each in (bad, (lower < 0) | (upper < 0), ~bad & ~around)])
