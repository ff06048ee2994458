"""Light curves with a cut in angle for each energy, of events drawn by hand: counts by brute force, fluxes as drawn.

The spread of directions at a reconstructed energy is such that the cut has the same share of photons at each, so that
what the files say of area and dispersion is exact.
"""

from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import RunFile, write_store
from numpy.testing import assert_allclose

from tevcurve import DataStore, PowerLaw, light_curve

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
    lowest = 0.2
    rate = SPECTRUM.integral(lowest * u.TeV, 80 * u.TeV).to_value("m-2 s-1") * AREA * DEADC
    n_source = rng.poisson(rate * DURATION)
    highest_share = 1 - (lowest / 80) ** 1.5
    true = lowest * (1 - highest_share * rng.uniform(size=n_source)) ** (-1 / 1.5)
    reco = true * (1 + 0.1 * rng.standard_normal(n_source))
    spread = np.hypot(*rng.standard_normal((2, n_source))) * radius_at(reco) / IN_UNITS_OF_SPREAD
    source = TARGET.directional_offset_by(rng.uniform(0, 360, n_source) * u.deg, spread * u.deg)
    n_background = rng.poisson(9000)
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
    for number, observation in enumerate(observations):
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
