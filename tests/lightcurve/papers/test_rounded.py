"""Digits by the rule of the Particle Data Group: its own examples, and what must hold for all numbers."""

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from tevcurve.lightcurve.papers.rounded import decimals, number_text, pdg_decimals, rounded


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        # Introduction of the Review of Particle Physics, section 5.3.
        (0.827, 0.119, ("0.83", "0.12")),
        (0.827, 0.367, ("0.8", "0.4")),
        (0.827, 0.99, ("0.8", "1.0")),
        # At the borders of its three cases.
        (12.3456, 0.354, ("12.35", "0.35")),
        (12.3456, 0.355, ("12.3", "0.4")),
        (12.3456, 0.949, ("12.3", "0.9")),
        (12.3456, 0.9501, ("12.3", "1.0")),
        (1234.5, 123.0, ("1230", "120")),
        (1.23456e-11, 2.34e-12, ("1.23e-11", "2.3e-12")),
    ],
)
def test_the_rule_and_its_examples(value, error, shown):
    places = pdg_decimals(error)
    assert (number_text(value, places), number_text(error, places)) == shown


@pytest.mark.parametrize(("value", "places"), [(-0.0004, 2), (-1e-14, 13)])
def test_nothing_has_no_sign(value, places):
    assert not number_text(value, places).startswith("-")
    table = Table({"flux": [value], "flux_err": [20 * 10.0**-places]})
    assert not np.signbit(rounded(table)["flux"][0])


@given(st.floats(1e-15, 1e6))
def test_an_error_keeps_one_or_two_digits_and_moves_by_less_than_a_sixth(error):
    places = pdg_decimals(error)
    told = round(error, places)
    assert abs(told / error - 1) < 1 / 6
    assert 1 <= round(told * 10.0**places) < 100


def make():
    table = Table(
        {"time_min": [54000.0] * 4, "time_max": [54000.02] * 4, "flux": [3.456, 3.456, np.nan, 0.0]}
    )
    table["flux_err"] = [np.nan, 0.456, np.nan, np.nan]
    table["flux_errn"], table["flux_errp"] = [0.123, np.nan, np.nan, np.nan], [0.456, np.nan, np.nan, 0.27]
    table["flux_ul"], table["sqrt_ts"], table["counts"] = (
        [4.56789, 4.5, 0.01234, 0.8],
        [7.123456] * 4,
        [3] * 4,
    )
    table.meta["TIMESYS"] = "tt"
    return table


def test_a_way_down_to_zero_does_not_say_the_digits_and_edges_have_no_zeros_at_their_end():
    table = Table({"time_min": [54000.0] * 3, "time_max": [54000.02] * 3, "flux": [1.2e-17, 0.3, 0.5]})
    # The second goes on below zero; of the third nothing else is known.
    table["flux_errn"], table["flux_errp"] = [1.2e-17, 0.5, 0.5], [0.9, 0.6, np.nan]
    table["e_min"], table["phase_min"] = [1.0, 0.5, 30000.0], [0.0, 0.25, 1 / 3]
    table.meta["TIMESYS"] = "tt"
    places = decimals(table)
    assert places["flux"].tolist() == [1, 1, 1]
    shown = [
        [number_text(value, place) for value, place in zip(table[name], places[name], strict=True)]
        for name in ("e_min", "phase_min")
    ]
    assert shown == [["1", "0.5", "30000"], ["0", "0.25", "0.3333"]]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (0.00949, "0.009"),
        (0.0095, "0.010"),
        (0.00951, "0.010"),
        (354, "350"),
        (355, "400"),
        (949, "900"),
        (950, "1000"),
        (99.96, "100"),
    ],
)
def test_errors_at_the_borders_of_the_rule(error, shown):
    assert number_text(error, pdg_decimals(error)) == shown


def test_a_row_ends_at_one_place_which_the_smallest_error_says():
    places = decimals(make())
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul"):
        assert places[name].tolist() == [2, 1, 3, 2], name
    assert places["sqrt_ts"].tolist() == [1] * 4
    assert "counts" not in places
    made = rounded(make())
    np.testing.assert_array_equal(made["flux"], [3.46, 3.5, np.nan, 0.0])
    np.testing.assert_array_equal(made["flux_errp"], [0.46, np.nan, np.nan, 0.27])
    np.testing.assert_array_equal(made["flux_ul"], [4.57, 4.5, 0.012, 0.8])
    # 29 minutes: to a hundredth of that.
    assert places["time_min"].tolist() == [4] * 4
