"""Thresholds from stretches with a change: quiet stretches, one by one, have alarms as often as wanted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.kernels.alarm_threshold import SimulatedAlarms, log_threshold, simulated, tick_of
from tevcurve.kernels.change_detector import MOST_EXPECTED, Nodes
from tevcurve.kernels.runs_side_by_side import Stretch, Truth, drawn, records

ONE = np.ones(1)
NODES = Nodes(np.geomspace(0.05, 20, 6), np.array([0.8, 1.0, 1.2]), np.array([0.25, 0.5, 0.25]), ONE, ONE)
EMPTY = Nodes(np.geomspace(0.05, 20, 6), np.zeros(1), ONE, ONE, ONE)
# Places near the source, and some where background is most of what comes.
STRETCH = Stretch(np.array([0.03, 0.02, 0.01]), np.array([0.004, 0.01, 0.06]), 400.0, 20.0)


@pytest.mark.parametrize("nodes", [NODES, EMPTY])
def test_quiet_stretches_have_alarms_as_often_as_wanted(nodes):
    rng, n, wanted = np.random.default_rng(1), 10000, 0.1
    threshold = log_threshold(nodes, STRETCH, 600.0, wanted, 4000, rng)
    quiet = rng.choice(nodes.quiet, n, p=nodes.quiet_chance)
    truth = Truth(quiet, np.full(n, np.inf), quiet, np.ones(n), np.full(n, 400.0))
    level = np.exp(threshold)
    alarms = len(records(nodes, STRETCH, drawn(STRETCH, truth, rng), 600.0, least=level, bound=level).run)
    # 1000 are expected; the threshold has an error, too.
    assert abs(alarms - wanted * n) < 3 * np.sqrt(wanted * n) + 0.04 * wanted * n


def test_weights_of_all_stretches_are_one_on_the_whole():
    # Whatever happens, chances of quiet stretches over those of simulated ones have a mean of 1.
    found = simulated(NODES, STRETCH, 600.0, np.inf, 1500, np.random.default_rng(2))
    # At a threshold that all reach at their first point; then at later ones, by the height they are reached at.
    chance, error = found.chance(-100.0)
    assert abs(chance - 1) < 4 * error < 0.04
    chance, error = found.chance(np.log(100.0))
    assert abs(chance - 1) < 4 * error < 0.1


def test_rarer_alarms_have_a_higher_threshold_below_the_bound():
    thresholds = []
    for wanted in (0.1, 1e-2, 1e-3, 1e-4):
        threshold = log_threshold(NODES, STRETCH, 600.0, wanted, 300, np.random.default_rng(3))
        assert threshold < np.log(1000.0 / wanted)
        thresholds.append(threshold)
    assert np.all(np.diff(thresholds) > 1.5)


def test_the_chance_counts_the_first_alarm_of_each_stretch():
    # Records 0, 3, 5; 1, 2; 4, 9; and 0, 3.5.
    logs = np.array([0.0, 3.0, 5.0, 1.0, 2.0, 4.0, 9.0, 0.0, 3.5])
    before = np.array([-np.inf, 0.0, 3.0, -np.inf, 1.0, -np.inf, 4.0, -np.inf, 0.0])
    weight = np.array([1.0, 0.5, 0.25, 0.9, 0.8, 0.2, 0.1, 1.0, 0.4])
    found = SimulatedAlarms(logs, before, weight, 4)
    assert_allclose(found.chance(3.0)[0], (0.5 + 0.2 + 0.4) / 4)
    assert_allclose(found.chance(4.5)[0], (0.25 + 0.1) / 4)


def test_looks_are_as_often_as_the_steps_want():
    assert tick_of(2.0, 20.0) == 20.0
    assert tick_of(1000.0, 20.0) < MOST_EXPECTED / 1000.0
