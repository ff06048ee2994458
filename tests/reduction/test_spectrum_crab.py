"""The four Crab runs in 1D against the arrays of gammapy 2.1; every event that differs is named."""

import json
from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion
from scipy.optimize import brentq

from tevcurve.data import DataStore
from tevcurve.kernels.onoff import wstat_profile
from tevcurve.maps import MapAxis
from tevcurve.models import PowerLaw
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.spectrum import SpectrumExtraction

OBS_IDS = [23523, 23526, 23559, 23592]
E_RECO = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log").edges
E_TRUE = MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log").edges
ON = CircleSkyRegion(SkyCoord(83.63308, 22.01450, unit="deg"), 0.11 * u.deg)

# Events that gammapy 2.1 counts although they came after TSTOP, when the good time was over: OBS_ID, EVENT_ID,
# region, number of the energy bin. Each of the other runs has events after TSTOP too, but none in the ON or an OFF
# region.
AFTER_TSTOP = [(23592, 5957119640189, "on", 2)]


@pytest.fixture(scope="module")
def reference(reference_dir):
    return json.loads((reference_dir / "gammapy21_crab_1d.json").read_text())["masks"]["none"]


@pytest.fixture(scope="module")
def observations(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1).get_observations(OBS_IDS)


@pytest.fixture(scope="module")
def regions(observations):
    estimator = ReflectedRegionsBackgroundEstimator(ON, observations, angular_size="grid")
    estimator.run()
    return estimator.result


def extract(observations, regions, **options):
    options = {
        "containment_correction": True,
        "e_reco": E_RECO,
        "e_true": E_TRUE,
        "safe_energy": None,
    } | options
    extraction = SpectrumExtraction(observations, regions, **options)
    extraction.run()
    assert extraction.failed == []
    return extraction.spectrum_observations


@pytest.fixture(scope="module")
def datasets(observations, regions):
    return extract(observations, regions)


def test_counts_and_alpha_are_those_of_the_reference_but_for_named_events(datasets, reference):
    for dataset, run in zip(datasets, reference["runs"], strict=True):
        assert dataset.name == str(run["obs_id"])
        extra = {"on": np.zeros(10), "off": np.zeros(10)}
        for obs_id, _, region, energy_bin in AFTER_TSTOP:
            extra[region][energy_bin] += obs_id == run["obs_id"]
        np.testing.assert_array_equal(dataset.counts.data + extra["on"], run["n_on_per_energy"])
        np.testing.assert_array_equal(dataset.counts_off.data + extra["off"], run["n_off_per_energy"])
        np.testing.assert_array_equal(dataset.alpha, run["alpha"])


def test_the_named_events_are_all_that_came_after_tstop(observations, regions):
    found = []
    for observation, record in zip(observations, regions, strict=True):
        events = observation.events
        late = events.select(events.time_s >= observation.span_s[1])
        assert len(late) > 0
        energy_bin = np.searchsorted(E_RECO.value, late.energy_tev, side="right") - 1
        for name, inside in (("on", record.in_on), ("off", record.in_off)):
            for i in np.flatnonzero(inside(late.lon, late.lat) & (energy_bin >= 0) & (energy_bin < 10)):
                found.append((observation.obs_id, late.table["EVENT_ID"][i], name, energy_bin[i]))
    assert found == AFTER_TSTOP


def test_the_event_at_the_rim_is_counted_here_and_there(observations, regions):
    # 0.10997 deg from the centre: the one ON event of the last run whose membership hangs on how angles are taken.
    events = observations[3].good_events
    separation = np.degrees(events.separation(ON.center).to_value("rad"))
    rim = np.flatnonzero(np.abs(separation - 0.11) < 1e-4)
    assert list(events.table["EVENT_ID"][rim]) == [5196910429087]
    assert regions[3].in_on(events.lon[rim], events.lat[rim]).all()


def test_live_time_is_that_of_the_reference(datasets, reference):
    for dataset, run in zip(datasets, reference["runs"], strict=True):
        assert dataset.livetime.to_value("s") == pytest.approx(run["livetime_s"], rel=1e-12)


def test_exposure_is_that_of_the_reference_but_for_the_normalisation_of_its_psf(
    datasets, observations, reference
):
    # The tables of the point spread function sum up to 0.998 to 1; only here they are normalised.
    for dataset, run in zip(datasets, reference["runs"], strict=True):
        expected = np.array(run["exposure_per_etrue_containment_corrected"]["value"]) * 1e4
        ratio = dataset.exposure.value[expected > 0] / expected[expected > 0]
        assert np.all((ratio > 0.9999) & (ratio < 1.002))
        np.testing.assert_array_equal(dataset.exposure.value > 0, expected > 0)


def fit_norm(dataset, counts, counts_off):
    """Norm of the dataset's model, its error and wstat: the root of the slope, found by bisection and secants."""
    signal, alpha = dataset.npred_signal(), dataset.alpha

    def profile(norm):
        stat, slope, curvature = wstat_profile(counts, counts_off, alpha, norm * signal)
        return stat.sum(), np.sum(signal * slope), np.sum(signal**2 * curvature)

    norm = brentq(lambda value: profile(value)[1], 0.01, 20, xtol=1e-12)
    stat, _, curvature = profile(norm)
    return norm, np.sqrt(2 / curvature), stat


@pytest.fixture(scope="module")
def reference_bins(reference):
    (curve,) = (c for c in reference["light_curves"] if c["config"]["energy_edges_TeV"] == [0.7, 10])
    return curve["bins"]


@pytest.fixture(scope="module")
def with_model(datasets):
    model = PowerLaw(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    for dataset in datasets:
        dataset.model = model.copy(name="crab")
    yield datasets
    for dataset in datasets:
        dataset.model = None


def test_fluxes_from_the_counts_of_the_reference(with_model, reference, reference_bins):
    for dataset, run, expected in zip(with_model, reference["runs"], reference_bins, strict=True):
        counts = np.array(run["n_on_per_energy"]), np.array(run["n_off_per_energy"])
        norm, error, stat = fit_norm(dataset, *counts)
        flux = dataset.model.integral("0.7 TeV", "10 TeV").value
        assert norm * flux == pytest.approx(expected["flux"]["value"], rel=1e-3)
        assert error * flux == pytest.approx(expected["flux_err"]["value"], rel=1e-3)
        assert stat == pytest.approx(expected["stat"], rel=1e-2)


def test_fluxes_from_our_counts_differ_by_the_named_events_only(with_model, reference_bins):
    for dataset, expected in zip(with_model, reference_bins, strict=True):
        norm, _, _ = fit_norm(dataset, dataset.counts.data, dataset.counts_off.data)
        flux = norm * dataset.model.integral("0.7 TeV", "10 TeV").value
        late = sum(obs_id == int(dataset.name) for obs_id, *_ in AFTER_TSTOP)
        assert flux == pytest.approx(expected["flux"]["value"], rel=1e-3 if late == 0 else 0.012)
        counts = dataset.counts.data.copy()
        for obs_id, _, _, energy_bin in AFTER_TSTOP:
            counts[energy_bin] += obs_id == int(dataset.name)
        norm, _, _ = fit_norm(dataset, counts, dataset.counts_off.data)
        flux = norm * dataset.model.integral("0.7 TeV", "10 TeV").value
        assert flux == pytest.approx(expected["flux"]["value"], rel=1e-3)


def test_safe_energies(observations, regions, reference_dir):
    fraction = json.loads((reference_dir / "gammapy21_crab_1d.json").read_text())["masks"]["aeff-max-10"][
        "runs"
    ]
    for dataset, run in zip(extract(observations, regions, safe_energy=0.1), fraction, strict=True):
        np.testing.assert_array_equal(dataset.mask, run["mask_safe_per_energy"])
    for dataset, observation in zip(
        extract(observations, regions, safe_energy="file"), observations, strict=True
    ):
        low, high = observation.aeff.low_threshold, observation.aeff.high_threshold
        np.testing.assert_array_equal(dataset.mask, (E_RECO[:-1] >= low) & (E_RECO[1:] <= high))


def test_time_bins_add_up_to_the_runs(observations, regions, datasets):
    for dataset in datasets:
        (run,) = dataset.runs
        start, stop = run.intervals[0]
        cuts = np.linspace(start - 60, stop + 60, 12)
        parts = [run.between(edges) for edges in pairwise(cuts)]
        np.testing.assert_array_equal(sum(part.n_on for part in parts), dataset.counts.data)
        np.testing.assert_array_equal(sum(part.n_off for part in parts), dataset.counts_off.data)
        livetime = sum(part.livetime_s for part in parts)
        assert livetime == pytest.approx(dataset.livetime.to_value("s"), rel=1e-12)


def test_a_part_of_a_run_is_the_part_of_its_dataset(observations, regions, datasets):
    middle = observations[0].tstart + 600 * u.s
    parts = observations[:1].select_time([observations[0].tstart, middle])
    (first,) = extract(parts, regions)
    cut = datasets[0].between(first.gti)
    np.testing.assert_array_equal(first.counts.data, cut.counts.data)
    np.testing.assert_array_equal(first.counts_off.data, cut.counts_off.data)
    np.testing.assert_allclose(first.exposure, cut.exposure, rtol=1e-14)
    assert 0 < first.counts.total < datasets[0].counts.total
    assert (first.time_range[1] - middle).to_value("s") == pytest.approx(0, abs=1e-6)
