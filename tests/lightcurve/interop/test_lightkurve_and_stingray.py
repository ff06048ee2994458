"""Light curves opened by the packages of optical and X-ray timing; they are there where gammapy is."""

import astropy.units as u
import numpy as np
import pytest
from light_curve_rows import make_rows
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

import tevcurve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width

pytest.importorskip("gammapy", reason="The packages of the extra [peer] are not here.")
# What these packages warn of while they are imported is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
lightkurve = pytest.importorskip("lightkurve")
stingray = pytest.importorskip("stingray")


@pytest.mark.parametrize("scale", ["tt", "utc"])
@pytest.mark.parametrize("quantity", ["flux", "eflux", "norm"])
def test_lightkurve_has_times_values_and_units(scale, quantity):
    light_curve = make_rows(6, scale=scale)
    table = light_curve.table[::2]
    made = light_curve.to_lightkurve(band=0, quantity=quantity)
    assert isinstance(made, lightkurve.LightCurve)
    assert made.time.scale == scale
    assert_allclose(made.time.mjd, light_curve.time[::2].mjd, rtol=0, atol=1e-11)
    for name, expected in (("flux", quantity), ("flux_err", f"{quantity}_err"), ("flux_ul", "flux_ul")):
        assert_array_equal(u.Quantity(made[name]).value, table[expected])
        assert u.Quantity(made[name]).unit == (table[expected].unit or u.one)
    assert_array_equal(made["time_min"].value, table["time_min"])
    assert made.meta["status"] == ["ok"] * 6
    assert made.meta["LABEL"] == "crab"
    # it does what it does with its own: 20-minute bins once a day, two in each bin of two days
    binned = made.bin(time_bin_size=2 * u.d, time_bin_start=made.time[0] - 0.1 * u.d)
    assert_allclose(u.Quantity(binned.flux).value[:3], np.asarray(table[quantity]).reshape(3, 2).mean(axis=1))


def test_stingray_has_rates_errors_and_times():
    light_curve = make_rows(6)
    table = light_curve.table[1::2]
    made = light_curve.to_stingray(band=1)
    assert isinstance(made, stingray.Lightcurve)
    assert_array_equal(made.countrate, table["flux"])
    assert_allclose(made.countrate_err, table["flux_err"], rtol=1e-12)
    assert made.err_dist == "gauss"
    assert_allclose(made.mjdref + made.time / 86400, light_curve.time[1::2].tt.mjd, rtol=0, atol=1e-10)
    assert_allclose(made.dt, 1200, rtol=1e-9)
    assert_allclose(made.gti, made.time[:, None] + [-600, 600], rtol=0, atol=1e-4)


def test_stingray_in_utc_counts_from_the_same_moments():
    tt, utc = make_rows(2, edges=[1, 10]), make_rows(2, edges=[1, 10], scale="utc")
    one, other = tt.to_stingray(), utc.to_stingray()
    # in 2004 TT was 64.184 s ahead of UTC
    shift = (other.mjdref - one.mjdref) * 86400 + other.time - one.time
    assert_allclose(shift, 64.184, rtol=0, atol=1e-4)


def test_stingray_leaves_out_rows_without_a_value():
    light_curve = make_rows(4, edges=[1, 10])
    light_curve.table["flux"][1] = np.nan
    assert light_curve.to_stingray().n == 3
    light_curve.table["flux"] = np.nan
    with pytest.raises(InputError, match="No row of the light curve has a value of flux"):
        light_curve.to_stingray()
    with pytest.raises(InputError, match="no column 'fluxes'"):
        light_curve.to_stingray(quantity="fluxes")


@pytest.mark.parametrize("to", ["to_lightkurve", "to_stingray"])
def test_several_bands_need_one_said(to):
    with pytest.raises(InputError, match=r"several; say band= \(0: 1-3 TeV, 1: 3-10 TeV\)"):
        getattr(make_rows(), to)()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_stingray_counts_events_in_good_time(store, method):
    light_curve = tevcurve.light_curve(
        store, TARGET, time_bins=by_width("5 min"), energy_edges=[1, 10] * u.TeV, method=method
    )
    table = light_curve.table
    made = light_curve.to_stingray(quantity="counts")
    assert_array_equal(made.counts, table["n_on" if method == "1d" else "counts"])
    assert made.err_dist == "poisson"
    if method == "1d":
        assert_array_equal(made.bg_counts, table["n_off"])
        assert_array_equal(made.bg_ratio, table["alpha"])
    # the good time of the runs, one of which has a gap
    used = np.sum(light_curve.ledger.seconds["used"])
    assert_allclose(np.sum(made.gti[:, 1] - made.gti[:, 0]), used, rtol=0, atol=1e-5)
    assert len(made.gti) == 4
    width = np.asarray(table["time_max"] - table["time_min"]) * 86400
    assert_allclose(made.frac_exp, table["livetime"] / width, rtol=1e-9)
    # bins with the gap in them are not wholly in good time
    inside = made.apply_gtis(inplace=False)
    assert 0 < inside.n < made.n


def test_rows_without_a_symmetric_error_are_left_out_or_nan_and_counted(caplog):
    light_curve = make_rows(6, edges=[1, 10])
    light_curve.table["flux_err"][[1, 4]] = np.nan
    made = light_curve.to_stingray()
    assert_array_equal(made.countrate, np.asarray(light_curve.table["flux"])[[0, 2, 3, 5]])
    assert np.all(np.isfinite(made.countrate_err))
    words = "2 of 6 rows have no symmetric error of flux (at a bound, for example): left out for stingray."
    assert words in made.notes.splitlines()
    assert words in caplog.text
    # All events are there: they have no such error.
    light_curve.table["counts"] = np.arange(6)
    assert len(light_curve.to_stingray(quantity="counts").counts) == 6
    error = u.Quantity(light_curve.to_lightkurve().flux_err).value
    assert_array_equal(np.isnan(error), np.isin(np.arange(6), [1, 4]))
    assert "NaN in the lightkurve.LightCurve" in caplog.text
    light_curve.table["flux_err"] = np.nan * light_curve.table["flux_err"]
    with pytest.raises(
        InputError, match="No row of the light curve has a value of flux with a symmetric error"
    ):
        light_curve.to_stingray()


def test_one_error_of_a_row_is_the_statistical_one():
    light_curve = make_rows(4, edges=[1, 10], totals=True)
    curve = light_curve.to_stingray()
    assert_allclose(curve.countrate_err, light_curve.table["flux_err"], rtol=1e-12)
    assert "without systematic ones" in curve.notes
    assert "systematic" not in make_rows(4, edges=[1, 10]).to_stingray().notes
    other = light_curve.to_lightkurve()
    assert_array_equal(other.flux_err.value, light_curve.table["flux_err"])
    assert_array_equal(other["flux_err_tot"].value, light_curve.table["flux_err_tot"])
