"""`tevcurve replay`: alarms of a result, printed, drawn and as lines of JSON."""

import json

import pytest
from cli_results import small_result

from tevcurve.cli.main import main

LINE = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--time-bins", "10min"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return small_result(tmp_path_factory.mktemp("results"), LINE)


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_source_that_was_not_there_is_an_alarm(result, capsys, tmp_path):
    line = ["replay", str(result), "--baseline-flux", "1e-13 cm-2 s-1", "--alarms-per", "100 h"]
    assert main([*line, "--plot", "replay.png", "--alerts", "alerts.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "alarm" in out
    assert "One false alarm per 100 h of good time is expected for a quiet flux of 1e-13 cm-2 s-1" in out
    assert "Alerts in alerts.jsonl" in out
    assert (tmp_path / "replay.png").read_bytes().startswith(b"\x89PNG")
    lines = (tmp_path / "alerts.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["alert_type"] == "initial"
    assert main([*line, "--alerts", "alerts.jsonl"]) == 2
    assert "alerts.jsonl is there already" in capsys.readouterr().err
    assert main([*line, "--alerts", "again.jsonl"]) == 0
    assert (tmp_path / "again.jsonl").read_text().splitlines() == lines


def test_the_quiet_flux_may_be_that_of_a_result(result, capsys):
    # In each run of this store all events of the source come first, and then none.
    assert main(["replay", str(result), "--baseline-from", str(result)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("6 alarms in 1.3")
    assert "flux 0 ±" in told.out
    assert "The constant flux of" in told.err


def test_the_quiet_flux_has_to_be_said(result, capsys):
    assert main(["replay", str(result)]) == 2
    assert "wanted is either --baseline-flux" in capsys.readouterr().err
    assert main(["replay", str(result), "--baseline-flux", "much"]) == 2
    assert "The quiet flux is 'much'" in capsys.readouterr().err
