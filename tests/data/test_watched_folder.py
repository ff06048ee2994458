"""A folder that others write into: files are told once, when they are whole and stay as they are."""

import os

import pytest
from parts_of_runs import cut_run, night, write_run
from small_store import START

from tevcurve.data.watched_folder import WatchedFolder
from tevcurve.errors import DataError


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = write_run(tmp_path_factory.mktemp("run") / "run.fits", cut_run(night()[0], START, START + 300))
    return path.read_bytes()


def names(paths):
    return [path.name for path in paths]


def test_a_file_is_taken_when_it_is_whole_and_stays_so(content, tmp_path):
    watched, path = WatchedFolder(tmp_path), tmp_path / "run.fits"
    assert watched.poll() == watched.poll()
    path.write_bytes(content[:40000])
    for _ in range(2):
        found = watched.poll()
        assert (found.whole, found.growing) == ((), ())
        assert "cut off" in found.waiting[path]
    path.write_bytes(content)
    found = watched.poll()
    assert (found.whole, names(found.growing), found.waiting) == ((), ["run.fits"], {})
    assert names(watched.poll().whole) == ["run.fits"]
    assert watched.poll() == watched.poll()
    # It grows, and is told again.
    os.utime(path, ns=(0, 10**18))
    assert names(watched.poll().growing) == ["run.fits"]
    assert names(watched.poll().whole) == ["run.fits"]


def test_what_is_moved_into_its_place_is_taken_at_once(content, tmp_path):
    watched, path = WatchedFolder(tmp_path), tmp_path / ".run.fits.part"
    path.write_bytes(content)
    assert watched.poll().growing == ()
    path.rename(tmp_path / "run.fits")
    assert names(watched.poll().whole) == ["run.fits"]
    (tmp_path / "other.fits").write_bytes(content)
    (tmp_path / "notes.txt").write_text("no run")
    (tmp_path / "folder.fits").mkdir()
    watched.poll()
    found = watched.poll()
    assert names(found.whole) == ["other.fits"]
    assert names(found.waiting) == ["folder.fits"]
    # The good time of a run is in its file.
    more = WatchedFolder(tmp_path, ("events", "gti", "rad_max"))
    assert "has no rad_max yet" in more.poll().waiting[tmp_path / "run.fits"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be listed: No such file"):
        WatchedFolder(tmp_path / "none").poll()
