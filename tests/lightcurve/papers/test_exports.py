"""Each export, read by other programs: astropy's readers and validator, the csv and json of Python; and round trips."""

import csv
import io
import json
import re

import numpy as np
import pytest
from astropy import units as u
from astropy.io import ascii
from astropy.io.votable import parse, validate
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table
from astropy.time import Time
from light_curves_to_draw import make, make_nights

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.product import LightCurve

NIGHT = 53945.85
TEXTS = ("csv", "json", "latex", "cds", "votable", "ecsv", "gadf")


def made(nights=(NIGHT, NIGHT + 1), **keywords):
    curve = make_nights(list(nights), 3, **keywords)
    curve.meta.update({"source": "PKS 2155-304", "sigma": 1.0, "upper_limit": 0.95, "sigma_ul": 1.645})
    curve.table["reason"] = ['a, "b" & 50%', "", "", "", "", ""] * (len(curve) // 6)
    return curve


def same(one, other, names):
    for name in names:
        left, right = np.asarray(one.table[name]), np.asarray(other.table[name])
        assert left.dtype.kind == right.dtype.kind, name
        np.testing.assert_array_equal(left, right, err_msg=name)


def test_csv_is_rows_alone_and_comes_back(tmp_path):
    curve = made()
    curve.table["flux"][1], curve.table["flux_ul"][2] = np.nan, np.inf
    path = curve.write(tmp_path / "a.csv")
    with open(path, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 6
    assert float(rows[0]["flux_ul"]) == curve.table["flux_ul"][0]
    assert (rows[1]["flux"], rows[2]["flux_ul"], rows[0]["reason"]) == ("", "inf", 'a, "b" & 50%')
    assert (rows[0]["timesys"], rows[0]["upper_limit"]) == ("TT", "0.95")
    moment = Time(rows[0]["utc_min"].rstrip("Z"), scale="utc")
    assert abs((moment - curve.time_start[0]).to_value("s")) <= 0.5
    theirs = Table.read(path, format="ascii.csv")
    np.testing.assert_array_equal(theirs["flux_err"], curve.table["flux_err"])
    again = LightCurve.read(path)
    assert again.table.colnames == curve.table.colnames
    same(again, curve, curve.table.colnames)
    assert again.table["flux"].unit == curve.table["flux"].unit
    assert (again.meta["upper_limit"], again.meta["TIMESYS"]) == (0.95, "tt")


@pytest.mark.parametrize("columns", [" All ", "[all]"])
def test_all_columns_are_those_of_the_light_curve(columns):
    curve = made()
    assert named(curve.to_text("csv", columns=columns)) == curve.table.colnames
    assert (
        Table.read(curve.to_text("ecsv", columns=columns), format="ascii.ecsv").colnames
        == curve.table.colnames
    )
    assert named(curve.to_text("csv", columns="[flux, ts]"))[-2:] == ["flux", "ts"]


def named(text):
    return next(csv.reader(io.StringIO(text)))


def test_json_is_rows_and_what_columns_are_and_comes_back(tmp_path):
    curve = made()
    curve.table["flux"][1], curve.table["flux_ul"][2] = np.nan, np.inf
    curve.table["scan"] = np.arange(12.0).reshape(6, 2)
    path = curve.write(tmp_path / "a.json")
    read = json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(word))
    assert read["rows"][1]["flux"] is None
    assert (read["TIMESYS"], read["meta"]["upper_limit"]) == ("tt", 0.95)
    units = {column["name"]: column["unit"] for column in read["columns"]}
    assert u.Unit(units["flux"]) == curve.table["flux"].unit
    again = LightCurve.read(path)
    assert again.table.colnames == curve.table.colnames
    same(again, curve, curve.table.colnames)
    assert dict(again.meta) == dict(curve.meta)
    path.write_text(json.dumps(read | {"rows": [{"flux": 1}]}))
    with pytest.raises(DataError, match="row 0 has no time_min"):
        LightCurve.read(path)


@pytest.mark.parametrize(
    "options", [{}, {"utc": True}, {"columns": "utc,time,flux,flux_ul,sqrt_ts", "digits": "pdg"}]
)
def test_votables_are_valid_and_say_scale_and_level(tmp_path, options):
    curve = made()
    path = curve.write(tmp_path / "a.vot", **options)
    report = io.StringIO()
    assert validate(path, output=report, xmllint=False), report.getvalue()
    file = parse(path, verify="exception")
    table = file.get_first_table()
    for field in (*table.fields, *table.params):
        assert field.ucd is None or check_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=True), (
            field
        )
    frames = {frame.ID: frame for frame in file.resources[0].time_systems}
    times = {field.name: frames[field.ref] for field in table.fields if field.ref}
    assert times["time_min"].timescale == "TT"
    (level,) = [param for param in table.params if param.name == "upper_limit"]
    assert (level.value, level.ucd) == (0.95, "stat.confidenceLevel")
    (limit,) = [field for field in table.fields if field.name == "flux_ul"]
    assert " ".join(limit.description.split()).endswith("upper limit, at 95% confidence level")
    utc = [field for field in table.fields if field.name.startswith("utc")]
    assert [(field.xtype, field.datatype, times[field.name].timescale) for field in utc] == [
        ("timestamp", "char", "UTC")
    ] * (2 if options.get("utc") else 1 if options else 0)
    assert LightCurve.read(path).time_start.scale == "tt"


def test_latex_is_read_by_astropy_with_values_errors_and_limits(tmp_path):
    curve = made()
    path = curve.write(tmp_path / "a.tex", columns="utc_min,flux,reason")
    table = Table.read(path, format="ascii.latex")
    flux = table[table.colnames[1]].tolist()
    assert table.colnames[1] == r"Flux [$10^{-11}$ cm$^{-2}$ s$^{-1}$]"
    assert flux[0] == "$2.00^{+0.40}_{-0.20}$"
    # A test statistic of 1.
    assert flux[3].startswith("$< ")
    assert float(flux[3].strip("$< ")) == pytest.approx(curve.table["flux_ul"][3] / 1e-11, abs=0.005)
    text = path.read_text()
    assert r'a, "b" \& 50\%' in text
    assert r"Upper limits are at 95\% confidence level" in text
    assert "test statistic below 4" in text
    assert text.count("{") == text.count("}")
    assert "$<" not in curve.to_text("latex", ts_threshold=None)


def test_machine_readable_tables_are_read_by_astropy_and_come_back(tmp_path):
    curve = made()
    path = curve.write(tmp_path / "a.mrt")
    table = Table.read(path, format="ascii.mrt")
    wanted = ["MJDmin", "MJDmax", "UTCmin", "UTCmax", "l_Flux", "Flux", "e_Flux", "E_Flux", "sqrtTS"]
    assert table.colnames == wanted
    assert table["Flux"].unit == u.Unit("1e-11 cm-2 s-1")
    limit = np.asarray(table["l_Flux"] == "<").astype(bool)
    np.testing.assert_array_equal(limit, curve.table["ts"] < 4)
    shown = np.where(limit, curve.table["flux_ul"], curve.table["flux"]) / 1e-11
    np.testing.assert_allclose(table["Flux"], shown, rtol=0, atol=0.00501)
    assert np.all(np.ma.getmaskarray(table["e_Flux"]) == limit)
    # The Julian days of both are the same moments.
    np.testing.assert_allclose(table["MJDmin"], curve.table["time_min"], rtol=0, atol=6e-5)
    assert max(map(len, path.read_text().partition("-" * 80 + "\n53")[0].splitlines())) <= 80
    names = {"time_min": "MJDmin", "time_max": "MJDmax", "flux": "Flux", "is_ul": "l_Flux"}
    names |= {"flux_errn": "e_Flux", "flux_errp": "E_Flux"}
    again = LightCurve.read(path, columns=names, time_scale="tt")
    np.testing.assert_allclose(again.table["flux_errp"], np.where(limit, np.nan, 4e-12), rtol=1e-12)
    np.testing.assert_allclose(again.table["flux_ul"][limit], curve.table["flux_ul"][limit], atol=6e-14)


def test_a_machine_readable_table_names_its_file_by_which_readers_of_the_cds_find_it(tmp_path):
    """In an archive the description is a file of its own, ReadMe, which says what it is of."""
    curve = made()
    for name in ("night_1.dat", "other.mrt"):
        path = curve.write(tmp_path / name)
        description, line, rows = path.read_text().rpartition("-" * 80 + "\n")
        (tmp_path / "ReadMe").write_text(description + line)
        path.write_text(rows)
        table = Table.read(path, readme=str(tmp_path / "ReadMe"), format="ascii.cds")
        whole = Table.read(curve.to_text("cds").splitlines(), format="ascii.mrt")
        assert table.colnames == whole.colnames
        for column in whole.colnames:
            np.testing.assert_array_equal(table[column], whole[column])
            assert table[column].unit == whole[column].unit
    (tmp_path / "no.mrt").write_text(rows)
    with pytest.raises(ascii.InconsistentTableError, match=r"Can't find table .*no\.mrt"):
        Table.read(tmp_path / "no.mrt", readme=str(tmp_path / "ReadMe"), format="ascii.cds")
    with pytest.raises(InputError, match="There is no file for what a file shows"):
        curve.to_text("cds", file="a.mrt")


@pytest.mark.parametrize("name", TEXTS)
def test_chosen_columns_in_their_order_in_every_format(name):
    text = made().to_text(
        name, columns=["time_min", "time_max", "e_ref", "e_min", "e_max", "flux", "flux_err"]
    )
    assert "flux_err" in text or name in ("latex", "cds")
    assert "sqrt" not in text
    with pytest.raises(InputError, match=r"has no column 'flix'; did you mean 'flux'"):
        made().to_text(name, columns="flix")


def test_exactly_the_columns_that_are_named():
    lines = made().to_text("csv", columns="utc,time,flux,flux_err", digits="pdg").splitlines()
    assert lines[0] == "utc,time,flux,flux_err"
    assert lines[1] == "2006-07-29T20:36:53Z,53945.8597,2.00e-11,3.0e-12"
    assert (
        made().to_text("csv", columns="time_min,flux", utc=True).startswith("time_min,utc_min,utc_max,flux\n")
    )


def test_errors_of_both_kinds_and_bands(tmp_path):
    curve = make([NIGHT], [NIGHT + 0.1], [2.0], norm_err_sys=np.array([0.45]), norm_err_tot=np.array([0.5]))
    text = curve.to_text("latex")
    assert r"$2.00^{+0.40}_{-0.20} \pm 0.45$" in text
    assert "the second ones systematic" in text
    table = Table.read(curve.to_text("cds").splitlines(), format="ascii.mrt")
    assert table["s_Flux"][0] == 0.45
    bands = Table.read(made(n_bands=2).to_text("cds").splitlines(), format="ascii.mrt")
    assert {"Emin", "Emax"} <= set(bands.colnames)


def test_numbers_of_a_machine_readable_table_have_points_and_lines_do_not_begin_with_digits():
    curve = make([NIGHT, NIGHT + 1], [NIGHT + 0.1, NIGHT + 1.1], [20.0, 0.3], ts=[60.0, 9.0])
    for end in ("_err", "_errn", "_errp"):
        curve.table[f"flux{end}"][0] *= 200
    curve.meta["sigma"] = 1.0
    for columns in (
        ["time_min", "e_min", "flux"],
        ["e_min", "time_min", "livetime", "norm"],
        ["flux", "norm"],
    ):
        columns = [name for name in columns if name in curve.table.colnames]
        text = curve.to_text("cds", columns=columns, ts_threshold=10)
        head, _, rows = text.partition("Explanations\n" + "-" * 80 + "\n")[2].partition(
            "\n" + "-" * 80 + "\n"
        )
        # Bytes, format, unit and label: else it is the rest of an explanation, which no reader takes for a column.
        lines = [re.match(r" +(?:(\d+)- *)?(\d+) ([AEFI])", line) for line in head.splitlines()]
        assert all(
            found or not line.split()[0][0].isdigit()
            for found, line in zip(lines, head.splitlines(), strict=True)
        )
        for found in filter(None, lines):
            cells = [row[int(found[1] or found[2]) - 1 : int(found[2])].strip() for row in rows.splitlines()]
            assert all(("." in cell) == (found[3] == "F") for cell in cells if cell and found[3] in "FI"), (
                cells
            )
    text = curve.to_text("cds")
    assert "Error of Flux downwards, 1 sigma" in " ".join(text.split())
    # 40 and 80 in units of 1e-11, in tens of which this row ends.
    assert " 4. " in text


def test_long_tables_go_over_pages():
    pages = made([NIGHT + night for night in range(18)]).to_text("latex", columns="utc,flux")
    assert pages.count("\\begin{longtable}") == 1
    assert "% 108 rows" not in pages
    assert "% 54 rows: wanted are \\usepackage{longtable}" in pages
    assert pages.count("Middle [UTC]") == 2
    assert pages.index("\\endhead") < pages.index("2006-07-29")
    short = made().to_text("latex")
    assert "\\begin{table}" in short
    # Without limits there is nothing to say of them.
    assert "Upper limits" not in made().to_text("latex", ts_threshold=None)
    # A time scale is no time.
    assert r"End [MJD, TT] & timesys \\" in made().to_text("latex", columns="time_max,timesys")


def test_vectors_are_cells_of_numbers():
    curve = made()
    curve.table["scan"] = np.array([[1e-5, -2.0]] * 6)
    assert r"$1 \times 10^{-5}$ $-2$" in curve.to_text("latex", columns="scan")


def test_columns_of_empty_texts_are_texts_of_any_length():
    curve = made()
    curve.table["reason"] = [""] * 6
    assert 'arraysize="1"' not in curve.to_text("votable")


def test_leap_seconds_are_told():
    # The last second of 2016 has the number 60: 23:59:60 UTC is 68.184 s before 00:01:08.184 TT.
    start = Time("2016-12-31T23:59:60", scale="utc").tt
    curve = make([start.mjd], [start.mjd + 10 / 86400], [1.0])
    times = curve.to_text("csv", columns="utc_min,utc_max").splitlines()[1]
    assert times == "2016-12-31T23:59:60.0Z,2017-01-01T00:00:09.0Z"


def test_letters_that_ascii_has_not_are_written_otherwise(tmp_path):
    curve = made()
    curve.meta["source"] = "η Car\u2013β é"
    curve.table["reason"] = ["über 5 σ"] * 6
    text = curve.to_text("cds", columns="flux,reason")
    assert text.isascii()
    assert "light curve of eta Car-beta e, 0.5 to 1.5 TeV" in text
    table = Table.read(text.splitlines(), format="ascii.mrt")
    assert set(table["reason"].tolist()) == {"uber 5 sigma"}
    again = LightCurve.read(curve.write(tmp_path / "a.fits", format="gadf"))
    assert again.meta["source"] == curve.meta["source"]
    assert set(again.table["reason"].tolist()) == {"?ber 5 ?"}


def test_what_is_asked_for_is_used_or_refused(tmp_path):
    curve = made()
    with pytest.raises(InputError, match="digits is 'few'; wanted is 'exact' or 'pdg'"):
        curve.to_text("csv", digits="few")
    with pytest.raises(InputError, match="There is no colums for what a file shows"):
        curve.to_text("csv", colums="flux")
    with pytest.raises(InputError, match="The format is 'fits'; wanted is one that is a text"):
        curve.to_text("fits")
    with pytest.raises(InputError, match="sentences of a telegram have no columns"):
        curve.to_text("atel", columns="flux")
    with pytest.raises(InputError, match="No column is named"):
        curve.to_text("csv", columns="")


def test_magnitudes_that_a_source_is_fainter_than_are_lower_limits_in_tables_for_papers(tmp_path):
    table = Table({"t": [59000.5, 59001.5], "V": ["13.10", "<14.37"], "e": ["0.02", ""]})
    curve = LightCurve.from_table(
        table, {"time": "t", "mag": "V", "mag_err": "e"}, {"mag": "mag"}, time_scale="utc"
    )
    for suffix in ("tex", "mrt"):
        curve.write(tmp_path / f"curve.{suffix}")
    (row,) = [line for line in (tmp_path / "curve.tex").read_text().splitlines() if line.startswith("59001")]
    assert "$> 14.37$" in row
    read = Table.read(tmp_path / "curve.mrt", format="ascii.mrt")
    assert np.ma.filled(read["l_mag"], "").tolist() == ["", ">"]
    assert read["mag"].tolist() == [13.1, 14.37]
    assert np.ma.getmaskarray(read["e_mag"]).tolist() == [False, True]


def test_an_error_of_0_is_none_and_what_is_infinite_is_no_number_for_journals():
    curve = make([NIGHT, NIGHT + 1], [NIGHT + 0.1, NIGHT + 1.1], [2.0, 2.0], ts=[40.0, np.inf])
    for end in ("_err", "_errn", "_errp"):
        curve.table[f"flux{end}"][1] = 0.0
    curve.table["sqrt_ts"] = [6.3, np.inf]
    assert "pm" not in curve.to_text("latex").splitlines()[-5]
    read = Table.read(curve.to_text("cds"), format="ascii.mrt")
    assert np.isfinite(np.ma.filled(read["e_Flux"], np.nan)).tolist() == [True, False]
    assert read["sqrtTS"].mask.tolist() == [False, True]
    # Two errors of one value have two labels.
    curve.table["flux_errn"] = curve.table["flux_err"] * 2
    read = Table.read(curve.to_text("cds", columns=["flux_err", "flux_errn"]), format="ascii.mrt")
    assert read.colnames[-2:] == ["e_Flux", "e_Flux_2"]


def test_values_of_twenty_decades_keep_their_digits():
    values = np.array([1.25e-16, 3.5e3, 2e-8])
    curve = make(NIGHT + np.arange(3), NIGHT + 0.1 + np.arange(3), values * 1e11, ts=[40.0] * 3)
    for end in ("_err", "_errn", "_errp"):
        curve.table[f"flux{end}"][:] = values / 5
    read = Table.read(curve.to_text("cds"), format="ascii.mrt")
    scale = (1 * read["Flux"].unit).to_value("cm-2 s-1")
    np.testing.assert_allclose(read["Flux"] * scale, values, rtol=0.05)
    np.testing.assert_allclose(read["e_Flux"] * scale, values / 5, rtol=0.05)


def test_letters_that_latex_does_not_know_stand_for_themselves():
    curve = make([NIGHT], [NIGHT + 0.1], [2.0], ts=[40.0])
    curve.meta["source"] = "Fäct \u03b1 \u2265 3\u00b0 \u2665 \u2013 50%_"
    assert r"Fäct $\alpha$ $\geq$ 3$^\circ$ ? " + "\u2013" + r" 50\%\_" in curve.to_text("latex")


def test_infinite_limits_of_a_votable_are_spelled_as_the_standard_has_them(tmp_path):
    curve = made()
    curve.table["flux_ul"][0] = np.inf
    text = curve.to_text("votable")
    assert "<TD>+Inf</TD>" in text
    assert "InF" not in text
    (tmp_path / "a.vot").write_text(text)
    assert np.isposinf(LightCurve.read(tmp_path / "a.vot").table["flux_ul"][0])
