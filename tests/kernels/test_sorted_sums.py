"""Sums over things in the order of their owners, against sums one by one."""

import math

import numpy as np
import pytest

from tevcurve.kernels.sorted_sums import MANY, SortedSums

# How many things owners have: all few, all many, both in every order, and owners of none at the ends and between.
LENGTHS = [
    [1, 2, 3],
    [MANY, 40, 300],
    [0, 3, 0, 40, 2, 1, MANY, 0, 0, 50, 7, 0],
    [40, 1],
    [1, 40],
    [0, 500, 0],
    [60, 70, 0, 1],
    [MANY - 1, MANY, MANY - 1],
    [0, 0],
    [],
]


def drawn(length, seed=0):
    rng = np.random.default_rng(seed)
    n = sum(length)
    return np.repeat(np.arange(len(length)), length), rng.standard_normal(n) * 10.0 ** rng.uniform(-8, 8, n)


@pytest.mark.parametrize("length", LENGTHS)
def test_sums_are_those_of_exact_addition(length):
    owner, values = drawn(length)
    sums = SortedSums(owner, len(length)).of(values)
    assert sums.shape == (len(length),)
    assert sums.dtype == float
    for number, total in enumerate(sums):
        own = values[owner == number]
        assert abs(total - math.fsum(own)) <= 1e-15 * len(own) * np.sum(np.abs(own))


@pytest.mark.parametrize("length", LENGTHS)
def test_a_sum_is_the_same_in_every_digit_whoever_else_is_there(length):
    owner, values = drawn(length)
    sums = SortedSums(owner, len(length)).of(values)
    for number, total in enumerate(sums):
        own = values[owner == number]
        assert SortedSums(np.zeros(len(own), dtype=int), 1).of(own)[0] == total
        assert SortedSums(np.full(len(own), 2), 4).of(own).tolist() == [0, 0, total, 0]


@pytest.mark.parametrize("length", LENGTHS)
def test_values_of_owners_are_spread_over_what_they_own(length):
    owner, _ = drawn(length)
    of_owners = np.random.default_rng(1).standard_normal(len(length))
    assert np.array_equal(SortedSums(owner, len(length)).spread(of_owners), of_owners[owner])
    # Whole numbers, too, are what floats are multiplied with.
    whole = SortedSums(owner, len(length)).spread(np.arange(len(length)))
    assert whole.dtype == float
    assert np.array_equal(whole, owner)


def test_infinite_values_stay_with_their_owner():
    owner, values = drawn([50, 3, 60, 2, 70])
    values[[10, 51]] = np.inf, np.nan
    sums = SortedSums(owner, 5).of(values)
    assert np.isinf(sums[0])
    assert np.isnan(sums[1])
    assert np.isfinite(sums[2:]).all()
