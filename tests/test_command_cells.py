"""Cells with commands: what is forked answers as the command does."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

import tevcurve

CELLS = Path(__file__).resolve().parents[1] / "docs" / "command_cells.py"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    found = importlib.util.spec_from_file_location("command_cells", CELLS)
    cells = importlib.util.module_from_spec(found)
    found.loader.exec_module(cells)
    folder = tmp_path_factory.mktemp("commands")
    server = cells.start(folder, ahead=False)
    yield os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    server.stdin.close()
    # Nothing is left when the one that began it is gone.
    assert server.wait(timeout=10) == 0
    server.stdout.close()


def say(words, environment, folder):
    return subprocess.run(
        ["bash", "-c", words], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_streams_pipes_and_folder_are_those_of_the_shell(environment, tmp_path):
    done = say("tevcurve --version | tr a-z A-Z > said; cat said", environment, tmp_path)
    assert (done.stdout, done.stderr) == (f"TEVCURVE {tevcurve.__version__.upper()}\n", "")
    assert (tmp_path / "said").is_file()


def test_exit_code_and_standard_error_are_those_of_the_command(environment, tmp_path):
    done = say("tevcurve info nowhere", environment, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: The file nowhere does not exist.\n"
