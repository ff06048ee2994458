"""Covariances from a table of the second integral against the sum itself."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from tevcurve.kernels.averaged_kernel import AveragedKernel
from tevcurve.kernels.damped_oscillators import Oscillators


def bins(equal, n=25):
    edges = np.cumsum(np.random.default_rng(1).uniform(0.2, 3, 2 * n))
    middle, width = 0.5 * (edges[::2] + edges[1::2]), np.diff(edges)[::2]
    return middle, np.ones(n) if equal else width


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("slope", [0.0, 1.0, 2.3, 4.0])
@pytest.mark.parametrize("lag", [0.0, 3.3, -40.0])
def test_covariances_are_those_of_the_sum(equal, slope, lag):
    middle, width = bins(equal)
    process = Oscillators.power_law(slope, np.geomspace(1e-3, 10, 24))
    kernel = AveragedKernel.of(process, width.min(), np.ptp(middle) + abs(lag))
    others = middle[::2] + lag, 0.7 * width[::2]
    expected = process.averaged(middle, width, others)
    own = process.averaged(middle, width)
    assert_allclose(kernel.averaged(middle, width, others), expected, atol=1e-7 * own.max())
    assert_allclose(kernel.averaged(middle, width), own, atol=1e-7 * own.max())


def test_integrals_are_those_of_quadrature():
    process, lag = Oscillators(np.array([3.0, 0.7]), np.array([0.02, 0.3])), np.array([0.0, 0.3, 5.0, 40.0])
    second, first, own = process.integrals(lag)
    assert_allclose(own, process.covariance(lag))
    for k, end in enumerate(lag):
        assert_allclose(first[k], quad(lambda t: process.covariance(np.array(t)), 0, end)[0], atol=1e-9)
        weighted = quad(lambda t, end=end: (end - t) * process.covariance(np.array(t)), 0, end)[0]
        assert_allclose(second[k], weighted, atol=1e-8)
