"""Chances of weighted sums of chi-squares, against closed forms and drawn numbers."""

import numpy as np
import pytest
from scipy.stats import chi2

from tevcurve.kernels.quadratic_forms import weighted_chi_square_chance

WEIGHTS = [[3.0, 1.0, 0.5], [1.0, 0.9, 0.8, 0.1], [5.0, 1.0], list(np.linspace(0.2, 1, 12))]


def exact(value, weights):
    """Imhof 1961, Biometrika 48, 419, equation 3.2."""
    weights, step = np.asarray(weights), 5e-4
    u = step * (np.arange(800_000) + 0.5)
    angle, size = -0.5 * value * u, np.ones_like(u)
    for weight in weights:
        angle += 0.5 * np.arctan(weight * u)
        size *= (1 + (weight * u) ** 2) ** 0.25
    return 0.5 + step * np.sum(np.sin(angle) / (u * size)) / np.pi


@pytest.mark.parametrize("weights", WEIGHTS[1::2])
@pytest.mark.parametrize("sigma", [0.0, 2.0, 3.5])
def test_it_is_the_integral(weights, sigma):
    value = np.sum(weights) + sigma * np.sqrt(2 * np.sum(np.square(weights)))
    assert weighted_chi_square_chance(value, np.array(weights)) == pytest.approx(
        exact(value, weights), rel=0.04, abs=2e-5
    )


@pytest.mark.parametrize("weights", WEIGHTS)
def test_it_is_as_often_exceeded_as_it_says(weights):
    rng = np.random.default_rng(1)
    drawn = (rng.standard_normal((200_000, len(weights))) ** 2) @ np.array(weights)
    for chance in (0.5, 0.1, 0.01):
        told = weighted_chi_square_chance(np.quantile(drawn, 1 - chance), np.array(weights))
        assert told == pytest.approx(chance, rel=0.07)


def test_equal_weights_are_a_chi_square_and_nearly_equal_ones_nearly():
    for value in (0.5, 4.0, 40.0, 120.0):
        told = weighted_chi_square_chance(2 * value, np.full(5, 2.0))
        assert told == pytest.approx(chi2.sf(value, 5), rel=1e-12)
        near = weighted_chi_square_chance(2 * value, np.array([2.0, 2, 2, 2, 2 - 1e-6]))
        assert near == pytest.approx(told, rel=0.03)
    assert weighted_chi_square_chance(0.0, np.array([1.0, 2.0])) == 1.0
