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


def smoothed_counts(counts: np.ndarray, exposure: np.ndarray, log_energy: np.ndarray) -> np.ndarray:
    """Expected counts (..., n_bins) of spectra, each with the sum of its counts plus a half.

    A parabola in the logarithms of rate and energy is fitted to the counts (Poisson, with weak Gaussian priors on slope
    and bend), and the counts are added to it with the weight that they have against `CURVE_COUNTS` in each bin: few
    counts follow the curve, many themselves.

    Parameters
    ----------
    counts : float array (..., n_bins)
    exposure : float array (n_bins,) > 0: counts are expected in proportion to it where the rate is the same
    log_energy : float array (n_bins,)
    """
    shape, n = counts.shape, counts.shape[-1]
    counts = counts.reshape(-1, n)
    seen, worth = counts.sum(axis=1, keepdims=True), CURVE_COUNTS * n
    curve = exposure * np.exp(_parabola(counts, exposure, log_energy - log_energy.mean()))
    curve /= curve.sum(axis=1, keepdims=True)
    return ((seen + 0.5) * (counts + worth * curve) / (seen + worth)).reshape(shape)


def _parabola(counts: np.ndarray, exposure: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Logarithm of the rates (n, n_bins), by Newton's method; the posterior is concave."""
    terms = np.stack([np.ones_like(x), x, x**2], axis=1)
    mean, weight = np.array([0.0, SLOPE, 0.0]), np.array([1e-6, SLOPE_SPREAD**-2, BEND_SPREAD**-2])
    best = np.tile(mean, (len(counts), 1))
    best[:, 0] = np.log((counts.sum(axis=1) + 0.5) / np.sum(exposure * np.exp(terms @ mean)))
    going = np.arange(len(counts))
    for _ in range(MAX_STEPS):
        at = best[going]
        expected = exposure * np.exp(np.einsum("nk,bk->nb", at, terms))
        slope = np.einsum("nb,bk->nk", expected - counts[going], terms) + weight * (at - mean)
        bend = np.einsum("nb,bj,bk->njk", expected, terms, terms) + np.diag(weight)
        step = solve(bend, slope, np.zeros(slope.shape, dtype=bool))
        largest = np.abs(step).max(axis=1)
        best[going] = at - step / np.maximum(1.0, largest / LARGEST_STEP)[:, None]
        # Each stops by itself, so that it is the same beside any others.
        going = going[largest >= 1e-10]
        if not len(going):
            break
    return np.einsum("nk,bk->nb", best, terms)
