"""OBS_IDs that are texts, from the index to the result and back."""

import numpy as np
import pytest
import yaml
from dl3_files import write_store
from small_store import START, run_file

from tevcurve import LightCurve
from tevcurve.cli.main import main
from tevcurve.run_id import run_number

NAMES = ("CTAO-N 2023/01:10", "CTAO-N 2023/01:9", "CTAO-N 2023/01:11")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (np.int32(5), 5),
        (5.0, 5),
        ("005 ", 5),
        ("0", 0),
        (" run 5", "run 5"),
        ("1" * 30, "1" * 30),
        (10**20, "1" + "0" * 20),
        ("-5", "-5"),
        ("", None),
        (5.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
        ([5], None),
    ],
)
def test_whole_numbers_are_numbers_and_the_rest_texts(value, expected):
    found = run_number(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pointings = ((83.63, 22.51), (83.63, 21.51), (84.17, 22.01))
    runs = [
        run_file(name, 11 + n, START + 1800 * n, pointings[n], telescope="CTA")
        for n, name in enumerate(NAMES)
    ]
    write_store(tmp_path / "data", runs, file_names=("a", "b", "c"))
    return tmp_path / "data"


def test_they_go_all_the_way(store, capsys):
    options = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--on-radius", "0.15deg"]
    first = [
        "light-curve",
        str(store),
        *options,
        "--runs",
        f"{NAMES[0]},{NAMES[1]}",
        "-o",
        "two",
        "--cache",
        "kept",
    ]
    assert main(first) == 0
    assert yaml.safe_load((store.parent / "two/config.yaml").read_text())["runs"] == list(NAMES[:2])
    assert main(["append", "two", str(store), "--cache", "kept"]) == 0
    words = f"added 1 run ({NAMES[2]}); it had 2 runs ({NAMES[0]}, {NAMES[1]})."
    assert words in capsys.readouterr().out
    assert main(["light-curve", str(store), *options, "-o", "three", "--cache", "kept"]) == 0
    both = [LightCurve.read(store.parent / name / "light_curve.ecsv") for name in ("two", "three")]
    np.testing.assert_array_equal(both[0].table["flux"], both[1].table["flux"])
    assert "CTAO" in (store.parent / "two/good_times.ecsv").read_text()
    assert main(["rebin", "two", "--time-bins", "10min", "-o", "finer"]) == 0
    assert main(["info", str(store), "--target", "Crab"]) == 0
    assert all(name in capsys.readouterr().out for name in NAMES[:1])
    (store / "data/c.fits.gz").unlink()
    assert main(["light-curve", str(store), *options, "-o", "lost"]) == 1
    assert f"{NAMES[2]}" in (store.parent / "lost/ledger_problems.ecsv").read_text()
