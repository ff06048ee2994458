"""Light curves as DataFrames; pandas is there where gammapy is."""

import astropy.units as u
import numpy as np
import pytest
from light_curve_rows import assert_same_rows, make_rows
from numpy.testing import assert_array_equal

from tevcurve.errors import InputError
from tevcurve.lightcurve.product import LightCurve

pytest.importorskip("gammapy", reason="The packages of the extra [peer] are not here.")
pandas = pytest.importorskip("pandas")


@pytest.mark.parametrize("scale", ["tt", "utc"])
def test_a_frame_has_all_columns_and_comes_back(scale):
    light_curve = make_rows(4, scale=scale, meta={"time_bins": "by run"})
    light_curve.table["flux"][1] = np.nan
    words = light_curve.table["reason"].description
    light_curve.table["reason"] = ["", "why", "", "é", "", "", "", ""]
    light_curve.table["reason"].description = words
    frame = light_curve.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == light_curve.table.colnames
    assert_array_equal(frame["flux"].to_numpy(), light_curve.table["flux"])
    assert frame.attrs["units"]["eflux"] == "TeV / (s cm2)"
    back = LightCurve.from_pandas(frame)
    assert_same_rows(back.table, light_curve.table)
    assert back.meta == light_curve.meta


def test_the_index_is_the_time_in_utc():
    light_curve = make_rows(3, edges=[1, 10])
    frame = light_curve.to_pandas()
    # MJD 53343 is 2004-12-04; bins of 20 minutes from midnight TT, which was 64.184 s ahead
    assert frame.index.tz is not None
    assert abs(frame.index[0] - pandas.Timestamp("2004-12-04T00:08:55.816", tz="UTC")) < pandas.Timedelta(
        "1us"
    )
    assert len(frame.loc["2004-12-05"]) == 1
    assert_array_equal(frame["counts"].resample("1D").sum(), light_curve.table["counts"])


def test_rows_of_a_frame_are_rows_of_a_light_curve():
    light_curve = make_rows(4)
    frame = light_curve.to_pandas()
    assert_same_rows(LightCurve.from_pandas(frame[frame["e_min"] == 3]).table, light_curve[1::2].table)


def test_a_frame_of_elsewhere_needs_a_time_scale():
    frame = pandas.DataFrame({"time_min": [53343.0], "time_max": [53344.0], "flux": [1e-11]})
    with pytest.raises(InputError, match="time scale of the DataFrame is not said; say timesys="):
        LightCurve.from_pandas(frame)
    light_curve = LightCurve.from_pandas(frame, timesys="utc")
    assert light_curve.time_start[0].scale == "utc"
    assert light_curve.table["flux"].unit == u.Unit("cm-2 s-1")
    with pytest.raises(InputError, match="no column time_min"):
        LightCurve.from_pandas(frame[["flux"]], timesys="utc")


def test_a_frame_shares_no_memory():
    light_curve = make_rows(2)
    frame = light_curve.to_pandas()
    frame.loc[:, "flux"] = 0.0
    assert np.all(light_curve.table["flux"] > 0)


def test_missing_values_of_pandas_are_nan():
    frame = make_rows(2).to_pandas()
    attrs, frame = frame.attrs, frame.convert_dtypes()
    frame.attrs = attrs
    frame["n_on"] = pandas.array([1, None, 3, 4], dtype="Int64")
    for name in ("flux", "status"):
        frame.iloc[1, frame.columns.get_loc(name)] = pandas.NA
    table = LightCurve.from_pandas(frame).table
    assert np.isnan(table["flux"][1])
    assert np.isnan(table["n_on"][1])
    assert table["n_on"][2] == 3
    assert table["status"][1] == ""
    frame["time_min"] = pandas.array([53343.0, None, 53344.0, 53344.0], dtype="Float64")
    with pytest.raises(InputError, match="without a time"):
        LightCurve.from_pandas(frame)


def test_errors_with_systematic_errors_come_back():
    light_curve = make_rows(3, totals=True)
    frame = light_curve.to_pandas()
    assert_array_equal(frame["flux_ul_tot"], light_curve.table["flux_ul_tot"])
    assert_same_rows(LightCurve.from_pandas(frame).table, light_curve.table)
