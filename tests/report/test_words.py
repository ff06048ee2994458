"""Numbers, times and units in words."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time

from tevcurve.report import words
from tevcurve.report.rows import utc_ms


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5678, "1235"), (-0.5, "−0.5"), (0, "0"), (np.nan, "–"), (np.inf, "–"), (2e-7, "2e−07")],
)
def test_numbers(value, text):
    assert words.number(value) == text


def test_units_stand_as_in_papers():
    assert words.unit_text(u.Unit("1 / (TeV s cm2)"), -12) == "10⁻¹² cm⁻² s⁻¹ TeV⁻¹"
    assert words.unit_text(u.Unit("TeV / (cm2 s)")) == "TeV cm⁻² s⁻¹"
    assert words.unit_text(None) == ""


@pytest.mark.parametrize(
    "text", ["2024-02-29 23:59:59.750", "2016-12-31 23:59:59.250", "1999-01-01 00:00:00.000"]
)
def test_times_are_those_of_astropy(text):
    assert words.utc_text(utc_ms(Time([text], scale="utc").tt)[0], 3) == text


def test_times_are_rounded_to_the_second():
    assert words.utc_text(utc_ms(Time(["2024-02-28 23:59:59.75"], scale="utc"))[0]) == "2024-02-29 00:00:00"


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "30 s"), (600, "10 min"), (13338, "3.71 h"), (864000, "10 d")]
)
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_long_lists_are_cut():
    assert words.listing([1, 2, 3]) == "1, 2, 3"
    assert words.listing(list(range(15)), most=3) == "0, 1, 2 and 12 more"
