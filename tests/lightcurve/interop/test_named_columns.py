"""Any table as a light curve, by the names of its columns."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, Table
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.product import LightCurve

DAYS = np.array([54000.5, 54001.5, 54003.5])
NAMES = {"time": "MJD", "flux": "F", "flux_err": "eF"}


def make():
    table = Table({"MJD": DAYS, "F": [1.0, 2.0, 3.0], "eF": [0.1, 0.2, 0.3]})
    table["F"].unit = table["eF"].unit = u.Unit("1e-12 cm-2 s-1")
    return table


@pytest.mark.parametrize("suffix", ["ecsv", "fits", "vot", "txt", "csv", "mrt"])
def test_a_file_of_any_format_by_the_names_of_its_columns(tmp_path, suffix):
    path = tmp_path / f"theirs.{suffix}"
    formats = {"txt": "ascii", "csv": "ascii.csv", "vot": "votable", "mrt": "ascii.mrt"}
    table = make()
    if suffix == "mrt":
        table["F"].unit = table["eF"].unit = None
    table.write(path, format=formats.get(suffix))
    unit = None if suffix in ("ecsv", "fits", "vot") else {"flux": "1e-12 cm-2 s-1"}
    curve = LightCurve.read(path, columns=NAMES, units=unit, time_scale="utc", meta={"instrument": "X"})
    np.testing.assert_allclose(curve.table["flux"], [1e-12, 2e-12, 3e-12], rtol=1e-14)
    np.testing.assert_allclose(curve.table["flux_err"], [1e-13, 2e-13, 3e-13], rtol=1e-14)
    np.testing.assert_array_equal(curve.table["time_min"], DAYS)
    assert (curve.meta["TIMESYS"], curve.meta["instrument"]) == ("utc", "X")
    assert [ax.get_ylabel()[:4] for ax in curve.plot_panels()] == ["Flux"]


def test_limits_are_cells_with_a_sign_or_flagged_rows():
    table = Table({"t": DAYS, "f": ["1.5", "<2.5", "3.5"], "e": ["0.1", "", "0.3"], "l": ["", "", "<"]})
    names = {"time": "t", "flux": "f", "flux_err": "e"}
    options = {"units": {"flux": "cm-2 s-1"}, "time_scale": "tt"}
    curve = LightCurve.from_table(table, names, **options)
    np.testing.assert_array_equal(curve.table["flux"], [1.5, np.nan, 3.5])
    np.testing.assert_array_equal(curve.table["flux_ul"], [np.nan, 2.5, np.nan])
    np.testing.assert_array_equal(curve.table["flux_err"], [0.1, np.nan, 0.3])
    curve = LightCurve.from_table(table, names | {"is_ul": "l"}, **options)
    np.testing.assert_array_equal(curve.table["flux"], [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(curve.table["flux_ul"], [np.nan, 2.5, 3.5])
    assert np.isnan(curve.table["flux_err"][2])


def test_times_in_any_form():
    table = Table(
        {"a": [2454001.0, 2454003.0], "w": [1.0, 0.5], "r": [1.0, 2.0], "iso": ["2006-09-22T12:00:00"] * 2}
    )
    curve = LightCurve.from_table(
        table,
        {"time": "a", "time_width": "w", "rate": "r"},
        units={"time_width": "d"},
        time_format="jd",
        time_scale="utc",
    )
    np.testing.assert_allclose(curve.table["time_min"], [54000.0, 54002.25], rtol=0, atol=1e-9)
    np.testing.assert_allclose(curve.table["time_max"], [54001.0, 54002.75], rtol=0, atol=1e-9)
    text = LightCurve.from_table(table, {"time": "iso", "rate": "r"}, time_format="isot", time_scale="utc")
    assert text.table["time_min"][0] == 54000.5
    mixin = Table({"t": Time(DAYS, format="mjd", scale="tdb"), "r": [1.0, 2.0, 3.0]})
    assert LightCurve.from_table(mixin, {"time": "t", "rate": "r"}).meta["TIMESYS"] == "tdb"


def test_masked_values_are_not_there_and_rows_are_in_the_order_of_time():
    table = make()[::-1]
    table["F"] = MaskedColumn(table["F"], mask=[True, False, False])
    curve = LightCurve.from_table(table, NAMES, time_scale="tt")
    np.testing.assert_allclose(curve.table["flux"], [1e-12, 2e-12, np.nan], rtol=1e-14)


def test_what_is_not_said_is_asked_for(tmp_path):
    table = make()
    for columns, words in [
        ({"time": "MJD"}, "wanted is a value, such as flux, too"),
        ({"flux": "F"}, "wanted is time, or time_min and time_max"),
        ({"time": "JD", "flux": "F"}, "no column 'JD' for time; it has MJD, F, eF"),
        ({"time": "MJD", "rate_err": "eF"}, "have rate_err and no rate"),
        (NAMES, "does not say the time scale of MJD; say time_scale="),
    ]:
        with pytest.raises(InputError, match=words):
            LightCurve.from_table(table, columns)
    with pytest.raises(InputError, match=r"in 1e-12 / .* wanted is another name for it"):
        LightCurve.from_table(table, {"time": "MJD", "eflux": "F"}, time_scale="tt")
    table["F"].unit = None
    with pytest.raises(InputError, match=r'F has no unit; wanted is one, as units={"flux"'):
        LightCurve.from_table(table, {"time": "MJD", "flux": "F"}, time_scale="tt")
    with pytest.raises(InputError, match="wanted is one that astropy knows"):
        LightCurve.from_table(table, {"time": "MJD", "flux": "F"}, {"flux": "bananas"}, time_scale="tt")
    (tmp_path / "a.fits").write_text("no table")
    with pytest.raises(DataError, match=r"a\.fits cannot be read as a table"):
        LightCurve.read(tmp_path / "a.fits", columns=NAMES)
    with pytest.raises(InputError, match="time_scale go with columns="):
        LightCurve.read(tmp_path / "a.fits", time_scale="tt")


def test_magnitudes_are_known_by_their_unit_and_never_drawn_upside_down():
    table = Table({"t": DAYS, "Vmag": ["15000", "<16000", "15500"], "e": [10.0, np.nan, 20.0]})
    names = {"time": "t", "V": "Vmag", "V_err": "e"}
    curve = LightCurve.from_table(table, names, {"V": "mmag"}, time_scale="utc")
    np.testing.assert_allclose(curve.table["V"], [15.0, np.nan, 15.5])
    np.testing.assert_allclose(curve.table["V_ll"], [np.nan, 16.0, np.nan])
    np.testing.assert_allclose(curve.table["V_err"], [0.01, np.nan, 0.02])
    assert curve.table["V"].unit == u.mag
    assert curve.plot(quantity="V").yaxis_inverted()
    with pytest.raises(InputError, match=r'Vmag has no unit; wanted is one, as units=\{"V": "mag"\}'):
        LightCurve.from_table(table, names, time_scale="utc")
    with pytest.raises(InputError, match=r"The unit of V is mag\(AB\); wanted is"):
        LightCurve.from_table(table, names, {"V": u.ABmag}, time_scale="utc")


def read(tmp_path, text, **told):
    path = tmp_path / "theirs.csv"
    path.write_bytes(text.encode())
    told = {"columns": {"time": "t", "flux": "f", "flux_err": "e"}, "time_scale": "utc"} | told
    return LightCurve.read(path, **({"units": {"flux": "cm-2 s-1"}} | told))


ROWS = "t,f,e\n59000.5,1e-11,2e-12\n59001.5,2e-11,3e-12\n"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + ROWS,
        ROWS.replace("\n", "\r\n"),
        ROWS.replace(",", ";"),
        ROWS.replace(",", "\t"),
        "# made by hand; in MJD, UTC\n" + ROWS,
        "# made by hand; in MJD, UTC\n" + ROWS.replace(",", ";"),
        ROWS.replace("1e-11", "1.0D-11"),
    ],
)
def test_a_table_is_the_same_however_its_cells_are_divided(tmp_path, text):
    curve = read(tmp_path, text)
    assert curve.table["flux"].tolist() == [1e-11, 2e-11]
    assert curve.table["flux_err"].tolist() == [2e-12, 3e-12]
    assert curve.table["time_min"].tolist() == [59000.5, 59001.5]


@pytest.mark.parametrize(
    ("row", "told", "words"),
    [
        ("2459000.5,1,1", {}, "time_format=, such as mjd, jd"),
        ("512345678,1,1", {}, "time_origin="),
        ("2020.5,1,1", {}, "decimalyear"),
        ("0,1,1", {}, "time_origin="),
        ("59000.5,1,1", {"time_format": "jd"}, "a Julian date is such as 2459000.5"),
        ("2020-01-01T00:00:00,1,1", {}, "say time_format=isot"),
        ("nan,1,1", {}, "a row without its time"),
        ("59000.5,1,-99", {}, "has the error -99; wanted is one above 0"),
        ("59000.5,1±2,1", {}, "wanted is a number"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(tmp_path, row, told, words):
    with pytest.raises(InputError) as error:
        read(tmp_path, f"t,f,e\n{row}\n", **told)
    assert words in str(error.value)


def test_cells_that_say_nothing_and_signs_of_limits(tmp_path):
    curve = read(
        tmp_path,
        ROWS
        + "59002.5,-,\n59003.5,<=3e-11,--\n59004.5,\u2264 4e-11,NaN\n59005.5,>=5e-11,n/a\n59006.5,6e-11,0\n",
    )
    np.testing.assert_array_equal(curve.table["flux_ul"], [np.nan] * 3 + [3e-11, 4e-11] + [np.nan] * 2)
    np.testing.assert_array_equal(curve.table["flux_ll"], [np.nan] * 5 + [5e-11, np.nan])
    # An error of 0 is none.
    np.testing.assert_array_equal(curve.table["flux_err"], [2e-12, 3e-12] + [np.nan] * 5)


def test_flags_of_limits_are_known_words(tmp_path):
    names = {"time": "t", "flux": "f", "is_ul": "e"}
    curve = read(tmp_path, "t,f,e\n59000,1e-11,UL\n59001,2e-11,no\n59002,3e-11,\n", columns=names)
    np.testing.assert_array_equal(curve.table["flux"], [np.nan, 2e-11, 3e-11])
    with pytest.raises(InputError, match="is_ul has 'maybe'"):
        read(tmp_path, "t,f,e\n59000,1e-11,maybe\n", columns=names)


def test_fluxes_of_photons_are_fluxes_and_widths_have_a_unit(tmp_path):
    curve = read(tmp_path, ROWS, units={"flux": "ph cm^-2 s^-1"})
    assert curve.table["flux"].tolist() == [1e-11, 2e-11]
    assert curve.table["flux"].unit == u.Unit("cm-2 s-1")
    names = {"time": "t", "flux": "f", "time_width": "e"}
    with pytest.raises(InputError, match="time_width_unit=d"):
        read(tmp_path, "t,f,e\n59000,1e-11,600\n", columns=names)
    curve = read(
        tmp_path, "t,f,e\n59000,1e-11,864\n", columns=names, units={"flux": "cm-2 s-1", "time_width": "s"}
    )
    assert curve.table["time_min"].tolist() == pytest.approx([58999.995], abs=1e-9)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no line in it"),
        (ROWS.encode("utf-16"), "not in UTF-8"),
        (b"t,f,e\n59000,1e-11\n", "not all as many cells"),
    ],
)
def test_bytes_that_are_no_table_are_told(tmp_path, data, words):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DataError, match=words):
        LightCurve.read(tmp_path / "a.csv", columns=NAMES, time_scale="utc")


def test_a_magnitude_that_stands_for_none_is_refused(tmp_path):
    names, units = {"time": "t", "mag": "f", "mag_err": "e"}, {"mag": "mmag"}
    curve = read(tmp_path, "t,f,e\n59000,13200,20\n", columns=names, units=units)
    assert curve.table["mag"][0] == pytest.approx(13.2, rel=1e-14)
    with pytest.raises(InputError, match=r"has the magnitude 99\.99; wanted is an empty cell"):
        read(tmp_path, "t,f,e\n59000,99.99,9.99\n", columns=names, units={"mag": "mag"})
