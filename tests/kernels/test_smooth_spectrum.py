"""Smoothed spectra: few counts follow a curve, many themselves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.kernels.smooth_spectrum import smoothed_counts

LOG_ENERGY = np.log(np.geomspace(1, 20, 9))


def test_many_counts_are_kept():
    counts = np.array([40000.0, 9000, 22000, 8000, 5000, 100, 4000, 3000, 2500])
    found = smoothed_counts(counts, np.ones(9), LOG_ENERGY)
    assert found.sum() == pytest.approx(counts.sum() + 0.5)
    assert_allclose(found, counts, rtol=0.01, atol=40)


def test_a_curve_is_found_from_counts_that_follow_it():
    exposure = np.linspace(1, 3, 9)
    expected = 300 * exposure * np.exp(-2.2 * LOG_ENERGY - 0.3 * LOG_ENERGY**2)
    found = smoothed_counts(expected, exposure, LOG_ENERGY)
    assert_allclose(found / found.sum(), expected / expected.sum(), rtol=0.03)


def test_few_counts_scatter_less_than_themselves():
    random = np.random.default_rng(1)
    expected = 12 * np.exp(-1.5 * LOG_ENERGY) / np.exp(-1.5 * LOG_ENERGY).sum()
    draws = random.poisson(expected, (300, 9))
    found = np.array([smoothed_counts(counts, np.ones(9), LOG_ENERGY) for counts in draws.astype(float)])
    shares, own = found / found.sum(axis=1)[:, None], (draws + 1e-9) / (draws.sum(axis=1)[:, None] + 9e-9)
    truth = expected / expected.sum()
    assert np.all(found > 0)
    assert np.mean((shares - truth) ** 2) < 0.4 * np.mean((own - truth) ** 2)
    assert_allclose(shares.mean(axis=0), truth, atol=0.03)


@pytest.mark.parametrize("place", [None, 0])
def test_no_or_one_count_gives_a_falling_spectrum(place):
    counts = np.zeros(9)
    if place is not None:
        counts[place] = 1
    found = smoothed_counts(counts, np.ones(9), LOG_ENERGY)
    assert np.all(np.isfinite(found) & (found > 0))
    assert found.sum() == pytest.approx(counts.sum() + 0.5)
    assert found[0] > found[4]


def test_one_bin_is_itself():
    assert_allclose(smoothed_counts(np.array([7.0]), np.ones(1), np.zeros(1)), 7.5)
