"""The profile of the Poisson likelihood against dense sums, numerical derivatives, and itself in other company."""

from functools import cache

import numpy as np
import pytest
from dense_likelihood import DenseBlock, profile_of, profile_slope, profile_stat, simulate_bin, terms_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.cash_profile import cash_profile

BINS = {
    "one run": {},
    "runs": {"n_blocks": 4, "background": 5.0},
    "fixed background": {"n_blocks": 2, "free": False},
    "constant part": {"n_blocks": 2, "constant": 20.0, "truth": 0.2},
    "no counts": {"counts": False, "n_blocks": 2},
    "nothing near": {"near": False},
    "some norms at zero": {"strength": 30.0, "background": 0.3, "n_blocks": 4},
    "a million counts": {"strength": 1e4, "source": 50.0, "background": 5e5},
}
FACTORS = [0.0, 1e-6, 0.3, 1.0, 20.0, 3000.0]


@pytest.mark.parametrize("options", BINS.values(), ids=BINS.keys())
def test_profile_is_the_dense_statistic_with_everything_else_at_its_best(options):
    bin_ = simulate_bin(1, **options)
    profile = profile_of([bin_])
    # There and back again: where a search started must not show.
    for a in [*FACTORS, *FACTORS[::-1]]:
        stat, slope, _ = profile.evaluate(np.array([a]))[0]
        assert stat[0] == pytest.approx(profile_stat(bin_, a), rel=1e-13, abs=1e-9)
        assert slope[0] == pytest.approx(profile_slope(bin_, a), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("options", BINS.values(), ids=BINS.keys())
@pytest.mark.parametrize("a", [0.3, 1.0, 20.0])
def test_curvature_is_the_derivative_of_the_slope(options, a):
    bin_ = simulate_bin(2, **options)
    step = 1e-4 * a
    expected = (profile_slope(bin_, a + step) - profile_slope(bin_, a - step)) / (2 * step)
    _, _, curvature = profile_of([bin_]).evaluate(np.array([a]))[0]
    assert curvature[0] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("options", BINS.values(), ids=BINS.keys())
def test_profile_beside_another_source(options):
    bin_ = simulate_bin(3, n_shared=2, **options)
    profile = profile_of([bin_])
    for a in (0.0, 1.0, 30.0, 0.5):
        expected = profile_stat(bin_, a)
        stat, slope, _ = profile.evaluate(np.array([a]))[0]
        assert stat[0] == pytest.approx(expected, rel=1e-12, abs=1e-7)
        step = 1e-3 * max(a, 0.1)
        (after,), (ahead,) = (profile.evaluate(np.array([a + k * step]))[0][0] for k in (1, 2))
        if a == 0:
            numerical = (4 * after - ahead - 3 * stat[0]) / (2 * step)
        else:
            (before,) = profile.evaluate(np.array([a - step]))[0][0]
            numerical = (after - before) / (2 * step)
        assert slope[0] == pytest.approx(numerical, rel=1e-3, abs=1e-4 * (1 + abs(stat[0]) * 1e-6 / step))


@pytest.mark.parametrize("n_shared", [1, 3])
def test_nuisance_parameters_are_stationary_or_at_zero(n_shared):
    bins = [simulate_bin(seed, n_shared=n_shared, n_blocks=3, background=4.0) for seed in range(20)]
    profile = profile_of(bins)
    for a in (0.0, 1.0, 5.0):
        settled, _ = profile.settled(np.full(20, a))
        norms, extras = settled.norms, settled.amplitudes[:, 1:]
        assert np.all(norms >= 0)
        assert np.all(extras >= 0)
        for k, bin_ in enumerate(bins):
            shared = [a, *extras[k]]
            each = [
                b.half_gradient(shared, norm) for b, norm in zip(bin_, norms[3 * k : 3 * k + 3], strict=True)
            ]
            of_norms = np.array([one[-1] for one in each])
            of_extras = sum(one[1:-1] for one in each)
            for values, gradient in ((norms[3 * k : 3 * k + 3], of_norms), (extras[k], of_extras)):
                assert np.all(np.abs(gradient[values > 1e-9]) < 1e-3)
                assert np.all(gradient[values <= 1e-9] > -1e-3)


def test_free_background_without_source_is_counts_over_total():
    bins = [simulate_bin(seed, n_blocks=2) for seed in range(5)]
    norms = profile_of(bins).settled(np.zeros(5))[0].norms
    expected = [block.counts.sum() / block.background.sum() for bin_ in bins for block in bin_]
    assert norms == pytest.approx(expected, rel=1e-9)


def test_an_event_that_nothing_predicts_makes_the_statistic_infinite():
    block = DenseBlock(np.array([[1.0, 1.0]]), np.zeros(2), np.zeros(2), np.array([2.0, 0.0]))
    stat, slope, _ = profile_of([[block]]).evaluate(np.zeros(1))[0]
    assert stat[0] == np.inf
    assert slope[0] < 0


def test_templates_of_any_unit_give_the_same_profile():
    """Unbinned templates are densities: only the constant of the statistic may change with their unit."""
    bin_ = simulate_bin(4, n_blocks=2, constant=3.0)
    terms = terms_of([bin_])
    reference = cash_profile(terms)
    for unit in (1e-200, 1e200):
        scaled = {
            name: getattr(terms, name) * unit
            for name in ("event_shared", "event_background", "event_constant")
        }
        lone = terms.lone_log + np.log(unit) * terms.lone_count
        profile = cash_profile(type(terms)(**{**vars(terms), **scaled, "lone_log": lone}))
        shift = 2 * np.log(unit) * sum(block.counts.sum() for block in bin_)
        for a in (0.0, 1.0, 7.0):
            stat, slope, curvature = profile.evaluate(np.array([a]))[0]
            expected = reference.evaluate(np.array([a]))[0]
            assert stat[0] + shift == pytest.approx(expected[0][0], abs=1e-8)
            assert (slope[0], curvature[0]) == pytest.approx((expected[1][0], expected[2][0]), rel=1e-4)


def test_differences_of_the_statistic_are_exact_for_a_million_events():
    """One line per event, not per cell: the sum over lines must not eat the rises of the statistic."""
    rng = np.random.default_rng(5)
    n = 1_000_000
    signal, background = rng.uniform(0, 1e-6, n), rng.uniform(1e-6, 2e-6, n)
    block = DenseBlock(signal[None], np.zeros(n), background * 1e6 / 1.5, np.ones(n))
    profile = profile_of([[block]])
    low, high = (profile.evaluate(np.array([a]))[0][0][0] for a in (1000.0, 1001.0))
    ratio = signal / (1000.0 * signal + block.constant)
    # math.fsum-like: the logarithms of the ratios are small and of one sign.
    expected = 2 * (signal.sum() - np.log1p(ratio).astype(np.longdouble).sum())
    assert high - low == pytest.approx(float(expected), abs=1e-7)


def all_numbers(bins, negative):
    """Everything that is estimated of bins, an array (n_bins, 10)."""
    found = estimate_norms(
        profile_of(bins),
        negative=negative,
        err=1,
        errn_errp=1,
        ul_rise=2.7,
        ts=True,
        scan=np.array([0.2, 1, 5]),
    )
    names = ("norm", "stat", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts")
    return np.column_stack([getattr(found, name) for name in names] + [found.dloglike_scan])


@cache
def alone(pool, negative):
    """`all_numbers` of the bins of a pool, each estimated on its own."""
    return np.concatenate([all_numbers([bin_], negative) for bin_ in getattr(TestCompany, pool)])


class TestCompany:
    """A bin's numbers do not depend on who else is in the batch, to the last bit."""

    POOL = tuple(
        [
            simulate_bin(
                seed, n_blocks=1 + seed % 4, strength=[0.0, 0.5, 3.0, 200.0][seed % 4], free=seed % 5 > 0
            )
            for seed in range(16)
        ]
        + [
            simulate_bin(20, counts=False),
            simulate_bin(21, near=False),
            simulate_bin(22, constant=10.0, n_blocks=3),
        ]
        + [
            simulate_bin(23, background=1e-3, strength=5.0, n_blocks=4),
            simulate_bin(24, strength=1e4, source=100.0),
        ]
    )
    POOL_BESIDE_OTHERS = tuple(
        [simulate_bin(seed, n_shared=3, n_blocks=1 + seed % 3, free=seed % 4 > 0) for seed in range(10)]
        + [
            simulate_bin(30, n_shared=3, counts=False),
            simulate_bin(31, n_shared=3, strength=100.0, background=0.1),
        ]
    )

    @settings(max_examples=40, deadline=None)
    @given(
        numbers=st.lists(st.integers(0, 20), min_size=1, max_size=30),
        pool=st.sampled_from(["POOL", "POOL_BESIDE_OTHERS"]),
        negative=st.booleans(),
    )
    def test_any_batch_in_any_order(self, numbers, pool, negative):
        bins = getattr(self, pool)
        numbers = [number % len(bins) for number in numbers]
        together = all_numbers([bins[number] for number in numbers], negative)
        np.testing.assert_array_equal(together, alone(pool, negative)[numbers])

    def test_beside_bins_with_more_sources(self):
        """A bin without further sources has columns of zeros where others have some."""
        padded = [
            [
                DenseBlock(
                    np.vstack([block.shared, np.zeros((2, 60))]),
                    block.background,
                    block.constant,
                    block.counts,
                )
                for block in bin_
            ]
            for bin_ in self.POOL
        ]
        together = all_numbers([*padded, *self.POOL_BESIDE_OTHERS], False)
        np.testing.assert_array_equal(together[: len(padded)], alone("POOL", False))

    def test_taken_bins_are_the_bins(self):
        profile = profile_of(self.POOL)
        a = np.linspace(0, 3, len(self.POOL))
        _, start = profile.evaluate(a)
        chosen = np.array([1, 2, 7, 13, 20])
        part, own_start = profile.take(chosen, start)
        mine, _ = part.evaluate(2 * a[chosen], own_start)
        for one, all_ in zip(mine, profile.evaluate(2 * a, start)[0], strict=True):
            np.testing.assert_array_equal(one, all_[chosen])

    def test_a_search_leaves_no_trace_but_its_end(self):
        profile = profile_of(self.POOL)
        ones = np.ones(len(self.POOL))
        _, start = profile.evaluate(ones)
        before = {name: values.copy() for name, values in vars(start).items()}
        expected, _ = profile.evaluate(1.1 * ones, start)
        profile.evaluate(30 * ones, start)
        np.testing.assert_array_equal(profile.evaluate(1.1 * ones, start)[0], expected)
        for name, values in before.items():
            np.testing.assert_array_equal(getattr(start, name), values)
