"""The descent in several amplitudes against non-negative least squares and Poisson likelihoods."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from tevcurve.kernels.newton_descent import NewtonDescent, dot, solve


def descend(values, point, scale=1.0, steps=200):
    """The end of a descent; values(point) -> (gradients, Hessians)."""
    descent = NewtonDescent(point, np.full(point.shape, scale))
    for _ in range(steps):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            descent.advance(*values(descent.point))
        if not descent.going.any():
            break
    return descent


@pytest.mark.parametrize("n", [1, 2, 4])
def test_quadratic_functions_end_at_the_least_squares_above_zero(n):
    rng = np.random.default_rng(n)
    matrices, sides = rng.normal(size=(50, 8, n)), rng.normal(size=(50, 8))
    hessian = np.einsum("bij,bik->bjk", matrices, matrices)

    def values(point):
        return np.einsum("bjk,bk->bj", hessian, point) - np.einsum("bij,bi->bj", matrices, sides), hessian

    descent = descend(values, np.ones((50, n)))
    assert not descent.going.any()
    expected = [nnls(matrix, side)[0] for matrix, side in zip(matrices, sides, strict=True)]
    np.testing.assert_allclose(descent.point, expected, atol=1e-4)
    assert np.any(descent.point == 0)


def poisson(templates, counts):
    """Gradients and Hessians of sum of p - n*log(p), p = templates @ point, templates (n_bins, n_cells, n)."""

    def values(point):
        share = templates / np.einsum("bij,bj->bi", templates, point)[:, :, None]
        gradient = templates.sum(axis=1) - np.einsum("bi,bij->bj", counts, share)
        return gradient, np.einsum("bi,bij,bik->bjk", counts, share, share)

    return values


@pytest.mark.parametrize("start", [1e-3, 1.0, 1e4])
def test_poisson_likelihoods_from_anywhere(start):
    rng = np.random.default_rng(1)
    templates = rng.gamma(0.3, size=(30, 12, 3)) + 1e-9
    truth = rng.choice([0.0, 0.1, 3.0, 1000.0], (30, 3)) + 1e-3
    counts = rng.poisson(np.einsum("bij,bj->bi", templates, truth)).astype(float)
    descent = descend(poisson(templates, counts), np.full((30, 3), start))
    assert not descent.going.any()
    for k in range(30):

        def stat(point, k=k):
            expected, filled = templates[k] @ point, counts[k] > 0
            weight = counts[k, filled] / expected[filled]
            value = expected.sum() - (counts[k, filled] * np.log(expected[filled])).sum()
            return value, templates[k].sum(axis=0) - weight @ templates[k, filled]

        bounds, options = (
            [(1e-12, None)] * 3,
            {"maxiter": 5000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-10},
        )
        best = minimize(stat, truth[k] + 0.1, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        found = stat(np.maximum(descent.point[k], 1e-12))[0]
        assert found == pytest.approx(best.fun, abs=1e-4)
        assert found < best.fun + 1e-7 * (1 + abs(best.fun) * 1e-6)


def test_amplitudes_that_can_take_each_others_place():
    template = np.array([1.0, 2.0, 0.5])
    templates = np.stack([template, 2 * template], axis=1)[None]
    counts = np.array([[4.0, 9.0, 1.0]])
    descent = descend(poisson(templates, counts), np.ones((1, 2)))
    assert not descent.going.any()
    # Together they predict as many as there are.
    assert (templates[0] @ descent.point[0]).sum() == pytest.approx(14, rel=1e-4)


def test_what_no_event_sees_goes_to_zero():
    templates = np.array([[[1.0, 0.0], [1.0, 0.0]]])

    def values(point):
        gradient, hessian = poisson(templates, np.array([[3.0, 5.0]]))(point)
        return gradient + np.array([0.0, 2.0]), hessian

    descent = descend(values, np.ones((1, 2)))
    assert descent.point[0, 0] == pytest.approx(4.0, rel=1e-4)
    assert descent.point[0, 1] == 0
    np.testing.assert_array_equal(descent.held, [[False, True]])


def test_finished_bins_stay_while_others_go_on():
    rng = np.random.default_rng(3)
    templates, counts = rng.gamma(0.5, size=(6, 10, 2)) + 1e-6, rng.poisson(3, (6, 10)).astype(float)
    together = descend(poisson(templates, counts), np.ones((6, 2))).point
    for k in range(6):
        one = slice(k, k + 1)
        np.testing.assert_array_equal(
            descend(poisson(templates[one], counts[one]), np.ones((1, 2))).point, together[one]
        )


def test_solve_is_the_solution_where_nothing_is_held():
    rng = np.random.default_rng(4)
    roots, vector = rng.normal(size=(20, 4, 6)), rng.normal(size=(20, 4))
    matrix = roots @ roots.transpose(0, 2, 1)
    expected = np.linalg.solve(matrix, vector[:, :, None])[:, :, 0]
    np.testing.assert_allclose(solve(matrix, vector, np.zeros((20, 4), dtype=bool)), expected, rtol=1e-9)


def test_solve_leaves_out_what_is_held_or_unseen():
    matrix = np.array([[[4.0, 1, 0, 2], [1, 3, 0, 1], [0, 0, 0, 0], [2, 1, 0, 5]]])
    vector = np.array([[1.0, 2, 3, 4]])
    found = solve(matrix, vector, np.array([[False, True, False, False]]))
    np.testing.assert_allclose(found[0, [0, 3]], np.linalg.solve([[4, 2], [2, 5]], [1, 4]))
    assert (found[0, 1], found[0, 2]) == (0, 0)


def test_dot_is_the_sum_of_products_per_row():
    rng = np.random.default_rng(5)
    left, right = rng.normal(size=(2, 7, 3))
    np.testing.assert_allclose(dot(left, right), (left * right).sum(axis=1))
    assert dot(np.zeros((4, 0)), np.zeros((4, 0))).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("n", [3, 6])
def test_the_last_step_ends_at_the_least_squares_above_zero(n):
    """The descent stops early; the step that is left, those to zero among them, and what it gains, are told."""
    rng = np.random.default_rng(n)
    matrices, sides = rng.normal(size=(50, 12, n)), rng.normal(size=(50, 12))
    hessian = np.einsum("bij,bik->bjk", matrices, matrices)

    def values(point):
        return np.einsum("bjk,bk->bj", hessian, point) - np.einsum("bij,bi->bj", matrices, sides), hessian

    descent = NewtonDescent(np.full((50, n), 0.02), np.ones((50, n)), stop=0.5)
    while descent.going.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            gradient, _ = values(descent.point)
            descent.advance(gradient, hessian)
    expected = [nnls(matrix, side) for matrix, side in zip(matrices, sides, strict=True)]
    for k, (point, distance) in enumerate(expected):
        if np.array_equal(point == 0, descent.held[k]):
            np.testing.assert_allclose(descent.end()[k], point, atol=1e-8)
            half = 0.5 * np.sum((matrices[k] @ descent.point[k] - sides[k]) ** 2)
            gain = descent.gain(gradient, hessian)[k]
            assert half + gain == pytest.approx(0.5 * distance**2, abs=1e-8)
    assert (
        np.mean(
            [
                np.array_equal(point == 0, held)
                for (point, _), held in zip(expected, descent.held, strict=True)
            ]
        )
        > 0.8
    )
