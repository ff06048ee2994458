"""Temporary folders: whose they are, when they go, and what becomes of a disk that is full."""

import errno
import gc
import os
import tempfile
from pathlib import Path

import pytest

from tevcurve.pipeline import temporary_runs
from tevcurve.pipeline.temporary_runs import PREFIX, TemporaryRuns, remove_stale


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_goes_with_the_object():
    made = TemporaryRuns()
    assert made.put("a", b"x")
    path = made.path
    assert (path / "a").read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o700
    del made
    gc.collect()
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Folders have owners on POSIX systems.")
def test_what_is_swept_and_what_is_not(folder, monkeypatch):
    living = TemporaryRuns()
    stale, foreign = folder / f"{PREFIX}stale", folder / f"{PREFIX}foreign"
    for path in (stale, foreign):
        path.mkdir()
        (path / "a.run").write_bytes(b"x")
    (folder / "else").mkdir()
    (folder / f"{PREFIX}link").symlink_to(folder / "else")
    lstat = Path.lstat

    def of_a_stranger(path):
        state = lstat(path)
        return os.stat_result([*state[:4], os.geteuid() + 7, *state[5:]]) if path == foreign else state

    monkeypatch.setattr(temporary_runs.Path, "lstat", of_a_stranger)
    remove_stale()
    assert living.path.exists()
    assert not stale.exists()
    assert foreign.exists()
    assert (folder / "else").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_no_more_is_said_once(number, monkeypatch, caplog):
    made = TemporaryRuns()

    def refused(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("builtins.open", refused)
    # Read-only ones refuse that of a file that is not there, too.
    monkeypatch.setattr("os.unlink", refused)
    assert not made.put("a", b"x")
    assert not made.put("b", b"x")
    monkeypatch.undo()
    assert caplog.text.count(f"takes no more: {os.strerror(number)}") == 1
    assert not list(made.path.iterdir())


def test_no_folder_can_be_made(monkeypatch, caplog):
    def none(prefix):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    assert not TemporaryRuns().put("a", b"x")
    assert "No folder for temporary files can be made" in caplog.text
