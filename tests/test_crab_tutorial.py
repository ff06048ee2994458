"""The light curve of the tutorial: the fluxes that it prints, and what gammapy 2.1 makes of the same runs."""

import dataclasses
import json

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import DataStore, LightCurveEstimator, MapDataset, PowerLaw, SkyModel, SkyPointSource

CRAB = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
RUNS = [23523, 23526, 23559, 23592]


@pytest.fixture(scope="module")
def runs_of_2019(crab_example, gammapy_data):
    return crab_example.select_crab(crab_example.open_store(gammapy_data, "2019"))


@pytest.fixture(scope="module")
def tutorial_light_curve(crab_example, runs_of_2019):
    datasets = crab_example.make_datasets(runs_of_2019, CRAB)
    estimator = LightCurveEstimator(datasets, source="crab", reoptimize=True)
    return estimator.run(e_ref=1 * u.TeV, e_min=1 * u.TeV, e_max=10 * u.TeV)


@pytest.fixture(scope="module")
def current_runs(crab_example, gammapy_data):
    return crab_example.select_crab(crab_example.open_store(gammapy_data, "current"))


@pytest.fixture(scope="module")
def current_datasets(crab_example, current_runs):
    """Datasets with the PSF over its full table, by run."""
    datasets = crab_example.make_datasets(current_runs, CRAB, max_radius=None)
    return dict(zip(RUNS, datasets, strict=True))


@pytest.fixture(scope="module")
def arrays(reference_dir):
    with np.load(reference_dir / "gammapy21_crab_3d_arrays.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def light_curves(reference_dir):
    """The light curves of gammapy 2.1 over all reco bins, by `reoptimize`."""
    stored = json.loads((reference_dir / "gammapy21_crab_3d.json").read_text())["light_curves"]
    return {
        item["config"]["reoptimize"]: item["bins"]
        for item in stored
        if item["config"]["energy_edges_TeV"] == [0.7, 10]
    }


def values(bins, name):
    """The values of a column of gammapy's light curve."""
    column = [item[name] for item in bins]
    return np.array([item["value"] if isinstance(item, dict) else item for item in column])


def borrow_counts_and_kernel(dataset, arrays, run):
    """The dataset with gammapy's counts and PSF kernel."""
    counts = np.where(arrays[f"{run}/mask_safe"], arrays[f"{run}/counts"], 0).astype(float)
    borrowed = MapDataset(
        counts=dataset.counts.copy(data=counts, origin=None),
        exposure=dataset.exposure,
        background_model=dataset.background_model,
        psf=dataclasses.replace(dataset.psf, data=arrays[f"{run}/psf_kernel_0.999"].astype(float)),
        edisp=dataset.edisp,
        mask=arrays[f"{run}/mask_safe"],
    )
    borrowed.model = dataset.model
    return borrowed


def test_the_tutorial_selects_the_four_crab_runs(runs_of_2019, current_runs):
    assert [run.obs_id for run in runs_of_2019] == RUNS
    assert [run.obs_id for run in current_runs] == RUNS


def test_fluxes_are_those_that_the_tutorial_prints(tutorial_light_curve, reference_dir):
    printed = Table.read(reference_dir / "tutorial_crab_3d.ecsv")
    table = tutorial_light_curve.table
    # The tutorial's point source summed to cos(dec) over the sky, so its fluxes are that much too large.
    forgotten = 1 / np.cos(np.radians(22.01450))
    assert_allclose(table["time_min"], printed["time_min"], rtol=0, atol=1e-8)
    assert_allclose(table["time_max"], printed["time_max"], rtol=0, atol=1e-8)
    assert_allclose(table["flux"].quantity.to_value("cm-2 s-1") * forgotten, printed["flux"], rtol=0.01)
    assert_allclose(
        table["flux_err"].quantity.to_value("cm-2 s-1") * forgotten, printed["flux_err"], rtol=0.015
    )
    assert list(table["status"]) == ["ok"] * 4


def test_the_tutorials_own_calls_give_the_same_light_curve(tutorial_light_curve, crab_example, gammapy_data):
    data_store = DataStore.from_file("$GAMMAPY_DATA/hess-dl3-dr1/hess-dl3-dr3-with-background.fits.gz")
    mask = data_store.obs_table["TARGET_NAME"] == "Crab"
    obs_ids = data_store.obs_table["OBS_ID"][mask].data
    crab_obs = data_store.get_observations(obs_ids)
    time_intervals = [(obs.tstart, obs.tstop) for obs in crab_obs]

    spatial_model = SkyPointSource(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs")
    spectral_model = PowerLaw(index=2.6, amplitude=2.0e-11 * u.Unit("1 / (cm2 s TeV)"), reference=1 * u.TeV)
    # It leaves the index free, and means the shape to be fixed.
    spectral_model.parameters["index"].frozen = False
    sky_model = SkyModel(spatial_model=spatial_model, spectral_model=spectral_model, name="")
    sky_model.parameters["lon_0"].frozen = True
    sky_model.parameters["lat_0"].frozen = True

    geom, geom_true = crab_example.make_geoms(CRAB)
    datasets = []
    for time_interval in time_intervals:
        obs = crab_obs.select_time(time_interval)
        dataset = crab_example.make_map_dataset(obs, CRAB, geom, geom_true)
        dataset.counts.meta["t_start"] = time_interval[0]
        dataset.counts.meta["t_stop"] = time_interval[1]
        datasets.append(dataset)
    for dataset in datasets:
        dataset.model = sky_model.copy(name="crab")

    lc_maker = LightCurveEstimator(datasets, source="crab", reoptimize=True)
    lc = lc_maker.run(e_ref=1 * u.TeV, e_min=1.0 * u.TeV, e_max=10.0 * u.TeV)
    for name in ("time_min", "time_max", "flux", "flux_err"):
        assert_array_equal(lc.table[name], tutorial_light_curve.table[name])
    assert sky_model.parameters["index"].value == 2.6


def test_counts_differ_only_by_the_events_after_tstop(current_datasets, current_runs, arrays, crab_example):
    geom, _ = crab_example.make_geoms(CRAB)
    n_late = []
    for run in current_runs:
        ours = current_datasets[run.obs_id].counts.data
        surplus = (
            np.where(arrays[f"obs-{run.obs_id}/mask_safe"], arrays[f"obs-{run.obs_id}/counts"], 0) - ours
        )
        late = run.events.time >= run.tstop
        energy = geom.axes[0].coord_to_idx(run.events.energy)
        near = run.events.radec.separation(run.pointing) < 2 * u.deg
        inside = late & near & (energy >= 0) & geom.contains(run.events.radec)
        assert np.all(surplus >= 0)
        assert surplus.sum() == np.count_nonzero(inside)
        assert_array_equal(surplus.sum(axis=(1, 2)), np.bincount(energy[inside], minlength=geom.axes[0].nbin))
        n_late.append(int(surplus.sum()))
    assert n_late == [1, 1, 0, 2]


@pytest.mark.parametrize("obs_id", RUNS)
def test_background_and_exposure_agree_with_gammapy(obs_id, current_datasets, arrays):
    # Cells beyond offset_max are outside our fit; gammapy fills them, and masks them where it fits.
    dataset, mask = current_datasets[obs_id], arrays[f"obs-{obs_id}/mask_safe"]
    background = dataset.background_model.map.quantity.to_value("")
    exposure = dataset.exposure.quantity.to_value("m2 s")
    exposed = mask[:1] & np.ones_like(exposure, dtype=bool)
    assert_allclose(background[mask], arrays[f"obs-{obs_id}/background_cts"][mask], rtol=1e-4)
    assert_allclose(exposure[exposed], arrays[f"obs-{obs_id}/exposure_m2s"][exposed], rtol=1e-4)
    assert not background[~mask].any()
    assert not exposure[~exposed].any()


@pytest.mark.parametrize("obs_id", RUNS)
def test_energy_dispersion_agrees_with_gammapy_where_there_is_exposure(obs_id, current_datasets, arrays):
    ours = current_datasets[obs_id].edisp.pdf_matrix
    exposed = arrays[f"obs-{obs_id}/exposure_m2s"].max(axis=(1, 2)) > 0
    assert exposed.sum() == 15
    assert_allclose(ours[exposed], arrays[f"obs-{obs_id}/edisp_kernel"][exposed], rtol=0, atol=0.01)


# gammapy counts events after TSTOP (up to 0.7 % of a flux), takes the exposure where the light falls instead of
# where the source is (0.3-0.4 %), and its kernel holds extrapolated light in its corners (0.3-0.6 %) and mixes the
# PSF over a 0.2 deg grid (0.5 % at 1.5 deg); test_crab_3d_against_gammapy.py takes these apart one by one. So the
# fluxes agree to 1 % with its counts and kernel in place of ours, and to 2 % without.
@pytest.mark.parametrize("reoptimize", [True, False])
@pytest.mark.parametrize("borrowed", [True, False])
def test_light_curve_agrees_with_gammapy(borrowed, reoptimize, current_datasets, arrays, light_curves):
    datasets = [
        borrow_counts_and_kernel(dataset, arrays, f"obs-{obs_id}") if borrowed else dataset
        for obs_id, dataset in current_datasets.items()
    ]
    estimator = LightCurveEstimator(datasets, source="crab", reoptimize=reoptimize)
    table = estimator.run(e_ref=1 * u.TeV, e_min=0.7 * u.TeV, e_max=10 * u.TeV).table
    theirs = light_curves[reoptimize]
    flux_rtol = 0.01 if borrowed else 0.02
    for name, rtol in [
        ("flux", flux_rtol),
        ("flux_ul", flux_rtol),
        ("flux_err", 0.02),
        ("flux_errn", 0.02),
        ("flux_errp", 0.02),
    ]:
        ours = table[name].quantity.to_value("cm-2 s-1")
        assert_allclose(ours, values(theirs, name), rtol=rtol, err_msg=name)
    assert_allclose(table["ts"], values(theirs, "ts"), rtol=0.03)
