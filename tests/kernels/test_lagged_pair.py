"""Likelihoods of two series against those of all their log fluxes together."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import FREE_MEAN, NoisySeries, WhiteSeries, gain_of_one_process

PROCESS = Oscillators.power_law(2.0, np.geomspace(1e-3, 2, 24))


def series_of(n, seed):
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.uniform(0.2, 3, 2 * n))
    middle, width = 0.5 * (edges[::2] + edges[1::2]), np.diff(edges)[::2]
    return NoisySeries(middle, width, rng.normal(0, 1, n), rng.uniform(0.05, 0.5, n))


def test_likelihoods_of_all_variances_are_those_of_a_dense_gaussian():
    series = series_of(12, 1)
    shape = PROCESS.averaged(series.middle, series.width)
    variances = np.array([0.0, 1e-3, 0.02])
    found = series.log_likelihoods(shape, variances)
    for k, variance in enumerate(variances):
        whole = variance * shape + np.diag(series.noise) + FREE_MEAN
        expected = multivariate_normal.logpdf(series.value, cov=whole) + 6 * np.log(2 * np.pi)
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
    parts = [each.covariance + np.diag(each.series.noise) + FREE_MEAN for each in white]
    values = np.append(one.value, other.value)

    def dense(share):
        return multivariate_normal.logpdf(
            values, cov=np.block([[parts[0], share * between], [share * between.T, parts[1]]])
        )

    assert_allclose(found, [dense(share) - dense(0.0) for share in coherence], atol=1e-7)
