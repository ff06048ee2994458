"""A file with a run in it is an observation, without an index."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from dl3_files import RunFile, run_hdus, write_store

from tevcurve import DataStore
from tevcurve.data import run_files
from tevcurve.errors import DataError
from tevcurve.problems import noted_remarks

CLASSES = {
    "events": {"HDUCLAS1": "EVENTS"},
    "gti": {"HDUCLAS1": "GTI"},
    "aeff": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "AEFF_2D"},
    "edisp": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "EDISP_2D"},
    "psf": {"HDUCLAS1": "RESPONSE", "HDUCLAS4": "PSF_TABLE"},
    "bkg": {"HDUCLAS1": "RESPONSE"},
}


def observation_of(path):
    (one,) = DataStore.from_events_files(path).get_observations()
    return one


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
    one, other = observation_of(path), DataStore.from_dir(tmp_path).obs(7)
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
    with pytest.raises(DataError, match=r"No file has events: a.fits: no run needs its responses"):
        observation_of(write(tmp_path / "a.fits", hdus["aeff"]))


def test_a_file_of_two_runs_is_refused(tmp_path):
    events = [classed_hdus(RunFile(obs_id=number))["events"] for number in (1, 2)]
    with pytest.raises(DataError, match="has 2 tables of events; wanted is a file of one run"):
        observation_of(write(tmp_path / "a.fits", *events))


@pytest.mark.parametrize("said", ["first", "CTA-2026/1", None, ""])
def test_a_run_may_be_known_by_a_text_or_else_by_its_file(tmp_path, said):
    hdus = classed_hdus(RunFile())
    hdus["events"].header["OBS_ID"] = said
    if said is None:
        del hdus["events"].header["OBS_ID"]
    one = observation_of(write(tmp_path / "run_a.v2.fits", *hdus.values()))
    with noted_remarks() as remarks:
        assert len(one.events) == 200
    assert one.obs_id == one.run_id.obs_id == (said or "run_a")
    assert any("have no OBS_ID; the name of the file is taken" in words for _, words in remarks) == (not said)


def test_what_is_no_fits_file_is_refused(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"text")
    with pytest.raises(DataError, match="is not a FITS file"):
        observation_of(tmp_path / "a.fits")
    with pytest.raises(DataError, match=r"The file .*b.fits does not exist"):
        observation_of(tmp_path / "b.fits")


def test_real_files(hess_dl3_dr1):
    path = hess_dl3_dr1 / "data" / "hess_dl3_dr1_obs_id_023523.fits.gz"
    one = observation_of(path)
    other = DataStore.from_dir(hess_dl3_dr1).obs(23523)
    assert (one.obs_id, len(one.events), one.gti) == (23523, len(other.events), other.gti)
    assert np.array_equal(one.psf.table.values, other.psf.table.values)


def test_a_file_whose_events_cannot_be_read_says_why(tmp_path):
    hdus = classed_hdus(RunFile())
    hdus["events"].header["ZTABLE"] = True
    path = write(tmp_path / "run.fits.fz", *hdus.values())
    with pytest.raises(
        DataError, match=r"run.fits.fz: The HDU EVENTS of .* is a table in compressed tiles \(ZTABLE\)"
    ):
        DataStore.from_events_files([path])


def test_responses_of_each_of_many_runs_are_looked_up(monkeypatch):
    paths = map(Path, "abcdefghijklmnopqrst")
    headers = {path: {"OBS_ID": number, "TELESCOP": "X"} for number, path in enumerate(paths)}
    files = [
        SimpleNamespace(path=path, hdus=[SimpleNamespace(hdu_type="aeff", header=header)])
        for path, header in headers.items()
    ]
    looked_at = []
    monkeypatch.setattr(
        run_files, "instrument_of", lambda header: looked_at.append(header) or header["TELESCOP"]
    )
    pool = run_files.ResponseFiles(files)
    for path, header in headers.items():
        assert [place for place, _ in pool.of(header["OBS_ID"], "X")] == [path]
    with pytest.raises(DataError, match="nothing says which is that of OBS_ID 99"):
        pool.of(99, "X")
    assert len(looked_at) == len(files)
