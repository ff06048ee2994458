"""Many simulated runs side by side: rates as told, and the statistic of each as the detector itself follows it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

from tevcurve.kernels.change_detector import Nodes, Points, begin, follow, steps
from tevcurve.kernels.runs_side_by_side import Stretch, Truth, drawn, records, runs_together

NODES = Nodes(
    np.geomspace(0.05, 20, 6),
    np.array([0.8, 1.0, 1.3]),
    np.array([0.25, 0.5, 0.25]),
    np.array([0.9, 1.0, 1.15]),
    np.array([0.3, 0.4, 0.3]),
)
EMPTY = replace(NODES, quiet=np.zeros(1), quiet_chance=np.ones(1))
# One of the fluxes after a change is a quiet one.
EQUAL = replace(NODES, changed=np.array([0.1, 1.0, 9.0]))
STRETCH = Stretch(np.array([0.03, 0.02, 0.01]), np.array([0.004, 0.01, 0.06]), 400.0, 20.0, 0.8)


def truth(n, flux=1.0, time=np.inf, changed=0.0, norm=1.0, end=400.0):
    return Truth(*(np.full(n, each) for each in (flux, time, changed, norm, end)))


def logs_of(nodes, stretch, runs, k):
    """(times, natural log of the statistic) of one run, by the detector."""
    n, looks = runs.n_points[k], np.zeros(1)
    time, place = runs.time[:n, k], runs.place[:n, k]
    wait = np.diff(time, prepend=0.0)
    signal, background = (np.append(each, looks)[place] for each in (stretch.signal, stretch.background))
    others = np.zeros(n) if runs.others is None else runs.others[:n, k]
    points = Points(wait, signal, background, others, wait * (stretch.background.sum() + stretch.elsewhere))
    own = steps(wait, nodes.changed.max() * stretch.signal.sum())
    _, logs = follow(nodes, begin(nodes, 600.0), points.in_steps(own), stretch.signal.sum())
    return time, np.concatenate([row[: each.stop - each.start] for row, each in zip(logs, own, strict=True)])


@pytest.mark.parametrize("nodes", [NODES, EMPTY, EQUAL])
@pytest.mark.parametrize("time", [np.inf, 150.0])
def test_records_are_those_of_the_detector(nodes, time):
    flux = float(nodes.quiet[0])
    runs = drawn(STRETCH, truth(5, flux, time, 3.0, norm=1.05), np.random.default_rng(1))
    found = records(nodes, STRETCH, runs, 600.0)
    for k in range(5):
        times, logs = logs_of(nodes, STRETCH, runs, k)
        highest = np.maximum.accumulate(logs)
        first = np.flatnonzero(np.diff(highest, prepend=0.0) > 0)
        own = found.run == k
        assert_array_equal(found.time[own], times[first])
        assert_allclose(np.log(found.value[own]), logs[first], atol=1e-5 if nodes is EQUAL else 1e-9)
        assert_array_equal(found.before[own][1:], found.value[own][:-1])


def test_where_no_quiet_source_can_give_an_event_one_has_an_infinite_statistic():
    stretch = Stretch(np.array([0.1]), np.array([0.0]), 100.0, 20.0)
    runs = drawn(stretch, truth(4, 0.0, 0.0, 2.0, end=100.0), np.random.default_rng(2))
    found = records(EMPTY, stretch, runs, 600.0)
    first = [runs.time[runs.place[:, k] == 0, k][0] for k in range(4)]
    assert_array_equal(np.sort(found.time[np.isinf(found.value)]), np.sort(first))


def test_only_records_between_the_bounds_are_told_and_nothing_after_the_higher_one():
    runs = drawn(STRETCH, truth(40, 1.0, 50.0, 6.0), np.random.default_rng(3))
    every = records(NODES, STRETCH, runs, 600.0)
    some = records(NODES, STRETCH, runs, 600.0, least=2e3, bound=1e4)
    own = (every.value >= 2e3) & (every.before < 1e4)
    assert len(some.run) == own.sum() > 20
    assert_allclose(np.sort(some.value), np.sort(every.value[own]))


def test_events_come_as_often_as_told():
    rng, n, change, end = np.random.default_rng(4), 3000, 130.0, 395.0
    runs = drawn(STRETCH, truth(n, 1.5, change, 4.0, norm=1.2, end=end), rng)
    seen = np.arange(len(runs.time))[:, None] < runs.n_points
    assert np.all(np.diff(runs.time, axis=0)[seen[1:]] >= 0)
    assert np.all(runs.time[seen] <= end)
    for span, first, last in ((change, 0.0, change), (end - change, change, end)):
        flux = 1.5 if first == 0 else 4.0
        now = seen & (runs.time > first) & (runs.time <= last)
        for place in range(3):
            mean = span * (flux * STRETCH.signal[place] + 1.2 * STRETCH.background[place])
            counts = np.sum(now & (runs.place == place), axis=0)
            assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
            assert abs(counts.var() / mean - 1) < 4 * np.sqrt(2.5 / n)
        times = runs.time[now & (runs.place < 3)]
        assert kstest((times - first) / span, "uniform").pvalue > 1e-3
    mean = 0.8 * 1.2 * runs.time[runs.n_points - 1, np.arange(n)]
    assert abs(np.sum(runs.others * seen) / mean.sum() - 1) < 4 / np.sqrt(mean.sum())


def test_one_looks_at_times_of_the_clock():
    runs = drawn(STRETCH, truth(3, end=400.0), np.random.default_rng(5))
    for k in range(3):
        own = runs.place[: runs.n_points[k], k] == 3
        assert_array_equal(runs.time[: runs.n_points[k], k][own], 20.0 * np.arange(1, 21))
    ends = Truth(*(np.full(3, each) for each in (1.0, np.inf, 0.0, 1.0)), np.array([0.0, 19.0, 41.0]))
    runs = drawn(STRETCH, ends, np.random.default_rng(6))
    assert np.sum(runs.place[:, 2][: runs.n_points[2]] == 3) == 2
    assert runs.n_points[0] == 0


def test_more_norms_are_followed_for_fewer_runs():
    assert runs_together(NODES) > runs_together(replace(NODES, norm=np.ones(500))) >= 32
