"""Files that are still written: none that is cut off is taken for whole, and good time ends with the events."""

import gzip

import numpy as np
import pytest
from astropy.io import fits
from parts_of_runs import cut_run, night, write_run
from small_store import START

from tevcurve import DataStore
from tevcurve.data.whole_files import hdu_types, why_not_whole

ALL = ("events", "gti", "aeff", "edisp", "psf", "bkg")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run") / "run.fits", cut_run(night()[0], START, START + 600))


def cuts_of(path):
    """Numbers of bytes at which the file is cut: around each HDU, its header and its data, and at random."""
    size, edges = path.stat().st_size, [0]
    with fits.open(path) as hdus:
        for hdu in hdus:
            info = hdu.fileinfo()
            data = info["datLoc"] + hdu.size
            edges += [info["hdrLoc"], info["datLoc"], data, info["datLoc"] + info["datSpan"]]
    near = np.add.outer(edges, [-2880, -80, -1, 0, 1, 4, 7, 8, 80, 2880]).ravel()
    drawn = np.random.default_rng(1).integers(0, size, 60)
    return [int(each) for each in np.unique(np.append(near, drawn)) if 0 <= each < size]


def test_no_file_that_is_cut_off_is_whole(whole, tmp_path):
    content, cuts = whole.read_bytes(), cuts_of(whole)
    assert len(cuts) > 134
    assert hdu_types(whole) == ALL
    assert why_not_whole(whole, ALL) == why_not_whole(whole) == ""
    path = tmp_path / "cut.fits"
    taken = []
    for cut in cuts:
        path.write_bytes(content[:cut])
        if why_not_whole(path, ALL) == "":
            taken.append(cut)
    assert taken == []


def test_no_compressed_file_that_is_cut_off_is_whole(whole, tmp_path):
    content = gzip.compress(whole.read_bytes(), 1)
    path = tmp_path / "cut.fits.gz"
    path.write_bytes(content)
    assert why_not_whole(path, ALL) == ""
    ends = [*range(20), *(len(content) - np.arange(1, 30))]
    for cut in np.unique(np.append(ends, np.random.default_rng(2).integers(0, len(content), 40))):
        path.write_bytes(content[:cut])
        assert why_not_whole(path)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    path.write_bytes(damaged)
    assert "is damaged" in why_not_whole(path)


def test_what_is_missing_is_said(whole, tmp_path):
    content = whole.read_bytes()
    with fits.open(whole) as hdus:
        end_of_events = hdus["GTI"].fileinfo()["hdrLoc"]
    path = tmp_path / "cut.fits"
    for some, words in (
        (b"", "is empty"),
        (content[:end_of_events], "has no gti yet"),
        (content[: end_of_events + 4], "has 4 bytes after its last HDU"),
        (content[: end_of_events - 1], "is cut off in its last block: 2879 of 2880 bytes"),
        (content[: end_of_events - 3000], "is cut off in its HDU EVENTS"),
    ):
        path.write_bytes(some)
        assert words in why_not_whole(path)
    assert "does not exist" in why_not_whole(tmp_path / "none.fits")


def test_good_time_that_is_planned_ends_with_the_last_event(tmp_path):
    run = cut_run(night()[0], START, START + 600)
    planned = write_run(tmp_path / "run.fits", type(run)(**vars(run) | {"gti": ((START, START + 1680),)}))
    (observation,) = DataStore.from_events_files(planned).get_observations()
    growing = observation.until_last_event()
    assert growing.gti.intervals.tolist() == [[START, run.events["TIME"].max()]]
    assert len(growing.good_events) == len(run.events["TIME"]) - 1
    assert observation.gti.ontime_s == 1680
    none = cut_run(run, START + 599, START + 600)
    none.events["TIME"][:] = START + 700
    empty = write_run(tmp_path / "none.fits", none)
    assert DataStore.from_events_files(empty).get_observations()[0].until_last_event() is None
