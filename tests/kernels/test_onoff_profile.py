"""The ON/OFF statistic of many bins at once: sums of what its cells are known to be."""

import numpy as np
import pytest

from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import onoff_profile


def many_cells(n_bins=40, seed=11):
    random = np.random.default_rng(seed)
    cell_bin = np.repeat(np.arange(n_bins), random.integers(1, 9, n_bins))
    alpha = random.uniform(0.02, 0.5, len(cell_bin))
    signal = random.uniform(0.1, 4, len(cell_bin))
    n_on = random.poisson(1.3 * signal + alpha * 4).astype(float)
    return onoff_profile(
        cell_bin, n_on, random.poisson(4, len(cell_bin)).astype(float), alpha, signal, n_bins
    )


def test_a_profile_is_the_sum_over_the_cells_of_each_bin():
    profile = many_cells()
    a = np.linspace(-0.5, 3, profile.n)
    stat, slope, curvature = profile.evaluate(a)[0]
    for number in (0, 7, 39):
        cells = profile.likelihood.cell_bin == number
        arguments = [
            values[cells]
            for values in (profile.likelihood.n_on, profile.likelihood.n_off, profile.likelihood.alpha)
        ]
        one, step = profile.likelihood.signal[cells], 1e-4
        around = [wstat(*arguments, (a[number] + shift) * one).sum() for shift in (-step, 0, step)]
        assert stat[number] == pytest.approx(around[1], rel=1e-12)
        assert slope[number] == pytest.approx((around[2] - around[0]) / (2 * step), rel=1e-5, abs=1e-6)
        assert curvature[number] == pytest.approx(np.diff(around, 2)[0] / step**2, rel=1e-3, abs=1e-4)


def test_the_numbers_of_a_bin_do_not_depend_on_the_others():
    profile = many_cells()
    bins = np.array([3, 4, 21, 38])
    a = np.linspace(-0.5, 3, profile.n)
    part = profile.take(bins)[0]
    np.testing.assert_array_equal(part.total, profile.total[bins])
    np.testing.assert_array_equal(part.counts, profile.counts[bins])
    for one, all_of_it in zip(part.evaluate(a[bins])[0], profile.evaluate(a)[0], strict=True):
        np.testing.assert_array_equal(one, all_of_it[bins])
    own = np.isin(profile.likelihood.cell_bin, bins)
    np.testing.assert_array_equal(part.likelihood.background(a[bins]), profile.likelihood.background(a)[own])


def test_lower_limits_lie_far_below_the_minimum():
    profile = many_cells()
    lower = profile.lower_bound()
    stat, slope, _ = profile.evaluate(lower)[0]
    best = np.min([profile.evaluate(np.full(profile.n, a))[0][0] for a in np.linspace(-2, 4, 400)], axis=0)
    assert np.all(slope < 0)
    assert np.all(stat - best > 100)


def test_the_background_of_a_profile_makes_up_for_what_the_signal_lacks():
    profile = many_cells()
    # With n_off > 0 and no signal, the best background is that of the pooled counts.
    expected = (
        profile.likelihood.alpha
        * (profile.likelihood.n_on + profile.likelihood.n_off)
        / (1 + profile.likelihood.alpha)
    )
    np.testing.assert_allclose(profile.likelihood.background(np.zeros(40)), expected, rtol=1e-12)


def test_errors_of_a_single_cell_reach_below_its_deficit():
    # One cell with fewer ON counts than the background: its minimum is its own best value, its error lies below that.
    profile = onoff_profile(np.zeros(1, dtype=int), *np.array([[3.0], [60.0], [0.1], [2.0]]), 1)
    lower = profile.lower_bound()
    best = np.array([-1.5])
    assert profile.evaluate(best)[0][0] == 0
    assert lower < best
    assert profile.evaluate(lower)[0][0] > 100


def test_cells_without_an_event_count_as_all_others_do():
    random = np.random.default_rng(3)
    cell_bin = np.repeat(np.arange(20), 10)
    n_on, n_off = random.poisson(0.3, (2, 200)).astype(float)
    alpha, signal = random.uniform(0.02, 0.5, 200), random.uniform(0.1, 4, 200)
    profile = onoff_profile(cell_bin, n_on, n_off, alpha, signal, 20)
    assert np.sum((n_on == 0) & (n_off == 0)) > 100
    for a in (np.linspace(-3, -0.01, 20), np.zeros(20), np.linspace(0.01, 3, 20)):
        expected = np.bincount(cell_bin, wstat(n_on, n_off, alpha, a[cell_bin] * signal))
        np.testing.assert_allclose(profile.evaluate(a)[0][0], expected, rtol=1e-12)
        slope = (profile.evaluate(a + 1e-6)[0][0] - profile.evaluate(a)[0][0]) / 1e-6
        np.testing.assert_allclose(profile.evaluate(a)[0][1], slope, rtol=1e-4, atol=1e-4)


def test_many_factors_at_once_are_the_sums_over_the_cells():
    random = np.random.default_rng(4)
    cell_bin = np.repeat([0, 1, 3, 4, 5], 30)  # a bin without cells too
    n_on, n_off = random.poisson(0.3, (2, 150)).astype(float)
    n_on[:30] = n_off[:30] = 0
    alpha, signal = random.uniform(0.02, 0.5, 150), random.uniform(0.1, 4, 150)
    profile = onoff_profile(cell_bin, n_on, n_off, alpha, signal, 6)
    a = np.linspace(-2, 3, 6 * 401).reshape(6, 401)
    expected = np.zeros(a.shape)
    for k in range(150):
        expected[cell_bin[k]] += wstat(n_on[k], n_off[k], alpha[k], a[cell_bin[k]] * signal[k])
    np.testing.assert_allclose(profile.likelihood.stats(a), expected, rtol=1e-12, atol=1e-12)
