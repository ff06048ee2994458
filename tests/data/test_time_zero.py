"""TIMEZERO: added to the times as FITS has it, unless the file's own times say that it is in them already."""

import re
from dataclasses import replace

import numpy as np
import pytest
from dl3_files import MJDREF, START, RunFile, write_store

from tevcurve.data import DataStore, TimeReference
from tevcurve.problems import noted_remarks

REFERENCE = TimeReference(*MJDREF)
# In the file as it would be without a TIMEZERO.
SECONDS = START + np.arange(5, 100, 10.0)
EVENTS = {
    "TIME": SECONDS,
    "RA": np.full(10, 83.63),
    "DEC": np.full(10, 22.51),
    "ENERGY": np.geomspace(0.3, 30, 10),
}
GOOD = np.array([[0, 30], [50, 100.0]]) + START
RUN = RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=GOOD.tolist())
DATE = {"DATE-OBS": "2007-05-04", "TIME-OBS": "19:33:19"}  # of START, UTC


def read(folder, run):
    with noted_remarks() as remarks:
        observation = DataStore.from_dir(write_store(folder, [run])).obs(run.obs_id)
        times, good = observation.events.time, observation.gti
        spans = observation.tstart, observation.tstop
    return times, good, spans, [words for _, words in remarks if "TIMEZERO" in words]


def check(times, good, spans):
    """All are where they are without a TIMEZERO, to 0.1 microseconds."""
    for found, expected in (
        (times, REFERENCE.to_time(SECONDS)),
        (good.start, REFERENCE.to_time(GOOD[:, 0])),
        (good.stop, REFERENCE.to_time(GOOD[:, 1])),
        (spans[0], REFERENCE.to_time(START)),
        (spans[1], REFERENCE.to_time(START + 100)),
    ):
        assert np.all(np.abs((found - expected).to_value("s")) < 1e-7)


def shifted(zero, span=True, gti=True, **header):
    """The run with its times counted from TIMEZERO; its TSTART and TSTOP, its good time too, or not."""
    events = EVENTS | {"TIME": SECONDS - zero}
    run = replace(RUN, events=events, header={"TIMEZERO": zero, **header})
    if span:
        run = replace(run, tstart=START - zero, tstop=START + 100 - zero)
    return replace(run, gti=(GOOD - zero).tolist(), gti_header={"TIMEZERO": zero}) if gti else run


@pytest.mark.parametrize("zero", [1.9e8, -1e6, 86400.0, 7.25])
def test_times_count_from_it_where_tstart_does_not(tmp_path, zero):
    *found, remarks = read(tmp_path, shifted(zero, span=False))
    check(*found)
    assert not remarks


@pytest.mark.parametrize("zero", [1.9e8, 86400.0 * 30, 100.0, -1000.0])
def test_tstart_counts_from_it_too_where_the_date_says_so(tmp_path, zero):
    *found, remarks = read(tmp_path, shifted(zero, **DATE))
    check(*found)
    assert not remarks


@pytest.mark.parametrize("zero", [1.9e8, 3600.0])
def test_a_good_time_without_it_of_its_own_has_its_own(tmp_path, zero):
    # Only the events and TSTART count from it: good time since MJDREF is where they are with it.
    *found, remarks = read(tmp_path, shifted(zero, gti=False))
    check(*found)
    assert not remarks


def test_a_clock_that_is_a_bit_off_is_put_right(tmp_path):
    *found, remarks = read(tmp_path, shifted(0.25))
    check(*found)
    assert not remarks


@pytest.mark.parametrize("in_gti", [True, False])
@pytest.mark.parametrize("header", [{}, DATE])
@pytest.mark.parametrize("keyword", ["TIMEZERO", "TIMEOFFS"])
def test_it_is_ignored_where_all_times_have_it_already(tmp_path, keyword, header, in_gti):
    run = replace(RUN, header={keyword: 1.9e8, **header}, gti_header={keyword: 1.9e8} if in_gti else {})
    *found, remarks = read(tmp_path, run)
    check(*found)
    assert len(remarks) == 1
    assert (
        "1.9e+08 s, and its times are those of its TSTART and TSTOP without it; it is ignored" in remarks[0]
    )


def test_one_of_the_good_time_alone(tmp_path):
    gti = (GOOD - 5e4).tolist()
    *found, remarks = read(tmp_path / "a", replace(RUN, gti=gti, gti_header={"TIMEZERO": 5e4}))
    check(*found)
    assert not remarks
    *found, remarks = read(tmp_path / "b", replace(RUN, gti_header={"TIMEZERO": 5e4}))
    check(*found)
    assert "good time would leave TSTART to TSTOP; it is ignored" in remarks[0]


def test_good_time_as_early_veritas_files_have_it(tmp_path):
    # TIMEZERO is its start, which its columns without units have already, and nothing says since when they count.
    header = dict.fromkeys(("MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT", "TIMEREF"))
    header |= {"TSTART": START, "TSTOP": START + 100, "TIMEZERO": START}
    units = {"gti": {"START": None, "STOP": None}}
    with noted_remarks() as remarks:
        observation = DataStore.from_dir(
            write_store(tmp_path, [replace(RUN, gti_header=header, units=units)])
        ).obs(1)
        check(observation.events.time, observation.gti, (observation.tstart, observation.tstop))
    words = " ".join(words for _, words in remarks)
    for said in (
        "does not say since when",
        "START of .* has no unit",
        "would leave TSTART to TSTOP; it is ignored",
    ):
        assert re.search(said, words)


def test_without_a_gti_tstart_and_the_events_decide(tmp_path):
    run = replace(shifted(1.9e8, span=False, gti=False), without_rows=("gti",))
    times, good, spans, remarks = read(tmp_path / "a", run)
    check(times, replace_gti(good), spans)
    assert not remarks
    run = replace(RUN, header={"TIMEZERO": 1.9e8}, without_rows=("gti",))
    times, good, spans, remarks = read(tmp_path / "b", run)
    check(times, replace_gti(good), spans)
    assert len(remarks) == 1


def replace_gti(good):
    """The gap of the good time put in, after a look at what is there."""
    assert np.all(np.abs((good.start - REFERENCE.to_time([START])).to_value("s")) < 1e-7)
    assert np.all(np.abs((good.stop - REFERENCE.to_time([START + 100])).to_value("s")) < 1e-7)
    return type(good)(REFERENCE.to_time(GOOD[:, 0]), REFERENCE.to_time(GOOD[:, 1]))
