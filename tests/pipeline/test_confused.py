"""Light curves of a source beside another: where they are not told apart, and what the other costs where they are."""

import numpy as np
import pytest
from sky_fields import BAND, TARGET, beside, runs_of, sky_model, spectrum_of

from tevcurve import light_curve
from tevcurve.fit.confusion import expected_correlations
from tevcurve.lightcurve.bins import by_width


def curve(separation, neighbours="free", factor=1, **options):
    """A light curve in three bins a run of a source beside an equal one, both of so many times 1e-11."""
    models = [sky_model("source", factor=factor), sky_model("equal", beside(40, separation), factor)]
    options = {"energy_edges": BAND, "norm_values": None, "binsz": "0.05 deg", "width": "2.4 deg"} | options
    return light_curve(
        runs_of(models, 2, seed=5),
        TARGET,
        by_width("500 s"),
        spectrum=spectrum_of(),
        name="source",
        models=models[1:],
        neighbours=neighbours,
        **options,
    )


def made(*given, **options):
    """Its table."""
    return curve(*given, **options).table


@pytest.fixture(scope="module")
def near():
    return made(0.05)


def said(table):
    """The correlations that the reasons say."""
    return np.array([float(reason.split("correlation of ")[1].split(";")[0]) for reason in table["reason"]])


def test_rows_of_a_source_too_near_are_confused_and_filled(near):
    assert len(near) == 6
    assert set(near["status"]) == {"confused"}
    assert all("told from 'equal'" in reason for reason in near["reason"])
    for name in ("norm", "flux", "flux_errp", "flux_ul", "ts"):
        assert np.isfinite(near[name]).all()
    assert (said(near) < -0.7).all()


def test_unbinned_rows_are_confused_alike(near):
    """Events at their own places are decided by the cells of the same cube."""
    unbinned = made(0.05, unbinned=True)
    assert set(unbinned["status"]) == {"confused"}
    assert said(unbinned) == pytest.approx(said(near), abs=0.03)


@pytest.mark.parametrize("neighbours", ["fixed", "once"])
def test_beside_a_neighbour_that_is_known_none_is(neighbours):
    assert "confused" not in set(made(0.05, neighbours)["status"])


def test_errors_beside_a_free_neighbour_are_larger_as_predicted():
    """By 1/sqrt(1 - correlation^2), here by about a quarter, in the mean over rows."""
    free, fixed = (curve(0.07, each, factor=15) for each in ("free", "fixed"))
    joint, _ = free.origin.rows(below_zero=False)
    correlation = expected_correlations(joint, joint.profile.best(np.asarray(free.table["norm"])))[:, 0]
    found = np.asarray(free.table["flux_err"]) / np.asarray(fixed.table["flux_err"])
    predicted = 1 / np.sqrt(1 - correlation**2)
    assert (predicted > 1.1).all()
    assert found.mean() == pytest.approx(predicted.mean(), rel=0.04)


def test_at_a_distance_rows_are_told_apart():
    assert "confused" not in set(made(0.3)["status"])


def test_sources_in_one_place_may_have_all_counts_or_none():
    table = made(0.001)
    assert set(table["status"]) == {"confused"}
    assert said(table) == pytest.approx(-1, abs=0.005)
    assert np.asarray(table["norm_errn"]) == pytest.approx(np.asarray(table["norm"]), rel=1e-3)
