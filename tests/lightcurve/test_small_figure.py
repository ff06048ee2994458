from xml.etree import ElementTree

import numpy as np
import pytest
from light_curve_rows import make_rows
from light_curves_to_draw import make_nights

from tevcurve.lightcurve.small_figure import HEIGHT, LEFT, RIGHT, WIDTH, small_figure

SVG = "{http://www.w3.org/2000/svg}"


def drawn(light_curve):
    """The figure as elements; it is well-formed, or this fails."""
    return ElementTree.fromstring(small_figure(light_curve, ""))


def test_each_row_is_a_point_or_an_arrow():
    light_curve = make_rows(5)
    light_curve.table["ts"] = np.where(np.arange(10) < 3, 1.0, 30.0)
    groups = drawn(light_curve).findall(f"{SVG}g")
    assert len(groups) == 10
    assert sum(group.find(f"{SVG}circle") is not None for group in groups) == 7


def test_points_are_at_their_flux():
    light_curve = make_rows(3, edges=[1, 10])
    light_curve.table["ts"] = 30.0
    heights = [float(c.get("cy")) for c in drawn(light_curve).iter(f"{SVG}circle")]
    flux = np.asarray(light_curve.table["flux"])
    # linear: differences of heights are as differences of fluxes, and more flux is higher up
    ratio = (heights[1] - heights[0]) / (heights[2] - heights[0])
    assert ratio == pytest.approx((flux[1] - flux[0]) / (flux[2] - flux[0]), abs=0.01)
    assert (heights[1] < heights[0]) == (flux[1] > flux[0])


def test_everything_is_inside_the_figure():
    root = drawn(make_rows(7, edges=[1, 2, 5, 10]))
    for circle in root.iter(f"{SVG}circle"):
        assert 0 < float(circle.get("cx")) < WIDTH
        assert 0 < float(circle.get("cy")) < HEIGHT
    for path in root.iter(f"{SVG}path"):
        assert "nan" not in path.get("d")


def test_rows_without_a_value_are_left_out():
    light_curve = make_rows(3, edges=[1, 10])
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul"):
        light_curve.table[name][1] = np.nan
    assert len(drawn(light_curve).findall(f"{SVG}g")) == 2
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul"):
        light_curve.table[name] = np.nan
    assert small_figure(light_curve, "") == ""


def test_bins_in_phase_are_drawn_twice():
    light_curve = make_rows(3, edges=[1, 10])
    light_curve.table["ts"] = 30.0
    light_curve.table["phase_min"], light_curve.table["phase_max"] = [0, 0.3, 0.6], [0.3, 0.6, 1]
    x = [float(mark.get("cx")) for mark in drawn(light_curve).iter(f"{SVG}circle")]
    assert len(x) == 6
    assert np.diff(np.reshape(x, (2, 3)), axis=0) == pytest.approx((WIDTH - LEFT - RIGHT) / 2, abs=0.2)
    assert "phase 0.0000, drawn twice" in small_figure(light_curve, "")
    assert ">2.0000<" in small_figure(light_curve, "")


def test_long_gaps_between_nights_are_cut():
    light_curve = make_nights([53945.85, 54705.81])
    x = [float(mark.get("cx")) for mark in drawn(light_curve).iter(f"{SVG}circle")]
    # two nights of equal length, each in its half
    assert max(x[:3]) < WIDTH / 2 + 20 < min(x[3:])
    assert max(x[:3]) - min(x[:3]) > 120
    assert small_figure(light_curve, "").count('class="cut"') == 1
    assert 'class="cut"' not in small_figure(make_nights([53945.85]), "")
    assert "cm-2 s-1" in small_figure(light_curve, "")
