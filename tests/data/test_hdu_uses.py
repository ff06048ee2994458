"""What becomes of each HDU, with the reason where it cannot be used."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from dl3_files import RunFile, write_store
from found_files import write

from tevcurve.data import DataStore
from tevcurve.data.hdu_uses import hdu_uses, uses_of_files


def reasons(uses):
    return {(use.path.name, use.name.lower()): use.reason for use in uses}


def test_what_can_be_read_is_used(tmp_path):
    store = DataStore.from_dir(write_store(tmp_path, [RunFile(1), RunFile(2)]))
    uses = hdu_uses(store)
    assert len(uses) == 12
    assert {use.reason for use in uses} == {""}
    assert {use.hdu_class for use in uses} == {"events", "gti", "aeff_2d", "edisp_2d", "psf_table", "bkg_3d"}


def test_each_reason_stands_with_its_table(tmp_path):
    run = RunFile(1, units={"bkg": {"BKG": "m"}}, classes={"psf": "psf_of_mine"}, without_rows=("edisp",))
    store = DataStore.from_dir(write_store(tmp_path, [run, RunFile(2, without_hdus=("gti",))]))
    found = reasons(hdu_uses(store))
    assert found["run_000001.fits.gz", "events"] == found["run_000002.fits.gz", "bkg"] == ""
    for name, words in {
        "bkg": "has the unit 'm'; wanted is one that converts to",
        "psf": "is of the class psf_of_mine, which is not supported; wanted is",
        "edisp": "no run is led to it",
    }.items():
        assert words in found["run_000001.fits.gz", name]
    assert "has no HDU gti" in found["run_000002.fits.gz", "gti"]


def test_a_missing_file_and_a_run_without_rows_are_told(tmp_path):
    write_store(
        tmp_path,
        [RunFile(1), RunFile(2, without_rows=("events", "gti", "aeff", "edisp", "psf", "bkg"))],
    )
    (tmp_path / "data" / "run_000001.fits.gz").unlink()
    found = [use.reason for use in hdu_uses(DataStore.from_dir(tmp_path))]
    assert len(found) == 7
    assert all("run_000001.fits.gz does not exist" in reason for reason in found[:6])
    assert "has no row for OBS_ID 2" in found[6]


def test_other_tables_and_files_of_a_folder_are_told(tmp_path):
    path = write(tmp_path / "run.fits", RunFile(1))
    with fits.open(path, mode="append") as hdus:
        hdus.append(fits.BinTableHDU(Table({"low": [1.0]}), name="GH_CUTS"))
        hdus.append(fits.ImageHDU(np.zeros((2, 2)), name="MAP"))
    (tmp_path / "broken.fits").write_bytes(path.read_bytes()[:5000])
    fits.PrimaryHDU(np.zeros((2, 2))).writeto(tmp_path / "sky.fits")
    found = reasons(hdu_uses(DataStore.from_dir(tmp_path)))
    assert found["run.fits", "gh_cuts"] == "it is no table of events, good time or responses"
    assert found["run.fits", "map"] == "it is IMAGE; wanted is a BINTABLE"
    assert found["sky.fits", ""] == "it has no table"
    assert any("broken.fits is cut off" in reason for reason in found.values())


def test_files_without_a_run_say_what_is_in_them(tmp_path):
    run = RunFile(1, units={"bkg": {"BKG": "m"}})
    write(tmp_path / "irf.fits", run, ("aeff", "psf", "bkg"))
    found = reasons(uses_of_files([tmp_path]))
    assert found["irf.fits", "aeff"] == found["irf.fits", "psf"] == ""
    assert "has the unit 'm'" in found["irf.fits", "bkg"]


@pytest.mark.parametrize(
    ("folder", "left"),
    [
        ("fact", set()),
        ("magic_fixed_cut", {"EVENTS", "GTI", "EFFECTIVE AREA", "ENERGY DISPERSION"}),
        ("ctao_gammapy_written", set()),
        ("ctao_1dc_dialect", set()),
        ("lst_like/point", {"POINTING", "GH_CUTS"}),
        ("lst_like/fixed", {"POINTING", "GH_CUTS"}),
        ("lst_like/full", {"POINTING", "GH_CUTS"}),
        ("../magic/rad_max", set()),
    ],
)
def test_the_stores_of_other_instruments(other_stores, folder, left):
    uses = hdu_uses(DataStore.from_dir(other_stores / folder))
    assert {use.name for use in uses if use.reason} == left
