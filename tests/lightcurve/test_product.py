import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time
from light_curve_rows import make_rows
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.lightcurve.product import LightCurve

# The four Crab runs of the tutorial
START = np.array([53343.92234009259, 53343.95421509259, 53345.96198129629, 53347.913196574074])
STOP = np.array([53343.94186555556, 53343.97369425926, 53345.98149518518, 53347.93271046296])
REFERENCE = {"ref_flux": 1.2e-11, "ref_dnde": 2e-11, "ref_eflux": 3.4e-11, "ref_e2dnde": 2.2e-11}
NORM = np.array([2.5, 2.25, 0.0, np.nan])


def make(scale="tt", meta=None, **norms):
    times = (Time(values, format="mjd", scale=scale) for values in (START, STOP))
    norms = {"norm": NORM, "norm_err": 0.1 * NORM, **norms}
    status = ["ok", "ok", "at_zero", "no_livetime"]
    reason = ["", "", "no excess", "no good time"]
    return LightCurve.from_arrays(
        *times, 1, 1, 10, REFERENCE, norms | {"status": status, "reason": reason}, meta
    )


def test_times_are_float64_mjd_with_their_scale():
    table = make().table
    assert_array_equal(table["time_min"], START)
    assert_array_equal(table["time_max"], STOP)
    assert table["time_min"].unit == u.d
    assert table["time_min"].dtype == np.float64
    assert table.meta["TIMESYS"] == "tt"


def test_end_times_are_converted_to_the_scale_of_the_start_times():
    start = Time([53343.0], format="mjd", scale="tt")
    stop = (start + 1 * u.h).utc
    light_curve = LightCurve.from_arrays(start, stop, 1, 1, 10, REFERENCE, {})
    assert_allclose(light_curve.table["time_max"], 53343 + 1 / 24, rtol=0, atol=1e-11)


@pytest.mark.parametrize("scale", ["tt", "utc", "tai"])
def test_times_come_back_with_their_scale(scale):
    light_curve = make(scale)
    for time, expected in ((light_curve.time_start, START), (light_curve.time_stop, STOP)):
        assert time.scale == scale
        assert_array_equal(time.mjd, expected)
    assert_allclose(light_curve.time.mjd, (START + STOP) / 2, rtol=0, atol=1e-11)


def test_fluxes_are_norm_times_reference_in_the_tutorials_units():
    light_curve = make(norm_errn=NORM / 5, norm_errp=NORM / 4, norm_ul=NORM + 1)
    units = {"flux": "1/(cm2 s)", "dnde": "1/(TeV cm2 s)", "eflux": "TeV/(cm2 s)", "e2dnde": "TeV/(cm2 s)"}
    for quantity, unit in units.items():
        for end, norm in (
            ("", NORM),
            ("_err", NORM / 10),
            ("_errn", NORM / 5),
            ("_errp", NORM / 4),
            ("_ul", NORM + 1),
        ):
            column = light_curve.table[quantity + end]
            assert_allclose(column, norm * REFERENCE[f"ref_{quantity}"], rtol=1e-14)
            assert column.unit == u.Unit(unit)
            assert column.description
    assert_array_equal(light_curve.table["ref_flux"], [1.2e-11] * 4)


def test_sqrt_ts_has_the_sign_of_the_norm():
    light_curve = make(norm=np.array([2.0, -1.0, 0.0, np.nan]), ts=np.array([16.0, 9.0, 0.0, np.nan]))
    assert_array_equal(light_curve.table["sqrt_ts"], [4, -3, 0, np.nan])


def test_only_the_given_columns_are_there_and_in_order():
    names = make(
        norm_scan=np.linspace(0.2, 5, 11), dloglike_scan=np.ones((4, 11)), counts=np.arange(4)
    ).table.colnames
    assert names[:7] == ["time_min", "time_max", "e_ref", "e_min", "e_max", "flux", "flux_err"]
    assert names[-2:] == ["norm_scan", "dloglike_scan"]
    assert not {"ts", "sqrt_ts", "flux_ul", "livetime"} & set(names)


def test_scan_columns_are_vectors():
    scan = np.linspace(0.2, 5, 11)
    table = make(norm_scan=scan, dloglike_scan=np.outer(np.arange(4), scan)).table
    assert table["norm_scan"].shape == (4, 11)
    assert_array_equal(table["norm_scan"][3], scan)
    assert_array_equal(table["dloglike_scan"][2], 2 * scan)


def test_quantities_are_converted_and_unknown_columns_kept():
    table = make(livetime=np.arange(4) * u.min, index=np.full(4, 2.6), delay=np.arange(4) * u.ms).table
    assert_array_equal(table["livetime"], np.arange(4) * 60.0)
    assert table["livetime"].unit == u.s
    assert_array_equal(table["index"], [2.6] * 4)
    assert table["delay"].unit == u.ms


def test_counts_stay_integers_and_energies_become_floats():
    table = make(counts=np.arange(4), n_runs=1).table
    assert table["counts"].dtype.kind == "i"
    assert_array_equal(table["n_runs"], [1, 1, 1, 1])
    assert table["e_min"].dtype == np.float64


def test_the_arguments_are_not_changed():
    norm = NORM.copy()
    light_curve = make(norm=norm)
    light_curve.table["norm"][0] = 99
    assert_array_equal(norm, NORM)


@pytest.mark.parametrize(
    ("given", "sigma_ul", "level"),
    # one-sided normal: 2 sigma is 97.72 %, and 95 % is delta TS = 2.706
    [({"sigma_ul": 2}, 2, 0.9772498680518208), ({"upper_limit": 0.95}, np.sqrt(2.705543454095404), 0.95)],
)
def test_metadata_say_the_limit_both_ways(given, sigma_ul, level):
    meta = make(meta=given).meta
    assert_allclose(meta["sigma_ul"], sigma_ul, rtol=1e-12)
    assert_allclose(meta["upper_limit"], level, rtol=1e-12)


def test_values_print_short_and_stay_exact():
    light_curve = make(norm_ul=NORM + 1 / 3)
    assert light_curve.table["flux_ul"][0] == (2.5 + 1 / 3) * 1.2e-11
    assert "3.4e-11" in str(light_curve.table["flux_ul"])
    assert "53343.922340" in str(light_curve)


def test_text_views_say_what_is_in_it():
    light_curve = make(meta={"source": "<b>crab", "method": "3d"})
    assert "4 rows, 1-10 TeV, MJD 53343.92234 to 53347.93271 (TT), 3D" in str(light_curve)
    assert "no_livetime" in str(light_curve)
    assert "<b>" not in light_curve._repr_html_()
    assert "&lt;b&gt;crab" in light_curve._repr_html_()
    assert "<td>at_zero</td>" in light_curve._repr_html_()
    assert "4 rows" in repr(light_curve)


def test_the_table_is_one_as_astropy_makes_it():
    table = make(norm_scan=np.ones((4, 3)), counts=np.arange(4)).table
    wanted = Table(list(table.columns.values()), meta=table.meta)
    assert table.colnames == wanted.colnames
    assert table.pformat(max_width=-1) == wanted.pformat(max_width=-1)
    for name in table.colnames:
        assert table[name].parent_table is table
    some, other = table[1:3], wanted[1:3]
    assert_array_equal(some.as_array(), other.as_array())
    assert (some["flux"].unit, some["flux"].format) == (other["flux"].unit, other["flux"].format)
    copied = table.copy()
    copied["norm"][0] = 7.0
    copied.rename_column("counts", "seen")
    copied.remove_column("norm_scan")
    assert table["norm"][0] == NORM[0]
    assert {"counts", "norm_scan"} <= set(table.colnames)


def test_len_and_iteration_by_row():
    light_curve = make()
    assert len(light_curve) == 4
    assert [row["status"] for row in light_curve] == ["ok", "ok", "at_zero", "no_livetime"]


def test_no_rows_are_a_light_curve_too():
    none = Time([], format="mjd", scale="tt")
    empty = LightCurve.from_arrays(none, none, 1, 1, 10, REFERENCE, {"norm": []})
    assert len(empty) == 0
    assert "no rows" in str(empty)
    assert empty.table["flux"].unit == u.Unit("cm-2 s-1")


def test_a_record_serves_as_reference():
    class Reference:
        ref_flux = 3e-11

    start, stop = (Time(values, format="mjd", scale="tt") for values in (START, STOP))
    light_curve = LightCurve.from_arrays(start, stop, 1, 1, 10, Reference(), {"norm": NORM})
    assert_allclose(light_curve.table["flux"], NORM * 3e-11)
    assert "dnde" not in light_curve.table.colnames


def test_it_is_frozen():
    with pytest.raises(AttributeError):
        make().table = Table()


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="column counts has 3 values for a light curve of 4 rows"):
        make(counts=[1, 2, 3])
    with pytest.raises(InputError, match="needs a column time_max"):
        LightCurve(Table({"time_min": [1.0]}))
    with pytest.raises(InputError, match="TIMESYS is nothing"):
        LightCurve(Table({"time_min": [1.0], "time_max": [2.0]}))
    time = Time([53343.0, 53344.0], format="mjd")
    with pytest.raises(InputError, match="ends before it begins"):
        LightCurve.from_arrays(time, time - 1 * u.s, 1, 1, 10, REFERENCE, {})
    with pytest.raises(InputError, match="time_min has 2 values and time_max has 1"):
        LightCurve.from_arrays(time, time[:1], 1, 1, 10, REFERENCE, {})


def test_columns_in_other_units_are_in_ours():
    rows = make_rows(3).table
    table = QTable(rows, copy=True)
    table["flux"], table["e_min"] = (
        table["flux"].to("1 / (m2 h)"),
        u.Quantity(table["e_min"], "TeV").to("MeV"),
    )
    table["counts"] = MaskedColumn(np.arange(6), mask=[True] + 5 * [False])
    light_curve = LightCurve(table)
    np.testing.assert_allclose(light_curve.table["flux"], rows["flux"], rtol=1e-12)
    np.testing.assert_allclose(light_curve.table["e_min"], rows["e_min"], rtol=1e-12)
    assert light_curve.table["flux"].unit == "1 / (cm2 s)"
    assert np.isnan(light_curve.table["counts"][0])
    table["flux"] = np.ones(6) * u.cm
    with pytest.raises(InputError, match="flux is in cm"):
        LightCurve(table)


def test_times_as_objects_are_refused():
    table = make_rows(3).table.copy()
    table["time_min"] = Time(np.asarray(table["time_min"]), format="mjd", scale="tt")
    with pytest.raises(InputError, match="time_min is a Time; wanted are its MJD"):
        LightCurve(table)
