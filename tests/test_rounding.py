"""Digits of numbers with errors."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.rounding import (
    cells,
    decimals_in_row,
    decimals_of,
    power_of,
    sigma_text,
    statistic_text,
    to_place,
    with_errors,
)


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


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ((2.59634, 0.0123), ["2.596", "0.012"]),
        ((3.4123e-11, 1.23e-12, np.nan, 2e-12), ["3.41e-11", "0.12e-11", "", "0.20e-11"]),
        ((2.59634, np.nan), ["2.59634", ""]),
        ((2.5, 0.0), ["2.5", ""]),
    ],
)
def test_cells_stand_alone(numbers, texts):
    assert cells(*numbers) == texts


def test_a_row_ends_where_its_smallest_error_says_or_else_its_first_number():
    assert decimals_in_row(5.4321, (0.31, 0.012)) == 3
    assert decimals_in_row(5.4321, (np.nan,), 1.0) == decimals_of(5.4321)
    assert decimals_in_row(0.0, (np.nan,), 34.5) == decimals_of(34.5)
    assert decimals_in_row(np.nan, (np.nan,), np.nan) == 2


def test_columns_share_the_power_of_their_middle_number():
    assert power_of([1e-11, 3e-11, 4e-10, np.nan]) == -11
    assert power_of([0.3, 0.5]) == power_of([]) == 0


def test_no_significance_has_a_sign_without_a_size():
    assert [sigma_text(each) for each in (-0.04, 0.04, -0.06, 3.14)] == ["0.0", "0.0", "-0.1", "3.1"]


def test_statistics_have_three_digits_at_most_behind_the_point():
    told = [statistic_text(each) for each in (0.7323, 3.04, 10.56, 99.97, 1959.3, 0.0, np.nan)]
    assert told == ["0.73", "3.04", "10.6", "100.0", "1959", "0.00", "nan"]


def test_numbers_are_rounded_as_they_are_written():
    assert [to_place(0.0095, 3), to_place(2.675, 2), to_place(-0.25, 1), to_place(1250.0, -2)] == [
        0.01,
        2.68,
        -0.3,
        1300.0,
    ]
    assert to_place(1.23456e-300, 302) == 1.23e-300
    assert to_place(5e300, -299) == 5e300
