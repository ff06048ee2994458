"""Results of light curves with systematic errors: written, read, appended, and made of runs in files; the same."""

import filecmp
import os

import astropy.units as u
import pytest
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store

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


@pytest.mark.parametrize(("method", "effects"), CASES)
def test_runs_in_files_make_the_same(store, tmp_path, monkeypatch, method, effects):
    usual = make(store, None, tmp_path / "usual", method, effects)
    monkeypatch.setattr(engine, "MANY", 1)
    monkeypatch.setattr(engine, "PART", 2)
    assert_same_rows(make(store, None, tmp_path / "many", method, effects), usual)
