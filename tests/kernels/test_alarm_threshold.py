"""Thresholds from stretches with a change: quiet stretches, one by one, have alarms as often as wanted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.kernels.alarm_threshold import (
    SimulatedAlarms,
    Stretch,
    drawn,
    followed_side_by_side,
    log_threshold,
    simulated,
    tick_of,
)
from tevcurve.kernels.change_detector import MOST_EXPECTED, Nodes

ONE = np.ones(1)
NODES = Nodes(np.geomspace(0.05, 20, 6), np.array([0.8, 1.0, 1.2]), np.array([0.25, 0.5, 0.25]), ONE, ONE)
EMPTY = Nodes(np.geomspace(0.05, 20, 6), np.zeros(1), ONE, ONE, ONE)
# Places near the source, and some where background is most of what comes.
STRETCH = Stretch(np.array([0.03, 0.02, 0.01]), np.array([0.004, 0.01, 0.06]), 400.0, 20.0)


@pytest.mark.parametrize("nodes", [NODES, EMPTY])
def test_quiet_stretches_have_alarms_as_often_as_wanted(nodes):
    rng, n, wanted = np.random.default_rng(1), 1600, 0.1
    threshold = log_threshold(nodes, STRETCH, 600.0, wanted, 1000, rng)
    quiet = rng.choice(nodes.quiet, n, p=nodes.quiet_chance)
    alarms = 0
    for first in range(0, n, 100):
        own = [drawn(STRETCH, flux, 1e9, flux, rng) for flux in quiet[first : first + 100]]
        logs, _ = followed_side_by_side(nodes, STRETCH, own, 600.0, threshold)
        alarms += np.sum(logs.max(axis=1) >= threshold)
    # 160 are expected; the threshold has an error, too.
    assert abs(alarms - wanted * n) < 3 * np.sqrt(wanted * n) + 0.05 * wanted * n


def test_weights_of_all_stretches_are_one_on_the_whole():
    # Whatever happens, chances of quiet stretches over those of simulated ones have a mean of 1.
    found = simulated(NODES, STRETCH, 600.0, np.inf, 1500, np.random.default_rng(2))
    last = np.isfinite(found.log_statistic).sum(axis=1) - 1
    # A stretch whose change was seen was left early; its weight there is as small as what is neglected.
    weight = found.weight[np.arange(len(last)), last]
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(len(weight))


def test_rarer_alarms_have_a_higher_threshold_below_the_bound():
    thresholds = []
    for wanted in (0.1, 1e-2, 1e-3, 1e-4):
        threshold = log_threshold(NODES, STRETCH, 600.0, wanted, 300, np.random.default_rng(3))
        assert threshold < np.log(1000.0 / wanted)
        thresholds.append(threshold)
    assert np.all(np.diff(thresholds) > 1.5)


def test_the_chance_counts_the_first_alarm_of_each_stretch():
    logs = np.array([[0.0, 3.0, 5.0], [1.0, 2.0, -np.inf], [4.0, 9.0, 9.0], [0.0, 0.0, 3.5]])
    weight = np.array([[1.0, 0.5, 0.25], [0.9, 0.8, 0.0], [0.2, 0.1, 0.1], [1.0, 1.0, 0.4]])
    found = SimulatedAlarms(logs, weight)
    assert_allclose(found.chance(3.0)[0], (0.5 + 0.2 + 0.4) / 4)
    assert_allclose(found.chance(4.5)[0], (0.25 + 0.1) / 4)


def test_looks_are_as_often_as_the_steps_want():
    assert tick_of(2.0, 20.0) == 20.0
    assert tick_of(1000.0, 20.0) < MOST_EXPECTED / 1000.0
