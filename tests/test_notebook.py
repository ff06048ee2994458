"""The page `examples/light_curve.md`, run from its first to its last cell in a kernel of its own."""

import json
import os
from pathlib import Path

import jupytext
import nbclient
import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from numpy.testing import assert_allclose

from tevcurve import DataStore

PAGE = Path(__file__).resolve().parents[1] / "examples" / "light_curve.md"
# Warnings are errors in the page's own cells, and as they were when the kernel ends.
FIRST = "import warnings\n_filters = warnings.filters[:]\nwarnings.simplefilter('error')"
LAST = """
import json
_tables = {"1D": lc_1d, "3D": lc, "runs": lc_runs, "minutes": lc_minutes, "bands": lc_bands}
_tables = {name: light_curve.table for name, light_curve in _tables.items()}
print(json.dumps({n: {c: t[c].tolist() for c in t.colnames if t[c].ndim == 1} for n, t in _tables.items()}))
warnings.filters[:] = _filters
"""


def read_page():
    """The page as a notebook without outputs."""
    return jupytext.read(PAGE)


def outputs_of(notebook):
    """The outputs of all cells, in their order."""
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.fixture(scope="module")
def executed(gammapy_data, tmp_path_factory):
    """The executed notebook; its kernel works in an empty folder."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = read_page()
    notebook.cells = [new_code_cell(FIRST), *notebook.cells, new_code_cell(LAST)]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    assert not [path for path in folder.iterdir() if path.is_file()]
    return notebook


@pytest.fixture(scope="module")
def tables(executed):
    """The tables of the page's light curves: for each the columns, as arrays."""
    printed = json.loads(executed.cells[-1].outputs[-1].text)
    return {
        name: {column: np.array(values) for column, values in table.items()}
        for name, table in printed.items()
    }


def test_the_page_is_kept_without_outputs_and_as_jupytext_writes_it():
    notebook = read_page()
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert outputs_of(notebook) == []
    kept, written = (
        text.split("---\n", 2)[2] for text in (PAGE.read_text(), jupytext.writes(notebook, fmt="md"))
    )
    assert kept == written


def test_every_cell_runs_and_no_word_goes_to_the_error_stream(executed):
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert [output.text for output in outputs_of(executed) if output.get("name") == "stderr"] == []


def test_the_figures_are_drawn(executed):
    figures = [
        output.data["image/png"] for output in outputs_of(executed) if "image/png" in output.get("data", {})
    ]
    assert len(figures) == 7
    assert all(len(figure) > 10_000 for figure in figures)


def test_both_light_curves_have_a_row_for_each_run(tables):
    for name in ("1D", "3D"):
        table = tables[name]
        assert table["status"].tolist() == ["ok"] * 4
        assert np.all(np.diff(table["time_min"]) > 0)
        assert np.all(table["flux"] > 5 * table["flux_err"])
    for column in ("time_min", "time_max"):
        assert_allclose(tables["1D"][column], tables["3D"][column], rtol=0, atol=1e-9)


def test_1d_and_3d_agree_in_every_run(tables):
    combined = np.hypot(tables["1D"]["flux_err"], tables["3D"]["flux_err"])
    apart = np.abs(tables["1D"]["flux"] - tables["3D"]["flux"]) / combined
    assert len(apart) == 4
    assert np.all(apart < 2)


def test_five_minutes_are_parts_of_the_runs(tables):
    runs, minutes = tables["runs"], tables["minutes"]
    assert len(minutes["flux"]) == 4 * 6
    run = np.searchsorted(runs["time_min"], minutes["time_min"] + 1e-9) - 1
    for column in ("counts", "livetime"):
        assert_allclose(np.bincount(run, minutes[column]), runs[column], rtol=1e-12)
    # In the likelihood each part has its own background, so that this is near, not equal.
    mean = np.bincount(run, minutes["flux"] * minutes["livetime"]) / runs["livetime"]
    assert_allclose(mean, runs["flux"], rtol=0.05)


def test_the_bands_have_the_edges_that_were_asked_for(tables):
    bands = tables["bands"]
    assert bands["e_min"].tolist() == [0.8, 1.5, 3] * 4
    assert bands["e_max"].tolist() == [1.5, 3, 10] * 4


def test_the_page_says_in_one_sentence_what_to_set(monkeypatch):
    monkeypatch.delenv("GAMMAPY_DATA", raising=False)
    # Whatever lies above this folder on this machine: the data are nowhere.
    monkeypatch.setattr(Path, "is_dir", lambda _: False)
    (source,) = [cell.source for cell in read_page().cells if "def find_data" in cell.source]
    with pytest.raises(FileNotFoundError, match=r"^Set GAMMAPY_DATA to the folder that holds hess-dl3-dr1"):
        exec(source, {"os": os, "Path": Path, "DataStore": DataStore})
