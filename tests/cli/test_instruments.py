"""Several instruments on the command line: by a file, by --set alone, in other bins, and what is refused."""

import json

import numpy as np
import pytest
from two_instruments import NAMES, make_stores

from tevcurve import Result
from tevcurve.cli.main import main
from tevcurve.config import Config

ASKED = ["--energy", "0.7TeV,10TeV", "--time-bins", "20min", "--set", "norm_values=null", "--cache", "null"]
TEXT = """version: 1
instruments:
  south: {{data: {HESS}, method: 3d}}
  north: {{data: {MAGIC}, method: 1d, on_radius: 0.2 deg}}
target: Crab
energy_edges: [0.7 TeV, 10 TeV]
time_bins: 20 min
norm_values: null
cache: null
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    make_stores(folder)
    return folder


@pytest.fixture
def job(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(TEXT.format(**{name: folder / name for name in NAMES}))
    return tmp_path


def table(name):
    return Result.read(name).light_curve.table


def test_a_file_a_line_and_a_result_make_the_same(job, folder, capsys):
    assert main(["run", "job.yaml", "-o", "a"]) == 0
    line = [f"instruments.south={{data: {folder / 'HESS'}, method: 3d}}"]
    line += [f"instruments.north.data={folder / 'MAGIC'}", "instruments.north.method=1d"]
    line += ["instruments.north.on_radius=0.2 deg"]
    assert (
        main(["light-curve", "Crab", *(word for each in line for word in ("--set", each)), *ASKED, "-o", "b"])
        == 0
    )
    for name in ("instrument", "time_min", "flux", "flux_err"):
        np.testing.assert_array_equal(table("a")[name], table("b")[name], err_msg=name)
    assert set(table("a")["instrument"]) == {"south", "north"}
    # What a result says of itself makes it anew, and in other bins.
    assert main(["run", "a/config.yaml", "-o", "c"]) == 0
    np.testing.assert_array_equal(table("a")["flux"], table("c")["flux"])
    assert main(["rebin", "a", "--time-bins", "run", "-o", "d"]) == 0
    assert main(["run", "d/config.yaml", "-o", "e"]) == 0
    np.testing.assert_array_equal(table("d")["flux"], table("e")["flux"])
    assert Config.read("e/config.yaml") == Config.read("d/config.yaml")
    capsys.readouterr()


def test_rows_are_joined_and_have_errors_of_two_kinds(job, capsys):
    scales = ["--reference", "south", "--set", "cross_calibration.north.sigma=0.1"]
    errors = ["--systematics", "[{effect: flux_scale, sigma: 0.2, by: all}]"]
    assert main(["run", "job.yaml", *scales, *errors, "--time-bins", "night", "-o", "a"]) == 0
    made = Result.read("a").light_curve
    assert made.origin.systematics.calibration.sigma == {"north": 0.1}
    assert list(made.table["instruments"]) == ["north, south", "north"]
    assert np.all(np.asarray(made.table["flux_err_sys"]) > 0.19 * np.abs(np.asarray(made.table["flux"])))
    assert main(["run", "a/config.yaml", "-o", "b"]) == 0
    np.testing.assert_array_equal(made.table["flux_err_tot"], table("b")["flux_err_tot"])
    capsys.readouterr()


def test_lags_are_between_the_instruments_of_a_result(job, capsys):
    assert (
        main(["run", "job.yaml", "--set", "instruments.south.method=1d", "--time-bins", "2min", "-o", "a"])
        == 0
    )
    line = [
        "timing",
        "a",
        "--instrument",
        "south",
        "--test",
        "cross-correlation",
        "--other",
        "a",
        "-o",
        "lag.json",
    ]
    capsys.readouterr()
    assert main(line) == 0
    made = Result.read("a").light_curve
    wanted = made.of_instrument("south").timing.cross_correlation(made.of_instrument("north"))
    with open("lag.json") as file:
        found = json.load(file)["tests"]["cross_correlation"]["table"]
    np.testing.assert_array_equal(found["correlation"], np.array(wanted.table["correlation"]))
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "x"], "data is 'x', and instruments are given"),
        (["--reference", "south"], "reference is 'south', which goes with cross_calibration only"),
        (["--cross-calibration", "{north: free}"], "reference is missing"),
        (["--set", "instruments.north.metod=3d"], "There is no key 'metod'; did you mean 'method'?"),
        (["--systematics", "[{effect: flux, sigma: 1, by: all}]"], "the effect is 'flux'; wanted is one of"),
        (["--positions", "targets", "--target", "all", "-o", "x"], "which is of one source; a catalogue of"),
    ],
)
def test_what_cannot_be_is_told(job, capsys, words, told):
    assert main(["run", "job.yaml", *words]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_light_curve_at_once_needs_data_or_instruments(job, capsys):
    for words in ([], ["--target", "Crab"], ["--set", "method=1d"]):
        assert main(["light-curve", *words]) == 2
        assert "There is no PATH; wanted is one of data, or --instruments" in capsys.readouterr().err
    assert main(["light-curve", "--set", "instruments.x.data=y"]) == 2
    assert "target is missing" in capsys.readouterr().err
