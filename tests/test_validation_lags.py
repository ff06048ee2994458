"""The validation of lags: with few pairs, and with pairs whose errors are known."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_pairs_make_the_section():
    from validation import lagged_pairs
    from validation.parts import joined

    kinds = [kind for kind, *_ in lagged_pairs.pieces(1)]
    assert set(kinds) == {
        lagged_pairs.RELATED,
        lagged_pairs.UNRELATED,
        lagged_pairs.KNOWN,
        lagged_pairs.NIGHT,
    }
    drawn = (lagged_pairs.RELATED, lagged_pairs.UNRELATED, lagged_pairs.KNOWN)
    found = [lagged_pairs.measure(kind, 0, 2, np.random.default_rng([1, k])) for k, kind in enumerate(drawn)]
    made = lagged_pairs.section(joined(found))
    for words in ("| all | 2 |", "| unrelated, above the threshold | 2 |", "| lag of 3 rows | 2 |"):
        assert words in made.text


def pairs_of(size, rng, n=2000):
    """Pairs whose posterior is normal, with intervals so many times the right ones."""
    truth = rng.uniform(-10, 10, n)
    best = truth + rng.normal(0, 1, n)
    ends = [best - size, best + size, best - 1.96 * size, best + 1.96 * size]
    return np.stack([truth, np.full(n, 0.8), np.full(n, 20.0), best, *ends, np.full(n, 5.0)], axis=1).tolist()


@pytest.mark.parametrize(("size", "is_met"), [(1.0, True), (1.3, False), (0.8, False)])
def test_intervals_of_another_size_miss_the_bar(size, is_met):
    from validation import lagged_pairs

    pairs = pairs_of(size, np.random.default_rng(1))
    width, covered, covered_95 = lagged_pairs.coverage(pairs)
    assert width == pytest.approx(1 / size, rel=0.06)
    made = lagged_pairs.section({lagged_pairs.RELATED: pairs})
    assert made.bars[0][2] is is_met
    if is_met:
        assert (covered, covered_95) == pytest.approx((0.683, 0.95), abs=0.03)


def test_the_cross_correlation_of_bright_pairs_has_their_lag():
    from validation import lagged_pairs

    rows = lagged_pairs.pair_of(80, 1.0, (1e6, 1e6), np.random.default_rng(3), lag=3.0)
    assert lagged_pairs.correlated(*rows, 10.0) == pytest.approx(3, abs=0.3)
