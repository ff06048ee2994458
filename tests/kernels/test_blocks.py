"""Bayesian blocks: fitness against closed forms and a brute-force likelihood, the search against all divisions."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import xlogy

from tevcurve.kernels.blocks import BlockCells, BlockFitness, find_blocks


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


def fitness_of(cells, start, stop):
    return BlockFitness(cells).of_blocks(np.array([start]), stop)[0]


def brute_force(cells, start, stop):
    """Log likelihood maximised over the flux and, with OFF events, the rate of each run's OFF events."""
    runs = np.unique(cells.run[start:stop])
    part = slice(start, stop)
    count, time = (
        np.array([values[part][cells.run[part] == run].sum() for run in runs])
        for values in (cells.count, cells.ontime_s)
    )
    signal, background = cells.signal[runs], cells.background[runs]

    def minus_log_likelihood(parameters):
        flux, rates = np.exp(parameters[0]), background
        value = 0.0
        if cells.alpha is not None:
            alpha = cells.alpha[runs]
            off = np.exp(parameters[1:])
            observed, rates = background / alpha, alpha * off
            value = np.sum(
                time * (xlogy(observed, off / np.where(observed > 0, observed, 1)) - off + observed)
            )
        expected = flux * signal + rates
        return -value - np.sum(xlogy(count, expected) - expected * time)

    best = np.inf
    for flux in (1e-12, 0.03, 1.0):
        first = (
            [np.log(flux)]
            if cells.alpha is None
            else [np.log(flux), *np.log(background / cells.alpha[runs] + 1e-3)]
        )
        found = minimize(
            minus_log_likelihood,
            first,
            method="Nelder-Mead",
            options={"maxiter": 8000, "xatol": 1e-9, "fatol": 1e-11},
        )
        best = min(best, found.fun)
    return -best


def test_one_run_has_the_fitness_of_scargle():
    cells = BlockCells(
        np.array([3.0, 0, 5]), np.array([10.0, 4, 6]), np.zeros(3, int), np.ones(1), np.zeros(1)
    )
    assert fitness_of(cells, 0, 3) == pytest.approx(8 * np.log(8 / 20) - 8)
    assert fitness_of(cells, 1, 2) == 0


def test_a_deficit_is_a_flux_of_zero():
    cells = BlockCells(np.array([2.0]), np.array([10.0]), np.zeros(1, int), np.ones(1), np.array([0.5]))
    assert fitness_of(cells, 0, 1) == pytest.approx(2 * np.log(0.5) - 5)
    # With OFF events ON and OFF say together how bright the background is: 2 and 5/alpha events.
    alpha = 0.25
    on_off = BlockCells(
        cells.count, cells.ontime_s, cells.run, cells.signal, cells.background, np.array([alpha])
    )
    off = (2 + 20) / (1 + alpha) / 10
    expected = 2 * np.log(alpha * off) - 10 * alpha * off + 20 * np.log(off / 2) - 10 * (off - 2)
    assert fitness_of(on_off, 0, 1) == pytest.approx(expected)


@pytest.mark.parametrize("on_off", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_fitness_over_runs_is_the_greatest_likelihood(seed, on_off):
    cells = random_cells(seed, n_runs=3, on_off=on_off, per_run=3)
    if not on_off and seed == 0:
        # Nothing but background in one run, nothing but source in another.
        cells = BlockCells(cells.count, cells.ontime_s, cells.run, cells.signal, np.array([0.0, 5.0, 0.1]))
    for start, stop in ((0, 9), (1, 5), (2, 8), (4, 9)):
        found, wanted = fitness_of(cells, start, stop), brute_force(cells, start, stop)
        assert found == pytest.approx(wanted, abs=2e-5)
        assert found >= wanted - 1e-7


@pytest.mark.parametrize("on_off", [False, True])
def test_dividing_a_block_never_makes_it_worse(on_off):
    for seed in range(20):
        cells = random_cells(seed, on_off=on_off)
        stop = len(cells.count)
        whole = fitness_of(cells, 0, stop)
        for middle in range(1, stop):
            assert fitness_of(cells, 0, middle) + fitness_of(cells, middle, stop) >= whole - 1e-8


@pytest.mark.parametrize("on_off", [False, True])
@pytest.mark.parametrize("penalty", [0.5, 2.0, 5.0])
def test_the_search_finds_the_best_of_all_divisions(on_off, penalty):
    for seed in range(3):
        cells = random_cells(seed, n_runs=2, on_off=on_off, per_run=4)
        table = {(i, j): fitness_of(cells, i, j) for i, j in combinations(range(9), 2)}

        def worth(starts, table=table):
            return sum(table[pair] for pair in zip(starts, [*starts[1:], 8], strict=True)) - penalty * len(
                starts
            )

        divisions = [(0, *rest) for number in range(8) for rest in combinations(range(1, 8), number)]
        best = max(divisions, key=worth)
        for prune in (True, False):
            assert worth(tuple(find_blocks(cells, penalty, prune).tolist())) == pytest.approx(
                worth(best), abs=1e-9
            )


@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize("on_off", [False, True])
@pytest.mark.parametrize("n_runs", [1, 4])
def test_pruning_changes_nothing(n_runs, on_off, few, monkeypatch):
    monkeypatch.setattr("tevcurve.kernels.blocks._FEW", few)
    for seed in range(4):
        cells = random_cells(seed, n_runs=n_runs, on_off=on_off, per_run=30)
        for penalty in (1.0, 4.0, 8.0):
            np.testing.assert_array_equal(
                find_blocks(cells, penalty), find_blocks(cells, penalty, prune=False)
            )


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
