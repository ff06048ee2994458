"""The long table: rows of any parts in the order of sources and times, exact, and read part by part."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Column, Table

from tevcurve.catalogue.long_table import LONG_TABLE, layout_of, read_rows, write_long_table
from tevcurve.errors import DataError
from tevcurve.lightcurve.io import read_table

NAMES = ["one", "zwölf", "a <b>", "without rows"]


def part(source, start, **more):
    """(sources, Table) of a part whose rows begin at some times."""
    n = len(source)
    table = Table(meta={"TIMESYS": "tt", "negative": False, "edges": [1.0, 2.0]})
    table["time_min"] = Column(np.asarray(start, float), unit="d", description="Start")
    table["time_max"] = Column(np.asarray(start, float) + 0.5, unit="d")
    table["flux"] = Column(np.arange(n) * 1e-12 + 1e-20 / 3, unit="1 / (cm2 s)")
    table["counts"] = np.arange(n)
    table["status"] = np.array(["ok", "at_zero"] * n)[:n]
    for name, values in more.items():
        table[name] = values
    return np.asarray(source), table


PARTS = [
    part([0, 0, 2], [5.0, 3.0, 9.0], reason=["", "a longer one", "é"]),
    part([0, 1, 1, 2], [4.0, 8.0, 7.0, 1.0], reason=[""] * 4, extra=[1, 2, 3, 4]),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / LONG_TABLE
    write_long_table(path, layout_of(PARTS, NAMES), PARTS, NAMES)
    return path


def test_rows_are_in_the_order_of_sources_and_times(path):
    table = read_rows(path, 0, 7)
    assert table["source"].tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert table["time_min"].tolist() == [3, 4, 5, 7, 8, 1, 9]
    flux = [1, 0, 0, 2, 1, 3, 2]
    np.testing.assert_array_equal(table["flux"], np.array(flux) * 1e-12 + 1e-20 / 3)
    assert table["reason"].tolist() == ["a longer one", "", "", "", "", "", "?"]
    np.testing.assert_array_equal(table["extra"], [np.nan, 1, np.nan, 3, 2, 4, np.nan])
    assert table["counts"].dtype == np.int64
    assert str(table["flux"].unit) == "1 / (s cm2)"
    assert table["time_min"].info.description == "Start"
    assert table.meta == PARTS[0][1].meta


def test_some_rows_are_read_alone(path):
    assert read_rows(path, 3, 5)["time_min"].tolist() == [7, 8]
    assert len(read_rows(path, 4, 4)) == 0
    with pytest.raises(DataError, match="has 7 rows; 0 to 8 are wanted"):
        read_rows(path, 0, 8)


def test_it_is_a_table_as_any_other(path):
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert hdus["LIGHTCURVE"].header["TIMESYS"] == "TT"
        assert hdus["LIGHTCURVE"].data["source_name"].tolist() == ["one"] * 3 + ["zw?lf"] * 2 + ["a <b>"] * 2
    assert read_table(path).colnames == read_rows(path, 0, 1).colnames
    assert path.stat().st_size % 2880 == 0


def test_the_parts_may_come_in_any_order(path, tmp_path):
    other = tmp_path / "other.fits"
    parts = [PARTS[1], PARTS[0]]
    write_long_table(other, layout_of(parts, NAMES), parts, NAMES)
    one, two = (read_rows(each, 0, 7) for each in (path, other))
    for name in one.colnames:
        np.testing.assert_array_equal(one[name], two[name])


def test_a_table_without_rows(tmp_path):
    path = tmp_path / LONG_TABLE
    write_long_table(path, layout_of([], NAMES), [], NAMES)
    assert len(read_rows(path, 0, 0)) == 0
