"""The commands take whatever DL3 a person has: a store, a folder, files; with the responses beside, and a position."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from found_files import EVENTS, RESPONSES, write
from small_store import START, run_file

from tevcurve import LightCurve
from tevcurve.cli.main import main
from tevcurve.config import Config

OPTIONS = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--on-radius", "0.15deg"]
HERE = "83.63 22.01"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two runs in files of their own, and their responses in another one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    runs = [run_file(number, number, START + 1800 * number, (83.63, 21.51 + number % 2)) for number in (1, 2)]
    for run in runs:
        write(tmp_path / "data" / f"run_{run.obs_id}.fits", run, EVENTS)
    write(tmp_path / "irf" / "irf.fits", runs[0], RESPONSES)
    for run in runs:
        write(tmp_path / "whole" / f"run_{run.obs_id}.fits", run)
    return tmp_path


def flux(name):
    return np.asarray(LightCurve.read(f"{name}/light_curve.ecsv").table["flux"]).ravel()


def test_a_folder_and_files_with_responses_beside_them_give_the_same(folder, capsys):
    assert main(["light-curve", "whole", "Crab", *OPTIONS, "-o", "a"]) == 0
    files = ["data/run_2.fits", "data/run_1.fits", "--irfs", "irf/irf.fits"]
    assert main(["light-curve", *files, "--target", "Crab", *OPTIONS, "-o", "b"]) == 0
    np.testing.assert_array_equal(flux("a"), flux("b"))
    assert len(flux("a")) == 2
    assert main(["light-curve", "whole/run_1.fits", "Crab", *OPTIONS, "-o", "c"]) == 0
    assert main(["append", "c", "data/run_2.fits", "--irfs", "irf/irf.fits"]) == 0
    np.testing.assert_array_equal(flux("a"), flux("c"))
    capsys.readouterr()
    assert main(["info", *files]) == 0
    assert "psf_table (2)" in capsys.readouterr().out
    assert main(["init", "Crab", *files, "--method", "1d"]) == 0
    (folder / "crab.yaml").write_text(capsys.readouterr().out)
    config = Config.read("crab.yaml")
    assert config.data == [str(folder / name) for name in files[:2]]
    assert config.irfs == str(folder / "irf/irf.fits")
    assert [one.obs_id for one in config.arguments()["observations"]] == [2, 1]


def test_responses_may_be_in_several_files(folder):
    run = run_file(1, 1, START + 1800, (83.63, 22.51))
    for name in ("aeff", "edisp", "psf"):
        write(folder / "parts" / f"{name}.fits", run, (name,))
    parts = [word for name in ("aeff", "edisp", "psf") for word in ("--irfs", f"parts/{name}.fits")]
    assert main(["light-curve", "data/run_1.fits", "Crab", *OPTIONS, *parts, "-o", "a"]) == 0
    assert main(["light-curve", "whole/run_1.fits", "Crab", *OPTIONS, "-o", "b"]) == 0
    np.testing.assert_array_equal(flux("a"), flux("b"))


def test_a_position_stands_for_a_target_that_no_file_names(folder, capsys):
    assert main(["light-curve", "whole", "--position", HERE, *OPTIONS, "-o", "a"]) == 0
    assert main(["light-curve", "whole", "My source", "--position", HERE, *OPTIONS, "-o", "b"]) == 0
    np.testing.assert_array_equal(flux("a"), flux("b"))
    assert "Light curve of My source" in capsys.readouterr().out
    assert main(["light-curve", "whole", "My source", *OPTIONS]) == 2
    assert "No observation has the target 'My source'; they have Crab" in capsys.readouterr().err
    assert main(["light-curve", "whole", "run_3.fits", *OPTIONS]) == 2
    assert "The file run_3.fits does not exist" in capsys.readouterr().err


def test_the_data_of_another_instrument_by_name_and_position(other_stores, tmp_path, monkeypatch, capsys):
    # Its index and its headers do not say where the target is.
    monkeypatch.chdir(tmp_path)
    fact = str(other_stores / "fact")
    line = [fact, "Crab", "--method", "1d", "--energy", "1TeV,10TeV", "--time-bins", "night"]
    assert main(["light-curve", *line]) == 2
    assert "position" in capsys.readouterr().err
    assert (
        main(["light-curve", *line, "--position", "83.633 22.0145", "--runs", "20131104165", "-o", "a"]) == 0
    )
    # Counted with another reader: what lies within the cut of the responses.
    path = other_stores / "fact" / "20131104_165_dl3.fits"
    events, good = (fits.getdata(path, name) for name in ("EVENTS", "GTI"))
    cut = fits.getheader(other_stores / "fact" / "fact_irf.fits", 1)["RAD_MAX"]
    near = (
        SkyCoord(events["RA"], events["DEC"], unit="deg")
        .separation(SkyCoord(83.633, 22.0145, unit="deg"))
        .deg
        < cut
    )
    energies = (events["ENERGY"] >= 1) & (events["ENERGY"] < 10)
    inside = np.any(
        [
            (events["TIME"] >= a) & (events["TIME"] < b)
            for a, b in zip(good["START"], good["STOP"], strict=True)
        ],
        axis=0,
    )
    table = LightCurve.read("a/light_curve.ecsv").table
    assert table["n_on"].ravel().tolist() == [np.count_nonzero(near & energies & inside)]


def test_a_missing_file_costs_itself_only(other_stores, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = [
        str(other_stores / "magic_fixed_cut"),
        "Crab",
        "--method",
        "1d",
        "--energy",
        "1TeV,10TeV",
        "-o",
        "a",
    ]
    assert main(["light-curve", *line]) == 1
    assert "Run 5029747 is left out: The file" in (err := capsys.readouterr().err)
    assert "run_05029747_DL3.fits does not exist" in err
    assert len(flux("a")) == 1
