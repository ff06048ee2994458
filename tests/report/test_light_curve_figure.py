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
    assert "Instruments: %{customdata[8]}" in figure["data"][1]["hovertemplate"]
    assert figure["data"][1]["customdata"][0][8] == "FACT, HESS"
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
