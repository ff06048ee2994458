"""Columns of errors and limits with systematic errors: what follows from norms, and where they go."""

import pytest
from light_curve_rows import make_rows
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.columns import COLUMNS, QUANTITIES, TOTALS
from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.lightcurve.plots.points import PALE
from tevcurve.lightcurve.small_figure import small_figure


def test_each_quantity_has_them_from_the_norms():
    table = make_rows(totals=True).table
    for quantity in QUANTITIES:
        for end in TOTALS:
            column = table[quantity + end]
            assert_allclose(column, table[f"norm{end}"] * table[f"ref_{quantity}"], rtol=1e-14)
            assert column.unit == table[quantity].unit
            assert "systematic" in column.description
            assert column.format == ".4g"
    assert not [name for name in make_rows().table.colnames if name.endswith(("_sys", "_tot"))]


@pytest.mark.parametrize("name", ["lc.ecsv", "lc.fits", "lc.fits.gz", "lc.vot"])
def test_files_keep_them(name, tmp_path):
    light_curve = make_rows(totals=True)
    light_curve.write(tmp_path / name)
    read = LightCurve.read(tmp_path / name)
    for end in TOTALS:
        for quantity in (*QUANTITIES, "norm"):
            column = read.table[quantity + end]
            assert_array_equal(column, light_curve.table[quantity + end])
            assert column.unit == light_curve.table[quantity + end].unit
            assert column.description == COLUMNS[quantity + end].words


def test_other_tools_get_them_and_give_them_back(tmp_path):
    light_curve = make_rows(totals=True, edges=[1, 10])
    back = LightCurve.from_binned_time_series(light_curve.to_binned_time_series())
    gadf = LightCurve.read(light_curve.write(tmp_path / "gadf.fits", format="gadf"))
    for end in TOTALS:
        for quantity in (*QUANTITIES, "norm"):
            column = light_curve.table[quantity + end]
            assert_array_equal(back.table[quantity + end], column)
            assert_allclose(gadf.table[quantity + end], column, rtol=1e-14)
            assert gadf.table[quantity + end].unit == column.unit


def test_light_curves_one_after_the_other_have_them_or_have_them_not():
    first, second = make_rows(totals=True), make_rows(first_day=53400.0, totals=True)
    both = concatenate([first, second]).table
    assert_array_equal(both["flux_ul_tot"][: len(first)], first.table["flux_ul_tot"])
    with pytest.raises(InputError, match=r"columns that only some have: .*flux_ul_tot"):
        concatenate([first, make_rows(first_day=53400.0)])


def test_other_systematic_errors_are_not_put_together():
    parts = [
        make_rows(first_day=day, totals=True, meta={"systematics": [words]})
        for day, words in ((53343.0, "flux_scale 0.1 by night"), (53400.0, "flux_scale 0.2 by night"))
    ]
    with pytest.raises(InputError, match="systematics is"):
        concatenate(parts)
    with pytest.raises(InputError, match="cross_calibration is"):
        concatenate([make_rows(meta={"cross_calibration": "a"}), make_rows(first_day=53400.0)])


def test_a_factor_scales_them_and_a_constant_moves_the_limit():
    light_curve = make_rows(totals=True)
    twice, moved = (light_curve * 2).table, (light_curve + 1e-12 * light_curve.table["flux"].unit).table
    for end in TOTALS:
        assert_allclose(twice[f"flux{end}"], 2 * light_curve.table[f"flux{end}"], rtol=1e-14)
        by = 1e-12 if end == "_ul_tot" else 0.0
        assert_allclose(moved[f"flux{end}"], light_curve.table[f"flux{end}"] + by, rtol=1e-12)
    assert_allclose(moved["norm_ul_tot"] * moved["ref_flux"], moved["flux_ul_tot"], rtol=1e-12)


def test_they_are_printed_in_the_unit_of_the_flux():
    lines = str(make_rows(totals=True)).splitlines()
    (names,) = [line for line in lines if "flux_err_tot" in line]
    units = lines[lines.index(names) + 1].split("1e-")[1:]
    assert "flux_ul_tot" in names
    assert len(units) == 5
    assert len(set(units[:4])) == 1
    assert "flux_err_tot" not in str(make_rows())


def test_the_figure_of_a_notebook_draws_pale_bars_and_says_so():
    light_curve = make_rows(totals=True)
    light_curve.table["ts"] = 30.0
    drawn = small_figure(light_curve, "")
    assert drawn.count("stroke-opacity") == len(light_curve)
    assert PALE in drawn
    light_curve.table["ts"] = 1.0
    limits = small_figure(light_curve, "")
    assert "stroke-opacity" not in limits
    assert PALE in limits
    assert PALE not in small_figure(make_rows(), "")
