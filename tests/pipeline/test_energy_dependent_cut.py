"""Light curves with a cut in angle for each energy, of events drawn by hand: counts by brute force, fluxes as drawn.

The spread of directions at a reconstructed energy is such that the cut has the same share of photons at each, so that
what the files say of area and dispersion is exact.
"""

from dataclasses import replace
from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import RunFile, write_store
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.errors import DataError
from tevcurve.reduction.regions import SkyCircle

TARGET = SkyCoord(83.63, 22.01, unit="deg")
SPECTRUM = PowerLaw(2.5, "1.6e-10 cm-2 s-1 TeV-1", "1 TeV")
CUT_EDGES, RADII = np.array([0.1, 1, 3, 100]), np.array([0.36, 0.15, 0.08])  # TeV, deg
BANDS = [0.5, 1, 3, 30] * u.TeV
IN_UNITS_OF_SPREAD = 1.5
SHARE = -np.expm1(-0.5 * IN_UNITS_OF_SPREAD**2)
AREA, DEADC, N_RUNS, DURATION = 1e6, 0.9, 12, 1680.0  # m2
START = 2.0e8


def radius_at(energy):
    return RADII[np.searchsorted(CUT_EDGES[1:-1], energy, side="right")]


def drawn_run(number):
    """A run at a wobble position of 0.5 deg, one of four."""
    rng = np.random.default_rng([5, number])
    pointing = TARGET.directional_offset_by(90 * (number % 4) * u.deg, 0.5 * u.deg)
    lowest = 0.3
    rate = SPECTRUM.integral(lowest * u.TeV, 80 * u.TeV).to_value("m-2 s-1") * AREA * DEADC
    n_source = rng.poisson(rate * DURATION)
    highest_share = 1 - (lowest / 80) ** 1.5
    true = lowest * (1 - highest_share * rng.uniform(size=n_source)) ** (-1 / 1.5)
    reco = true * (1 + 0.1 * rng.standard_normal(n_source))
    spread = np.hypot(*rng.standard_normal((2, n_source))) * radius_at(reco) / IN_UNITS_OF_SPREAD
    source = TARGET.directional_offset_by(rng.uniform(0, 360, n_source) * u.deg, spread * u.deg)
    n_background = rng.poisson(4000)
    side = 1.0
    background = pointing.spherical_offsets_by(*(rng.uniform(-side, side, (2, n_background)) * u.deg))
    energy = np.append(reco, 0.3 * rng.uniform(size=n_background) ** (-1 / 1.7))
    order = np.argsort(rng.uniform(size=len(energy)))
    tstart = START + 2000 * number
    events = {
        "TIME": np.sort(rng.uniform(tstart, tstart + DURATION, len(energy))),
        "RA": np.append(source.ra.deg, background.ra.deg)[order],
        "DEC": np.append(source.dec.deg, background.dec.deg)[order],
        "ENERGY": energy[order],
    }
    return RunFile(
        obs_id=number + 1,
        pointing=(pointing.ra.deg, pointing.dec.deg),
        tstart=tstart,
        tstop=tstart + DURATION,
        deadc=DEADC,
        aeff_m2=AREA * SHARE,
        events=events,
        cut=(CUT_EDGES, RADII),
        thresholds=(0.2, 90.0),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_store(folder, [drawn_run(number) for number in range(N_RUNS)])
    return DataStore.from_dir(folder)


@pytest.fixture(scope="module")
def observations(store):
    return store.get_observations()


def curve_of(observations, bands=BANDS, **options):
    options = {"method": "1d", "spectrum": SPECTRUM, "time_bins": "run", **options}
    return light_curve(observations, TARGET, energy_edges=bands, **options)


def counts_by_hand(observation, low, high, angles):
    """(n_on, n_off) of events between energies within the cut at their own, OFF at angles (deg) from ON."""
    events = observation.events.table
    energy = np.asarray(events["ENERGY"], dtype=float)
    chosen = (energy >= low) & (energy < high)
    places = SkyCoord(events["RA"][chosen], events["DEC"][chosen], unit="deg")
    radius = radius_at(energy[chosen])
    pointing = observation.pointing
    on_angle, offset = pointing.position_angle(TARGET), pointing.separation(TARGET)

    def inside(center):
        return center.separation(places).deg < radius

    off = [inside(pointing.directional_offset_by(on_angle + angle * u.deg, offset)) for angle in angles]
    return inside(TARGET).sum(), np.any(off, axis=0).sum()


def test_each_band_has_the_wobble_positions_that_its_cut_has_room_for(observations):
    table = curve_of(observations).table
    # Circles of 0.36 deg, 0.5 deg from the pointing, overlap at right angles: there is one, opposite to ON.
    angles = [[180], [90, 180, 270], [90, 180, 270]]
    for number, observation in enumerate(observations[:4]):
        for band, (low, high) in enumerate(pairwise(BANDS.value)):
            row = table[3 * number + band]
            by_hand = counts_by_hand(observation, low, high, angles[band])
            assert (row["n_on"], row["n_off"]) == by_hand
            assert_allclose(row["alpha"], 1 / len(angles[band]), rtol=1e-12)


def test_fluxes_are_those_that_were_drawn(observations):
    table = curve_of(observations, time_bins="1000 h").table
    truth = SPECTRUM.integral(BANDS[:-1], BANDS[1:]).to_value("cm-2 s-1")
    pulls = (np.asarray(table["flux"]) - truth) / np.asarray(table["flux_err"])
    assert np.all(np.asarray(table["flux_err"]) / truth < [0.012, 0.012, 0.022])
    assert np.all(np.abs(pulls) < 3), pulls


def test_a_band_without_room_for_off_regions_says_so_and_the_others_stay(observations, caplog):
    first = observations[:1]
    pointing = observations[0].pointing
    # It touches the circle of 0.36 deg opposite to ON, and no narrower one.
    beyond = pointing.directional_offset_by(pointing.position_angle(TARGET) + 180 * u.deg, 0.8 * u.deg)
    exclusion = SkyCircle(beyond, 0.1 * u.deg)
    table, free = (curve_of(first, exclusion=each).table for each in (exclusion, None))
    assert list(table["status"]) == ["no_exposure", "ok", "ok"]
    assert "no room for OFF regions as wide as it is" in table["reason"][0]
    assert "has no OFF regions between 0.5 and 1 TeV: all 1 places tried are on an exclusion" in caplog.text
    for name in ("flux", "n_on", "n_off", "alpha"):
        assert_array_equal(table[name][1:], free[name][1:])
    with pytest.raises(DataError, match="all 1 places tried are on an exclusion"):
        curve_of(first, BANDS[:2], exclusion=exclusion)
    # Of two runs one has room; the row is of that one.
    two = curve_of(observations[:2], time_bins="1000 h", exclusion=exclusion).table
    assert list(two["n_runs"]) == [1, 2, 2]
    assert two["n_on"][0] == curve_of(observations[1:2]).table["n_on"][0]


def test_masked_bins_do_not_make_regions_wide(tmp_path):
    write_store(tmp_path, [replace(drawn_run(number), thresholds=(1.0, 90.0)) for number in range(2)])
    observations, reco = DataStore.from_dir(tmp_path).get_observations(), [0.5, 1, 2, 3] * u.TeV
    # Of the band from 0.5 to 3 TeV, the bin below 1 TeV, which has the widest cut, is not fitted.
    masked = curve_of(observations, reco[[0, -1]], e_reco=reco).table
    free = curve_of(observations, reco[[1, -1]], e_reco=reco[1:]).table
    for name in ("n_on", "n_off", "alpha"):
        assert_array_equal(masked[name], free[name])


def test_reflected_regions_are_as_many_as_have_room_in_the_band(observations):
    table = curve_of(observations, off_regions="reflected").table
    size = 2 * np.arcsin(np.sin(np.radians(RADII)) / np.sin(np.radians(0.5)))
    n_off = np.floor((2 * np.pi - 2 * (size + 0.1)) / size + 1)
    assert_allclose(np.reshape(1 / table["alpha"], (N_RUNS, 3)), np.broadcast_to(n_off, (N_RUNS, 3)))


def test_the_shape_of_the_background_has_the_steps_of_the_cut(observations):
    edges = np.geomspace(0.5, 30, 13)
    options = {"e_reco": edges * u.TeV, "background": "shape"}
    likelihood, _ = curve_of(observations, [0.5, 30] * u.TeV, **options).origin.rows()
    # As it was drawn: 4000 events in 4 square degrees, and one OFF region, as wide as the cut at each energy.
    fine = np.unique(np.append(edges, CUT_EDGES[1:-1]))
    rates = (
        1000
        * (fine[:-1] ** -1.7 - fine[1:] ** -1.7)
        * 0.3**1.7
        * np.pi
        * radius_at(fine[:-1]) ** 2
        / DURATION
    )
    expected = np.histogram(fine[:-1], edges, weights=rates)[0]
    # The bins that have 20 counts in all runs together, each run being smoothed by itself.
    assert_allclose(likelihood.shapes.rates().mean(axis=0)[:4], expected[:4], rtol=0.13)


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_energies_without_a_radius_are_not_fitted(tmp_path, nothing):
    run = replace(drawn_run(0), cut=(CUT_EDGES, np.array([nothing, *RADII[1:]])))
    write_store(tmp_path, [run])
    observations = DataStore.from_dir(tmp_path).get_observations()
    reco = [0.5, 0.9, 1.1, 2, 3, 30] * u.TeV
    curve = curve_of(observations, reco[[0, 1, 4, 5]], e_reco=reco)
    assert list(curve.table["status"]) == ["no_exposure", "ok", "ok"]
    assert "there is no cut in angle" in curve.table["reason"][0]
    # The bin from 0.9 to 1.1 TeV has a radius at some of its energies only.
    assert list(curve.table["e_min_fit"][1:]) == [1.1, 3.0]
    inner = curve_of(observations, reco[[2, 4, 5]], e_reco=reco[2:]).table
    for name in ("n_on", "n_off", "alpha"):
        assert_array_equal(curve.table[name][1:], inner[name])
    assert any("RAD_MAX holds" in problem for problem in curve.ledger.problems["reason"])
