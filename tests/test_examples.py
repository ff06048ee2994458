"""The examples, run the way a user runs them: in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run_example(script, *options, cwd, **environment):
    """The finished process of an example, with warnings as errors and no display."""
    return subprocess.run(
        [sys.executable, "-W", "error", script, *options],
        cwd=cwd,
        env=os.environ | {"MPLBACKEND": "Agg"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("index", ["2019", "current"])
def test_crab_3d_prints_a_table_and_writes_a_plot(index, gammapy_data, tmp_path):
    done = run_example(
        EXAMPLES / "crab_3d.py", "--index", index, cwd=tmp_path, GAMMAPY_DATA=str(gammapy_data)
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for column in ("time_min", "time_max", "flux", "flux_err"):
        assert column in done.stdout
    assert sum(line.lstrip().startswith("5334") for line in done.stdout.splitlines()) == 4
    assert (tmp_path / "crab_3d.png").read_bytes().startswith(b"\x89PNG")


def test_crab_3d_writes_the_plot_where_it_is_told(gammapy_data, tmp_path):
    plot = tmp_path / "my plot.pdf"
    done = run_example(EXAMPLES / "crab_3d.py", "--plot", plot, cwd=tmp_path, GAMMAPY_DATA=str(gammapy_data))
    assert done.returncode == 0, done.stderr
    assert plot.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [plot]


def test_crab_3d_says_in_one_sentence_what_to_set(tmp_path):
    # A copy, so that no data lie beside its checkout.
    script = tmp_path / "checkout" / "examples" / "crab_3d.py"
    script.parent.mkdir(parents=True)
    script.write_text((EXAMPLES / "crab_3d.py").read_text())
    done = run_example(script, cwd=tmp_path, GAMMAPY_DATA=str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Set GAMMAPY_DATA to the folder that holds hess-dl3-dr1")
    assert done.stderr.count("\n") == 1
