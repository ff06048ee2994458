"""Runs added to a result: the same as computed all at once, to the last byte, and without touching the rest."""

import filecmp
import os
import subprocess
import sys

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import write_store
from regions import CircleSkyRegion
from small_store import START, TARGET, make_store, run_file

from tevcurve import DataStore, LightCurve, PowerLaw
from tevcurve.bins.width import ByWidth
from tevcurve.errors import DataError, InputError
from tevcurve.files import CHECKSUMS
from tevcurve.lightcurve.bins import (
    Ephemeris,
    bayesian_blocks,
    by_counts,
    by_edges,
    by_intervals,
    by_night,
    by_phase,
    by_run,
    by_significance,
    by_width,
    sliding,
)
from tevcurve.lightcurve.run_reduction import RunReduction
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, input_files, write_result
from tevcurve.store.unchanged import is_as_written

BANDS = [0.7, 2, 10] * u.TeV


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def make(store, ids, folder, method="1d", time_bins=None, **options):
    """A result of some runs in a folder."""
    observations = store.get_observations(ids)
    options = {"energy_edges": BANDS, "safe_energy": None} | options
    lc = light_curve(observations, TARGET, time_bins, method=method, **options)
    write_result(folder, lc, inputs=input_files(observations))
    return lc


def files_in(folder):
    return sorted(
        os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names
    )


def assert_same_folder(one, other):
    names = files_in(one)
    assert names == files_in(other)
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def binnings(store):
    """Binnings of all kinds, some of whose bins the middle run changes."""
    runs = store.get_observations()
    at = [run.tstart + 300 * u.s for run in runs] + [runs[2].tstop + 1 * u.d, runs[2].tstop + 2 * u.d]
    return {
        "run": by_run(),
        "night": by_night(),
        "short nights": by_night(gap="3 min"),
        "width": by_width("4 min"),
        "grid": by_width("40 min", align="absolute"),
        "sliding": sliding("30 min", "10 min"),
        "edges": by_edges(at),
        "intervals": by_intervals([(at[1], at[2]), (at[0], at[3]), (at[3], at[4]), (at[1], at[2])]),
        "phase": by_phase(Ephemeris(epoch=at[0], period="23 min"), 3),
        "counts": by_counts(40),
        "significance": by_significance(25),
        "blocks": bayesian_blocks(0.1),
    }


NAMES = (
    "run",
    "night",
    "short nights",
    "width",
    "grid",
    "sliding",
    "edges",
    "intervals",
    "phase",
    "counts",
    "significance",
    "blocks",
)


# Each binning once; in 3D those whose bins are of one run, of several, in many pieces, and of all events.
CASES = [("1d", name) for name in NAMES] + [("3d", name) for name in ("run", "grid", "phase", "counts")]


@pytest.mark.parametrize(("method", "name"), CASES)
def test_appended_is_computed_all_at_once(store, tmp_path, method, name):
    bins = binnings(store)[name]
    make(store, [1, 3], tmp_path / "result", method, bins)
    make(store, [1, 3, 2], tmp_path / "whole", method, bins)
    appended = append_runs(tmp_path / "result", store.get_observations([2]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")
    assert len(appended.light_curve) == len(Result.read(tmp_path / "whole").light_curve)


def test_a_grid_that_began_with_its_runs_stays_where_it_is(store, tmp_path):
    """Earlier runs add bins to it; those that there were keep their edges, and what no new run touches its numbers."""
    first = make(store, [2, 3], tmp_path / "result", time_bins=ByWidth(2400.0, None, "absolute"))
    appended = append_runs(tmp_path / "result", store.get_observations([1])).light_curve
    before, after = (list(lc.table["time_min"]) for lc in (first, appended))
    assert set(before) < set(after)
    assert np.asarray(first.table["flux"])[-2:].tolist() == np.asarray(appended.table["flux"])[-2:].tolist()
    assert Result.read(tmp_path / "result").light_curve.origin.time_bins.start is not None


@pytest.mark.parametrize(
    ("method", "name"), [("1d", "run"), ("1d", "width"), ("1d", "counts"), ("3d", "run"), ("3d", "grid")]
)
def test_what_comes_back_is_appended_to_as_the_folder_is(store, tmp_path, monkeypatch, method, name):
    """It is not read again, nor are its runs reduced again."""
    bins = binnings(store)[name]
    make(store, [1], tmp_path / "result", method, bins)
    make(store, [1, 3, 2], tmp_path / "whole", method, bins)
    result = append_runs(Result.read(tmp_path / "result"), store.get_observations([3]))
    reduced, call = [], RunReduction.__call__

    def counted(self, run):
        reduced.append(run.run_id.obs_id)
        return call(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Result, "_read", None)
        patch.setattr(RunReduction, "__call__", counted)
        result = append_runs(result, store.get_observations([2]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")
    assert is_as_written(result)
    assert reduced.count("2") == 1
    assert "3" not in reduced


def test_what_another_process_appends_is_there_too(store, tmp_path):
    make(store, [1], tmp_path / "result")
    make(store, [1, 2, 3], tmp_path / "whole")
    result = Result.read(tmp_path / "result")
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert not is_as_written(result)
    append_runs(result, store.get_observations([3]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_what_is_changed_in_memory_alone_is_not_written(store, tmp_path):
    make(store, [1], tmp_path / "result")
    make(store, [1, 2, 3], tmp_path / "whole")
    result = append_runs(tmp_path / "result", store.get_observations([2]))
    result.light_curve.table["flux"][0] = 1.0
    result.provenance["inputs"] = []
    assert not is_as_written(result)
    append_runs(result, store.get_observations([3]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


@pytest.mark.parametrize(
    "name", ["light_curve.fits", "ledger_times.ecsv", "job.json", "runs.json", "good_times.ecsv"]
)
def test_what_is_changed_on_disk_is_noticed_as_ever(store, tmp_path, name):
    make(store, [1], tmp_path / "result")
    result = append_runs(tmp_path / "result", store.get_observations([2]))
    content = (tmp_path / "result" / name).read_bytes()
    (tmp_path / "result" / name).write_bytes(content.replace(b"1", b"2", 1))
    assert not is_as_written(result)


def test_several_runs_one_after_the_other(store, tmp_path):
    make(store, [1], tmp_path / "result")
    make(store, [1, 2, 3], tmp_path / "whole")
    append_runs(tmp_path / "result", store.get_observations([2]))
    append_runs(tmp_path / "result", store.get_observations([3]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_options_make_no_difference(store, tmp_path):
    options = {
        "free": ("index",),
        "free_ts": 4,
        "negative": True,
        "spectrum": PowerLaw(index=2.7),
        "exclusion": CircleSkyRegion(SkyCoord(84.3, 22.6, unit="deg"), 0.2 * u.deg),
    }
    make(store, [1, 3], tmp_path / "result", **options)
    make(store, [1, 3, 2], tmp_path / "whole", **options)
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


@pytest.mark.parametrize("shape_from", ["run", "night"])
def test_a_shape_that_is_taken_from_a_night_changes_with_it(store, tmp_path, shape_from):
    options = {"background": "shape", "shape_from": shape_from, "time_bins": by_width("5 min")}
    make(store, [1, 3], tmp_path / "result", **options)
    make(store, [1, 3, 2], tmp_path / "whole", **options)
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_stacked_runs(store, tmp_path):
    bins = by_width("40 min", align="absolute")
    make(store, [1, 3], tmp_path / "result", "3d", bins, stacked=True)
    make(store, [1, 3, 2], tmp_path / "whole", "3d", bins, stacked=True)
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_rows_that_are_not_touched_are_not_made_again(store, tmp_path, monkeypatch):
    make(store, [1, 3], tmp_path / "result")
    files = {path.name: path.stat().st_ino for path in (tmp_path / "result" / "runs").iterdir()}
    read = []
    monkeypatch.setattr("tevcurve.store.stored_runs.read_run", lambda path, entry: read.append(entry))
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert read == []
    after = {path.name: path.stat().st_ino for path in (tmp_path / "result" / "runs").iterdir()}
    assert files.items() < after.items()


def test_what_else_lies_in_the_folder_stays(store, tmp_path):
    make(store, [1], tmp_path / "result")
    (tmp_path / "result" / "report.html").write_text("a page")
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert (tmp_path / "result" / "report.html").read_text() == "a page"


def test_the_result_that_comes_back_is_the_one_on_disk(store, tmp_path):
    make(store, [1, 3], tmp_path / "result")
    result = append_runs(Result.read(tmp_path / "result"), store.get_observations([2]))
    read = Result.read(tmp_path / "result")
    assert result.provenance == read.provenance
    assert str(result.light_curve.ledger) == str(read.light_curve.ledger)
    one, other = (each.light_curve.rebin(by_width("7 min")).table for each in (result, read))
    assert all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one.colnames
    )


def test_runs_that_are_there_are_passed_over(store, tmp_path, caplog):
    make(store, [1, 3], tmp_path / "result")
    before = (tmp_path / "result").stat().st_ino
    append_runs(tmp_path / "result", store.get_observations([1, 3]))
    assert "no runs that the result" in caplog.text
    assert (tmp_path / "result").stat().st_ino == before
    append_runs(tmp_path / "result", store)
    assert len(Result.read(tmp_path / "result").light_curve.origin.runs) == 3


def test_paths_of_stores_and_of_files(store, tmp_path):
    write_store(tmp_path / "new", [run_file(9, 19, START + 7200, (83.63, 22.51))])
    make(store, [1], tmp_path / "result")
    make(store, [1], tmp_path / "whole")
    append_runs(tmp_path / "result", tmp_path / "new")
    append_runs(tmp_path / "whole", [DataStore.from_dir(tmp_path / "new").obs(9)])
    assert_same_folder(tmp_path / "result", tmp_path / "whole")
    assert Result.read(tmp_path / "result").provenance["inputs"][-1]["obs_id"] == "9"


def test_a_run_that_cannot_be_used_is_told_and_tried_again(store, tmp_path):
    write_store(tmp_path / "new", [run_file(9, 19, START + 7200, (83.63, 22.51))])
    (path,) = (tmp_path / "new" / "data").iterdir()
    content = path.read_bytes()
    path.write_bytes(b"no FITS")
    make(store, [1], tmp_path / "result")
    result = append_runs(tmp_path / "result", tmp_path / "new")
    assert [one.obs_id for one in result.light_curve.ledger.failed] == ["9"]
    assert Result.read(tmp_path / "result").light_curve.ledger.failed == result.light_curve.ledger.failed
    assert len(result.light_curve) == 2
    path.write_bytes(content)
    result = append_runs(tmp_path / "result", tmp_path / "new")
    assert result.light_curve.ledger.failed == ()
    assert len(result.light_curve) == 4
    inputs = result.provenance["inputs"]
    assert [each["obs_id"] for each in inputs] == ["1", "9"]
    assert (
        inputs[1]["sha256"]
        == input_files(DataStore.from_dir(tmp_path / "new").get_observations())[0]["sha256"]
    )


def test_strict_stops_and_leaves_the_result(store, tmp_path):
    write_store(tmp_path / "new", [run_file(9, 19, START + 7200, (83.63, 22.51), without_hdus=("aeff",))])
    make(store, [1], tmp_path / "result")
    make(store, [1], tmp_path / "whole")
    with pytest.raises(DataError, match="Run 9 cannot be used"):
        append_runs(tmp_path / "result", tmp_path / "new", strict=True)
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_outside_the_field_of_view_of_all_runs_or_of_some(tmp_path):
    runs = [
        run_file(k, 30 + k, START + 1800 * k, (83.63, 22.01 + off))
        for k, off in ((1, 3.2), (2, 3.4), (3, 0.5))
    ]
    write_store(tmp_path / "dl3", runs)
    store = DataStore.from_dir(tmp_path / "dl3")
    bins = by_edges(runs_at(store, 4))
    make(store, [1], tmp_path / "result", "3d", bins)
    for new, ids in ((2, [1, 2]), (3, [1, 2, 3])):
        append_runs(tmp_path / "result", store.get_observations([new]))
        make(store, ids, tmp_path / f"whole{new}", "3d", bins)
        assert_same_folder(tmp_path / "result", tmp_path / f"whole{new}")
    assert set(Result.read(tmp_path / "result").light_curve.table["status"]) == {"outside_fov", "ok"}


def runs_at(store, number):
    """Edges with a run each between them."""
    first = store.get_observations()[0].tstart
    return first + np.arange(number) * 1800 * u.s


def test_runs_of_other_clocks(store, tmp_path):
    late = run_file(9, 19, START, (83.63, 22.51), mjdref=(51910 + 1, 0.000742870370370241))
    write_store(tmp_path / "new", [late])
    both = [*store.get_observations([1]), *DataStore.from_dir(tmp_path / "new").get_observations()]
    make(store, [1], tmp_path / "result")
    lc = light_curve(both, TARGET, method="1d", energy_edges=BANDS, safe_energy=None)
    write_result(tmp_path / "whole", lc, inputs=input_files(both))
    append_runs(tmp_path / "result", tmp_path / "new")
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_a_result_of_other_versions_is_made_anew(store, tmp_path, caplog):
    make(store, [1, 3], tmp_path / "result")
    make(store, [1, 3, 2], tmp_path / "whole")
    path = tmp_path / "result" / "provenance.json"
    path.write_text(path.read_text().replace('"numpy": "', '"numpy": "0.'))
    (tmp_path / "result" / CHECKSUMS).unlink()
    append_runs(tmp_path / "result", store.get_observations([2]))
    assert "other versions" in caplog.text
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_a_result_without_runs_is_refused(store, tmp_path):
    lc = make(store, [1], tmp_path / "result")
    write_result(tmp_path / "rows", lc, keep_runs=False)
    with pytest.raises(InputError, match="was written without its runs"):
        append_runs(tmp_path / "rows", store.get_observations([2]))


def test_a_light_curve_of_which_rows_were_taken_is_refused(store, tmp_path):
    lc = make(store, [1, 2], tmp_path / "whole")
    write_result(tmp_path / "result", LightCurve(lc.table[2:], lc.origin, lc.ledger))
    with pytest.raises(InputError, match="has 2 rows, which are not the 4 that its runs make"):
        append_runs(tmp_path / "result", store.get_observations([3]))


def test_two_that_append_at_once_do_so_one_after_the_other(store, tmp_path):
    make(store, [1], tmp_path / "result")
    code = (
        "import sys; from tevcurve import DataStore; from tevcurve.pipeline.append import append_runs\n"
        "append_runs(sys.argv[1], DataStore.from_dir(sys.argv[2]).get_observations([int(sys.argv[3])]))"
    )
    command = [sys.executable, "-c", code, tmp_path / "result", store.base_dir]
    processes = [subprocess.Popen([*command, str(number)]) for number in (2, 3)]
    assert [process.wait() for process in processes] == [0, 0]
    result = Result.read(tmp_path / "result")
    assert sorted(str(run.run_id) for run in result.light_curve.origin.runs) == ["1", "2", "3"]
    assert sorted(result.light_curve.ledger.events["obs_id"]) == ["1", "2", "3"]
    assert os.listdir(tmp_path) == ["result"]
