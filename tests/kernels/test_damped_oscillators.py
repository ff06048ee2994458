"""Covariances of damped oscillators against quadrature, powers against what they are to follow."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import dblquad, quad

from tevcurve.kernels.damped_oscillators import Oscillators

SUM = Oscillators(np.array([3.0, 0.7, -0.1]), np.array([0.02, 0.3, 2.0]))


def test_the_variance_is_the_integral_of_the_power():
    total = quad(lambda log: np.exp(log) * SUM.power(np.exp(log)), -25, 12, limit=400, epsabs=1e-12)[0]
    assert_allclose(SUM.covariance(np.zeros(1)), total, rtol=1e-7)


@pytest.mark.parametrize("lag", [0.1, 1.0, 7.0, 40.0])
def test_the_covariance_is_the_transform_of_the_power(lag):
    expected = quad(SUM.power, 0, np.inf, weight="cos", wvar=2 * np.pi * lag, limit=2000)[0]
    assert_allclose(SUM.covariance(np.array([lag])), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("lag", "one", "other"),
    [
        (0.0, 1.0, 1.0),  # itself
        (0.0, 40.0, 40.0),
        (0.3, 1.0, 2.5),  # one inside the other
        (1.5, 1.0, 2.5),  # in part
        (1.75, 1.0, 2.5),  # edges that touch
        (9.0, 0.01, 12.0),
        (25.0, 3.0, 7.0),
        (-25.0, 7.0, 3.0),
    ],
)
def test_means_over_unequal_bins_have_the_covariance_of_quadrature(lag, one, other):
    def inner(first, second):
        return SUM.covariance(np.array([lag + second - first]))[0] / (one * other)

    # The covariance has a kink in its third derivative at 0, along which the square is cut.
    expected = 0.0
    for edges in (
        (-0.5 * one, lambda t: -0.5 * other, lambda t: min(max(t - lag, -0.5 * other), 0.5 * other)),
        (-0.5 * one, lambda t: min(max(t - lag, -0.5 * other), 0.5 * other), lambda t: 0.5 * other),
    ):
        low, below, above = edges
        expected += dblquad(lambda s, t: inner(t, s), low, 0.5 * one, below, above, epsabs=1e-10)[0]
    found = SUM.averaged(np.zeros(1), np.array([one]), (np.array([lag]), np.array([other])))
    assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_narrow_bins_have_the_covariance_of_instants():
    middle = np.array([0.0, 0.4, 3.0, 80.0])
    for width in (1e-3, 1e-7):
        found = SUM.averaged(middle, np.full(4, width))
        assert_allclose(found, SUM.covariance(middle[:, None] - middle), rtol=1e-4, atol=1e-9)


def test_means_over_long_times_have_the_power_at_zero():
    width = 1e7
    found = SUM.averaged(np.zeros(1), np.array([width]))
    assert_allclose(found, SUM.power(0.0) / 2 / width, rtol=1e-4)


def test_covariances_are_of_something():
    """Eigenvalues above zero, of bins of many widths with gaps; and a bin is the mean of its halves."""
    rng = np.random.default_rng(1)
    edges = np.cumsum(rng.exponential(1.0, 80))
    middle, width = 0.5 * (edges[::2] + edges[1::2]), np.diff(edges)[::2]
    positive = Oscillators(np.abs(SUM.weight), SUM.frequency)
    matrix = positive.averaged(middle, width)
    assert np.all(np.linalg.eigvalsh(matrix) > 0)
    assert_allclose(matrix, matrix.T, rtol=1e-12)
    halves = np.append(middle - 0.25 * width, middle + 0.25 * width), np.tile(0.5 * width, 2)
    parts = positive.averaged(*halves)
    n = len(middle)
    joined = 0.25 * (parts[:n, :n] + parts[n:, :n] + parts[:n, n:] + parts[n:, n:])
    assert_allclose(joined, matrix, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0, 2.0, 2.7, 3.5, 4.0])
def test_a_power_law_is_followed(slope):
    """24 oscillators over five decades."""
    nodes = np.geomspace(1e-3, 1e2, 24)
    found, inside = Oscillators.power_law(slope, nodes), np.geomspace(5e-3, 2e1, 500)
    assert np.all(found.weight >= 0)
    assert_allclose(found.power(inside) * inside**slope, 1, atol=4e-3)
    # Below the lowest it is flat.
    assert_allclose(found.power(1e-5), found.power(1e-4), rtol=1e-3)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, 2.0), (1.0, 3.0), (2.0, 3.0)])
def test_a_power_that_bends_is_followed_between_its_nodes(low, high):
    def power(frequency):
        return frequency**-low / (1 + (frequency / 0.2) ** (high - low))

    nodes = np.geomspace(1e-3, 1e2, 24)
    found, inside = Oscillators.of(power(nodes), nodes), np.geomspace(5e-3, 2e1, 500)
    assert_allclose(found.power(nodes) / power(nodes), 1, rtol=1e-8)
    assert_allclose(found.power(inside) / power(inside), 1, atol=0.02)
