"""One constant with nuisance parameters, against brute force over the constant and all of them."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tevcurve.fit import nuisance_layout
from tevcurve.fit.minimize import minimize_norm
from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.fit.shared_constant import constant_with_nuisances, n_identified
from tevcurve.kernels.measured_profile import AsymmetricProfile
from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.summed_profile import SummedProfile

SIGNAL, ALPHA = 8.0, 0.2


def nuisances_of(n_rows, laws, own=None, covariance=None, precision=None):
    """`RowNuisances` of dense laws: list of (scale, shift) of one parameter each, (n_rows,) or numbers."""
    scale, shift = (np.stack([np.broadcast_to(law[k], n_rows) for law in laws], axis=1) for k in (0, 1))
    row, nuisance = np.nonzero((scale != 0) | (shift != 0))
    none = np.zeros((0, 0))
    n_scales = 0 if precision is None else len(precision)
    return RowNuisances(
        names=tuple(f"z{k}" for k in range(len(laws))),
        systematic=np.where(np.arange(len(laws)) < n_scales, -1, 0),
        n_rows=n_rows,
        row=row,
        nuisance=nuisance,
        scale=scale[row, nuisance].astype(float),
        shift=shift[row, nuisance].astype(float),
        own=np.zeros((n_rows, 3)) if own is None else np.broadcast_to(own, (n_rows, 3)),
        covariance=none if covariance is None else np.asarray(covariance),
        precision=none if precision is None else np.asarray(precision),
    )


def rows_of_counts(n, n_rows, seed, norm=1.0, low=0.5):
    """Profiles of n light curves with one ON/OFF cell in each row, and their counts."""
    rng = np.random.default_rng(seed)
    signal = np.tile(rng.uniform(low, 2.0, n_rows) * SIGNAL, n)
    n_on, n_off = rng.poisson(norm * signal + 3.0).astype(float), rng.poisson(15.0, n * n_rows).astype(float)
    bins = np.arange(n * n_rows)
    return onoff_profile(bins, n_on, n_off, np.full(len(bins), ALPHA), signal, len(bins)), (
        n_on,
        n_off,
        signal,
    )


def dense(own):
    """(scale, shift, root of the covariance) of a `RowNuisances` with the parameters of rows written out."""
    scale, shift = np.zeros((2, own.n_rows, own.n_nuisances))
    scale[own.row, own.nuisance], shift[own.row, own.nuisance] = own.scale, own.shift
    return scale, shift


def brute_force(stat, own, start):
    """(constant, least statistic, parameters) by scipy over everything, parameters of single rows among them."""
    scale, shift = dense(own)
    n_z, n_rows = own.n_nuisances, own.n_rows
    precision = np.eye(n_z)
    precision[: own.n_scales, : own.n_scales] = own.precision
    roots = np.array([np.linalg.cholesky([[a + 1e-300, c], [c, t + 1e-300]]) for a, c, t in own.own])

    def total(y):
        z, each = y[1 : 1 + n_z], y[1 + n_z :].reshape(n_rows, 2)
        u = np.einsum("rij,rj->ri", roots, each)
        x = y[0] * np.exp(scale @ z + u[:, 0]) + shift @ z + u[:, 1]
        return stat(x).sum() + z @ precision @ z + np.sum(each**2)

    y = np.append(start, np.zeros(n_z + 2 * n_rows))
    for _ in range(2):
        found = minimize(total, y, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000})
        y = found.x
    return found.x[0], found.fun, found.x[1 : 1 + n_z]


NIGHT = np.repeat(np.eye(3), [3, 2, 3], axis=1)
OF_FACT = np.array([0, 1, 0, 0, 0.4, 0, 1, 0])
LAWS = {
    "nights": {"laws": [(0.2 * night, 0.0) for night in NIGHT]},
    "nights that shift": {"laws": [(0.1 * night, 0.15 * night) for night in NIGHT]},
    "all, and rows": {"laws": [(0.1, 0.0)], "own": (0.04, 0.005, 0.02)},
    "rows only": {"laws": [(0.0, 0.0)], "own": (0.04, -0.01, 0.02)},
    "a free scale": {"laws": [(OF_FACT, 0.0)], "covariance": [[0.1]], "precision": [[0.0]]},
    "a scale, and nights": {
        "laws": [(OF_FACT, 0.0), *[(0.2 * night, 0.1 * night) for night in NIGHT]],
        "covariance": [[0.1]],
        "precision": [[16.0]],
    },
    "runs": {"laws": [(0.2 * one, 0.1 * one) for one in np.eye(8)]},
    "more than rows can tell": {
        "laws": [(0.1 * one, 0.05 * one) for one in np.random.default_rng(3).normal(size=(20, 8))]
    },
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("norm", [1.0, 0.15])
def test_the_least_statistic_is_that_of_brute_force(law, norm):
    own = nuisances_of(8, **LAWS[law])
    profile, (n_on, n_off, signal) = rows_of_counts(1, 8, 5, norm)
    summed = SummedProfile([(profile, np.zeros(8, dtype=int))], 1)
    lower = np.minimum(profile.lower_bound(), 0)
    first = minimize_norm(summed, np.array([lower.max()])).norm
    found = constant_with_nuisances(profile, first, lower, own)
    constant, least, z = brute_force(lambda x: wstat(n_on, n_off, ALPHA, x * signal), own, first[0])
    assert found.converged.all()
    assert found.stat[0] == pytest.approx(least, abs=1e-6)
    assert found.norm[0] == pytest.approx(constant, abs=2e-4)
    assert found.values()[0] == pytest.approx(z, abs=2e-3)


def test_light_curves_together_are_as_each_alone():
    own = nuisances_of(8, **LAWS["a scale, and nights"])
    profile, _ = rows_of_counts(40, 8, 6, 0.1)
    lower = np.minimum(profile.lower_bound(), 0)
    first = np.full(40, 0.1)
    together = constant_with_nuisances(profile, first, lower, own)
    assert together.converged.all()
    for k in range(0, 40, 7):
        rows = np.arange(8) + 8 * k
        alone = constant_with_nuisances(profile.take(rows)[0], first[:1], lower[rows], own)
        assert alone.stat[0] == pytest.approx(together.stat[k], abs=1e-10)


def test_without_any_effect_it_is_the_plain_constant():
    own = nuisances_of(8, [(0.0, 0.0)])
    profile, _ = rows_of_counts(30, 8, 7, 0.05)
    lower = np.minimum(profile.lower_bound(), 0)
    summed = SummedProfile([(profile, np.repeat(np.arange(30), 8))], 30)
    plain = minimize_norm(summed, lower.reshape(30, 8).max(axis=1))
    found = constant_with_nuisances(profile, np.full(30, 0.3), lower, own)
    assert found.converged.all()
    assert found.stat == pytest.approx(plain.stat, abs=1e-5)


def test_gaussian_rows_have_the_chi_square_of_their_covariance():
    rng = np.random.default_rng(8)
    n, err = 60, 0.01
    night = np.repeat(np.arange(12), 5)
    shifts = [(0.0, 0.05 * (night == k)) for k in range(12)] + [(0.0, 0.03)]
    own = nuisances_of(n, shifts, own=(0.0, 0.0, 0.02**2))
    value = rng.normal(1, 0.05, n)
    _, shift = dense(own)
    weight = np.linalg.inv(np.diag(np.full(n, err**2 + 0.02**2)) + shift @ shift.T)
    mean = weight.sum(axis=0) @ value / weight.sum()
    profile = AsymmetricProfile(value, np.full(n, err), np.full(n, err))
    found = constant_with_nuisances(profile, np.array([0.9]), profile.lower_bound(), own)
    assert found.norm[0] == pytest.approx(mean, rel=1e-9)
    assert found.stat[0] == pytest.approx((value - mean) @ weight @ (value - mean), rel=1e-9)


def test_what_is_laid_out_in_parts_is_as_all_in_one(monkeypatch):
    n_rows = 90
    rng = np.random.default_rng(9)
    night = np.sort(rng.integers(0, 20, n_rows))
    run = np.arange(n_rows) // 2
    laws = [(0.1 * (night == k), 0.05 * (night == k)) for k in range(20)]
    laws += [(0.0, 0.1 * (run == k)) for k in range(45)] + [(0.05, 0.0)]
    own = nuisances_of(n_rows, laws)
    profile, _ = rows_of_counts(3, n_rows, 10)
    arguments = profile, np.ones(3), np.minimum(profile.lower_bound(), 0), own
    assert len(nuisance_layout.NuisanceLayout(own).components) > 1
    found = constant_with_nuisances(*arguments)
    monkeypatch.setattr(nuisance_layout, "_MANY", 0)
    monkeypatch.setattr(nuisance_layout, "_BROAD", 0)
    assert not nuisance_layout.NuisanceLayout(own).components
    other = constant_with_nuisances(*arguments)
    assert found.stat == pytest.approx(other.stat, abs=1e-8)
    assert found.values() == pytest.approx(other.values(), abs=1e-4)


def test_free_scales_are_counted_where_rows_tell_them():
    one = nuisances_of(8, [(OF_FACT, 0.0)], covariance=[[0.1]], precision=[[0.0]])
    assert n_identified(one) == 1
    assert n_identified(one.take(np.array([1, 6]))) == 0
    known = nuisances_of(8, [(OF_FACT, 0.0)], covariance=[[0.1]], precision=[[4.0]])
    assert n_identified(known) == 0
