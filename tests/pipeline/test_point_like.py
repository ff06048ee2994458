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
    WobbleRegionsBackgroundEstimator,
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


def point_like_store(folder, radius, of_dispersion=None):
    """The small store with point-like responses, RAD_MAX in deg in their headers, None for none."""
    make_store(folder)
    for path in (folder / "data").iterdir():
        with fits.open(path) as hdus:
            hdus["AEFF"].header["HDUCLAS3"] = "POINT-LIKE"
            if radius is not None:
                hdus["AEFF"].header["RAD_MAX"] = radius
            if of_dispersion is not None:
                hdus["EDISP"].header["RAD_MAX"] = of_dispersion
            hdus.writeto(path, overwrite=True)
    return DataStore.from_dir(folder).get_observations()


def extracted(observations, target, radius, e_reco, e_true, estimator=ReflectedRegionsBackgroundEstimator):
    """The light curve that the tutorial's classes make of ON regions of a radius in deg without a correction."""
    regions = estimator(SkyCircle(target, radius * u.deg), observations)
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
    edges = axes.reco * u.TeV, axes.true * u.TeV
    for off_regions, estimator in (
        ("reflected", ReflectedRegionsBackgroundEstimator),
        ("wobble", WobbleRegionsBackgroundEstimator),
        (None, WobbleRegionsBackgroundEstimator),
    ):
        ours = light_curve(
            magic, CRAB, "run", EDGES[[0, -1]], responses="centre", off_regions=off_regions, **OPTIONS
        )
        assert_same_rows(ours.table, extracted(magic, CRAB, LARGEST * (1 + 1e-7), *edges, estimator))
    # The flux of the Crab above 1 TeV is 2.1e-11 cm-2 s-1 (MAGIC, JHEAp 5, 30, 2015), within its errors.
    above = light_curve(magic, CRAB, "1 h", [1, 20] * u.TeV, **OPTIONS).table
    assert abs(above["flux"][0] - 2.1e-11) < 3 * above["flux_err"][0]


def test_runs_keep_their_cut_in_files(magic, tmp_path):
    curve = light_curve(magic, CRAB, "10 min", EDGES[[0, -1]], **OPTIONS)
    run = curve.origin.runs[0]
    assert_same(run_from_bytes(run_to_bytes(run), "here"), run)
    write_result(tmp_path / "result", curve)
    again = Result.read(tmp_path / "result").light_curve
    for bins, bands in (("10 min", None), ("run", [0.1, 0.5, 10] * u.TeV)):
        one, other = (each.rebin(bins, energy_edges=bands).table for each in (again, curve))
        for name in ("flux", "n_on", "n_off", "alpha"):
            assert_array_equal(one[name], other[name])


def test_a_cache_has_the_run_for_any_energies(magic, tmp_path):
    cache = RunCache(tmp_path / "cache")
    for edges in ([0.2, 10], [0.5, 10]):
        curve = light_curve(magic, CRAB, "run", edges * u.TeV, cache=cache, **OPTIONS)
        assert_same_rows(curve.table, light_curve(magic, CRAB, "run", edges * u.TeV, **OPTIONS).table)
    assert len(cache.entries()) == 2


def test_other_energies_have_other_regions(magic):
    curve = light_curve(magic, CRAB, "run", [0.5, 10] * u.TeV, **OPTIONS)
    # 0.4 deg off the pointing there is room for three circles up to 0.28 deg, at equal angles; up to 0.39 deg for one.
    for edges, wobbles in (([0.06, 0.1], 3), ([0.03, 0.1, 10], [1, 3]), ([0.5, 10], 3)):
        again, anew = (
            curve.rebin(energy_edges=edges * u.TeV),
            light_curve(magic, CRAB, "run", edges * u.TeV, **OPTIONS),
        )
        for name in ("flux", "n_on", "n_off", "alpha"):
            assert_array_equal(again.table[name], anew.table[name])
        assert_allclose(
            np.reshape(1 / again.table["alpha"], (2, -1)), np.broadcast_to(wobbles, (2, len(edges) - 1))
        )


def test_other_bins_in_the_same_bands(magic):
    curve = light_curve(magic, CRAB, "run", EDGES[[0, -1]], **OPTIONS)
    again = curve.rebin(e_reco=EDGES).table
    assert_array_equal(again["flux"], curve.rebin(energy_edges=EDGES[[0, -1]], e_reco=EDGES).table["flux"])
    assert_array_equal(again["n_on"], np.sum(N_ON, axis=1))


def test_a_radius_is_not_for_a_table_of_radii(magic):
    with pytest.raises(DataError, match=r"on_radius of 0.1 deg is asked for; wanted is none"):
        light_curve(magic, CRAB, "run", EDGES, on_radius="0.1 deg", **OPTIONS)


def test_cubes_of_point_like_responses_are_refused(magic):
    with pytest.raises(DataError, match="wanted are responses for full enclosure, or method='1d'"):
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


def test_a_cut_of_which_nothing_tells_the_radius_is_asked_for(tmp_path):
    observations = point_like_store(tmp_path / "none", None)
    with pytest.raises(DataError, match=r"HDUCLAS3 POINT-LIKE.*wanted is its radius as on_radius"):
        light_curve(observations, TARGET, "run", [1, 10] * u.TeV, **OPTIONS)
    said = light_curve(observations, TARGET, "run", [1, 10] * u.TeV, on_radius="0.15 deg", **OPTIONS)
    told = light_curve(point_like_store(tmp_path / "told", 0.15), TARGET, "run", [1, 10] * u.TeV, **OPTIONS)
    assert_allclose(said.table["flux"], told.table["flux"], rtol=1e-12)


def test_a_cut_of_two_radii_is_refused(tmp_path):
    observations = point_like_store(tmp_path, 0.15, of_dispersion=0.16)
    with pytest.raises(
        DataError, match=r"aeff.* has RAD_MAX 0.15 deg and .*edisp.* has 0.16 deg; wanted is one"
    ):
        light_curve(observations, TARGET, "run", [1, 10] * u.TeV, **OPTIONS)
    same = point_like_store(tmp_path / "same", 0.15, of_dispersion=0.15001)
    light_curve(same, TARGET, "run", [1, 10] * u.TeV, **OPTIONS)


def test_what_is_proposed_for_them_is_1d_and_runs(magic, gammapy_data):
    config, notes = sensible_config(gammapy_data / "magic" / "rad_max" / "data", magic[0].target_name)
    assert notes["on_radius"].endswith("which each run has from its files: a radius for each energy.")
    assert config.method == "1d"
    table = light_curve(magic, CRAB, **config.options()).table
    assert len(table) == len(magic)
    assert np.all(table["ts"] > 25)
