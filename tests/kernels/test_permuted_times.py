"""Chances of permuted times: uniform where there is nothing to see, small where weights come together."""

import numpy as np
import pytest
from scipy.stats import kstest

from tevcurve.kernels.permuted_times import WeightsInTime, chance_of_times


def drawn(rng, counts, n, weights=None):
    labels = np.repeat(np.arange(len(counts)), counts)
    weight = rng.uniform(0.1, 1, n) if weights is None else weights
    return WeightsInTime(weight, rng.permutation(labels)[:n], np.array(counts))


@pytest.mark.parametrize(("counts", "n"), [([300, 500, 0, 400], 8), ([5, 7, 3, 9], 10), ([40, 60], 1)])
def test_chances_are_uniform_under_the_null(counts, n):
    rng = np.random.default_rng(5)
    # Equal weights: most statistics are ties.
    weights = np.ones(n) if n > 8 else None
    chances = [chance_of_times([drawn(rng, counts, n, weights)], rng) for _ in range(500)]
    assert kstest(chances, "uniform").pvalue > 0.01


def test_weights_of_several_runs_that_come_together_have_a_small_chance():
    rng = np.random.default_rng(6)
    flare = WeightsInTime(np.ones(12), np.array([2] * 9 + [0, 1, 3]), np.array([100, 100, 100, 100]))
    runs = [drawn(rng, [100, 100, 100, 100], 12), flare]
    assert chance_of_times(runs, rng) < 0.01
    assert 0 <= chance_of_times([], rng) <= 1


def test_permutations_take_no_event_twice():
    rng = np.random.default_rng(7)
    for n in (3, 20):
        run = WeightsInTime(np.ones(n), np.zeros(n, dtype=int), np.array([1, 0, 25, 4]))
        segments = run.permuted(2000, rng)
        numbers = np.stack([(segments == one).sum(axis=1) for one in range(4)], axis=1)
        assert np.all(numbers <= run.counts)
        np.testing.assert_allclose(numbers.mean(axis=0), n * run.counts / 30, atol=0.1)
