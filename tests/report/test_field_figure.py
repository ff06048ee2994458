"""The figure of the field: each source where it is, and as much excluded as is outside the fit."""

import astropy.units as u
import numpy as np
import pytest
from regions import CircleSkyRegion
from sky_fields import BAND, TARGET, beside, runs_of, sky_model, spectrum_of

from tevcurve import light_curve
from tevcurve.models import SkyGaussian
from tevcurve.report import report_html
from tevcurve.report.field_figure import field_figure

MODELS = [
    sky_model("source", shape=SkyGaussian, sigma="0.15 deg"),
    sky_model("<b>east", beside(90, 0.6), 5),
    sky_model("wide", beside(180, 0.4), shape=SkyGaussian, sigma="0.1 deg"),
]
MASK = CircleSkyRegion(beside(300, 0.7), 0.25 * u.deg)


@pytest.fixture(scope="module")
def observations():
    return runs_of(MODELS, 2, seconds=300)


def curve(observations, **options):
    options = {"energy_edges": BAND, "norm_values": None, "name": "source", "binsz": "0.1 deg"} | options
    return light_curve(observations, TARGET, **options)


def test_sources_circles_and_excluded_pixels_are_where_they_are(observations):
    made = curve(observations, models=MODELS, exclusion=MASK, offset_max="1.5 deg")
    traces = field_figure(made.origin)["figure"]["data"]
    marks = {trace["text"][0]: (trace["x"][0], trace["y"][0]) for trace in traces if "text" in trace}
    assert list(marks) == ["source", "&lt;b&gt;east", "wide"]
    np.testing.assert_allclose(list(marks.values()), [(0, 0), (0.6, 0), (0, -0.4)], atol=2e-3)
    circles = [trace for trace in traces if trace["name"] == "sigma"]
    sizes = [0.5 * np.ptp(trace["x"]) for trace in circles]
    np.testing.assert_allclose(sizes, [0.15, 0.1], rtol=1e-6)
    offsets = [trace for trace in traces if trace["name"] == "offset_max"]
    middles = [np.mean([trace["y"][0], trace["y"][36]]) for trace in offsets]
    np.testing.assert_allclose(sorted(middles), [-0.5, 0.5], atol=1e-3)
    (excluded,) = (trace for trace in traces if trace["name"] == "excluded")
    x, y = (np.array(excluded[axis], dtype=float).reshape(-1, 6)[:, :4] for axis in "xy")
    area = np.sum(0.5 * np.abs(np.sum(x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1), axis=1)))
    assert area == pytest.approx(np.sum(~made.origin.settings.default.allowed) * 0.01, rel=1e-3)
    page = report_html(made, n_toys=0)
    assert "What shines in the field" in page
    assert "&lt;b&gt;east, wide (free in each row)" in page
    assert "<b>east" not in page


def test_there_is_none_of_a_point_alone(observations):
    assert field_figure(curve(observations, spectrum=spectrum_of()).origin) is None
    assert field_figure(curve(observations, spectrum=spectrum_of(), exclusion=MASK).origin) is not None
    assert field_figure(None) is None
