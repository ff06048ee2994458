"""Toys have the expectations of the rows that they are drawn from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import BACKGROUND_SHARE, SIGNAL_SHARE, onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.fit.minimize import minimize_norm
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.toys import draw_toys, toy_maker

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
    n_on, n_off = (each.reshape(cells) for each in (toys.profile.n_on, toys.profile.n_off))
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
    fit = minimize_norm(toys.profile, toys.profile.lower_limits()).norm.reshape(n, n_rows)
    assert_allclose(fit.mean(axis=0), rows, rtol=0.05, atol=0.05)
    both = np.where(np.arange(n)[:, None] < n // 2, rows, rows[::-1])
    toys = draw_toys(light_curve, both, n, random_state=4)
    fit = minimize_norm(toys.profile, toys.profile.lower_limits()).norm.reshape(n, n_rows)
    assert_allclose(fit[n // 2 :].mean(axis=0), rows[::-1], rtol=0.08, atol=0.08)


def test_the_same_seed_draws_the_same_toys(light_curve):
    one, other, third = (draw_toys(light_curve, 1.0, 5, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.profile.n_on, other.profile.n_on)
    assert np.any(one.profile.n_on != third.profile.n_on)


def test_a_row_without_off_events_has_the_background_of_its_run():
    light_curve = onoff_light_curve(runs(background=0.0008, alpha=1.0), by_width("2 min"))
    toys = draw_toys(light_curve, 1.0, 2000)
    empty = light_curve.origin.laid()[0].profile.n_off.reshape(-1, 2)[:, 0] == 0
    assert empty.any()
    assert np.all(toys.profile.n_off.reshape(2000, -1, 2).mean(axis=0)[empty, 0] > 0)


def test_stacked_runs_share_cells():
    light_curve = onoff_light_curve(runs(), by_width("20 min", align="absolute"), stacked=True)
    assert 2 in light_curve.table["n_runs"]
    n = 3000
    toys = draw_toys(light_curve, 1.0, n)
    signal = RATE * np.asarray(light_curve.table["livetime"])
    counts = toys.profile.counts.reshape(n, -1).mean(axis=0)
    profile = light_curve.origin.laid()[0].profile
    background = counts - signal
    off = np.bincount(profile.cell_bin, profile.alpha * profile.n_off)
    assert_allclose(background, off, rtol=0.35)
    assert background.sum() == pytest.approx(off.sum(), rel=0.1)


def test_some_rows_can_be_drawn(light_curve):
    maker = toy_maker(light_curve, rows=[2, 5])
    profile = maker.draw([1.0, 2.0], 1000, np.random.default_rng(0))
    fit = minimize_norm(profile, profile.lower_limits()).norm.reshape(1000, 2)
    assert_allclose(fit.mean(axis=0), [1, 2], rtol=0.08)


def test_a_light_curve_without_events_has_no_toys(light_curve):
    with pytest.raises(InputError, match="drawn from the responses of the runs"):
        draw_toys(LightCurve(light_curve.table), 1.0, 3)


def test_backgrounds_are_shared_in_a_run_and_energy_bin(light_curve):
    background = toy_maker(light_curve).backgrounds(np.ones((1, len(light_curve))))[0].reshape(-1, 2)
    rate = background / np.asarray(light_curve.table["ontime"])[:, None]
    first, second = np.unique(rate[:, 0].round(12)), np.unique(rate[:, 1].round(12))
    assert len(first) == len(second) == 2
    assert_allclose(sorted(first), np.array([1, 2]) * BACKGROUND / ALPHA * BACKGROUND_SHARE[0], rtol=0.25)
