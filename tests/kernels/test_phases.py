"""Phases of events in good time: closed forms, integrals, and the chances of what has no period."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import chi2, kstest

from tevcurve.kernels.phases import GoodTimeOfRuns, HarmonicScores

GAPS = GoodTimeOfRuns(
    np.array([0.0, 700.0, 2000.0, 9000.0, 9900.0]),
    np.array([600.0, 1500.0, 3500.0, 9800.0, 10500.0]),
    np.array([0, 0, 1, 2, 2]),
    3,
)


def harmonic_scores(time, weight, run, good, frequency, nharm):
    return HarmonicScores(weight, run, good, frequency, nharm).of(time)


def test_frequencies_of_a_grid_are_as_those_one_by_one():
    rng = np.random.default_rng(7)
    run = np.repeat(np.arange(3), [30, 200, 80])
    time, weight, frequency = GAPS.drawn(run, rng), rng.uniform(0, 1, 310), np.linspace(0.002, 0.1, 95)
    together = harmonic_scores(time, weight, run, GAPS, frequency, 2)
    single = [harmonic_scores(time, weight, run, GAPS, frequency[k : k + 1], 2)[:, 0] for k in range(95)]
    assert_allclose(together.T, single, rtol=1e-7)


def test_whole_periods_of_events_with_weight_one_have_the_usual_sum():
    rng = np.random.default_rng(1)
    good = GoodTimeOfRuns(np.array([5.0]), np.array([105.0]), np.array([0]), 1)
    time, frequency = rng.uniform(5, 105, 80), np.array([0.2, 0.31])
    found = harmonic_scores(time, np.ones(80), np.zeros(80, dtype=int), good, frequency, 3)
    terms = np.exp(2j * np.pi * frequency * np.arange(1, 4)[:, None, None] * time[:, None]).sum(axis=1)
    assert_allclose(found, np.cumsum(2 / 80 * np.abs(terms) ** 2, axis=0), rtol=1e-6)


def test_moments_are_integrals_over_good_time():
    frequency = np.array([1 / 333.0, 1 / 900.0])
    found = GAPS.moments(frequency, 4)
    for run, spans, seconds in ((0, [(0, 600), (700, 1500)], 1400), (1, [(2000, 3500)], 1500)):
        for number, one in enumerate(frequency):
            for k in range(5):
                real = sum(quad(lambda t, w=2 * np.pi * one * k: np.cos(w * t), *span)[0] for span in spans)
                imag = sum(quad(lambda t, w=2 * np.pi * one * k: np.sin(w * t), *span)[0] for span in spans)
                assert found[run, number, k] == pytest.approx((real + 1j * imag) / seconds, abs=1e-9)


def test_events_without_a_period_are_chi_square_in_spite_of_gaps():
    """Levels of runs are their own; the usual sum, which knows of no gaps, alarms several times too often."""
    rng = np.random.default_rng(2)
    frequency, found, plain = np.array([1 / 800.0, 1 / 333.0]), [], []
    for _ in range(1500):
        run = np.repeat(np.arange(3), rng.poisson([30, 200, 80]))
        weight = rng.uniform(0, 1, len(run))
        time = GAPS.drawn(run, rng)
        found.append(harmonic_scores(time, weight, run, GAPS, frequency, 2))
        turn = np.exp(2j * np.pi * frequency[:, None] * time)
        plain.append(2 / len(run) * np.abs(turn.sum(axis=1)) ** 2)
    found, plain = np.array(found), np.array(plain)
    for k in (1, 2):
        for number in range(2):
            assert kstest(found[:, k - 1, number], chi2(2 * k).cdf).pvalue > 1e-3
    assert np.mean(chi2(2).sf(plain[:, 0]) < 0.01) > 0.03


def test_events_are_drawn_where_there_is_good_time_of_their_run():
    rng = np.random.default_rng(3)
    time = GAPS.drawn(np.repeat([2, 0], 4000), rng)
    late, early = time[:4000], time[4000:]
    assert np.all(((late >= 9000) & (late <= 9800)) | ((late >= 9900) & (late <= 10500)))
    assert np.mean(late <= 9800) == pytest.approx(800 / 1400, abs=0.03)
    assert np.all(((early >= 0) & (early <= 600)) | ((early >= 700) & (early <= 1500)))
    assert np.mean(early <= 600) == pytest.approx(600 / 1400, abs=0.03)


def test_a_pulse_is_found_with_the_gain_that_its_likelihood_has():
    """At small amplitudes a score test has the gain of the likelihood's ratio: a^2/2 * sum of squared weights / 2."""
    rng = np.random.default_rng(4)
    good = GoodTimeOfRuns(np.array([0.0]), np.array([1000.0]), np.array([0]), 1)
    values = []
    for _ in range(300):
        time, weight = rng.uniform(0, 1000, 4000), np.repeat([0.8, 0.2], [1000, 3000])
        kept = rng.random(4000) * 1.3 < 1 + 0.3 * weight * np.cos(2 * np.pi * time / 50)
        run = np.zeros(kept.sum(), dtype=int)
        values.append(harmonic_scores(time[kept], weight[kept], run, good, np.array([0.02]), 1)[0, 0])
    squares = (1000 * 0.64 + 3000 * 0.04) / 1.3
    assert np.mean(values) == pytest.approx(2 + 0.3**2 / 2 * squares, abs=5 * np.std(values) / np.sqrt(300))
