import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from light_curve_rows import make_rows
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

import tevcurve
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.interop.gadf_table import from_gadf_table, to_gadf_table
from tevcurve.lightcurve.product import LightCurve


@pytest.mark.parametrize("suffix", ["ecsv", "fits", "fits.gz"])
def test_all_columns_come_back(tmp_path, suffix):
    light_curve = make_rows(4, meta={"time_bins": "by run", "overlapping": False})
    light_curve.table["reason"] = ["", "why", "a, b", "", "", 'it\'s "so"', "", "x"]
    light_curve.table["flux_err"][2] = np.nan
    light_curve.table["index"] = np.linspace(2, 3, 8)
    back = LightCurve.read(light_curve.write(tmp_path / f"a.{suffix}", format="gadf"))
    for name in light_curve.table.colnames:
        mine, theirs = light_curve.table[name], back.table[name]
        assert mine.unit == theirs.unit, name
        if mine.dtype.kind == "U":
            assert mine.tolist() == theirs.tolist(), name
        else:
            assert_allclose(
                theirs, mine, rtol=1e-13, atol=1e-13 if name == "dloglike_scan" else 0, err_msg=name
            )
    assert {k: back.meta[k] for k in light_curve.meta} == light_curve.meta


def test_line_breaks_come_back_from_ecsv_also_with_astropy(tmp_path):
    told = {"note": "one\n\ntwo", "all": {"k": ["x\ny"]}}
    path = make_rows(2, meta=told).write(tmp_path / "a.ecsv", format="gadf")
    for meta in (LightCurve.read(path).meta, Table.read(path).meta):
        assert {key: meta[key] for key in told} == told


def test_the_same_bytes_for_the_same_rows(tmp_path):
    for suffix in ("ecsv", "fits", "fits.gz"):
        one, two = (make_rows().write(tmp_path / f"{k}.{suffix}", format="gadf") for k in "ab")
        assert one.read_bytes() == two.read_bytes()


def test_the_layout_is_that_of_the_format():
    light_curve = make_rows(4)
    table = to_gadf_table(light_curve)
    assert len(table) == 4
    assert table["norm"].shape == table["e_ref"].shape == (4, 2)
    assert table["counts"].shape == (4, 2, 1)
    assert table["stat_scan"].shape == (4, 2, 5)
    assert_array_equal(table["norm"].ravel(), light_curve.table["norm"])
    assert (table.meta["MJDREFI"], table.meta["MJDREFF"], table.meta["TIMEUNIT"]) == (0, 0.0, "d")
    assert table.meta["SED_TYPE"] == "likelihood"


def test_times_after_a_reference_keep_their_digits():
    table = to_gadf_table(make_rows(2))
    table["time_min"] = (table["time_min"] - 53000 - 0.25) * 86400
    table["time_max"] = (table["time_max"] - 53000 - 0.25) * 86400
    table.meta |= {"MJDREFI": 53000, "MJDREFF": 0.25, "TIMEUNIT": "s", "TIMESYS": "utc"}
    back = from_gadf_table(table)
    assert_allclose(back.table["time_max"], make_rows(2).table["time_max"], rtol=0, atol=1e-11)
    assert back.meta["TIMESYS"] == "utc"


def test_limits_are_what_gammapy_takes_ul_conf_for():
    table = to_gadf_table(make_rows())
    del table.meta["n_sigma_ul"], table.meta["upper_limit"]
    # 2 sigma, two-sided
    table.meta["UL_CONF"] = 0.9544997
    meta = from_gadf_table(table).meta
    assert_allclose(meta["sigma_ul"], 2, rtol=1e-6)
    assert_allclose(meta["upper_limit"], 0.97725, rtol=1e-5)


def test_rows_say_whether_they_are_limits_and_whether_the_fit_ended():
    light_curve = make_rows(2)
    light_curve.table["ts"] = [1, 4, 9, np.nan]
    light_curve.table["norm"] = [1, 1, np.nan, np.nan]
    light_curve.table["status"] = ["ok", "at_zero", "not_converged", "no_livetime"]
    light_curve.table["norm_ul"][3] = np.nan
    table = to_gadf_table(light_curve)
    assert table["is_ul"].tolist() == [[True, False], [True, False]]
    assert table["success"].tolist() == [[True, True], [False, False]]


def test_good_time_of_runs_goes_with_a_fits_file(tmp_path):
    light_curve = tevcurve.light_curve(make_store(tmp_path), TARGET, energy_edges=[1, 3, 10] * u.TeV)
    with fits.open(light_curve.write(tmp_path / "a.fits", format="gadf")) as hdus:
        gti = hdus["GTI"]
        seconds = np.sum(gti.data["STOP"] - gti.data["START"])
        assert gti.header["TIMESYS"] == "TT"
        # one of the three runs has a gap
        assert len(gti.data) == 4
    assert_allclose(seconds, np.sum(light_curve.ledger.seconds["used"]), rtol=0, atol=1e-6)


def test_what_does_not_fit_is_said(tmp_path):
    light_curve = make_rows(4)
    with pytest.raises(InputError, match="not all the same energy bands"):
        to_gadf_table(light_curve[1:])
    with pytest.raises(InputError, match="share time"):
        to_gadf_table(tevcurve.lightcurve.concatenate([light_curve, light_curve]))
    with pytest.raises(InputError, match="no rows"):
        to_gadf_table(light_curve[:0])
    light_curve.table["norm_scan"][2] *= 2
    with pytest.raises(InputError, match="one scan"):
        to_gadf_table(light_curve)
    with pytest.raises(InputError, match=r"it should end in \.csv"):
        light_curve.write(tmp_path / "a.ecsv", format="csv")
    with pytest.raises(DataError, match="wanted are time_min, time_max, and e_ref"):
        from_gadf_table(Table({"time_min": [1.0]}))
    table = to_gadf_table(make_rows())
    table.meta["TIMESYS"] = "noon"
    with pytest.raises(DataError, match="TIMESYS is 'noon'"):
        from_gadf_table(table)
    light_curve = make_rows()
    light_curve.table.remove_columns(["e_ref"])
    with pytest.raises(InputError, match="no energies"):
        to_gadf_table(light_curve)


@pytest.mark.parametrize("suffix", ["fits", "ecsv"])
@pytest.mark.parametrize("name", ["Mrk 421 β", "100 %41"])
def test_names_beyond_what_a_card_holds_come_back(tmp_path, suffix, name):
    light_curve = make_rows()
    light_curve.meta["source"] = name
    back = LightCurve.read(light_curve.write(tmp_path / f"a.{suffix}", format="gadf"))
    assert back.meta["source"] == name


def kind_of_rows(light_curve, **shown):
    text = light_curve.to_text("gadf", **shown)
    return Table.read(text.splitlines(), format="ascii.ecsv").meta["SED_TYPE"]


def test_fluxes_come_first_where_a_reader_would_make_others_of_norms():
    # A power law follows from two bands, not from one; nor what is curved, free in each row, or rounded.
    assert kind_of_rows(make_rows(2)) == "likelihood"
    assert kind_of_rows(make_rows(2, edges=np.array([1.0, 10.0]))) == "flux"
    curved, free = make_rows(2), make_rows(2)
    for column in ("ref_flux", "flux"):
        curved.table[column] *= 1.01
        free.table[column][2:] *= 1.5
    assert kind_of_rows(curved) == "flux"
    free.table["ref_dnde"][2:] *= 1.5
    assert kind_of_rows(free) == "flux"
    assert kind_of_rows(make_rows(2), digits="pdg") == "flux"
    assert kind_of_rows(make_rows(2), columns="dnde,dnde_err") == "dnde"
    norms = "norm,norm_err,ref_flux,ref_dnde,ref_eflux"
    assert kind_of_rows(make_rows(2), columns=norms) == "likelihood"
    for columns, rows in ((norms, make_rows(2, edges=np.array([1.0, 10.0]))), ("flux_ul,ts", make_rows(2))):
        with pytest.raises(InputError, match="none of flux, dnde, eflux, e2dnde, of which the layout"):
            rows.to_text("gadf", columns=columns)
