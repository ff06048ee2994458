"""Drawn events against the expectations of their cells."""

import numpy as np
import pytest

from tevcurve.kernels.cube_draws import RunCells, draw_block_events, guide_of, places

BAND = np.array([0, 1, 0, -1, 1, 0, 1])
N_TOYS = 3000


@pytest.fixture
def runs():
    """Two runs, one with two slices of background, one with a single one; some cells expect nothing."""
    signal = np.array([3.0, 1, 0, 9, 2, 0.5, 0])
    background = np.array([[0.2, 0.5, 1, 9, 0.4, 0.3, 2], [1, 0.1, 0.5, 9, 1, 1, 0]])
    return [
        RunCells(BAND, signal, background, 2),
        RunCells(BAND, 0.7 * signal[::-1], 1.3 * background[:1], 2),
    ]


# (block, band, live time, on-time in each slice) of the parts of each run; block 1 has a part of both.
PARTS = [
    (np.array([0, 1, 3]), np.array([0, 1, 0]), np.array([1.0, 2, 3]), np.array([[1.0, 0.2], [1, 1], [0, 4]])),
    (np.array([1, 2]), np.array([1, 0]), np.array([0.5, 1.5]), np.array([[0.6], [2.0]])),
]


def expectations(runs):
    """(signal, background) of each block and cell (4, 7), by adding one cell of one part to the other."""
    signal, background = np.zeros((4, 7)), np.zeros((4, 7))
    for run, (blocks, bands, livetimes, ontimes) in zip(runs, PARTS, strict=True):
        for block, band, livetime, ontime in zip(blocks, bands, livetimes, ontimes, strict=True):
            for cell in np.flatnonzero(band == BAND):
                signal[block, cell] += livetime * run.signal[cell]
                background[block, cell] += sum(t * run.background[s, cell] for s, t in enumerate(ontime))
    return signal, background


def counts_of(drawn, signal, background):
    """Events in each toy, block and cell; those of a cell are known by what they are said to expect."""
    number, its_signal, its_background, _ = drawn
    counts = np.zeros((N_TOYS, 4, 7))
    for block in range(4):
        own = number % 4 == block
        for cell in np.flatnonzero(signal[block] + background[block]):
            here = own & np.isclose(its_signal, signal[block, cell])
            here &= np.isclose(its_background, background[block, cell])
            counts[:, block, cell] = np.bincount(number[here] // 4, minlength=N_TOYS)
    assert counts.sum() == len(number)
    return counts


@pytest.mark.parametrize("norm", [1.4, 0.0, -0.1])
def test_cells_have_poisson_counts_of_what_they_expect(runs, norm):
    signal, background = expectations(runs)
    norms, amplitude = norm * np.array([1.0, 0.5, 0.25, 1]), np.array([1.0, 1.5, 0.5, 1])
    drawn = draw_block_events(
        runs,
        PARTS,
        np.tile(norms, (N_TOYS, 1)),
        np.tile(amplitude, (N_TOYS, 1)),
        np.random.default_rng(1),
    )
    assert (np.diff(drawn[0]) >= 0).all()
    counts = counts_of(drawn, signal, background)
    mean = norms[:, None] * signal + amplitude[:, None] * background
    assert mean.min() >= 0
    np.testing.assert_array_less(np.abs(counts.mean(axis=0) - mean), 5 * np.sqrt((mean + 1e-9) / N_TOYS))
    # The variance of a Poisson count's variance is mean + 2 mean^2.
    spread = np.sqrt((mean + 2 * mean**2 + 1e-9) / N_TOYS)
    np.testing.assert_array_less(np.abs(counts.var(axis=0) - mean), 5 * spread)
    # Neither do cells or blocks know of each other.
    joint = np.corrcoef(counts.reshape(N_TOYS, -1)[:, (mean > 0).ravel()].T)
    assert np.abs(joint - np.eye(len(joint))).max() < 5 / np.sqrt(N_TOYS)


def test_background_in_these_cells_is_told_for_each_block(runs):
    _, background = expectations(runs)
    none = np.zeros((1, 4))
    number, _, _, near = draw_block_events(runs, PARTS, none, none, np.random.default_rng(1))
    assert len(number) == 0
    np.testing.assert_allclose(near, background.sum(axis=1))


def test_each_light_curve_has_its_own_truth(runs):
    norms = np.array([[0.0, 0, 0, 40], [0, 30, 0, 0]])
    number, *_ = draw_block_events(runs, PARTS, norms, np.zeros((2, 4)), np.random.default_rng(2))
    assert set(number) == {3, 5}


def test_totals_are_sums_over_the_cells_of_each_band(runs):
    np.testing.assert_allclose(runs[0].totals(0), [3.5, 3.0])
    np.testing.assert_allclose(runs[0].totals(1), [1.5, 2.9])
    np.testing.assert_allclose(runs[0].totals(2), [2.5, 1.1])
    np.testing.assert_array_equal(RunCells(BAND, np.ones(7), np.ones((1, 7)), 3).totals(0), [3, 3, 0])


def test_cells_that_expect_nothing_are_never_drawn(runs):
    band = np.tile([0, 1], 20000)
    cell = runs[0].draw(0, band, np.random.default_rng(3))
    np.testing.assert_array_equal(BAND[cell], band)
    share = np.bincount(cell, minlength=7) / 20000
    expected = np.array([3 / 3.5, 1 / 3, 0, 0, 2 / 3, 0.5 / 3.5, 0])
    np.testing.assert_array_equal(share == 0, expected == 0)
    np.testing.assert_allclose(share, expected, atol=5 * np.sqrt(0.25 / 20000))


@pytest.mark.parametrize("n", [1, 7, 3000])
def test_places_of_a_table_are_those_of_a_search(n):
    random = np.random.default_rng(n)
    # Cells without expectations have the running sum of the one before.
    running = np.cumsum(
        (random.exponential(size=n) ** 5) * (random.random(n) < 0.6) + (np.arange(n) == n // 2)
    )
    share = np.append(random.random(20_000), [0.0, np.nextafter(1.0, 0.0), *running[:-1] / running[-1]])
    share = np.minimum(share, np.nextafter(1.0, 0.0))
    expected = np.minimum(np.searchsorted(running, share * running[-1], side="right"), n - 1)
    np.testing.assert_array_equal(places(running, guide_of(running), share), expected)
