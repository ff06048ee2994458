"""Errors and limits against parabolas and the Poisson likelihood of one cell."""

import numpy as np
import pytest
from scipy.optimize import brentq
from simple_profiles import SimpleProfile, parabolas, poisson_cells

from tevcurve.fit.confidence import crossing_above, crossing_below
from tevcurve.fit.minimize import minimize_norm


@pytest.mark.parametrize("rise", [1.0, 2.7055, 4.0, 100.0])
def test_parabola_crosses_at_the_root_of_the_rise(rise):
    center, width = np.array([5.0, 40.0, -3.0, 1e-3]), np.array([0.1, 3.0, 2.0, 1.0])
    profile, lower = parabolas(center, width), np.full(4, -1e3)
    minimum = minimize_norm(profile, lower)
    np.testing.assert_allclose(
        crossing_above(profile, None, minimum, rise), center + np.sqrt(rise) * width, rtol=1e-9
    )
    below = crossing_below(profile, None, minimum, rise, lower)
    np.testing.assert_allclose(below, center - np.sqrt(rise) * width, rtol=1e-9)


def test_limit_of_a_parabola_counts_from_the_bound():
    center, width, rise = np.array([-2.0, -0.1]), np.array([1.0, 0.5]), 2.7
    profile = parabolas(center, width)
    minimum = minimize_norm(profile, np.zeros(2))
    expected = center + np.sqrt(center**2 + rise * width**2)
    np.testing.assert_allclose(crossing_above(profile, None, minimum, rise), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("counts", "background"), [(0, 0), (0, 3), (1, 0), (1, 5), (7, 2), (30, 29), (1e6, 1e5)]
)
@pytest.mark.parametrize("rise", [1.0, 2.7055, 9.0])
def test_poisson_cell(counts, background, rise):
    profile = poisson_cells([counts], [background])
    minimum = minimize_norm(profile, np.zeros(1))
    best = max(counts - background, 0.0)

    def missing(a):
        if counts == 0:
            return 2 * a - rise
        x = (a - best) / (best + background)
        return 2 * ((a - best) - counts * np.log1p(x)) - rise

    above = crossing_above(profile, None, minimum, rise)[0]
    assert missing(above) == pytest.approx(0, abs=1e-6 * rise)
    assert above == pytest.approx(
        brentq(missing, best, best + 100 + 20 * np.sqrt(counts), xtol=1e-14), rel=1e-7
    )
    below = crossing_below(profile, None, minimum, rise, np.zeros(1))[0]
    if best > 0 and (background == 0 or missing(0.0) > 0):
        assert missing(below) == pytest.approx(0, abs=1e-6 * rise)
        assert below < best
    else:
        assert below == 0


def test_error_ends_at_the_limit_exactly():
    profile = parabolas([0.5, 3.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    minimum = minimize_norm(profile, np.zeros(4))
    below = crossing_below(profile, None, minimum, 1.0, np.zeros(4))
    assert (below[0], below[2]) == (0.0, 0.0)
    assert below[1] == pytest.approx(2.0, rel=1e-9)
    assert below[3] == pytest.approx(0.0, abs=1e-9)


def test_straight_profile_is_exact():
    slope = 2 * 3.7
    profile = SimpleProfile(lambda a, number: (slope * a, slope, 0.0), [0.0], [3.7])
    minimum = minimize_norm(profile, np.zeros(1))
    assert crossing_above(profile, None, minimum, 2.7055)[0] == 2.7055 / slope


def test_statistic_that_is_infinite_below_is_crossed_before():
    # With 1 count and no background the statistic is infinite at the limit of 0.
    profile = poisson_cells([1.0], [0.0])
    minimum = minimize_norm(profile, np.zeros(1))
    below = crossing_below(profile, None, minimum, 1.0, np.zeros(1))[0]
    assert 0 < below < 1
    assert 2 * (below - 1 - np.log(below)) == pytest.approx(1, abs=1e-6)


def test_no_minimum_no_limit():
    profile = SimpleProfile(lambda a, number: (np.nan, 0.0, 1.0), [1.0], [1.0])
    minimum = minimize_norm(profile, np.zeros(1))
    assert np.isnan(crossing_above(profile, None, minimum, 1.0)[0])


def test_few_evaluations_are_enough():
    rng = np.random.default_rng(2)
    profile = poisson_cells(rng.poisson(20, 1000), rng.uniform(5, 25, 1000))
    minimum = minimize_norm(profile, np.zeros(1000))
    profile.asked.clear()
    crossing_above(profile, None, minimum, 2.7055)
    assert len(profile.asked) <= 3
