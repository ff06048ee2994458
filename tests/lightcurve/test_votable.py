"""The time scale of VOTable files: by what VOTable 1.4 says of TIMESYS, and as astropy's own parser reads it."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io.votable import parse
from astropy.io.votable.tree import TableElement
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.product import LightCurve

START = Time([53343.25, 53344.5], format="mjd", scale="tt")
FOREIGN = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<TIMESYS ID="t" {frame} refposition="BARYCENTER"/>
<TABLE><PARAM name="author" datatype="char" arraysize="*" value="another"/>
<FIELD name="time_min" datatype="double" unit="{unit}" {ref}/>
<FIELD name="time_max" datatype="double" unit="{unit}" {ref}/>
<FIELD name="flux" datatype="double" unit="cm**-2.s**-1"/><FIELD name="counts" datatype="int"/>
<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"""
ROWS = "<TABLEDATA><TR><TD>{0}</TD><TD>{1}</TD><TD>1e-11</TD><TD/></TR></TABLEDATA>"


def make(scale="tt", meta=None):
    start = getattr(START, scale)
    reference = {"ref_flux": 1e-11}
    return LightCurve.from_arrays(
        start, start + 20 * u.min, 1, 1, 10, reference, {"norm": [1, 2.0]}, meta=meta
    )


def written(path, data=None, unit="d", ref='ref="t"', frame='timeorigin="2453000" timescale="TDB"'):
    data = ROWS.format(0.5, 1) if data is None else data
    path.write_text(FOREIGN.format(data=data, unit=unit, ref=ref, frame=frame))
    return path


@pytest.mark.parametrize("suffix", ["vot", "xml"])
@pytest.mark.parametrize("scale", ["tt", "utc", "tdb", "tai"])
def test_the_times_refer_to_their_scale(tmp_path, scale, suffix):
    path = make(scale, {"time_bins": "by run", "spectrum": "PowerLaw"}).write(tmp_path / f"a.{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = parse(path, verify="exception")
    (frame,) = file.resources[0].time_systems
    assert (frame.timescale, frame.timeorigin, frame.refposition) == (
        scale.upper(),
        "MJD-origin",
        "TOPOCENTER",
    )
    table = file.get_first_table()
    assert file.version == "1.4"
    refs = {field.name: field.ref for field in table.fields if field.ref}
    assert refs == dict.fromkeys(("time_min", "time_max"), frame.ID)
    assert {param.name: param.value for param in table.params}["spectrum"] == "PowerLaw"
    assert LightCurve.read(path).time_start.scale == scale


@pytest.mark.parametrize(
    ("meta", "place"),
    [({"TIMEREF": "SOLARSYSTEM"}, "BARYCENTER"), ({"TIMEREF": "LOCAL"}, "TOPOCENTER"), ({}, "UNKNOWN")],
)
def test_where_the_times_are_told(tmp_path, meta, place):
    path = make(meta=meta).write(tmp_path / "a.vot")
    assert parse(path).resources[0].time_systems[0].refposition == place


@pytest.mark.parametrize(("unit", "rows"), [("d", (0.5, 1)), ("s", (43200, 86400)), ("h", (12, 24))])
def test_times_since_any_origin_in_any_unit(tmp_path, unit, rows):
    again = LightCurve.read(written(tmp_path / "a.vot", ROWS.format(*rows), unit))
    wanted = Time([2453000.5, 2453001.0], format="jd", scale="tdb")
    assert again.time_start.scale == "tdb"
    assert abs((again.time_start[0] - wanted[0]).to_value("s")) < 1e-6
    assert abs((again.time_stop[0] - wanted[1]).to_value("s")) < 1e-6
    assert (again.meta["TIMEREF"], again.meta["author"]) == ("SOLARSYSTEM", "another")
    assert np.isnan(again.table["counts"][0])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ref": ""}, "time_min refers to no TIMESYS"),
        ({"frame": 'timeorigin="MJD-origin" timescale="UNKNOWN"'}, "time scale UNKNOWN"),
        ({"frame": 'timescale="TT"'}, "without timeorigin"),
        ({"data": '<BINARY><STREAM href="file:///etc/hostname"/></BINARY>'}, "has its data elsewhere"),
    ],
)
def test_files_that_do_not_say_when_are_refused(tmp_path, changed, words):
    with pytest.raises(DataError, match=words):
        LightCurve.read(written(tmp_path / "a.vot", **changed))


def test_a_scale_that_was_changed_is_refused(tmp_path):
    path = make().write(tmp_path / "a.vot")
    path.write_text(path.read_text().replace('timescale="TT"', 'timescale="UTC"'))
    with pytest.raises(DataError, match="scales tt and utc"):
        LightCurve.read(path)


def test_the_layout_of_gadf_has_no_votable(tmp_path):
    with pytest.raises(InputError, match=r"in this layout: it should end in \.ecsv, \.fits, \.fits\.gz"):
        make().write(tmp_path / "a.vot", format="gadf")


def rewritten(path, change, to):
    """The file after another tool has changed its table and kept all else."""
    file = parse(path)
    old = file.get_first_table()
    new = TableElement.from_table(file, change(old.to_table(use_names_over_ids=True)))
    for field in new.fields:
        field.ref = "time_frame" if field.name in ("time_min", "time_max") else None
    new.infos.extend(old.infos)
    file.resources[0].tables[0] = new
    file.to_xml(str(to), tabledata_format="binary2")
    return to


def test_what_other_tools_change_is_read(tmp_path):
    made = make(meta={"time_bins": "by run"})
    # What VOTable cannot hold stands beside it, row by row.
    made.table["reason"] = ["first\nrow", "second  row"]
    path = made.write(tmp_path / "a.vot")

    def more(table):
        table["mine"] = [1, 2]
        table["flux"] = table["flux"].quantity.to("1 / (m2 s)")
        return table[table.colnames[::-1]]

    again = LightCurve.read(rewritten(path, more, tmp_path / "b.vot"))
    np.testing.assert_allclose(again.table["flux"], [1e-11, 2e-11], rtol=1e-12)
    assert again.table["flux"].unit == "1 / (cm2 s)"
    assert again.table["mine"].tolist() == [1, 2]
    assert again.table["reason"].tolist() == ["first\nrow", "second  row"]
    turned = LightCurve.read(rewritten(path, lambda table: table[::-1], tmp_path / "c.vot"))
    np.testing.assert_allclose(turned.table["flux"], [2e-11, 1e-11], rtol=1e-12)
    assert turned.table["reason"].tolist() == ["second row", "first row"]
    assert (
        LightCurve.read(rewritten(path, lambda table: table[:1], tmp_path / "d.vot")).table["reason"][0]
        == "first row"
    )


def test_a_file_that_lost_its_time_scale_is_refused(tmp_path):
    path = make().write(tmp_path / "a.vot")
    Table.read(path, format="votable").write(tmp_path / "b.vot", format="votable")
    with pytest.raises(DataError, match="time_min refers to no TIMESYS"):
        LightCurve.read(tmp_path / "b.vot")
