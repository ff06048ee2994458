"""A store gives back what was put into it, keeps to its limit, and never gives anything else."""

import errno
import grp
import os
import shutil
import subprocess
import sys

import pytest
from kept_runs import assert_same, kept
from small_store import make_store

from tevcurve.errors import StoreError
from tevcurve.pipeline.keep_runs import as_store
from tevcurve.run_id import RunId
from tevcurve.store import RunStore, trusted_folders
from tevcurve.store.atomic import write_file
from tevcurve.store.run_file import run_to_bytes
from tevcurve.store.run_store import MARK


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return kept(make_store(tmp_path_factory.mktemp("dl3")).obs(1))


def key(number):
    return f"{number:02x}" * 32


def filled(folder, run, number, **options):
    store = RunStore(folder, **options)
    for k in range(number):
        store.put(key(k), run)
        # The clock of the file system may be coarser than this loop.
        os.utime(store.folder / key(k)[:2] / f"{key(k)}.run", (1e9 + k, 1e9 + k))
    return store


def kept_keys(store):
    return {entry.key for entry in store.entries()}


def test_what_was_put_is_got(tmp_path, run):
    store = RunStore(tmp_path / "store")
    assert store.get(key(1)) is None
    assert not (tmp_path / "store").exists()
    store.put(key(1), run)
    assert_same(RunStore(tmp_path / "store").get(key(1)), run)
    assert store.get(key(2)) is None


def test_the_entries_say_what_they_are(tmp_path, run):
    store = filled(tmp_path / "store", run, 3)
    entries = store.entries()
    assert [entry.key for entry in entries] == [key(0), key(1), key(2)]
    assert entries[0].describe() == {"run_id": RunId("", "1"), "target": "Crab"}
    assert (
        store.size == sum(entry.size for entry in entries) == 3 * (len(key(0)) + 1 + len(run_to_bytes(run)))
    )


def test_it_is_emptied(tmp_path, run):
    store = filled(tmp_path / "store", run, 3)
    assert store.clear() == 3
    assert store.entries() == []
    assert store.get(key(0)) is None
    store.put(key(0), run)
    assert len(store.entries()) == 1


def test_those_go_that_were_not_asked_for_the_longest(tmp_path, run):
    size = len(run_to_bytes(run))
    store = filled(tmp_path / "store", run, 5, max_bytes=int(5.5 * size))
    assert store.get(key(0)) is not None
    store.put(key(5), run)
    # Nine tenths of the limit are what stays: four runs.
    assert kept_keys(store) == {key(0), key(3), key(4), key(5)}
    assert store.size <= store.max_bytes


def test_the_limit_holds_for_what_others_have_put(tmp_path, run):
    size = len(run_to_bytes(run))
    filled(tmp_path / "store", run, 6)
    store = RunStore(tmp_path / "store", max_bytes=3 * size)
    store.put(key(9), run)
    assert store.size <= 3 * size
    assert key(9) in kept_keys(store)


def test_a_run_that_is_larger_than_the_limit_is_not_kept(tmp_path, run):
    store = RunStore(tmp_path / "store", max_bytes=100)
    store.put(key(1), run)
    assert store.entries() == []


@pytest.mark.parametrize("damage", [b"", b"tevcurve", "cut", "bit"])
def test_a_damaged_run_counts_as_missing(tmp_path, run, caplog, damage):
    store = filled(tmp_path / "store", run, 1)
    path = store.entries()[0].path
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[:-1], "bit": content[:-1] + bytes([content[-1] ^ 4])}.get(damage, damage)
    )
    assert store.entries()[0].describe() == {}
    assert store.get(key(0)) is None
    assert "reduced anew" in caplog.text
    store.put(key(0), run)
    assert_same(store.get(key(0)), run)


def test_a_folder_of_something_else_is_left_alone(tmp_path, run):
    (tmp_path / "thesis.tex").write_text("...")
    store = RunStore(tmp_path)
    for work in (lambda: store.put(key(1), run), store.entries, store.clear):
        with pytest.raises(StoreError, match="is no store of tevcurve; wanted is one, or an empty folder"):
            work()
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_emptying_takes_runs_only(tmp_path, run):
    store = filled(tmp_path / "store", run, 1)
    (store.folder / "notes.txt").write_text("mine")
    store.clear()
    assert (store.folder / "notes.txt").exists()


def test_a_full_disk_is_said(tmp_path, run, monkeypatch):
    store = filled(tmp_path / "store", run, 1)

    def full_disk(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StoreError, match=r"cannot be written: No space left on device\.$"):
        store.put(key(1), run)
    assert_same(store.get(key(0)), run)
    assert kept_keys(store) == {key(0)}


def test_a_file_in_place_of_the_folder_is_said(tmp_path, run):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="store"):
        RunStore(tmp_path / "store").put(key(1), run)
    assert RunStore(tmp_path / "store").get(key(1)) is None


def test_what_a_killed_process_left_goes(tmp_path, run):
    store = filled(tmp_path / "store", run, 1)
    left = store.folder / key(0)[:2] / f".{key(0)}.run.0123456789ab.part"
    left.write_bytes(b"half")
    assert len(store.entries()) == 1
    assert not left.exists()


def test_a_store_that_is_being_made_is_no_foreign_folder(tmp_path, run):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / f".{MARK}.0123456789ab.part").write_bytes(b"")
    store = RunStore(folder)
    store.put(key(1), run)
    assert len(store.entries()) == 1
    # Who was making it has been killed.
    assert sorted(os.listdir(folder)) == [key(1)[:2], MARK]


def test_two_processes_share_it(tmp_path, run):
    content = tmp_path / "run"
    write_file(content, run_to_bytes(run))
    code = (
        "import sys; from pathlib import Path; from tevcurve.store import RunStore\n"
        "from tevcurve.store.run_file import run_from_bytes\n"
        "run = run_from_bytes(Path(sys.argv[2]).read_bytes(), 'it'); size = len(Path(sys.argv[2]).read_bytes())\n"
        "store = RunStore(sys.argv[1], max_bytes=6 * size)\n"
        "for k in range(120):\n"
        "    store.put(f'{k % 12:02x}' * 32, run)\n"
        "    got = store.get(f'{(7 * k) % 12:02x}' * 32)\n"
        "    assert got is None or got.time_s.tobytes() == run.time_s.tobytes()\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "store", content]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    store = RunStore(tmp_path / "store")
    # Each process knows its own runs only until it counts: the limit may be passed by what the other one puts.
    assert 0 < len(store.entries()) <= 12
    assert all(entry.describe() for entry in store.entries())


@pytest.mark.parametrize("other", [1, 2])
def test_an_entry_under_another_key_is_not_taken(tmp_path, run, caplog, other):
    """A file that was copied to the name of another key, by hand or by a file system that is damaged."""
    store = filled(tmp_path / "store", run, 2)
    wanted = store._path(key(other))
    wanted.parent.mkdir(exist_ok=True)
    shutil.copy(store._path(key(0)), wanted)
    assert store.get(key(other)) is None
    assert "is not of the key that is its name" in caplog.text
    assert_same(store.get(key(0)), run)


posix = pytest.mark.skipif(os.name != "posix", reason="Rights of this kind are those of POSIX systems.")


@posix
@pytest.mark.parametrize("place", ["store", "above", "link"])
def test_a_store_that_everybody_may_write_is_refused(tmp_path, run, place, caplog):
    folder = tmp_path / "above" / "store"
    store = filled(folder, run, 1)
    if place == "link":
        store = RunStore(tmp_path / "link")
        store.folder.symlink_to(folder)
    (folder if place != "above" else folder.parent).chmod(0o777)
    for use in (store.check_trusted, lambda: store.put(key(1), run), lambda: as_store(store.folder)):
        with pytest.raises(StoreError, match=r"everybody may write .*chmod o-w"):
            use()
    assert store.get(key(0)) is None
    assert "everybody may write" in caplog.text
    (folder if place != "above" else folder.parent).chmod(0o1777)
    assert_same(store.get(key(0)), run)


@posix
def test_what_others_have_put_into_a_folder_for_all_is_not_taken(tmp_path, run, monkeypatch, caplog):
    """In a folder with the sticky bit everybody may make files of his own."""
    store = filled(tmp_path / "store", run, 1)
    store.folder.chmod(0o1777)
    stat = os.stat
    path = str(store._path(key(0)))

    def of_a_stranger(place, **options):
        state = stat(place, **options)
        return os.stat_result([*state[:4], os.geteuid() + 7, *state[5:]]) if str(place) == path else state

    monkeypatch.setattr(trusted_folders.os, "stat", of_a_stranger)
    assert store.get(key(0)) is None
    assert "belongs to the user with the number" in caplog.text


@posix
def test_a_store_of_another_user_is_refused(tmp_path, run, monkeypatch):
    store = filled(tmp_path / "store", run, 1)
    owner = os.stat(store.folder).st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 7)
    if owner == 0:
        assert_same(store.get(key(0)), run)
        os.chown(store.folder, 4321, -1)
    with pytest.raises(StoreError, match="belongs to the user with the number"):
        store.check_trusted()
    assert store.get(key(0)) is None


@posix
def test_a_store_of_a_group_works_and_is_told(tmp_path, run, caplog):
    store = filled(tmp_path / "store", run, 1)
    store.folder.chmod(0o775)
    caplog.set_level("INFO", logger="tevcurve")
    assert_same(RunStore(store.folder).get(key(0)), run)
    assert (
        f"All of the group {grp.getgrgid(os.stat(store.folder).st_gid).gr_name} may put runs" in caplog.text
    )


@posix
def test_no_umask_makes_a_store_for_everybody(tmp_path, run):
    before = os.umask(0)
    try:
        store = filled(tmp_path / "store", run, 1)
    finally:
        os.umask(before)
    assert_same(store.get(key(0)), run)
