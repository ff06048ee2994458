import astropy.units as u
import pytest
from astropy.time import Time
from astropy.timeseries import BinnedTimeSeries
from light_curve_rows import assert_same_rows, make_rows
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.lightcurve.product import LightCurve


@pytest.mark.parametrize("scale", ["tt", "utc"])
def test_a_binned_time_series_has_bins_units_and_columns(scale):
    light_curve = make_rows(4, scale=scale)
    series = light_curve.to_binned_time_series(band=1)
    table = light_curve.table[1::2]
    assert isinstance(series, BinnedTimeSeries)
    assert series.time_bin_start.scale == scale
    assert_array_equal(series.time_bin_start.mjd, table["time_min"])
    assert_allclose(series.time_bin_end.mjd, table["time_max"], rtol=0, atol=1e-11)
    for name in set(table.colnames) - {"time_min", "time_max"}:
        if table[name].unit is None:
            assert_array_equal(series[name], table[name])
        else:
            assert isinstance(series[name], u.Quantity)
            assert_array_equal(series[name].value, table[name])
            assert series[name].unit == table[name].unit
    assert series.meta == light_curve.meta
    assert_allclose(series.time_bin_center.mjd, light_curve.time[1::2].mjd, rtol=0, atol=1e-10)


def test_a_binned_time_series_comes_back():
    light_curve = make_rows(4)[::2]
    back = LightCurve.from_binned_time_series(light_curve.to_binned_time_series())
    assert back.meta == light_curve.meta
    assert_allclose(back.table["time_max"], light_curve.table["time_max"], rtol=0, atol=1e-11)
    back.table["time_max"] = light_curve.table["time_max"]
    assert_same_rows(back.table, light_curve.table)


def test_anyones_binned_time_series_becomes_a_light_curve_in_our_units():
    start = Time(["2020-01-01", "2020-01-03"], scale="utc")
    series = BinnedTimeSeries(time_bin_start=start, time_bin_size=[1, 2] * u.h)
    series["flux"] = [1, 2] * u.Unit("m-2 s-1")
    series["delay"] = [3, 4] * u.ms
    light_curve = LightCurve.from_binned_time_series(series)
    assert light_curve.meta["TIMESYS"] == "utc"
    assert_allclose(light_curve.table["flux"], [1e-4, 2e-4], rtol=1e-14)
    assert light_curve.table["delay"].unit == u.ms
    assert_allclose((light_curve.time_stop - light_curve.time_start).to_value("h"), [1, 2], rtol=1e-9)
    series["flux"] = [1, 2] * u.m
    with pytest.raises(InputError, match="column flux is in m; wanted is 1 / "):
        LightCurve.from_binned_time_series(series)
    with pytest.raises(InputError, match="A list was given"):
        LightCurve.from_binned_time_series([1])


def test_several_bands_need_one_said():
    with pytest.raises(InputError, match=r"several; say band= \(0: 1-3 TeV, 1: 3-10 TeV\)"):
        make_rows().to_binned_time_series()
    with pytest.raises(InputError, match="no energy band 2; there are 0: 1-3 TeV"):
        make_rows().to_binned_time_series(2)


def test_series_share_no_memory_with_the_light_curve():
    light_curve = make_rows(2, edges=[1, 10], meta={"list": [1]})
    series = light_curve.to_binned_time_series()
    series["flux"][0] = 0 / u.cm**2 / u.s
    series["counts"][0] = -1
    series.meta["list"].append(2)
    assert light_curve.table["flux"][0] > 0
    assert light_curve.table["counts"][0] > 0
    assert light_curve.meta["list"] == [1]
