"""`tevcurve sed`: spectra of a result, printed, drawn and written."""

import astropy.units as u
import numpy as np
import pytest
from cli_results import small_result

from tevcurve.cli.main import main
from tevcurve.lightcurve.sed import FluxPoints
from tevcurve.store import Result, write_result

LINE = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--time-bins", "10min"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return small_result(tmp_path_factory.mktemp("results"), LINE)


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_points_are_those_of_the_result_in_these_bands(result, capsys, tmp_path):
    line = ["sed", str(result), "--energy-edges", "0.7TeV,2TeV,10TeV", "--time-bins", "night"]
    assert main([*line, "--output", "points.fits", "--plot", "points.png"]) == 0
    out = capsys.readouterr().out
    assert "1 time bin, 2 energy bands from 0.7 to 10 TeV, 1D" in out
    assert "Flux points in points.fits" in out
    assert "Figure in points.png" in out
    assert (tmp_path / "points.png").read_bytes().startswith(b"\x89PNG")
    made = FluxPoints.read("points.fits").table
    expected = Result.read(result).light_curve.rebin("night", [0.7, 2, 10] * u.TeV).table
    for name in ("dnde", "e2dnde_ul", "ts", "n_on"):
        np.testing.assert_array_equal(made[name], expected[name])
    assert main([*line, "--output", "points.fits"]) == 2
    assert capsys.readouterr().err == "Error: points.fits is there already; --overwrite replaces it.\n"


def test_time_bins_and_energies_have_defaults(result, capsys, monkeypatch):
    monkeypatch.setattr("tevcurve.cli.on_results.MOST", 2)
    assert main(["sed", str(result), "--plot", "points.svg"]) == 0
    told = capsys.readouterr()
    n_bins = len(Result.read(result).light_curve)
    assert f"{n_bins} time bins, 6 energy bands from 0.7 to 10 TeV" in told.out
    assert f"The figure shows the first 2 of {n_bins} time bins" in told.err


def test_what_cannot_be_done_is_one_sentence(result, capsys, tmp_path):
    write_result("rows", Result.read(result).light_curve, config=Result.read(result).config, keep_runs=False)
    assert main(["sed", "rows"]) == 2
    assert capsys.readouterr().err == (
        "Error: The result rows was written without its runs; `tevcurve run rows/config.yaml --output rows "
        "--overwrite` makes it anew from the data.\n"
    )
    assert main(["sed", str(result), "-o", "points.vot"]) == 2
    assert "wanted is one that ends in .ecsv or .fits" in capsys.readouterr().err
    assert main(["sed", str(result), "--energy", "3TeV,1TeV"]) == 2
    assert "which does not increase" in capsys.readouterr().err
