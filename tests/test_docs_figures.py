"""The figures of the documentation come from their script."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_figures", DOCS / "make_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_figure_that_the_script_makes_is_there(script):
    for make in (*script.SIMULATED, *script.MEASURED):
        assert (DOCS / "figures" / f"{make.__name__}.png").read_bytes().startswith(b"\x89PNG")
        assert make.__doc__


def test_a_figure_is_made_by_its_name_and_is_the_same_each_time(script, gammapy_data, tmp_path, capsys):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        assert script.main(["crab_regions", "--folder", str(folder)]) == 0
        assert [path.name for path in folder.iterdir()] == ["crab_regions.png"]
    one, other = ((folder / "crab_regions.png").read_bytes() for folder in folders)
    assert one == other
    assert "crab_regions.png" in capsys.readouterr().out


def test_an_unknown_name_is_refused(script, capsys):
    with pytest.raises(SystemExit) as stopped:
        script.main(["crab"])
    assert stopped.value.code == 2
    assert "there is no figure crab; there are night" in capsys.readouterr().err
