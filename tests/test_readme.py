"""The Python and the commands in the README, run as they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

README = Path(__file__).resolve().parents[1] / "README.md"


def blocks_of(language):
    """The blocks of code of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def test_the_one_call_makes_a_light_curve_of_two_bands(gammapy_data):
    (block,) = blocks_of("python")
    names = {}
    exec(block, names)
    table = names["lc"].table
    assert list(table["status"]) == ["ok"] * 8
    assert (table["flux"] > 5 * table["flux_err"])[::2].all()
    plt.close("all")


def test_its_commands_do_what_they_say(hess_dl3_dr1, tmp_path):
    (block,) = [block for block in blocks_of("sh") if "tevcurve info" in block]
    commands = [line.split("#")[0].strip() for line in block.splitlines()]
    assert len(commands) == 11
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "NO_COLOR": "1"}
    said = {}
    for command in commands:
        line, _, target = command.partition(" > ")
        words = [str(hess_dl3_dr1) if word == "DATA" else word for word in shlex.split(line)]
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if target:
            (tmp_path / target).write_text(done.stdout)
        said[words[1]] = done.stdout
    assert "Crab" in said["info"]
    assert "24 rows" in said["light-curve"]
    assert "4 rows" in said["run"]
    assert "4 rows" in said["show"]
    assert (tmp_path / "crab-light-curve" / "light_curve.ecsv").is_file()
    assert (tmp_path / "crab-light-curve.png").is_file()
    assert "<html" in (tmp_path / "crab-light-curve.html").read_text()[:200]


@pytest.mark.parametrize(
    "name",
    [
        "demo",
        "info",
        "light-curve",
        "init",
        "run",
        "rebin",
        "show",
        "plot",
        "variability",
        "timing",
        "report",
    ],
)
def test_it_has_each_command(name):
    assert f"tevcurve {name}" in "".join(blocks_of("sh"))
