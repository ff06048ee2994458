"""Likelihoods of two series against those of all their log fluxes together."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.linalg import block_diag, null_space
from scipy.stats import multivariate_normal

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import NoisySeries, WhiteSeries, gain_of_one_process

PROCESS = Oscillators.power_law(2.0, np.geomspace(1e-3, 2, 24))


def series_of(n, seed):
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.uniform(0.2, 3, 2 * n))
    middle, width = 0.5 * (edges[::2] + edges[1::2]), np.diff(edges)[::2]
    return NoisySeries(middle, width, rng.normal(0, 1, n), rng.uniform(0.05, 0.5, n))


def without_means(values, covariance, sizes):
    """Log density of what the means of series do not touch."""
    left = block_diag(*(null_space(np.ones((1, n))).T for n in sizes))
    return multivariate_normal.logpdf(left @ values, cov=left @ covariance @ left.T)


def test_a_common_level_changes_nothing():
    """That of a steep spectrum, which wanders far between the series and a mean, is no part of what is seen."""
    series = series_of(12, 4)
    shape, variances = PROCESS.averaged(series.middle, series.width), np.array([0.0, 1e-3, 0.02])
    assert_allclose(
        series.log_likelihoods(shape + 1e5, variances), series.log_likelihoods(shape, variances), atol=1e-6
    )


def test_likelihoods_of_all_variances_are_those_of_a_dense_gaussian():
    series = series_of(12, 1)
    shape = PROCESS.averaged(series.middle, series.width)
    variances = np.array([0.0, 1e-3, 0.02])
    found = series.log_likelihoods(shape, variances)
    for k, variance in enumerate(variances):
        whole = variance * shape + np.diag(series.noise)
        expected = without_means(series.value, whole, [12]) + 5.5 * np.log(2 * np.pi)
        assert_allclose(found[k], expected, atol=1e-7)


def test_gains_at_all_coherences_are_those_of_a_dense_gaussian():
    one, other, lag = series_of(9, 2), series_of(14, 3), 2.5
    scales = 0.004, 0.01
    white = [
        WhiteSeries(each, scale * PROCESS.averaged(each.middle, each.width))
        for each, scale in zip((one, other), scales, strict=True)
    ]
    between = np.sqrt(np.prod(scales)) * PROCESS.averaged(
        one.middle - lag, one.width, (other.middle, other.width)
    )
    coherence = np.array([0.0, 0.3, 0.9, 0.999])
    found = gain_of_one_process(*white, between, coherence)
    parts = [each.covariance + np.diag(each.series.noise) for each in white]
    values = np.append(one.value, other.value)

    def dense(share):
        whole = np.block([[parts[0], share * between], [share * between.T, parts[1]]])
        return without_means(values, whole, [9, 14])

    assert_allclose(found, [dense(share) - dense(0.0) for share in coherence], atol=1e-7)
