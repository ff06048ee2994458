"""Good time intervals: half-open, in order, and sets under intersection and union."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.time import Time
from dl3_files import MJDREF, START, RunFile, run_hdus
from hypothesis import given
from hypothesis import strategies as st

from tevcurve.data import GTI, TimeReference
from tevcurve.errors import DataError, InputError
from tevcurve.problems import noted_remarks

REFERENCE = TimeReference(*MJDREF)

# Whole seconds, so that the truth is a set of whole seconds.
pieces = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=6)


def make(intervals, reference=REFERENCE):
    intervals = np.asarray(intervals, dtype=float).reshape(-1, 2)
    return GTI(intervals[:, 0], intervals[:, 1], reference)


def seconds_of(intervals):
    return {
        second for start, stop in np.reshape(intervals, (-1, 2)) for second in range(int(start), int(stop))
    }


def test_intervals_are_half_open():
    gti = make([(10, 20), (20, 30), (40, 50)])
    np.testing.assert_array_equal(
        gti.contains([9.999, 10, 19.999, 20, 29.999, 30, 39.999, 40, 50, np.nan]),
        [False, True, True, True, True, False, False, True, False, False],
    )
    assert gti.ontime == 30 * u.s


@given(pieces, pieces)
def test_union_and_intersection_are_those_of_sets_of_seconds(ours, others):
    gti = make([]).union(np.reshape(ours, (-1, 2)))
    assert seconds_of(gti.intervals) == seconds_of(ours)
    assert gti.ontime_s == len(seconds_of(ours))
    common, either = gti.intersect(np.reshape(others, (-1, 2))), gti.union(np.reshape(others, (-1, 2)))
    assert seconds_of(common.intervals) == seconds_of(ours) & seconds_of(others)
    assert seconds_of(either.intervals) == seconds_of(ours) | seconds_of(others)
    np.testing.assert_array_equal(
        gti.contains(np.arange(61)), [second in seconds_of(ours) for second in range(61)]
    )


def test_from_times_in_any_scale():
    start, stop = Time(["2020-01-01T00:00:00", "2020-01-01T01:00:00"], scale="utc"), None
    stop = start + 600 * u.s
    gti = GTI(start, stop)
    assert gti.reference.scale == "utc"
    assert len(gti) == 2
    assert gti.ontime_s == pytest.approx(1200, abs=1e-9)
    in_tt = GTI(start.tt, stop.tt, REFERENCE)
    assert in_tt.ontime_s == pytest.approx(1200, abs=1e-6)
    np.testing.assert_allclose((in_tt.start - start).to_value("s"), 0, atol=1e-6)


def test_intersection_of_two_references_is_in_the_first():
    tai = TimeReference(MJDREF[0], MJDREF[1], "tai")
    # The same instants: TT is 32.184 s ahead of TAI.
    one, other = make([(1e6, 1e6 + 100)]), make([(1e6 + 50 - 32.184, 1e6 + 200)], tai)
    common = one.intersect(other)
    assert common.reference == REFERENCE
    np.testing.assert_allclose(common.intervals, [[1e6 + 50, 1e6 + 100]], atol=1e-6)


def test_intervals_without_length_are_dropped():
    assert len(make([(0, 10), (10, 10), (20, 30)])) == 2


def test_nothing_can_be_written_to_the_intervals():
    with pytest.raises(ValueError, match="read-only"):
        make([(0, 10)]).intervals[0, 0] = 5


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ([(10, 0)], "interval 0 runs backwards, from 10.0 s to 0.0 s"),
        ([(0, np.nan)], "a time is not finite"),
    ],
)
def test_unusable_intervals_get_a_sentence(intervals, words):
    with pytest.raises(InputError, match=words):
        make(intervals)
    hdu = run_hdus(RunFile(gti=intervals))["gti"]
    with pytest.raises(DataError, match=f"HDU GTI of x cannot be used: {words}"):
        GTI.from_hdu(hdu, "HDU GTI of x")


@pytest.mark.parametrize(
    ("intervals", "words", "merged"),
    [
        (
            [(0, 10), (5, 20)],
            "interval 1 starts at 5.0 s, before the one ahead of it stops at 10.0 s",
            [(0, 20)],
        ),
        ([(20, 30), (0, 10)], "interval 1 starts at 0.0 s, before", [(0, 10), (20, 30)]),
        ([(0, 10), (0, 10)], "interval 1 starts at 0.0 s, before", [(0, 10)]),
        ([(0, 10), (10 - 1e-7, 20)], "interval 1 starts at 9.9999999 s, before", [(0, 20)]),
    ],
)
def test_intervals_of_files_that_overlap_are_merged_with_a_remark(intervals, words, merged):
    with pytest.raises(InputError, match=words):
        make(intervals)
    with noted_remarks() as remarks:
        gti = GTI.from_hdu(run_hdus(RunFile(gti=intervals))["gti"], "HDU GTI of x")
    assert gti.intervals.tolist() == [list(pair) for pair in merged]
    assert len(remarks) == 1
    assert words in remarks[0][1]


def test_seconds_need_a_reference():
    with pytest.raises(InputError, match="needs a reference"):
        GTI([0.0], [1.0])


def test_from_hdu_counts_in_the_reference_that_is_asked_for():
    hdu = run_hdus(RunFile())["gti"]
    own = GTI.from_hdu(hdu, "x")
    np.testing.assert_array_equal(own.intervals, [[START, START + 1680]])
    later = TimeReference(MJDREF[0] + 1, MJDREF[1])
    np.testing.assert_array_equal(GTI.from_hdu(hdu, "x", later).intervals, own.intervals - 86400)


def test_from_hdu_reads_days():
    columns = [
        fits.Column(name, "D", "d", array=[value]) for name, value in (("START", 10.0), ("STOP", 10.5))
    ]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(MJDREFI=MJDREF[0], MJDREFF=MJDREF[1], TIMESYS="TT")
    np.testing.assert_allclose(GTI.from_hdu(hdu, "x").intervals, [[864000.0, 907200.0]], rtol=1e-15)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (RunFile(without_columns={"gti": ("STOP",)}), "has no column STOP; it has START"),
        (
            RunFile(units={"gti": {"START": "m"}}),
            "column START of HDU GTI of x has the unit 'm'; wanted .* s",
        ),
        (RunFile(mjdref=None), "HDU GTI of x does not say since when"),
    ],
)
def test_unusable_tables_get_a_sentence(run, words):
    with pytest.raises(DataError, match=words):
        GTI.from_hdu(run_hdus(run)["gti"], "HDU GTI of x")


def test_it_says_what_it_holds():
    gti = make([(START, START + 100), (START + 200, START + 300)])
    assert str(gti) == "GTI: 2 intervals, 200.0 s in 2007-05-04 19:34:24.184 to 2007-05-04 19:39:24.184 (TT)"
    assert str(make([])) == "GTI: no good time"
    assert "2 intervals" in gti._repr_html_()
    assert gti.table.colnames == ["START", "STOP", "DURATION"]
    np.testing.assert_array_equal(gti.table["DURATION"].value, [100, 100])


def test_a_table_that_does_not_say_since_when_has_that_of_its_events():
    hdu = run_hdus(RunFile(gti_header={"MJDREFI": None, "MJDREFF": None}))["gti"]
    with noted_remarks() as remarks:
        gti = GTI.from_hdu(hdu, "HDU GTI of x", REFERENCE)
    np.testing.assert_array_equal(gti.intervals, [[START, START + 1680]])
    assert (
        "HDU GTI of x does not say since when its times count; that of its events is taken" in remarks[0][1]
    )
    with pytest.raises(DataError, match="HDU GTI of x does not say since when its times count"):
        GTI.from_hdu(hdu, "HDU GTI of x")


@pytest.mark.parametrize(("unit", "said"), [("s", 0), (None, 2)])
def test_columns_without_unit_are_seconds(unit, said):
    run = RunFile(units={"gti": {"START": None, "STOP": None}}, gti_header={"TIMEUNIT": unit})
    with noted_remarks() as remarks:
        gti = GTI.from_hdu(run_hdus(run)["gti"], "HDU GTI of x", REFERENCE)
    np.testing.assert_array_equal(gti.intervals, [[START, START + 1680]])
    assert sum("has no unit; its times are taken as seconds" in words for _, words in remarks) == said


def test_good_time_has_its_own_reference_scale_and_unit():
    # Half a day and 32.184 s (TT - TAI) between them, in days.
    gti = {"MJDREFI": MJDREF[0], "MJDREFF": MJDREF[1] + 0.5, "TIMESYS": "TAI", "TIMEUNIT": "d"}
    days = [((START - 43200 - 32.184) / 86400, (START - 43200 - 32.184 + 900) / 86400)]
    run = RunFile(gti=days, gti_header=gti, units={"gti": {"START": None, "STOP": "d"}})
    found = GTI.from_hdu(run_hdus(run)["gti"], "HDU GTI of x", REFERENCE)
    np.testing.assert_allclose(found.intervals, [[START, START + 900]], atol=1e-6)


def test_without_a_scale_good_time_has_that_of_its_events():
    utc = TimeReference(*MJDREF, "utc")
    with noted_remarks() as remarks:
        gti = GTI.from_hdu(run_hdus(RunFile(gti_header={"TIMESYS": None}))["gti"], "HDU GTI of x", utc)
    np.testing.assert_array_equal(gti.intervals, [[START, START + 1680]])
    assert remarks[0][1] == "HDU GTI of x has no TIMESYS; that of its events is taken, UTC."
