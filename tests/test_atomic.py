"""Files and folders are there whole or not at all."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from tevcurve import atomic
from tevcurve.atomic import claim, new_folder, recover, remove_leftovers, sync_tree, write_file
from tevcurve.errors import StoreError


def names(folder):
    return sorted(os.listdir(folder))


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_replaced(tmp_path):
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    write_file(tmp_path / "a", b"one")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StoreError, match=r"^\S*a cannot be written: No space left on device\.$"):
        write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["a"]


def test_a_real_full_disk_leaves_nothing(tmp_path):
    # The same error from the system itself: a limit on the size of files stands for the disk.
    code = (
        "import resource, signal, sys; from tevcurve.atomic import write_file;"
        "from tevcurve.errors import StoreError;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, 10**5))\n"
        "try: write_file(sys.argv[1], b'x' * 10**6)\n"
        "except StoreError as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a"], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{tmp_path / 'a'} cannot be written: File too large.\n"
    assert names(tmp_path) == []


def test_where_no_folder_is_it_is_said(tmp_path):
    with pytest.raises(StoreError, match=r"cannot be written: No such file or directory\.$"):
        write_file(tmp_path / "none" / "a", b"one")


def fill(path, content, overwrite=True):
    with new_folder(path, overwrite) as part:
        (part / "inside").mkdir()
        (part / "inside" / "a").write_bytes(content)


@pytest.fixture(params=[True, False], ids=["exchange", "no exchange"])
def exchange(request, monkeypatch):
    """With and without a file system that exchanges folders in one step."""
    if not request.param:
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)


def test_a_folder_is_replaced(tmp_path, exchange):
    fill(tmp_path / "result", b"one")
    fill(tmp_path / "result", b"two")
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"two"
    assert names(tmp_path) == ["result"]


def test_a_folder_that_is_there_is_not_replaced_unasked(tmp_path):
    fill(tmp_path / "result", b"one")
    with pytest.raises(StoreError, match="is already there; pass overwrite=True to replace it"):
        fill(tmp_path / "result", b"two", overwrite=False)
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"


def test_what_fails_on_the_way_leaves_the_old_folder(tmp_path, exchange):
    fill(tmp_path / "result", b"one")
    with pytest.raises(TypeError), new_folder(tmp_path / "result", overwrite=True) as part:
        (part / "a").write_bytes("a text, not bytes")
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["result"]


def test_a_full_disk_leaves_the_old_folder(tmp_path, monkeypatch):
    fill(tmp_path / "result", b"one")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StoreError, match=r"result cannot be written: No space left on device\.$"):
        fill(tmp_path / "result", b"two")
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["result"]


def test_a_kill_between_two_renames_is_mended(tmp_path, monkeypatch):
    fill(tmp_path / "result", b"one")
    monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    rename, done = os.rename, []

    def killed_at_second(*paths):
        done.append(paths)
        if len(done) == 2:
            raise KeyboardInterrupt
        rename(*paths)

    monkeypatch.setattr(os, "rename", killed_at_second)
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "result", b"two")
    monkeypatch.setattr(os, "rename", rename)
    assert not (tmp_path / "result").exists()
    recover(tmp_path / "result")
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["result"]


def killed_writer(path, seconds=None):
    """A process that is killed while it writes a folder; None where it lives on."""
    code = (
        "import sys, time; from tevcurve.atomic import new_folder\n"
        "with new_folder(sys.argv[1], True) as part:\n"
        "    (part / 'half').write_bytes(b'x'); print('here', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    return process


def test_what_a_killed_writer_left_goes_and_that_of_a_living_one_stays(tmp_path):
    fill(tmp_path / "result", b"one")
    process = killed_writer(tmp_path / "result")
    try:
        remove_leftovers(tmp_path / "result")
        assert len(names(tmp_path)) == 2
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert len(names(tmp_path)) == 2
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"
    fill(tmp_path / "result", b"two")
    assert names(tmp_path) == ["result"]
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"two"


def test_a_claim_is_of_one_at_a_time(tmp_path):
    with claim(tmp_path) as first:
        assert first
        with claim(tmp_path) as second:
            assert not second
    with claim(tmp_path) as third:
        assert third
    with claim(tmp_path / "none") as fourth:
        assert not fourth


def test_who_waits_gets_what_is_there_then(tmp_path):
    place = tmp_path / "result"
    fill(place, b"one")
    code = (
        "import sys; from pathlib import Path; from tevcurve.atomic import claim\n"
        "print('here', flush=True)\n"
        "with claim(sys.argv[1], wait=True) as held: print(held, (Path(sys.argv[1]) / 'inside' / 'a').read_text())"
    )
    with claim(place):
        process = subprocess.Popen([sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "here\n"
        time.sleep(0.2)
        fill(place, b"two")
    assert process.communicate(timeout=30)[0] == "True two\n"


def test_files_with_a_second_name_are_not_forced_to_disk_again(tmp_path, monkeypatch):
    (tmp_path / "old").write_bytes(b"x")
    (tmp_path / "part").mkdir()
    os.link(tmp_path / "old", tmp_path / "part" / "old")
    (tmp_path / "part" / "new").write_bytes(b"y")
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    sync_tree(tmp_path / "part")
    assert (tmp_path / "part" / "new").stat().st_ino in synced
    assert (tmp_path / "old").stat().st_ino not in synced
    assert tmp_path.joinpath("part").stat().st_ino in synced


def test_a_part_that_is_taken_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    # Another process that clears up may come between the making of a part and its claim.
    opened, taken = os.open, []

    def too_late(path, *arguments, **keywords):
        if str(path).endswith(".part") and len(taken) < 2:
            taken.append(path)
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)
        return opened(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", too_late)
    fill(tmp_path / "result", b"one")
    assert len(taken) == 2
    assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"one"
    assert names(tmp_path) == ["result"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_who_comes_second_to_a_new_place(tmp_path, overwrite):
    def both():
        with new_folder(tmp_path / "result", overwrite) as part:
            (part / "a").write_bytes(b"mine")
            fill(tmp_path / "result", b"theirs")

    if overwrite:
        both()
        assert (tmp_path / "result" / "a").read_bytes() == b"mine"
    else:
        with pytest.raises(StoreError, match="is already there"):
            both()
        assert (tmp_path / "result" / "inside" / "a").read_bytes() == b"theirs"
    assert names(tmp_path) == ["result"]


def test_what_a_killed_writer_left_beside_a_file_goes_with_the_next_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "a.csv").symlink_to(tmp_path / "real" / "b.csv")
    (tmp_path / "real" / ".b.csv.0123456789ab.part").write_bytes(b"half")
    (tmp_path / "real" / ".c.csv.0123456789ab.part").write_bytes(b"of another")
    atomic.replace_file(tmp_path / "a.csv", b"whole")
    assert (tmp_path / "a.csv").is_symlink()
    assert {path.name for path in (tmp_path / "real").iterdir()} == {"b.csv", ".c.csv.0123456789ab.part"}
    assert (tmp_path / "real" / "b.csv").read_bytes() == b"whole"


def test_what_others_call_nearly_as_a_killed_writer_does_stays(tmp_path):
    others = [".b[1].csv.mine.part", ".b[1].csv.0123456789ab.x.part", ".b1.csv.0123456789ab.part"]
    for name in [*others, ".b[1].csv.0123456789ab.part"]:
        (tmp_path / name).write_bytes(b"")
    remove_leftovers(tmp_path / "b[1].csv")
    assert names(tmp_path) == sorted(others)


def test_parts_are_asked_for_again_when_the_file_is_made_again(tmp_path, monkeypatch):
    asked, names = [], iter(["first", "second"])

    def parts():
        asked.append(1)
        yield from (b"all ", b"of ")
        # What another process takes for a leftover.
        (tmp_path / "first").unlink(missing_ok=True)
        yield b"it"

    monkeypatch.setattr(atomic, "_part_of", lambda path: path.with_name(next(names)))
    write_file(tmp_path / "file", parts)
    assert (tmp_path / "file").read_bytes() == b"all of it"
    assert len(asked) == 2


def test_parts_that_cannot_be_made_leave_the_old_file(tmp_path):
    def parts():
        yield b"new"
        raise ValueError("no more")

    write_file(tmp_path / "file", b"old")
    with pytest.raises(ValueError, match="no more"):
        write_file(tmp_path / "file", parts)
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
