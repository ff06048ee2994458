"""Simulated observations: what they carry, what a seed says, and fluxes that come back with honest errors."""

import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from regions import CircleSkyRegion

from tevcurve import (
    GTI,
    DataStore,
    Observations,
    PowerLaw,
    ReflectedRegionsBackgroundEstimator,
    SkyModel,
    SkyPointSource,
    SpectrumExtraction,
    light_curve,
)
from tevcurve.data.time import TimeReference
from tevcurve.data.write import observation_tables
from tevcurve.errors import DataError, InputError
from tevcurve.simulation import (
    Constant,
    ResponseSet,
    SimulatedObservation,
    SimulatedSource,
    simulate_observation,
)

REFERENCE = TimeReference(51910, 0.000742870370370241)
START = 7.3e8
POSITION = SkyCoord(83.63, 22.01, unit="deg")


def model(name="source", amplitude="2e-11 cm-2 s-1 TeV-1", shift=0.0):
    spectrum = PowerLaw(2.5, amplitude, "1 TeV")
    position = SkyCoord(POSITION.ra, POSITION.dec + shift * u.deg)
    return SkyModel(SkyPointSource.from_position(position), spectrum, name=name)


def good_time(number=0, length=1200.0):
    start = START + 1500.0 * number
    return GTI([start, start + 0.6 * length], [start + 0.5 * length, start + length], REFERENCE)


@pytest.fixture(scope="module")
def irfs():
    return ResponseSet.analytic()


def simulate(irfs, models=None, seed=1, number=0, offset=0.5, **options):
    pointing = POSITION.directional_offset_by(90 * number * u.deg, offset * u.deg)
    models = [model()] if models is None else models
    return simulate_observation(pointing, good_time(number), irfs, models, seed, obs_id=number + 1, **options)


def test_it_carries_what_an_observation_does(irfs):
    observation = simulate(irfs, deadc=0.9, target="source")
    assert isinstance(observation, SimulatedObservation)
    assert observation.aeff is irfs.aeff
    assert observation.psf is irfs.psf
    assert observation.edisp is irfs.edisp
    assert observation.bkg is irfs.bkg
    assert observation.pointing.separation(POSITION).deg == pytest.approx(0.5)
    assert observation.span_s == (START, START + 1200)
    assert observation.ontime.to_value("s") == pytest.approx(1080)
    assert observation.livetime.to_value("s") == pytest.approx(972)
    assert observation.target_name == "source"
    assert observation.meta["RA_OBJ"] == pytest.approx(83.63)
    assert observation.has("bkg")
    assert not observation.has("rad_max")
    assert observation.check_tracking() is None
    assert "Live time: 972.0 s" in str(observation)
    with pytest.raises(DataError, match="has no rad_max"):
        _ = observation.rad_max


def test_events_are_numbered_in_the_order_of_time_and_know_their_source(irfs):
    observation = simulate(irfs, [model("one"), model("two", shift=0.4)])
    table = observation.events.table
    assert len(observation.good_events) == len(observation.events) == len(table) > 1000
    assert table["EVENT_ID"].tolist() == list(range(1, len(table) + 1))
    assert np.all(np.diff(table["TIME"]) >= 0)
    background = table["MC_ID"] == 0
    assert set(table["MC_ID"]) == {0, 1, 2}
    np.testing.assert_array_equal(np.isnan(table["ENERGY_TRUE"]), background)
    place = observation.events.radec
    for number, source in enumerate(observation.sources, start=1):
        near = source.sky_model.position.separation(place[table["MC_ID"] == number])
        assert np.median(near.deg) < 0.12


def test_nothing_is_forgotten_on_release_and_parts_are_cut_as_of_files(irfs):
    observation = simulate(irfs)
    number = len(observation.events)
    observation.release()
    assert len(observation.events) == number
    part = observation.select_time([observation.tstart, observation.tstart + 300 * u.s])
    assert part.ontime.to_value("s") == pytest.approx(300)
    assert 0 < len(part.events) < number
    assert len(pickle.loads(pickle.dumps(observation)).events) == number


def test_the_same_seed_gives_the_same_bytes(irfs):
    one, same, other = (observation_tables(simulate(irfs, seed=seed)) for seed in (3, 3, 4))
    assert one == same
    assert one["events"] != other["events"]
    generator = observation_tables(simulate(irfs, seed=np.random.default_rng(3)))
    assert generator == one


def test_what_is_drawn_of_one_source_does_not_change_with_the_others(irfs):
    def events(observation, number):
        table = observation.events.table
        mine = table["MC_ID"] == number
        return np.stack([table[name][mine] for name in ("TIME", "RA", "DEC", "ENERGY")])

    alone = simulate(irfs, [model()], seed=5)
    both = simulate(irfs, [model(), model("more", shift=0.3)], seed=5)
    for number in (0, 1):
        np.testing.assert_array_equal(events(alone, number), events(both, number))


def test_dead_time_takes_photons_of_sources(irfs):
    bright = [model(amplitude="3e-10 cm-2 s-1 TeV-1")]
    full, half = (simulate(irfs, bright, deadc=deadc, seed=6).events.table["MC_ID"] for deadc in (1.0, 0.5))
    n_full, n_half = (full == 1).sum(), (half == 1).sum()
    assert n_half > 1000
    assert abs(n_half - 0.5 * n_full) < 4 * np.sqrt(n_half + 0.25 * n_full)


def test_without_background_or_sources(irfs):
    blank = ResponseSet(irfs.aeff, irfs.edisp, irfs.psf)
    assert len(simulate(blank, []).events) == 0
    alone = simulate(blank)
    assert set(alone.events.table["MC_ID"]) == {1}
    assert not alone.has("bkg")
    with pytest.raises(DataError, match="has no bkg"):
        _ = alone.bkg


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pointing": (83.6, 22.0)}, "wanted is one SkyCoord"),
        ({"gti": GTI([], [], REFERENCE)}, "a GTI with good time"),
        ({"irfs": None}, "wanted is a ResponseSet"),
        ({"deadc": 1.5}, "deadc is 1.5"),
        ({"models": ["crab"]}, "wanted is a SkyModel"),
        ({"target": "Sgr A\u2605"}, "printable ASCII"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(changes, words, irfs):
    arguments = {"pointing": POSITION, "gti": good_time(), "irfs": irfs, "models": []} | changes
    with pytest.raises(InputError, match=words):
        simulate_observation(**arguments)


@pytest.fixture(scope="module")
def night(irfs):
    """30 runs with a source whose level differs from run to run, and the true flux of each."""
    spectrum = model()
    observations, truth = [], []
    for number in range(30):
        source = SimulatedSource(spectrum, Constant(0.5 + 0.1 * number))
        observation = simulate(irfs, [source], seed=100 + number, number=number)
        observations.append(observation)
        truth.append(source.mean_flux("0.5 TeV", "10 TeV", observation.gti).to_value("cm-2 s-1"))
    return Observations(observations), np.array(truth)


@pytest.mark.parametrize("options", [{}, {"unbinned": True}, {"method": "1d"}], ids=["3d", "unbinned", "1d"])
def test_fluxes_come_back_within_their_errors(options, night):
    observations, truth = night
    options = {"energy_edges": [0.5, 10] * u.TeV, "spectrum": PowerLaw(2.5), "norm_values": None} | options
    table = light_curve(observations, POSITION, **options).table
    flux, low, high = (np.asarray(table[name]) for name in ("flux", "flux_errn", "flux_errp"))
    pulls = (flux - truth) / np.where(flux > truth, low, high)
    assert np.all(flux > 3 * low)
    assert abs(pulls.mean()) < 3 / np.sqrt(len(pulls))
    assert abs(pulls.std() - 1) < 3 / np.sqrt(2 * len(pulls))


def test_the_steps_of_an_analysis_take_it_as_one_from_files(irfs):
    observations = Observations([simulate(irfs, seed=20 + number, number=number) for number in (0, 1)])
    on_region = CircleSkyRegion(POSITION, 0.15 * u.deg)
    regions = ReflectedRegionsBackgroundEstimator(on_region=on_region, observations=observations)
    regions.run()
    extraction = SpectrumExtraction(observations, regions.result, e_reco=np.geomspace(0.3, 30, 9) * u.TeV)
    extraction.run()
    for observation, spectrum in zip(observations, extraction.spectrum_observations, strict=True):
        events = observation.events
        inside = POSITION.separation(events.radec) < 0.15 * u.deg
        inside &= (events.energy_tev >= 0.3) & (events.energy_tev < 30)
        assert spectrum.counts.data.sum() == inside.sum() > 0
        assert spectrum.livetime.to_value("s") == pytest.approx(observation.livetime.to_value("s"))


def test_fluxes_come_back_through_real_responses(hess_dl3_dr1):
    spectrum = PowerLaw(2.6, "1.5e-10 cm-2 s-1 TeV-1", "1 TeV")
    crab = SkyModel(SkyPointSource.from_position(POSITION), spectrum, name="crab")
    observations = []
    for real in DataStore.from_dir(hess_dl3_dr1).get_observations([23523, 23559]):
        responses = ResponseSet.from_observation(real)
        options = {"obs_id": real.obs_id, "deadc": real.deadc}
        made = simulate_observation(real.pointing, real.gti, responses, crab, 31, **options)
        assert abs(made.location.height - real.location.height) < 1 * u.mm
        observations.append(made)
    true = spectrum.integral(1 * u.TeV, 10 * u.TeV).to_value("cm-2 s-1")
    for method in ("3d", "1d"):
        table = light_curve(observations, POSITION, spectrum=spectrum, method=method, norm_values=None).table
        assert np.all(np.abs(table["flux"].value - true) < 3.5 * table["flux_err"].value)
        assert np.all(table["flux"].value > 10 * table["flux_err"].value)


def test_the_place_may_be_given():
    place = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
    irfs = ResponseSet.analytic()
    pointing, gti = SkyCoord(83.63, 22.5, unit="deg"), GTI([0.0], [100.0], TimeReference(51910, 0.0, "tt"))
    made = simulate_observation(pointing, gti, irfs, location=place)
    assert abs(made.location.height - place.height) < 1 * u.mm
    assert abs(simulate_observation(pointing, gti, irfs).location.height - 2200 * u.m) < 1 * u.mm
