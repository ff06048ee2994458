"""Runs of a light curve in 3D whose background is empty at some energies."""

import re
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

from tevcurve import light_curve
from tevcurve.irf.field_rotation import background_frames
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.runs import RunsInMemory
from tevcurve.reduction.cube_terms import cube_terms
from tevcurve.reduction.run_in_cells import pixels_icrs

# From here on the background has no rate; the edge of a reco bin.
EMPTY_FROM = 3.0


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The origin of a light curve of runs whose background response is empty above an energy."""
    options = {
        "time_bins": by_width("7 min"),
        "safe_energy": None,
        "energy_edges": [1, EMPTY_FROM, 20] * u.TeV,
    }
    kept = light_curve(make_store(tmp_path_factory.mktemp("store")), TARGET, **options).origin
    return replace(kept, runs=RunsInMemory(_emptied(run) for run in kept.runs)).reduced()


def _emptied(run):
    table = run.bkg.table
    some = (table.axes[0].nodes < EMPTY_FROM).reshape(-1, *[1] * (table.values.ndim - 1))
    return replace(
        run, bkg=replace(run.bkg, table=replace(table, columns={"BKG": np.where(some, table.values, 0.0)}))
    )


@pytest.mark.parametrize("unbinned", [False, True])
def test_events_of_the_source_over_an_empty_background_see_a_floor(kept, unbinned):
    setting = replace(kept.settings.default, unbinned=unbinned)
    geom, axes = setting.geom, kept.axes
    for run in kept.runs:
        terms, _ = cube_terms(run, kept.source, axes, setting, kept.reduction.nodes_of(run))
        reco = terms.cell // np.prod(geom.data_shape[-2:])
        floored = np.zeros(len(reco), dtype=bool)
        floored[terms.floored] = True
        assert floored.any()
        assert np.isin(terms.floored, terms.near).all()
        # Between the last filled node, a bin below, and the next one the rate falls to nothing.
        first = np.searchsorted(axes.reco, EMPTY_FROM)
        near = np.isin(np.arange(len(reco)), terms.near)
        assert floored[near & (reco >= first)].all()
        assert not floored[reco < first - 1].any()
        # With events that any flux explains, none makes more of a difference than a floor does.
        assert np.all(terms.background[0] > 1e-9 * np.median(terms.background[0]))


def test_the_floor_is_a_millionth_of_the_nearest_plane(kept):
    run = kept.runs[0]
    terms, _ = kept.reduction(run)
    geom = kept.settings.of(run).geom
    reco = terms.cell // np.prod(geom.data_shape[-2:])
    solid_angle = geom.solid_angle().to_value(u.sr)
    (at,) = background_frames(run.pointing_lonlat, run.gti, run.location).coordinates
    rates = run.bkg.rate_per_energy_bin(*at(*pixels_icrs(geom)), kept.axes.reco)
    means = (rates * solid_angle).mean(axis=(1, 2))
    last = np.flatnonzero(means > 0)[-1]
    beyond = terms.floored[reco[terms.floored] > last]
    assert len(beyond)
    assert_allclose(terms.background[0, beyond], 1e-6 * means[last], rtol=1e-12)


@pytest.mark.parametrize("stacked", [False, True])
def test_rows_tell_of_it_and_have_a_test_statistic(kept, stacked):
    kept = replace(kept, stacked=stacked).reduced()
    table = kept.light_curve().table
    joint, _ = kept.rows()
    number = np.zeros(len(table), dtype=int)
    for run, cut in zip(kept.terms, joint.cut.cuts, strict=True):
        own = np.isin(cut.event, run.floored)
        np.add.at(number, cut.bins[cut.event_bin[own]] * 2 + run.band[cut.event[own]], 1)
    assert number[1::2].sum() > 10
    assert not number[::2].any()
    words = [
        re.search(r"(\d+) events? where the background is empty, raised", row) for row in table["reason"]
    ]
    told = [int(found[1]) if found else 0 for found in words]
    assert_array_equal(told, number)
    assert np.isfinite(table["ts"]).all()
    assert set(table["status"]) <= {"ok", "at_zero", "no_events"}
