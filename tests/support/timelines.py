"""Runs for the tests of time bins: good time and events, with clocks of their own."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.timeline import RunTimeline
from tevcurve.run_id import RunId

CLOCK = TimeReference(51910, 0.000742870370370241)
# The second counts in another scale from another day, the third through leap seconds.
CLOCKS = (CLOCK, TimeReference(50000, 0.123456789, "tdb"), TimeReference(53005, 0.3, "utc"))
T0 = 2.0e8


@dataclass(frozen=True)
class Run:
    """The least that a run to be binned has."""

    run_id: RunId
    gti: GTI
    time_s: np.ndarray


def make_run(intervals, events=(), clock=CLOCK, obs_id=1):
    """Run with good time (n, 2) and events in seconds after T0 of CLOCK, counted in a clock."""
    intervals = np.reshape(np.asarray(intervals, dtype=float), (-1, 2)) + T0
    start, stop, time_s = (
        clock.convert(edge, CLOCK) for edge in (*intervals.T, T0 + np.asarray(events, dtype=float))
    )
    return Run(RunId.of(obs_id), GTI(start, stop, clock), np.sort(time_s))


def make_line(duration, on_rate, off_rate=None, alpha=None, start=0.0, seed=0, **options):
    """RunTimeline of one good time interval with Poisson events of constant rates per s."""
    random = np.random.default_rng(seed)
    begin = T0 + start

    def events(rate):
        return np.sort(random.uniform(begin, begin + duration, random.poisson(rate * duration)))

    off = {} if off_rate is None else {"off_time_s": events(off_rate), "alpha": alpha}
    obs_id = options.pop("obs_id", 1)
    return RunTimeline(
        RunId.of(obs_id), GTI([begin], [begin + duration], CLOCK), events(on_rate), **off, **options
    )


@st.composite
def runs_in_order(draw, clocks=CLOCKS):
    """One to four runs, one after the other, with one to three good time intervals and events in and around them."""
    runs, now = [], 0.0
    for number in range(draw(st.integers(1, 4))):
        intervals = []
        for _ in range(draw(st.integers(1, 3))):
            now += draw(st.floats(0, 400))
            length = draw(st.floats(1, 900))
            intervals.append((now, now + length))
            now += length
        span = intervals[0][0] - 10, now + 10
        events = draw(st.lists(st.floats(*span), max_size=20))
        runs.append(make_run(intervals, events, draw(st.sampled_from(clocks)), number))
        # Two clocks agree on an instant only within their rounding, so runs do not touch.
        now += 1e-3
    return runs


def assert_tiles(pieces, runs):
    """The pieces fill the good time of the runs, edge to edge, and each good event is in exactly one of them."""
    for number, run in enumerate(runs):
        mine = np.flatnonzero(pieces.run == number)
        mine = mine[np.argsort(pieces.start_s[mine])]
        start, stop = pieces.start_s[mine], pieces.stop_s[mine]
        joint = start[1:] == stop[:-1]
        np.testing.assert_array_equal(start[np.append(True, ~joint)], _merged(run.gti.intervals)[:, 0])
        np.testing.assert_array_equal(stop[np.append(~joint, True)], _merged(run.gti.intervals)[:, 1])
        good = run.time_s[run.gti.contains(run.time_s)]
        inside = (good[:, None] >= start) & (good[:, None] < stop)
        np.testing.assert_array_equal(inside.sum(axis=1), 1)


def _merged(intervals):
    new = np.append(True, intervals[1:, 0] > intervals[:-1, 1])
    last = np.append(new[1:], True)
    return np.column_stack([intervals[new, 0], intervals[last, 1]])
