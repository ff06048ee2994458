"""Digits of numbers with errors."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.rounding import decimals_of, with_errors


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((394.83, 98.7, 187.6), "395 -99 +188"),
        ((394.83, 8.71, 18.76), "394.8 -8.7 +18.8"),
        ((0.5891, 0.0204), "0.589 +- 0.020"),
        ((3.4123e-11, 1.23e-12), "(3.41 +- 0.12)e-11"),
        ((-0.0012, 0.31), "0.00 +- 0.31"),
        ((1234567.0, 23456.0, np.inf), "(1.235 -0.023 +inf)e+06"),
        ((12.3456, np.nan), "12.35"),
        ((12.3456,), "12.35"),
        ((30.0, 0.0, 4.123), "30.0 -0.0 +4.1"),
    ],
)
def test_a_value_and_its_errors_end_at_the_same_place(numbers, text):
    assert with_errors(*numbers) == text
    assert with_errors(*numbers, unit=u.s) == f"{text} s"


def test_the_smallest_error_says_how_many_digits():
    assert [decimals_of(*each) for each in ((0.31, 4.0), (20.0,), (0.0, np.nan), (1e-12,))] == [2, 0, 2, 8]
