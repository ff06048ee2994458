"""The flat arrays of the likelihood: taking bins, counting, fixing backgrounds, changing scales."""

import numpy as np
import pytest
from dense_likelihood import profile_of, simulate_bin, terms_of

from tevcurve.kernels.cash_profile import cash_profile

BINS = [simulate_bin(seed, n_blocks=1 + seed % 3, n_shared=2, constant=seed % 2 * 5.0) for seed in range(7)]
EXTENT = ("n_bins", "n_blocks", "n_shared")


def assert_same(terms, expected):
    for name in (*vars(expected), *EXTENT):
        one, other = getattr(terms, name), getattr(expected, name)
        if name == "bounds":
            one, other = (
                np.column_stack(list(vars(one).values())),
                np.column_stack(list(vars(other).values())),
            )
        np.testing.assert_array_equal(one, other, err_msg=name)


@pytest.mark.parametrize("chosen", [[0], [6], [1, 2, 5], [], list(range(7))])
def test_taken_bins_are_those_made_alone(chosen):
    taken = terms_of(BINS).take(np.array(chosen, dtype=int))
    if chosen:
        assert_same(taken, terms_of([BINS[number] for number in chosen]))
    assert (taken.n_bins, taken.n_shared) == (len(chosen), 2)


def test_block_counts_are_those_of_all_events_with_something_free():
    bins = [simulate_bin(1, n_blocks=3), simulate_bin(2, near=False)]
    expected = [block.counts.sum() for bin_ in bins for block in bin_]
    np.testing.assert_array_equal(terms_of(bins).block_counts(), expected)


def test_events_of_a_fixed_background_far_from_the_source_do_not_count():
    bin_ = simulate_bin(1, free=False)
    seen = bin_[0].shared[0] > 0
    np.testing.assert_array_equal(terms_of([bin_]).block_counts(), [bin_[0].counts[seen].sum()])


def test_fixed_background_is_that_of_norm_one():
    free, fixed = (simulate_bin(1, n_blocks=2, free=free) for free in (True, False))
    profile = cash_profile(terms_of([free]).with_fixed_background())
    for a in (0.0, 0.7, 4.0):
        for mine, expected in zip(
            profile.evaluate(np.array([a]))[0], profile_of([fixed]).evaluate(np.array([a]))[0], strict=True
        ):
            assert mine == pytest.approx(expected, rel=1e-12)


def test_normalized_templates_add_up_to_one_and_keep_the_likelihood():
    terms = terms_of(BINS)
    norms = np.linspace(0.5, 2, terms.n_blocks)
    scaled = terms.normalized(norms)
    total = norms[scaled.event_block] * scaled.event_background + scaled.event_constant
    np.testing.assert_allclose(total + scaled.event_shared.sum(axis=1), 1, rtol=1e-15)
    moved = np.bincount(terms.event_block, terms.event_count, terms.n_blocks) > 0
    assert np.all((scaled.lone_log != terms.lone_log)[moved])
    # What is added to the constant is what the logarithms of the templates have lost.
    logs = [
        np.bincount(each.event_block, each.event_count * np.log(each.event_background), each.n_blocks)
        + each.lone_log
        for each in (terms, scaled)
    ]
    np.testing.assert_allclose(*logs, rtol=1e-12)
