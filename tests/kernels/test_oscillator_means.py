"""Covariances of many bins at once against those of each pair of bins alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.kernels.damped_oscillators import Oscillators


def bins(n=60, seed=1):
    """Bins of many widths, some of which touch, with long gaps."""
    rng = np.random.default_rng(seed)
    width = rng.uniform(0.2, 3, n)
    start = np.cumsum(width + rng.choice([0.0, 0.5, 40.0], n, p=[0.6, 0.35, 0.05])) - width
    return start + 0.5 * width, width


@pytest.mark.parametrize("others", ["own", "late", "early", "inside", "wide", "mixed"])
def test_covariances_are_those_of_each_pair(others):
    middle, width = bins()
    second = {
        "own": (middle, width),
        "late": (middle[::2] + 3.3, 0.7 * width[::2]),
        "early": (middle - 40.0, width),
        "inside": (np.linspace(middle[20], middle[40], 90), np.full(90, 0.01)),
        "wide": (np.linspace(middle[0], middle[-1], 20), np.geomspace(0.1, 5 * np.ptp(middle), 20)),
        "mixed": np.random.default_rng(2).permutation(np.stack([middle + 1.0, width], axis=1)).T,
    }[others]
    process = Oscillators.power_law(2.3, np.geomspace(1e-3, 10, 24))
    asked = None if others == "own" else second
    each, total = process.averaged_each(middle, width, asked), process.averaged(middle, width, asked)
    close = {"rtol": 1e-12, "atol": 1e-14 * total.max()}
    rng = np.random.default_rng(4)
    for i, k in zip(rng.integers(60, size=200), rng.integers(len(second[0]), size=200), strict=True):
        pair = middle[[i]], width[[i]], (second[0][[k]], second[1][[k]])
        expected = process.averaged_each(*pair)[:, 0, 0]
        assert_allclose(each[:, i, k], expected, **close)
        assert_allclose(total[i, k], expected.sum(), **close)


def test_bins_may_come_in_any_order():
    middle, width = bins()
    process, order = (
        Oscillators.power_law(2.0, np.geomspace(1e-3, 10, 24)),
        np.random.default_rng(3).permutation(60),
    )
    expected = process.averaged(middle, width)[np.ix_(order, order)]
    assert_allclose(process.averaged(middle[order], width[order]), expected, rtol=1e-12)


def test_short_bins_years_apart_lose_no_digits():
    """The second difference of the integral itself would: the lag is some 10^7 widths, its square has 14 digits."""
    day = 86400.0
    middle, width = np.array([0.0, 300.0, 3650 * day]) + 60.0, np.full(3, 30.0)
    process = Oscillators.power_law(2.0, np.geomspace(1e-11, 0.1, 50))
    found = process.averaged(middle, width)
    lag = middle[2] - middle[:2]
    # The mean over both bins, to fourth order in the width, of a covariance that hardly bends in between.
    bend = (
        process.covariance(lag + day) - 2 * process.covariance(lag) + process.covariance(lag - day)
    ) / day**2
    assert_allclose(found[2, :2], process.covariance(lag) + bend * width[0] ** 2 / 12, rtol=1e-11)
