"""The score test for extra variance and its value, against dense matrices and drawn Gaussian numbers."""

import numpy as np
import pytest

from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.scatter import excess
from tevcurve.lightcurve.variability import low_rank
from tevcurve.lightcurve.variability.extra_variance import ExtraVariance

CONSTANT, N = 1.3, 24
NIGHT = np.repeat(np.arange(6), 4)


def nuisances(with_scales=True):
    """A free scale, one with a prior that is not where it was settled, nights that also shift, one of all, and rows."""
    laws = [((np.arange(N) > 15) * 1.0, 0.0), ((np.arange(N) % 5 == 0) * 1.0, 0.0)] if with_scales else []
    laws += [(0.1 * (k == NIGHT), 0.05 * (k == NIGHT)) for k in range(6)] + [(0.08, 0.0)]
    scale, shift = (np.stack([np.broadcast_to(law[k], N) for law in laws], axis=1) for k in (0, 1))
    row, number = np.nonzero((scale != 0) | (shift != 0))
    none, n = np.zeros((0, 0)), len(laws)
    return RowNuisances(
        names=tuple(map(str, range(n))),
        systematic=np.where(np.arange(n) < 2 * with_scales, -1, 0),
        n_rows=N,
        row=row,
        nuisance=number,
        scale=scale[row, number],
        shift=shift[row, number],
        own=np.tile([0.002, 0.001, 0.003], (N, 1)),
        covariance=0.01 * np.eye(2) if with_scales else none,
        precision=np.diag([0.0, 25.0]) if with_scales else none,
        center=np.array([0.3, -0.1]) if with_scales else None,
    )


def dense(own, variance):
    """(covariance of the rows by all that is known, columns of what is not, where priors have the rows)."""
    load = np.zeros((N, own.n_nuisances))
    load[own.row, own.nuisance] = CONSTANT * own.scale + own.shift
    known, weight = np.ones(own.n_nuisances, dtype=bool), np.ones(own.n_nuisances)
    if own.n_scales:
        known[0], weight[1] = False, 1 / 25
    shared = (load[:, known] * weight[known]) @ load[:, known].T
    a, c, t = own.own.T
    shared += np.diag(CONSTANT**2 * a + 2 * CONSTANT * c + t)
    moved = load[:, 1] * -0.1 if own.n_scales else np.zeros(N)
    return np.diag(variance) + shared, np.column_stack([np.ones(N), load[:, ~known]]), moved


@pytest.fixture(params=[(True, 300), (True, 0), (False, 300), (False, 0)])
def case(request, monkeypatch):
    """With or without scales, as few rows or as many."""
    with_scales, n_few = request.param
    monkeypatch.setattr(low_rank, "_FEW_ROWS", n_few)
    own, rng = nuisances(with_scales), np.random.default_rng(1)
    variance = rng.uniform(0.01, 0.03, N)
    return (
        own,
        variance,
        *dense(own, variance),
        ExtraVariance(CONSTANT, variance, own, rng.uniform(0.3, 1, N)),
    )


def test_the_score_is_that_of_the_dense_matrices(case):
    _own, variance, covariance, unknown, moved, extra = case
    inverse = np.linalg.inv(covariance)
    inner = np.linalg.inv(unknown.T @ inverse @ unknown)
    projected = inverse - inverse @ unknown @ inner @ unknown.T @ inverse
    assert extra.projected.dense() == pytest.approx(projected, abs=1e-9 * np.abs(projected).max())
    roots = np.random.default_rng(2).standard_normal((5, N))
    values = roots * np.sqrt(variance) - moved
    assert extra.score(roots) == pytest.approx(np.sum((values @ projected) ** 2, axis=1), rel=1e-9)


def test_all_constants_and_free_scales_have_the_same_score(case):
    _, variance, _, unknown, _, extra = case
    roots = np.random.default_rng(3).standard_normal((1, N))
    other = roots + (unknown @ np.arange(1.0, 1 + unknown.shape[1])) / np.sqrt(variance)
    assert extra.score(other) == pytest.approx(extra.score(roots), rel=1e-9)


def test_its_chances_are_those_of_drawn_numbers(case):
    _, variance, covariance, _, moved, extra = case
    drawn = np.random.default_rng(4).multivariate_normal(moved, covariance, 100_000) / np.sqrt(variance)
    found = np.sort(extra.score(drawn))
    for chance in (0.5, 0.1, 0.01, 0.001):
        assert extra.score_chance(np.quantile(found, 1 - chance)) == pytest.approx(chance, rel=0.25)


@pytest.mark.parametrize("pairs", [None, (np.arange(N - 1), np.arange(1, N))])
def test_the_value_is_the_variance_beyond_all_that_is_known(case, pairs):
    _, variance, covariance, unknown, moved, extra = case
    form, true = extra.form(pairs), 0.04
    rng = np.random.default_rng(6)
    drawn = CONSTANT + rng.multivariate_normal(moved, covariance + true * np.eye(N), 40_000)
    drawn += rng.standard_normal((len(drawn), 1)) * unknown[:, -1] if unknown.shape[1] > 1 else 0.0
    found = extra.excess(drawn, np.sqrt(np.tile(variance, (len(drawn), 1))), form)
    assert found.mean() == pytest.approx(true, abs=4 * found.std() / np.sqrt(len(found)))
    assert np.trace(form.dense()) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("pairs", [None, (np.arange(N - 1), np.arange(1, N))])
def test_its_spread_and_chance_are_those_of_drawn_numbers(case, pairs):
    _, variance, covariance, _, moved, extra = case
    form = extra.form(pairs)
    drawn = np.random.default_rng(7).multivariate_normal(moved, covariance, 100_000)
    found = extra.excess(drawn, np.sqrt(np.tile(variance, (len(drawn), 1))), form)
    assert extra.spread(0.0, form) == pytest.approx(found.std(), rel=0.02)
    squares = extra.square(drawn / np.sqrt(variance), form)
    for chance in (0.1, 0.01):
        told = extra.square_chance(np.quantile(squares, 1 - chance), form)
        assert told == pytest.approx(chance, rel=0.1)


def test_without_nuisances_it_is_the_excess_variance():
    none = RowNuisances(
        (), np.zeros(0, int), N, *(np.zeros(0, int),) * 2, *(np.zeros(0),) * 2, np.zeros((N, 3))
    )
    rng = np.random.default_rng(8)
    weight, variance, norm = rng.uniform(0.2, 1, N), rng.uniform(0.01, 0.1, N), rng.normal(1, 0.3, (3, N))
    extra, err = ExtraVariance(1.0, variance, none, weight), np.sqrt(rng.uniform(0.01, 0.1, (3, N)))
    assert extra.excess(norm, err, extra.form()) == pytest.approx(excess(norm, err, weight), rel=1e-9)
