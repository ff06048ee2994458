"""Bayesian blocks: costs against closed forms and deviances, the search against all divisions."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy

from tevcurve.kernels.block_rates import STEP, known_cost, onoff_cost, rates_between
from tevcurve.kernels.blocks import BlockCells, find_blocks
from tevcurve.kernels.onoff import wstat


def random_cells(seed, n_runs=3, on_off=False, per_run=6):
    random = np.random.default_rng(seed)
    n_cells = n_runs * per_run
    return BlockCells(
        count=random.poisson(random.choice([0.3, 1, 4], n_cells)).astype(float),
        ontime_s=random.exponential(10, n_cells) + 0.1,
        run=np.repeat(np.arange(n_runs), per_run),
        signal=random.uniform(0.3, 2, n_runs),
        background=random.uniform(0, 0.3, n_runs) * (random.random(n_runs) < 0.8),
        alpha=random.uniform(0.05, 0.5, n_runs) if on_off else None,
    )


def least_cost(cells, start, stop):
    """Minus the log likelihood of a block at its best flux, by a scalar search; with OFF events by their deviance."""
    part = slice(start, stop)
    runs = np.unique(cells.run[part])
    count, time = (
        np.array([values[part][cells.run[part] == run].sum() for run in runs])
        for values in (cells.count, cells.ontime_s)
    )
    signal, background = cells.signal[runs], cells.background[runs]

    def cost(flux):
        if cells.alpha is None:
            expected = flux * signal + background
            return -np.sum(xlogy(count, expected) - expected * time)
        alpha = cells.alpha[runs]
        off = background / alpha * time
        half = 0.5 * np.sum(wstat(count, off, alpha, flux * signal * time))
        # The deviance is from rates that are as observed.
        return half + np.sum(count - xlogy(count, count / time))

    highest = np.max(count / time / signal)
    search = minimize_scalar(cost, bounds=(0, highest), method="bounded", options={"xatol": 1e-9})
    return min(search.fun, cost(0.0) if np.all((count == 0) | (background > 0)) else np.inf)


def table_of(cells):
    """The least cost of every block, by its ends."""
    return {pair: least_cost(cells, *pair) for pair in combinations(range(len(cells.count) + 1), 2)}


def total(table, starts, stop, penalty):
    """What a division costs."""
    return sum(table[pair] + penalty for pair in pairwise([*starts, stop]))


def test_one_run_has_the_fitness_of_scargle():
    cells = BlockCells(
        np.array([3.0, 0, 5]), np.array([10.0, 4, 6]), np.zeros(3, int), np.ones(1), np.zeros(1)
    )
    costs = cells.lowest_cost(0, np.array([8.0, 0.0]), np.array([20.0, 4.0]))
    np.testing.assert_allclose(costs, [8 - 8 * np.log(8 / 20), 0], atol=1e-12)


def test_a_deficit_is_a_flux_of_zero():
    two, ten = np.array([2.0]), np.array([10.0])
    cells = BlockCells(two, ten, np.zeros(1, int), np.ones(1), np.array([0.5]))
    assert cells.lowest_cost(0, two, ten) == pytest.approx(5 - 2 * np.log(0.5))
    # With OFF events ON and OFF say together how bright the background is: 2 and 5/alpha events.
    alpha = 0.25
    on_off = BlockCells(two, ten, cells.run, cells.signal, cells.background, np.array([alpha]))
    off = (2 + 20) / (1 + alpha) / 10
    expected = 2 * np.log(alpha * off) - 10 * alpha * off + 20 * np.log(off / 2) - 10 * (off - 2)
    assert on_off.lowest_cost(0, two, ten) == pytest.approx(-expected)


@pytest.mark.parametrize("off", [0.0, 0.4, 3.0, 250.0])
@pytest.mark.parametrize("alpha", [0.02, 0.5, 1.0])
def test_on_and_off_cost_their_deviance(off, alpha):
    count, source = np.array([0.0, 1, 7, 90])[:, None], np.array([1e-6, 0.3, 5, 80])
    saturated = count - xlogy(count, count)
    expected = 0.5 * wstat(count, off, alpha, source) + saturated
    np.testing.assert_allclose(onoff_cost(count, source, np.array(off), alpha), expected, atol=1e-9)


def test_without_a_source_nor_off_events_no_event_is_allowed():
    assert np.isinf(known_cost(np.ones(1), np.zeros(1)))
    assert known_cost(np.zeros(1), np.zeros(1)) == 0
    # An event tells of a background that OFF did not see: alpha/(1 + alpha) of it.
    share = 0.25 / 1.25
    found = onoff_cost(np.ones(1), np.zeros(1), np.zeros(1), 0.25)
    np.testing.assert_allclose(found, share - np.log(share) + share / 0.25)


@pytest.mark.parametrize("on_off", [False, True])
@pytest.mark.parametrize("penalty", [0.5, 2.0, 5.0])
def test_the_search_finds_the_best_of_all_divisions(on_off, penalty):
    for seed, (n_runs, per_run) in enumerate([(1, 9), (2, 4), (3, 3), (4, 2), (9, 1)]):
        cells = random_cells(seed, n_runs=n_runs, on_off=on_off, per_run=per_run)
        n, table = len(cells.count), table_of(cells)
        divisions = [(0, *rest) for number in range(n) for rest in combinations(range(1, n), number)]
        best = min(total(table, division, n, penalty) for division in divisions)
        found = find_blocks(cells, penalty).tolist()
        assert total(table, found, n, penalty) - best == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("alpha", [0.02, 1.0])
def test_few_off_events_are_no_known_background(alpha):
    """Runs without a source, with 0 to 3 OFF events each: at one flux, whatever the OFF events of a run say."""
    rng = np.random.default_rng(2)
    for _ in range(4):
        off = rng.poisson(1.5, 8)
        cells = BlockCells(
            rng.poisson(1.5 * alpha, 8).astype(float),
            np.full(8, 100.0),
            np.arange(8),
            np.ones(8),
            alpha * off / 100,
            np.full(8, alpha),
        )
        table = table_of(cells)
        divisions = [(0, *rest) for number in range(8) for rest in combinations(range(1, 8), number)]
        found = total(table, find_blocks(cells, 0.7).tolist(), 8, 0.7)
        assert found - min(total(table, each, 8, 0.7) for each in divisions) < 0.005


@pytest.mark.parametrize("on_off", [False, True])
@pytest.mark.parametrize("n_runs", [1, 4])
def test_long_nights_are_divided_as_by_trying_every_start(n_runs, on_off):
    """The best of all starts of the last block, cell by cell; blocks over runs by their least costs."""
    for seed in range(2):
        cells = random_cells(seed, n_runs=n_runs, on_off=on_off, per_run=24 // n_runs)
        n, table = len(cells.count), table_of(cells)
        for penalty in (1.0, 4.0):
            best = np.zeros(n + 1)
            for stop in range(1, n + 1):
                best[stop] = min(best[start] + table[start, stop] for start in range(stop)) + penalty
            found = total(table, find_blocks(cells, penalty).tolist(), n, penalty)
            assert found - best[n] == pytest.approx(0, abs=0.01)


def test_rates_are_close_enough_for_every_block():
    """The best rate of any block of cells is so near to one of them that it costs less than STEP^2/8 more."""
    rng = np.random.default_rng(4)
    count, time = np.ones(200), rng.exponential(1.0, 200) * np.repeat([1.0, 0.05, 3.0, 1.0], 50)
    rates = rates_between(count, time, time.sum(keepdims=True), np.zeros(1))
    for width in (1, 2, 5, 17, 60, 200):
        counts, times = (np.convolve(each, np.ones(width), "valid") for each in (count, time))
        best = counts / times
        near = np.searchsorted(rates, best * (1 - 1e-12))
        beside = rates[np.clip([near - 1, near], 1, len(rates) - 1)]
        rise = counts * (beside / best - 1 - np.log(beside / best))
        assert rise.min(axis=0).max() <= STEP**2 / 8 * 1.05


def test_rates_that_change_are_found_where_they_change():
    count = np.repeat([0.0, 5, 1], 40)
    cells = BlockCells(count, np.ones(120), np.zeros(120, int), np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(find_blocks(cells, 5.0), [0, 40, 80])
    np.testing.assert_array_equal(find_blocks(cells, 1e4), [0])


def test_runs_with_other_exposures_and_backgrounds_are_one_block_at_a_constant_flux():
    signal, background = np.array([1.0, 0.2, 3.0]), np.array([0.5, 0.4, 0.1])
    run = np.repeat(np.arange(3), 50)
    cells = BlockCells((2.0 * signal + background)[run] * 4, np.full(150, 4.0), run, signal, background)
    np.testing.assert_array_equal(find_blocks(cells, 0.5), [0])
    flat = BlockCells(cells.count, cells.ontime_s, run, np.ones(3), np.zeros(3))
    np.testing.assert_array_equal(find_blocks(flat, 0.5), [0, 50, 100])


def test_no_cells_no_blocks():
    none = np.zeros(0)
    assert len(find_blocks(BlockCells(none, none, none.astype(int), np.ones(1), np.ones(1)), 3.0)) == 0
