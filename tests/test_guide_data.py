"""Pages of the guide: their commands run, on real stores or on a simulated night, and say what is shown."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tevcurve.asked_systematics import as_systematics
from tevcurve.cli.main import main
from tevcurve.demo import demo
from tevcurve.lightcurve.variability.timing import METHODS
from tevcurve.models import read_models
from tevcurve.store import write_result

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
    run_and_compare(PAGES / f"{name}.md", gammapy_data, monkeypatch, capsys)


def run_and_compare(page, folder, monkeypatch, capsys):
    """That the commands of a page say what is shown below them, where they are called in a folder."""
    for commands, shown, status in blocks(page):
        monkeypatch.chdir(folder)
        said = ""
        for command in commands:
            if command.startswith("cd "):
                monkeypatch.chdir(folder / command.removeprefix("cd "))
                continue
            if command.startswith("tevcurve demo"):
                # What it prints and draws is tested elsewhere.
                demo("night")
                continue
            assert main(words_of(command)) == status, (command, capsys.readouterr())
            said += " ".join(" ".join(capsys.readouterr()).split())
        for line in shown:
            assert " ".join(line.split()) in said, (commands, line)


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


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return demo(tmp_path_factory.mktemp("demo") / "night")


def test_the_page_of_files_of_models(night, tmp_path, monkeypatch, capsys):
    page = GUIDE / "models_yaml.md"
    (tmp_path / "night").symlink_to(night)
    (models,) = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "models.yaml").write_text(models)
    monkeypatch.setenv("COLUMNS", "200")
    run_and_compare(page, tmp_path, monkeypatch, capsys)
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        exec(block, {})
    assert [model.name for model in read_models("more.yaml")] == ["simulated AGN", "nebula", "haze"]


def test_the_page_of_catalogues(night, tmp_path, monkeypatch, capsys):
    page = GUIDE / "catalogue.md"
    (tmp_path / "night").symlink_to(night)
    (positions,) = re.findall(r"```none\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "positions.csv").write_text(positions)
    monkeypatch.setenv("COLUMNS", "160")
    run_and_compare(page, tmp_path, monkeypatch, capsys)
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    names = {}
    exec(block, names)
    assert len(names["lc"]) == 24
    assert names["curves"].names[0] == "simulated AGN"


def test_the_page_of_timing(tmp_path, monkeypatch, capsys):
    import matplotlib.pyplot as plt

    page = (GUIDE / "timing.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    names = {}
    exec(block, names)
    assert names["odds"].index == 10
    assert names["odds"].p_is_limit
    plt.close("all")
    # What the page names there is.
    asked = set(re.findall(r"lc\.timing\.(\w+)\(", page))
    assert asked <= set(METHODS)
    assert asked == set(METHODS)
    # Its commands, with fewer toys where there would be many.
    monkeypatch.chdir(tmp_path)
    write_result("simulated-agn-light-curve", names["lc"])
    lines = re.findall(r"^tevcurve timing .*$", page, re.M)
    assert len(lines) == 4
    for line in lines:
        drawn = "--toys" not in line and "--test" not in line
        assert main([*words_of(line), *(["--toys", "5"] if drawn else [])]) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} >= {"timing.png", "timing.json"}


def test_the_page_of_spectra_in_time(gammapy_data, tmp_path, monkeypatch, capsys):
    page = GUIDE / "spectra_in_time.md"
    monkeypatch.setenv("COLUMNS", "160")
    run_and_compare(page, tmp_path, monkeypatch, capsys)
    calls = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    # The other one is for who has gammapy.
    exec(calls[0], {})
    assert {path.name for path in tmp_path.iterdir()} >= {"flare.png", "flare.fits", "flare.ecsv"}


def test_the_page_of_instruments_together(other_stores, gammapy_data, tmp_path, monkeypatch, capsys):
    page = GUIDE / "instruments.md"
    for name in ("hess-dl3-dr1", "magic", "others"):
        (tmp_path / name).symlink_to(gammapy_data / name)
    (configuration,) = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "crab.yaml").write_text(configuration)
    monkeypatch.setenv("COLUMNS", "200")
    run_and_compare(page, tmp_path, monkeypatch, capsys)
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    names = {}
    exec(block, names)
    assert names["lc"].scales.meta["from"] == "constant"
    assert (tmp_path / "crab.html").exists()


def test_the_page_of_laws():
    page = (GUIDE / "systematics.md").read_text()
    (configured,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    made = as_systematics(yaml.safe_load(configured)["systematics"])
    names = {}
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], names)
    assert tuple(names["systematics"]) == made
    # Effects in the text are ones that are taken.
    inline = re.findall(r"`(\{effect: [^`]*\})`", page)
    for each in inline:
        assert as_systematics(yaml.safe_load(f"[{each}]"))
    assert len(inline) > 3
