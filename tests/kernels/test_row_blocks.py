"""Blocks of rows against all possible divisions."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from tevcurve.kernels.row_blocks import best_gain, block_of_rows, divide, weighted_losses


def parabolas(value, err, step=1e-3):
    """Half the statistics of values with Gaussian errors, each (n, n_rows), at the same fluxes for all."""
    grid = np.arange(value.min(), value.max() + step, step)
    return np.stack(
        [0.5 * ((grid - v[:, None]) / e[:, None]) ** 2 for v, e in zip(value.T, err.T, strict=True)]
    )


def weighted_loss(value, err):
    """Half the chi-square of values around their weighted mean."""
    weight = 1 / err**2
    mean = np.sum(weight * value) / weight.sum()
    return 0.5 * np.sum(weight * (value - mean) ** 2)


def all_divisions(n_rows):
    """Edges of the blocks of every division."""
    for n_cuts in range(n_rows):
        for cuts in combinations(range(1, n_rows), n_cuts):
            yield [0, *cuts, n_rows]


def costs_of_all(value, err):
    """(numbers of blocks, costs without penalties) of every division of one light curve."""
    edges = list(all_divisions(len(value)))
    costs = [sum(weighted_loss(value[a:b], err[a:b]) for a, b in pairwise(each)) for each in edges]
    return np.array([len(each) - 1 for each in edges]), np.array(costs)


@pytest.fixture
def draws():
    rng = np.random.default_rng(5)
    err = rng.uniform(0.5, 2, (3, 7))
    value = rng.normal([[0.0], [10.0], [0.0]], 1.0) + err * rng.standard_normal((3, 7))
    value[1, 4:] += 8
    return value, err


@pytest.mark.parametrize("penalty", [0.5, 1.0, 2.0, 4.0])
def test_the_best_division_is_the_best_of_all(draws, penalty):
    first, cost = divide(parabolas(*draws), np.full(3, penalty))
    block = block_of_rows(first)
    exact = weighted_losses(draws[0], draws[1] ** -2, block) + penalty * (block[:, -1] + 1)
    for k, (value, err) in enumerate(zip(*draws, strict=True)):
        number, costs = costs_of_all(value, err)
        assert exact[k] == pytest.approx(np.min(costs + penalty * number), abs=1e-9)
        assert cost[k] == pytest.approx(exact[k], abs=1e-4)
        assert cost[k] >= exact[k] - 1e-12


def test_rows_may_come_one_by_one(draws):
    half, penalty = parabolas(*draws), np.array([1.0, 2.0, 0.5])
    for one, other in zip(divide(half, penalty), divide(iter(half), penalty), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gain_is_the_largest_of_all_divisions(draws):
    gains, block = best_gain(parabolas(*draws))
    for k, (value, err) in enumerate(zip(*draws, strict=True)):
        number, costs = costs_of_all(value, err)
        expected = np.max((costs[0] - costs[1:]) / (number[1:] - 1))
        assert gains[k] == pytest.approx(expected, abs=1e-4)
        alone = (
            weighted_loss(value, err) - weighted_losses(*(draws[0][[k]], draws[1][[k]] ** -2), block[[k]])[0]
        )
        assert alone / block[k, -1] == pytest.approx(expected, abs=1e-9)


def test_many_blocks_may_gain_more_than_few():
    """Twelve rows up and down: no division into eight gains as much as one into twelve."""
    value = np.tile([0.0, 10.0], 6)[None]
    gain, block = best_gain(parabolas(value, np.ones_like(value), step=0.01))
    assert block[0, -1] == 11
    assert gain[0] == pytest.approx(0.5 * 12 * 25 / 11, rel=1e-3)


def test_a_penalty_above_the_gain_leaves_one_block(draws):
    half = parabolas(*draws)
    gains, _ = best_gain(half)
    for share, several in ((1 + 1e-9, False), (1 - 1e-9, True)):
        block = block_of_rows(divide(half, gains * share)[0])
        assert np.all((block[:, -1] > 0) == several)


def test_the_gain_of_a_step_is_half_the_square_of_its_significance():
    value, err = np.array([[0.0, 0.0, 5.0, 5.0]]), np.full((1, 4), 1.0)
    # Two means with an error of 1/sqrt(2) each differ by 5.
    assert best_gain(parabolas(value, err))[0][0] == pytest.approx(0.5 * 5**2)


def test_rows_that_never_changed_gain_nothing():
    half = np.zeros((5, 1, 3))
    half[:, :, [0, 2]] = 0.5
    gain, block = best_gain(half)
    assert gain[0] == 0
    assert not block.any()


def test_a_flux_that_a_row_cannot_have_ends_its_block():
    """The second half of the rows allows no flux below 2, the first one is best at 0."""
    grid = np.linspace(0, 4, 41)
    half = np.stack([0.5 * (grid - best) ** 2 for best in (0, 0, 0, 2, 2, 2)])[:, None]
    half[3:, :, grid < 2 - 1e-9] = np.inf
    first, cost = divide(half, np.array([0.1]))
    assert block_of_rows(first).tolist() == [[0, 0, 0, 1, 1, 1]]
    assert cost[0] == pytest.approx(0.2)
    # One flux for all cannot be 1; at 2 it costs half of 3 * 2^2.
    assert best_gain(half)[0][0] == pytest.approx(6)
