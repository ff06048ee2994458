"""Pixels that are excluded from a fit of cubes, against likelihoods over all the other cells."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dense_likelihood import DenseBlock, best_norm_of, crossing_of, profile_stat
from numpy.testing import assert_allclose
from regions import CircleSkyRegion, RectangleSkyRegion
from scipy.optimize import minimize_scalar

from tevcurve import light_curve
from tevcurve.closure import closure
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_edges, by_run
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.reduction.cube_terms import cube_terms
from tevcurve.reduction.event_fate import FATES
from tevcurve.simulation import ResponseSet, simulate_observation

TARGET = SkyCoord(83.63, 22.01, unit="deg")
NEIGHBOUR = TARGET.directional_offset_by(40 * u.deg, 0.6 * u.deg)
CIRCLE = CircleSkyRegion(NEIGHBOUR, 0.3 * u.deg)
REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
SPECTRUM = PowerLaw(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV")
START = 2.4e8


@pytest.fixture(scope="module")
def observations():
    """Two runs with a source, and a neighbour that is 20 times brighter."""
    irfs, models = ResponseSet.analytic(), []
    for name, place, factor in (("source", TARGET, 1.0), ("neighbour", NEIGHBOUR, 20.0)):
        spectrum = SPECTRUM.copy()
        spectrum.parameters["amplitude"].value *= factor
        models.append(SkyModel(SkyPointSource.from_position(place), spectrum, name=name))
    made = []
    for number, angle in enumerate((0, 180)):
        start = START + 2000 * number
        gti = GTI([start], [start + 1500], REFERENCE)
        pointing = TARGET.directional_offset_by(angle * u.deg, 0.5 * u.deg)
        made.append(simulate_observation(pointing, gti, irfs, models, number, obs_id=number + 1))
    return made


def make(observations, time_bins=None, **options):
    options = {"energy_edges": [1, 10] * u.TeV, "width": "2 deg", "binsz": "0.1 deg"} | options
    return light_curve(observations, TARGET, time_bins or by_run(), spectrum=SPECTRUM, **options)


def one_bin(observations):
    """A binning with all runs in one time bin."""
    times = [REFERENCE.to_time(START - 10), REFERENCE.to_time(START + 4000)]
    return by_edges(times)


def is_left(geom):
    """Bool (n_pixels,): pixels whose centres are outside of `CIRCLE`, by astropy."""
    lon, lat = geom.pixel_lonlat()
    centers = SkyCoord(lon.ravel(), lat.ravel(), unit="rad")
    return (centers.separation(NEIGHBOUR) >= 0.3 * u.deg).tolist()


def dense_run(kept, number, allowed):
    """The `DenseBlock` of a run, made without the exclusion, and with all cells of excluded pixels taken out."""
    setting = replace(kept.settings.default, unbinned=False, allowed=None)
    run = kept.runs[number]
    terms, _ = cube_terms(run, kept.source, kept.axes, setting, kept.reduction.nodes_of(run), compact=True)
    flux = kept.spectrum.photon_flux(kept.axes.true)
    signal, background, _ = terms.compact.in_all_cells(flux)
    counts = np.bincount(terms.cell, minlength=signal.size).reshape(signal.shape)
    left = np.asarray(allowed) & (background[0] > 0)
    seconds = run.gti.ontime_s
    source = (signal * seconds * run.deadc)[left]
    return DenseBlock(
        source[None], background[0][left] * seconds, np.zeros(source.size), counts[left].astype(float)
    )


@pytest.mark.parametrize("several", [{}, {"stacked": True}])
def test_fit_is_that_of_the_cells_that_are_left(observations, several):
    made = make(observations, one_bin(observations), exclusion=CIRCLE, **several)
    kept = made.origin
    blocks = [dense_run(kept, number, is_left(kept.settings.default.geom)) for number in (0, 1)]
    if several:
        parts = ("shared", "background", "constant", "counts")
        blocks = [DenseBlock(*(sum(getattr(block, name) for block in blocks) for name in parts))]
    (row,) = made.table
    norm = best_norm_of(blocks)
    assert row["norm"] == pytest.approx(norm, rel=1e-6)
    assert row["norm_errp"] == pytest.approx(crossing_of(blocks, norm, 1.0) - norm, rel=1e-4)
    assert row["ts"] == pytest.approx(profile_stat(blocks, 0.0) - profile_stat(blocks, norm), rel=1e-5)
    assert row["counts"] == sum(block.counts.sum() for block in blocks)
    # 20 times brighter beside it, and still the flux that is there.
    assert abs(norm - 1) < 4 * row["norm_err"]
    unmasked = make(observations, one_bin(observations), **several).table["norm"][0]
    assert unmasked < norm - 2 * row["norm_err"]


def test_unbinned_fit_has_the_events_and_the_integrals_of_the_pixels_that_are_left(observations):
    made = make(observations[:1], exclusion=CIRCLE, unbinned=True)
    kept = made.origin
    left = np.array(is_left(kept.settings.default.geom))
    setting, run = replace(kept.settings.default, allowed=None), kept.runs[0]
    terms, _ = cube_terms(run, kept.source, kept.axes, setting, kept.reduction.nodes_of(run))
    inside = left[terms.cell % left.size]
    flux = kept.spectrum.photon_flux(kept.axes.true)
    totals = dense_run(kept, 0, left)
    signal, background = terms.signal(flux)[inside] * terms.deadc, terms.background[0][inside]
    seconds = kept.runs[0].gti.ontime_s
    signal_total, background_total = totals.shared.sum(), totals.background.sum()

    def statistic(norm):
        # The background norm that fits best makes the total that of the events.
        free = (len(signal) - norm * signal_total) / background_total
        return -2 * np.sum(np.log(seconds * (norm * signal + free * background)))

    best = minimize_scalar(statistic, bounds=(0.2, 3), method="bounded", options={"xatol": 1e-9}).x
    assert made.table["norm"][0] == pytest.approx(best, rel=1e-6)


def test_excluded_events_are_in_the_ledger_and_nothing_else_changes_its_place(observations):
    with_it, without = (make(observations, exclusion=each).ledger.totals() for each in (CIRCLE, None))
    geom = make(observations[:1]).origin.settings.default.geom
    out = ~np.array(is_left(geom))
    excluded = 0
    for one in observations:
        events = one.events
        good = (events.energy_tev >= 1) & (events.energy_tev < 10)
        ix, iy = geom.lonlat_to_idx(events.lon[good], events.lat[good])
        excluded += np.count_nonzero(out[(iy * geom.npix[0] + ix)[ix >= 0]])
    assert with_it["on an exclusion"] == excluded > 20
    assert without["on an exclusion"] == 0
    assert with_it["used"] == without["used"] - excluded
    same = set(FATES) - {"on an exclusion", "used"}
    assert {name: with_it[name] for name in same} == {name: without[name] for name in same}


def test_maps_regions_and_lists_exclude_by_the_centres_of_pixels(observations):
    geom = WcsGeom.create(skydir=TARGET, binsz=0.02, width=3, coordsys="CEL", proj="CAR")
    lon, lat = geom.pixel_lonlat()
    apart = SkyCoord(lon, lat, unit="rad").separation(NEIGHBOUR)
    circle = make(observations, exclusion=CIRCLE).origin.settings.default.allowed
    masks = [WcsNDMap(geom, apart >= 0.3 * u.deg), [CIRCLE, CircleSkyRegion(NEIGHBOUR, 0.1 * u.deg)]]
    for mask in masks:
        other = make(observations[:1], exclusion=mask).origin.settings.default.allowed
        # Pixels of the mask are small, but not points.
        assert np.count_nonzero(other != circle) <= 3
    square = RectangleSkyRegion(NEIGHBOUR, 0.4 * u.deg, 0.4 * u.deg)
    allowed = make(observations[:1], exclusion=square).origin.settings.default.allowed
    centers = SkyCoord(*made_lonlat(observations), unit="rad")
    east, north = (each.to_value(u.deg) for each in NEIGHBOUR.spherical_offsets_to(centers))
    assert_allclose(allowed, ~((np.abs(east) < 0.2) & (np.abs(north) < 0.2)))


def made_lonlat(observations):
    return make(observations[:1]).origin.settings.default.geom.pixel_lonlat()


def test_exclusion_of_the_target_and_of_nothing(observations):
    for region in (CircleSkyRegion(TARGET, 0.2 * u.deg), [CIRCLE, CircleSkyRegion(TARGET, 20 * u.deg)]):
        with pytest.raises(InputError, match="exclusion has the target itself in it"):
            make(observations, exclusion=region)
    far = CircleSkyRegion(TARGET.directional_offset_by(0 * u.deg, 30 * u.deg), 1 * u.deg)
    made, plain = make(observations, exclusion=far), make(observations)
    assert made.table["flux"].tolist() == plain.table["flux"].tolist()
    assert made.meta["exclusion"] == "0 of 400 pixels of the map are outside the fit"


def test_exclusion_stays_with_the_light_curve(observations, tmp_path):
    from tevcurve.data.write import write_store
    from tevcurve.store import Result, write_result

    made = make(observations, exclusion=CIRCLE)
    ours = made.rebin(energy_edges=[1, 3, 10] * u.TeV)
    theirs = make(observations, energy_edges=[1, 3, 10] * u.TeV, exclusion=CIRCLE)
    assert ours.table["flux"].tolist() == theirs.table["flux"].tolist()
    write_result(tmp_path / "result", made)
    again = Result.read(tmp_path / "result").light_curve.rebin("10 min")
    assert again.table["flux"].tolist() == made.rebin("10 min").table["flux"].tolist()
    # Reduced runs are the same with and without it, and what is made of them is not.
    write_store(tmp_path / "dl3", observations)
    path = str(tmp_path / "dl3")
    curves = [make(path, exclusion=each, cache=tmp_path / "runs") for each in (None, CIRCLE, None)]
    first, second, third = (curve.table["flux"].tolist() for curve in curves)
    assert first == third != second
    assert second == make(path, exclusion=CIRCLE).table["flux"].tolist()


def test_closure_simulates_what_is_left(observations):
    made = make(observations, exclusion=CIRCLE)
    found = closure(made, n=200, truth=1.0, random_state=1)
    assert np.all(np.abs(found.pull_mean) < 4 / np.sqrt(200) + 0.05)
    assert np.all(np.abs(found.pull_width - 1) < 0.25)
