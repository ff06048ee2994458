"""Rows that are printed part by part are those that astropy prints of all at once."""

import numpy as np
import pytest
from astropy.table import Table
from light_curve_rows import make_rows

from tevcurve.lightcurve import notebook_view
from tevcurve.lightcurve.notebook_view import whole_text
from tevcurve.lightcurve.printed_rows import printed_parts


def in_one(table):
    return table.pformat(max_lines=-1, max_width=-1, align=">")


def make_table(n_rows, units):
    """A table whose widest texts are in other parts for each column."""
    rng = np.random.default_rng(3)
    table = Table(
        {
            "a long name of numbers": rng.integers(0, 9, n_rows),
            "x": rng.normal(size=n_rows) * 10.0 ** rng.integers(-3, 9, n_rows),
            "g": 10.0 ** rng.integers(-9, 9, n_rows),
            "words": ["a" * (7 * n % 12) for n in range(n_rows)],
            "lines": ["two\nlines" if n % 5 == 0 else " ö " for n in range(n_rows)],
            "objects": np.array(["" if n % 3 else "known" for n in range(n_rows)], dtype=object),
            "vector": rng.normal(size=(n_rows, 3)),
            "is": rng.random(n_rows) < 0.5,
        }
    )
    table["x"][1], table["x"].info.format, table["g"].info.format = np.nan, ".3f", "g"
    if units:
        table["x"].unit = "1e-11 / (s cm2)"
    return table


@pytest.mark.parametrize("units", [False, True])
@pytest.mark.parametrize("size", [1, 4, 11, 40])
def test_lines_are_those_of_the_whole_table(size, units):
    table = make_table(23, units)
    parts = printed_parts(table[first : first + size] for first in range(0, 23, size))
    assert "\n".join(parts).split("\n") == in_one(table)


@pytest.mark.parametrize("units", [False, True])
def test_a_table_without_rows_has_its_head(units):
    table = make_table(23, units)[:0]
    assert "\n".join(printed_parts([table])).split("\n") == in_one(table)


@pytest.mark.parametrize("names", [None, ["time_min", "flux", "sqrt_ts", "reason"]])
def test_a_light_curve_in_parts_is_that_in_one(names, monkeypatch):
    light_curve = make_rows(9)
    for end, sizes in {"": (1e-13, 4e-11, np.nan), "_err": (3e-14, 2e-12, np.nan)}.items():
        light_curve.table[f"flux{end}"] = np.resize(sizes, len(light_curve))
    light_curve.table["reason"] = ["", "a reason"] * (len(light_curve) // 2)
    whole = "\n".join(whole_text(light_curve, names))
    assert len(whole.splitlines()) > len(light_curve)
    for size in (1, 4, 17):
        monkeypatch.setattr(notebook_view, "ROWS_AT_ONCE", size)
        assert "\n".join(whole_text(light_curve, names)) == whole
