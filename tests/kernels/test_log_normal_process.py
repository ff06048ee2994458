"""Laplace's approximation against what is exact: Gaussian likelihoods, and integrals of others."""

import numpy as np
import pytest
from log_flux_rows import counts
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.log_normal_process import laplace_fit


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


def test_derivatives_in_the_log_of_the_flux_are_those_of_differences():
    x, h = np.array([-0.7, 0.2, 1.1]), 1e-4
    rows = counts(np.array([2, 9, 0]), np.array([3.0, 8.0, 1.0]), np.array([1.0, 0.5, 2.0]))
    below, (_, slope, bend), above = rows(x - h), rows(x), rows(x + h)
    assert_allclose((above[0] - below[0]) / (2 * h), slope, rtol=1e-6)
    assert_allclose(-(above[1] - below[1]) / (2 * h), bend, rtol=1e-6)


def with_a_free_level(value, total):
    """(log evidence, best level): of values (n,) with a covariance (n, n), integrated over the level by hand."""
    inverse, ones = np.linalg.inv(total), np.ones(len(value))
    level = ones @ inverse @ value / (ones @ inverse @ ones)
    at_best = multivariate_normal.logpdf(value, np.full(len(value), level), total)
    return at_best + 0.5 * np.log(2 * np.pi / (ones @ inverse @ ones)), level


def test_gaussian_likelihoods_are_exact():
    rng = np.random.default_rng(2)
    matrix, err = covariance_of(12), rng.uniform(0.1, 0.6, 12)
    value = 3.0 + rng.multivariate_normal(np.zeros(12), matrix + np.diag(err**2))
    fit = laplace_fit(matrix, gaussian(value, err))
    total = matrix + np.diag(err**2)
    evidence, level = with_a_free_level(value, total)
    assert fit.converged
    assert_allclose(fit.log_evidence, evidence, rtol=1e-10)
    assert_allclose(fit.level, level, atol=1e-8)
    assert_allclose(fit.mode, level + matrix @ np.linalg.solve(total, value - level), atol=1e-8)
    assert_allclose(fit.pull.sum(), 0, atol=1e-8)


def test_the_evidence_is_that_of_differences_between_rows():
    """Restricted likelihood: any differences that are independent have it, but for a number of their own."""
    rng = np.random.default_rng(6)
    one, other, err = covariance_of(8), covariance_of(8, 3.0, seed=1), rng.uniform(0.1, 0.6, 8)
    value, contrasts = rng.normal(0, 1, 8), np.diff(np.eye(8), axis=0)
    found = [laplace_fit(each, gaussian(value, err)).log_evidence for each in (one, other)]
    wanted = [
        multivariate_normal.logpdf(contrasts @ value, cov=contrasts @ (each + np.diag(err**2)) @ contrasts.T)
        for each in (one, other)
    ]
    assert_allclose(np.diff(found), np.diff(wanted), rtol=1e-9)


def test_a_flat_prior_of_the_level_is_the_limit_of_a_wide_one():
    """What is told elsewhere is that of all places together, with a level of a standard deviation of a thousand."""
    rng = np.random.default_rng(3)
    matrix, err, value = covariance_of(9), np.full(7, 0.3), rng.normal(0, 0.5, 7)
    wide = matrix + 1e6
    fit = laplace_fit(matrix[2:, 2:], gaussian(value, err))
    gain = np.linalg.solve(wide[2:, 2:] + np.diag(err**2), wide[2:, :2]).T
    mean, spread = fit.elsewhere(matrix[2:, 2:], matrix[:2, 2:], matrix[:2, :2])
    assert_allclose(mean, gain @ value, atol=1e-5)
    assert_allclose(spread, wide[:2, :2] - gain @ wide[2:, :2], atol=1e-5)
    alone = fit.alone_elsewhere(matrix[2:, 2:], matrix[:2, 2:], np.diag(matrix)[:2])
    assert_allclose(alone, (mean, np.diag(spread)), atol=1e-12)
    gain = np.linalg.solve(wide + np.diag(np.append(np.full(2, 1e9), err**2)), wide).T
    assert_allclose(fit.spread(matrix[2:, 2:]), (wide - gain @ wide)[2:, 2:], atol=1e-5)
    # The density of a wide level is 1/(1000 sqrt(2 pi)) where the data are.
    seen = multivariate_normal.logpdf(value, cov=wide[2:, 2:] + np.diag(err**2))
    assert_allclose(fit.log_evidence - np.log(1e3 * np.sqrt(2 * np.pi)), seen, atol=1e-5)


def test_what_all_rows_have_in_common_changes_nothing():
    """However much of it there is: its cancellation costs digits, so that it is better left out."""
    rng = np.random.default_rng(8)
    matrix, on = covariance_of(10), rng.poisson(5, 10)
    rows, common = counts(on, np.full(10, 4.0), np.ones(10)), rng.normal(0, 0.1, 10)
    mean = matrix.mean(axis=0)
    centred = matrix - mean - mean[:, None] + mean.mean()
    one = laplace_fit(matrix, rows)
    for other in (centred, matrix + common + common[:, None] + 10.0):
        found = laplace_fit(other, rows)
        assert_allclose(found.mode, one.mode, atol=1e-6)
        assert_allclose(found.log_evidence, one.log_evidence, atol=1e-7)
        assert_allclose(found.spread(other), one.spread(matrix), atol=1e-6)


def test_the_mode_is_where_no_other_point_is_better():
    rng = np.random.default_rng(4)
    matrix, n = covariance_of(6, variance=1.5), 6
    signal, background = rng.uniform(0.5, 9, n), rng.uniform(0.1, 2, n)
    on = rng.poisson(signal * np.exp(rng.multivariate_normal(np.zeros(n), matrix)) + background)
    rows = counts(on, signal, background)
    fit, inverse = laplace_fit(matrix, rows), np.linalg.inv(matrix)

    def minus_worth(x):
        return 0.5 * (x[1:] - x[0]) @ inverse @ (x[1:] - x[0]) - rows(x[1:])[0].sum()

    def minus_slope(x):
        pull = inverse @ (x[1:] - x[0])
        return np.append(-pull.sum(), pull - rows(x[1:])[1])

    found = minimize(minus_worth, np.zeros(n + 1), jac=minus_slope, method="BFGS", options={"gtol": 1e-9})
    assert_allclose(np.append(fit.level, fit.mode), found.x, atol=1e-5)
    assert_allclose(fit.pull, inverse @ (fit.mode - fit.level), atol=1e-6)
    bend = np.diag(np.maximum(rows(found.x[1:])[2], 0))
    # Minus the second derivatives in the level and the log fluxes: the volume of the Gaussian is their determinant's.
    corner, edge = inverse.sum(), -inverse.sum(axis=0)
    hessian = np.block([[np.array([[corner]]), edge[None]], [edge[:, None], inverse + bend]])
    evidence = -found.fun - 0.5 * np.linalg.slogdet(hessian)[1] + 0.5 * np.linalg.slogdet(inverse)[1]
    assert_allclose(fit.log_evidence, evidence + 0.5 * np.log(2 * np.pi), atol=1e-6)


@pytest.mark.parametrize(("mean", "tolerance"), [(300, 1e-3), (40, 0.01), (12, 0.05)])
def test_the_evidence_of_two_rows_is_near_its_integral(mean, tolerance):
    """What is left is of the order of one over the counts: the posterior is not quite Gaussian."""
    on, variance = np.array([mean, 1.5 * mean]).round(), 0.7
    rows = counts(on, np.full(2, float(mean)), np.full(2, 2.0))
    grid = np.linspace(-9, 4, 2601)
    each = np.array([rows(np.full(2, x))[0] for x in grid])
    # Of two rows with a free level only their difference has a prior, of twice the variance.
    prior = -0.5 * (grid[:, None] - grid) ** 2 / (2 * variance) - 0.5 * np.log(2 * np.pi * 2 * variance)
    exact = np.log(np.exp(each[:, :1] + each[:, 1] + prior).sum() * (grid[1] - grid[0]) ** 2)
    assert abs(laplace_fit(variance * np.eye(2), rows).log_evidence - exact) < tolerance


def test_it_ends_where_digits_end():
    """Slopes that are known to a hundredth of their change within an error: steps promise more than they keep."""
    rng, n, calls = np.random.default_rng(10), 40, []
    matrix, err = covariance_of(n, variance=2.0), np.full(40, 1e-5)
    exact = gaussian(rng.multivariate_normal(np.zeros(n), matrix), err)

    def rows(x):
        calls.append(x)
        log_likelihood, slope, bend = exact(x)
        return log_likelihood, slope + 0.01 / err * np.sin(1e8 * x), bend

    assert laplace_fit(matrix, rows).converged
    assert len(calls) < 25


@pytest.mark.parametrize("on", [0, 1, 10_000])
def test_it_ends_wherever_the_data_are(on):
    """Rows without a count, limits whose likelihoods bend the other way, and rows ten thousand times too bright."""
    n = 40
    matrix = covariance_of(n, variance=4.0)
    rows = counts(np.full(n, on), np.ones(n), np.full(n, 0.5))
    fit = laplace_fit(matrix, rows)
    assert fit.converged or on == 0
    assert not np.isnan(fit.log_evidence)
    assert np.all(fit.bend >= 0)
    assert_allclose(fit.pull, rows(fit.mode)[1], atol=1e-4 * max(on, 1))


@pytest.mark.parametrize(("on", "most"), [(3, 9), (10, 6), (1000, 5)])
def test_a_fit_takes_few_steps(on, most):
    """From its neighbour, of a process of twice the variance; with few counts many likelihoods bend the other way."""
    rng, n, calls = np.random.default_rng(9), 40, []
    matrix = covariance_of(n, variance=4.0)
    level = rng.multivariate_normal(np.zeros(n), matrix)
    rows = counts(rng.poisson(on * np.exp(level - 1) + on), np.full(n, float(on)), np.full(n, float(on)))

    def counted(x):
        calls.append(x)
        return rows(x)

    near = laplace_fit(2 * matrix, rows)
    fit = laplace_fit(matrix, counted, near.mode)
    assert fit.converged
    assert len(calls) <= most
    assert_allclose(fit.mode, laplace_fit(matrix, rows).mode, atol=1e-4)
    if on == 3:
        assert np.count_nonzero(fit.bend == 0) > 0


def test_the_start_changes_nothing():
    rng = np.random.default_rng(5)
    matrix = covariance_of(10)
    rows = counts(rng.poisson(5, 10), np.full(10, 4.0), np.ones(10))
    one = laplace_fit(matrix, rows)
    other = laplace_fit(matrix, rows, start=one.mode + rng.normal(0, 0.5, 10))
    assert_allclose(one.mode, other.mode, atol=1e-5)
    assert_allclose(one.log_evidence, other.log_evidence, atol=1e-8)
