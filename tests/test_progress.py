"""Progress bars: drawn where someone sees them and it takes a moment, and never in the way."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from tevcurve import progress
from tevcurve.progress import track, working

SLOW = """
import time
from tevcurve import progress

def items():
    for number in range(8):
        time.sleep(0.05)
        yield number

progress.DELAY = 0.1
print(sum(progress.track(items(), 8, "runs")))
with progress.working("Writing"):
    time.sleep(0.6)
with progress.working("A moment"):
    pass
"""


def on_a_terminal(code):
    """(standard output, what is drawn on the terminal that is its standard error) of a program."""
    ours, theirs = pty.openpty()
    environment = dict(os.environ) | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        drawn = b""
        # At its end Linux makes an error of a terminal that nobody writes to.
        with suppress(OSError):
            while part := os.read(ours, 4096):
                drawn += part
        os.close(ours)
        return process.stdout.read().decode(), drawn.decode()


def test_a_terminal_shows_how_far_it_is():
    out, drawn = on_a_terminal(SLOW)
    assert out == "28\n"
    assert "runs" in drawn
    assert "8/8" in drawn
    assert "Writing ..." in drawn
    assert "A moment" not in drawn


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "DELAY", 0)


def test_nothing_is_drawn_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(progress, "DELAY", 0)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    assert list(track("abc", 3, "runs")) == ["a", "b", "c"]
    with working("Writing"):
        pass
    assert capsys.readouterr() == ("", "")


def test_nothing_is_drawn_unasked_or_at_once(terminal, monkeypatch, capsys):
    assert list(track("abc", 3, "runs", shown=False)) == ["a", "b", "c"]
    monkeypatch.setattr(progress, "DELAY", 100)
    assert list(track("abc", 3, "runs")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_an_error_ends_the_bar(terminal):
    def items():
        yield 1
        yield 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(track(items(), 3, "runs"))
    # A bar that is still there would not let another one begin.
    assert list(track("ab", 2, "runs")) == ["a", "b"]
