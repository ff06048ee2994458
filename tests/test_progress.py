"""Progress bars: drawn where someone sees them and it takes a moment, and never in the way."""

import pytest

from tevcurve import progress
from tevcurve.progress import track, working


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "DELAY", 0)


def test_the_items_come_as_they_are(terminal, capsys):
    assert list(track(iter("abc"), 3, "runs")) == ["a", "b", "c"]
    printed = capsys.readouterr()
    assert "3/3" in printed.err
    assert "runs" in printed.err
    assert printed.out == ""


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
