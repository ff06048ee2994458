import numpy as np
import pytest
from astropy.time import Time

from tevcurve.data.time import TimeReference
from tevcurve.leap_seconds import as_utc, may_be_future, remark_future, utc_if_known, utc_text
from tevcurve.problems import noted_remarks

NOW, AHEAD = Time("2024-03-10T21:30:00", scale="tt"), Time("2095-03-10T21:30:00", scale="tt")


def test_utc_far_ahead_is_without_further_leap_seconds():
    """TT is ahead of TAI by 32.184 s (IAU 1991), and TAI of UTC by 37 s since 2017."""
    for time in (NOW, AHEAD):
        seconds = (as_utc(time).jd1 - time.jd1 + as_utc(time).jd2 - time.jd2) * 86400
        assert seconds == pytest.approx(-69.184, abs=1e-4)
    assert utc_text(AHEAD) == "2095-03-10 21:28:50.816"


def test_times_are_told_in_utc_as_long_as_it_is_known():
    assert [utc_if_known(time).scale for time in (NOW, AHEAD)] == ["utc", "tt"]


def test_a_run_far_ahead_is_remarked_once():
    with noted_remarks() as remarks:
        remark_future(NOW, "Observation 1")
        remark_future(AHEAD, "Observation 2")
    (words,) = (words for _, words in remarks)
    assert words.startswith("Observation 2 is of 2095-03-10, up to which leap seconds are not known")


def test_days_of_the_past_need_no_look():
    """From the day before the first remark on, in any scale, a look is asked for; long before that it is not."""
    days = NOW.mjd + np.arange(0, 8000, 7.3)
    with noted_remarks(aloud=False) as remarks:
        told = []
        for day in days:
            remark_future(Time(day, format="mjd", scale="tt"), f"Observation {day}")
            told.append(len(remarks))
    is_told, may_be = np.diff(told, prepend=0) > 0, np.array([may_be_future(day) for day in days])
    assert is_told.any()
    assert np.all(may_be[is_told])
    assert np.sum(may_be & ~is_told) <= 1


def test_seconds_of_a_clock_in_utc_far_ahead_come_back():
    reference, seconds = TimeReference(69500, 0.0, "utc"), np.array([0.0, 1.5, 86400.0, 7e5])
    times = reference.to_time(seconds)
    assert times.scale == "tt"
    assert np.array_equal(reference.to_seconds(times), seconds)
