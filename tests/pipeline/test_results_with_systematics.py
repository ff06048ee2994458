"""Results of light curves with systematic errors: written, read, appended, and made of runs in files; the same."""

import filecmp
import os
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store
from two_instruments import runs_of

from tevcurve import CrossCalibration, DataStore, Instrument
from tevcurve.pipeline import engine, light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, input_files, write_result

FLUX = {"effect": "flux_scale", "sigma": 0.1, "by": "night"}
ENERGY = {"effect": "energy_scale", "sigma": 0.1, "by": "instrument"}
BY_RUN, BY_NIGHT = ({"effect": "background", "sigma": 0.05, "by": by} for by in ("run", "night"))
PERIODS = {"effect": "flux_scale", "sigma": 0.2, "by": "period", "periods": [53300.0], "name": "mirrors"}
CASES = [
    ("1d", [FLUX, ENERGY, BY_RUN]),
    ("1d", [PERIODS, BY_NIGHT]),
    ("3d", [FLUX, ENERGY, BY_RUN]),
    ("3d", [BY_NIGHT]),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def make(store, ids, folder, method, effects, **options):
    observations = store.get_observations(ids)
    options = {"energy_edges": [0.7, 2, 10] * u.TeV, "safe_energy": None, "time_bins": "10 min"} | options
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    made = light_curve(observations, TARGET, method=method, systematics=effects, **options)
    write_result(folder, made, inputs=input_files(observations))
    return made


def assert_same_rows(one, other):
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        assert_array_equal(one.table[name], other.table[name], err_msg=name)
    assert one.meta == other.meta
    assert_array_equal(one.covariance().matrix().value, other.covariance().matrix().value)


@pytest.mark.parametrize(("method", "effects"), CASES)
def test_what_is_read_is_what_was_written(store, tmp_path, method, effects):
    made = make(store, None, tmp_path / "result", method, effects)
    read = Result.read(tmp_path / "result").light_curve
    assert "flux_err_sys" in read.table.colnames
    assert_same_rows(read.origin.light_curve(), made)
    # Other bins keep what is settled.
    assert_same_rows(read.rebin("run"), made.rebin("run"))


@pytest.mark.parametrize(("method", "effects"), CASES)
def test_appended_is_computed_all_at_once(store, tmp_path, method, effects):
    make(store, [1, 3], tmp_path / "result", method, effects)
    make(store, [1, 3, 2], tmp_path / "whole", method, effects)
    append_runs(tmp_path / "result", store.get_observations([2]))
    for folder, _, names in os.walk(tmp_path / "whole"):
        there = os.path.join(tmp_path / "result", os.path.relpath(folder, tmp_path / "whole"))
        assert filecmp.cmpfiles(folder, there, names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("reference", [None, "HESS"])
def test_an_instrument_that_comes_later_has_the_nights_of_its_own_place(tmp_path, shared, reference):
    """All runs begin between 21:20 and 23:00 UT; the noon of 150 deg west, at 22:00, lies between two of MAGIC."""
    runs = runs_of(("HESS", "MAGIC"))
    runs["MAGIC"] = [replace(run, header=run.header | {"GEOLON": -150.0}) for run in runs["MAGIC"]]
    stores = {name: DataStore.from_dir(write_store(tmp_path / name, own)) for name, own in runs.items()}
    observations = [one for store in stores.values() for one in store.get_observations()]
    options = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None, "method": "1d"}
    options |= {"systematics": [FLUX | {"shared": shared}], "target": TARGET}
    if reference is None:
        whole = light_curve(observations, **options)
        begun = light_curve(stores["HESS"], **options)
    else:
        options["cross_calibration"] = CrossCalibration(reference=reference, sigma={"MAGIC": 0.1})
        instruments = {name: Instrument(store) for name, store in stores.items()}
        whole = light_curve(instruments=instruments, **options)
        begun = light_curve(instruments=instruments | {"MAGIC": Instrument([])}, **options)
    write_result(tmp_path / "result", begun, inputs=input_files(observations[:3]))
    for number in (5, 3, 4, 6):
        append_runs(tmp_path / "result", observations[number : number + 1], instrument=reference and "MAGIC")
    read = Result.read(tmp_path / "result").light_curve
    assert read.origin.systematics.sites == whole.origin.systematics.sites
    assert np.rad2deg([read.origin.systematics.sites[name] for name in stores]) == pytest.approx([16.5, -150])
    assert read.origin.systematics.night_lon_rad == whole.origin.systematics.night_lon_rad
    assert_same_rows(read, whole)
    if reference is None and not shared:
        matrix = read.covariance().matrix().value
        first, second = np.flatnonzero(read.table["instrument"] == "MAGIC")[:2]
        one, other = np.flatnonzero(read.table["instrument"] == "HESS")[:2]
        # The night of gaps would be one for both.
        assert matrix[first, second] == 0
        assert matrix[one, other] > 0


@pytest.mark.parametrize(("method", "effects"), CASES)
def test_runs_in_files_make_the_same(store, tmp_path, monkeypatch, method, effects):
    usual = make(store, None, tmp_path / "usual", method, effects)
    monkeypatch.setattr(engine, "MANY", 1)
    monkeypatch.setattr(engine, "PART", 2)
    assert_same_rows(make(store, None, tmp_path / "many", method, effects), usual)
