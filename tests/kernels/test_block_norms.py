"""Background norms against bisection, over many orders of magnitude and from bad starts."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tevcurve.kernels.block_norms import MAX_STEPS, settle_norms
from tevcurve.kernels.terms import CashTerms


def one_block(count, background, total, lone=0.0):
    n = len(count)
    return CashTerms(
        n_bins=1,
        block_bin=np.zeros(1, dtype=int),
        shared_total=np.ones((1, 1)),
        background_total=np.array([total]),
        constant_total=np.zeros(1),
        event_block=np.zeros(n, dtype=int),
        event_count=np.asarray(count, dtype=float),
        event_shared=np.zeros((n, 1)),
        event_background=np.asarray(background, dtype=float),
        event_constant=np.zeros(n),
        lone_count=np.array([lone]),
        lone_log=np.zeros(1),
    )


def root(count, background, rest, total, lone):
    """The norm where the events draw the total, by bisection in its logarithm above the last pole."""
    pole = max(0.0, np.max(-rest / background))
    at_pole = np.maximum(pole + rest / background, 0.0)

    def slope(logarithm):
        distance = np.exp(logarithm)
        return total - (count / (distance + at_pole)).sum() - (lone / (pole + distance) if lone else 0)

    return pole + np.exp(brentq(slope, -300, 60, xtol=1e-13))


@pytest.mark.parametrize("start", [0.0, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("seed", range(30))
def test_norm_is_the_root(seed, start):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 30)
    count, background = rng.choice([1.0, 2.0, 1e4], n), 10 ** rng.uniform(-8, 2, n)
    rest = 10 ** rng.uniform(-8, 2, n) * rng.choice([1, 1, -1], n)
    lone, total = rng.choice([0.0, 3.0, 1e5]), 10 ** rng.uniform(-2, 5)
    if not np.any(rest < 0) and not lone:
        # Without a pole the norm may end at zero; this test is of roots.
        total = min(total, 0.9 * (count * background / rest).sum())
    terms = one_block(count, background, total, lone)
    with np.errstate(divide="ignore", invalid="ignore"):
        settled = settle_norms(terms, rest, np.array([start]))
    expected = root(count, background, rest, total, lone)
    error = 1 / np.sqrt(
        (count * (background / (expected * background + rest)) ** 2).sum() + lone / expected**2
    )
    assert settled.norms[0] == pytest.approx(expected, rel=1e-13, abs=1e-3 * error)
    # The last step, which is left to the user of the sums, ends at the root.
    last = settled.norms[0] - settled.gradient[0] / settled.hessian[0]
    assert last == pytest.approx(expected, rel=1e-13, abs=1e-6 * error)


def test_norm_is_zero_where_the_rest_explains_all():
    settled = settle_norms(one_block([1.0, 2.0], [0.1, 0.3], 50.0), np.array([1.0, 1.0]), np.array([3.0]))
    assert (settled.norms[0], settled.gradient[0], settled.hessian[0]) == (0, 0, np.inf)


def test_norm_is_zero_without_events():
    with np.errstate(divide="ignore", invalid="ignore"):
        settled = settle_norms(one_block([], [], 50.0), np.zeros(0), np.array([3.0]))
    assert settled.norms[0] == 0


def test_norm_of_lone_events_is_their_number_over_the_total():
    with np.errstate(divide="ignore", invalid="ignore"):
        settled = settle_norms(one_block([], [], 50.0, lone=20.0), np.zeros(0), np.array([3.0]))
    assert settled.norms[0] - settled.gradient[0] / settled.hessian[0] == pytest.approx(0.4, rel=1e-9)


def test_norm_of_no_background_stays():
    settled = settle_norms(one_block([1.0], [0.0], 0.0), np.array([2.0]), np.array([0.0]))
    assert settled.norms[0] == 0
    assert settled.prediction[0] == 2


def test_event_that_no_norm_can_explain_is_told():
    settled = settle_norms(one_block([1.0, 1.0], [0.0, 1.0], 4.0), np.array([-1.0, 1.0]), np.array([1.0]))
    np.testing.assert_array_equal(settled.impossible, [0])
    assert settled.prediction[0] > 0
    assert np.isfinite(settled.norms[0])


def test_a_million_counts_from_far_away_take_few_steps():
    """A damped Newton step would change the norm by a thousandth each time."""
    assert MAX_STEPS <= 200
    count, background, rest = np.array([1e6, 10.0]), np.array([1e-6, 1.0]), np.array([100.0, 0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        settled = settle_norms(one_block(count, background, 10.0), rest, np.array([1e5]))
    assert settled.norms[0] == pytest.approx(root(count, background, rest, 10.0, 0.0), rel=1e-3)
