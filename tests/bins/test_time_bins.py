"""The record of time bins: exact edges, choosing bins, and pieces of good time against a count by brute force."""

from itertools import combinations

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from timelines import CLOCK, CLOCKS, T0, make_run, runs_in_order

from tevcurve.bins.good_time import good_time
from tevcurve.bins.instants import Instants
from tevcurve.bins.time_bins import ANY_RUN
from tevcurve.data import GTI, TimeReference
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import TimeBins, by_edges, by_intervals, by_run, by_width, sliding
from tevcurve.run_id import RunId

quick = settings(max_examples=30, deadline=None)


@quick
@given(
    st.lists(st.floats(1e6, 6e8), min_size=1, max_size=10),
    st.sampled_from(CLOCKS),
    st.sampled_from(CLOCKS),
)
def test_seconds_of_one_clock_survive_another_to_the_last_bit(seconds, own, other):
    seconds = np.array(seconds)
    moments = Instants.from_seconds(seconds, own, other)
    np.testing.assert_array_equal(moments.in_seconds(own), seconds)
    np.testing.assert_array_equal(Instants.from_time(own.to_time(seconds), other).in_seconds(own), seconds)
    np.testing.assert_allclose((moments.time - own.to_time(seconds)).sec, 0, atol=1e-10)


def test_seconds_near_the_epoch_of_the_only_clock_are_kept_as_they_are():
    # A `Time` could not tell them apart.
    reference = TimeReference(60000, 0.0)
    run = make_run([])
    run = type(run)(RunId("", "1"), GTI([0.1], [1 / 3 + 1e-16], reference), np.zeros(0))
    bins = by_run().bins([run])
    assert (bins.start_s[0], bins.stop_s[0]) == tuple(run.gti.intervals[0])


@quick
@given(
    runs_in_order(), st.lists(st.tuples(st.integers(-100, 3000), st.integers(1, 900)), min_size=1, max_size=8)
)
def test_pieces_are_what_bins_and_good_time_share(runs, intervals):
    pairs = [(CLOCK.to_time(T0 + begin), CLOCK.to_time(T0 + begin + length)) for begin, length in intervals]
    bins = by_intervals(pairs).bins(runs)
    pieces = bins.pieces(runs)
    expected = []
    for number, pair in enumerate(sorted(pairs, key=lambda pair: pair[0])):
        for index, run in enumerate(runs):
            start, stop = (run.gti.reference.to_seconds(edge) for edge in pair)
            expected += [(number, index, *piece) for piece in run.gti.intersect((start, stop)).intervals]
    found = list(zip(pieces.bin, pieces.run, pieces.start_s, pieces.stop_s, strict=True))
    assert found == sorted(expected)
    ontime = np.zeros(len(pairs))
    for number, _, start, stop in expected:
        ontime[number] += stop - start
    np.testing.assert_allclose(bins.ontime_s(runs), ontime, rtol=1e-12)


def test_bins_of_several_intervals():
    run = make_run([(0, 100)])
    edges = np.array([0.0, 10, 20, 30, 40, 50]) + T0
    start, stop = (Instants.from_seconds(part, CLOCK, CLOCK) for part in (edges[:-1], edges[1:]))
    bins = TimeBins(
        start,
        stop,
        np.array([0, 0, 1, 2, 2]),
        3,
        np.full(5, ANY_RUN),
        labels=("a", "b", "c"),
        phase_min=np.arange(3) / 3,
    )
    np.testing.assert_array_equal(bins.ontime_s([run]), [20, 10, 20])
    np.testing.assert_allclose(CLOCK.to_seconds(bins.time_min) - T0, [0, 20, 30])
    np.testing.assert_allclose(CLOCK.to_seconds(bins.time_max) - T0, [20, 30, 50])
    turned = bins.select([2, 0])
    np.testing.assert_array_equal(turned.start_s - T0, [30, 40, 0, 10])
    np.testing.assert_array_equal(turned.bin, [0, 0, 1, 1])
    assert turned.labels == ("c", "a")
    np.testing.assert_allclose(turned.columns()["phase_min"], [2 / 3, 0])
    assert [one.labels[0] for one in bins] == ["a", "b", "c"]
    assert bins[-1].labels == ("c",)
    assert [len(one) for one in bins] == [1, 1, 1]
    np.testing.assert_array_equal(bins.select(np.array([False, True, False])).start_s - T0, [20])
    with pytest.raises(IndexError, match="no bin 3"):
        bins[3]


def test_times_are_in_tt_whatever_the_clocks_of_the_runs():
    runs = [make_run([(0, 100)], clock=CLOCKS[1]), make_run([(200, 300)], clock=CLOCKS[2], obs_id=2)]
    bins = by_run().bins(runs)
    assert bins.scale == bins.time_min.scale == bins.time_max.scale == "tt"
    np.testing.assert_allclose(
        (bins.time_max - CLOCK.to_time(T0 + np.array([100.0, 300.0]))).sec, 0, atol=6e-8
    )
    assert bins.reference == CLOCKS[1]


def test_words():
    run = make_run([(0, 100)])
    assert str(by_width("50 s").bins([run])) == (
        "TimeBins: 50 s from the start of each run, 2 bins, "
        "2007-05-04 19:34:24.184 to 2007-05-04 19:36:04.184 (TT)"
    )
    assert "overlapping" in str(sliding("50 s", "20 s").bins([run]))
    assert "no bins" in str(by_width("50 s").bins([run]).select([]))
    bins = by_edges(Time(["2020-01-01", "2021-01-01"])).bins([run])
    assert bins.meta() == {"time_bins": "by edges", "overlapping": False, "bins_on_events": False}
    assert bins.columns() == {}


def test_bins_of_runs_need_these_runs():
    runs = [make_run([(0, 100)]), make_run([(200, 300)])]
    with pytest.raises(InputError, match="the same runs"):
        by_run().bins(runs).pieces(runs[:1])


def test_good_time_takes_one_run_alone():
    assert good_time(make_run([(0, 100)])).run_ids == (RunId("", "1"),)


def bins_of(*intervals):
    """`TimeBins` of (start, stop, run) each."""
    start, stop, run = np.array(intervals, dtype=float).T
    edges = (Instants.from_seconds(edge, CLOCK, CLOCK) for edge in (start, stop))
    return TimeBins.one_interval_each(*edges, run=run.astype(int))


@pytest.mark.parametrize(
    ("intervals", "shared"),
    [
        ([(0, 10, -1), (10, 20, -1)], False),
        ([(10, 20, -1), (0, 10 + 1e-7, -1)], False),
        ([(10, 20, -1), (0, 10.1, -1)], True),
        ([(0, 100, -1), (10, 20, -1), (200, 300, -1)], True),
        ([(0, 10, 0), (5, 15, 1), (10, 20, 0)], False),
        ([(0, 10, 0), (5, 15, 1), (9, 20, 0)], True),
        ([(0, 10, 0), (5, 15, 1), (15, 20, -1)], False),
        ([(0, 10, 0), (5, 15, 1), (14, 20, -1)], True),
        ([(0, 10, -1), (5, 15, 3)], True),
        ([(0, 10, -1), (5, 15, -1), (20, 30, 3)], True),
        ([(0, 10, 2)], False),
    ],
)
def test_bins_that_share_time_are_found(intervals, shared):
    assert bins_of(*intervals).shares_time() == shared
    assert bins_of(*intervals[::-1]).shares_time() == shared
    # Two share time where both are of one run, or one of them is of all.
    pairs = combinations(intervals, 2)
    assert shared == any(
        min(a[1], b[1]) - max(a[0], b[0]) > 1e-6 and (a[2] == b[2] or -1 in (a[2], b[2])) for a, b in pairs
    )
