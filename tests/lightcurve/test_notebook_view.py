import re
from statistics import NormalDist
from xml.etree import ElementTree

import numpy as np
from astropy.table import Table
from light_curve_rows import make_rows
from numpy.testing import assert_allclose

from tevcurve import LightCurve

SVG = "{http://www.w3.org/2000/svg}"


def test_words_are_escaped():
    light_curve = make_rows(2, meta={"source": "</svg><script>alert('1')</script>"})
    light_curve.table["status"] = ["<script>"] * 4
    html = light_curve._repr_html_()
    assert "<script>" not in html
    assert "</svg><" not in html.replace("</svg><table", "")
    root = ElementTree.fromstring(re.search("<svg.*</svg>", html)[0])
    assert "<script>" in root.get("aria-label")
    assert any("<script>" in title.text for title in root.iter(f"{SVG}title"))


def test_a_notebook_gets_figure_and_table_even_of_nothing():
    html = make_rows()._repr_html_()
    assert html.count("<svg") == html.count("<table") == 1
    assert re.search(r"8 rows in 2 energy bands", html)
    assert "no rows" in make_rows()[:0]._repr_html_()
    assert "<svg" not in make_rows()[:0]._repr_html_()


def test_a_very_long_light_curve_stays_a_page():
    light_curve = make_rows(3000, edges=[1, 3, 10])
    assert len(light_curve._repr_html_()) < 20_000


def printed(light_curve):
    """The rows of the printed table, as lists of texts."""
    lines = str(light_curve).splitlines()
    head = next(k for k, line in enumerate(lines) if "time_min" in line)
    return lines[:head], dict(
        zip(lines[head].split(), zip(*map(str.split, lines[head + 3 :]), strict=True), strict=True)
    )


def test_fluxes_end_at_the_second_digit_of_their_errors():
    light_curve = make_rows(3, edges=[1, 10])
    for name, values in {"flux": (2.5364, 12.4567, 2.0), "flux_err": (0.2473, 1.234, np.nan)}.items():
        light_curve.table[name] = np.array(values) * 1e-11
    light_curve.table["flux_ul"] = np.array([2.962, 15.0, 3.4567]) * 1e-11
    light_curve.table["flux_errn"] = light_curve.table["flux_errp"] = np.array([0.2, 1.0, 0.0345]) * 1e-11
    for name in ("flux", "flux_err", "flux_ul", "flux_errn", "flux_errp"):
        light_curve.table[name].unit = "cm-2 s-1"
    _, columns = printed(light_curve)
    assert columns["flux"] == ("2.54", "12.5", "2.000")
    assert columns["flux_err"] == ("0.25", "1.2", "nan")
    assert columns["flux_ul"] == ("2.96", "15.0", "3.457")
    assert "1e-11 / (s cm2)" in str(light_curve)


def test_the_head_says_at_which_levels_errors_and_limits_are():
    levels = {"sigma": 1.0, "upper_limit": None, "sigma_ul": NormalDist().inv_cdf(0.99)}
    light_curve = make_rows(3, edges=[1, 10], meta=levels)
    head, _ = printed(light_curve)
    assert "Errors are of 1 sigma (68.27% of confidence). Upper limits are at 99% confidence level." in head
    # The level that the standard deviations were made of, to the last digit.
    assert light_curve.meta["upper_limit"] == 0.99


def test_what_was_asked_for_is_looked_at():
    light_curve = make_rows(2, edges=[1, 10], meta={"free": ["index"]})
    flux = light_curve.table["flux"]
    light_curve.table["flux_sensitivity"] = 0.1 * flux
    light_curve.table["index"], light_curve.table["index_err"] = [2.5, 2.25], [0.125, 0.5]
    _, columns = printed(light_curve)
    assert (columns["index"], columns["index_err"]) == (("2.5", "2.25"), ("0.125", "0.5"))
    shown, values = (np.array(columns[name], dtype=float) for name in ("flux_sensitivity", "flux"))
    assert_allclose(shown, 0.1 * values, rtol=0.1)


def test_values_of_others_are_looked_at_whatever_their_names_are():
    table = Table({"t": [53000.0, 53001.0], "r": [1.5, 2.5], "e": [0.25, 0.5]})
    names = {"time": "t", "rate": "r", "rate_err": "e"}
    curve = LightCurve.from_table(table, names, {"rate": "ct / s"}, time_scale="tt")
    shown = str(curve)
    for words in ("rate", "rate_err", "ct / s", "1.5", "0.5"):
        assert words in shown


def test_the_head_says_how_time_bins_lie_and_what_is_folded():
    light_curve = make_rows(3, edges=[1, 10], meta={"time_bins": "300 s from the start of each run"})
    head, _ = printed(light_curve)
    assert "Time bins: 300 s from the start of each run." in head
    assert "Time bins: 300 s from the start of each run." in light_curve._repr_html_()
    assert "phase" not in head[0]
    light_curve.table["phase_min"], light_curve.table["phase_max"] = [0, 0.3, 0.6], [0.3, 0.6, 1]
    assert "folded in phase" in str(light_curve)
    assert "folded in phase" in light_curve._repr_html_()


def test_rows_of_instruments_together_say_whose_they_are():
    light_curve = make_rows(3, edges=[1, 10], meta={"method": "hess: 3d, fact: 1d"})
    light_curve.table["instruments"] = ["FACT, HESS", "HESS", "FACT"]
    head, *_, first, _, _ = str(light_curve).splitlines()
    assert ", of FACT and HESS together, MJD" in head
    assert head.endswith(", hess: 3D, fact: 1D")
    assert first.split()[:2] == ["FACT,", "HESS"]
    light_curve.table["instruments"] = "HESS"
    assert "HESS" not in str(light_curve)
