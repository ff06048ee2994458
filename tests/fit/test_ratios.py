"""Ratios of fluxes against a brute-force profile, a closed form and simulations of known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tevcurve.fit.ratios import AngleProfile, estimate_ratios
from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import onoff_profile

ALPHA = 0.1


def profile(n_on, n_off, signal):
    """One ON/OFF cell in each of n bins."""
    n_on, n_off, signal = (np.asarray(each, dtype=float) for each in (n_on, n_off, signal))
    return onoff_profile(np.arange(len(n_on)), n_on, n_off, np.full(len(n_on), ALPHA), signal, len(n_on))


# (n_on, n_off) of the upper and of the lower band: strong, weak above, weak below, deficits above and below.
COUNTS = {
    "strong": ((40, 100), (150, 200)),
    "weak above": ((14, 100), (150, 200)),
    "weak below": ((40, 100), (24, 200)),
    "none above": ((4, 100), (150, 200)),
    "none below": ((40, 100), (12, 200)),
    "no counts above": ((0, 0), (30, 0)),
}
SIGNAL = 10.0, 50.0


@pytest.fixture(scope="module")
def estimate():
    upper, lower = (
        profile(*np.array([each[band] for each in COUNTS.values()]).T, [SIGNAL[band]] * len(COUNTS))
        for band in (0, 1)
    )
    return estimate_ratios(upper, lower, rise=1.0, ul_rise=2.706)


def brute_force(case, ratio):
    """The statistic at a ratio of flux factors, at the best common scale: of the larger of the two."""
    (on_u, off_u), (on_l, off_l) = COUNTS[case]
    up, along = (1.0, 1 / ratio) if ratio > 1 else (ratio, 1.0)

    def stat(scale):
        return wstat(on_u, off_u, ALPHA, scale * up * SIGNAL[0]) + wstat(
            on_l, off_l, ALPHA, scale * along * SIGNAL[1]
        )

    starts = np.linspace(0, 12, 1201)
    best = starts[np.argmin(stat(starts))]
    found = minimize_scalar(
        stat, bounds=(max(best - 0.02, 0), best + 0.02), method="bounded", options={"xatol": 1e-9}
    )
    return found.fun


@pytest.mark.parametrize("case", COUNTS)
def test_ends_are_where_the_brute_force_profile_has_risen(case, estimate):
    k = list(COUNTS).index(case)
    best = [minimum.norm[k] for minimum in (estimate.numerator, estimate.denominator)]
    floor = sum(minimum.stat[k] for minimum in (estimate.numerator, estimate.denominator))
    if min(best) > 0:
        assert estimate.ratio[k] == pytest.approx(best[0] / best[1], rel=1e-6)
        assert brute_force(case, estimate.ratio[k]) == pytest.approx(floor, abs=1e-6)
    for level, low, high in (
        (1.0, estimate.low[k], estimate.high[k]),
        (2.706, estimate.lower_limit[k], estimate.upper_limit[k]),
    ):
        for end in (low, high):
            if 0 < end < np.inf:
                assert brute_force(case, end) - floor == pytest.approx(level, abs=1e-4)
        # An end is at 0 or infinity only where the statistic does not rise enough all the way.
        assert low > 0 or brute_force(case, 1e-7) - floor < level
        assert high < np.inf or brute_force(case, 1e7) - floor < level


def test_weak_bands_have_the_limits_that_they_should(estimate):
    k = {case: number for number, case in enumerate(COUNTS)}
    assert np.isfinite(estimate.high[k["strong"]])
    assert estimate.low[k["strong"]] > 0
    assert estimate.lower_limit[k["weak above"]] == 0
    assert estimate.upper_limit[k["weak below"]] == np.inf
    assert estimate.ratio[k["none above"]] == 0
    assert estimate.low[k["none above"]] == 0
    assert 0 < estimate.upper_limit[k["none above"]] < np.inf
    assert estimate.ratio[k["none below"]] == np.inf
    assert 0 < estimate.lower_limit[k["none below"]] < np.inf
    assert estimate.ratio[k["no counts above"]] == 0


def test_turning_the_ratio_over_turns_its_interval_over():
    upper, lower = profile([40, 14], [100, 100], [10, 10]), profile([150, 60], [200, 200], [50, 50])
    one = estimate_ratios(upper, lower, rise=1.0, ul_rise=2.706)
    other = estimate_ratios(lower, upper, rise=1.0, ul_rise=2.706)
    np.testing.assert_allclose(one.ratio, 1 / other.ratio, rtol=1e-12)
    np.testing.assert_allclose(one.low, 1 / other.high, rtol=1e-6)
    np.testing.assert_allclose(one.high, 1 / other.low, rtol=1e-6)


def test_strong_bands_add_their_relative_errors_in_quadrature():
    upper, lower = profile([90000], [1000], [1e5]), profile([160000], [1000], [1e5])
    found = estimate_ratios(upper, lower, rise=1.0, ul_rise=2.706)
    expected = found.ratio[0] * np.hypot(1 / 300, 1 / 400)
    assert found.high[0] - found.ratio[0] == pytest.approx(expected, rel=0.01)
    assert found.ratio[0] - found.low[0] == pytest.approx(expected, rel=0.01)


def test_slope_and_curvature_of_the_angle_are_those_of_its_value():
    upper, lower = profile([40, 14], [100, 100], [10, 10]), profile([150, 60], [200, 200], [50, 50])
    angles = AngleProfile(upper, lower, np.array([3.0, 1.0]), np.array([2.0, 1.0]))
    angle, step = np.array([0.6, 0.3]), 1e-4
    _, slope, curvature = angles.evaluate(angle)[0]
    above, below = angles.evaluate(angle + step)[0], angles.evaluate(angle - step)[0]
    np.testing.assert_allclose((above[0] - below[0]) / (2 * step), slope, rtol=1e-5)
    np.testing.assert_allclose((above[1] - below[1]) / (2 * step), curvature, rtol=1e-5)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng, n = np.random.default_rng(11), 1000
    upper = profile(rng.poisson(20 + ALPHA * 100, n), rng.poisson(100, n), np.full(n, 10.0))
    lower = profile(rng.poisson(50 + ALPHA * 200, n), rng.poisson(200, n), np.full(n, 50.0))
    found = estimate_ratios(upper, lower, rise=1.0, ul_rise=2.706)
    inside = np.mean((found.low < 2.0) & (found.high > 2.0))
    assert inside == pytest.approx(0.683, abs=4 * np.sqrt(0.683 * 0.317 / n))
    assert np.mean(found.upper_limit > 2.0) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / n))


def test_bins_do_not_depend_on_each_other(estimate):
    case = COUNTS["weak below"]
    alone = estimate_ratios(
        profile(*np.array([case[0]]).T, SIGNAL[:1]),
        profile(*np.array([case[1]]).T, SIGNAL[1:]),
        rise=1.0,
        ul_rise=2.706,
    )
    for name in ("ratio", "low", "high", "lower_limit", "upper_limit"):
        np.testing.assert_array_equal(getattr(alone, name)[0], getattr(estimate, name)[2])
