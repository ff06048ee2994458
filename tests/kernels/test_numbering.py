"""Numbers of what is kept."""

import numpy as np

from tevcurve.kernels.numbering import members_of, numbers_among, numbers_by_row, sums_by_owner


def test_what_is_kept_is_numbered_in_its_order():
    assert numbers_among(np.array([1, 4]), 6).tolist() == [-1, 0, -1, -1, 1, -1]
    own, number = members_of(np.array([1, 4]), 6, np.array([4, 0, 1, 1, 5, 4]))
    assert own.tolist() == [0, 2, 3, 5]
    assert number.tolist() == [1, 0, 0, 1]


def test_of_nothing_nothing_is_kept():
    own, number = members_of(np.zeros(0, dtype=int), 3, np.array([0, 1, 2]))
    assert len(own) == len(number) == 0
    assert numbers_among(np.zeros(0, dtype=int), 0).shape == (0,)


def test_pieces_are_numbered_by_rows_and_by_runs_in_a_row():
    first, second = numbers_by_row([np.array([2, 0, 5]), np.array([0, 2])])
    assert first.tolist() == [2, 0, 4]
    assert second.tolist() == [1, 3]


def test_sums_over_what_belongs_to_each():
    owner, values = np.array([2, 0, 2]), np.arange(12.0).reshape(3, 2, 2)
    expected = np.stack([values[1], 0 * values[0], values[0] + values[2]])
    assert sums_by_owner(values, owner, 3).tolist() == expected.tolist()
    assert sums_by_owner(values[:, :1, :1], owner, 3).tolist() == expected[:, :1, :1].tolist()
    assert sums_by_owner(values[:, 0, 0], owner, 3).tolist() == expected[:, 0, 0].tolist()
    nothing = sums_by_owner(np.zeros((0, 2)), np.zeros(0, dtype=int), 3)
    assert nothing.tolist() == [[0.0, 0.0]] * 3
