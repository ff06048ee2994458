"""Likelihoods rebuilt from errors and scans, against the likelihoods that those came from."""

import numpy as np
import pytest

from tevcurve.fit.minimize import minimize_norm
from tevcurve.kernels.measured_profile import AsymmetricProfile, ScanProfile
from tevcurve.kernels.summed_profile import SummedProfile


def poisson_stat(mean, counts):
    """Deviance of counts at a mean."""
    ratio = np.where(counts > 0, counts, 1) / np.where(counts > 0, mean, 1)
    return 2 * (mean - counts + counts * np.log(ratio))


def ends(counts):
    """Ends of the interval of a count in which its deviance is below 1, by bisection."""
    found = []
    for inner, outer in ((counts, 1e-9), (counts, counts + 5 * np.sqrt(counts) + 5)):
        low, high = float(inner), float(outer)
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if poisson_stat(middle, counts) < 1 else (low, middle)
        found.append(low)
    return found


def derivatives_agree(profile, a, rtol=1e-5):
    step = 1e-5
    stat, slope, curvature = profile.evaluate(a)[0]
    above, below = profile.evaluate(a + step)[0], profile.evaluate(a - step)[0]
    np.testing.assert_allclose(slope, (above[0] - below[0]) / (2 * step), rtol=rtol, atol=1e-6)
    np.testing.assert_allclose(curvature, (above[1] - below[1]) / (2 * step), rtol=rtol, atol=1e-6)
    return stat


def test_an_error_bar_ends_where_the_statistic_is_one():
    value, errn, errp = np.array([1.0, 5.0, -2.0]), np.array([0.5, 2.0, 1.0]), np.array([0.9, 1.0, 1.0])
    profile = AsymmetricProfile(value, errn, errp)
    np.testing.assert_allclose(profile.evaluate(value)[0][0], 0)
    np.testing.assert_allclose(profile.evaluate(value + errp)[0][0], 1)
    np.testing.assert_allclose(profile.evaluate(value - errn)[0][0], 1)
    for shift in (-0.9, -0.3, 0.4, 3.0):
        derivatives_agree(profile, value + shift)


def test_the_statistic_is_convex_and_smooth_also_where_the_variance_would_end():
    profile = AsymmetricProfile(np.zeros(2), np.array([0.2, 3.0]), np.array([3.0, 0.2]))
    a = np.linspace(-8, 8, 4001)
    for k in range(2):
        one = AsymmetricProfile(*(np.full(len(a), v[k]) for v in (profile.value, profile.errn, profile.errp)))
        stat, slope, _ = one.evaluate(a)[0]
        assert np.all(np.diff(slope) > 0)
        np.testing.assert_allclose(
            np.diff(stat), 0.5 * (slope[1:] + slope[:-1]) * 0.004, rtol=1e-3, atol=2e-3
        )


@pytest.mark.parametrize("counts", [10, 40])
def test_it_follows_the_likelihood_of_a_count(counts):
    low, high = ends(counts)
    profile = AsymmetricProfile(np.array([counts]), np.array([counts - low]), np.array([high - counts]))
    for sigma, rtol in ((-2.5, 0.15), (-1.5, 0.07), (1.5, 0.07), (2.5, 0.07)):
        mean = counts + sigma * np.sqrt(counts)
        assert profile.evaluate(np.array([mean]))[0][0][0] == pytest.approx(
            poisson_stat(mean, counts), rel=rtol
        )


def test_the_constant_of_symmetric_errors_is_the_weighted_mean():
    rng = np.random.default_rng(4)
    value, err = rng.normal(-3, 4, 30), rng.uniform(0.5, 3, 30)
    summed = SummedProfile([(AsymmetricProfile(value, err, err), np.repeat([0, 1], 15))], 2)
    best = minimize_norm(summed, summed.lower_bound())
    for k, part in enumerate((slice(0, 15), slice(15, 30))):
        weight = 1 / err[part] ** 2
        mean = np.sum(weight * value[part]) / weight.sum()
        assert best.norm[k] == pytest.approx(mean, rel=1e-9)
        assert best.stat[k] == pytest.approx(np.sum(weight * (value[part] - mean) ** 2), rel=1e-9)


def test_a_scan_gives_its_points_back_and_is_close_between_them():
    counts = np.array([4, 25, 100])
    knots = counts[:, None] * np.array([0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 4.0])
    heights = np.sign(knots - counts[:, None]) * np.sqrt(poisson_stat(knots, counts[:, None]))
    profile = ScanProfile(knots, heights)
    for column in range(7):
        np.testing.assert_allclose(
            profile.evaluate(knots[:, column])[0][0], heights[:, column] ** 2, atol=1e-12
        )
    for factor in (0.2, 0.8, 1.2, 3.0):
        a = counts * factor
        np.testing.assert_allclose(profile.evaluate(a)[0][0], poisson_stat(a, counts), rtol=0.08, atol=0.02)
    slope = profile.evaluate(counts * 1.2)[0][1]
    step = 1e-6 * counts
    above, below = (profile.evaluate(counts * 1.2 + sign * step)[0][0] for sign in (1, -1))
    np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=1e-6)


def test_beyond_a_scan_the_root_goes_on_straight():
    profile = ScanProfile(np.array([[0.0, 1.0, 2.0]]), np.array([[-1.0, 0.0, 1.0]]))
    for a in (-3.0, 5.0):
        assert profile.evaluate(np.array([a]))[0][0][0] == pytest.approx((a - 1) ** 2)


def test_taking_bins_leaves_the_others():
    profile = AsymmetricProfile(*np.arange(1.0, 13).reshape(3, 4))
    a = np.array([2.0, 3.0])
    for values, whole in zip(
        profile.take([1, 3])[0].evaluate(a)[0], profile.evaluate(np.array([0, 2.0, 0, 3.0]))[0], strict=True
    ):
        np.testing.assert_array_equal(values, whole[[1, 3]])
