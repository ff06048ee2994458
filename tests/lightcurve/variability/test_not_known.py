"""Tests of variability of rows with systematic errors and scales of instruments."""

from dataclasses import replace

import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.optimize import minimize

from tevcurve.closure import closure
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import wstat
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.variability import (
    bayesian_blocks,
    chi_square,
    excess_variance,
    flare_profile,
    fractional_variability,
    point_to_point,
    ts_var,
)
from tevcurve.lightcurve.variability.gregory_loredo import gregory_loredo
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.run_id import RunId
from tevcurve.systematics import CrossCalibration, Scales, Systematic, Systematics

NIGHT = 86164.0
NOT_KNOWN = "do not know of scales and systematic errors"
SIGMA = 0.15
BY_NIGHT = Systematics(effects=(Systematic(effect="flux_scale", sigma=SIGMA, by="night"),))


def nights(factors, rate=0.1, seed=1, bins=None, instruments=None, background=0.02):
    """The light curve of two runs in each night, whose flux has a factor."""
    rng, runs = np.random.default_rng(seed), []
    for k, factor in enumerate(np.repeat(factors, 2)):
        start = (k // 2) * NIGHT + (k % 2) * 2000.0
        run = onoff_run(
            k,
            [(start, start + 1600.0)],
            rate,
            background,
            0.1,
            rng,
            (lambda t, f=factor: np.full_like(t, f), factor),
        )
        name = "" if instruments is None else instruments[k // 2]
        runs.append(replace(run, run_id=RunId.of(k, name)))
    return onoff_light_curve(runs, by_run() if bins is None else bins)


def made_with(light_curve, systematics):
    return replace(light_curve.origin, systematics=systematics).light_curve()


def joint(log_scales, sigma, from_="constant"):
    """Of instruments A (the reference), B and C."""
    names = tuple(log_scales)
    return Systematics(
        calibration=CrossCalibration(reference="A", sigma=sigma, from_=from_),
        scales=Scales(
            names, np.array(list(log_scales.values())), 0.01 * np.eye(len(names)), 3, np.full(len(names), 9.0)
        ),
    )


def brute_force(light_curve, loadings, precision):
    """TS_var by scipy, of ON and OFF counts; loadings (n_rows, n_z), precision (n_z,)."""
    p = light_curve.origin.rows()[0].profile.likelihood

    def stat(x):
        return wstat(p.n_on, p.n_off, p.alpha, x[p.cell_bin] * p.signal)

    def total(y):
        return stat(y[0] * np.exp(loadings @ y[1:])).sum() + np.sum(precision * y[1:] ** 2)

    y = np.append(1.0, np.zeros(loadings.shape[1]))
    for _ in range(3):
        y = minimize(total, y, method="BFGS", options={"gtol": 1e-9}).x
    norm = light_curve.table["norm"].data
    best = minimize(lambda x: stat(x).sum(), norm, method="BFGS", options={"gtol": 1e-9})
    return total(y) - best.fun, y


def test_ts_var_has_the_best_scale_of_each_night():
    plain = nights([1.0, 1.3, 0.8])
    light_curve = made_with(plain, BY_NIGHT)
    loadings = SIGMA * np.repeat(np.eye(3), 2, axis=0)
    expected, y = brute_force(plain, loadings, np.ones(3))
    result = ts_var(light_curve)
    assert result.value == pytest.approx(expected, abs=1e-5)
    assert result.n_free == 5
    pulls = light_curve.variability(n_toys=0).pulls
    known = dict(zip(pulls.name, pulls.value, strict=True))
    assert sorted(known.values()) == pytest.approx(sorted(y[1:]), abs=1e-3)
    assert np.all(np.diff(np.abs(pulls.pull)) <= 0)
    without = ts_var(plain)
    assert (result.without.value, result.without.p_value) == (without.value, without.p_value)
    assert result.p_value > 0.01 > without.p_value
    assert "with no systematic errors" in str(result)


def test_free_scales_are_fitted_with_the_constant_and_beside_it_all_are_1():
    raw = nights([1.0, 1.0, 0.7, 0.7, 1.3], instruments="AABBC")
    systematics = joint({"B": -0.3, "C": 0.2}, {"B": "free", "C": "free"})
    light_curve = made_with(raw, systematics)
    loadings = np.repeat(np.array([[0, 0], [0, 0], [1, 0], [1, 0], [0, 1]]), 2, axis=0).astype(float)
    expected, y = brute_force(raw, loadings, np.zeros(2))
    result = ts_var(light_curve)
    assert result.value == pytest.approx(expected, abs=1e-5)
    assert (result.n_free, result.n_rows) == (7, 10)
    assert result.without.value == pytest.approx(
        brute_force(raw, np.zeros((10, 0)), np.zeros(0))[0], abs=1e-5
    )
    scales = light_curve.variability(n_toys=0).pulls.scales
    assert [scales["B"], scales["C"]] == pytest.approx(np.exp(y[1:]), rel=1e-3)


def test_wherever_scales_are_settled_ts_var_is_the_same():
    raw = nights([1.0, 1.0, 0.7, 0.7], instruments="AABB")
    one, other = (ts_var(made_with(raw, joint({"B": at}, {"B": "free"}))) for at in (-0.3, 0.1))
    assert one.value == pytest.approx(other.value, abs=1e-6)
    assert one.without.value == other.without.value


def test_a_prior_counts_and_takes_no_degree_of_freedom():
    raw = nights([1.0, 1.0, 0.7, 0.7], instruments="AABB")
    loadings = np.repeat([[0.0], [0.0], [1.0], [1.0]], 2, axis=0)
    expected, y = brute_force(raw, loadings, np.array([0.1**-2]))
    result = ts_var(made_with(raw, joint({"B": y[1]}, {"B": 0.1})))
    # The prior has its centre at 0, wherever the scale was settled.
    assert result.value == pytest.approx(expected, abs=1e-4)
    assert result.n_free == 7


def test_scales_that_leave_nothing_are_refused():
    raw = nights([1.0, 1.0], instruments="AB", bins=by_width("1 d"))
    light_curve = made_with(raw, joint({"B": 0.1}, {"B": "free"}))
    with pytest.raises(InputError, match="free scales"):
        ts_var(light_curve)


def test_all_amplitudes_know_of_it_and_blocks_say_that_they_do_not():
    light_curve = made_with(nights([1.0, 1.35, 0.75, 1.2, 0.9], rate=0.3), BY_NIGHT)
    for test in (excess_variance, fractional_variability, chi_square):
        result = test(light_curve)
        assert result.p_value > 0.02 > 1e-4 > result.without.p_value
        assert result.value < result.without.value
    assert point_to_point(light_curve).p_value > 0.005
    for events in (False, True):
        assert NOT_KNOWN in bayesian_blocks(light_curve, events=events).note
    assert f"odds by the times of events {NOT_KNOWN}" in gregory_loredo(light_curve, n_toys=0).note


def test_blocks_and_flares_are_those_of_the_rows_as_they_are():
    plain = nights([1.0, 2.0, 0.7])
    light_curve = made_with(plain, BY_NIGHT)
    for found, wanted in (
        (each(light_curve, n_toys=0), each(plain, n_toys=0)) for each in (bayesian_blocks, flare_profile)
    ):
        assert (found.value, found.p_value) == (wanted.value, wanted.p_value)
    assert bayesian_blocks(plain, n_toys=0).p_value < 0.01


def test_toys_draw_the_nuisances():
    few = made_with(
        nights([1.0, 1.4, 0.6, 1.1, 0.8], rate=0.006, background=0.001),
        replace(BY_NIGHT, effects=(Systematic(effect="flux_scale", sigma=0.5, by="night"),)),
    )
    rows = rows_of(few)
    assert rows.few.any()
    result = ts_var(few, n_toys=300)
    assert result.method == "toys"
    assert result.p_value == pytest.approx(result.p_asymptotic, abs=0.15)
    assert fractional_variability(few, n_toys=100).method == "toys"


def test_the_summary_has_both_chances_and_the_pulls():
    text = str(made_with(nights([1.0, 1.3, 0.8]), BY_NIGHT).variability())
    assert "with no systematic errors" in text
    assert "Largest pulls: flux_scale" in text
    assert "flux_scale 0.15 by night" in text
    html = made_with(nights([1.0, 1.3, 0.8]), BY_NIGHT).variability()._repr_html_()
    assert "with no systematic errors" in html


def test_closure_is_of_counts_and_says_so():
    plain = nights([1.0, 1.0, 1.0])
    found = closure(made_with(plain, BY_NIGHT), n=20)
    assert "not drawn: systematic errors" in " ".join(str(found).split())
    assert found.coverage == pytest.approx(closure(plain, n=20).coverage)
    assert closure(plain, n=2).not_drawn == ""


def test_a_table_alone_says_that_it_does_not_know():
    light_curve = nights([1.0, 1.3, 0.8])
    table = light_curve.table.copy()
    table["flux_err_sys"] = 0.1 * table["flux"]
    assert "systematic errors are left out" in ts_var(LightCurve(table)).note


def test_without_anything_said_all_is_as_ever():
    light_curve = nights([1.0, 1.3, 0.8])
    rows = rows_of(light_curve)
    assert rows.unknown is None
    assert rows.plain is None
    assert ts_var(light_curve).without is None
    assert light_curve.variability(n_toys=0).pulls is None
