"""Laplace's approximation against what is exact: Gaussian likelihoods, and integrals of others."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, poisson

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.log_normal_process import in_log_flux, laplace_fit


def covariance_of(n, variance=0.5, seed=0):
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.uniform(0.2, 3, 2 * n))
    middle, width = 0.5 * (edges[::2] + edges[1::2]), np.diff(edges)[::2]
    matrix = Oscillators(np.array([1.0]), np.array([0.05])).averaged(middle, width)
    return matrix * variance / matrix.max()


def gaussian(value, err):
    def rows(x):
        return (
            -0.5 * ((x - value) / err) ** 2 - np.log(np.sqrt(2 * np.pi) * err),
            (value - x) / err**2,
            np.broadcast_to(err**-2.0, x.shape),
        )

    return rows


def counts(on, signal, background):
    """Poisson counts of signal*exp(x) + background."""

    def rows(x):
        flux = np.exp(x)
        expected = signal * flux + background
        stat = -2 * poisson.logpmf(on, expected)
        slope, curvature = 2 * signal * (1 - on / expected), 2 * on * (signal / expected) ** 2
        return in_log_flux(stat, slope, curvature, flux)

    return rows


def test_derivatives_in_the_log_of_the_flux_are_those_of_differences():
    x, h = np.array([-0.7, 0.2, 1.1]), 1e-4
    rows = counts(np.array([2, 9, 0]), np.array([3.0, 8.0, 1.0]), np.array([1.0, 0.5, 2.0]))
    below, (_, slope, bend), above = rows(x - h), rows(x), rows(x + h)
    assert_allclose((above[0] - below[0]) / (2 * h), slope, rtol=1e-6)
    assert_allclose(-(above[1] - below[1]) / (2 * h), bend, rtol=1e-6)


def test_gaussian_likelihoods_are_exact():
    rng = np.random.default_rng(2)
    matrix, err = covariance_of(12), rng.uniform(0.1, 0.6, 12)
    value = rng.multivariate_normal(np.zeros(12), matrix + np.diag(err**2))
    fit = laplace_fit(matrix, gaussian(value, err))
    total = matrix + np.diag(err**2)
    assert fit.converged
    assert_allclose(fit.log_evidence, multivariate_normal.logpdf(value, cov=total), rtol=1e-10)
    assert_allclose(fit.mode, matrix @ np.linalg.solve(total, value), atol=1e-8)
    assert_allclose(fit.spread(matrix), matrix - matrix @ np.linalg.solve(total, matrix), atol=1e-10)


def test_what_is_between_rows_is_that_of_all_places_together():
    """The first two rows are not seen at all: their log fluxes follow from the others."""
    rng = np.random.default_rng(3)
    matrix, err, value = covariance_of(9), np.full(7, 0.3), rng.normal(0, 0.5, 7)
    fit = laplace_fit(matrix[2:, 2:], gaussian(value, err))
    mean, spread = fit.elsewhere(matrix[2:, 2:], matrix[:2, 2:], matrix[:2, :2])
    gain = np.linalg.solve(matrix[2:, 2:] + np.diag(err**2), matrix[2:, :2]).T
    assert_allclose(mean, gain @ value, atol=1e-8)
    assert_allclose(spread, matrix[:2, :2] - gain @ matrix[2:, :2], atol=1e-10)
    alone = fit.alone_elsewhere(matrix[2:, 2:], matrix[:2, 2:], np.diag(matrix)[:2])
    assert_allclose(alone, (mean, np.diag(spread)), atol=1e-12)


def test_the_mode_is_where_no_other_point_is_better():
    rng = np.random.default_rng(4)
    matrix, n = covariance_of(6, variance=1.5), 6
    signal, background = rng.uniform(0.5, 9, n), rng.uniform(0.1, 2, n)
    on = rng.poisson(signal * np.exp(rng.multivariate_normal(np.zeros(n), matrix)) + background)
    rows = counts(on, signal, background)
    fit, inverse = laplace_fit(matrix, rows), np.linalg.inv(matrix)

    def minus_worth(x):
        return 0.5 * x @ inverse @ x - rows(x)[0].sum()

    def minus_slope(x):
        return inverse @ x - rows(x)[1]

    found = minimize(minus_worth, np.zeros(n), jac=minus_slope, method="BFGS", options={"gtol": 1e-9})
    assert_allclose(fit.mode, found.x, atol=1e-5)
    assert_allclose(fit.pull, inverse @ fit.mode, atol=1e-7)
    bend = np.maximum(rows(found.x)[2], 0)
    evidence = -found.fun - 0.5 * np.linalg.slogdet(np.eye(n) + matrix * bend)[1]
    assert_allclose(fit.log_evidence, evidence, atol=1e-6)


@pytest.mark.parametrize(
    ("on", "signal", "tolerance"), [(400, 300.0, 1e-3), (30, 40.0, 0.01), (3, 4.0, 0.05)]
)
def test_the_evidence_of_one_row_is_near_its_integral(on, signal, tolerance):
    """What is left is of the order of one over the counts: the posterior is not quite Gaussian."""
    rows = counts(np.array([on]), np.array([signal]), np.array([2.0]))

    def integrand(x):
        return np.exp(rows(np.array([x]))[0][0] - 0.5 * x**2 / 0.7) / np.sqrt(2 * np.pi * 0.7)

    exact = np.log(quad(integrand, -8, 6, points=[np.log(max(on - 2, 1) / signal)], limit=500)[0])
    assert abs(laplace_fit(np.array([[0.7]]), rows).log_evidence - exact) < tolerance


@pytest.mark.parametrize("on", [0, 1, 10_000])
def test_it_ends_wherever_the_data_are(on):
    """Rows without a count, limits whose likelihoods bend the other way, and rows ten thousand times too bright."""
    n = 40
    matrix = covariance_of(n, variance=4.0)
    rows = counts(np.full(n, on), np.ones(n), np.full(n, 0.5))
    fit = laplace_fit(matrix, rows)
    assert fit.converged
    assert np.isfinite(fit.log_evidence)
    assert np.all(fit.bend >= 0)
    assert_allclose(fit.pull, rows(fit.mode)[1], atol=1e-4 * max(on, 1))


def test_the_start_changes_nothing():
    rng = np.random.default_rng(5)
    matrix = covariance_of(10)
    rows = counts(rng.poisson(5, 10), np.full(10, 4.0), np.ones(10))
    one = laplace_fit(matrix, rows)
    other = laplace_fit(matrix, rows, start=one.pull + rng.normal(0, 0.5, 10))
    assert_allclose(one.mode, other.mode, atol=1e-5)
    assert_allclose(one.log_evidence, other.log_evidence, atol=1e-8)
