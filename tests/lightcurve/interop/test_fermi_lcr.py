"""Files of the Fermi-LAT Light Curve Repository, as its data description has them; the numbers are made up."""

import json

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.product import LightCurve

# 2008-08-08 00:00:00 UTC is 239846401 s of mission time (HEASARC's xTime).
DAY, FIRST = 86400, 239846401
HEAD = (
    '"Date(UTC)","Julian Date","MET","TS","Photon Flux [0.1-100 GeV](photons cm-2 s-1)",'
    '"Photon Flux Error(photons cm-2 s-1)","Photon Index","Photon Index Error","Sun Distance","Fit Tolerance",'
    '"MINUIT Return Code","Analysis Log"'
)
ROWS = [
    (FIRST, 153.2, "2.50e-7", "3.1e-8", "2.21", "0.05", 0),
    (FIRST + 7 * DAY, 1.1, "<9.4e-8", "-", "-", "-", 0),
    (FIRST + 21 * DAY, 40.0, "1.30e-7", "2.0e-8", "2.4", "0.1", 3),
]


def written(path, rows=ROWS, head=HEAD):
    lines = [
        f'"2008-08-08","2454686.5","{met}","{ts}","{flux}","{err}","{index}","{index_err}","90.1","0.001","{code}","log"'
        for met, ts, flux, err, index, index_err, code in rows
    ]
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_csv_has_fluxes_limits_and_bins(tmp_path, caplog):
    curve = LightCurve.read(written(tmp_path / "4FGL_J2202.7+4216_weekly_9_15_2023.csv"))
    np.testing.assert_array_equal(curve.table["flux"], [2.5e-7, np.nan, 1.3e-7])
    np.testing.assert_array_equal(curve.table["flux_err"], [3.1e-8, np.nan, 2e-8])
    np.testing.assert_array_equal(curve.table["flux_ul"], [np.nan, 9.4e-8, np.nan])
    assert curve.table["flux"].unit == u.Unit("cm-2 s-1")
    np.testing.assert_array_equal(curve.table["index_err"], [0.05, np.nan, 0.1])
    assert curve.table["status"].tolist() == ["ok", "ok", "not_converged"]
    assert "1 bins of 3 whose fit did not converge" in caplog.text
    # The middle is what is said, also in UTC, and the bins are those of a week though one is missing.
    middle = Time("2008-08-08T00:00:00", scale="utc")
    assert abs((curve.time[0] - middle).to_value("s")) < 1e-3
    np.testing.assert_allclose((curve.time_stop - curve.time_start).to_value("d"), 7, atol=1e-9)
    assert (curve.meta["source"], curve.meta["instrument"]) == ("4FGL J2202.7+4216", "Fermi-LAT")
    assert curve.meta["upper_limit"] == 0.95
    assert (curve.table["e_min"][0], curve.table["e_max"][0]) == pytest.approx((1e-4, 0.1), rel=1e-14)


def test_energy_fluxes_are_energy_fluxes(tmp_path):
    head = HEAD.replace("Photon Flux [", "Energy Flux [").replace("Photon Flux Error", "Energy Flux Error")
    head = head.replace("photons cm", "MeV cm")
    curve = LightCurve.read(written(tmp_path / "a.csv", head=head))
    assert "flux" not in curve.table.colnames
    assert curve.table["eflux"].quantity[0].to_value("MeV cm-2 s-1") == pytest.approx(2.5e-7, rel=1e-12)


def test_json_is_the_same_as_csv(tmp_path):
    mets = [row[0] for row in ROWS]
    content = {
        "ts": [[met, row[1]] for met, row in zip(mets, ROWS, strict=True)],
        "flux": [[mets[0], 2.5e-7], [mets[2], 1.3e-7]],
        "flux_upper_limits": [[mets[1], 9.4e-8]],
        # The ends of the interval.
        "flux_error": [[mets[0], 2.5e-7 - 3.1e-8, 2.5e-7 + 3.1e-8], [mets[2], 1.1e-7, 1.5e-7]],
        "photon_index": [[mets[0], 2.21], [mets[2], 2.4]],
        "photon_index_interval": [[mets[0], 2.16, 2.26], [mets[2], 2.3, 2.5]],
        "fit_tolerance": [[met, 1e-3] for met in mets],
        "fit_convergence": [[mets[0], 0], [mets[1], 0], [mets[2], 3]],
        "dlogl": [], "EG": [], "GAL": [], "bin_id": [],
    }  # fmt: skip
    path = tmp_path / "4FGL_J2202.7+4216_weekly_photon_fixed_tsmin4.json"
    path.write_text(json.dumps(content))
    one = LightCurve.read(path)
    other = LightCurve.read(written(tmp_path / "4FGL_J2202.7+4216_weekly.csv"))
    for name in ("time_min", "time_max", "flux", "flux_err", "flux_ul", "index", "index_err", "ts", "e_min"):
        np.testing.assert_allclose(one.table[name], other.table[name], rtol=1e-12, err_msg=name)
    assert one.table["status"].tolist() == other.table["status"].tolist()


def test_what_is_no_such_light_curve_is_said(tmp_path):
    path = tmp_path / "a.csv"
    with pytest.raises(DataError, match="wanted are bins of 3, 7 or 30 d"):
        LightCurve.read(written(path, [ROWS[0], (FIRST + 5 * DAY, *ROWS[1][1:])]))
    with pytest.raises(DataError, match="one bin only"):
        LightCurve.read(written(path, ROWS[:1]))
    with pytest.raises(DataError, match="has 'lots'; wanted is a number, or a limit"):
        LightCurve.read(written(path, [ROWS[0], (FIRST + 7 * DAY, 4, "lots", *ROWS[1][3:])]))
    path.write_text(f"{HEAD}\n1,2,3\n")
    with pytest.raises(DataError, match="row 2 has 3 cells; wanted are 12"):
        LightCurve.read(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"is none of .*Fermi-LAT.*names of its columns"):
        LightCurve.read(path)


def json_file(path, **changed):
    read = {
        "ts": [[FIRST, 50.0], [FIRST + 7 * DAY, 30.0]],
        "flux": [[FIRST, 1e-7], [FIRST + 7 * DAY, 2e-7]],
        "flux_error": [[FIRST, 1e-7, 1e-7], [FIRST + 7 * DAY, 1.8e-7, 2.2e-7]],
        "flux_upper_limits": [],
    }
    path.write_text(json.dumps(read | changed))
    return path


def test_fluxes_whose_fit_gave_no_error_have_none(tmp_path):
    """In the repository's files such intervals begin and end at the flux."""
    table = LightCurve.read(json_file(tmp_path / "photon.json")).table
    for name in ("flux_err", "flux_errn", "flux_errp"):
        np.testing.assert_allclose(table[name], [np.nan, 2e-8])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"flux": [[FIRST + 1, 1e-7]]}, r"flux has a bin at \d+ s, of which there is no ts"),
        ({"flux": "none"}, "flux is not a list of"),
        ({"ts": [[FIRST, 50.0], [FIRST, 30.0], [FIRST + 7 * DAY, 30.0]]}, "two rows of one time"),
    ],
)
def test_values_that_belong_to_no_bin_are_not_lost(tmp_path, changed, words):
    with pytest.raises(DataError, match=words):
        LightCurve.read(json_file(tmp_path / "photon.json", **changed))


def test_semicolons_divide_cells_as_commas_do(tmp_path):
    path = written(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(path.read_text().replace('","', '";"'))
    one, other = (LightCurve.read(tmp_path / name).table for name in ("a.csv", "b.csv"))
    np.testing.assert_array_equal(one["flux"], other["flux"])
    np.testing.assert_array_equal(one["time_min"], other["time_min"])
