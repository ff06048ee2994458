"""Intervals of a signal on a known background against the published tables, the construction by hand, and coverage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import poisson

from tevcurve.kernels.feldman_cousins import known_background_intervals

# Feldman & Cousins 1998, tables II to IX: level, background, first count, ends.
TABLES = [
    (0.6827, 0.0, 0, [(0, 1.29), (0.37, 2.75), (0.74, 4.25), (1.10, 5.30), (2.34, 6.78), (2.75, 7.81)]),
    (0.9, 0.0, 0, [(0, 2.44), (0.11, 4.36), (0.53, 5.91), (1.10, 7.42), (1.47, 8.60), (1.84, 9.99)]),
    (0.9, 0.0, 10, [(5.50, 16.50)]),
    (0.9, 0.0, 20, [(13.55, 28.52)]),
    (0.9, 0.5, 0, [(0, 1.94)]),
    (0.9, 1.0, 0, [(0, 1.61)]),
    (0.9, 3.0, 0, [(0, 1.08), (0, 1.88), (0, 3.04), (0, 4.42), (0, 5.60), (0, 6.99)]),
    (0.9, 4.0, 0, [(0, 1.01)]),
    (0.95, 0.0, 0, [(0, 3.09), (0.05, 5.14), (0.36, 6.72), (0.82, 8.25), (1.37, 9.76), (1.84, 11.26)]),
    (0.99, 0.0, 0, [(0, 4.74), (0.01, 6.91), (0.15, 8.71), (0.44, 10.47)]),
]
# The tables were made on a grid of signals with steps of 0.005 and rounded.
TABLE_STEP = 0.011


def accepted_counts(signal, background, level, n_counts):
    """The counts that the construction accepts for a signal, bool (n_counts,), by sorting their ratios."""
    n = np.arange(n_counts)
    chance = poisson.pmf(n, signal + background)
    best = np.maximum(n, background)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = poisson.logpmf(n, signal + background) - poisson.logpmf(n, best)
    order = np.argsort(-ratio, kind="stable")
    before = np.append(0, np.cumsum(chance[order])[:-1])
    accepted = np.zeros(n_counts, dtype=bool)
    accepted[order[before < level]] = True
    return accepted


@pytest.mark.parametrize(("level", "background", "first", "ends"), TABLES)
def test_published_tables(level, background, first, ends):
    counts = first + np.arange(len(ends))
    lower, upper = known_background_intervals(counts, background, level)
    assert_allclose(lower, [low for low, _ in ends], atol=TABLE_STEP)
    assert_allclose(upper, [high for _, high in ends], atol=TABLE_STEP)


@pytest.mark.parametrize("level", [0.6827, 0.95])
@pytest.mark.parametrize("background", [0.0, 0.8, 3.0])
def test_construction_on_a_grid(level, background):
    grid, counts = np.arange(0, 25, 0.02), np.arange(8)
    belt = np.array([accepted_counts(signal, background, level, 80)[counts] for signal in grid])
    lower, upper = known_background_intervals(counts, background, level)
    lowest, highest = ([grid[column].__getitem__(end) for column in belt.T] for end in (0, -1))
    assert np.all((lower <= lowest) & (lower > np.array(lowest) - 0.021))
    # Ends that would rise with the background are raised, here only those of no or few counts.
    assert np.all(upper >= highest)
    assert_allclose(upper[3:], highest[3:], atol=0.021)


def test_upper_ends_do_not_rise_with_the_background():
    background = np.linspace(0, 30, 401)
    for level in (0.6827, 0.95):
        _, upper = known_background_intervals(np.arange(0, 25, 4)[:, None], background, level)
        assert np.all(np.diff(upper, axis=1) < 1e-9)


@pytest.mark.parametrize("level", [0.6827, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("background", [0.0, 0.1, 1.0, 10.0, 100.0])
def test_coverage_is_never_below_the_level(level, background):
    signal = np.geomspace(0.01, 120, 300)
    counts = np.arange(400)
    lower, upper = known_background_intervals(counts, background, level)
    inside = (lower <= signal[:, None]) & (signal[:, None] <= upper)
    coverage = np.sum(inside * poisson.pmf(counts, signal[:, None] + background), axis=1)
    assert coverage.min() > level - 1e-9
    # Nor is it far above, once counts are many.
    assert coverage[signal > 50].mean() < level + 0.03


def test_many_counts_are_gaussian():
    lower, upper = known_background_intervals(1e6, 9.9e5, 0.6827)
    assert lower == pytest.approx(1e4 - 1e3, abs=2)
    assert upper == pytest.approx(1e4 + 1e3, abs=2)


def test_an_interval_does_not_depend_on_the_others():
    random = np.random.default_rng(0)
    counts, background = random.poisson(8, 60), random.uniform(0, 12, 60)
    together = known_background_intervals(counts, background, 0.9)
    alone = [known_background_intervals(*each, 0.9) for each in zip(counts, background, strict=True)]
    assert_array_equal(together, np.transpose(alone))
    assert np.all(np.isfinite(together))
    assert np.all(together[0] >= 0)
