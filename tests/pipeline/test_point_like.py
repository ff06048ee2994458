"""Light curves of runs whose responses hold for a cut in angle: one for each energy (RAD_MAX), or one of the header."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from kept_runs import assert_same
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

from tevcurve import (
    DataStore,
    LightCurveEstimator,
    PowerLaw,
    ReflectedRegionsBackgroundEstimator,
    SpectrumExtraction,
    light_curve,
)
from tevcurve.config.sensible import sensible_config
from tevcurve.errors import DataError
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.regions import SkyCircle
from tevcurve.store import Result, RunCache, write_result
from tevcurve.store.run_file import run_from_bytes, run_to_bytes

CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
MAGIC_RUNS = [5029747, 5029748]
EDGES = np.geomspace(0.2, 10, 9) * u.TeV
# gammapy 2.1, as in tests/reduction/test_spectrum_rad_max.py.
N_ON = [[88, 65, 36, 23, 9, 6, 1, 0], [70, 50, 30, 23, 8, 2, 3, 1]]
# deg, of the table: the largest between 0.2 and 10 TeV.
LARGEST = 0.14142135
OPTIONS = {"method": "1d", "safe_energy": None}


@pytest.fixture(scope="module")
def magic(gammapy_data):
    folder = gammapy_data / "magic" / "rad_max" / "data"
    if not folder.is_dir():
        pytest.skip("The MAGIC runs are not here: they lie in magic/rad_max beside hess-dl3-dr1.")
    return DataStore.from_dir(folder).get_observations(MAGIC_RUNS)


def point_like_store(folder, radius):
    """The small store with point-like responses, RAD_MAX in deg in their headers, None for none."""
    make_store(folder)
    for path in (folder / "data").iterdir():
        with fits.open(path) as hdus:
            hdus["AEFF"].header["HDUCLAS3"] = "POINT-LIKE"
            if radius is not None:
                hdus["AEFF"].header["RAD_MAX"] = radius
            hdus.writeto(path, overwrite=True)
    return DataStore.from_dir(folder).get_observations()


def extracted(observations, target, radius, e_reco, e_true):
    """The light curve that the tutorial's classes make of ON regions of a radius in deg without a correction."""
    regions = ReflectedRegionsBackgroundEstimator(SkyCircle(target, radius * u.deg), observations)
    regions.run()
    extraction = SpectrumExtraction(
        observations, regions.result, e_reco=e_reco, e_true=e_true, safe_energy=None
    )
    extraction.run()
    for dataset in extraction.spectrum_observations:
        dataset.model = PowerLaw(index=2.5, name="source")
    estimator = LightCurveEstimator(
        extraction.spectrum_observations, source="source", energy_edges=e_reco[[0, -1]]
    )
    return estimator.run().table


def assert_same_rows(ours, theirs):
    assert np.all(theirs["norm"] > 0)
    for name in ("flux", "flux_err", "ts", "n_on", "n_off", "alpha"):
        assert_allclose(ours[name], theirs[name], rtol=1e-9, err_msg=name)


def test_on_counts_within_the_radius_of_each_energy_are_those_of_gammapy(magic):
    table = light_curve(magic, CRAB, "run", EDGES, e_reco=EDGES, **OPTIONS).table
    assert_array_equal(np.reshape(table["n_on"], (2, 8)), N_ON)


def test_a_light_curve_of_a_rad_max_is_that_of_the_tutorials_classes(magic):
    axes = energy_axes(EDGES[[0, -1]])
    ours = light_curve(magic, CRAB, "run", EDGES[[0, -1]], responses="centre", **OPTIONS)
    theirs = extracted(magic, CRAB, LARGEST * (1 + 1e-7), axes.reco * u.TeV, axes.true * u.TeV)
    assert_same_rows(ours.table, theirs)
    # The flux of the Crab above 1 TeV is 2.1e-11 cm-2 s-1 (MAGIC, JHEAp 5, 30, 2015), within its errors.
    above = light_curve(magic, CRAB, "1 h", [1, 20] * u.TeV, **OPTIONS).table
    assert abs(above["flux"][0] - 2.1e-11) < 3 * above["flux_err"][0]


def test_runs_keep_their_cut_in_files(magic, tmp_path):
    curve = light_curve(magic, CRAB, "10 min", EDGES[[0, -1]], **OPTIONS)
    run = curve.origin.runs[0]
    assert_allclose(np.rad2deg(run.region_radius), LARGEST, rtol=1e-6)
    assert_same(run_from_bytes(run_to_bytes(run), "here"), run)
    write_result(tmp_path / "result", curve)
    again = Result.read(tmp_path / "result").light_curve.rebin("10 min").table
    for name in ("flux", "n_on", "n_off"):
        assert_array_equal(again[name], curve.table[name])


def test_a_store_has_regions_for_each_range_of_energies(magic, tmp_path):
    store = RunCache(tmp_path / "store")
    radii = []
    for edges in ([0.2, 10], [0.5, 10], [0.2, 10]):
        curve = light_curve(magic, CRAB, "run", edges * u.TeV, cache=store, **OPTIONS)
        radii.append(np.rad2deg([run.region_radius for run in curve.origin.runs]))
    assert_allclose(radii, np.repeat([[LARGEST], [0.1], [LARGEST]], 2, axis=1), rtol=1e-6)
    assert len(store.entries()) == 4


def test_energies_with_wider_cuts_need_a_new_light_curve(magic):
    curve = light_curve(magic, CRAB, "run", [0.5, 10] * u.TeV, **OPTIONS)
    curve.rebin(energy_edges=[1, 10] * u.TeV)
    with pytest.raises(DataError, match=r"RAD_MAX of run 5029747 goes up to 0.173 deg in these energies"):
        curve.rebin(energy_edges=[0.1, 10] * u.TeV)


def test_a_radius_is_not_for_a_table_of_radii(magic):
    with pytest.raises(DataError, match=r"on_radius of 0.1 deg is asked for; wanted is none"):
        light_curve(magic, CRAB, "run", EDGES, on_radius="0.1 deg", **OPTIONS)


def test_cubes_of_point_like_responses_are_refused(magic):
    with pytest.raises(DataError, match="wanted are responses for full enclosure"):
        light_curve(magic, CRAB, "run", EDGES)


def test_a_fixed_cut_is_the_radius_of_the_regions_and_of_the_area(tmp_path):
    observations = point_like_store(tmp_path, 0.15)
    axes = energy_axes([1, 10] * u.TeV)
    ours = light_curve(observations, TARGET, "run", [1, 10] * u.TeV, responses="centre", **OPTIONS)
    theirs = extracted(observations, TARGET, 0.15, axes.reco * u.TeV, axes.true * u.TeV)
    assert_same_rows(ours.table, theirs)
    for radius in ("0.15 deg", "0.15001 deg"):
        again = light_curve(
            observations, TARGET, "run", [1, 10] * u.TeV, responses="centre", on_radius=radius, **OPTIONS
        )
        assert_array_equal(again.table["flux"], ours.table["flux"])
    with pytest.raises(DataError, match=r"RAD_MAX 0.15 deg, .* wanted, not of 0.2 deg"):
        light_curve(observations, TARGET, "run", [1, 10] * u.TeV, on_radius="0.2 deg", **OPTIONS)


def test_a_cut_of_which_nothing_tells_the_radius_is_refused(tmp_path):
    observations = point_like_store(tmp_path, None)
    with pytest.raises(DataError, match="HDUCLAS3 POINT-LIKE"):
        light_curve(observations, TARGET, "run", [1, 10] * u.TeV, **OPTIONS)


def test_what_is_proposed_for_them_is_1d_and_runs(magic, gammapy_data):
    config, _ = sensible_config(gammapy_data / "magic" / "rad_max" / "data", magic[0].target_name)
    assert config.method == "1d"
    table = light_curve(magic, CRAB, **config.options()).table
    assert len(table) == len(magic)
    assert np.all(table["ts"] > 25)
