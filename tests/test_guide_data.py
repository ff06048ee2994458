"""The pages of the guide about each kind of data: their commands run on the real stores, and say what is shown."""

import re
import shlex
from pathlib import Path

import pytest

from tevcurve.cli.main import main

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guide"
PAGES = GUIDE / "data"
FENCE = re.compile(r"(?:<!-- exit: (?P<exit>\d) -->\n)?```(?P<kind>sh|text)\n(?P<text>.*?)```", re.S)
# A folder that the reader has.
NOT_HERE = ("downloads",)


def blocks(page):
    """Of each block of commands: the commands, the lines of what is shown below it, and its exit status."""
    found = []
    for fence in FENCE.finditer(page.read_text()):
        if fence["kind"] == "sh":
            commands = [line.split("#")[0] for line in fence["text"].splitlines()]
            found.append((commands, [], int(fence["exit"] or 0)))
        elif found:
            found[-1][1].extend(fence["text"].splitlines())
    return [one for one in found if not any(name in one[0][0] for name in NOT_HERE)]


def words_of(command):
    """The arguments of a command line."""
    program, *words = shlex.split(command)
    assert program == "tevcurve"
    return words


@pytest.mark.parametrize("name", sorted(page.stem for page in PAGES.glob("*.md")))
def test_commands_say_what_the_page_shows(name, other_stores, gammapy_data, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    for commands, shown, status in blocks(PAGES / f"{name}.md"):
        monkeypatch.chdir(gammapy_data)
        said = ""
        for command in commands:
            if command.startswith("cd "):
                monkeypatch.chdir(gammapy_data / command.removeprefix("cd "))
                continue
            assert main(words_of(command)) == status, (command, capsys.readouterr())
            said += " ".join(" ".join(capsys.readouterr()).split())
        for line in shown:
            assert " ".join(line.split()) in said, (commands, line)


def test_commands_of_spectra_in_time_say_what_the_page_shows(gammapy_data, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    page = GUIDE / "spectra_in_time.md"
    for command in blocks(page)[0][0]:
        assert main(words_of(command)) == 0, (command, capsys.readouterr())
    said = " ".join(capsys.readouterr().out.split())
    for line in blocks(page)[0][1]:
        assert " ".join(line.split()) in said, line
    calls = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    exec(calls[0], {})
    assert {path.name for path in tmp_path.iterdir()} >= {"flare.png", "flare.fits", "flare.ecsv"}


@pytest.mark.parametrize(
    "page", [*sorted(PAGES.glob("*.md")), GUIDE / "joint_crab.md"], ids=lambda page: page.stem
)
def test_calls_of_the_page_make_light_curves(page, other_stores, gammapy_data, monkeypatch):
    monkeypatch.chdir(gammapy_data)
    blocks_of_python = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    assert blocks_of_python
    for block in blocks_of_python:
        names = {}
        exec(block, names)
        assert set(names["lc"].table["status"]) == {"ok"}
