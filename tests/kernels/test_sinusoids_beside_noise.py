"""Sinusoids beside noise that is chosen anew: against likelihoods of contrasts, and what it is for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import helmert
from scipy.stats import multivariate_normal

from tevcurve.kernels import sinusoids_beside_noise
from tevcurve.kernels.sinusoids import Sinusoids, waves_at
from tevcurve.kernels.sinusoids_beside_noise import SinusoidsBesideNoise

TIME = np.sort(np.random.default_rng(1).uniform(0, 40, 30))
FREQUENCY = np.linspace(0.02, 1.0, 25)
WAVES = waves_at(TIME, FREQUENCY)
SCALES = 0.0, 0.5, 3.0


def noise(level, time=TIME):
    return level * np.exp(-np.abs(time[:, None] - time) / 5) + 0.2 * np.eye(len(time))


def brute(values, covariances):
    """By likelihoods of contrasts of the values, in which there is no level, and least squares among these."""
    contrast = helmert(len(TIME))
    seen, alone, best = contrast @ values, [], []
    for covariance in covariances:
        own = contrast @ covariance @ contrast.T
        root = np.linalg.inv(np.linalg.cholesky(own))
        log = multivariate_normal(np.zeros(len(seen)), own).logpdf
        alone.append(log(seen))
        for wave in WAVES.transpose(1, 2, 0):
            columns = contrast @ wave
            model = columns @ np.linalg.lstsq(root @ columns, root @ seen, rcond=None)[0]
            best.append(log(seen - model))
    best = np.reshape(best, (len(covariances), -1))
    return 2 * (best.max(axis=0) - max(alone))


@pytest.mark.parametrize("most", [0, 20_000_000])
def test_gains_are_ratios_of_likelihoods_at_the_best_noise(most, monkeypatch):
    monkeypatch.setattr(sinusoids_beside_noise, "MOST_KEPT", most)
    rng, covariances = np.random.default_rng(2), [noise(level) for level in SCALES]
    values = [rng.multivariate_normal(np.full(30, 4.0), noise(level)) for level in SCALES]
    gains = SinusoidsBesideNoise(WAVES, covariances).gain(np.array(values))
    for gain, value in zip(gains, values, strict=True):
        assert_allclose(gain, brute(value, covariances), rtol=1e-6, atol=1e-6)


def test_of_one_noise_they_are_those_beside_it():
    values = np.random.default_rng(3).normal(size=(4, 30))
    found = SinusoidsBesideNoise(WAVES, [noise(0.5)])
    assert_allclose(found.gain(values), Sinusoids.of(WAVES, noise(0.5)).gain(values), atol=1e-10)


def test_a_strong_sinusoid_is_not_taken_for_noise():
    rng = np.random.default_rng(4)
    values = 3 * np.sin(2 * np.pi * FREQUENCY[5] * TIME) + rng.multivariate_normal(np.zeros(30), noise(0.0))
    covariances = [noise(level) for level in SCALES]
    found = SinusoidsBesideNoise(WAVES, covariances)
    # Alone, the loudest noise describes them best.
    alone = [-0.5 * values @ inner @ values - 0.5 * log for inner, log in found._alone]
    assert np.argmax(alone) == 2
    both, fixed = found.gain(values[None])[0], Sinusoids.of(WAVES, covariances[2]).gain(values[None])[0]
    assert np.argmax(both) == 5
    assert both[5] > fixed[5] + 20
    beside = found.beside_best(values, 5)
    assert_allclose(beside.onto, Sinusoids.of(WAVES, covariances[0]).onto)
