"""The search for minima against profiles whose minima are known."""

import numpy as np
import pytest
from simple_profiles import SimpleProfile, parabolas, poisson_cells

from tevcurve.fit.minimize import ActiveBins, minimize_norm
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff_profile import WstatLikelihood


def test_minimum_of_poisson_cells_is_counts_minus_background():
    counts = np.array([0.0, 1, 3, 10, 1000, 1e6, 5, 5])
    background = np.array([2.0, 0, 7, 4, 10, 1e5, 5, 4.999999])
    found = minimize_norm(poisson_cells(counts, background), np.zeros(8))
    assert found.converged.all()
    np.testing.assert_allclose(found.norm, np.maximum(counts - background, 0), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.at_limit, counts <= background)
    inside = ~found.at_limit
    np.testing.assert_allclose(found.curvature[inside], 2 / counts[inside], rtol=1e-5)
    np.testing.assert_allclose(found.slope[inside] * np.sqrt(counts[inside]), 0, atol=1e-5)


def test_stat_at_zero_and_at_the_minimum():
    counts, background = np.array([3.0, 9.0, 2.0]), np.array([4.0, 2.0, 0.0])
    found = minimize_norm(poisson_cells(counts, background), np.zeros(3))
    with np.errstate(divide="ignore"):
        expected = 2 * (background - counts * np.log(background))
    np.testing.assert_allclose(found.stat_at_zero, expected, rtol=1e-14)
    assert found.stat_at_zero[2] == np.inf
    best = np.maximum(background, counts)
    np.testing.assert_allclose(found.stat, 2 * (best - counts * np.log(best)), rtol=1e-12)


@pytest.mark.parametrize("lower", [0.0, -0.9, -3.1, -50.0])
def test_parabolas_end_at_their_center_or_at_the_limit(lower):
    center = np.array([-20.0, -3.0, -1.0, -0.5, -1e-8, 1e-8, 4.0, 80.0])
    found = minimize_norm(parabolas(center, np.linspace(0.5, 3, 8)), np.full(8, lower))
    assert found.converged.all()
    np.testing.assert_allclose(found.norm, np.maximum(center, lower), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.at_limit, center <= lower)
    assert np.all(found.norm[center <= lower] == lower)


@pytest.mark.parametrize("curvature", [0.0, 1e-26, -1e-26])
def test_slope_without_curvature_leads_to_the_limit(curvature):
    # A curvature is the difference of numbers much larger than it: rounding leaves either sign.
    profile = SimpleProfile(lambda a, number: (2 * a, 2.0, curvature), [0.0, 0.0], [1.0, 1.0])
    found = minimize_norm(profile, np.array([0.0, -3.0]))
    np.testing.assert_array_equal(found.norm, [0, -3])
    assert found.at_limit.all()
    assert found.converged.all()


def test_newton_that_would_run_away_is_kept_in_its_bracket():
    # The Newton step of |x|-like curves leads far beyond the minimum, from either side.
    def values(a, number):
        x = a - 3.0
        return np.log(np.cosh(4 * x)), 4 * np.tanh(4 * x), 16 / np.cosh(4 * x) ** 2

    found = minimize_norm(SimpleProfile(values, [90.0], [1.0]), np.array([-80.0]))
    assert found.converged[0]
    assert found.norm[0] == pytest.approx(3.0, abs=1e-9)


def test_search_without_values_is_not_converged():
    profile = SimpleProfile(lambda a, number: (np.nan, 0.0, 1.0), [1.0], [1.0])
    assert not minimize_norm(profile, np.zeros(1)).converged[0]


def test_finished_bins_are_dropped_once_they_are_the_majority():
    profile = parabolas(np.arange(10.0), np.ones(10))
    bins = ActiveBins(profile)
    numbers, values = bins.evaluate(np.zeros(10), np.arange(10) < 6)
    np.testing.assert_array_equal(numbers, np.arange(6))
    np.testing.assert_allclose(values[0], np.arange(6.0) ** 2)
    assert len(profile.asked[-1]) == 10
    numbers, values = bins.evaluate(np.ones(10), np.arange(10) == 4)
    np.testing.assert_array_equal(numbers, [4])
    np.testing.assert_allclose(values[:, 0], [9, -6, 2])
    assert len(profile.asked) == 1


def test_few_evaluations_are_enough():
    """Each is a pass over all events, so their number is the price of a light curve."""
    rng = np.random.default_rng(1)
    profile = poisson_cells(rng.poisson(20, 1000), rng.uniform(5, 25, 1000))
    minimize_norm(profile, np.zeros(1000))
    assert len(profile.asked) <= 6


def test_a_jump_of_the_slope_at_zero_is_found_at_once():
    # Without a count half the statistic is the signal above 0, and the signal over -alpha below.
    cells = (np.arange(2), np.zeros(2), np.zeros(2), np.array([0.1, 0.5]), np.array([2.0, 30.0]))
    calls = []

    class Counted(WstatLikelihood):
        def evaluate(self, *arguments, **keywords):
            calls.append(self.n)
            return super().evaluate(*arguments, **keywords)

    found = minimize_norm(OneAmplitude(Counted(*cells, 2)), np.full(2, -100.0))
    assert found.converged.all()
    np.testing.assert_array_equal(found.norm, [0, 0])
    np.testing.assert_allclose(found.stat, [0, 0], atol=1e-12)
    assert not found.is_smooth.any()
    assert len(calls) <= 5


def test_a_last_step_that_is_larger_leaves_its_square():
    counts, background = np.array([3.0, 30.0, 300.0]), np.array([1.0, 4.0, 2.0])
    profile = poisson_cells(counts, background)
    found = minimize_norm(profile, np.zeros(3), last_step=1e-2)
    np.testing.assert_allclose(found.norm, counts - background, atol=1e-4 * np.sqrt(3), rtol=1e-5)


@pytest.mark.parametrize("first", [0.0, 1e-3, 2.0, 40.0, 1e9])
def test_a_search_may_begin_anywhere(first):
    counts, background = np.array([0.0, 1, 3, 10, 1000, 1e6]), np.array([2.0, 0, 7, 4, 10, 1e5])
    found = minimize_norm(poisson_cells(counts, background), np.zeros(6), first=np.full(6, first))
    assert found.converged.all()
    np.testing.assert_allclose(found.norm, np.maximum(counts - background, 0), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.at_limit, counts <= background)
    assert np.isnan(found.stat_at_zero).all()
