"""The light curve of the page as traces of plotly."""

import numpy as np
from light_curve_rows import make_rows

from tevcurve.report import report_html
from tevcurve.report.light_curve_figure import light_curve_figure
from tevcurve.report.rows import ReportRows


def test_the_mark_of_the_legend_is_no_hollow_one():
    light_curve = make_rows(4, edges=[1, 10])
    light_curve.table["ts"] = 50.0
    light_curve.table["e_min_fit"] = [2.0, 1.0, 2.0, 1.0]
    light_curve.table["e_max_fit"] = 10.0
    rows = ReportRows.of(light_curve)
    assert rows.is_hollow.tolist() == [True, False, True, False]
    trace = light_curve_figure(light_curve, rows, {})["data"][0]
    assert [symbol.endswith("-open") for symbol in trace["marker"]["symbol"]] == [False, False, True, True]
    # Each mark keeps its own flux.
    np.testing.assert_allclose(trace["y"], rows.value[[1, 3, 0, 2]], rtol=1e-5)


def test_marks_tell_which_instruments_a_row_has():
    light_curve = make_rows(4, edges=[1, 10])
    light_curve.table["ts"] = 50.0
    light_curve.table["instruments"] = ["FACT, HESS", "HESS", "FACT, HESS", "FACT"]
    rows = ReportRows.of(light_curve)
    figure = light_curve_figure(light_curve, rows, {})
    assert [trace["name"] for trace in figure["data"]] == ["FACT", "FACT, HESS", "HESS"]
    np.testing.assert_allclose(figure["data"][1]["y"], rows.value[[0, 2]], rtol=1e-5)
    looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in figure["data"]}
    assert len({colour for colour, _ in looks}) == len({symbol for _, symbol in looks}) == 3
    assert figure["layout"]["showlegend"]
    assert "Instruments: %{customdata[9]}" in figure["data"][1]["hovertemplate"]
    assert figure["data"][1]["customdata"][0][9] == "FACT, HESS"
    # They are one series, which is tested as one.
    assert rows.instruments == [""]
    assert not rows.of_several


def test_the_page_says_whose_rows_they_are_together():
    light_curve = make_rows(3, edges=[1, 10])
    light_curve.table["instruments"] = ["FACT, HESS", "HESS", "FACT"]
    light_curve.table.meta["reference_instrument"] = "HESS"
    page = report_html(light_curve, n_toys=0)
    assert "3 rows of FACT, HESS together" in page
    assert "<dt>Fluxes as seen by</dt><dd>HESS</dd>" in page
    assert "Marks tell which instruments a row has runs of." in page


def test_errors_with_systematic_errors_are_pale_bars_behind_the_points():
    light_curve = make_rows(4, edges=[1, 10], totals=True)
    light_curve.table["ts"] = [50.0, 50.0, 50.0, 1.0]
    rows = ReportRows.of(light_curve)
    pale, points, limits = light_curve_figure(light_curve, rows, {})["data"]
    assert [trace["meta"]["kind"] for trace in (pale, points, limits)] == ["totals", "points", "limits"]
    assert [trace["showlegend"] for trace in (pale, points, limits)] == [False, True, False]
    scale = np.asarray(light_curve.table["ref_flux"]) / 10.0**rows.exponent
    np.testing.assert_allclose(pale["y"], points["y"])
    np.testing.assert_allclose(
        pale["error_y"]["array"], (light_curve.table["norm_errp_tot"] * scale)[:3], rtol=1e-5
    )
    np.testing.assert_allclose(
        pale["error_y"]["arrayminus"], (light_curve.table["norm_errn_tot"] * scale)[:3], rtol=1e-5
    )
    np.testing.assert_allclose(limits["y"], (light_curve.table["norm_ul_tot"] * scale)[3:], rtol=1e-5)
    assert pale["opacity"] < 1
    assert "With systematic errors: %{customdata[5]}" in points["hovertemplate"]


def test_the_page_tells_total_errors_from_others():
    page = report_html(make_rows(3, edges=[1, 10], totals=True), n_toys=0)
    assert "Pale bars and upper limits in the figure are with systematic errors" in page
    assert "(errors without systematic ones)" in page
    assert "Limit, total" in page
    plain = report_html(make_rows(3, edges=[1, 10]), n_toys=0)
    assert "total" not in plain.split("<table")[1].split("</thead>")[0]
    assert "systematic ones" not in plain
