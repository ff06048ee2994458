"""The ON/OFF statistic against a profile over the background found numerically, in 75 digits."""

from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest

from tevcurve.kernels.onoff import (
    li_ma_significance,
    profile_background,
    wstat,
    wstat_profile,
)

ALPHAS = [0.01, 1 / 12, 0.7, 10.0]
COUNTS = [
    (0, 0),
    (0, 1),
    (0, 300),
    (1, 0),
    (40, 0),
    (1, 1),
    (3, 40),
    (38, 45),
    (200, 3),
    (12.5, 0.25),
    (10**6, 10**6),
]
SIGNALS = [-80.0, -2.5, -1e-3, 0.0, 1e-9, 0.3, 7.0, 40.0, 2e4, 1.1e6]
GRID = [(n_on, n_off, alpha, mu) for (n_on, n_off), alpha, mu in product(COUNTS, ALPHAS, SIGNALS)]


def deviance(n_on, n_off, alpha, mu_sig, background):
    """Deviance at any background, straight from the Poisson probabilities."""
    total = Decimal(0)
    for counts, expected in ((n_on, mu_sig + alpha * background), (n_off, background)):
        total += expected - counts
        if counts > 0:
            total -= counts * (expected / counts).ln()
    return 2 * total


def numerical_background(n_on, n_off, alpha, mu_sig):
    """Where the deviance is lowest: bisection of its derivative in the background, which only grows."""

    def falls(background):
        slope = 1 + alpha
        if n_on > 0:
            slope -= alpha * n_on / (mu_sig + alpha * background)
        if n_off > 0:
            slope -= n_off / background
        return slope < 0

    low = max(Decimal(0), -mu_sig / alpha)
    high = low + n_on + n_off + 1
    for _ in range(240):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) else (low, middle)
    return high


def numerical_profile(n_on, n_off, alpha, mu_sig):
    cell = [Decimal(value) for value in (n_on, n_off, alpha, mu_sig)]
    background = numerical_background(*cell)
    return deviance(*cell, background), background


@pytest.fixture(scope="module")
def truth():
    """Value, slope, curvature and background on the grid, the derivatives by finite differences."""
    rows = []
    with localcontext() as context:
        context.prec = 75
        for n_on, n_off, alpha, mu_sig in GRID:
            middle, background = numerical_profile(n_on, n_off, alpha, mu_sig)
            step = Decimal("1e-14") * max(abs(Decimal(mu_sig)), Decimal("1e-3"))
            above = [numerical_profile(n_on, n_off, alpha, Decimal(mu_sig) + k * step)[0] for k in (1, 2)]
            below = numerical_profile(n_on, n_off, alpha, Decimal(mu_sig) - step)[0]
            if n_on == n_off == 0 and mu_sig == 0:
                slope, curvature = (above[0] - middle) / step, (above[1] - 2 * above[0] + middle) / step**2
            else:
                slope, curvature = (above[0] - below) / (2 * step), (above[0] - 2 * middle + below) / step**2
            rows.append([float(value) for value in (middle, slope, curvature, background)])
    return np.array(rows).T


def test_value_and_background_are_those_of_the_numerical_profile(truth):
    arguments = np.array(GRID, dtype=float).T
    np.testing.assert_allclose(wstat(*arguments), truth[0], rtol=1e-9, atol=1e-25)
    np.testing.assert_allclose(profile_background(*arguments), truth[3], rtol=1e-9, atol=1e-25)


def test_slope_and_curvature_are_the_derivatives_of_the_numerical_profile(truth):
    stat, slope, curvature = wstat_profile(*np.array(GRID, dtype=float).T)
    np.testing.assert_allclose(stat, truth[0], rtol=1e-9, atol=1e-25)
    np.testing.assert_allclose(slope, truth[1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(curvature, truth[2], rtol=1e-9, atol=1e-12)


def test_a_perfect_fit_is_exactly_zero_and_its_neighbourhood_keeps_its_digits():
    assert wstat(1_000_000, 400, 0.5, 1_000_000 - 200) == 0
    assert wstat(0, 0, 0.1, 0.0) == 0
    # Near the minimum of large counts the statistic is delta^2 / (n_on + alpha^2 n_off).
    delta = 1e-5
    expected = delta**2 / (1e6 + 0.25 * 4e6)
    assert wstat(1e6, 4e6, 0.5, 1e6 - 2e6 + delta) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_without_off_counts_the_background_has_a_floor(alpha):
    n_on, kink = 7.0, 7.0 * alpha / (1 + alpha)
    below, above = kink * (1 - 1e-3), kink * (1 + 1e-3)
    assert profile_background(n_on, 0, alpha, below) == pytest.approx(
        n_on / (1 + alpha) - below / alpha, rel=1e-9
    )
    assert profile_background(n_on, 0, alpha, above) == 0
    _, slope, curvature = wstat_profile(n_on, 0, alpha, np.array([below, above]))
    np.testing.assert_allclose(slope, [-2 / alpha, 2 * (1 - n_on / above)], rtol=1e-12)
    np.testing.assert_allclose(curvature, [0, 2 * n_on / above**2], rtol=1e-12, atol=1e-13)


def test_no_counts_at_all_cost_two_per_expected_count():
    stat, slope, curvature = wstat_profile(0, 0, 0.1, np.array([0.0, 3.0]))
    np.testing.assert_array_equal(stat, [0, 6])
    np.testing.assert_array_equal(slope, [2, 2])
    np.testing.assert_array_equal(curvature, [0, 0])


def test_arguments_broadcast_and_stay_as_they_are():
    n_on, n_off = np.array([[1], [2]]), np.array([3.0, 0.0, 5.0])
    stat, slope, curvature = wstat_profile(n_on, n_off, 0.5, 1.0)
    assert stat.shape == slope.shape == curvature.shape == (2, 3)
    assert stat[1, 2] == wstat(2, 5, 0.5, 1.0)
    np.testing.assert_array_equal(n_off, [3, 0, 5])


def test_li_ma_significance_is_equation_17():
    n_on, n_off, alpha = np.array([[38, 45, 1 / 12], [5, 45, 0.5], [12, 9, 1.0], [1000, 30000, 0.03]]).T
    total = n_on + n_off
    squared = n_on * np.log((1 + alpha) / alpha * n_on / total) + n_off * np.log((1 + alpha) * n_off / total)
    expected = np.sign(n_on - alpha * n_off) * np.sqrt(2 * squared)
    np.testing.assert_allclose(li_ma_significance(n_on, n_off, alpha), expected, rtol=1e-10)


def test_li_ma_significance_without_on_or_off_counts():
    # The limits of equation 17, with x log(x) = 0 at x = 0.
    assert li_ma_significance(7, 0, 0.2) == pytest.approx(np.sqrt(2 * 7 * np.log(1.2 / 0.2)), rel=1e-12)
    assert li_ma_significance(0, 7, 0.2) == pytest.approx(-np.sqrt(2 * 7 * np.log(1.2)), rel=1e-12)
    assert li_ma_significance(0, 0, 0.2) == 0
