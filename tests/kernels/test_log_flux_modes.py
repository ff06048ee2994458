"""Modes of many light curves with a process behind them."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from tevcurve.kernels.log_flux_modes import modes_of_many

TIME = np.arange(20.0)
COVARIANCE = np.exp(-np.abs(TIME[:, None] - TIME) / 6) + 4.0
EXPECTED = np.where(TIME % 3 == 0, 1.0, 6.0)


def test_modes_are_where_a_general_search_finds_them():
    rng, root = np.random.default_rng(1), np.linalg.cholesky(COVARIANCE)
    truth = rng.multivariate_normal(np.zeros(20), COVARIANCE - 4.0, 12)
    counts = rng.poisson(EXPECTED * np.exp(truth))
    counts[3] = 0
    # Far from what is expected: ends by Newton's method.
    counts[4, 7] = 400

    def rows(x):
        mean = EXPECTED * np.exp(x)
        return counts * x - mean, counts - mean, mean

    mode, slope = modes_of_many(COVARIANCE, EXPECTED, rows, 12)
    assert_allclose(slope, counts - EXPECTED * np.exp(mode), atol=1e-12)
    for own, found in zip(counts, mode, strict=True):

        def cost(normal, own=own):
            x = root @ normal
            mean = EXPECTED * np.exp(x)
            return np.sum(mean - own * x) + 0.5 * normal @ normal, root.T @ (mean - own) + normal

        best = minimize(cost, np.zeros(20), jac=True, method="BFGS").x
        assert_allclose(found, root @ best, atol=0.02)
