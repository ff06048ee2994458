"""Texts of many rows: of one width, or each once where that would take too much memory."""

import numpy as np
import pytest
from astropy.table import Table
from light_curve_rows import make_rows
from numpy.testing import assert_array_equal

from tevcurve import LightCurve
from tevcurve.files import texts
from tevcurve.files.texts import different_texts, is_text, of_one_width, text_array, width_of
from tevcurve.lightcurve import concatenate, table_details
from tevcurve.lightcurve.file_formats import FORMATS
from tevcurve.lightcurve.run_columns import columns_of, with_columns
from tevcurve.run_id import RunId

LONG = "a background that is free takes 3 counts of the excess"


def test_few_are_of_one_width_and_many_are_there_once_each(monkeypatch):
    given = [LONG, "", "ok", "".join([LONG[:10], LONG[10:]])]
    few = text_array(given)
    assert few.dtype == np.dtype(f"U{len(LONG)}")
    monkeypatch.setattr(texts, "MOST_BYTES", 100)
    many = text_array(given)
    assert many.dtype == object
    assert many.tolist() == few.tolist() == given
    assert many[0] is many[3]
    assert is_text(few)
    assert is_text(many)
    assert width_of(few) == width_of(many) == len(LONG)
    assert not is_text(np.array([1, "a"], dtype=object))
    assert not is_text(np.zeros(2))
    assert text_array([]).dtype.kind == "U"
    monkeypatch.setattr(texts, "TEXTS_AT_ONCE", 3)
    assert different_texts(few) == different_texts(many) == set(given)
    assert of_one_width(few) is few
    assert of_one_width(many).dtype == few.dtype
    assert of_one_width(many).tolist() == given


@pytest.mark.parametrize("name", [name for name, form in FORMATS.things().items() if form.is_written])
def test_every_format_has_the_same_bytes_whichever_they_are(name):
    light_curve = make_rows()
    table = light_curve.table
    table["reason"] = [LONG if row % 2 else 'ok, "two"' for row in range(len(table))]
    table["status"] = "ok"
    of_objects = LightCurve(table.copy())
    for column in ("reason", "status"):
        table_details.set_values(of_objects.table, column, np.array(table[column].tolist(), dtype=object))
    form = FORMATS[name]
    assert b"".join(form.parts_of(of_objects)) == b"".join(form.parts_of(light_curve))


@pytest.mark.parametrize("name", ["lc.fits", "lc.ecsv", "lc.vot", "lc.fits.gz", "lc.csv"])
def test_files_have_the_same_bytes_whichever_they_are(name, tmp_path, monkeypatch):
    light_curve = make_rows()
    reasons = [LONG if row % 2 else "" for row in range(len(light_curve))]
    light_curve.table["reason"] = np.array(reasons)
    of_objects = LightCurve(light_curve.table.copy())
    of_objects.table["reason"] = np.array(reasons, dtype=object)
    first, second = tmp_path / "few", tmp_path / "many"
    for folder in (first, second):
        folder.mkdir()
    light_curve.write(first / name)
    of_objects.write(second / name)
    assert (first / name).read_bytes() == (second / name).read_bytes()
    for module in (texts, table_details):
        monkeypatch.setattr(module, "MOST_BYTES", 100)
    if name != "lc.csv":
        assert_array_equal(LightCurve.read(second / name).table["reason"], reasons)


@pytest.mark.parametrize("name", ["lc.fits", "lc.vot", "gadf.ecsv"])
def test_tables_with_more_to_them_are_written_and_read_with_texts_that_are_objects(
    name, tmp_path, monkeypatch
):
    light_curve = make_rows()
    reasons = [LONG if row % 2 else "ok" for row in range(len(light_curve))]
    light_curve.table["reason"] = np.array(reasons, dtype=object)
    # No plain JSON has a Time, so that the columns are written by astropy.
    light_curve.table.meta["when"] = light_curve.time_start[0]
    for module in (texts, table_details):
        monkeypatch.setattr(module, "MOST_BYTES", 0)
    more = {"gadf.ecsv": {"format": "gadf"}, "lc.vot": {"utc": True}}.get(name, {})
    read = LightCurve.read(light_curve.write(tmp_path / name, **more))
    assert_array_equal(read.table["reason"], reasons)


def test_runs_are_known_by_texts_that_are_objects():
    table = columns_of([RunId("HESS", "7"), RunId("FACT", "8")])
    of_objects = Table({name: np.array(values, dtype=object) for name, values in table.items()})
    assert with_columns(of_objects) is of_objects


def test_rows_are_put_together_whichever_they_are():
    first, second = make_rows(), make_rows(first_day=53443.0)
    first.table["reason"] = np.array([LONG] * len(first), dtype=object)
    second.table["reason"] = np.array(["ok"] * len(second))
    for curves in ((first, second), (second, first)):
        together = concatenate(curves)
        assert together.table["reason"].tolist() == [LONG] * len(first) + ["ok"] * len(second)
    assert second.table["reason"].dtype.kind == "U"


def test_a_file_is_as_wide_as_the_longest_text_that_is_left(tmp_path):
    light_curve = make_rows()
    light_curve.table["reason"] = np.array([LONG if row == 0 else "short" for row in range(len(light_curve))])
    part = light_curve[1:]
    part.write(tmp_path / "part.fits")
    assert Table.read(tmp_path / "part.fits", hdu=1)["reason"].dtype.itemsize == len("short")
    assert_array_equal(LightCurve.read(tmp_path / "part.fits").table["reason"], ["short"] * len(part))


def test_objects_become_texts_of_one_width_for_other_writers(tmp_path):
    light_curve = make_rows()
    reasons = [LONG if row % 2 else "" for row in range(len(light_curve))]
    light_curve.table["reason"] = np.array(reasons, dtype=object)
    table = light_curve.table
    table["reason"] = table["reason"].astype(str)
    table.meta.clear()
    table.write(tmp_path / "astropy.fits")
    assert Table.read(tmp_path / "astropy.fits")["reason"].tolist() == reasons
