"""The bytes are what astropy's own writer makes of a table, however many tables were written before."""

import io

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Column, Table

from tevcurve.lightcurve.fits_files import TABLE_HDU, from_fits, to_fits


def by_astropy(table):
    """Bytes of the first two HDUs."""
    plain = table.copy()
    plain.meta.clear()
    hdu = fits.table_to_hdu(plain)
    hdu.name = TABLE_HDU
    if "TIMESYS" in table.meta:
        hdu.header["TIMESYS"] = (table.meta["TIMESYS"].upper(), "scale of time_min and time_max (MJD)")
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(stream)
    return stream.getvalue()


def table_of(n, rng, unit="TeV", longest=9):
    numbers = np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n))
    columns = {
        "float": Column(numbers, unit="1 / (cm2 s)", description="a number"),
        "single": Column(rng.normal(size=n).astype(np.float32), unit=unit),
        "whole": rng.integers(-(2**62), 2**62, n),
        "medium": rng.integers(-(2**30), 2**30, n).astype(np.int32),
        "short": rng.integers(-99, 99, n).astype(np.int16),
        "small": rng.integers(0, 200, n).astype(np.uint8),
        "bool": rng.random(n) < 0.5,
        "vector": rng.normal(size=(n, 3)),
        "matrix": rng.integers(0, 9, (n, 2, 2)),
        "flags": rng.random((n, 2)) < 0.5,
        "text": np.array((["", "one", 'a "quote"', "x" * longest] * n)[:n], dtype=str),
    }
    return Table(columns, meta={"TIMESYS": "tt", "list": [1, 2.5, None], "words": "NAXIS2  = 1"})


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_it_is_that_of_astropy(n):
    rng = np.random.default_rng(n)
    # Tables that are alike but for one thing come in turn: none has what was said of another.
    for unit, longest, scale in (("TeV", 9, "tt"), ("GeV", 9, "tt"), ("TeV", 5, "tt"), ("TeV", 9, "utc")) * 2:
        table = table_of(n, rng, unit, longest)
        table.meta["TIMESYS"] = scale
        content, wanted = to_fits(table), by_astropy(table)
        assert content[: len(wanted)] == wanted
        back = from_fits(content, "")
        assert back.meta == table.meta
        assert [back[name].unit for name in back.colnames] == [table[name].unit for name in table.colnames]
        assert all(np.array_equal(back[name], table[name]) for name in table.colnames if name != "float")
        assert np.array_equal(back["float"], table["float"], equal_nan=True)


def test_units_that_are_equal_stay_as_they_are_written():
    for unit in (u.TeV, u.Unit("1e3 GeV"), u.TeV):
        table = Table({"a": Column([1.0, 2.0], unit=unit)})
        assert from_fits(to_fits(table), "")["a"].unit.to_string() == unit.to_string()


def test_texts_that_fits_cannot_hold_come_back():
    for words in (["±", "b"], ["a", "b "], ["±", "c"]):
        table = Table({"text": np.array(words), "n": [1, 2]}, meta={"a": {"b": (1, 2)}, "±": "ü"})
        back = from_fits(to_fits(table), "")
        assert back["text"].tolist() == words
        assert back.meta == table.meta


def test_a_type_of_another_kind_is_left_to_astropy():
    table = Table({"large": np.array([1, 2**63], dtype=np.uint64), "bytes": np.array([1, -2], dtype=np.int8)})
    content, wanted = to_fits(table), by_astropy(table)
    assert content[: len(wanted)] == wanted
