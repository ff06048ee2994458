import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from light_curve_rows import assert_same_rows, make_rows
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.lightcurve.columns import QUANTITIES, VARIANTS
from tevcurve.lightcurve.product import LightCurve

SPREAD = ("_err", "_errn", "_errp")


@pytest.mark.parametrize(
    ("scaled", "factor"),
    [
        (lambda lc: lc * 2, 2),
        (lambda lc: 2.5 * lc, 2.5),
        (lambda lc: lc / 4, 0.25),
        (lambda lc: lc * (150 * u.percent), 1.5),
        (lambda lc: 1.5 * u.one * lc, 1.5),
        (lambda lc: np.arange(1, 9) * lc, np.arange(1, 9)),
        (lambda lc: lc / u.Quantity(np.arange(1, 9)), 1 / np.arange(1, 9)),
    ],
)
def test_a_factor_scales_all_that_is_a_flux_and_nothing_else(scaled, factor):
    light_curve = make_rows()
    before = light_curve.copy()
    table = scaled(light_curve).table
    fluxes = [q + end for q in QUANTITIES for end in VARIANTS] + [f"ref_{q}" for q in QUANTITIES]
    for name in light_curve.table.colnames:
        expected = before.table[name] * factor if name in fluxes else before.table[name]
        assert_array_equal(table[name], expected, err_msg=name)
        assert table[name].unit == before.table[name].unit
    # flux = norm times reference holds on
    assert_allclose(table["flux_ul"], table["norm_ul"] * table["ref_flux"], rtol=1e-14)
    assert_array_equal(table["scaled_by"], np.broadcast_to(factor, 8))
    assert_same_rows(light_curve.table, before.table)


def test_factors_multiply():
    light_curve = make_rows()
    twice = (light_curve * 2) / 8
    assert_array_equal(twice.table["scaled_by"], [0.25] * 8)
    assert_allclose((twice * 4).table["flux"], light_curve.table["flux"], rtol=1e-15)


def test_a_constant_flux_moves_values_and_limits_with_the_references_shape():
    light_curve = make_rows()
    constant = 3e-12 / u.cm**2 / u.s
    moved = (light_curve - constant).table
    table = light_curve.table
    assert_allclose(moved["flux"], table["flux"] - 3e-12, rtol=1e-13)
    assert_allclose(moved["flux_ul"], table["flux_ul"] - 3e-12, rtol=1e-13)
    for quantity in QUANTITIES:
        assert_allclose(moved[quantity], moved["norm"] * moved[f"ref_{quantity}"], rtol=1e-13)
        assert_array_equal(moved[f"ref_{quantity}"], table[f"ref_{quantity}"])
        for end in SPREAD:
            assert_array_equal(moved[quantity + end], table[quantity + end])
    # the likelihood of a total flux is where it was
    total = moved["norm_scan"] * moved["ref_flux"][:, None] + 3e-12
    assert_allclose(total, table["norm_scan"] * table["ref_flux"][:, None], rtol=1e-13)
    assert_array_equal(moved["dloglike_scan"], table["dloglike_scan"])
    assert not {"ts", "sqrt_ts"} & set(moved.colnames)
    assert_array_equal(moved["added_flux"], [-3e-12] * 8)
    assert moved["added_flux"].unit == u.Unit("cm-2 s-1")


def test_constants_in_other_units_and_one_per_row():
    light_curve = make_rows()
    per_row = np.arange(8) * 1e-9 / u.m**2 / u.s
    for moved in (light_curve + per_row, per_row + light_curve):
        assert_allclose(moved.table["flux"], light_curve.table["flux"] + np.arange(8) * 1e-13, rtol=1e-14)
    back = (light_curve + per_row) - per_row
    assert_allclose(back.table["flux"], light_curve.table["flux"], rtol=1e-13)
    assert_allclose(back.table["added_flux"], 0, atol=1e-30)
    # what was added is scaled with the rest
    assert_allclose(((light_curve + per_row) * 3).table["added_flux"], np.arange(8) * 3e-13, rtol=1e-14)


def test_arithmetic_keeps_the_ledger_and_says_why_it_has_no_origin():
    ledger, origin = object(), object()
    light_curve = make_rows(origin=origin, ledger=ledger)
    for new, words in (
        (light_curve * 2, "it was scaled"),
        (light_curve + 0 / u.cm**2 / u.s, "a constant was added"),
    ):
        assert new.ledger is ledger
        with pytest.raises(InputError, match=words):
            new.rebin()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda lc: lc * lc, "cannot be multiplied with or divided by each other"),
        (lambda lc: lc / lc, "cannot be multiplied with or divided by each other"),
        (lambda lc: lc + lc, "cannot be added to or subtracted from each other"),
        (lambda lc: lc - lc, "cannot be added to or subtracted from each other"),
        (lambda lc: lc * 0, "a number above 0"),
        (lambda lc: lc * -1, "a number above 0"),
        (lambda lc: lc * np.nan, "a number above 0"),
        (lambda lc: lc * np.ones(3), "one for each of 8 rows"),
        (lambda lc: lc * "2 m", "The factor is in m"),
        (lambda lc: lc / "much", "wanted is a number above 0"),
        (lambda lc: lc / (1e-11 / u.cm**2 / u.s), "plain numbers"),
        (lambda lc: lc + 1e-12, "wanted is a flux in"),
        (lambda lc: lc + 1 * u.TeV, "wanted is a flux in"),
        (lambda lc: lc - np.inf / u.cm**2 / u.s, "one finite flux"),
        (lambda lc: 1e-12 / u.cm**2 / u.s - lc, "cannot be subtracted from a flux"),
        (lambda lc: 1 / lc, "cannot be divided by a light curve"),
    ],
)
def test_what_has_no_meaning_is_refused(what, words):
    with pytest.raises(InputError, match=words):
        what(make_rows())


def test_a_constant_needs_a_reference():
    light_curve = make_rows()
    light_curve.table.remove_column("ref_flux")
    with pytest.raises(InputError, match="without the column ref_flux"):
        light_curve + 1e-12 / u.cm**2 / u.s


def test_what_has_no_fluxes_is_not_scaled_without_a_word():
    table = Table({"t": [59000.5], "V": [13.1], "e": [0.02]})
    curve = LightCurve.from_table(
        table, {"time": "t", "mag": "V", "mag_err": "e"}, {"mag": "mag"}, time_scale="utc"
    )
    with pytest.raises(InputError, match="A light curve that has no fluxes is not scaled"):
        curve * 2
