"""Light curves of Swift-XRT: by what their documentation says of the columns, and as astropy's own reader reads QDP."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.product import LightCurve

FILE = """! Swift/XRT light curve of trigger: 30352, name: Mrk 421
! Columns are as labelled
READ TERR 1 2
! WT data
!MJD\tT_+ve\tT_-ve\tRate\tRatepos\tRateneg\tObsid
56393.25\t0.01\t-0.004\t25.5\t0.5\t-0.4\t'ID::00030352001'
56394.50\t0.02\t-0.02\t31.0\t0.6\t-0.6\t'ID::00030352002'
NO NO NO NO NO NO
! PC data
!MJD\tT_+ve\tT_-ve\tRate\tRatepos\tRateneg\tObsid
56392.75\t0.005\t-0.005\t2.25\t0.25\t-0.2\t'ID::00030352000'
NO NO NO NO NO NO
! PC Upper limits
!MJD\tT_+ve\tT_-ve\tRate\tRatepos\tRateneg\tObsid
56396.00\t0.1\t-0.1\t0.01\t0\t0\t'ID::00030352003'
"""


def test_rates_of_all_modes_are_in_the_order_of_time(tmp_path):
    path = tmp_path / "curve.qdp"
    path.write_text(FILE)
    curve = LightCurve.read(path)
    table = curve.table
    assert table["mode"].tolist() == ["PC", "WT", "WT", "PC"]
    np.testing.assert_array_equal(table["rate"], [2.25, 25.5, 31.0, np.nan])
    np.testing.assert_array_equal(table["rate_errp"], [0.25, 0.5, 0.6, np.nan])
    np.testing.assert_array_equal(table["rate_errn"], [0.2, 0.4, 0.6, np.nan])
    np.testing.assert_array_equal(table["rate_ul"], [np.nan, np.nan, np.nan, 0.01])
    assert table["rate"].unit == u.ct / u.s
    np.testing.assert_allclose(
        table["time_min"], [56392.745, 56393.246, 56394.48, 56395.9], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(table["time_max"], [56392.755, 56393.26, 56394.52, 56396.1], rtol=0, atol=1e-9)
    assert (curve.meta["source"], curve.meta["TIMESYS"], curve.meta["sigma_ul"]) == ("Mrk 421", "utc", 3.0)
    # 3 sigma, one-sided
    assert curve.meta["upper_limit"] == pytest.approx(0.99865, abs=1e-5)


def test_astropy_reads_the_same_numbers(tmp_path):
    path = tmp_path / "curve.qdp"
    # Its reader knows no names of observations, which stand in quotes.
    path.write_text("\n".join(line.partition("\t'")[0] for line in FILE.splitlines()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Table.read(path, format="ascii.qdp", table_id=0, names=["MJD", "Rate"])
    ours = LightCurve.read(path).table
    ours = ours[ours["mode"] == "WT"]
    np.testing.assert_array_equal(ours["rate"], theirs["Rate"])
    np.testing.assert_array_equal(ours["rate_errp"], theirs["Rate_perr"])
    np.testing.assert_array_equal(ours["rate_errn"], -theirs["Rate_nerr"])
    np.testing.assert_allclose(ours["time_max"], theirs["MJD"] + theirs["MJD_perr"], rtol=0, atol=1e-9)


def test_one_error_stands_for_both_sides(tmp_path):
    path = tmp_path / "curve.qdp"
    path.write_text("READ TERR 1\nREAD SERR 2\n! PC data\n56392.75 0.005 -0.005 2.25 0.2\n")
    table = LightCurve.read(path).table
    assert (table["rate_errn"][0], table["rate_errp"][0]) == (0.2, 0.2)


def test_bands_of_a_hardness_file_are_not_taken_together(tmp_path):
    path = tmp_path / "curve.qdp"
    path.write_text("READ TERR 1\nREAD SERR 2\n! WT -- hard data\n56392.75 0.005 -0.005 2.25 0.2\n")
    with pytest.raises(DataError, match="there is no row of a rate in it"):
        LightCurve.read(path)


def test_seconds_since_a_trigger_need_its_time(tmp_path):
    path = tmp_path / "curve.qdp"
    path.write_text(FILE.replace("5639", "0"))
    with pytest.raises(DataError, match=r"its times are no MJD.*time_origin"):
        LightCurve.read(path)
    path = tmp_path / "curve.txt"
    path.write_text("t rate err\n100. 2.5 0.1\n200. 2.0 0.1\n")
    curve = LightCurve.read(
        path,
        columns={"time": "t", "rate": "rate", "rate_err": "err"},
        units={"time": "s", "rate": "ct / s"},
        time_origin="2013-04-27T07:47:57",
    )
    wanted = Time("2013-04-27T07:49:37", scale="utc")
    assert abs((curve.time[0] - wanted).to_value("s")) < 1e-4


HEAD = "! Swift/XRT light curve of trigger: 1, name: gamma Cas\nREAD TERR 1 2\n"


@pytest.mark.parametrize(
    ("label", "mode"), [("! PC_incbad", "! PCUL_incbad"), ("!-- PC data", "!-- PC upper limits")]
)
def test_modes_by_any_of_their_names(tmp_path, label, mode):
    path = tmp_path / "curve.qdp"
    path.write_text(f"{HEAD}{label}\n56392 0.1 -0.1 2.25 0 0\n{mode}\n56393 0.1 -0.1 0.01 0 0\n")
    table = LightCurve.read(path).table
    assert table["mode"].tolist() == ["PC", "PC"]
    np.testing.assert_array_equal(table["rate"], [2.25, np.nan])
    np.testing.assert_array_equal(table["rate_ul"], [np.nan, 0.01])
    # An error of nothing is none that is known.
    assert np.isnan(table["rate_errp"]).all()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("!Time T_+ve T_-ve Flux Fluxpos Fluxneg", "so what is no count rate"),
        ("!Time T_+ve T_-ve Rate Ratepos Rateneg", "its times are no MJD"),
    ],
)
def test_seconds_that_might_be_days_and_fluxes_that_might_be_rates_are_not_taken_as_these(
    tmp_path, names, words
):
    path = tmp_path / "curve.qdp"
    path.write_text(f"{HEAD}! PC data\n{names}\n56392 100 -100 2e-12 1e-13 -1e-13\n")
    with pytest.raises(DataError, match=words):
        LightCurve.read(path)
