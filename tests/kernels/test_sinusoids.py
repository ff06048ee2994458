"""Sinusoids in values: against astropy's generalised periodogram, and least squares by the textbook."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from numpy.testing import assert_allclose
from scipy.stats import chi2, kstest

from tevcurve.kernels.sinusoids import Sinusoids

TIME = np.sort(np.random.default_rng(1).uniform(0, 40, 30))
FREQUENCY = np.linspace(0.02, 2.0, 60)


def test_uncorrelated_values_have_the_periodogram_of_astropy():
    rng = np.random.default_rng(2)
    err = rng.uniform(0.2, 1.0, 30)
    values = 3 + rng.normal(0, err, (4, 30))
    gains = Sinusoids.of(TIME, FREQUENCY, err**2).gain(values)
    for value, gain in zip(values, gains, strict=True):
        other = LombScargle(TIME, value, err, normalization="psd").power(FREQUENCY, method="slow")
        assert_allclose(gain, 2 * other, rtol=1e-8, atol=1e-8)


def test_correlated_values_have_the_gain_of_generalised_least_squares():
    rng = np.random.default_rng(3)
    covariance = np.exp(-np.abs(TIME[:, None] - TIME) / 5) + 0.1 * np.eye(30)
    values = rng.multivariate_normal(np.full(30, 2.0), covariance)
    found = Sinusoids.of(TIME, FREQUENCY, covariance)
    root = np.linalg.inv(np.linalg.cholesky(covariance))

    def rest(columns):
        solved = np.linalg.lstsq(root @ columns, root @ values, rcond=None)[0]
        return np.sum((root @ (values - columns @ solved)) ** 2), columns @ solved

    level = np.ones((30, 1))
    for number, gain in enumerate(found.gain(values[None])[0]):
        phase = 2 * np.pi * FREQUENCY[number] * TIME
        left, model = rest(np.column_stack([level, np.cos(phase), np.sin(phase)]))
        assert gain == pytest.approx(rest(level)[0] - left, rel=1e-7, abs=1e-7)
        best = found.best(values, number)
        assert_allclose(best - best[0], model - model[0], atol=1e-7)


def test_gains_of_noise_are_chi_square():
    rng = np.random.default_rng(4)
    covariance = np.exp(-np.abs(TIME[:, None] - TIME) / 5) + 0.1 * np.eye(30)
    values = rng.multivariate_normal(np.zeros(30), covariance, 2000)
    gains = Sinusoids.of(TIME, FREQUENCY[[0, 20, 50]], covariance).gain(values)
    assert min(kstest(each, chi2(2).cdf).pvalue for each in gains.T) > 1e-3


def test_a_sine_that_vanishes_at_every_value_is_no_parameter():
    time = np.arange(12.0) - 5.5
    gain = Sinusoids.of(time, np.array([0.5]), np.ones(12)).gain(np.eye(12))
    # Only (-1)^n is left at the Nyquist frequency.
    assert_allclose(gain[:, 0], 1 / 12, atol=1e-10)
