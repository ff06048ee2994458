"""Blocks of rows against all possible divisions."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from tevcurve.kernels.row_blocks import best_gain, block_losses, divide, gaussian_losses


def parabolas(value, err, n_grid=6):
    """Fluxes, statistics and slopes of values with Gaussian errors, as `block_losses` wants them."""
    grid = np.linspace(value.min(axis=1) - 1, value.max(axis=1) + 1, n_grid, axis=1)
    distance = grid[:, None, :] - value[..., None]
    return grid, (distance / err[..., None]) ** 2, 2 * distance / err[..., None] ** 2


def weighted_loss(value, err):
    """Half the chi-square of values around their weighted mean."""
    weight = 1 / err**2
    mean = np.sum(weight * value) / weight.sum()
    return 0.5 * np.sum(weight * (value - mean) ** 2)


@pytest.fixture
def draws():
    rng = np.random.default_rng(5)
    err = rng.uniform(0.5, 2, (3, 7))
    return rng.normal([[0.0], [10.0], [0.0]], 1.0) + err * rng.standard_normal((3, 7)), err


def test_the_loss_of_a_block_is_that_around_its_weighted_mean(draws):
    value, err = draws
    for losses, rtol in ((gaussian_losses(value, err), 1e-9), (block_losses(*parabolas(value, err)), 1e-9)):
        for first in range(7):
            for last in range(first, 7):
                expected = [
                    weighted_loss(v[first : last + 1], e[first : last + 1])
                    for v, e in zip(value, err, strict=True)
                ]
                np.testing.assert_allclose(losses[:, first, last], expected, rtol=rtol, atol=1e-9)


def test_the_best_division_is_the_best_of_all(draws):
    value, err = draws
    value[1, 4:] += 8
    losses = gaussian_losses(value, err)
    for penalty in (0.5, 1.0, 2.0, 4.0):
        for one in losses:
            best = np.inf
            for n_cuts in range(7):
                for cuts in combinations(range(1, 7), n_cuts):
                    edges = [0, *cuts, 7]
                    cost = sum(one[a, b - 1] + penalty for a, b in pairwise(edges))
                    if cost < best:
                        best, winner = cost, edges[:-1]
            assert divide(one, penalty).tolist() == winner


def test_a_penalty_above_the_gain_leaves_one_block(draws):
    losses = gaussian_losses(*draws)
    gains = best_gain(losses)
    for one, gain in zip(losses, gains, strict=True):
        assert len(divide(one, gain * (1 + 1e-9))) == 1
        assert len(divide(one, gain * (1 - 1e-9))) > 1


def test_the_gain_of_a_step_is_half_the_square_of_its_significance():
    value, err = np.array([[0.0, 0.0, 5.0, 5.0]]), np.full((1, 4), 1.0)
    # Two means with an error of 1/sqrt(2) each differ by 5.
    assert best_gain(gaussian_losses(value, err))[0] == pytest.approx(0.5 * 5**2)


def test_rows_that_never_changed_gain_nothing():
    value, err = np.full((1, 5), 3.0), np.full((1, 5), 0.4)
    assert best_gain(block_losses(*parabolas(value, err)))[0] == pytest.approx(0, abs=1e-12)
    assert best_gain(gaussian_losses(value, err))[0] == pytest.approx(0, abs=1e-9)


def test_losses_of_counts_are_those_of_poisson():
    counts, exposure = np.array([0, 3, 1, 0, 7, 2]), np.array([1.0, 1.5, 0.02, 1.0, 2.0, 1.0])
    grid = np.geomspace(1e-3, 100, 60)[None]
    rate = grid[0] * exposure[:, None]
    stat, slope = (
        2 * (rate - counts[:, None] * np.log(rate)),
        2 * (exposure[:, None] - counts[:, None] / grid[0]),
    )
    losses = block_losses(grid, stat[None], slope[None])[0]
    for first in range(6):
        for last in range(first, 6):
            n, t = counts[first : last + 1], exposure[first : last + 1]
            best = max(n.sum() / t.sum(), 1e-3) * t
            expected = np.sum(best - n * np.log(best))
            assert losses[first, last] == pytest.approx(expected, abs=2e-3)


def test_a_slope_that_jumps_is_a_minimum():
    # |x| + x/2 in halves has its least value at 0, where two fluxes of the grid are.
    grid = np.array([[-2.0, -1.0, -1e-6, 1e-6, 1.0, 2.0]])
    stat, slope = np.abs(grid) + 0.5 * grid, np.sign(grid) + 0.5
    losses = block_losses(grid, stat[:, None], slope[:, None])
    assert losses[0, 0, 0] == pytest.approx(0, abs=1e-5)
