"""Newton's method against functions whose minima, and where they have risen, are known in closed form."""

from itertools import product

import numpy as np
import pytest

from tevcurve.fit.newton import LONGEST_STEP, crossing, follow_valley, minimize, newton_step

FREE = np.full(2, -np.inf), np.full(2, np.inf)


class Rows:
    """A function of rows made of formula(points (n, q), numbers of the rows) -> (value, slope, curvature)."""

    def __init__(self, formula, n, numbers=None):
        self.formula, self.numbers = formula, np.arange(n) if numbers is None else numbers

    def take(self, rows, start=None):
        return Rows(self.formula, None, self.numbers[rows]), start

    def evaluate(self, x, start=None):
        return self.formula(x, self.numbers), start


def bowls(matrix, center):
    """Quadratic forms (n, q, q) around centers (n, q)."""

    def formula(x, number):
        away = x - center[number]
        slope = np.einsum("nij,nj->ni", matrix[number], away)
        return 0.5 * np.einsum("ni,ni->n", away, slope), slope, matrix[number]

    return Rows(formula, len(center))


def random_bowls(n, q, seed=1):
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((n, q, q))
    matrix = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(q)
    return matrix, rng.standard_normal((n, q))


def rosenbrock(x, number):
    a, b = x.T
    bend = b - a**2
    value = 100 * bend**2 + (1 - a) ** 2
    slope = np.stack([-400 * a * bend - 2 * (1 - a), 200 * bend], axis=1)
    curvature = np.empty((len(x), 2, 2))
    curvature[:, 0, 0], curvature[:, 1, 1] = 1200 * a**2 - 400 * b + 2, 200
    curvature[:, 0, 1] = curvature[:, 1, 0] = -400 * a
    return value, slope, curvature


def banana(x, number):
    """cosh(a) + (b - a^2)^2 / 2 - 1: along its bent valley it is cosh(a) - 1."""
    a, b = x.T
    away = b - a**2
    slope = np.stack([np.sinh(a) - 2 * a * away, away], axis=1)
    curvature = np.ones((len(x), 2, 2))
    curvature[:, 0, 0] = np.cosh(a) - 2 * away + 4 * a**2
    curvature[:, 0, 1] = curvature[:, 1, 0] = -2 * a
    return np.cosh(a) - 1 + 0.5 * away**2, slope, curvature


def best_in_box(matrix, center, low, high):
    """The lowest point of a bowl in a box: the lowest of those inside, with any coordinates at any bound."""
    q, found = len(center), []
    for ends in product((None, low, high), repeat=q):
        x = np.array([0.0 if end is None else end[k] for k, end in enumerate(ends)])
        free = [k for k, end in enumerate(ends) if end is None]
        held = [k for k, end in enumerate(ends) if end is not None]
        if free:
            push = matrix[np.ix_(free, held)] @ (x - center)[held]
            x[free] = center[free] - np.linalg.solve(matrix[np.ix_(free, free)], push)
        if np.all((x >= low) & (x <= high)):
            found.append((0.5 * (x - center) @ matrix @ (x - center), tuple(x)))
    return min(found)


def test_bent_valley_that_is_not_convex():
    starts = np.array([[-1.2, 1.0], [1.5, -2.0], [0.0, 3.0], [-3.0, -3.0], [1.0, 1.0]])
    _, _, curvature = rosenbrock(starts, None)
    assert (np.linalg.eigvalsh(curvature) < 0).any()
    found = minimize(Rows(rosenbrock, 5), starts, *FREE)
    assert found.converged.all()
    np.testing.assert_allclose(found.x, 1, rtol=1e-7)
    np.testing.assert_allclose(found.value, 0, atol=1e-14)
    np.testing.assert_allclose(found.curvature, np.tile([[802.0, -400], [-400, 200]], (5, 1, 1)), rtol=1e-6)


def test_a_box_ends_where_trying_all_its_sides_does():
    matrix, center = random_bowls(60, 3)
    low, high = np.array([-0.5, -0.3, -50.0]), np.array([0.4, 50.0, 0.2])
    found = minimize(bowls(matrix, center), np.zeros((60, 3)), low, high)
    assert found.converged.all()
    expected = [best_in_box(matrix[k], center[k], low, high) for k in range(60)]
    np.testing.assert_allclose(found.x, [x for _, x in expected], atol=1e-7)
    np.testing.assert_allclose(found.value, [value for value, _ in expected], atol=1e-13)
    at_bound = np.sum((found.x == low) | (found.x == high), axis=1)
    assert set(at_bound) == {0, 1, 2, 3}


def test_held_coordinates_stay_and_the_others_adapt():
    matrix, center = random_bowls(5, 2)
    start = np.column_stack([np.full(5, 0.7), np.zeros(5)])
    found = minimize(bowls(matrix, center), start, *FREE, held=(0,))
    np.testing.assert_array_equal(found.x[:, 0], 0.7)
    expected = center[:, 1] - matrix[:, 0, 1] * (0.7 - center[:, 0]) / matrix[:, 1, 1]
    np.testing.assert_allclose(found.x[:, 1], expected, rtol=1e-10)


def test_the_floor_is_that_of_the_parabola():
    # So early, a search has not arrived; the floor of a bowl is known all the same.
    matrix, center = random_bowls(8, 2)
    start = center + 0.3
    found = minimize(bowls(matrix, center), start, *FREE, stop=1e9)
    np.testing.assert_array_equal(found.x, start)
    np.testing.assert_allclose(found.floor, 0, atol=1e-14)


def test_rows_do_not_depend_on_each_other_nor_on_a_row_that_fails():
    def formula(x, number):
        value, slope, curvature = rosenbrock(x, number)
        return np.where(number == 1, np.nan, value), slope, curvature

    starts = np.random.default_rng(3).uniform(-2, 2, (12, 2))
    found = minimize(Rows(formula, 12), starts, *FREE)
    np.testing.assert_array_equal(found.converged, np.arange(12) != 1)
    for row in (0, 5, 11):
        alone = minimize(Rows(rosenbrock, 1), starts[[row]], *FREE)
        np.testing.assert_array_equal(alone.x[0], found.x[row])


def test_what_is_not_finite_is_stepped_back_from():
    # The first Newton step of x - log(x) from 1.9 leads far below zero.
    def formula(x, number):
        with np.errstate(invalid="ignore"):
            return (x - np.log(x))[:, 0], 1 - 1 / x, (1 / x**2)[:, :, None]

    found = minimize(Rows(formula, 2), np.array([[1.9], [30.0]]), np.array([-np.inf]), np.array([np.inf]))
    np.testing.assert_allclose(found.x, 1, rtol=1e-6)
    assert found.converged.all()


def test_a_step_leads_down_also_from_a_saddle_and_is_never_long():
    curvature = np.array([np.diag([-2.0, 1.0]), np.diag([1e-6, 1.0]), [[1.0, 3], [3, 1]], np.diag([4.0, 2])])
    slope = np.array([[1.0, 1], [1, 0], [1, -0.5], [1, 1]])
    step, decrement, convex = newton_step(slope, curvature, np.zeros((4, 2), dtype=bool))
    np.testing.assert_array_equal(convex, [False, True, False, True])
    assert (np.einsum("ni,ni->n", slope, step) < 0).all()
    assert (np.abs(step) <= LONGEST_STEP).all()
    np.testing.assert_allclose(step[[0, 3]], [[-0.5, -1], [-0.25, -0.5]])
    np.testing.assert_allclose(decrement[3], 0.75)


def test_a_bowl_rises_as_far_away_as_its_inverse_says():
    matrix, center = random_bowls(20, 3)
    minima = minimize(bowls(matrix, center), np.zeros((20, 3)), np.full(3, -np.inf), np.full(3, np.inf))
    variance = np.diagonal(np.linalg.inv(matrix), axis1=1, axis2=2)
    low, high = np.full(3, -1e9), np.full(3, 1e9)
    for coordinate, side, rise in product(range(3), (-1, 1), (0.5, 2.0)):
        found = crossing(bowls(matrix, center), minima, coordinate, side, rise, low, high)
        expected = center[:, coordinate] + side * np.sqrt(2 * rise * variance[:, coordinate])
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("rise", [0.1, 0.5, 1.353, 8.0])
def test_a_bent_valley_is_followed_to_where_it_has_risen(rise):
    low, high = np.full(2, -50.0), np.full(2, 50.0)
    minima = minimize(Rows(banana, 1), np.array([[0.4, -0.3]]), low, high)
    np.testing.assert_allclose(minima.x, 0, atol=1e-6)
    for side in (-1, 1):
        found = crossing(Rows(banana, 1), minima, 0, side, rise, low, high)
        assert found[0] == pytest.approx(side * np.arccosh(1 + rise), rel=1e-6)


def test_a_bound_that_comes_first_is_the_end():
    matrix, center = np.array([[[1.0, 0.5], [0.5, 1.0]]] * 2), np.zeros((2, 2))
    low, high = np.array([-0.2, -9.0]), np.array([9.0, 9.0])
    minima = minimize(bowls(matrix, center), center, low, high)
    assert crossing(bowls(matrix, center), minima, 0, -1, 0.5, low, high).tolist() == [-0.2, -0.2]
    # Over the other coordinate, the variance is 4/3; at its bound only 1.
    end = crossing(bowls(matrix, center), minima, 0, 1, 0.5, low, high)
    np.testing.assert_allclose(end, np.sqrt(4 / 3), rtol=1e-6)
    narrow = np.array([-9.0, 0.0]), np.array([9.0, 0.5])
    end = crossing(bowls(matrix, center), minima, 0, 1, 0.5, *narrow)
    np.testing.assert_allclose(end, 1.0, rtol=1e-6)


def test_what_has_not_converged_has_no_crossing():
    matrix, center = random_bowls(2, 2)
    broken = Rows(lambda x, number: (np.full(len(x), np.nan), x, matrix[number]), 2)
    minima = minimize(broken, center, *FREE)
    assert np.isnan(crossing(broken, minima, 0, 1, 0.5, np.full(2, -9.0), np.full(2, 9.0))).all()


def test_other_coordinates_follow_their_valley():
    matrix, center = random_bowls(4, 3)
    value = np.array([-1.0, 0.0, 0.3, 2.0])
    found = follow_valley(center, matrix, 1, value, np.full(3, -50.0), np.full(3, 50.0))
    held = minimize(
        bowls(matrix, center), found, np.full(3, -np.inf), np.full(3, np.inf), held=(1,), stop=1e-20
    )
    np.testing.assert_array_equal(found[:, 1], value)
    np.testing.assert_allclose(found, held.x, rtol=1e-9, atol=1e-12)
