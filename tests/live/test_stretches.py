"""Runs as a detector sees them: good time with gaps, backgrounds that turn, and runs that grow."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.data.time import TimeReference
from tevcurve.live.stretches import RunStretch, joined
from tevcurve.run_id import RunId

CLOCK = TimeReference(55000, 0.0)


def run(intervals, time_s, other_s=(), edges=(0.0, 1e4), rates=(0.5,), signal=1.0, obs_id=1):
    time, other = np.asarray(time_s, dtype=float), np.asarray(other_s, dtype=float)
    return RunStretch(
        RunId.of(obs_id, "Toy"),
        CLOCK,
        joined(np.asarray(intervals, dtype=float)),
        time,
        np.full(len(time), signal),
        np.full(len(time), 0.2),
        other,
        0.3,
        np.asarray(edges, dtype=float),
        np.asarray(rates, dtype=float),
    )


def test_the_clock_stands_still_in_gaps():
    own = run([[100, 200], [250, 300]], [120, 199, 260])
    assert own.seconds == 150
    seconds, expected = own.passed(np.array([100.0, 120, 199, 260]))
    assert_allclose(seconds, [0, 20, 99, 110])
    assert_allclose(expected, 0.5 * seconds)


def test_a_background_that_turns_is_expected_slice_by_slice():
    own = run([[100, 200], [250, 300]], [], edges=[100, 150, 260, 300], rates=[1.0, 2.0, 4.0])
    _, expected = own.passed(np.array([150.0, 200 - 1e-9, 260.0, 290.0]))
    assert_allclose(expected, [50, 150, 170, 290])


def test_points_are_events_and_looks():
    own = run([[100, 200], [250, 300]], [120, 199, 260], other_s=[101, 130, 131, 299])
    seen = own.points(40.0)
    assert_allclose(seen.time_s, [120, 140, 180, 199, 260, 270])
    assert_allclose(np.cumsum(seen.points.wait), [20, 40, 80, 99, 110, 120])
    assert_array_equal(seen.points.signal, [1, 0, 0, 1, 1, 0])
    assert_array_equal(seen.points.others, [1, 2, 0, 0, 0, 0])
    end = seen.end()
    assert_allclose([end.wait[0], end.others[0], end.expected[0]], [30, 1, 15])


def test_a_run_that_grows_has_the_same_points_so_far():
    rng = np.random.default_rng(1)
    time, other = np.sort(rng.uniform(0, 900, 300)), np.sort(rng.uniform(0, 900, 900))
    whole = run([[0, 400], [430, 900]], time[(time < 400) | (time > 430)], other).points(7.0)
    for stop in (37.123, 400.0, 612.345):
        intervals = [[0, min(stop, 400)]] + ([[430, stop]] if stop > 430 else [])
        own = time[((time < 400) | (time > 430)) & (time < stop)]
        part = run(intervals, own, other[other < stop]).points(7.0)
        number = len(part.time_s)
        assert_array_equal(part.time_s, whole.time_s[:number])
        for name in ("wait", "signal", "background", "others", "expected"):
            assert_array_equal(getattr(part.points, name), getattr(whole.points, name)[:number])


def test_parts_that_meet_are_one_interval():
    assert_array_equal(joined(np.array([[0.0, 10], [10, 25], [30, 40]])), [[0, 25], [30, 40]])
