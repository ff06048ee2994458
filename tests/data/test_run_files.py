"""A file with a run in it is an observation, without an index."""

import numpy as np
import pytest
from astropy.io import fits
from dl3_files import RunFile, run_hdus, write_store

from tevcurve import DataStore
from tevcurve.data.run_files import observation_of_file
from tevcurve.errors import DataError

CLASSES = {
    "events": {"HDUCLAS1": "EVENTS"},
    "gti": {"HDUCLAS1": "GTI"},
    "aeff": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "AEFF_2D"},
    "edisp": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "EDISP_2D"},
    "psf": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "PSF_TABLE"},
    "bkg": {"HDUCLAS1": "RESPONSE"},
}


def classed_hdus(run):
    """The HDUs of a run, which say what they are."""
    hdus = run_hdus(run)
    for name, hdu in hdus.items():
        hdu.header.update(CLASSES[name])
    hdus["bkg"].header["HDUCLAS4"] = run.bkg.upper()
    return hdus


@pytest.mark.parametrize("bkg", ["bkg_2d", "bkg_3d"])
def test_it_is_the_observation_that_an_index_leads_to(tmp_path, bkg):
    run = RunFile(obs_id=7, bkg=bkg)
    write_store(tmp_path, [run])
    path = write(tmp_path / "run.fits.gz", *classed_hdus(run).values())
    one, other = observation_of_file(path), DataStore.from_dir(tmp_path).obs(7)
    assert one.obs_id == 7
    assert np.array_equal(one.events.time_s, other.events.time_s)
    assert one.gti == other.gti
    for name in ("aeff", "edisp", "psf", "bkg"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert type(ours) is type(theirs)
        assert np.array_equal(ours.table.values, theirs.table.values)
    assert not one.has("rad_max")


def write(path, *hdus):
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


def test_a_file_without_events_is_refused(tmp_path):
    hdus = classed_hdus(RunFile())
    with pytest.raises(DataError, match="has 0 tables of events; wanted is a file of one run"):
        observation_of_file(write(tmp_path / "a.fits", hdus["aeff"]))


def test_a_file_of_two_runs_is_refused(tmp_path):
    events = [classed_hdus(RunFile(obs_id=number))["events"] for number in (1, 2)]
    with pytest.raises(DataError, match="has 2 tables of events; wanted is a file of one run"):
        observation_of_file(write(tmp_path / "a.fits", *events))


def test_a_run_without_a_number_is_refused(tmp_path):
    events = classed_hdus(RunFile())["events"]
    events.header["OBS_ID"] = 1.5
    with pytest.raises(DataError, match=r"have the OBS_ID 1\.5; wanted is a number or a text"):
        observation_of_file(write(tmp_path / "a.fits", events))


def test_what_is_no_fits_file_is_refused(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"text")
    with pytest.raises(DataError, match="is not a FITS file"):
        observation_of_file(tmp_path / "a.fits")


def test_real_files(hess_dl3_dr1):
    path = hess_dl3_dr1 / "data" / "hess_dl3_dr1_obs_id_023523.fits.gz"
    one = observation_of_file(path)
    other = DataStore.from_dir(hess_dl3_dr1).obs(23523)
    assert (one.obs_id, len(one.events), one.gti) == (23523, len(other.events), other.gti)
    assert np.array_equal(one.psf.table.values, other.psf.table.values)
