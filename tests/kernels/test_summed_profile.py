"""Bins of a profile put together."""

import numpy as np
import pytest

from tevcurve.fit.minimize import minimize_norm
from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.summed_profile import SummedProfile

ON, OFF, ALPHA = np.array([5.0, 9.0, 2.0, 30.0]), np.array([8.0, 20.0, 0.0, 50.0]), np.full(4, 0.2)
SIGNAL = np.array([2.0, 3.0, 4.0, 10.0])


@pytest.fixture
def profile():
    return onoff_profile(np.arange(4), ON, OFF, ALPHA, SIGNAL, 4)


def test_a_sum_is_the_sum_at_its_factor(profile):
    group = np.array([0, 0, 1, 1])
    summed = SummedProfile([(profile, group)], 2)
    a = np.array([1.3, 0.7])
    stat, slope, _ = summed.evaluate(a)[0]
    expected = wstat(ON, OFF, ALPHA, a[group] * SIGNAL)
    np.testing.assert_allclose(stat, [expected[:2].sum(), expected[2:].sum()])
    step = 1e-6
    rise = (summed.evaluate(a + step)[0][0] - summed.evaluate(a - step)[0][0]) / (2 * step)
    np.testing.assert_allclose(slope, rise, rtol=1e-6)
    bend = (summed.evaluate(a + step)[0][1] - summed.evaluate(a - step)[0][1]) / (2 * step)
    np.testing.assert_allclose(summed.evaluate(a)[0][2], bend, rtol=1e-5)


def test_the_minimum_of_a_sum_is_found_by_brute_force_too(profile):
    summed = SummedProfile([(profile, np.zeros(4, dtype=int))], 1)
    best = minimize_norm(summed, summed.lower_bound())
    grid = np.linspace(0, 5, 20001)
    total = wstat(ON, OFF, ALPHA, grid[:, None] * SIGNAL).sum(axis=1)
    assert best.norm[0] == pytest.approx(grid[np.argmin(total)], abs=3e-4)
    assert best.stat[0] == pytest.approx(total.min(), abs=1e-6)
    assert best.stat[0] <= total.min() + 1e-12


def test_groups_do_not_change_with_the_others(profile):
    summed = SummedProfile([(profile, np.array([0, 0, 1, 1]))], 2)
    alone = summed.take(np.array([1]))[0]
    assert alone.evaluate(np.array([0.8]))[0][0][0] == summed.evaluate(np.array([3.0, 0.8]))[0][0][1]


def test_a_pair_is_the_sum_of_both(profile):
    parts = [(profile.take(rows)[0], np.arange(2)) for rows in ([0, 2], [1, 3])]
    paired = SummedProfile(parts, 2)
    a = np.array([0.4, 1.7])
    expected = wstat(ON, OFF, ALPHA, np.repeat(a, 2) * SIGNAL)
    np.testing.assert_allclose(paired.evaluate(a)[0][0], expected.reshape(2, 2).sum(axis=1))
    best = minimize_norm(paired, np.full(2, -10.0))
    np.testing.assert_allclose(paired.evaluate(best.norm)[0][1], 0, atol=1e-5)
