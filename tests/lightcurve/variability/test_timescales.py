"""Doubling and halving times against exponentials of known speed."""

import dataclasses

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import REFERENCE, START, onoff_light_curve, onoff_run
from scipy.special import ndtr

from tevcurve.fit.ratios import estimate_ratios
from tevcurve.lightcurve.bins import by_intervals, by_width
from tevcurve.lightcurve.variability import doubling_times, halving_times

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)]]


def make(factor, bound, rate=0.3, seed=1, bins=None):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, 0.02, 0.1, rng, (factor, bound)) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width("5 min", rest="keep") if bins is None else bins)


def rise(t):
    return 2.0 ** ((t - 3600) / 1200)


def fall(t):
    return 2.0 ** (-t / 1200)


@pytest.mark.parametrize(("find", "factor"), [(doubling_times, rise), (halving_times, fall)])
def test_injected_times_come_back_within_their_errors(find, factor):
    pulls = []
    for seed in range(25):
        # Bright enough that no pair goes the other way, which would not be in the table.
        light_curve = make(factor, 1.1, rate=12.0, seed=seed)
        pairs = find(light_curve, n_toys=0).pairs
        assert len(pairs) == len(light_curve) - 1
        rate, true = pairs["rate"].to_value("1/s"), np.log(2) / 1200
        errors = np.where(rate > true, pairs["rate_errn"].to_value("1/s"), pairs["rate_errp"].to_value("1/s"))
        pulls += list((rate - true) / errors)
        assert_allclose(pairs["timescale"].to_value("s"), np.log(2) / rate)
    pulls = np.array(pulls)
    assert abs(pulls.mean()) < 3.5 / np.sqrt(len(pulls))
    assert pulls.std() == pytest.approx(1, abs=3.5 / np.sqrt(2 * len(pulls)))


def test_a_time_is_that_of_the_ratio_of_two_bins_of_one_width():
    start = REFERENCE.to_time(START + np.array([2000.0, 3000.0]))
    bins = by_intervals([(one, one + 5 * u.min) for one in start])
    light_curve = make(rise, 1.1, rate=2.0, bins=bins)
    result = doubling_times(light_curve, n_toys=0)
    flux = light_curve.table["flux"]
    assert result.value.to_value("s") == pytest.approx(1000 * np.log(2) / np.log(flux[1] / flux[0]), rel=1e-4)
    assert result.trials == 1
    profile = light_curve.origin.rows()[0].profile
    ratio = estimate_ratios(profile.take([1])[0], profile.take([0])[0], rise=1.0, ul_rise=4.0)
    shortest, longest = 1000 * np.log(2) / np.log([ratio.high[0], ratio.low[0]])
    assert (result.value - result.errn).to_value("s") == pytest.approx(shortest, rel=1e-6)
    assert (result.value + result.errp).to_value("s") == pytest.approx(longest, rel=1e-6)
    assert result.start.mjd == pytest.approx((start[0] + 2.5 * u.min).mjd, abs=1e-7)


def test_bins_of_other_widths_have_the_exponential_averaged_over_their_good_time():
    edges = [(100.0, 400.0), (600.0, 1600.0), (2000.0, 3500.0)]
    bins = by_intervals([REFERENCE.to_time(START + np.array(pair)) for pair in edges])
    rates = []
    for seed in range(12):
        pairs = doubling_times(make(rise, 1.1, rate=3.0, seed=seed, bins=bins), n_toys=0).pairs
        rates.append(pairs["rate"].to_value("1/s"))
    rates = np.array(rates)
    error = rates.std(axis=0) / np.sqrt(len(rates))
    assert np.all(np.abs(rates.mean(axis=0) - np.log(2) / 1200) < 4 * error)
    assert np.all(error < 0.05 * np.log(2) / 1200)


def test_from_nothing_to_a_flare_is_a_limit():
    light_curve = make(lambda t: np.where(t > 2300, 1.0, 0.0), 1.0, rate=0.1)
    result = doubling_times(light_curve, n_toys=200)
    assert result.start.mjd < REFERENCE.to_time(START + 2300.0).mjd < result.stop.mjd
    pair = result.pairs[np.argmax(result.pairs["significance"])]
    assert np.isfinite(pair["timescale_errp"])
    # Without a flux before there is no lower end.
    assert pair["timescale"] - pair["timescale_errn"] < 60 * u.s
    assert result.p_value < 0.01
    if result.value == 0:
        assert result.measured() == f"under {result.errp.value:.4g} s"


def test_a_deficit_is_no_flux_to_fall_to():
    rng = np.random.default_rng(3)
    run = onoff_run(1, [(0, 1500)], 0.3, 0.2, 0.1, rng, (lambda t: np.zeros_like(t), 1.0))
    # For 5 minutes most of the background is not there: a deficit of many standard deviations beside none.
    kept = (np.abs(run.on_times_s - START - 750) > 150) | (rng.random(len(run.on_times_s)) < 0.3)
    chosen = {name: getattr(run, name)[kept] for name in ("on_times_s", "on_energy_tev", "on_bin")}
    light_curve = onoff_light_curve([dataclasses.replace(run, **chosen)], by_width("5 min", rest="keep"))
    for find in (doubling_times, halving_times):
        result = find(light_curve, n_toys=20)
        assert np.isnan(result.value)
        assert result.measured() == "none found"
        assert "significantly" in result.note


def test_slivers_are_in_no_pair():
    rng = np.random.default_rng(8)
    runs = [onoff_run(k, [(k * 2000, k * 2000 + 604)], 0.5, 0.05, 0.1, rng) for k in range(4)]
    light_curve = onoff_light_curve(runs, by_width("5 min", rest="keep"))
    result = doubling_times(light_curve, n_toys=0)
    assert len(light_curve) == 12
    assert (result.n_rows, result.n_left_out, result.trials) == (8, 4, 7)
    assert "4 of 12 rows were left out" in result.note
    assert np.isnan(result.value)


def test_a_constant_source_has_none_and_its_chance_is_none():
    chances = []
    for seed in range(12):
        result = doubling_times(make(lambda t: np.ones_like(t), 1.0, rate=0.05, seed=seed), n_toys=100)
        if result.start is None:
            assert np.isnan(result.value)
            assert "no pair of rows rises significantly" in result.note
        chances.append(result.p_value)
    assert 0.2 < np.mean(chances) < 0.8


def test_every_pair_is_a_trial():
    light_curve = make(rise, 1.1, rate=3.0)
    result = doubling_times(light_curve)
    assert result.method == "asymptotic"
    assert result.trials == len(light_curve) - 1
    best = np.flatnonzero(result.pairs["timescale"] == result.value)[0]
    single = ndtr(-result.pairs["significance"][best])
    assert result.p_value == pytest.approx(1 - (1 - single) ** result.trials, rel=1e-3)


def test_pairs_over_gaps_can_be_left_out():
    light_curve = make(rise, 1.1)
    every, near = (
        doubling_times(light_curve, n_toys=0),
        doubling_times(light_curve, max_gap="2 min", n_toys=0),
    )
    assert near.trials == every.trials - 1
