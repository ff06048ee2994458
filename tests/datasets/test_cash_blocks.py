"""Datasets' parts put together: the sparse likelihood is the dense one, whatever kind of events there are."""

import numpy as np
import pytest
from dense_likelihood import DenseBlock, cash_block, simulate_bin

from tevcurve.datasets.cash_blocks import join_blocks
from tevcurve.kernels.poisson import cash_profile


def stat_of(blocks, bins, n_bins, a):
    return cash_profile(join_blocks(blocks, bins, n_bins, 1)).evaluate(np.asarray(a, dtype=float))[0][0]


def fixed_norms_stat(dense, a, norm=1.0):
    return 2 * dense.half_stat([a], norm)


def test_events_of_every_kind_are_counted_once():
    # In turn: source and background; background only; constant only; background and constant; all three.
    dense = DenseBlock(
        shared=np.array([[2.0, 0.0, 0.0, 0.0, 1.0, 0.5]]),
        background=np.array([3.0, 4.0, 0.0, 1.0, 0.5, 0.0]),
        constant=np.array([0.0, 0.0, 1.5, 2.0, 0.3, 0.7]),
        counts=np.array([5.0, 2.0, 3.0, 1.0, 4.0, 0.0]),
    )
    block = cash_block(dense)
    terms = join_blocks([block], [0], 1, 1)
    assert len(terms.event_count) == 3
    assert terms.lone_count[0] == 2
    assert terms.lone_log[0] == pytest.approx(2 * np.log(4) + 3 * np.log(1.5))
    for a in (0.0, 0.4, 3.0):
        expected = fixed_norms_stat(dense, a, dense.best_norm([a]))
        assert stat_of([block], [0], 1, [a])[0] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("norm", [1.0, 0.3])
def test_fixed_background_is_that_of_the_model(norm):
    dense = simulate_bin(1, constant=4.0)[0]
    block = cash_block(dense)
    block = type(block)(**{**vars(block), "background_norm": norm}).with_fixed_background()
    terms = join_blocks([block], [0], 1, 1)
    assert terms.background_total[0] == 0
    assert terms.lone_count[0] == 0
    for a in (0.0, 2.0):
        assert stat_of([block], [0], 1, [a])[0] == pytest.approx(fixed_norms_stat(dense, a, norm), rel=1e-13)


def test_blocks_join_into_their_bins():
    dense = [simulate_bin(seed)[0] for seed in range(5)]
    blocks, bins = [cash_block(each) for each in dense], [0, 0, 1, 2, 2]
    found = stat_of(blocks, bins, 3, [0.5, 1.0, 2.0])
    each = [
        fixed_norms_stat(one, a, one.best_norm([a]))
        for one, a in zip(dense, [0.5, 0.5, 1, 2, 2], strict=True)
    ]
    np.testing.assert_allclose(found, np.bincount(bins, each), rtol=1e-13)


def test_columns_of_sources_go_where_they_belong():
    block = cash_block(simulate_bin(1, n_shared=2)[0])
    wide = block.with_columns([0, 2], 4)
    np.testing.assert_array_equal(wide.shared_total, [block.shared_total[0], 0, block.shared_total[1], 0])
    np.testing.assert_array_equal(wide.shared[:, [0, 2]], block.shared)
    assert not wide.shared[:, [1, 3]].any()
    assert block.with_columns([0, 1], 2) is block


def test_columns_in_another_order_are_put_in_order():
    block = cash_block(simulate_bin(1, n_shared=3)[0])
    turned = block.with_columns([0, 2, 1], 3)
    np.testing.assert_array_equal(turned.shared_total, block.shared_total[[0, 2, 1]])
    np.testing.assert_array_equal(turned.shared, block.shared[:, [0, 2, 1]])


def test_counts_are_the_events_in_the_fit():
    dense = simulate_bin(1)[0]
    assert cash_block(dense).counts == dense.counts.sum()


def test_no_blocks_and_no_events():
    terms = join_blocks([], [], 0, 1)
    assert (terms.n_bins, terms.n_blocks, terms.n_shared, len(terms.event_count)) == (0, 0, 1, 0)
    empty = cash_block(simulate_bin(1, counts=False)[0])
    assert stat_of([empty], [0], 1, [1.5])[0] == pytest.approx(2 * 1.5 * empty.shared_total[0])
