"""Intervals from ON and OFF counts: against sums over all counts, limits that are known, and by their coverage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import poisson

from tevcurve.kernels.feldman_cousins import known_background_intervals
from tevcurve.kernels.onoff import profile_background, wstat
from tevcurve.kernels.profile_construction import onoff_intervals, preceding_probability


def statistic(n_on, n_off, alpha, signal):
    best = np.where(n_on < alpha * n_off, wstat(n_on, n_off, alpha, 0.0), 0.0)
    return wstat(n_on, n_off, alpha, signal) - best


def summed_probability(n_on, n_off, alpha, signal, off):
    """Probability of a smaller statistic than the observed one, summed over a table of all counts."""
    on = signal + alpha * off
    many = [np.arange(mean + 8 * np.sqrt(mean) + 40 + n) for mean, n in ((on, n_on), (off, n_off))]
    table = np.meshgrid(*many, indexing="ij")
    chance = poisson.pmf(table[0], on) * poisson.pmf(table[1], off)
    observed = statistic(n_on, n_off, alpha, signal)
    return chance[statistic(*table, alpha, signal) < observed - 1e-8 * (1 + observed)].sum()


def random_cases(number, seed=1):
    random = np.random.default_rng(seed)
    for _ in range(number):
        alpha = random.choice([0.05, 0.3, 1.0, 2.0])
        n_on, n_off = random.poisson(random.choice([0.5, 3, 12])), random.poisson(random.choice([0.2, 2, 15]))
        excess = max(n_on - alpha * n_off, 0)
        yield float(n_on), float(n_off), alpha, max(excess + 2 * random.normal() * np.sqrt(n_on + 1), 0.0)


def test_probability_is_the_sum_over_all_counts():
    for n_on, n_off, alpha, signal in random_cases(40):
        found = preceding_probability(*(np.array([each]) for each in (n_on, n_off, alpha, signal)))[0]
        off = float(profile_background(n_on, n_off, alpha, signal))
        likely = off, off + np.sqrt(off + 0.25), max(off - np.sqrt(off), 0.0)
        expected = min(summed_probability(n_on, n_off, alpha, signal, each) for each in likely)
        assert found == pytest.approx(expected, abs=1e-8)


def test_the_ends_are_where_acceptance_ends():
    n_on, n_off, alpha = np.array([0, 3, 7, 20.0]), np.array([2, 0, 5, 9.0]), np.array([1, 0.2, 0.5, 1.0])
    lower, upper = onoff_intervals(n_on, n_off, alpha, 0.9)
    for end, inwards in ((upper, -1), (lower, 1)):
        for signal, inside in ((end + inwards * 1e-3, True), (end - inwards * 1e-3, False)):
            rows = signal > 0
            below = preceding_probability(n_on[rows], n_off[rows], alpha[rows], signal[rows]) < 0.9
            assert_array_equal(below, inside)


def test_with_many_off_counts_the_background_is_known():
    n_on = np.arange(12.0)
    found = onoff_intervals(n_on, 3e6, 1e-6, 0.9)
    expected = known_background_intervals(n_on, 3.0, 0.9)
    # The OFF counts, though they say no more, put an order into equal ON counts, so that less must be accepted.
    assert np.all((found[0] > expected[0] - 0.02) & (found[1] < expected[1] + 0.02))
    assert np.all((found[0] < expected[0] + 0.6) & (found[1] > expected[1] - 0.6))


def test_no_counts_are_a_limit_without_background():
    _, expected = known_background_intervals(0, 0.0, 0.95)
    lower, upper = onoff_intervals(0, 0, np.array([0.01, 1.0]), 0.95)
    assert_array_equal(lower, 0)
    assert_allclose(upper, expected, atol=0.02)


def test_many_counts_are_gaussian():
    lower, upper = onoff_intervals(20000, 30000, 0.5, 0.6827)
    error = np.sqrt(20000 + 0.25 * 30000)
    assert_allclose([lower, upper], [5000 - error, 5000 + error], rtol=3e-3)


@pytest.mark.parametrize("alpha", [1.0, 0.05])
@pytest.mark.parametrize("background", [0.1, 0.3, 1.0, 3.0])
def test_coverage_is_at_most_one_point_below_the_level(alpha, background):
    off = background / alpha
    for signal in (0.1, 0.5, 1.7, 2.3, 4.0, 10.0):
        n_on, n_off = (np.arange(mean + 5 * np.sqrt(mean) + 7) for mean in (signal + background, off))
        chance = np.outer(poisson.pmf(n_on, signal + background), poisson.pmf(n_off, off)).ravel()
        table = np.array(np.meshgrid(n_on, n_off, indexing="ij")).reshape(2, -1)
        likely = chance > 1e-5
        n_on, n_off, chance = *table[:, likely], chance[likely] / chance[likely].sum()
        ones = np.ones(len(n_on))
        before = preceding_probability(n_on, n_off, alpha * ones, signal * ones)
        for level in (0.6827, 0.95):
            assert chance[before < level].sum() > level - 0.011


def test_an_interval_does_not_depend_on_the_others():
    random = np.random.default_rng(0)
    n_on, n_off, alpha = random.poisson(6, 6), random.poisson(8, 6), random.choice([0.2, 1.0], 6)
    together = onoff_intervals(n_on, n_off, alpha, 0.6827)
    alone = [onoff_intervals(*each, 0.6827) for each in zip(n_on, n_off, alpha, strict=True)]
    assert_array_equal(together, np.transpose(alone))


def test_random_counts_have_finite_ends_not_below_zero():
    random = np.random.default_rng(5)
    n_on, n_off = random.integers(0, 9, 100), random.integers(0, 9, 100)
    alpha = 10 ** random.uniform(-3, 1, 100)
    lower, upper = onoff_intervals(n_on, n_off, alpha, 0.95)
    assert np.all(np.isfinite(lower) & np.isfinite(upper))
    assert np.all((lower >= 0) & (lower <= np.maximum(n_on - alpha * n_off, 0)))
    assert np.all(upper >= np.maximum(n_on - alpha * n_off, 0))
