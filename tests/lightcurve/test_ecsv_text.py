"""The text is what astropy's own writer makes of a table."""

import io

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Column, Table
from hypothesis import given
from hypothesis import strategies as st

from tevcurve.lightcurve.ecsv_text import ecsv_parts


def ecsv_text(table):
    return "".join(ecsv_parts(table))


def by_astropy(table):
    stream = io.StringIO()
    table.write(stream, format="ascii.ecsv")
    return stream.getvalue()


def table_of(n, rng):
    numbers = rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, n)
    numbers[::7], numbers[1::7], numbers[2::7] = np.nan, -np.inf, -0.0
    columns = {
        "float": Column(numbers, unit="1 / (cm2 s)", description="a number, with words: and # more"),
        "whole": Column(np.arange(n) * 1e15),
        "single": Column(rng.normal(size=n).astype(np.float32), unit=u.TeV),
        "int": rng.integers(-(2**62), 2**62, n),
        "small": rng.integers(0, 200, n).astype(np.uint8),
        "bool": rng.random(n) < 0.5,
        "vector": np.where(rng.random((n, 3)) < 0.3, np.nan, rng.normal(size=(n, 3))),
        "matrix": rng.integers(0, 9, (n, 2, 2)),
        "text": np.array(
            (["", "one", "two words", 'a "quote"', "comma, semicolon;", "ünï"] * n)[:n], dtype=str
        ),
        "a name": np.zeros(n),
    }
    return Table(columns, meta={"TIMESYS": "tt", "list": [1, 2.5, None], "words": "a: b # c"})


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
def test_it_is_that_of_astropy(n):
    table = table_of(n, np.random.default_rng(n))
    if n == 0:
        table.remove_columns(["vector", "matrix"])
    assert ecsv_text(table) == by_astropy(table)


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))), min_size=1))
def test_any_text_is_written_as_by_astropy(words):
    table = Table({"text": np.array(words, dtype=str), "number": np.arange(len(words))})
    assert ecsv_text(table) == by_astropy(table)


@given(st.lists(st.floats(width=64), min_size=2))
def test_any_number_comes_back(numbers):
    table = Table({"number": np.array(numbers), "pair": np.array([numbers, numbers]).T})
    text = ecsv_text(table)
    assert text == by_astropy(table)
    back = Table.read(text, format="ascii.ecsv")
    assert np.array_equal(back["number"], numbers, equal_nan=True)


def test_other_kinds_are_left_to_astropy_and_formats_are_not_used():
    table = Table({"a": [1.23456, 2.5], "b": [b"x", b"y"]})
    wanted = by_astropy(table)
    table["a"].info.format = ".2f"
    assert ecsv_text(table) == wanted
    plain = Table({"a": [1.23456, 2.5]})
    del table["b"]
    assert ecsv_text(table) == by_astropy(plain)


def test_tables_that_are_alike_but_for_one_thing_have_their_own_words():
    units = (u.TeV, u.Unit("1e3 GeV"), None)
    tables = [
        Table({"a": Column([1.0, 2.0], unit=unit, description=words)})
        for unit in units
        for words in ("x", "y")
    ]
    tables += [
        Table({"a": [1.0, 2.0]}, meta=meta) for meta in ({"k": (1, 2)}, {"k": [1, 2]}, {"k": 1}, {"k": True})
    ]
    tables += [
        Table({"a": [1.0, 2.0]}, meta={"k": value}) for value in (1.0, np.float64(1), {"b": 1}, {1: "b"})
    ]
    for table in tables * 2:
        assert ecsv_text(table) == by_astropy(table)
