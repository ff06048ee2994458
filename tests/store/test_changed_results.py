"""Results whose files were changed after they were written: each change is noticed where the file is opened."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from small_store import TARGET, make_store

from tevcurve import LightCurve, light_curve
from tevcurve.cli.main import main
from tevcurve.errors import DataError
from tevcurve.files import CHECKSUMS, Checksums
from tevcurve.lightcurve.bins import by_night
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, write_result
from tevcurve.store.result_files import GOOD_TIMES
from tevcurve.store.run_file import run_from_bytes

READ = (
    "light_curve.fits",
    "job.json",
    "runs.json",
    "provenance.json",
    "config.yaml",
    "ledger_events.ecsv",
    "ledger_times.ecsv",
    "ledger_problems.ecsv",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def written(store, tmp_path_factory):
    """The folder of a result of the first two runs."""
    made = light_curve(list(store.get_observations())[:2], TARGET, method="1d", safe_energy=None)
    return write_result(tmp_path_factory.mktemp("written") / "result", made, config={"a": 1})


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "result")


def assert_list_is_true(folder):
    """Each file of a result is in its list, with its own checksum."""
    lines = [line.split("  ", 1) for line in (folder / CHECKSUMS).read_text().splitlines()]
    listed = {name: digits for digits, name in lines}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(listed) == set(there) - {CHECKSUMS}
    assert listed == {name: hashlib.sha256(there[name].read_bytes()).hexdigest() for name in listed}


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def random_bits(path, number, seed):
    return np.random.default_rng(seed).integers(8 * path.stat().st_size, size=number).tolist()


def test_the_list_is_of_all_files_and_the_same_each_time(written, tmp_path):
    assert_list_is_true(written)
    again = write_result(tmp_path / "again", Result.read(written).light_curve, config={"a": 1})
    assert (again / CHECKSUMS).read_bytes() == (written / CHECKSUMS).read_bytes()


@pytest.mark.parametrize(("name", "number"), [(name, 25 if name == READ[0] else 6) for name in READ])
def test_every_flipped_bit_is_refused(folder, name, number):
    whole = (folder / name).read_bytes()
    for bit in random_bits(folder / name, number, seed=len(name)):
        flip(folder / name, bit)
        with pytest.raises(DataError, match=f"{name} is not as it was written.*--accept-changed"):
            Result.read(folder)
        (folder / name).write_bytes(whole)
    assert len(Result.read(folder).light_curve) == 2


def test_every_flipped_bit_of_a_run_is_refused_when_it_is_used(folder):
    path = sorted((folder / "runs").iterdir())[1]
    whole = path.read_bytes()
    for bit in random_bits(path, 10, seed=1):
        flip(path, bit)
        back = Result.read(folder).light_curve
        with pytest.raises(DataError, match=r"\.run is not as it was written.*--accept-changed"):
            back.rebin(by_night())
        path.write_bytes(whole)


def test_every_flipped_bit_of_the_list_leaves_what_is_read_as_it_was(folder):
    expected = Result.read(folder).light_curve
    whole = (folder / CHECKSUMS).read_bytes()
    for bit in random_bits(folder / CHECKSUMS, 20, seed=2):
        flip(folder / CHECKSUMS, bit)
        # Where nothing is said, the line that was changed is that of a file that is not opened.
        with suppress(DataError):
            back = Result.read(folder).light_curve
            assert np.array_equal(back.table["flux"], expected.table["flux"])
        (folder / CHECKSUMS).write_bytes(whole)


@pytest.mark.parametrize("name", ["light_curve.fits", "light_curve.ecsv"])
def test_a_table_that_is_read_by_itself(folder, name, tmp_path):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b"Start of", b"Begin of"))
    assert (folder / name).read_bytes() != content
    with pytest.raises(DataError, match=f"{name} is not as it was written"):
        LightCurve.read(folder / name)
    assert len(LightCurve.read(folder / name, accept_changed=True)) == 2
    shutil.copy(folder / name, tmp_path / name)
    assert len(LightCurve.read(tmp_path / name)) == 2


def change(folder):
    """The table of a result has another flux, by hand."""
    table = LightCurve.read(folder / "light_curve.fits")
    table.table["flux"][0] *= 2
    table.write(folder / "light_curve.fits", overwrite=True)
    return table.table["flux"][0]


def test_what_is_changed_is_taken_when_asked_for(folder, store, caplog):
    flux = change(folder)
    with pytest.raises(DataError, match=r"light_curve\.fits is not as it was written"):
        Result.read(folder)
    assert Result.read(folder, accept_changed=True).light_curve.table["flux"][0] == flux
    assert "taken all the same" in caplog.text
    with pytest.raises(DataError, match=r"light_curve\.fits is not as it was written"):
        append_runs(folder, list(store.get_observations())[2:])
    append_runs(folder, list(store.get_observations())[2:], accept_changed=True)
    assert len(Result.read(folder).light_curve) == 3


def test_a_run_that_is_changed_is_taken_when_asked_for_and_stays_known_as_changed(folder, tmp_path):
    path = sorted((folder / "runs").iterdir())[0]
    content = path.read_bytes()
    # The last bit of a number of seconds: what is deflated would not come back.
    flip(path, 8 * content.find(run_from_bytes(content, "it").time_s[-1:].tobytes()))
    taken = Result.read(folder, accept_changed=True).light_curve
    assert len(taken.rebin(by_night())) == 1
    again = write_result(tmp_path / "again", taken)
    with pytest.raises(DataError, match="not as it was written"):
        Result.read(again).light_curve.rebin(by_night())


@pytest.mark.parametrize(
    "command", [["rebin", "--time-bins", "night"], ["report"], ["variability", "--toys", "0"]]
)
def test_commands_refuse_and_take(folder, command, capsys):
    change(folder)
    line = [command[0], str(folder), *command[1:]]
    assert main(line) == 2
    assert "--accept-changed" in capsys.readouterr().err
    assert main([*line, "--accept-changed"]) == 0


def test_without_a_list_or_with_further_files_there_is_no_complaint(folder, caplog):
    (folder / "notes.txt").write_text("mine")
    (folder / GOOD_TIMES).unlink()
    Result.read(folder)
    (folder / CHECKSUMS).unlink()
    change(folder)
    Result.read(folder)
    assert not caplog.records


def test_a_file_of_a_result_that_is_not_in_its_list(folder):
    lines = (folder / CHECKSUMS).read_text().splitlines(keepends=True)
    (folder / CHECKSUMS).write_text("".join(line for line in lines if "job.json" not in line))
    with pytest.raises(DataError, match=r"job\.json is not in the list"):
        Result.read(folder)


def test_what_is_added_keeps_the_list_true(folder, store):
    append_runs(folder, list(store.get_observations())[2:])
    assert_list_is_true(folder)
    write_result(folder, Result.read(folder).light_curve.rebin(by_night()), overwrite=True)
    assert_list_is_true(folder)


KILLED = """
import os, signal, sys
from tevcurve.pipeline.append import append_runs
from tevcurve.data import DataStore
from tevcurve.store import adding, atomic
where, calls = int(sys.argv[3]), 0
def counted(function):
    def counting(*args, **options):
        global calls
        calls += 1
        if calls == where:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return counting
for module, name in ((adding, "write_tables"), (adding, "write_checksums"), (atomic, "sync_tree"),
                     (atomic, "_put_in_place"), (atomic, "sync_folder")):
    setattr(module, name, counted(getattr(module, name)))
append_runs(sys.argv[1], DataStore.from_dir(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="There is no SIGKILL.")
def test_a_kill_at_any_step_leaves_files_and_list_that_agree(folder, written, store):
    for step in (2, 4):
        shutil.rmtree(folder)
        shutil.copytree(written, folder)
        line = [sys.executable, "-c", KILLED, str(folder), str(store.base_dir), str(step)]
        subprocess.run(line, capture_output=True)
        assert len(Result.read(folder).light_curve) in (2, 3)
        assert_list_is_true(folder)


def test_the_runs_checksums_are_taken_over(folder):
    kept = Result.read(folder).light_curve.origin
    assert kept.runs.place.checksums == Checksums.of(folder)
    files = json.loads((folder / "runs.json").read_text())["runs"]
    assert {f"runs/{one['file']}" for one in files} <= set(kept.runs.place.checksums.listed)
