"""Spectra of counts, smoothed where counts are few."""

import numpy as np

from tevcurve.kernels.newton_descent import solve

# The logarithm of the rate in log energy: mean and spread of its slope, spread of its bend. A background that
# looks like gamma rays falls with E^-2.7 in flux; few counts cannot say otherwise, some can.
SLOPE, SLOPE_SPREAD, BEND_SPREAD = -1.7, 2.0, 0.7
MAX_STEPS = 100
LARGEST_STEP = 1.0
# A curve is worth so many counts in each bin.
CURVE_COUNTS = 10.0


def smoothed_counts(counts, exposure, log_energy):
    """Expected counts (n_bins,) of a spectrum, with the sum of the counts plus a half.

    A parabola in the logarithms of rate and energy is fitted to the counts (Poisson, with weak Gaussian priors on slope
    and bend), and the counts are added to it with the weight that they have against `CURVE_COUNTS` in each bin: few
    counts follow the curve, many themselves.

    Parameters
    ----------
    counts : float array (n_bins,)
    exposure : float array (n_bins,) > 0: counts are expected in proportion to it where the rate is the same
    log_energy : float array (n_bins,)
    """
    n, total = len(counts), counts.sum() + 0.5
    curve = exposure * np.exp(_parabola(counts, exposure, log_energy - log_energy.mean()))
    worth = CURVE_COUNTS * n
    return total * (counts + worth * curve / curve.sum()) / (counts.sum() + worth)


def _parabola(counts, exposure, x):
    """Logarithm of the rate (n_bins,), by Newton's method; the posterior is concave."""
    terms = np.stack([np.ones_like(x), x, x**2], axis=1)
    mean, weight = np.array([0.0, SLOPE, 0.0]), np.array([1e-6, SLOPE_SPREAD**-2, BEND_SPREAD**-2])
    best = mean.copy()
    best[0] = np.log((counts.sum() + 0.5) / np.sum(exposure * np.exp(terms @ mean)))
    for _ in range(MAX_STEPS):
        expected = exposure * np.exp(terms @ best)
        slope = terms.T @ (expected - counts) + weight * (best - mean)
        bend = (terms.T * expected) @ terms + np.diag(weight)
        step = solve(bend[None], slope[None], np.zeros((1, 3), dtype=bool))[0]
        step /= max(1.0, np.abs(step).max() / LARGEST_STEP)
        best = best - step
        if np.abs(step).max() < 1e-10:
            break
    return terms @ best
