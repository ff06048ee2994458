import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from tevcurve.kernels.interpolation import (
    all_inside,
    interpolate_axis,
    interpolate_points,
    interpolate_rows,
    locate,
)

RNG = np.random.default_rng(7)
GRID = [np.sort(RNG.uniform(0, 10, n)) for n in (5, 7, 4)]
TABLE = RNG.normal(size=(5, 7, 4))


def points(number):
    return [RNG.uniform(nodes[0], nodes[-1], number) for nodes in GRID]


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_agrees_with_scipy_inside_the_grid(n_axes):
    where = points(200)[:n_axes]
    expected = RegularGridInterpolator(GRID[:n_axes], TABLE)(np.transpose(where))
    places = [locate(nodes, values) for nodes, values in zip(GRID, where, strict=False)]
    np.testing.assert_allclose(interpolate_points(TABLE, *places), expected, rtol=1e-12, atol=1e-12)


def test_places_broadcast_and_an_axis_can_be_replaced():
    first, second, third = points(6)
    places = locate(GRID[0], first), locate(GRID[1], second), locate(GRID[2], third)
    expected = RegularGridInterpolator(GRID, TABLE)(
        np.stack(np.meshgrid(first, second, third, indexing="ij"), axis=-1)
    )
    one_by_one = TABLE
    for axis in range(3):
        one_by_one = interpolate_axis(one_by_one, places[axis], axis)
    np.testing.assert_allclose(one_by_one, expected, rtol=1e-12, atol=1e-12)
    broadcast = interpolate_points(
        TABLE,
        locate(GRID[0], first[:, None, None]),
        locate(GRID[1], second[:, None]),
        locate(GRID[2], third),
    )
    np.testing.assert_allclose(broadcast, expected, rtol=1e-12, atol=1e-12)


def test_an_axis_is_replaced_by_places_of_any_shape():
    values = RNG.uniform(GRID[1][0], GRID[1][-1], (2, 3))
    result = interpolate_axis(TABLE, locate(GRID[1], values), axis=1)
    assert result.shape == (5, 2, 3, 4)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(
            result[:, index[0], index[1]], interpolate_axis(TABLE, locate(GRID[1], values[index]), axis=1)
        )


def test_rows_take_each_its_own_place():
    table = RNG.normal(size=(6, 7))
    values = RNG.uniform(GRID[1][0], GRID[1][-1], 6)
    expected = [np.interp(value, GRID[1], row) for value, row in zip(values, table, strict=True)]
    np.testing.assert_allclose(interpolate_rows(table, locate(GRID[1], values)), expected, rtol=1e-12)


def test_the_nodes_themselves_are_exact():
    for axis, nodes in enumerate(GRID):
        assert np.array_equal(interpolate_axis(TABLE, locate(nodes, nodes), axis), TABLE)


def test_beyond_the_nodes_the_nearest_counts_and_beyond_the_edges_nothing_is_inside():
    places = locate(np.array([1.0, 2.0]), [0.4, 0.5, 0.9, 2.4, 2.5, 2.6, np.nan], low=0.5, high=2.5)
    assert places.inside.tolist() == [False, True, True, True, True, False, False]
    np.testing.assert_array_equal(interpolate_axis(np.array([3.0, 5.0]), places)[:-1], [3, 3, 3, 5, 5, 5])


def test_a_single_node_is_a_constant():
    places = locate(np.array([0.4]), [[0.1, 0.4], [0.6, 9.0]], low=0.39, high=0.7)
    assert np.array_equal(interpolate_axis(np.array([7.0]), places), np.full((2, 2), 7.0))
    assert places.inside.tolist() == [[False, True], [True, False]]


def test_inside_means_inside_every_axis():
    first, second = locate(GRID[0], [[1.0], [2.0]], low=1.5), locate(GRID[1], [1.0, 2.0], high=1.5)
    assert all_inside(first, second).tolist() == [[False, False], [True, False]]
