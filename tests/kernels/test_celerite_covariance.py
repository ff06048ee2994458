"""Covariances by celerite2 against the same written out, and celerite2's own likelihood where both apply."""

import numpy as np
import pytest
from log_flux_rows import counts
from numpy.testing import assert_allclose

from tevcurve.kernels.celerite_covariance import CeleriteCovariance
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.log_normal_process import laplace_fit

celerite2 = pytest.importorskip("celerite2", reason="celerite2 is not here: pip install tevcurve[timing].")
WIDTH = 60.0


def process_of(slope, n=150, seed=1):
    """(middles, `CeleriteCovariance`, the same written out) of rows with gaps, flat below 1/(30 T)."""
    rng = np.random.default_rng(seed)
    middle = np.cumsum(WIDTH + rng.choice([0.0, 30.0, 2e4], n, p=[0.9, 0.08, 0.02]))
    span = np.ptp(middle) + WIDTH
    frequency, pivot = np.geomspace(1 / (30 * span), 5 / WIDTH, 30), np.sqrt(0.5 / WIDTH / span)
    weight = 0.1 * Oscillators.power_law(slope, frequency).weight * pivot ** (slope - 1)
    oscillators = Oscillators(weight, frequency)
    matrix = oscillators.averaged(middle, np.full(n, WIDTH))
    return middle, CeleriteCovariance(oscillators, middle, WIDTH), matrix


def log_likelihood(matrix, value):
    factor = np.linalg.cholesky(matrix)
    squares = np.sum(np.linalg.solve(factor, value) ** 2)
    return -0.5 * squares - np.log(np.diag(factor)).sum() - 0.5 * len(value) * np.log(2 * np.pi)


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0, 3.0])
def test_the_likelihood_is_that_of_the_covariance_written_out(slope):
    _, covariance, matrix = process_of(slope)
    rng = np.random.default_rng(2)
    noise, value = rng.uniform(0.01, 0.1, len(matrix)), rng.standard_normal(len(matrix))
    expected = log_likelihood(matrix + np.diag(noise), value)
    assert covariance.factored(noise).log_likelihood(value) == pytest.approx(expected, rel=1e-8)
    assert_allclose(covariance @ value, matrix @ value, rtol=1e-7, atol=1e-8 * matrix.max())
    assert_allclose((2.0 * covariance) @ value, 2 * matrix @ value, rtol=1e-7, atol=1e-8 * matrix.max())


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_likelihood_is_that_of_celerite2(slope):
    """Its own oscillators and its own mean over an exposure: all of it but the covariance of ours."""
    middle, covariance, matrix = process_of(slope)
    ours, q = covariance.oscillators, np.sqrt(0.5)
    terms = [
        celerite2.terms.SHOTerm(S0=variance / (2 * np.pi * frequency * q), w0=2 * np.pi * frequency, Q=q)
        for variance, frequency in zip(ours.variance, ours.frequency, strict=True)
    ]
    term = celerite2.terms.TermConvolution(celerite2.terms.TermSum(*terms), WIDTH)
    rng = np.random.default_rng(3)
    noise, value = rng.uniform(0.01, 0.1, len(matrix)), rng.standard_normal(len(matrix))
    expected = celerite2.GaussianProcess(term, middle, diag=noise).log_likelihood(value)
    assert log_likelihood(matrix + np.diag(noise), value) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("slope", [0.5, 2.0, 3.0])
def test_laplaces_approximation_is_the_same(slope):
    """Rows with few counts, some of them none, whose log likelihoods bend the other way: other steps, one end."""
    middle, covariance, matrix = process_of(slope)
    rng = np.random.default_rng(4)
    on = rng.poisson(3 * np.exp(np.clip(covariance.drawn(rng.standard_normal(150)), -3, 3)) + 0.5)
    rows = counts(on, np.full(150, 3.0), np.full(150, 0.5))
    found, expected = laplace_fit(covariance, rows), laplace_fit(matrix, rows)
    assert found.converged
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=2e-3)
    assert_allclose(found.mode, expected.mode, atol=3e-3)
    # Between and inside rows.
    place = np.array([middle[3] + 1.0, middle[80] + 500.0]), np.full(2, 1.0)
    across = covariance.oscillators.averaged(*place, (middle, np.full(150, WIDTH)))
    own = np.full(2, covariance.oscillators.variance.sum())
    for one, other in zip(
        found.alone_elsewhere(covariance, across, own),
        expected.alone_elsewhere(matrix, across, own),
        strict=True,
    ):
        assert_allclose(one, other, atol=3e-3)


def test_draws_have_the_covariance():
    _, covariance, matrix = process_of(2.0, n=6)
    rng = np.random.default_rng(5)
    draws = np.array([covariance.drawn(rng.standard_normal(6)) for _ in range(4000)])
    assert_allclose(np.cov(draws.T), matrix, atol=6 * matrix.max() / np.sqrt(4000))
