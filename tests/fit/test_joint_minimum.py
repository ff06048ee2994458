"""Several sources in a row: one minimum for all of them, and the profile of each, against minimisers of dense sums."""

from functools import cache

import numpy as np
import pytest
from dense_likelihood import simulate_bin, terms_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.columns import FEW
from tevcurve.kernels.one_amplitude import OneAmplitude

COLUMNS = ("norm", "stat", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts")
ASKED = {"err": 1, "errn_errp": 1, "ul_rise": 2.706, "ts": True}
ROWS = 6


@cache
def bins_of(n_shared):
    """Bins of one or two runs; in the last there is nothing but background, and no count of the first source."""
    bins = [simulate_bin(k, n_blocks=1 + k % 2, n_shared=n_shared, source=25.0) for k in range(ROWS - 1)]
    return [*bins, simulate_bin(9, n_shared=n_shared, source=25.0, strength=0.0, near=False)]


def estimate_each(likelihood, **asked):
    """The `NormEstimate` of each amplitude of a likelihood that is seen, a list."""
    numbers = np.arange(likelihood.n_amplitudes)
    seen = [number for number in numbers if (likelihood.total[:, number] > 0).all()]
    orders = [np.append(number, np.delete(numbers, number)) for number in seen]
    return [estimate_norms(OneAmplitude(likelihood.with_columns(order)), **asked) for order in orders]


@cache
def estimates(n_shared):
    return estimate_each(CashLikelihood(terms_of(bins_of(n_shared))), **ASKED)


def by_force(bin_, held=None, value=0.0):
    """(amplitudes, cash) at the least of the dense sums over amplitudes and norms >= 0, one amplitude held or none."""
    n_shared, n_blocks = len(bin_[0].shared), len(bin_)

    def half(x):
        shared, norms = x[:n_shared], x[n_shared:]
        slope, total = np.zeros(len(x)), 0.0
        for k, (block, norm) in enumerate(zip(bin_, norms, strict=True)):
            own = block.half_gradient(shared, norm)
            slope[:n_shared] += own[:-1]
            slope[n_shared + k] = own[-1]
            total += block.half_stat(shared, norm)
        return total, slope

    bounds = [(value, value) if j == held else (0, None) for j in range(n_shared)] + [(1e-9, None)] * n_blocks
    start = np.ones(len(bounds))
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 50000}
    found = minimize(half, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    return found.x[:n_shared], 2 * found.fun


@pytest.mark.parametrize("n_shared", [3, 5])
def test_the_minimum_of_all_amplitudes_is_that_of_the_dense_sums(n_shared):
    found = best_amplitudes(CashLikelihood(terms_of(bins_of(n_shared))))
    assert found.converged.all()
    for k, bin_ in enumerate(bins_of(n_shared)):
        amplitudes, stat = by_force(bin_)
        assert found.stat[k] == pytest.approx(stat, abs=1e-5)
        free = ~found.held[k]
        errors = np.sqrt(np.diag(np.linalg.inv(found.hessian[k][np.ix_(free, free)])))
        assert np.abs(found.amplitudes[k] - amplitudes)[free] == pytest.approx(
            0 * errors, abs=2e-3 * errors.min()
        )
        assert_allclose(amplitudes[~free], 0, atol=1e-6)


@pytest.mark.parametrize("n_shared", [3, 5])
def test_each_profile_rises_by_what_was_asked_for(n_shared):
    for number, found in enumerate(estimates(n_shared)):
        for k in {number, ROWS - 1} if number == 0 else {number}:
            bin_, best = bins_of(n_shared)[k], found.stat[k]
            above = by_force(bin_, number, found.norm[k] + found.norm_errp[k])[1]
            limit = by_force(bin_, number, found.norm_ul[k])[1]
            assert (above - best, limit - best) == pytest.approx((1, 2.706), abs=1e-4)
            nothing = by_force(bin_, number, 0.0)[1]
            assert found.ts[k] == pytest.approx(nothing - best, abs=1e-4)


@pytest.mark.parametrize("n_shared", [3, 5])
def test_each_amplitude_is_what_it_is_as_the_first_one(n_shared):
    bins = bins_of(n_shared)
    for number, found in enumerate(estimates(n_shared)):
        order = [number, *(j for j in range(n_shared) if j != number)]
        swapped = [
            [type(b)(b.shared[order], b.background, b.constant, b.counts) for b in bin_] for bin_ in bins
        ]
        own = estimate_norms(OneAmplitude(CashLikelihood(terms_of(swapped))), **ASKED)
        for name in COLUMNS:
            assert_allclose(getattr(own, name), getattr(found, name), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("n_shared", [3, 5])
def test_rows_alone_are_the_rows(n_shared):
    bins = bins_of(n_shared)
    for k, bin_ in enumerate(bins):
        alone = estimate_each(CashLikelihood(terms_of([bin_])), **ASKED)
        for own, together in zip(alone, estimates(n_shared), strict=True):
            for name in COLUMNS:
                assert_array_equal(getattr(own, name), getattr(together, name)[k : k + 1])


@pytest.mark.parametrize("n_shared", [2, 5])
def test_below_zero_beside_others(n_shared):
    """The first source is not there, so half of the fluxes are below zero: the profile falls to them without a kink."""
    bins = [simulate_bin(50 + k, n_shared=n_shared, strength=0.0, background=300.0) for k in range(ROWS)]
    found = estimate_norms(OneAmplitude(CashLikelihood(terms_of(bins))), negative=True, errn_errp=1, ts=True)
    assert (found.norm < 0).any()
    assert (found.norm > 0).any()
    for k, bin_ in enumerate(bins):
        for step in (0.2,) if found.minimum.at_limit[k] else (-0.2, 0.2):
            assert by_force(bin_, 0, found.norm[k] + step)[1] > found.stat[k]
        assert by_force(bin_, 0, found.norm[k] + found.norm_errp[k])[1] == pytest.approx(
            found.stat[k] + 1, abs=1e-4
        )


def test_sources_that_can_take_each_others_place_have_no_small_error():
    (block,) = simulate_bin(3)
    for n_shared in (2, FEW + 2):
        same = type(block)(
            np.tile(block.shared, (n_shared, 1)), block.background, block.constant, block.counts
        )
        found = estimate_norms(OneAmplitude(CashLikelihood(terms_of([[same]]))), err=1, errn_errp=1)
        assert not found.norm_err[0] < 100
        # All counts may be any one's: the interval is that of one source alone, and reaches down to zero.
        alone = estimate_norms(OneAmplitude(CashLikelihood(terms_of([[block]]))), errn_errp=1)
        assert found.norm[0] + found.norm_errp[0] == pytest.approx(
            alone.norm[0] + alone.norm_errp[0], rel=1e-5
        )
        assert found.norm[0] - found.norm_errn[0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n_shared", [3, 6])
def test_a_source_that_a_row_does_not_see_changes_nothing(n_shared):
    (bin_,) = bins_of(n_shared - 1)[:1]
    (wider,) = (
        [type(b)(np.vstack([b.shared, 0 * b.counts]), b.background, b.constant, b.counts) for b in bin_],
    )
    for own, beside in zip(
        estimate_each(CashLikelihood(terms_of([bin_])), **ASKED),
        estimate_each(CashLikelihood(terms_of([wider])), **ASKED),
        strict=True,
    ):
        for name in COLUMNS:
            assert_allclose(getattr(own, name), getattr(beside, name), rtol=1e-5, atol=1e-5)


def test_rows_have_the_numbers_that_those_sources_give_that_they_see():
    """To the last digit, whichever others there are in the batch: what a row does not see is not there."""
    seen = [(0, 1, 2), (0,), (0, 2), (0, 1, 2), (0,)]
    own = [
        [type(b)(b.shared[list(cols)], b.background, b.constant, b.counts) for b in bin_]
        for bin_, cols in zip(bins_of(3), seen, strict=False)
    ]
    padded = []
    for bin_, cols in zip(bins_of(3), seen, strict=False):
        factor = np.isin(np.arange(3), cols).astype(float)[:, None]
        padded.append([type(b)(b.shared * factor, b.background, b.constant, b.counts) for b in bin_])
    together = estimate_norms(OneAmplitude(CashLikelihood(terms_of(padded))), **ASKED)
    for k, bin_ in enumerate(own):
        alone = estimate_norms(OneAmplitude(CashLikelihood(terms_of([bin_]))), **ASKED)
        for name in COLUMNS:
            assert_array_equal(getattr(alone, name), getattr(together, name)[k : k + 1])
        assert_array_equal(alone.minimum.slope, together.minimum.slope[k : k + 1])


def test_thirty_sources_are_at_the_minimum_of_the_dense_sums():
    """The likelihood is convex: no slope where an amplitude can move, none downhill where it is at zero."""
    rng, x = np.random.default_rng(7), np.arange(600.0)
    places = np.sort(rng.uniform(0, 600, 30))
    sources = np.exp(-((x - places[:, None]) ** 2) / (2 * 8.0**2))
    sources *= 40 / sources.sum(axis=1, keepdims=True) * (np.abs(x - places[:, None]) < 60)
    background = 2 + np.sin(x / 100)
    truth = rng.gamma(1, 1.0, 30) * (np.arange(30) % 4 > 0)
    rows = [
        [type(block)(sources, background, 0 * x, rng.poisson(truth @ sources + background).astype(float))]
        for block in bins_of(3)[0]
        for _ in range(4)
    ]
    found = best_amplitudes(CashLikelihood(terms_of(rows)))
    assert found.converged.all()
    assert found.held.any()
    for k, (block,) in enumerate(rows):
        amplitudes, held = found.amplitudes[k], np.append(found.held[k], False)
        norm = block.best_norm(amplitudes)
        slope = block.half_gradient(amplitudes, norm)
        templates = np.vstack([sources, background])
        bend = (templates * block.counts / block.prediction(amplitudes, norm) ** 2) @ templates.T
        assert (slope[held] > -1e-6).all()
        step = np.linalg.solve(bend[np.ix_(~held, ~held)], slope[~held])
        errors = np.sqrt(np.diag(np.linalg.inv(bend[np.ix_(~held, ~held)])))
        assert np.abs(step / errors).max() < 1e-4


@pytest.mark.parametrize("n_shared", [2, 5])
@pytest.mark.parametrize("free", [False, True])
def test_no_counts_at_all(n_shared, free):
    """Half the statistic is the sum of all that is expected, so limits are the rise over twice a source's counts."""
    (block,) = simulate_bin(3, n_shared=n_shared, counts=False, free=free)
    for number, found in enumerate(estimate_each(CashLikelihood(terms_of([[block]])), **ASKED)):
        assert (found.norm[0], found.ts[0], found.norm_errn[0]) == (0, 0, 0)
        assert np.isnan(found.norm_err[0])
        assert found.norm_ul[0] == pytest.approx(2.706 / (2 * block.shared[number].sum()), rel=1e-6)
        assert found.norm_errp[0] == pytest.approx(1 / (2 * block.shared[number].sum()), rel=1e-6)


def test_an_event_that_only_one_of_the_sources_can_have_made():
    """Without a background, each of two sources that share no cell has its counts over what is expected of it."""
    (block,) = simulate_bin(5, n_shared=3, background=0.0, free=False)
    shared = block.shared * (np.arange(60)[None] // 20 == np.arange(3)[:, None])
    shared = (
        np.vstack([shared, [[0] * 59 + [1.0]]]) + np.eye(4)[:, [0] * 20 + [1] * 20 + [2] * 19 + [3]] * 0.01
    )
    counts = np.where(np.arange(60) < 40, 2.0, 0.0)
    row = [[type(block)(shared, 0 * counts, 0 * counts, counts)]]
    for number, found in enumerate(estimate_each(CashLikelihood(terms_of(row)), **ASKED)):
        total = shared[number].sum()
        expected = counts[shared[number] > 0].sum() / total
        assert found.norm[0] == pytest.approx(expected, rel=1e-6)
        if expected:
            assert found.norm_err[0] == pytest.approx(np.sqrt(expected / total), rel=1e-4)
