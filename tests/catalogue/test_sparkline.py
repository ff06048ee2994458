"""Small pictures: where marks stand, and what is a limit."""

import re

import numpy as np
import pytest

from tevcurve.catalogue.sparkline import EDGE, HEIGHT, MOST, WIDTH, sparkline

NAMES = ("flux", "flux_errn", "flux_errp", "flux_ul", "ts")


def drawn(flux, err=1.0, limit=np.nan, ts=100.0, mean=np.nan):
    flux = np.asarray(flux, dtype=float)
    columns = [np.broadcast_to(np.asarray(each, float), flux.shape) for each in (flux, err, err, limit, ts)]
    text = str(sparkline(dict(zip(NAMES, columns, strict=True)), mean))
    return dict(re.findall(r'<path class="(\w)" d="([^"]+)"/>', text))


def test_marks_are_between_the_edges_in_order():
    paths = drawn([0.0, 5.0, 10.0], err=[0, 0, 0])
    places = [tuple(map(float, each)) for each in re.findall(r"M([\d.]+) ([\d.]+)h0", paths["p"])]
    x, y = np.transpose(places)
    assert np.all(np.diff(x) == pytest.approx((WIDTH - 2 * EDGE) / 3, abs=0.1))
    assert y[1] == HEIGHT / 2
    assert EDGE < y[2] < y[1] < y[0] < HEIGHT - EDGE
    assert y[0] + y[2] == HEIGHT
    assert paths["z"] == f"M0 {y[0]:.1f}H{WIDTH}"


def test_rows_that_are_not_seen_are_limits():
    paths = drawn([3.0, 0.2, 0.0], limit=[5.0, 2.0, 1.0], ts=[9.0, 0.1, 0.0])
    assert paths["u"].count("M") == 2
    assert paths["p"].count("M") == paths["e"].count("M") == 1


def test_many_rows_are_means():
    paths = drawn(np.ones(1000), err=2.0, mean=1.0)
    assert paths["p"].count("M") == MOST
    # The error of the mean of 25 rows.
    bars = np.array(re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", paths["e"]), dtype=float)
    scale = (HEIGHT - 2 * EDGE) / (1.16 * (1 + 2 / np.sqrt(1000 / MOST)))
    assert np.ptp(bars, axis=1) == pytest.approx(2 * 2 / np.sqrt(1000 / MOST) * scale, abs=0.15)


def test_nothing_to_draw():
    assert str(sparkline({name: np.zeros(0) for name in NAMES}, np.nan)) == ""
    assert str(sparkline({name: np.full(3, np.nan) for name in NAMES}, np.nan)) == ""
