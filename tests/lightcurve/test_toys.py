"""Toys have the expectations of the rows that they are drawn from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import BACKGROUND_SHARE, SIGNAL_SHARE, onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.fit.minimize import minimize_norm
from tevcurve.fit.norms import estimate_norms
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.toys import draw_toys, toy_maker
from tevcurve.lightcurve.variability import ts_var

RATE, BACKGROUND, ALPHA = 0.05, 0.02, 0.2


def runs(seed=1, **options):
    rng = np.random.default_rng(seed)
    arguments = {"rate": RATE, "background": BACKGROUND, "alpha": ALPHA, "rng": rng} | options
    return [
        onoff_run(1, [(0, 900), (1000, 1600)], **arguments),
        onoff_run(2, [(1800, 3400)], **arguments | {"background": 2 * BACKGROUND}),
    ]


@pytest.fixture(scope="module")
def light_curve():
    return onoff_light_curve(runs(), by_width("5 min"))


@pytest.mark.parametrize("norm", [1.0, 0.3])
def test_counts_are_those_of_the_source_and_of_the_background_of_the_run(light_curve, norm):
    n = 4000
    toys = draw_toys(light_curve, norm, n)
    assert (toys.n, toys.n_rows) == (n, len(light_curve))
    ontime = np.asarray(light_curve.table["ontime"])
    off_rate = [np.bincount(run.off_bin, minlength=2) / run.ontime_s for run in light_curve.origin.terms]
    run = (
        np.arange(len(ontime))
        >= np.count_nonzero(light_curve.table["time_min"] < light_curve.table["time_min"][0] + 1700 / 86400)
    ).astype(int)
    signal = norm * RATE * ontime[:, None] * SIGNAL_SHARE
    cells = (toys.n, toys.n_rows, 2)
    n_on, n_off = (
        each.reshape(cells) for each in (toys.profile.likelihood.n_on, toys.profile.likelihood.n_off)
    )
    # The data were drawn at norm 1, so that the background that fits them best there is that of the OFF events,
    # within its error.
    expected_off = ontime[:, None] * np.array(off_rate)[run]
    error = np.sqrt(expected_off.mean()) / np.sqrt(n)
    if norm == 1.0:
        assert_allclose(n_off.mean(axis=0), expected_off, rtol=0.1, atol=6 * error)
    off = n_off.mean(axis=0)
    assert_allclose(n_on.mean(axis=0), signal + ALPHA * off, atol=6 * np.sqrt(signal.max() / n))
    assert_allclose(n_on.var(axis=0), signal + ALPHA * off, rtol=0.15)


def test_a_truth_may_be_given_for_each_row_and_toy(light_curve):
    n_rows, n = len(light_curve), 3000
    rows = np.linspace(0.2, 3, n_rows)
    toys = draw_toys(light_curve, rows, n, random_state=3)
    fit = minimize_norm(toys.profile, toys.profile.lower_bound()).norm.reshape(n, n_rows)
    assert_allclose(fit.mean(axis=0), rows, rtol=0.05, atol=0.05)
    both = np.where(np.arange(n)[:, None] < n // 2, rows, rows[::-1])
    toys = draw_toys(light_curve, both, n, random_state=4)
    fit = minimize_norm(toys.profile, toys.profile.lower_bound()).norm.reshape(n, n_rows)
    assert_allclose(fit[n // 2 :].mean(axis=0), rows[::-1], rtol=0.08, atol=0.08)


def test_the_same_seed_draws_the_same_toys(light_curve):
    one, other, third = (draw_toys(light_curve, 1.0, 5, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.profile.likelihood.n_on, other.profile.likelihood.n_on)
    assert np.any(one.profile.likelihood.n_on != third.profile.likelihood.n_on)


def test_a_row_without_off_events_has_the_background_of_its_run():
    light_curve = onoff_light_curve(runs(background=0.0008, alpha=1.0), by_width("2 min"))
    toys = draw_toys(light_curve, 1.0, 2000)
    empty = light_curve.origin.rows()[0].profile.likelihood.n_off.reshape(-1, 2)[:, 0] == 0
    assert empty.any()
    assert np.all(toys.profile.likelihood.n_off.reshape(2000, -1, 2).mean(axis=0)[empty, 0] > 0)


def test_stacked_runs_share_cells():
    light_curve = onoff_light_curve(runs(), by_width("20 min", align="absolute"), stacked=True)
    assert 2 in light_curve.table["n_runs"]
    n = 3000
    toys = draw_toys(light_curve, 1.0, n)
    signal = RATE * np.asarray(light_curve.table["livetime"])
    counts = toys.profile.counts.reshape(n, -1).mean(axis=0)
    profile = light_curve.origin.rows()[0].profile
    background = counts - signal
    off = np.bincount(profile.likelihood.cell_bin, profile.likelihood.alpha * profile.likelihood.n_off)
    assert_allclose(background, off, rtol=0.35)
    assert background.sum() == pytest.approx(off.sum(), rel=0.1)


def test_some_rows_can_be_drawn(light_curve):
    maker = toy_maker(light_curve, rows=[2, 5])
    profile = maker.draw([1.0, 2.0], 1000, np.random.default_rng(0))
    fit = minimize_norm(profile, profile.lower_bound()).norm.reshape(1000, 2)
    assert_allclose(fit.mean(axis=0), [1, 2], rtol=0.08)


def test_a_light_curve_without_events_has_no_toys(light_curve):
    with pytest.raises(InputError, match="needs the events and responses of runs"):
        draw_toys(LightCurve(light_curve.table), 1.0, 3)


def test_backgrounds_are_shared_in_a_run_and_energy_bin(light_curve):
    background = toy_maker(light_curve).backgrounds(np.ones((1, len(light_curve))))[0].reshape(-1, 2)
    rate = background / np.asarray(light_curve.table["ontime"])[:, None]
    first, second = np.unique(rate[:, 0].round(12)), np.unique(rate[:, 1].round(12))
    assert len(first) == len(second) == 2
    assert_allclose(sorted(first), np.array([1, 2]) * BACKGROUND / ALPHA * BACKGROUND_SHARE[0], rtol=0.25)


def test_toys_of_an_uncertain_alpha_are_spread_by_it():
    made, n = runs(background=0.5, alpha=0.5), 4000
    certain, uncertain = (
        toy_maker(onoff_light_curve(made, by_run(), background_error=error)) for error in (None, 0.1)
    )
    assert np.array_equal(certain.backgrounds(np.ones((1, 2))), uncertain.backgrounds(np.ones((1, 2))))
    drawn = uncertain.draw_counts(1.0, n, np.random.default_rng(2))
    n_on, n_off, _, _, signal = (each.reshape(n, 2) for each in drawn.summed(2 * n))
    background = np.bincount(
        uncertain.cells.row, uncertain.cells.alpha * uncertain.backgrounds(np.ones((1, 2)))[0]
    )
    expected = signal[0] + background
    assert_allclose(n_on.mean(axis=0), expected, rtol=0.01)
    assert_allclose(n_on.var(axis=0), expected + (0.1 * background) ** 2, rtol=0.1)
    # The OFF counts have nothing to do with it.
    assert_allclose(n_off.var(axis=0), n_off.mean(axis=0), rtol=0.1)
    # The fit knows of it: its errors are as wide as its norms are spread.
    profile = uncertain.profile_of(drawn, n)
    estimate = estimate_norms(profile, negative=True, err=1)
    norm, err = estimate.norm.reshape(n, 2), estimate.norm_err.reshape(n, 2)
    assert_allclose(norm.mean(axis=0), 1, atol=5 * norm.std(axis=0).max() / np.sqrt(n))
    assert_allclose(norm.std(axis=0), err.mean(axis=0), rtol=0.05)


@pytest.mark.parametrize("stacked", [False, True])
def test_toys_with_a_shape_are_fitted_with_it(stacked):
    light_curve = onoff_light_curve(
        runs(), by_width("20 min", align="absolute"), stacked=stacked, background="shape"
    )
    n, maker = 2000, toy_maker(light_curve)
    profile = maker.draw(1.0, n, np.random.default_rng(3))
    norm = estimate_norms(profile).norm.reshape(n, -1)
    assert_allclose(norm.mean(axis=0), 1, atol=5 * norm.std(axis=0).max() / np.sqrt(n) + 0.01)


def test_each_toy_takes_the_shape_from_its_own_counts():
    light_curve = onoff_light_curve(runs(), by_width("5 min"), background="shape")
    maker, n = toy_maker(light_curve), 500
    drawn = maker.draw_counts(1.0, n, np.random.default_rng(4))
    off = (drawn.off / np.tile(maker.ontime, n)).reshape(n, -1)
    first = maker.run == 0
    # In a toy it is one rate for all rows of a run, and is as uncertain as the OFF counts of the run.
    rate = off[:, first].reshape(n, -1, 2)
    assert np.all(np.ptp(rate, axis=1) < 1e-12)
    counts = light_curve.origin.terms[0].n_off
    assert_allclose(rate[:, 0].std(axis=0) / rate[:, 0].mean(axis=0), 1 / np.sqrt(counts), rtol=0.3)
    one, whole = toy_maker(light_curve, rows=[1]), light_curve.origin.terms[0].ontime_s
    rate = one.draw_counts(1.0, n, np.random.default_rng(5)).off.reshape(n, 2) / one.ontime
    # With the other rows of the run, too.
    assert whole > 3 * one.ontime[0]
    assert_allclose(rate.std(axis=0) / rate.mean(axis=0), 1 / np.sqrt(counts), rtol=0.3)


@pytest.mark.parametrize("options", [{"background_error": 0.1}, {"background": "shape"}])
def test_a_constant_source_is_not_variable(options):
    light_curve = onoff_light_curve(runs(seed=6, rate=0.02), by_width("5 min"), negative=True, **options)
    found = ts_var(light_curve, n_toys=400, random_state=1)
    assert found.p_value > 0.01
    varying = onoff_light_curve(runs(seed=6, factor=(flare, 6.0)), by_width("5 min"), **options)
    assert ts_var(varying, n_toys=400, random_state=1).p_value < 0.01


def flare(seconds):
    return np.where((seconds > 1800) & (seconds < 2400), 6.0, 0.5)
