"""ON and OFF counts beside known counts of other sources, against a search for the background by brute force."""

import numpy as np
import pytest

from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff import profile_background, wstat_profile
from tevcurve.kernels.onoff_beside import background_beside, profile_beside
from tevcurve.kernels.onoff_others import WstatBeside
from tevcurve.kernels.onoff_profile import WstatLikelihood


def deviance(counts, expected):
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, counts * np.log(counts / expected), 0.0)
    return 2 * (expected - counts + ratio)


def brute_force(n_on, n_off, alpha, mu_sig, on, off):
    """(deviance, background) at the best of a fine grid of backgrounds >= 0 that leave nothing below 0."""
    least = max(0.0, -(mu_sig + on) / alpha)
    grid = least + np.concatenate(
        [[0.0], np.geomspace(1e-9, n_off + n_on / alpha + abs(mu_sig) / alpha + 5, 400_001)]
    )
    stat = deviance(n_on, mu_sig + on + alpha * grid) + deviance(n_off, off + grid)
    best = np.nanargmin(stat)
    return stat[best], grid[best]


CASES = [
    # n_on, n_off, alpha, mu_sig, on, off
    (12, 40, 0.2, 5.0, 3.0, 2.0),
    (12, 40, 0.2, 0.0, 3.0, 2.0),
    (3, 0, 0.2, 1.0, 0.7, 0.5),
    (0, 3, 0.5, 1.0, 0.7, 0.5),
    (0, 0, 0.5, 1.0, 0.7, 0.5),
    # OFF counts by other sources alone: no background is left.
    (9, 4, 0.3, 2.0, 1.0, 30.0),
    (0, 4, 0.3, 0.0, 1.0, 30.0),
    # Fluxes below zero.
    (4, 20, 0.3, -3.0, 1.0, 2.0),
    (0, 2, 0.3, -9.0, 1.0, 2.0),
    (0, 0, 0.3, -4.0, 1.0, 2.0),
    (5, 0, 0.25, -4.0, 0.0, 3.0),
]


@pytest.mark.parametrize("case", CASES)
def test_the_background_is_at_its_best(case):
    arguments = [np.array([float(x)]) for x in case]
    stat, background = profile_beside(*arguments)[0][0], background_beside(*arguments)[0]
    expected, best = brute_force(*case)
    assert stat == pytest.approx(expected, abs=1e-7)
    assert background == pytest.approx(best, abs=1e-2)


@pytest.mark.parametrize("case", CASES)
def test_slope_and_curvature_are_those_of_the_deviance(case):
    n_on, n_off, alpha, mu_sig, on, off = (np.array([float(x)]) for x in case)
    step, at = 1e-4, mu_sig + 0.013
    around = [profile_beside(n_on, n_off, alpha, at + shift, on, off)[0][0] for shift in (-step, 0, step)]
    _, slope, curvature = profile_beside(n_on, n_off, alpha, at, on, off)
    assert slope[0] == pytest.approx((around[2] - around[0]) / (2 * step), abs=1e-6)
    assert curvature[0] == pytest.approx(np.diff(around, 2)[0] / step**2, rel=1e-4, abs=1e-5)


def cells(seed=2, n_bins=30):
    random = np.random.default_rng(seed)
    cell_bin = np.repeat(np.arange(n_bins), random.integers(1, 7, n_bins))
    n = len(cell_bin)
    alpha, signal = random.uniform(0.05, 0.5, n), random.uniform(0.1, 4, n)
    on, off = random.uniform(0, 3, n), random.uniform(0, 3, n)
    n_on, n_off = random.poisson(signal + on + alpha * 4), random.poisson(4 + off)
    return (cell_bin, n_on.astype(float), n_off.astype(float), alpha, signal, n_bins), (on, off)


def test_without_other_sources_it_is_wstat():
    own, (on, off) = cells()
    a = np.linspace(-1, 3, 30)[:, None]
    beside, plain = WstatBeside(*own, (0 * on, 0 * off)), WstatLikelihood(*own)
    for one, other in zip(beside.evaluate(a)[0], plain.evaluate(a)[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(beside.background(a[:, 0]), plain.background(a[:, 0]), rtol=1e-12)
    np.testing.assert_allclose(beside.stats(a), plain.stats(a), rtol=1e-12, atol=1e-12)
    n_on, n_off, alpha, signal = own[1:5]
    for one, other in zip(
        profile_beside(n_on, n_off, alpha, signal, 0.0, 0.0),
        wstat_profile(n_on, n_off, alpha, signal),
        strict=False,
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(background_beside(*own[1:5], 0.0, 0.0), profile_background(*own[1:5]))


def test_a_profile_is_the_sum_over_the_cells_of_each_bin():
    own, known = cells()
    profile = OneAmplitude(WstatBeside(*own, known))
    a = np.linspace(-1, 3, profile.n)
    stat, slope, curvature = profile.evaluate(a)[0]
    parts = profile_beside(*own[1:4], a[own[0]] * own[4], *known)
    np.testing.assert_allclose(stat, np.bincount(own[0], parts[0]), rtol=1e-12)
    np.testing.assert_allclose(slope, np.bincount(own[0], parts[1] * own[4]), rtol=1e-12)
    np.testing.assert_allclose(curvature, np.bincount(own[0], parts[2] * own[4] ** 2), rtol=1e-12)
    many = np.stack([a, a + 1, 0 * a], axis=1)
    np.testing.assert_allclose(profile.likelihood.stats(many)[:, 0], stat, rtol=1e-12)
    bins = np.array([3, 4, 17])
    part = profile.take(bins)[0]
    for one, other in zip(part.evaluate(a[bins])[0], (stat, slope, curvature), strict=True):
        np.testing.assert_array_equal(one, other[bins])


def test_lower_limits_lie_far_below_the_minimum():
    own, known = cells()
    likelihood = WstatBeside(*own, known)
    lower = likelihood.lower_bound()
    (stat, slope, _), _ = likelihood.evaluate(lower[:, None])
    best = likelihood.stats(np.tile(np.linspace(-3, 4, 400), (30, 1))).min(axis=1)
    assert np.all(slope < 0)
    assert np.all(2 * stat - best > 100)
