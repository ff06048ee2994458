"""The light curve of the page as traces of plotly."""

import numpy as np
from light_curve_rows import make_rows

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
