"""Intervals of flux factors from summed counts: what they are in counts, over the signal; whatever the counts."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.fit.exact_intervals import known_norm_intervals, onoff_norm_intervals

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def problems(monkeypatch):
    """The module with the functions that the validation report counts problems with."""
    monkeypatch.syspath_prepend(str(ROOT))
    from validation import exact_counts

    return exact_counts


def test_norms_are_counts_over_the_signal():
    # Feldman & Cousins 1998, table IV: 90 % for a background of 3.
    counts, ends = np.array([0.0, 5.0, 8.0]), np.array([[0, 0, 1.51], [1.08, 6.99, 10.99]])
    for signal in (1.0, 0.25):
        found = known_norm_intervals(counts, np.full(3, 3.0), np.full(3, signal), 0.9)
        assert_allclose(signal * np.array(found), ends, atol=0.011)
    on, off, alpha = np.array([3.0, 9.0]), np.array([4.0, 1.0]), np.array([1.0, 0.2])
    one, half = (onoff_norm_intervals(on, off, alpha, np.full(2, s), 0.9) for s in (1.0, 0.5))
    assert_array_equal(half, 2 * np.array(one))


WORDS = r"a time bin has 2\.5 .*counts; wanted are whole numbers"


def test_what_is_not_a_count_is_refused():
    odd, even = np.array([1.0, 2.5]), np.array([1.0, 2.0])
    with pytest.raises(InputError, match=WORDS):
        known_norm_intervals(odd, even, even, 0.9)
    for counts in ((odd, even), (even, odd)):
        with pytest.raises(InputError, match=WORDS):
            onoff_norm_intervals(*counts, even, even, 0.9)


def test_random_counts_have_intervals(problems):
    *found, different = problems.onoff_problems(20_000, np.random.default_rng(1), most=10.0)
    assert found == [0, 0, 0]
    assert different > 500
    assert list(problems.known_problems(30_000, np.random.default_rng(2))) == [0, 0, 0, 30_000]


def test_problems_are_counted(problems):
    lower, upper = np.array([0.0, np.nan, -1.0, 3.0, 0.0]), np.array([2.0, 3.0, 1.0, 4.0, -0.5])
    assert list(problems._problems(lower, upper, np.array([1.0, 1.0, 0.5, 1.0, 0.0]))) == [1, 2, 2]
