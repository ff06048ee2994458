"""`tevcurve watch` of several instruments or folders: the rows and alerts of one call on all files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from parts_of_runs import cut_run, parts_of, write_run
from two_instruments import NAMES, runs_of

from tevcurve import Result
from tevcurve.cli.main import main
from tevcurve.live.alerts import standing
from tevcurve.live.replay import replay

FLUX = "0 cm-2 s-1"
CURVE = ["--target", "Crab", "--energy", "0.7TeV,10TeV", "--time-bins", "20min", "--safe-energy", "none"]
CURVE += ["--set", "norm_values=null"]
WATCH = ["-o", "result", "--baseline-flux", FLUX, "--alarms-per", "100 h", "--poll", "0.01 s", "--once"]
KINDS = {"HESS": "method: 3d", "MAGIC": "method: 1d, on_radius: 0.2 deg"}
JOINED = ["--reference", "HESS", "--set", "cross_calibration={MAGIC: 0.15, from: overlap}"]

BY_NIGHT = ["--set", "systematics=[{effect: flux_scale, sigma: 0.1, by: night}]"]


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tevcurve.live.replay._log_threshold", lambda settings, *places: np.log(2e4))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Dict of the paths of each instrument's parts of runs, one night, in the order of time."""
    folder, found = tmp_path_factory.mktemp("night"), {}
    for name, runs in runs_of(NAMES).items():
        runs = [cut_run(run, run.tstart, run.tstop) for run in runs[:2]]
        parts = [part for run in runs for part in parts_of(run, (0.0, 700.0, 1680.0))]
        found[name] = [write_run(folder / name / f"part{k}.fits", one) for k, one in enumerate(parts)]
    return found


def instruments(place):
    return ["--instruments", f"{{{', '.join(f'{k}: {{data: {place(k)}, {v}}}' for k, v in KINDS.items())}}}"]


def at_once(files, more):
    """(rows as bytes, standing alerts) of one call on all files."""
    data = instruments(lambda name: f"[{', '.join(map(str, files[name]))}]")
    assert main(["light-curve", *data, *CURVE, *more, "-o", "once"]) == 0
    found = replay(Result.read("once").light_curve, FLUX, alarms_per="100 h")
    return rows("once"), standing(found.records(is_recent=True))


def rows(name):
    return Path(name, "light_curve.ecsv").read_bytes()


def told():
    return [json.loads(line) for line in Path("result.alerts.jsonl").read_text().splitlines()]


def come(place, *paths):
    place.mkdir(parents=True, exist_ok=True)
    for one in paths:
        shutil.copy(one, place / one.name)


@pytest.mark.parametrize("more", [[], JOINED, BY_NIGHT], ids=["apart", "joined", "nights"])
def test_a_night_of_two_instruments_is_one_call_at_the_end(files, tmp_path, more, capsys):
    """The second one comes first, so that it is alone, or has to wait for the reference."""
    expected = at_once(files, more)
    (tmp_path / "HESS").mkdir()
    words = ["watch", *instruments(lambda name: tmp_path / name), *CURVE, *more, *WATCH]
    come(tmp_path / "MAGIC", files["MAGIC"][0])
    main(words)
    assert ("begins with the first run of HESS" in capsys.readouterr().err) == (more is JOINED)
    for looks in ({"HESS": (2, 0), "MAGIC": (3,)}, {"MAGIC": (2, 1), "HESS": (1, 3)}):
        for name, numbers in looks.items():
            come(tmp_path / name, *(files[name][number] for number in numbers))
        code = main(words)
    assert code == 3
    assert rows("result") == expected[0]
    assert standing(told()) == expected[1]
    assert {one["mission"] for one in expected[1]} == set(NAMES)
    # What is gone on with has to be the same, of each instrument.
    other = [word.replace("0.2 deg", "0.11 deg") for word in words]
    assert main(other) == 2
    assert "was made with another instruments" in capsys.readouterr().err


def test_two_folders_of_two_telescopes_are_one_call_at_the_end(files, tmp_path):
    own = {name: tmp_path / name for name in NAMES}
    everything = [str(path) for name in NAMES for path in files[name]]
    assert main(["light-curve", *everything, "--method", "1d", *CURVE, "-o", "once"]) == 0
    for numbers in ((0, 3), (1, 2)):
        for name in NAMES:
            come(own[name], *(files[name][number] for number in numbers))
        assert main(["watch", *map(str, own.values()), "--method", "1d", *CURVE, *WATCH]) in (0, 3)
    assert rows("result") == rows("once")
    found = replay(Result.read("once").light_curve, FLUX, alarms_per="100 h")
    assert standing(told()) == standing(found.records(is_recent=True))


def test_what_cannot_be_watched_is_said(files, tmp_path, capsys):
    come(tmp_path / "data", *files["HESS"][:1])
    cases = [
        ([], "There is no FOLDER"),
        (["data", "data"], "is watched twice"),
        (["data", *instruments(lambda name: tmp_path / "data")], "instruments are given, each with its own"),
        (["--instruments", "{HESS: {data: data, runs: [1]}}"], "a folder is watched for what comes"),
        (["--instruments", "{HESS: {data: nowhere}}"], "The folder nowhere does not exist"),
    ]
    for words, sentence in cases:
        assert main(["watch", *words, *CURVE, *WATCH]) == 2
        assert sentence in capsys.readouterr().err


def test_a_run_that_two_instruments_have_is_told_and_ends_nothing(files, tmp_path, capsys):
    """It was copied into the wrong folder, too; what else comes is taken."""
    words = ["watch", *instruments(lambda name: tmp_path / name), *CURVE, *WATCH]
    come(tmp_path / "HESS", *files["HESS"][:2])
    come(tmp_path / "MAGIC", files["MAGIC"][0])
    assert main(words) in (0, 3)
    before = rows("result")
    shutil.copy(files["HESS"][0], tmp_path / "MAGIC" / "wrong.fits")
    assert main(words) in (0, 3)
    assert "both 'HESS' and 'MAGIC' have it" in capsys.readouterr().err
    assert rows("result") == before
    come(tmp_path / "MAGIC", *files["MAGIC"][1:])
    assert main(words) in (0, 3)
    assert len(Result.read("result").light_curve.origin.runs) == 2 + len(files["MAGIC"])
