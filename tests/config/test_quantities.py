"""Quantities as texts: read exactly, with the unit that was meant."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.config.quantities import above_text, as_quantities, as_quantity, quantity_text, quantity_texts
from tevcurve.errors import InputError

WANTED = "an energy"


@pytest.mark.parametrize("text", ["0.7 TeV", "0.7TeV", " 7e-1  TeV ", "700 GeV", ".7 TeV", "+0.7 TeV"])
def test_one_quantity(text):
    assert as_quantity(text, "TeV", WANTED).to_value("TeV") == pytest.approx(0.7, rel=1e-15)
    assert quantity_text(text, "TeV", WANTED) == text.strip()


def test_a_quantity_is_a_text_to_the_last_digit():
    value = u.Quantity(0.1 + 0.2, "TeV")
    assert as_quantity(quantity_text(value, "TeV", WANTED), "TeV", WANTED) == value


def test_several():
    assert quantity_texts("0.7TeV,20TeV", "TeV", WANTED) == ["0.7TeV", "20TeV"]
    assert quantity_texts("0.7, 2, 20 TeV", "TeV", WANTED) == ["0.7 TeV", "2 TeV", "20 TeV"]
    assert quantity_texts(["0.7 TeV", "900 GeV"], "TeV", WANTED) == ["0.7 TeV", "900 GeV"]
    assert quantity_texts([0.7, 20] * u.TeV, "TeV", WANTED) == ["0.7 TeV", "20.0 TeV"]
    np.testing.assert_array_equal(as_quantities(["0.7 TeV", "900 GeV"], "TeV", WANTED).value, [0.7, 0.9])


@pytest.mark.parametrize(
    "text",
    [
        "1-10 TeV",
        "1 - 10TeV",
        "1 TeV-10 TeV",
        "1000 GeV - 10 TeV",
        "1 to 10 TeV",
        "1\u201310 TeV",
        "1..10 tev",
        "1e0-1e1 TeV",
    ],
)
def test_a_range_has_two_ends(text):
    found = quantity_texts(text, "TeV", WANTED)
    np.testing.assert_allclose(as_quantities(found, "TeV", WANTED).value, [1, 10], rtol=1e-15)


def test_a_range_takes_numbers_whole_and_may_have_ends_inside():
    assert quantity_texts("1e-3 TeV", "TeV", WANTED) == ["1e-3 TeV"]
    assert quantity_texts("1e-3-1e-2 TeV", "TeV", WANTED) == ["1e-3 TeV", "1e-2 TeV"]
    assert quantity_texts("0.7-2-20 TeV", "TeV", WANTED) == ["0.7 TeV", "2 TeV", "20 TeV"]


@pytest.mark.parametrize(
    "text", [">1 TeV", " > 1TeV", "E>1 TeV", ">=1 TeV", "above 1 TeV", "From 1 TeV", "\u22651 TeV"]
)
def test_above_an_energy(text):
    assert as_quantity(above_text(text), "TeV", WANTED) == 1 * u.TeV


@pytest.mark.parametrize("text", ["1 TeV", "<1 TeV", "1-10 TeV", ">1", "above", ""])
def test_what_has_no_open_end(text):
    assert above_text(text) is None


def test_evenly_spaced_ones_end_where_they_were_asked_to():
    made = as_quantities("geomspace(0.7 TeV, 20 TeV, 5)", "TeV", WANTED)
    assert (made[0], made[-1]) == (0.7 * u.TeV, 20 * u.TeV)
    np.testing.assert_allclose(made[1:] / made[:-1], (20 / 0.7) ** 0.25, rtol=1e-14)
    np.testing.assert_allclose(as_quantities("linspace(0, 1, 3)", "", WANTED), [0, 0.5, 1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.7", "without a unit"),
        ("0.7 s", "not convertible to TeV"),
        ("TeV", "no number with a unit"),
        ("0.7 notaunit", "no known unit"),
        ("nan TeV", "no number"),
        ("__import__('os')", "no number"),
        ("geomspace(0 TeV, 3 TeV, 4)", "goes through 0"),
        ("geomspace(1 TeV, 3 TeV, 1)", "2 to 100000"),
        ("geomspace(1 TeV, 3 TeV, 999999)", "2 to 100000"),
        ([True], "wanted is a text with a unit"),
    ],
)
def test_what_is_none(text, words):
    with pytest.raises(InputError, match=words):
        quantity_texts(text, "TeV", WANTED)
