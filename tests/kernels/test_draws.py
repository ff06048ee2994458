"""Draws from tables, against the distributions that the tables state."""

import numpy as np
import pytest
from scipy import stats

from tevcurve.kernels.draws import draw_bins, draw_choices, draw_linear, draw_radius, row_cumulative
from tevcurve.kernels.folding import disc_integrals, ring_integrals

N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def chance(counts, expected):
    """Probability of a chi-square at least this large, of counts around expectations of the same sum."""
    return stats.chi2.sf(np.sum((counts - expected) ** 2 / expected), len(counts) - 1)


def test_bins_are_drawn_by_the_weights_of_their_own_row(rng):
    weights = np.array([[1.0, 0.0, 3.0, 6.0], [0.0, 0.0, 0.0, 0.0], [5.0, 1.0, 0.0, 0.0]])
    rows = np.repeat([0, 2], N)
    bins, place = draw_bins(row_cumulative(weights), rows, rng)
    for row, used in ((0, [0, 2, 3]), (2, [0, 1])):
        counts = np.bincount(bins[rows == row], minlength=4)
        assert counts.sum() == counts[used].sum()
        assert chance(counts[used], N * weights[row, used] / weights[row].sum()) > 1e-3
    assert stats.kstest(place, "uniform").pvalue > 1e-3


def test_choices_are_drawn_by_weight_whatever_the_sum(rng):
    drawn = draw_choices(np.tile([2.0, 0.0, 6.0], (N, 1)), rng)
    counts = np.bincount(drawn, minlength=3)
    assert counts[1] == 0
    assert chance(counts[[0, 2]], np.array([0.25, 0.75]) * N) > 1e-3


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (0.0, 2.0), (3.0, 1.0), (0.0, 0.0)])
def test_places_follow_a_straight_line(low, high, rng):
    drawn = draw_linear(np.full(N, low), np.full(N, high), rng)
    low, high = (low, high) if low + high else (1.0, 1.0)
    expected = lambda t: (low * t + 0.5 * (high - low) * t**2) / (0.5 * (low + high))  # noqa: E731
    assert stats.kstest(drawn, expected).pvalue > 1e-3


def test_radii_follow_their_profile_within_and_across_rings(rng):
    # Few, wide rings, so that a wrong shape within one would show.
    rad = np.array([0.0, 0.4, 0.5, 1.0])
    profiles = np.array([[1.0, 5.0, 0.0, 2.0], [3.0, 1.0, 1.0, 0.0]])
    fine = np.linspace(0, 1, 4001)
    for row in (0, 1):
        drawn = draw_radius(
            rad, profiles, row_cumulative(ring_integrals(rad, profiles)), np.full(N, row), rng
        )
        disc = disc_integrals(fine, np.interp(fine, rad, profiles[row]))
        assert stats.kstest(drawn, lambda r, disc=disc: np.interp(r, fine, disc / disc[-1])).pvalue > 1e-3
