"""Bins by run, night, width and edges: partitions that lose no second and no event, and edges known by hand."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from timelines import CLOCK, CLOCKS, T0, assert_tiles, make_run, runs_in_order

from tevcurve.bins.fixed import ByNight
from tevcurve.bins.width import ByWidth
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_edges, by_intervals, by_night, by_run, by_width, sliding
from tevcurve.run_id import RunId

quick = settings(max_examples=30, deadline=None)


def seconds(bins):
    """Starts and stops of the intervals in s after T0."""
    return np.round(bins.start_s - T0, 6), np.round(bins.stop_s - T0, 6)


def moment(after):
    return CLOCK.to_time(T0 + np.asarray(after, dtype=float))


@quick
@given(runs_in_order(), st.floats(20, 3000))
def test_partitions_lose_no_second_and_no_event(runs, width):
    for binning in (
        by_run(),
        by_night(),
        by_night("16.5 deg"),
        by_width(width * u.s),
        by_width(width * u.s, align="absolute"),
        by_width(width * u.s, start=moment(-1234.5)),
        by_width(width * u.s, start=moment(1000.0)),
    ):
        bins = binning.bins(runs)
        assert_tiles(bins.pieces(runs), runs)
        assert not bins.overlapping
        ontime = bins.ontime_s(runs)
        assert np.all(ontime > 0)
        assert ontime.sum() == pytest.approx(sum(run.gti.ontime_s for run in runs), rel=1e-12)


@quick
@given(runs_in_order(), st.floats(20, 3000))
def test_bins_of_all_instruments_at_once_are_those_of_one_instrument(runs, width):
    """In clocks of their own; without that, no bin has runs of two."""
    named = [replace(run, run_id=RunId("AB"[k % 2], str(k))) for k, run in enumerate(runs)]
    alike = [replace(run, run_id=RunId("A", str(k))) for k, run in enumerate(runs)]
    for binning in (
        by_run(),
        by_night("16.5 deg"),
        by_width(width * u.s),
        by_width(width * u.s, align="absolute"),
    ):
        bins, wanted = binning.bins(named, together=True), binning.bins(alike)
        assert_tiles(bins.pieces(named), named)
        for edge in ("start", "stop"):
            for part in ("seconds", "rest"):
                found = getattr(getattr(bins, edge), part)
                np.testing.assert_array_equal(found, getattr(getattr(wanted, edge), part))
        for name, values in vars(bins.pieces(named)).items():
            np.testing.assert_array_equal(values, getattr(wanted.pieces(alike), name))
        assert bins.together
        assert bins.instrument is None
        assert "instrument" not in bins.columns()
        apart = binning.bins(named)
        pieces = apart.pieces(named)
        assert all(np.ptp(pieces.run[pieces.bin == k] % 2) == 0 for k in range(len(apart)))


def test_noons_of_the_reference_divide_nights_where_nothing_is_said():
    assert by_night().at_longitude(0.3) == ByNight(0.3, 0.0)
    assert by_night().at_longitude(None) == by_night()
    for binning in (by_night(gap="6 h"), by_night("16.5 deg"), by_run(), by_width("1 d")):
        assert binning.at_longitude(0.3) is binning


@quick
@given(runs_in_order(), st.lists(st.floats(-100, 4000), min_size=1, max_size=8, unique=True))
def test_edges_cut_the_good_time_between_the_first_and_the_last(runs, inner):
    edges = np.sort([*np.round(inner, 3), -1000.0, 10000.0])
    edges = edges[np.append(True, np.diff(edges) > 1e-3)]
    bins = by_edges(moment(edges)).bins(runs)
    assert len(bins) == len(edges) - 1
    assert_tiles(bins.pieces(runs), runs)


@quick
@given(runs_in_order())
def test_a_runs_own_edges_are_exact_in_its_clock_and_in_those_of_the_others(runs):
    edges = Time([run.gti.start[0].tt for run in runs] + [runs[-1].gti.stop[-1].tt])
    pieces = by_edges(edges).bins(runs).pieces(runs) if len(runs) > 1 else by_run().bins(runs).pieces(runs)
    # No slivers: each run lies in the bin that starts with it.
    np.testing.assert_array_equal(pieces.bin, pieces.run)
    assert_tiles(pieces, runs)


def test_runs_are_bins_also_where_they_overlap():
    runs = [
        make_run([(0, 100), (200, 300)], [150, 250], obs_id=7),
        make_run([(50, 250)], [60, 220], CLOCKS[2], 8),
    ]
    bins = by_run().bins(runs)
    assert bins.labels == ("7", "8")
    np.testing.assert_array_equal(bins.ontime_s(runs), [200, 200])
    assert_tiles(bins.pieces(runs), runs)
    assert_tiles(by_width("30 s").bins(runs).pieces(runs), runs)
    together = by_width("30 s", align="absolute").bins(runs)
    assert together.ontime_s(runs).sum() == pytest.approx(400)
    # Two of the bins have seconds of both.
    assert together.ontime_s(runs).max() == pytest.approx(60)


def test_a_width_begins_with_the_first_of_runs_that_overlap_where_instruments_are_together():
    # Two share 300 s to 700 s, in clocks of their own; a third run is alone.
    runs = [
        made_of("hess", [(0, 700)]),
        made_of("magic", [(300, 1000)], CLOCKS[1]),
        made_of("magic", [(5000, 5250)], CLOCKS[1]),
    ]
    bins = by_width("200 s").bins(runs, together=True)
    start, stop = (Time(edge) - CLOCK.to_time(T0) for edge in (bins.time_min, bins.time_max))
    np.testing.assert_allclose(start.sec, [0, 200, 400, 600, 800, 5000], atol=1e-5)
    np.testing.assert_allclose(stop.sec, [200, 400, 600, 800, 1000, 5250], atol=1e-5)
    np.testing.assert_allclose(bins.ontime_s(runs), [200, 300, 400, 300, 200, 250], atol=1e-5)
    # No second is lost where a stretch starts or stops.
    assert_tiles(bins.pieces(runs), runs)
    # One by one they have bins of their own.
    assert by_width("200 s").bins(runs).n_bins > bins.n_bins


def made_of(instrument, intervals, clock=CLOCK):
    """A run of an instrument."""
    return replace(make_run(intervals, clock=clock), run_id=RunId(instrument, str(intervals)))


def test_width_aligned_with_runs():
    runs = [make_run([(0, 250)]), make_run([(1000, 1040), (1195, 1300)], obs_id=2)]
    bins = by_width("100 s").bins(runs)
    start, stop = seconds(bins)
    np.testing.assert_array_equal(start, [0, 100, 200, 1000, 1100, 1200])
    np.testing.assert_array_equal(stop, [100, 200, 250, 1100, 1200, 1300])
    np.testing.assert_allclose(bins.ontime_s(runs), [100, 100, 50, 40, 5, 100], rtol=1e-9)
    # The third hundred seconds of a gap make no bin.
    gap = by_width("100 s").bins([make_run([(0, 50), (250, 300)])])
    np.testing.assert_array_equal(seconds(gap), [[0, 200], [100, 300]])


def test_a_run_of_whole_widths_has_no_sliver():
    for start in (0.0, 0.1, 1 / 3):
        bins = by_width("2 min").bins([make_run([(start, start + 1680)])])
        assert len(bins) == 14
        assert bins.stop_s[-1] == T0 + (start + 1680)


def test_rests_of_runs_are_merged_dropped_or_kept():
    good_time = [(0, 209)], [(1000, 1260)], [(2000, 2040)]
    runs = [make_run(each, obs_id=number) for number, each in enumerate(good_time)]
    lengths = {
        "merge": [100, 109, 100, 100, 60, 40],
        "drop": [100, 100, 100, 100, 60, 40],
        "keep": [100, 100, 9, 100, 100, 60, 40],
    }
    for rest, expected in lengths.items():
        bins = by_width("100 s", rest=rest).bins(runs)
        np.testing.assert_allclose(bins.ontime_s(runs), expected, rtol=1e-9)
        assert bins.note == ("9 s at the ends of 1 runs are in no bin" if rest == "drop" else "")
    assert by_width("100 s") == by_width("100 s", rest="merge")
    assert_tiles(by_width("100 s").bins(runs).pieces(runs), runs)
    # What was written before there was a choice keeps them.
    assert ByWidth(100.0, None, "run") == by_width("100 s", rest="keep")


@pytest.mark.parametrize("width", ["12 h", "1 d", "7 d"])
def test_wide_bins_are_the_same_ones_whichever_runs_are_there(width):
    runs = [make_run([(86400 * day, 86400 * day + 1000)], obs_id=day) for day in (0, 1, 5, 9, 30)]
    every = by_width(width).bins(runs)
    days = u.Quantity(width).to_value("d")
    zero = (every.time_min.tt - Time(51544.5, format="mjd", scale="tt")).to_value("d") / days
    np.testing.assert_allclose(zero, np.round(zero), atol=1e-9)
    np.testing.assert_allclose((every.time_max - every.time_min).to_value("d"), days, rtol=1e-12)
    assert "on one grid from MJD 51544.5 (TT)" in every.kind
    for some in (runs[1:], runs[::2], runs[-1:]):
        starts = by_width(width).bins(some).time_min
        assert all(np.min(np.abs((every.time_min - start).sec)) < 1e-6 for start in starts)
    # Shorter ones begin with each run, unless a grid is asked for; that is the same one.
    assert by_width("11.9 h").align == "run"
    assert by_width("2 min", align="absolute").start == Time(51544.5, format="mjd", scale="tt")
    assert by_width(width, align="run").start is None


def test_width_on_one_grid():
    runs = [make_run([(30, 250)]), make_run([(290, 420)]), make_run([(1000, 1010)])]
    # An old result has a grid from the first good time.
    start, stop = seconds(ByWidth(100.0, None, "absolute").bins(runs))
    np.testing.assert_array_equal(start, [30, 130, 230, 330, 930])
    np.testing.assert_array_equal(stop, start + 100)
    given_start = by_width("100 s", start=moment(200)).bins(runs)
    start, stop = seconds(given_start)
    np.testing.assert_array_equal(start, [0, 100, 200, 300, 400, 1000])
    np.testing.assert_allclose(given_start.ontime_s(runs), [70, 100, 60, 100, 20, 10])
    assert given_start.pieces(runs).run.tolist() == [0, 0, 0, 1, 1, 1, 2]


def test_bins_are_half_open():
    run = make_run([(0, 100)], [0, 49.5, 50, 100])
    pieces = by_width("50 s").bins([run]).pieces([run])
    inside = (run.time_s[:, None] >= pieces.start_s) & (run.time_s[:, None] < pieces.stop_s)
    np.testing.assert_array_equal(inside, [[True, False], [True, False], [False, True], [False, False]])


def test_asked_for_bins_are_kept_without_good_time_and_made_ones_are_not():
    run = make_run([(0, 100)])
    edges = by_edges(moment([-50, -10, 50, 500, 600])).bins([run])
    np.testing.assert_allclose(edges.ontime_s([run]), [0, 50, 50, 0])
    pairs = by_intervals([(moment(300), moment(400)), (moment(20), moment(30))]).bins([run])
    np.testing.assert_allclose(pairs.ontime_s([run]), [10, 0])
    np.testing.assert_allclose((pairs.time_min - moment([20, 300])).sec, 0, atol=1e-7)
    assert not pairs.overlapping
    assert by_intervals([(moment(0), moment(20)), (moment(10), moment(30))]).bins([run]).overlapping
    assert not by_intervals([(moment(10), moment(20)), (moment(0), moment(10))]).bins([run]).overlapping


def test_times_may_be_strings():
    run = make_run([(0, 86400)])
    bins = by_edges(["2007-05-05 00:00", "2007-05-05T06:00", "2007-05-05 12:00"]).bins([run])
    assert bins.time_min.utc.iso[1] == "2007-05-05 06:00:00.000"
    assert by_intervals([("2007-05-05 00:00", "2007-05-05 01:00")]).bins([run]).ontime_s(
        [run]
    ) == pytest.approx(3600)
    mixed = by_edges(
        [Time(54225.0, format="mjd", scale="utc"), Time(54225.5, format="mjd", scale="tt")]
    ).bins([run])
    assert mixed.ontime_s([run]) == pytest.approx(43200 - 65.184, abs=1e-6)
    on_grid = by_width("1 h", start="2007-05-05 00:10").bins([run])
    assert {iso[14:] for iso in on_grid.time_min.utc.iso} == {"10:00.000"}


def test_nights():
    # T0 is 2007-05-04 19:33 UT: local noon at longitude 0 is 16 h 26 min later, that of 90 deg east 6 h earlier.
    hours = [(0.0, 0.5), (5.0, 5.5), (12.0, 12.5), (24.0, 24.5)]
    runs = [make_run([np.array(pair) * 3600]) for pair in hours]
    ends = {}
    for name, binning in {
        "gap": by_night(gap="6 h"),
        "default": by_night(),
        "long gap": by_night(gap="10 h"),
        "greenwich": by_night("0 deg"),
        "east": by_night(EarthLocation.from_geodetic(90, -23)),
        "west": by_night(-90 * u.deg),
    }.items():
        bins = binning.bins(runs)
        start, stop = seconds(bins)
        ends[name] = list(zip(start / 3600, stop / 3600, strict=True))
        assert_tiles(bins.pieces(runs), runs)
    assert ends["gap"] == ends["default"] == [(0, 5.5), (12, 12.5), (24, 24.5)]
    assert ends["long gap"] == [(0, 12.5), (24, 24.5)]
    assert ends["greenwich"] == [(0, 12.5), (24, 24.5)]
    assert ends["east"] == [(0, 5.5), (12, 24.5)]
    # Six hours later than at Greenwich, noon is after 22 h 26 min.
    assert ends["west"] == [(0, 12.5), (24, 24.5)]


def test_sliding_windows_overlap_and_say_so():
    run = make_run([(0, 100), (1000, 1050)])
    bins = sliding("40 s", "20 s", start=moment(0)).bins([run])
    start, stop = seconds(bins)
    np.testing.assert_array_equal(start, [0, 20, 40, 60, 80, 980, 1000, 1020, 1040])
    np.testing.assert_array_equal(stop, start + 40)
    assert bins.overlapping
    np.testing.assert_allclose(bins.ontime_s([run]), [40, 40, 40, 40, 20, 20, 40, 30, 10])
    assert not sliding("20 s", "20 s").bins([run]).overlapping
    late = sliding("40 s", "20 s", start=moment(70)).bins([run])
    assert seconds(late)[0][0] == 70
    assert sliding("1 d", "12 h").bins([run]).kind.startswith("1 d every 12 h on one grid from MJD ")


def test_windows_are_the_same_whichever_runs_are_there():
    """They start at a fixed time and at whole steps from it, before it too."""
    run, earlier, noon_s = make_run([(0, 100)]), make_run([(-5003.7, -4900)], obs_id=9), 10 * 365.25 * 86400
    windows = sliding("40 s", "20 s")
    alone, together = windows.bins([run]), windows.bins([earlier, run])
    np.testing.assert_array_equal(together.time_min.mjd[-len(alone) :], alone.time_min.mjd)
    noon = Time(51544.5, format="mjd", scale="tt")
    steps = (alone.time_min - noon).to_value("s") / 20
    np.testing.assert_allclose(steps, np.round(steps), rtol=0, atol=1e-6)
    assert "MJD 51544.5 (TT)" in alone.kind
    # Also before that time.
    assert len(windows.bins([make_run([(-noon_s, 100 - noon_s)])])) in (6, 7)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: by_width("2 m"), "'2 m'"),
        (lambda: by_width(-1 * u.min), "above 0"),
        (lambda: by_width("1 min", align="night"), "'run' or 'absolute'"),
        (lambda: by_width("1 min", start=moment(0), align="run"), "leave start out"),
        (lambda: by_width("1 min", start=945.0), "945 is no MJD"),
        (lambda: by_width("1 min", start=moment([0, 1])), "one time"),
        (lambda: by_edges([moment(1), moment(0)]), "do not ascend"),
        (lambda: by_edges([1.0, 2.0]), "1 is no MJD"),
        (lambda: by_edges([None, object()]), "wanted is a Time"),
        (lambda: by_edges(moment([1])), "two times or more"),
        (lambda: by_intervals([(moment(1), moment(1))]), "must come later"),
        (lambda: by_intervals([]), "pairs"),
        (lambda: by_intervals([(moment(1), moment(2), moment(3))]), "pairs"),
        (lambda: sliding("1 min", "2 min"), "longer than the width"),
        (lambda: by_night("16 deg", gap="1 h"), "one of them"),
        (lambda: by_night("somewhere"), "somewhere"),
        (lambda: by_run().bins([]), "no runs"),
        (lambda: by_run().bins([make_run([])]), "good time"),
        (lambda: by_width("1 us").bins([make_run([(0, 1000)])]), "take wider"),
        (lambda: by_width("1 us", align="absolute").bins([make_run([(0, 1000)])]), "take wider"),
    ],
)
def test_what_cannot_be_used_is_told(make, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        make()


def test_a_run_without_good_time_or_events_does_not_disturb():
    runs = [make_run([]), make_run([(0, 100)], obs_id=5), make_run([])]
    for binning in (
        by_run(),
        by_night(),
        by_width("40 s"),
        by_width("40 s", align="absolute"),
        sliding("9 s", "3 s"),
    ):
        pieces = binning.bins(runs).pieces(runs)
        assert set(pieces.run) == {1}
    assert by_run().bins(runs).labels == ("5",)


def test_many_bins_over_many_runs():
    runs = [make_run([(2000.3 * i, 2000.3 * i + 1680)], obs_id=i) for i in range(1000)]
    bins = by_width("1 min").bins(runs)
    assert len(bins) == 28_000
    np.testing.assert_allclose(bins.ontime_s(runs), 60, rtol=1e-9)
