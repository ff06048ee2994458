"""One process at a time writes; a kill lets go."""

import os
import signal
import subprocess
import sys

import pytest

from tevcurve.errors import StoreError
from tevcurve.store.one_writer import only_writer

HOLDS = """
import sys, time
from tevcurve.store.one_writer import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(100)
"""
COUNTS = """
import sys
from pathlib import Path
from tevcurve.errors import StoreError
from tevcurve.store.one_writer import only_writer
path, left = Path(sys.argv[1]), 100
while left:
    try:
        with only_writer(path):
            number = int(path.read_text())
            path.write_text("")
            path.write_text(str(number + 1))
            left -= 1
    except StoreError:
        pass
"""


def test_another_process_is_told_and_a_kill_lets_go(tmp_path):
    path = tmp_path / "folder" / "result"
    with subprocess.Popen([sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"held\n"
        with (
            pytest.raises(StoreError, match="result is written by another process that watches"),
            only_writer(path),
        ):
            pass
        with only_writer(path.with_name("other")):
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    with only_writer(path):
        pass
    assert list(path.parent.iterdir()) == []


def test_never_two_at_once(tmp_path):
    """The file that is held comes and goes all the time."""
    path = tmp_path / "number"
    path.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", COUNTS, path]) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert path.read_text() == "200"


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written: "), only_writer(tmp_path / "file" / "r"):
        pass
