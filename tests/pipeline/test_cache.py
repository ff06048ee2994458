"""A light curve with a cache: the same rows, less work, and never in the way."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import time

import astropy.units as u
import numpy as np
import pytest
from regions import CircleSkyRegion
from small_store import TARGET

from tevcurve import DataStore, light_curve
from tevcurve.errors import InputError
from tevcurve.pipeline.job import Job
from tevcurve.store import RunCache, write_result


@pytest.fixture(params=["3d", "1d"])
def method(request):
    return request.param


def make(folder, cache=None, method="1d", **options):
    options = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None} | options
    return light_curve(
        DataStore.from_dir(folder).get_observations(), TARGET, method=method, cache=cache, **options
    )


def assert_same(one, other):
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        np.testing.assert_array_equal(np.asarray(one.table[name]), np.asarray(other.table[name]), name)
    assert str(one.ledger) == str(other.ledger)


@pytest.fixture
def reduced(monkeypatch):
    """The OBS_IDs of the runs that were reduced, in order."""
    ids, keep = [], Job.keep
    monkeypatch.setattr(Job, "keep", lambda job, run: (ids.append(run.obs_id), keep(job, run))[1])
    return ids


def test_the_second_time_nothing_is_reduced(store_copy, tmp_path, method, reduced):
    plain = make(store_copy, None, method)
    assert_same(make(store_copy, tmp_path / "runs", method), plain)
    assert len(reduced) == 6
    again = make(store_copy, RunCache(tmp_path / "runs"), method)
    assert len(reduced) == 6
    assert_same(again, plain)
    assert_same(again.rebin(energy_edges=[1, 3] * u.TeV), plain.rebin(energy_edges=[1, 3] * u.TeV))


def test_results_are_the_same_files(store_copy, tmp_path):
    for name, cache in (("one", None), ("two", tmp_path / "runs"), ("three", tmp_path / "runs")):
        write_result(tmp_path / name, make(store_copy, cache))
    for path in (tmp_path / "one").rglob("*.*"):
        for other in ("two", "three"):
            assert (tmp_path / other / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()


def test_what_does_not_affect_the_runs_is_free(store_copy, tmp_path, reduced):
    make(store_copy, tmp_path / "runs")
    make(store_copy, tmp_path / "runs", energy_edges=[1, 2, 5] * u.TeV, negative=True, upper_limit=0.9)
    assert len(reduced) == 3


def test_regions_are_laid_when_runs_are_there(store_copy, tmp_path, reduced):
    circle = CircleSkyRegion(TARGET.directional_offset_by(100 * u.deg, 0.5 * u.deg), 0.2 * u.deg)
    make(store_copy, tmp_path / "runs")
    for given in ({"on_radius": "0.12 deg"}, {"exclusion": circle}, {"off_regions": "wobble"}):
        from_cache = make(store_copy, tmp_path / "runs", **given)
        assert len(reduced) == 3
        assert_same(from_cache, make(store_copy, None, **given))
        del reduced[3:]


def test_what_affects_the_runs_is_reduced_anew(store_copy, tmp_path, reduced):
    make(store_copy, tmp_path / "runs")
    make(store_copy, tmp_path / "runs", method="3d")
    assert len(reduced) == 6


def test_a_changed_file_is_reduced_anew(store_copy, tmp_path, reduced):
    make(store_copy, tmp_path / "runs")
    shutil.copy(store_copy / "data" / "run_000001.fits.gz", store_copy / "data" / "run_000003.fits.gz")
    with_other_file = make(store_copy, tmp_path / "runs")
    assert reduced == [1, 2, 3, 3]
    assert [one.obs_id for one in with_other_file.ledger.failed] == ["3"]


def test_failures_are_not_kept(store_copy, tmp_path, reduced):
    path = store_copy / "data" / "run_000002.fits.gz"
    content = path.read_bytes()
    path.write_bytes(b"no FITS")
    first = make(store_copy, tmp_path / "runs")
    assert [one.obs_id for one in first.ledger.failed] == ["2"]
    assert len(RunCache(tmp_path / "runs").entries()) == 2
    assert_same(make(store_copy, tmp_path / "runs"), first)
    path.write_bytes(content)
    assert len(make(store_copy, tmp_path / "runs")) == 3
    assert reduced == [1, 2, 3, 2, 2]


def test_a_damaged_entry_is_reduced_anew(store_copy, tmp_path, reduced):
    plain = make(store_copy, tmp_path / "runs")
    entry = RunCache(tmp_path / "runs").entries()[0]
    entry.path.write_bytes(entry.path.read_bytes()[:-7])
    assert_same(make(store_copy, tmp_path / "runs"), plain)
    assert len(reduced) == 4
    make(store_copy, tmp_path / "runs")
    assert len(reduced) == 4


def test_in_several_processes(store_copy, tmp_path):
    plain = make(store_copy)
    for _ in range(2):
        assert_same(make(store_copy, tmp_path / "runs", n_jobs=2), plain)
    assert len(RunCache(tmp_path / "runs").entries()) == 3


def test_a_cache_that_cannot_be_written_is_said_once_and_costs_nothing(store_copy, tmp_path, caplog):
    (tmp_path / "runs").write_text("a file, no folder")
    with caplog.at_level(logging.WARNING):
        assert_same(make(store_copy, tmp_path / "runs"), make(store_copy))
    said = [record.message for record in caplog.records if "not kept" in record.message]
    assert len(said) == 1
    assert "runs is no cache" in said[0] or "runs cannot be" in said[0]


def test_a_read_only_cache_is_read(store_copy, tmp_path, caplog, reduced, monkeypatch):
    make(store_copy, tmp_path / "runs")
    entry = RunCache(tmp_path / "runs").entries()[0]
    entry.path.unlink()

    def refused(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    # Who runs the tests may be allowed everything, so the system refuses in this way.
    for name in ("mkdir", "replace", "utime", "unlink"):
        monkeypatch.setattr(os, name, refused)
    assert_same(make(store_copy, RunCache(tmp_path / "runs")), make(store_copy))
    assert len(reduced) == 3 + 1 + 3
    assert "Reduced runs are not kept" in caplog.text
    assert "Permission denied" in caplog.text


def test_observations_without_files_are_reduced_each_time(tmp_path, reduced):
    from tevcurve.demo import POSITION, demo_observations

    observations = demo_observations()[:1]
    light_curve(observations, POSITION, cache=tmp_path / "runs")
    assert reduced == [observations[0].obs_id]
    assert RunCache(tmp_path / "runs").entries() == []


def test_what_is_no_cache_is_refused(store_copy):
    with pytest.raises(InputError, match="wanted is a RunCache or the path of its folder"):
        make(store_copy, 3)


JOB = """
import sys
import astropy.units as u
from small_store import TARGET
from tevcurve import DataStore, light_curve
from tevcurve.store import input_files, write_result
print("here", flush=True)
observations = DataStore.from_dir(sys.argv[1]).get_observations()
lc = light_curve(observations, TARGET, method="1d", energy_edges=[0.7, 10] * u.TeV, safe_energy=None, cache=sys.argv[2])
write_result(sys.argv[3], lc, inputs=input_files(observations), overwrite=True)
"""


def start_job(folder, runs, result):
    support = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")
    environment = os.environ | {"PYTHONPATH": support}
    command = [sys.executable, "-c", JOB, folder, runs, result]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def all_files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_killed_and_called_again_the_result_is_the_same(store_copy, tmp_path):
    with start_job(store_copy, tmp_path / "other", tmp_path / "whole") as process:
        assert process.wait() == 0
    whole = all_files(tmp_path / "whole")
    rng = np.random.default_rng(4)
    for _ in range(2):
        with start_job(store_copy, tmp_path / "runs", tmp_path / "result") as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.5))
            process.send_signal(signal.SIGKILL)
        if (tmp_path / "result").exists():
            assert all_files(tmp_path / "result") == whole
    pair = [start_job(store_copy, tmp_path / "runs", tmp_path / "result") for _ in range(2)]
    for process in pair:
        with process:
            assert process.wait() == 0
    assert all_files(tmp_path / "result") == whole
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".result")]
    assert all(entry.describe() for entry in RunCache(tmp_path / "runs").entries())
