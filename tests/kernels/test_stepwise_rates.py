"""Odds of rates in steps: closed forms of few events, exact fractions, and other counts of the same bins."""

from fractions import Fraction
from itertools import pairwise
from math import factorial, log, prod

import numpy as np
import pytest

from tevcurve.kernels.stepwise_rates import Steps


def exact_odds(time, m, phase):
    """The odds of m steps whose first edge is at phase/m, in exact fractions, bins counted one by one."""
    inner = [(j + phase) / m for j in range(m) if j + phase > 0]
    edges = [Fraction(0), *inner, Fraction(1)]
    total = Fraction(1)
    for low, high in pairwise(edges):
        count = sum(low <= each < high for each in time)
        total *= factorial(count) / (high - low) ** count
    return total * Fraction(factorial(len(edges) - 2), factorial(len(time) + len(edges) - 2))


def test_an_event_in_two_steps_has_the_closed_form():
    # At phase f the bins are f/2, 1/2 and (1 - f)/2, and the odds 1/(3*width); at phase 0 there are two, and no odds.
    found = Steps(2, 4).log_odds(np.array([0.3]))
    assert np.exp(found.of_phase[0]) == pytest.approx([1, 2 / 3, 2 / 3, 1 / (3 * 3 / 8)])


@pytest.mark.parametrize("n", [1, 3, 17])
def test_odds_are_those_of_exact_fractions_at_the_same_phases(n):
    rng = np.random.default_rng(n)
    time, steps = np.sort(rng.random(n)), Steps(9, 8)
    found = steps.log_odds(time)
    for m, own in zip(steps.steps, found.of_steps, strict=True):
        exact = sum(exact_odds(time, int(m), Fraction(k, 8)) for k in range(8)) / 8
        assert own == pytest.approx(log(exact), abs=1e-10)
    mean = sum(sum(exact_odds(time, int(m), Fraction(k, 8)) for k in range(8)) / 8 for m in steps.steps) / 8
    assert found.of_all == pytest.approx(log(mean), abs=1e-10)


def test_odds_of_all_places_that_events_can_have_are_one_on_average():
    # Each model is normalised: summed over all ways in which 6 events can be in 3 bins, evenly likely.
    total = 0.0
    for first in range(7):
        for second in range(7 - first):
            counts = first, second, 6 - first - second
            time = np.repeat([1 / 6, 1 / 2, 5 / 6], counts)
            ways = factorial(6) / prod(factorial(each) for each in counts) / 3**6
            total += ways * np.exp(Steps(3, 1).log_odds(time).of_steps[1])
    assert total == pytest.approx(1, rel=1e-12)


def test_odds_of_bins_of_unequal_widths_are_one_on_average_too():
    # 5 events in the bins 1/4, 1/2, 1/4 of two steps at the phase 1/2.
    total = 0.0
    for first in range(6):
        for second in range(6 - first):
            counts = first, second, 5 - first - second
            time = np.repeat([1 / 8, 1 / 2, 7 / 8], counts)
            ways = factorial(5) / prod(factorial(each) for each in counts)
            ways *= prod(width**each for width, each in zip((1 / 4, 1 / 2, 1 / 4), counts, strict=True))
            total += ways * np.exp(Steps(2, 2).log_odds(time).of_phase[0, 1])
    assert total == pytest.approx(1, rel=1e-12)


def test_whole_weights_are_events_at_the_same_time():
    rng = np.random.default_rng(5)
    time, weight = np.sort(rng.random(40)), rng.integers(0, 3, 40)
    one = Steps(12).log_odds(time, weight.astype(float))
    other = Steps(12).log_odds(np.repeat(time, weight))
    assert np.allclose(one.of_phase, other.of_phase, rtol=0, atol=1e-9)


def test_rates_are_one_on_average_and_follow_a_step():
    rng = np.random.default_rng(2)
    time = np.sort(np.concatenate([rng.random(400), 0.5 * rng.random(400)]))
    middles = (np.arange(200) + 0.5) / 200
    mean, error = Steps(16).log_odds(time).rates(middles)
    assert mean.mean() == pytest.approx(1, abs=0.01)
    true = np.where(middles < 0.5, 1.5, 0.5)
    away = np.abs(middles - 0.5) < 0.45
    away &= np.abs(middles - 0.5) > 0.05
    assert np.all(np.abs(mean - true)[away] < 5 * error[away])
    assert np.median(error) < 0.15


def test_rates_of_two_steps_are_the_means_of_beta_distributions():
    time = np.array([0.1, 0.2, 0.4, 0.7])
    mean, error = Steps(2, 1).log_odds(time).rates(np.array([0.25, 0.75]))
    assert mean == pytest.approx([2 * 4 / 6, 2 * 2 / 6])
    # a*b/((a + b)^2 (a + b + 1)) with 4 and 2, times 2^2.
    assert error == pytest.approx([np.sqrt(4 * 8 / (36 * 7))] * 2)
