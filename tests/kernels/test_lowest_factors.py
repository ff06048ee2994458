"""How far below zero a flux factor may go, against a search in all cells by brute force."""

from dataclasses import replace

import numpy as np
import pytest
from dense_likelihood import DenseBlock, profile_of, simulate_bin
from scipy.optimize import brentq

from tevcurve.kernels.cash_profile import cash_profile


def least_share(bin_, a):
    """The least prediction of any cell over the source's own there, of one source, at the best norms."""
    return min(
        np.min(block.prediction([a], block.best_norm([a]))[seen] / block.shared[0][seen])
        for block in bin_
        for seen in [block.shared[0] > 0]
    )


def root(bin_):
    low = -1.0
    while least_share(bin_, low) > 0:
        low *= 2
    return brentq(lambda a: least_share(bin_, a), low, 0.0, xtol=1e-14, rtol=1e-12)


def few_events(seed, **options):
    """A bin whose brightest cells have no event, as in most short bins; so that nothing keeps them from zero."""
    bin_ = simulate_bin(seed, strength=0.0, background=20.0, **options)
    for block in bin_:
        ratio = np.divide(block.shared[0], block.background + block.constant)
        block.counts[np.argsort(ratio)[-6:]] = 0
    return bin_


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_blocks": 3},
        {"free": False},
        {"constant": 15.0},
        {"n_blocks": 2, "constant": 15.0, "truth": 3.0},
    ],
)
def test_no_cell_is_predicted_below_zero_with_the_norms_at_their_best(options):
    bins = [few_events(seed, **options) for seed in range(12)]
    lower = profile_of(bins).lower_bound()
    for bin_, bound in zip(bins, lower, strict=True):
        assert bound == pytest.approx(root(bin_), rel=1e-8)
        assert 0 <= least_share(bin_, bound) < 1e-6 * abs(bound)


def test_norms_follow_the_source_down():
    shared, background = np.array([[1.0, 0.5, 0.0]]), np.array([1.0, 1.0, 8.0])
    block = DenseBlock(shared, background, np.zeros(3), np.array([0.0, 0.0, 5.0]))
    # Events see background only: b = 5/10 whatever the source, and the first cell is empty at a = -b.
    assert profile_of([[block]]).lower_bound()[0] == pytest.approx(-0.5, rel=1e-9)
    # All five in the second cell: 10 = 5/(b + a/2), so b = 1/2 - a/2, and b + a = 0 at a = -1.
    near = DenseBlock(shared, background, np.zeros(3), np.array([0.0, 5.0, 0.0]))
    assert profile_of([[near]]).lower_bound()[0] == pytest.approx(-1.0, rel=1e-9)


def test_without_any_event_of_a_run_nothing_may_be_taken_away():
    empty = simulate_bin(1, counts=False)
    assert profile_of([empty]).lower_bound()[0] == 0
    assert profile_of([[*simulate_bin(2), *empty]]).lower_bound()[0] == 0


def test_an_event_in_the_first_cell_keeps_it_from_zero():
    """Then the bound is far below the minimum, where the statistic has risen beyond any error."""
    bins = [simulate_bin(seed, strength=0.0, background=300.0) for seed in range(20)]
    profile, lower = profile_of(bins), profile_of(bins).lower_bound()
    stat, _, _ = profile.evaluate(lower)[0]
    at_zero, _, _ = profile_of(bins).evaluate(np.zeros(20))[0]
    far = stat - at_zero > 100
    assert far.sum() > 3
    for k in np.flatnonzero(~far):
        assert lower[k] == pytest.approx(root(bins[k]), rel=1e-8)


def test_all_cells_together_are_not_predicted_below_zero():
    """Whatever single cells are said to be: the statistic would fall without end."""
    profile = profile_of([simulate_bin(1, strength=0.0)])
    terms = replace(profile.likelihood.terms, shared_total=100 * profile.likelihood.terms.shared_total)
    (bound,) = cash_profile(terms).lower_bound()
    (norm,) = cash_profile(terms).settled(np.array([bound]))[0].norms
    assert bound * terms.shared_total[0, 0] + norm * terms.background_total[0] == pytest.approx(0, abs=1e-6)


def test_a_further_source_with_a_free_amplitude_bounds_no_less():
    bins = [few_events(seed, n_shared=2) for seed in range(12)]
    profile = profile_of(bins)
    lower = profile.lower_bound()
    settled, _ = profile.settled(lower)
    norms, extras = settled.norms, settled.amplitudes[:, 1:]
    for (block,), a, norm, extra in zip(bins, lower, norms, extras[:, 0], strict=True):
        seen = block.shared[0] > 0
        left = block.prediction([a, extra], norm)[seen] / block.shared[0][seen]
        assert abs(left.min()) < 1e-5 * abs(a)


def test_a_bin_has_the_bound_that_it_has_alone():
    bins = [few_events(seed, n_blocks=1 + seed % 3) for seed in range(9)]
    together = profile_of(bins).lower_bound()
    alone = [profile_of([bin_]).lower_bound()[0] for bin_ in bins]
    np.testing.assert_array_equal(together, alone)


def test_terms_that_know_no_cells_without_events_have_no_bound():
    profile = profile_of([simulate_bin(1)])
    object.__setattr__(profile.likelihood.terms, "bounds", None)
    with pytest.raises(ValueError, match="cells without events"):
        profile.lower_bound()
