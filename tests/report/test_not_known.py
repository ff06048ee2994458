"""What the page says of scales of instruments and of systematic errors."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from astropy.table import Table
from light_curve_rows import make_rows
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.lightcurve.bins import by_run
from tevcurve.report import report_html
from tevcurve.report.not_known import left_out_table, not_known, scale_table
from tevcurve.report.tables import variability_table
from tevcurve.systematics import Systematic, Systematics


def scales(from_="overlap", n_cells=8):
    rows = {
        "instrument": ["magic", "fact<b>"],
        "scale": np.exp([-0.1, 0.2]),
        "log_scale": [-0.1, 0.2],
        "error": [0.05, 0.1],
        "prior": [np.inf, 0.15],
        "pull": [np.nan, 0.2 / 0.15],
        "overlap": [5400.0, 0.0],
    }
    meta = {"reference": "hess", "from": from_, "n_cells": n_cells, "not_told": ["One cannot say."]}
    return Table(rows, meta=meta)


def of(scales=None, **meta):
    return not_known(SimpleNamespace(scales=scales, meta=meta, origin=None), [])


def test_scales_have_the_ends_of_their_errors_in_ln():
    assert scale_table(scales()).rows == [
        # exp(-0.1) is 0.90484, exp(-0.15) 0.86071, exp(-0.05) 0.95123
        ["magic", "0.905 −0.044 +0.046", "−0.100 ± 0.050", "free", "–", "1.5 h"],
        # exp(0.2) is 1.22140, exp(0.1) 1.10517, exp(0.3) 1.34986
        ["fact<b>", "1.221 −0.116 +0.128", "0.200 ± 0.100", "0 ± 0.15", "1.33", "0 s"],
    ]


def test_the_hypothesis_is_said():
    assert "under the hypothesis that the source does not vary" in " ".join(of(scales("constant")).sentences)
    assert "8 stretches of at most half an hour" in " ".join(of(scales()).sentences)
    assert "as their priors say" in " ".join(of(scales(n_cells=0)).sentences)
    assert all("seen by hess" in of(scales(word)).sentences[0] for word in ("overlap", "constant"))


def test_the_figure_has_scales_and_priors():
    drawn = of(scales()).figure
    (trace,) = drawn["data"]
    np.testing.assert_allclose(trace["x"], np.exp([-0.1, 0.2]))
    np.testing.assert_allclose(
        trace["error_x"]["array"], np.exp([-0.05, 0.3]) - np.exp([-0.1, 0.2]), rtol=1e-5
    )
    np.testing.assert_allclose(
        trace["error_x"]["arrayminus"], np.exp([-0.1, 0.2]) - np.exp([-0.15, 0.1]), rtol=1e-5
    )
    assert trace["y"] == ["magic", "fact&lt;b&gt;"]
    assert [(each["type"], each["x0"], each["x1"]) for each in drawn["layout"]["shapes"]] == [
        ("line", 1, 1),
        ("rect", np.exp(-0.15), np.exp(0.15)),
    ]


def test_nothing_is_said_where_there_is_nothing():
    assert of() is None
    assert "not-known" not in report_html(make_rows(3, edges=[1, 10]), n_toys=0)


def test_the_page_names_systematic_errors():
    light_curve = make_rows(3, edges=[1, 10])
    light_curve.table.meta["systematics"] = ["flux_scale 0.1 by night", "background 0.03 by <run>"]
    page = report_html(light_curve, n_toys=0)
    assert '<h2 id="not-known">Systematic errors</h2>' in page
    assert "flux_scale 0.1 by night; background 0.03 by &lt;run&gt;" in page


def test_the_page_has_scales(monkeypatch):
    light_curve = make_rows(3, edges=[1, 10])
    monkeypatch.setattr(type(light_curve), "scales", scales("constant"))
    page = report_html(light_curve, n_toys=0)
    assert '<h2 id="not-known">Instruments together</h2>' in page
    assert "<li>One cannot say.</li>" in page
    assert "fact&lt;b&gt;" in page
    assert "fact<b>" not in page
    assert '"scales": {' in page or '"scales":{' in page


def test_chances_have_those_without_beside_them_and_the_largest_pulls():
    rng = np.random.default_rng(1)
    runs = [onoff_run(k, [(k * 86164.0, k * 86164.0 + 1600.0)], 0.1, 0.02, 0.1, rng) for k in range(3)]
    origin = onoff_light_curve(runs, by_run()).origin
    systematics = Systematics(effects=(Systematic(effect="flux_scale", sigma=0.1, by="night"),))
    summary = replace(origin, systematics=systematics).light_curve().variability(n_toys=0)
    table = variability_table(summary)
    assert str(summary.ts_var.without) in table.rows[0][2]
    assert str(summary.pulls) in table.note
    assert "Largest pulls: flux_scale" in table.note


def test_what_is_found_without_an_instrument_is_told():
    found = Table(
        {
            "without": ["", "hess", "fact"],
            "reference": ["hess", "magic", "hess"],
            "scale_hess": [1, np.nan, 1],
            "scale_fact": [0.7312, 0.849, np.nan],
            "constant": [2.64e-11, 2.26e-11, np.nan],
            "ts_var": [6.491, 2.603, np.nan],
            "n_free": [4, 2, 0],
            "p_value": [0.1654, 0.2722, np.nan],
            "reason": ["", "", "There is one row."],
        }
    )
    found["constant"].unit = "cm-2 s-1"
    made = left_out_table(found)
    assert made.headings[1:4] == ["Scale of hess", "Scale of fact", "Constant [10⁻¹¹ cm⁻² s⁻¹]"]
    assert made.rows == [
        ["(all are in)", "1.000", "0.731", "2.64", "6.49 / 4", "0.17"],
        ["hess (so fluxes are as seen by magic)", "–", "0.849", "2.26", "2.6 / 2", "0.27"],
        ["fact", "1.000", "–", "–", "–", "There is one row."],
    ]
