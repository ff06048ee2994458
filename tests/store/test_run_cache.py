"""A cache gives back what was put into it, keeps to its limit, and never gives anything else."""

import errno
import grp
import os
import shutil
import subprocess
import sys

import pytest
from kept_runs import assert_same, kept
from small_store import make_store

from tevcurve.atomic import write_file
from tevcurve.errors import StoreError
from tevcurve.pipeline.keep_runs import as_cache
from tevcurve.run_id import RunId
from tevcurve.store import RunCache, trusted_folders
from tevcurve.store.run_cache import MARK
from tevcurve.store.run_file import run_to_bytes


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return kept(make_store(tmp_path_factory.mktemp("dl3")).obs(1))


def key(number):
    return f"{number:02x}" * 32


def filled(folder, run, number, **options):
    cache = RunCache(folder, **options)
    for k in range(number):
        cache.put(key(k), run)
        # The clock of the file system may be coarser than this loop.
        os.utime(cache.folder / key(k)[:2] / f"{key(k)}.run", (1e9 + k, 1e9 + k))
    return cache


def kept_keys(cache):
    return {entry.key for entry in cache.entries()}


def test_what_was_put_is_got(tmp_path, run):
    cache = RunCache(tmp_path / "cache")
    assert cache.get(key(1)) is None
    assert not (tmp_path / "cache").exists()
    cache.put(key(1), run)
    assert_same(RunCache(tmp_path / "cache").get(key(1)), run)
    assert cache.get(key(2)) is None


def test_the_entries_say_what_they_are(tmp_path, run):
    cache = filled(tmp_path / "cache", run, 3)
    entries = cache.entries()
    assert [entry.key for entry in entries] == [key(0), key(1), key(2)]
    assert entries[0].describe() == {"run_id": RunId("", "1"), "target": "Crab"}
    assert (
        cache.size == sum(entry.size for entry in entries) == 3 * (len(key(0)) + 1 + len(run_to_bytes(run)))
    )


def test_it_is_emptied(tmp_path, run):
    cache = filled(tmp_path / "cache", run, 3)
    assert cache.clear() == 3
    assert cache.entries() == []
    assert cache.get(key(0)) is None
    cache.put(key(0), run)
    assert len(cache.entries()) == 1


def test_those_go_that_were_not_asked_for_the_longest(tmp_path, run):
    size = len(run_to_bytes(run))
    cache = filled(tmp_path / "cache", run, 5, max_bytes=int(5.5 * size))
    assert cache.get(key(0)) is not None
    cache.put(key(5), run)
    # Nine tenths of the limit are what stays: four runs.
    assert kept_keys(cache) == {key(0), key(3), key(4), key(5)}
    assert cache.size <= cache.max_bytes


def test_the_limit_holds_for_what_others_have_put(tmp_path, run):
    size = len(run_to_bytes(run))
    filled(tmp_path / "cache", run, 6)
    cache = RunCache(tmp_path / "cache", max_bytes=3 * size)
    cache.put(key(9), run)
    assert cache.size <= 3 * size
    assert key(9) in kept_keys(cache)


def test_a_run_that_is_larger_than_the_limit_is_not_kept(tmp_path, run):
    cache = RunCache(tmp_path / "cache", max_bytes=100)
    cache.put(key(1), run)
    assert cache.entries() == []


@pytest.mark.parametrize("damage", [b"", b"tevcurve", "cut", "bit"])
def test_a_damaged_run_counts_as_missing(tmp_path, run, caplog, damage):
    cache = filled(tmp_path / "cache", run, 1)
    path = cache.entries()[0].path
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[:-1], "bit": content[:-1] + bytes([content[-1] ^ 4])}.get(damage, damage)
    )
    assert cache.entries()[0].describe() == {}
    assert cache.get(key(0)) is None
    assert "reduced anew" in caplog.text
    cache.put(key(0), run)
    assert_same(cache.get(key(0)), run)


def test_a_folder_of_something_else_is_left_alone(tmp_path, run):
    (tmp_path / "thesis.tex").write_text("...")
    cache = RunCache(tmp_path)
    for work in (lambda: cache.put(key(1), run), cache.entries, cache.clear):
        with pytest.raises(StoreError, match="is no cache of tevcurve; wanted is one, or an empty folder"):
            work()
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_emptying_takes_runs_only(tmp_path, run):
    cache = filled(tmp_path / "cache", run, 1)
    (cache.folder / "notes.txt").write_text("mine")
    cache.clear()
    assert (cache.folder / "notes.txt").exists()


def test_a_full_disk_is_said(tmp_path, run, monkeypatch):
    cache = filled(tmp_path / "cache", run, 1)

    def full_disk(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StoreError, match=r"cannot be written: No space left on device\.$"):
        cache.put(key(1), run)
    assert_same(cache.get(key(0)), run)
    assert kept_keys(cache) == {key(0)}


def test_a_file_in_place_of_the_folder_is_said(tmp_path, run):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StoreError, match="cache"):
        RunCache(tmp_path / "cache").put(key(1), run)
    assert RunCache(tmp_path / "cache").get(key(1)) is None


def test_what_a_killed_process_left_goes(tmp_path, run):
    cache = filled(tmp_path / "cache", run, 1)
    left = cache.folder / key(0)[:2] / f".{key(0)}.run.0123456789ab.part"
    left.write_bytes(b"half")
    assert len(cache.entries()) == 1
    assert not left.exists()


def test_a_cache_that_is_being_made_is_no_foreign_folder(tmp_path, run):
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / f".{MARK}.0123456789ab.part").write_bytes(b"")
    cache = RunCache(folder)
    cache.put(key(1), run)
    assert len(cache.entries()) == 1
    # Who was making it has been killed.
    assert sorted(os.listdir(folder)) == [key(1)[:2], MARK]


def test_two_processes_share_it(tmp_path, run):
    content = tmp_path / "run"
    write_file(content, run_to_bytes(run))
    code = (
        "import sys; from pathlib import Path; from tevcurve.store import RunCache\n"
        "from tevcurve.store.run_file import run_from_bytes\n"
        "run = run_from_bytes(Path(sys.argv[2]).read_bytes(), 'it'); size = len(Path(sys.argv[2]).read_bytes())\n"
        "cache = RunCache(sys.argv[1], max_bytes=6 * size)\n"
        "for k in range(120):\n"
        "    cache.put(f'{k % 12:02x}' * 32, run)\n"
        "    got = cache.get(f'{(7 * k) % 12:02x}' * 32)\n"
        "    assert got is None or got.time_s.tobytes() == run.time_s.tobytes()\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "cache", content]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    cache = RunCache(tmp_path / "cache")
    # Each process knows its own runs only until it counts: the limit may be passed by what the other one puts.
    assert 0 < len(cache.entries()) <= 12
    assert all(entry.describe() for entry in cache.entries())


@pytest.mark.parametrize("other", [1, 2])
def test_an_entry_under_another_key_is_not_taken(tmp_path, run, caplog, other):
    """A file that was copied to the name of another key, by hand or by a file system that is damaged."""
    cache = filled(tmp_path / "cache", run, 2)
    wanted = cache._path(key(other))
    wanted.parent.mkdir(exist_ok=True)
    shutil.copy(cache._path(key(0)), wanted)
    assert cache.get(key(other)) is None
    assert "is not of the key that is its name" in caplog.text
    assert_same(cache.get(key(0)), run)


posix = pytest.mark.skipif(os.name != "posix", reason="Rights of this kind are those of POSIX systems.")


@posix
@pytest.mark.parametrize("place", ["cache", "above", "link"])
def test_a_cache_that_everybody_may_write_is_refused(tmp_path, run, place, caplog):
    folder = tmp_path / "above" / "cache"
    cache = filled(folder, run, 1)
    if place == "link":
        cache = RunCache(tmp_path / "link")
        cache.folder.symlink_to(folder)
    (folder if place != "above" else folder.parent).chmod(0o777)
    for use in (cache.check_trusted, lambda: cache.put(key(1), run), lambda: as_cache(cache.folder)):
        with pytest.raises(StoreError, match=r"everybody may write .*chmod o-w"):
            use()
    assert cache.get(key(0)) is None
    assert "everybody may write" in caplog.text
    (folder if place != "above" else folder.parent).chmod(0o1777)
    assert_same(cache.get(key(0)), run)


@posix
def test_what_others_have_put_into_a_folder_for_all_is_not_taken(tmp_path, run, monkeypatch, caplog):
    """In a folder with the sticky bit everybody may make files of his own."""
    cache = filled(tmp_path / "cache", run, 1)
    cache.folder.chmod(0o1777)
    stat = os.stat
    path = str(cache._path(key(0)))

    def of_a_stranger(place, **options):
        state = stat(place, **options)
        return os.stat_result([*state[:4], os.geteuid() + 7, *state[5:]]) if str(place) == path else state

    monkeypatch.setattr(trusted_folders.os, "stat", of_a_stranger)
    assert cache.get(key(0)) is None
    assert "belongs to the user with the number" in caplog.text


@posix
def test_a_cache_of_another_user_is_refused(tmp_path, run, monkeypatch):
    cache = filled(tmp_path / "cache", run, 1)
    owner = os.stat(cache.folder).st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 7)
    if owner == 0:
        assert_same(cache.get(key(0)), run)
        os.chown(cache.folder, 4321, -1)
    with pytest.raises(StoreError, match="belongs to the user with the number"):
        cache.check_trusted()
    assert cache.get(key(0)) is None


@posix
def test_a_cache_of_a_group_works_and_is_told(tmp_path, run, caplog):
    cache = filled(tmp_path / "cache", run, 1)
    cache.folder.chmod(0o775)
    caplog.set_level("INFO", logger="tevcurve")
    assert_same(RunCache(cache.folder).get(key(0)), run)
    assert (
        f"All of the group {grp.getgrgid(os.stat(cache.folder).st_gid).gr_name} may put runs" in caplog.text
    )


@posix
def test_no_umask_makes_a_cache_for_everybody(tmp_path, run):
    before = os.umask(0)
    try:
        cache = filled(tmp_path / "cache", run, 1)
    finally:
        os.umask(before)
    assert_same(cache.get(key(0)), run)
