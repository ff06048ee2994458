"""Means of exponentials against numerical integrals."""

import numpy as np
import pytest
from scipy.integrate import quad

from tevcurve.kernels.exponentials import growth_rate, log_mean_growth, pulse_means, pulse_shapes

# Three rows, the second one in two pieces of different weight.
ROW = np.array([0, 1, 1, 2])
BEGIN, END = np.array([0.0, 100.0, 180.0, 300.0]), np.array([90.0, 150.0, 200.0, 420.0])
WEIGHT = np.array([2.0, 5.0, 3.0, 1.0])


def mean_over_rows(function):
    """Weighted means by quadrature, (3,)."""
    means = [
        quad(function, low, high, points=[170.0] if low < 170 < high else None)[0] / (high - low)
        for low, high in zip(BEGIN, END, strict=True)
    ]
    return np.bincount(ROW, WEIGHT * means) / np.bincount(ROW, WEIGHT)


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.01, -0.03, 0.4])
def test_the_mean_growth_is_the_integral(rate):
    log, time = log_mean_growth(np.full(3, rate), ROW, BEGIN, END, WEIGHT, 3)
    np.testing.assert_allclose(
        log, np.log(mean_over_rows(lambda t: np.exp(rate * t))), rtol=1e-10, atol=1e-10
    )
    weighted = mean_over_rows(lambda t: t * np.exp(rate * t)) / mean_over_rows(lambda t: np.exp(rate * t))
    np.testing.assert_allclose(time, weighted, rtol=1e-8)


def test_the_mean_growth_does_not_overflow():
    log, time = log_mean_growth(np.full(3, 50.0), ROW, BEGIN, END, WEIGHT, 3)
    assert np.all(np.isfinite(log))
    np.testing.assert_allclose(time, END[[0, 2, 3]], atol=0.03)


@pytest.mark.parametrize("rate", [1e-4, -0.01, 0.2, -1.5, 0.0])
def test_a_rate_comes_back_from_the_ratio_of_two_means(rate):
    early = ROW[:1], BEGIN[:1], END[:1], WEIGHT[:1]
    late = np.zeros(2, dtype=int), BEGIN[1:3], END[1:3], WEIGHT[1:3]
    ratio = (
        log_mean_growth(np.array([rate]), *late, n_rows=1)[0]
        - log_mean_growth(np.array([rate]), *early, n_rows=1)[0]
    )
    assert growth_rate(ratio, early, late)[0] == pytest.approx(rate, rel=1e-9, abs=1e-12)


def test_bins_of_one_width_have_the_rate_of_their_middles():
    one = np.array([0]), np.array([10.0]), np.array([20.0]), np.array([1.0])
    other = np.array([0]), np.array([50.0]), np.array([60.0]), np.array([1.0])
    assert growth_rate(np.log([7.0]), one, other)[0] == pytest.approx(np.log(7) / 40)


def test_infinite_ratios_have_infinite_rates():
    one = np.arange(2), np.zeros(2), np.ones(2), np.ones(2)
    other = np.arange(2), np.full(2, 2.0), np.full(2, 3.0), np.ones(2)
    np.testing.assert_array_equal(growth_rate(np.array([np.inf, -np.inf]), one, other), [np.inf, -np.inf])


@pytest.mark.parametrize(
    ("t0", "rise", "decay"), [(170.0, 30.0, 80.0), (-20.0, 10.0, 200.0), (500.0, 5.0, 1.0)]
)
def test_the_means_of_a_pulse_are_integrals(t0, rise, decay):
    def pulse(t):
        return np.exp((t - t0) / rise) if t < t0 else np.exp(-(t - t0) / decay)

    mean, slopes = pulse_means(t0, rise, decay, ROW, BEGIN, END, WEIGHT, 3)
    np.testing.assert_allclose(mean, mean_over_rows(pulse), rtol=1e-6, atol=1e-12)
    for number, step in enumerate(np.diag([1e-4, 1e-4, 1e-4])):
        arguments = np.array([t0, rise, decay])
        above = pulse_means(*(arguments + step), ROW, BEGIN, END, WEIGHT, 3)[0]
        below = pulse_means(*(arguments - step), ROW, BEGIN, END, WEIGHT, 3)[0]
        np.testing.assert_allclose(slopes[number], (above - below) / 2e-4, rtol=1e-5, atol=1e-9)


def test_many_pulses_are_the_single_ones():
    t0, rise, decay = np.array([170.0, 20.0]), np.array([30.0, 5.0]), np.array([80.0, 40.0])
    shapes = pulse_shapes(t0, rise, decay, ROW, BEGIN, END, WEIGHT, 3)
    for k in range(2):
        mean, _ = pulse_means(t0[k], rise[k], decay[k], ROW, BEGIN, END, WEIGHT, 3)
        np.testing.assert_allclose(shapes[k], mean, rtol=1e-12)
