"""Amplitudes that rows share against a minimiser of the dense sums of all rows."""

import numpy as np
import pytest
from dense_likelihood import simulate_bin, terms_of
from scipy.optimize import minimize

from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.shared_amplitudes import SharedByRows, shared_amplitudes

N = 6


def by_force(bins, n_further, prior_weight=0.0):
    """The shared amplitudes at the least of dense sums over all amplitudes and norms of all rows."""
    n_rows, norms_of = len(bins), np.cumsum([0, *(len(bin_) for bin_ in bins)])
    n_amplitudes = n_further + n_rows

    def half(x):
        slope, total = np.zeros(len(x)), 0.5 * prior_weight * ((x[:n_further] - 1) ** 2).sum()
        slope[:n_further] = prior_weight * (x[:n_further] - 1)
        for row, bin_ in enumerate(bins):
            for k, block in enumerate(bin_, n_amplitudes + norms_of[row]):
                shared = [x[n_further + row], *x[:n_further]]
                total += block.half_stat(shared, x[k])
                own = block.half_gradient(shared, x[k])
                slope[:n_further] += own[1:-1]
                slope[n_further + row] += own[0]
                slope[k] += own[-1]
        return total, slope

    bounds = [(0, None)] * n_amplitudes + [(1e-9, None)] * norms_of[-1]
    options = {"ftol": 1e-16, "gtol": 1e-9, "maxiter": 5000, "maxfun": 50000}
    start = np.ones(len(bounds))
    return minimize(half, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options).x[:n_further]


@pytest.mark.parametrize("n_further", [1, 2, 5])
def test_the_least_of_the_sum_over_rows(n_further):
    """Rows of one and of two runs, in two groups, some without the source, and a further source that is not there."""
    bins = [
        simulate_bin(k, n_blocks=1 + k % 2, n_shared=min(n_further, 4) + 1, strength=k % 3, near=k != 4)
        for k in range(N)
    ]
    if n_further == 5:
        bins = [[_with_twin(block) for block in bin_] for bin_ in bins]
    group = np.arange(N) % 2
    found = shared_amplitudes(CashLikelihood(terms_of(bins)), group, 3)
    assert found.shape == (3, n_further)
    assert (found[2] == 1).all()
    for number in (0, 1):
        expected = by_force([bins[k] for k in range(N) if k % 2 == number], n_further)
        np.testing.assert_allclose(found[number], expected, atol=2e-3)


def test_what_is_known_beforehand_of_what_is_shared():
    bins = [simulate_bin(k, n_shared=2, strength=k % 3) for k in range(N)]
    group, weight = np.arange(N) % 2, np.array([200.0, 5.0])
    shared = SharedByRows(CashLikelihood(terms_of(bins)), group, 2, weight)
    found = best_amplitudes(shared)
    for number in (0, 1):
        own = [bins[k] for k in range(N) if k % 2 == number]
        expected = by_force(own, 1, weight[number])
        np.testing.assert_allclose(found.amplitudes[number], expected, atol=2e-3)
        assert abs(by_force(own, 1)[0] - expected[0]) > 0.01
    half, ends = found.stat / 2, []
    for sign in (-1, 1):
        (moved, _, _), _ = shared.evaluate(found.amplitudes + sign * 1e-3)
        ends.append(moved - half)
    np.testing.assert_allclose(sum(ends) / 1e-6, found.hessian[:, 0, 0], rtol=1e-2)


def _with_twin(block):
    """The block with one more source, that sees the first cells of the last one."""
    shared = np.vstack([block.shared, block.shared[-1] * (np.arange(60) < 52)])
    return type(block)(shared, block.background, block.constant, block.counts)


def test_derivatives_are_those_of_the_sum():
    bins = [simulate_bin(k, n_shared=3, n_blocks=2) for k in range(4)]
    shared = SharedByRows(CashLikelihood(terms_of(bins)), np.zeros(4, dtype=int), 1)
    at, step = np.array([[0.8, 1.3]]), 1e-3
    (_, gradient, hessian), _ = shared.evaluate(at)
    for j in range(2):
        ahead, behind = (shared.evaluate(at + sign * step * np.eye(2)[j])[0] for sign in (1, -1))
        assert gradient[0, j] == pytest.approx((ahead[0][0] - behind[0][0]) / (2 * step), rel=1e-4, abs=1e-4)
        np.testing.assert_allclose(hessian[0, j], (ahead[1][0] - behind[1][0]) / (2 * step), rtol=1e-3)


def test_a_source_that_no_row_sees_keeps_its_flux():
    bins = [simulate_bin(k, n_shared=2) for k in range(2)]
    dark = [
        [type(b)(b.shared * [[1], [0]], b.background, b.constant, b.counts) for b in bin_] for bin_ in bins
    ]
    found = shared_amplitudes(CashLikelihood(terms_of([*bins, *dark])), np.array([0, 0, 1, 1]), 2)
    assert found[1, 0] == 1
    assert found[0, 0] != 1
