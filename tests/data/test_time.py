"""Mission times: the way to `Time` and back loses nothing, in any scale, and headers mean what they say."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from tevcurve.data import TimeReference
from tevcurve.data.header import RunHeader
from tevcurve.data.time_keywords import seconds_in_unit
from tevcurve.errors import DataError, InputError

SCALES = ("tt", "tai", "utc", "tdb")
HESS = {"MJDREFI": 51910, "MJDREFF": 0.000742870370370241, "TIMESYS": "TT"}

references = st.builds(
    TimeReference,
    # The last of 1e9 seconds is in 2024: leap seconds are known until then.
    mjdrefi=st.integers(42000, 48900),
    mjdreff=st.floats(0, 1, exclude_max=True, allow_subnormal=False),
    scale=st.sampled_from(SCALES),
)


@given(references, st.floats(2.0**19, 1e9))
def test_every_float64_of_seconds_comes_back(reference, seconds):
    assert reference.to_seconds(reference.to_time(seconds)) == seconds


@given(references, st.integers(-(2**19) * 10**9, 2**19 * 10**9))
def test_every_nanosecond_of_the_first_days_comes_back(reference, nanoseconds):
    seconds = nanoseconds / 1e9
    assert reference.to_seconds(reference.to_time(seconds)) == seconds


@given(st.floats(2.0**19, 5e8), st.sampled_from(SCALES))
def test_seconds_come_back_through_another_scale(seconds, scale):
    reference = TimeReference.from_header(HESS, "a file")
    assert reference.to_seconds(getattr(reference.to_time(seconds), scale)) == seconds


def test_hess_times_are_those_of_the_file_date_keywords():
    # TSTART and DATE-OBS, TIME-OBS of a file (times in TT).
    time = TimeReference.from_header(HESS, "a file").to_time(123890826.0)
    assert time.scale == "tt"
    assert time.iso == "2004-12-04 22:08:10.184"


def test_utc_seconds_are_elapsed_seconds_across_a_leap_second():
    # 2016-12-31 had 86401 seconds.
    reference = TimeReference(57753, 0.0, "utc")
    assert reference.to_time(86400.0).iso == "2016-12-31 23:59:60.000"
    assert reference.to_time(86401.0).iso == "2017-01-01 00:00:00.000"
    assert reference.to_seconds(Time("2017-01-01", scale="utc")) == 86401.0


def test_tt_is_32_184_s_ahead_of_tai():
    tt, tai = TimeReference(55000, 0.25, "tt"), TimeReference(55000, 0.25, "tai")
    assert tt.convert(1e6, tai) == pytest.approx(1e6 + 32.184, abs=1e-9)


def test_shapes_are_kept():
    reference = TimeReference(55000, 0.0)
    seconds = np.array([[1e6, 2e6, 3e6]])
    time = reference.to_time(seconds)
    assert time.shape == (1, 3)
    np.testing.assert_array_equal(reference.to_seconds(time), seconds)
    assert np.ndim(reference.to_seconds(reference.to_time(5.0))) == 0


@pytest.mark.parametrize("system", ["utc", "UTC", " Utc"])
def test_header_scale_in_any_case(system):
    reference = TimeReference.from_header({"MJDREF": 52706.5, "TIMESYS": system}, "a file")
    assert reference == TimeReference(52706, 0.5, "utc")


def test_header_pair_wins_over_the_single_value():
    header = {**HESS, "MJDREF": 40000.0}
    assert TimeReference.from_header(header, "a file") == TimeReference(51910, 0.000742870370370241, "tt")


def test_a_reference_goes_into_a_header_and_back():
    reference = TimeReference(51910, 0.000742870370370241, "tai")
    assert TimeReference.from_header(reference.to_header(), "a file") == reference


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"TIMESYS": "TT"}, "HDU X of y does not say since when .* MJDREFI with MJDREFF, or MJDREF"),
        ({**HESS, "MJDREFF": "zero"}, "HDU X of y has MJDREFI and MJDREFF 'zero'; wanted is a number"),
        ({**HESS, "MJDREFI": float("nan")}, "HDU X of y has MJDREFI and MJDREFF nan"),
        (
            {**HESS, "TIMESYS": "MOON"},
            "HDU X of y has TIMESYS 'MOON'; wanted is one of TT, .*, UT1, GPS, TDB",
        ),
        ({**HESS, "TIMESYS": 5}, "HDU X of y has TIMESYS 5; wanted is one of"),
        ({**HESS, "TIMEZERO": "soon"}, "HDU X of y has TIMEZERO 'soon'; wanted is a number of seconds"),
        ({**HESS, "TIMEOFFS": True}, "HDU X of y has TIMEOFFS True; wanted is a number of seconds"),
        ({**HESS, "MJDREFI": 200000}, "counts its times since MJD 200000; wanted is a day from 1858 to 2132"),
    ],
)
def test_unusable_headers_get_a_sentence(header, words):
    with pytest.raises(DataError, match=words):
        TimeReference.from_header(header, "HDU X of y")


@pytest.mark.parametrize(
    ("words", "scale"),
    [
        (("TT", "TDT", "ET", "tt(tai)", " Tdt "), "tt"),
        (("TAI", "IAT", "iat ", "TAI(GPS)"), "tai"),
        (("UTC", "GMT", "UT", "utc", "UTC(NIST)"), "utc"),
        (("TDB", "tdb"), "tdb"),
        (("TCB", "Tcb"), "tcb"),
        (("TCG",), "tcg"),
        (("UT1",), "ut1"),
    ],
)
def test_scales_in_all_words_of_fits(words, scale):
    # Table 30 of the standard 4.0; astropy has the scales.
    for word in words:
        reference = TimeReference.from_header({"MJDREF": 51544.5, "TIMESYS": word}, "a file")
        expected = Time(51544.5, 4e8 / 86400, format="mjd", scale="tai" if scale == "utc" else scale)
        if scale == "utc":
            expected = Time(51544.5, format="mjd", scale="utc").tai + 4e8 * u.s
        time = reference.to_time(4e8)
        assert abs((time.tai - expected.tai).to_value("s")) < 1e-6
        assert reference.to_seconds(time) == pytest.approx(4e8, abs=1e-6)
        assert reference.to_seconds(time.tt) == pytest.approx(4e8, abs=1e-6)


def test_the_clock_of_gps_is_19_s_behind_tai():
    # astropy counts seconds of GPS from 1980-01-06, which is MJD 44244.
    time = TimeReference.from_header({"MJDREF": 44244, "TIMESYS": "GPS"}, "a file").to_time(1e9)
    assert abs((time - Time(1e9, format="gps")).to_value("s")) < 1e-9


@pytest.mark.parametrize(
    ("word", "said"), [("LOCAL", "taken as TT"), ("UT", "taken as UTC"), ("UT1", "rotation")]
)
def test_scales_that_say_less_than_is_wanted_are_said(caplog, word, said):
    reference = TimeReference.from_header({**HESS, "TIMESYS": word}, "HDU X of y")
    assert reference.scale == {"LOCAL": "tt", "UT": "utc", "UT1": "ut1"}[word]
    assert [said in one for one in caplog.messages] == [True]


@pytest.mark.parametrize("scale", ["TT", "TAI", "UTC", "TDB", "TCB"])
@pytest.mark.parametrize("keyword", ["TIMEZERO", "TIMEOFFS"])
def test_a_time_zero_is_added_to_the_nanosecond(scale, keyword):
    header = {"MJDREFI": 52706, "MJDREFF": 0.25, "TIMESYS": scale}
    bare = TimeReference.from_header(header, "a file")
    # Three leap seconds lie in between.
    for zero, unit in ((333780072.766974, "s"), (-5.25, "s"), (4000.125, "d"), ("1.5D3", "s")):
        added = TimeReference.from_header(header | {keyword: zero, "TIMEUNIT": unit}, "a file")
        seconds = float(str(zero).replace("D", "E")) * {"s": 1, "d": 86400}[unit]
        difference = added.to_time(1000.5) - bare.to_time(seconds + 1000.5)
        assert abs(difference.to_value("s")) < 2e-9
        assert added.scale == bare.scale
        assert TimeReference.from_header(header | {keyword: zero}, "a file", zero=False) == bare


def test_a_missing_scale_is_tt_and_said(caplog):
    reference = TimeReference.from_header({"MJDREFI": 51910, "MJDREFF": 0.0}, "HDU X of y")
    assert reference.scale == "tt"
    assert caplog.messages == ["HDU X of y has no TIMESYS; its times are taken as TT."]


def test_an_unknown_scale_is_refused():
    with pytest.raises(InputError, match="'gps'; wanted is one of tt, tai, utc, tdb, tcg, tcb, ut1"):
        TimeReference(51910, 0.0, "gps")


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("LOCAL", "local"),
        ("SolarSystem", "solarsystem"),
        ("BARYCENTER", "solarsystem"),
        ("GEOCENTRIC", "geocentric"),
    ],
)
def test_where_the_clock_is(word, place):
    for keyword in ("TIMEREF", "TREFPOS"):
        reference = TimeReference.from_header({**HESS, keyword: word}, "a file")
        assert reference.place == place
        assert TimeReference.from_header(reference.to_header(), "a file") == reference
    assert TimeReference.from_header(HESS, "a file").place == "local"


def test_a_place_that_nobody_knows_is_said(caplog):
    reference = TimeReference.from_header({**HESS, "TIMEREF": "MOON"}, "HDU X of y")
    assert reference.place == "local"
    assert "TIMEREF 'MOON', which is not known" in caplog.messages[0]
    with pytest.raises(InputError, match="place of a clock is 'moon'"):
        TimeReference(51910, 0.0, place="moon")


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), (" s ", 1), ("d", 86400), ("min", 60), ("ms", 1e-3), ("", 1)]
)
def test_start_and_stop_are_in_the_time_unit(unit, factor):
    header = {**HESS, "TIMEUNIT": unit, "TSTART": 3000.0, "TSTOP": 4000.0}
    assert seconds_in_unit(header, "a file") == factor
    np.testing.assert_allclose(RunHeader(header, "a file").span_s, [3000 * factor, 4000 * factor], rtol=1e-15)


def test_a_time_unit_that_is_none_is_refused():
    with pytest.raises(DataError, match="TIMEUNIT 'TeV'; wanted is a unit of time"):
        seconds_in_unit({"TIMEUNIT": "TeV"}, "a file")


@pytest.mark.parametrize("system", ["TT(TAI)", "tt", "UTC(NIST)", "TAI (BIPM)"])
def test_a_realization_of_a_scale_is_that_scale(system):
    reference = TimeReference.from_header({**HESS, "TIMESYS": system}, "a file")
    assert reference.scale == system.lower().partition("(")[0].strip()
