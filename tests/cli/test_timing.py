"""`tevcurve timing`: each test is that of Python, printed, drawn and written for programs."""

import json
import re
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from cli_results import small_result

from tevcurve import LightCurve
from tevcurve.cli.main import main
from tevcurve.cli.on_timing import _series, frequencies_of_text
from tevcurve.cli.timing import timing
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.variability.timing import METHODS
from tevcurve.store import Result

LINE = ["--energy", "0.7TeV,1.5TeV,10TeV", "--method", "1d", "--time-bins", "4min", "--negative"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return small_result(tmp_path_factory.mktemp("results"), LINE)


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_its_help_has_the_table_of_methods():
    told = re.findall(r"^    ([a-z-]+) (\*?) +(\S.*)$", timing.__doc__, re.M)
    listed = [
        (name.replace("-", "_"), words, star == "*") for name, star, words in told if name != "tevcurve"
    ]
    assert listed == [(name, each.question, each.is_first) for name, each in METHODS.items()]


def test_what_programs_read_is_what_python_has(result, capsys):
    names = ["gregory-loredo", "z-n-search", "power_spectrum"]
    line = ["timing", str(result), "--band", "0", "--toys", "20", "--seed", "3", "-o", "found.json"]
    line += ["--frequencies", "linspace(0.01 Hz, 0.05 Hz, 5)", "--plot", "found.png"]
    assert main([*line, *(word for name in names for word in ("--test", name))]) == 0
    out = capsys.readouterr().out
    assert "Time domain of Crab, 0.7-1.5 TeV" in out
    assert "Records in found.json" in out
    with open("found.png", "rb") as figure:
        assert figure.read(4) == b"\x89PNG"
    with open("found.json") as file:
        found = json.load(file, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["title"] == "Time domain of Crab, 0.7-1.5 TeV"
    assert list(found["tests"]) == ["power_spectrum", "gregory_loredo", "z_n_search"]
    own = Result.read(result).light_curve.timing
    odds = own.gregory_loredo(band=0, n_toys=20, random_state=3)
    told = found["tests"]["gregory_loredo"]
    assert (told["value"], told["p_value"], told["index"]) == (odds.value, odds.p_value, odds.index)
    assert told["curve"]["flux"]["unit"] == str(odds.curve["flux"].unit)
    assert told["curve"]["start"]["scale"] == "tt"
    searched = own.z_n_search(np.linspace(0.01, 0.05, 5) * u.Hz, band=0, n_toys=20, random_state=3)
    assert found["tests"]["z_n_search"]["power"] == searched.power.tolist()
    # What is not known is null, and what a record keeps to be asked further is left out.
    assert found["tests"]["power_spectrum"]["bend"] == {"value": None, "unit": "Hz"}
    assert found["tests"]["power_spectrum"]["slope"] == own.power_spectrum(band=0).slope
    assert "fit" not in found["tests"]["power_spectrum"]
    power, curve = own.power_spectrum(band=0).power(), found["tests"]["power_spectrum"]["power"]
    assert list(curve) == [
        "frequency",
        "power_95_low",
        "power_68_low",
        "power",
        "power_68_high",
        "power_95_high",
    ]
    assert curve["power"] == {"value": power["power"].value.tolist(), "unit": "s"}
    # From one over the span to half of one over the width of the rows, 4 minutes.
    assert curve["frequency"]["value"][-1] == pytest.approx(1 / 480)


def test_variability_writes_the_same_kind_of_file(result, capsys):
    assert main(["variability", str(result), "--band", "1", "--toys", "0", "-o", "found.json"]) == 0
    summary = Result.read(result).light_curve.variability(1, 0)
    with open("found.json") as file:
        found = json.load(file)
    assert found["tests"]["ts_var"]["value"] == summary.ts_var.value
    assert found["verdict"] == summary.verdict
    assert main(["variability", str(result), "--band", "1", "-o", "found.json"]) == 2
    assert "--overwrite replaces it" in capsys.readouterr().err


def test_another_series_may_be_a_result_a_light_curve_or_a_table(result):
    light_curve = Result.read(result).light_curve
    own = light_curve[np.asarray(light_curve.table["e_min"]) < 1]
    own.write("own.ecsv")
    columns = {
        "time": own.time.tt.mjd,
        "flux": own.table["flux"].value,
        "flux_err": own.table["flux_err"].value,
    }
    Table(columns).write("own.csv", format="ascii.csv")
    Table(columns).write("plain.ecsv")
    for path in (result, result / "light_curve.ecsv", "own.ecsv"):
        assert isinstance(_series(Path(path), False), LightCurve)
    for path in ("own.csv", "plain.ecsv"):
        found = _series(Path(path), False)
        assert isinstance(found, Table)
        np.testing.assert_array_equal(found["flux"], columns["flux"])
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        _series(Path("nowhere.csv"), False)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            ["--test", "sine"],
            "There is no test 'sine' of the time domain; wanted is one of power_spectrum, lomb_scargle",
        ),
        (
            ["--test", "htest", "--band", "0"],
            "htest needs frequencies, such as 'linspace(0.1 Hz, 10 Hz, 2000)'",
        ),
        (["--band", "0", "--model", "sine"], "model is 'sine'; wanted is 'power law' or 'bending'"),
        (["--harmonics", "3"], "nharm is for z_n_search; asked was for"),
        (["--bands", "0"], "bands is '0'; wanted are two numbers of energy bands, such as 0,1"),
        (["--max-lag", "10"], "max_lag is '10'"),
        (["--frequencies", "1 TeV"], "Of frequencies one is '1 TeV', which is not convertible to Hz"),
        (["--plot", "a.txt"], "a.txt is no name for this file"),
        (["-o", "a.txt"], "a.txt is no name for this file; wanted is one that ends in .json"),
    ],
)
def test_what_is_wrong_is_one_sentence(result, capsys, line, words):
    assert main(["timing", str(result), *line]) == 2
    assert words in capsys.readouterr().err


def test_what_could_not_be_done_of_what_was_asked_is_told_to_a_shell(result, capsys):
    LightCurve(LightCurve.read(result / "light_curve.ecsv").table).write("table.ecsv")
    line = ["timing", "table.ecsv", "--band", "0", "--toys", "0"]
    assert main([*line, "--test", "gregory-loredo", "--test", "lomb-scargle"]) == 1
    assert "Left out, gregory_loredo: A test of when events came needs the events" in capsys.readouterr().out
    assert main(line) == 0
    assert main([*line, "--test", "gregory-loredo"]) == 2


def test_frequencies_are_shown_in_the_unit_of_their_kind():
    assert frequencies_of_text("29 Hz, 31 Hz").unit == u.Hz
    found = frequencies_of_text("linspace(0.2 1/d, 0.3 1/d, 11)")
    np.testing.assert_allclose(found.to_value(1 / u.d), np.linspace(0.2, 0.3, 11), rtol=1e-12)
    assert found.unit == 1 / u.d
    with pytest.raises(InputError, match="no number with a unit"):
        frequencies_of_text("many")
