"""Sinusoids in values: against astropy's generalised periodogram, and least squares by the textbook."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from numpy.testing import assert_allclose
from scipy.stats import chi2, kstest

from tevcurve.kernels.sinusoids import Sinusoids, mean_waves, waves_at

TIME = np.sort(np.random.default_rng(1).uniform(0, 40, 30))
FREQUENCY = np.linspace(0.02, 2.0, 60)


def test_uncorrelated_values_have_the_periodogram_of_astropy():
    rng = np.random.default_rng(2)
    err = rng.uniform(0.2, 1.0, 30)
    values = 3 + rng.normal(0, err, (4, 30))
    gains = Sinusoids.of(waves_at(TIME, FREQUENCY), err**2).gain(values)
    for value, gain in zip(values, gains, strict=True):
        other = LombScargle(TIME, value, err, normalization="psd").power(FREQUENCY, method="slow")
        assert_allclose(gain, 2 * other, rtol=1e-8, atol=1e-8)


def test_correlated_values_have_the_gain_of_generalised_least_squares():
    rng = np.random.default_rng(3)
    covariance = np.exp(-np.abs(TIME[:, None] - TIME) / 5) + 0.1 * np.eye(30)
    values = rng.multivariate_normal(np.full(30, 2.0), covariance)
    found = Sinusoids.of(waves_at(TIME, FREQUENCY), covariance)
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
    gains = Sinusoids.of(waves_at(TIME, FREQUENCY[[0, 20, 50]]), covariance).gain(values)
    assert min(kstest(each, chi2(2).cdf).pvalue for each in gains.T) > 1e-3


def test_a_sine_that_vanishes_at_every_value_is_no_parameter():
    time = np.arange(12.0) - 5.5
    gain = Sinusoids.of(waves_at(time, np.array([0.5])), np.ones(12)).gain(np.eye(12))
    # Only (-1)^n is left at the Nyquist frequency.
    assert_allclose(gain[:, 0], 1 / 12, atol=1e-10)


def test_waves_of_rows_are_their_means_over_good_time():
    pieces = np.array([[0.0, 1.0], [3.0, 3.2], [3.5, 4.5], [8.0, 8.5]]).T
    row, weight = np.array([0, 1, 1, 2]), np.array([2.0, 0.6, 1.0, 3.0])
    found = mean_waves(FREQUENCY, tuple(pieces), row, weight, 3)
    middle = pieces.mean(axis=0).mean()
    brute = np.zeros((2, len(FREQUENCY), 3))
    for number, (start, stop) in enumerate(pieces.T):
        time = start + (np.arange(4000) + 0.5) / 4000 * (stop - start) - middle
        phase = 2 * np.pi * np.outer(FREQUENCY, time)
        share = weight[number] / weight[row == row[number]].sum()
        for wave, kind in enumerate((np.cos, np.sin)):
            brute[wave, :, row[number]] += share * kind(phase).mean(axis=1)
    assert_allclose(found, brute, atol=1e-6)


def test_rows_of_one_width_gain_what_their_middles_do():
    rng = np.random.default_rng(5)
    values, row = rng.normal(size=(2, 30)), np.arange(30)
    means = mean_waves(FREQUENCY, (TIME - 0.4, TIME + 0.4), row, np.ones(30), 30)
    # One that is hardly narrower makes all of them averages.
    narrower = mean_waves(FREQUENCY, (TIME - 0.4, TIME + 0.4 - 1e-5 * (row == 3)), row, np.ones(30), 30)
    gains = [Sinusoids.of(each, np.ones(30)).gain(values) for each in (means, narrower)]
    assert_allclose(gains[0], gains[1], rtol=1e-3, atol=1e-3)


def test_of_unequal_rows_means_find_what_middles_miss():
    """Without noise a fitted sinusoid takes all of the chi-square."""
    width = np.where(np.arange(40) % 3 == 0, 2.0, 0.5)
    stop = np.cumsum(width)
    pieces, row = (stop - width, stop), np.arange(40)
    frequency = np.array([0.45])
    turn = 2 * np.pi * frequency
    seen = (np.cos(turn * pieces[0]) - np.cos(turn * pieces[1])) / (turn * width)
    chi2_of_level = np.sum((seen - seen.mean()) ** 2)
    means = mean_waves(frequency, pieces, row, np.ones(40), 40)
    assert Sinusoids.of(means, np.ones(40)).gain(seen[None])[0, 0] == pytest.approx(chi2_of_level)
    middles = waves_at(stop - 0.5 * width, frequency)
    assert Sinusoids.of(middles, np.ones(40)).gain(seen[None])[0, 0] < 0.8 * chi2_of_level
