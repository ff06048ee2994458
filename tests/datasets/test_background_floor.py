"""Backgrounds that are empty where a source may be seen."""

import numpy as np
from numpy.testing import assert_array_equal

from tevcurve.datasets.background_floor import plane_floors, raise_empty_cells


def test_a_plane_has_a_millionth_of_its_mean_or_of_that_of_the_nearest_one():
    assert_array_equal(plane_floors(np.array([4.0, 0, 0, 2, 0])), [4e-6, 4e-6, 2e-6, 2e-6, 2e-6])
    # Of two that are equally near the first one counts.
    assert_array_equal(plane_floors(np.array([4.0, 0, 2])), [4e-6, 4e-6, 2e-6])


def test_each_slice_has_floors_of_its_own():
    floors = plane_floors(np.array([[4.0, 0], [0, 0], [0, 6]]))
    assert_array_equal(floors, [[4e-6, 4e-6], [0, 0], [6e-6, 6e-6]])


def test_wanted_cells_alone_are_raised_and_nothing_is_written_to():
    background = np.array([[[1.0, 3.0]], [[0.0, 0.0]]])
    wanted = np.array([[[True, True]], [[True, False]]])
    assert_array_equal(raise_empty_cells(background, wanted), [[[1, 3]], [[2e-6, 0]]])
    assert_array_equal(background[1], 0)


def test_there_is_no_floor_without_any_background():
    empty = np.zeros((2, 3, 4, 4))
    assert_array_equal(raise_empty_cells(empty, np.ones(empty.shape, dtype=bool)), empty)
    full = np.ones((3, 4, 4))
    assert raise_empty_cells(full, True) is full


def test_next_to_nothing_is_raised_as_nothing_is():
    background = np.array([[[1.0, 1.0, 1e-29, 3e-6]]])
    floor = 1e-6 * background.mean()
    assert_array_equal(raise_empty_cells(background), [[[1, 1, floor, 3e-6]]])
