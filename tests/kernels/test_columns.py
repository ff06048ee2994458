"""Sums over what several sources expect at events against dense sums, of few sources and of many."""

import numpy as np
import pytest
from dense_likelihood import simulate_bin, terms_of

from tevcurve.kernels.columns import FewColumns, ManyColumns


@pytest.mark.parametrize("kind", [FewColumns, ManyColumns])
@pytest.mark.parametrize("longest", [None, 7])
def test_sums_are_those_over_the_events_of_each_row(kind, longest):
    bins = [simulate_bin(k, n_shared=3, n_blocks=1 + k % 3, counts=k != 1) for k in range(5)]
    terms = terms_of(bins)
    rng, event_bin = np.random.default_rng(1), terms.block_bin[terms.event_block]
    columns = kind(terms, event_bin)
    if longest and kind is ManyColumns:
        columns._longest = longest
    prediction, share = rng.uniform(0.1, 2, (2, len(event_bin)))
    amplitudes = rng.uniform(0, 3, (5, 3))
    expected = (amplitudes[event_bin] * terms.event_shared).sum(axis=1)
    np.testing.assert_allclose(columns.predicted(amplitudes), expected, rtol=1e-12)
    drawn, coupling, bend = columns.sums(prediction, share)
    pull = (terms.event_count / prediction)[:, None] * terms.event_shared
    for row in range(5):
        own = event_bin == row
        np.testing.assert_allclose(drawn[row], pull[own].sum(axis=0), rtol=1e-12)
        both = (pull / prediction[:, None])[own].T @ terms.event_shared[own]
        np.testing.assert_allclose(bend[row], both, rtol=1e-12)
    for block in range(terms.n_blocks):
        own = terms.event_block == block
        np.testing.assert_allclose(coupling[block], share[own] @ pull[own], rtol=1e-12)


@pytest.mark.parametrize("kind", [FewColumns, ManyColumns])
def test_without_a_hessian_the_other_sums_are_the_same(kind):
    terms = terms_of([simulate_bin(k, n_shared=3, n_blocks=2) for k in range(3)])
    columns = kind(terms, terms.block_bin[terms.event_block])
    prediction, share = np.random.default_rng(1).uniform(0.1, 2, (2, len(terms.event_block)))
    whole, part = columns.sums(prediction, share), columns.sums(prediction, share, bend=False)
    assert part[2] is None
    for one, other in zip(whole[:2], part[:2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
