"""Texts of binnings: each stands for what the function of its name makes, and a wrong one says what is wanted."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.table import Table
from astropy.time import Time

from tevcurve.bins.text import (
    as_binning,
    binning_from_text,
    check_text,
    explicit_text,
    scale_is_assumed,
)
from tevcurve.bins.time_text import MONTH_SAID, as_times
from tevcurve.errors import InputError
from tevcurve.lightcurve import bins

POSITION = SkyCoord(83.63, 22.01, unit="deg")


@pytest.mark.parametrize(
    ("text", "binning"),
    [
        ("run", bins.by_run()),
        ("Night", bins.by_night()),
        ("night 16.5 deg", bins.by_night("16.5 deg")),
        ("night gap=4h", bins.by_night(gap="4 h")),
        ("2 min", bins.by_width("2 min")),
        ("2min", bins.by_width("2 min")),
        ("1.5e2s", bins.by_width("150 s")),
        ("2 min rest=drop", bins.by_width("2 min", rest="drop")),
        ("counts 50", bins.by_counts(50)),
        ("significance 5", bins.by_significance(25)),
        ("blocks", bins.bayesian_blocks()),
        ("blocks 0.05", bins.bayesian_blocks(0.05)),
        ("sliding 10 min 2min", bins.sliding("10 min", "2 min")),
    ],
)
def test_a_text_is_the_binning_of_its_name(text, binning):
    assert binning_from_text(text) == binning


def test_a_start_sets_the_grid():
    grid = binning_from_text("width 2 min align=absolute")
    assert (grid.align, grid.start) == ("absolute", Time(51544.5, format="mjd", scale="tt"))
    made = binning_from_text("2 min start=2006-07-29T20:00:00 scale=tt")
    assert made.start == Time("2006-07-29T20:00:00", scale="tt")
    assert made.align == "absolute"


def test_edges_are_dates_or_mjd():
    made = binning_from_text("edges 2006-07-29T20:00 2006-07-29T21:30")
    np.testing.assert_allclose((made.stop - made.start).to_value(u.min), [90], rtol=1e-12)
    made = binning_from_text("edges 53945.25 53945.5 53946 scale=tt")
    assert made.start.scale == "tt"
    np.testing.assert_array_equal(made.start.mjd, [53945.25, 53945.5])


def test_intervals_go_in_pairs():
    made = binning_from_text("intervals 53945.25 53945.5 53946 53947")
    np.testing.assert_array_equal(made.stop.mjd, [53945.5, 53947])
    with pytest.raises(InputError, match="there are 3 times, and each interval has two"):
        binning_from_text("intervals 53945.25 53945.5 53946")


def test_times_come_from_a_file(tmp_path):
    (tmp_path / "edges.txt").write_text("# night one\n2006-07-29 20:00\n\n2006-07-29T21:00  # end\n")
    made = binning_from_text("edges edges.txt", folder=tmp_path)
    assert made.start[0] == Time("2006-07-29T20:00")
    (tmp_path / "gtis.csv").write_text("53945.1,53945.2\n53945.3,53945.4\n")
    made = binning_from_text(f"intervals {tmp_path / 'gtis.csv'}")
    np.testing.assert_array_equal(made.start.mjd, [53945.1, 53945.3])


def test_no_digit_of_an_mjd_is_lost():
    time = as_times(["53945.123456789012345"])[0]
    # 1e-15 d are 0.09 ns, which one float64 of the whole MJD cannot hold.
    assert abs((time - Time(53945, 0.123456789012345, format="mjd", scale="tt")).to_value(u.ns)) < 1e-3


def test_a_phase_has_an_ephemeris():
    made = binning_from_text("phase 10 period=3.906d epoch=53000.5")
    assert made.n == 10
    assert made.ephemeris.epoch == Time(53000.5, format="mjd", scale="tt")
    np.testing.assert_allclose(made.ephemeris.frequency_at(0.0), 1 / (3.906 * 86400), rtol=1e-14)
    made = binning_from_text(
        "phase 20 frequency=29.9Hz derivatives=-3.7e-10 epoch=2005-01-01T00:00:00 barycentre=yes "
        "site=16.5deg,-23.27deg,1800m",
        position=POSITION,
    )
    assert made.position is POSITION
    expected = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1800 * u.m)
    assert abs((made.site.x - expected.x).to_value(u.m)) < 1e-6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "wanted is a text"),
        (3, "wanted is a text"),
        ("nigth", "did you mean 'night'"),
        ("hourly", "or one of run, night"),
        ("2 parsec", "wanted is a duration"),
        ("2", "wanted is a duration"),
        ("2 min 3", "more than one"),
        ("counts", "the number of events is missing"),
        ("counts many", "the number of events is 'many'"),
        ("run 3", "'3' is too much"),
        ("run gap=3h", "run has no gap="),
        ("2 min algn=absolute", "width has no algn=; it has align, rest, scale, start"),
        ("2 min align=", "without a value"),
        ("sliding 3min", "a width and a step are wanted"),
        ("edges", "there are no times"),
        ("edges nowhere.txt", "no file of times: No such file"),
        ("edges 2006-99-99 2006-01-01", "is no time; wanted is a date"),
        ("edges 53945 54000 scale=moon", "time scale is 'moon'"),
        ("night 3deg 4deg", "more than one longitude"),
        ("phase 10 period=3d", "epoch= is missing"),
        ("phase 10 period=3d epoch=53000 derivatives=a", "derivatives is 'a'"),
        ("phase 10 period=3d epoch=53000 barycentre=maybe", "may be yes or no"),
        ("phase 10 period=3d epoch=53000 barycentre=yes site=here", "site is 'here'"),
    ],
)
def test_a_wrong_text_is_told(text, words):
    with pytest.raises(InputError, match=words):
        binning_from_text(text, position=POSITION)


def test_files_of_another_kind_are_refused(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is no text"):
        binning_from_text(f"edges {tmp_path / 'a.bin'}")
    with pytest.raises(InputError, match="no file of times"):
        binning_from_text(f"edges {tmp_path}")


@pytest.mark.parametrize("example", [each for kind in bins.BINNINGS.things().values() for each in kind.forms])
def test_every_example_in_a_message_can_be_used(example, tmp_path):
    (tmp_path / "FILE").write_text("2006-07-29T20:00 2006-07-29T21:00")
    assert callable(binning_from_text(example, folder=tmp_path).bins)


def test_a_binning_or_its_text_is_taken_wherever_time_bins_are():
    assert as_binning("2 min") == bins.by_width("2 min")
    assert as_binning(bins.by_run()) == bins.by_run()
    assert as_binning(2 * u.min) == bins.by_width("2 min")
    with pytest.raises(InputError, match="time_bins is 3; wanted is a binning"):
        as_binning(3)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("edges 53945.25 53945.5", "tt"),
        ("edges 53945.25 53945.5 utc", "utc"),
        ("edges '53945.25 utc' '53945.5 UTC'", "utc"),
        ("edges 53945.25 53945.5 scale=tai", "tai"),
        ("edges 2006-07-29T20:00 2006-07-29T21:00", "utc"),
        ("edges 2006-07-29T20:00 2006-07-29T21:00 tt", "tt"),
        ("edges '2006-07-29 20:00' '2006-07-29 21:00'", "utc"),
        ("2 min start=53945.25", "tt"),
        ("2 min start='53945.25 utc'", "utc"),
        ("sliding 10min 2min start=53945.25", "tt"),
    ],
)
def test_numbers_are_tt_and_dates_utc_unless_the_text_says_otherwise(text, scale, caplog):
    start = binning_from_text(text).start
    assert np.ravel(start)[0].scale == scale
    said = [words for words in caplog.messages if "plain numbers are taken as MJD in TT" in words]
    assert len(said) == (scale == "tt" and "2006" not in text)
    caplog.clear()
    again = binning_from_text(explicit_text(text)).start
    assert np.all(again == start)
    assert not caplog.messages
    binning_from_text(text, quiet=True)
    assert not caplog.messages


def test_epochs_of_phases(caplog):
    at_site = binning_from_text("phase 4 period=3d epoch=53000").ephemeris.epoch
    assert (at_site.scale, caplog.messages[-1].count("MJD in TT")) == ("tt", 1)
    text = "phase 4 period=3d epoch=53000 barycentre=yes"
    there = binning_from_text(text, position=POSITION).ephemeris.epoch
    assert (there.scale, caplog.messages[-1].count("MJD in TDB")) == ("tdb", 1)
    date = binning_from_text("phase 4 period=3d epoch=2004-03-01T00:00:00 scale=tdb").ephemeris.epoch
    assert date == Time("2004-03-01", scale="tdb")
    assert explicit_text(text) == f"{text} scale=tdb"


def test_two_scales_are_too_many():
    with pytest.raises(InputError, match="are in tt and in utc; wanted is one time scale"):
        binning_from_text("edges '53945.25 tt' '53945.5 utc'")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("2.6e8", "looks like seconds of a mission's clock"),
        ("2454919.76", "looks like a Julian day; wanted is that less 2400000.5"),
        ("2006", "looks like a year"),
        ("600", "wanted is one from 15000 to 100000"),
        ("-3", "is no MJD"),
    ],
)
def test_numbers_that_are_no_mjd_are_refused(number, words, tmp_path):
    with pytest.raises(InputError, match=words):
        binning_from_text(f"edges {number} 3e8")
    with pytest.raises(InputError, match=words):
        bins.by_edges([float(number), 3e8])
    with pytest.raises(InputError, match=words):
        bins.by_width("2 h", start=number)
    (tmp_path / "edges.txt").write_text(f"{number}\n3e8\n")
    with pytest.raises(InputError, match=words):
        binning_from_text("edges edges.txt", folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("edges 53945.25 53945.5", "edges 53945.25 53945.5 scale=utc"),
        ("edges 53945.25 53945.5 scale=tt", "edges 53945.25 53945.5 scale=tt"),
        ("2 min start=53945.25", "2 min rest=keep start=53945.25 scale=utc"),
        ("7 d", "7 d align=run rest=keep"),
        ("phase 4 period=3d epoch=53000", "phase 4 period=3d epoch=53000 scale=tdb"),
        ("edges 2006-07-29T20:00 2006-07-29T21:00", "edges 2006-07-29T20:00 2006-07-29T21:00 scale=utc"),
        ("night", "night"),
    ],
)
def test_texts_of_before_keep_their_scale(text, old):
    assert explicit_text(text, once=True) == old
    assert scale_is_assumed(text) == (old != text and "-" not in text and text != "7 d")


def test_numbers_are_taken_where_times_are(caplog):
    table = Table({"time_min": [53945.25, 53945.5]}, units={"time_min": "d"})
    for times in (
        [53945.25, 53945.5],
        np.array([53945.25, 53945.5]),
        table["time_min"],
        ["53945.25", "53945.5"],
    ):
        made = bins.by_edges(times)
        assert made.start.scale == "tt"
        np.testing.assert_array_equal(made.stop.mjd, [53945.5])
    assert "times has plain numbers; they are taken as MJD in TT." in caplog.messages
    made = bins.by_intervals([[53945.25, 53945.5], [53946, 53947]])
    assert (made.start.scale, made.start.shape) == ("tt", (2,))
    with pytest.raises(InputError, match="masked"):
        bins.by_edges(Time(np.ma.array([53945.0, 53946.0], mask=[True, False]), format="mjd"))


@pytest.mark.parametrize(
    ("text", "days"),
    [("7d", 7), ("2 weeks", 14), ("12 hours", 0.5), ("90 mins", 0.0625), ("36 Hours", 1.5), ("30 days", 30)],
)
def test_durations_are_taken_as_people_type_them(text, days):
    assert binning_from_text(text).width_s == pytest.approx(days * 86400, rel=1e-15)


def test_a_month_has_30_days_and_that_is_said(caplog):
    assert binning_from_text("1 month") == bins.by_width("30 d")
    assert [each.getMessage() for each in caplog.records] == [MONTH_SAID]
    assert "30 d" in MONTH_SAID
    caplog.clear()
    assert bins.by_width("1.5 months") == bins.by_width("45 d")
    assert len(caplog.records) == 1
    caplog.clear()
    check_text("1 month")
    binning_from_text("1 month", quiet=True)
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "mjd", "scale"),
    [("MJD 53945", 53945, "tt"), ("mjd53945.9 utc", 53945.9, "utc"), ("53945.9", 53945.9, "tt")],
)
def test_numbers_may_be_called_mjd(text, mjd, scale):
    (time,) = as_times([text])
    assert (time.scale, time.mjd) == (scale, mjd)


def test_a_date_is_no_mjd():
    with pytest.raises(InputError, match="'MJD 2006-07-29' is no time"):
        as_times(["MJD 2006-07-29"])
