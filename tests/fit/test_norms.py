"""Norms, errors, limits and significances against Minuit, brute force and closed forms."""

import warnings

import numpy as np
import pytest
from dense_likelihood import (
    DenseBlock,
    best_norm_of,
    crossing_of,
    profile_of,
    profile_slope,
    profile_stat,
    simulate_bin,
)
from iminuit import Minuit

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.terms import CashTerms

UL_RISE = 2.7055
SCAN = np.array([0.2, 1.0, 5.0])
EVERYTHING = {"err": 1.0, "errn_errp": 1.0, "ul_rise": UL_RISE, "ts": True, "scan": SCAN}

# Bins whose amplitudes are all far from their bounds, where Minuit's errors can be trusted.
INSIDE = {
    "weak": {"strength": 1.0},
    "strong": {"strength": 30.0},
    "several runs": {"n_blocks": 4, "strength": 1.5},
    "fixed background": {"n_blocks": 2, "free": False},
    "constant part": {"n_blocks": 2, "constant": 5.0},
    "a million counts": {"strength": 1e4, "source": 100.0, "background": 1e5},
    "another source": {"n_shared": 2, "n_blocks": 2, "strength": 2.0},
    "another source, fixed background": {"n_shared": 2, "n_blocks": 2, "strength": 2.0, "free": False},
    "two other sources, strong": {"n_shared": 3, "n_blocks": 3, "strength": 5.0, "source": 40.0},
}
# Bins with amplitudes at their bounds, or bounds within an error.
EDGES = {
    "no source": {"strength": 0.0},
    "no source, several runs": {"strength": 0.0, "n_blocks": 5, "background": 3.0},
    "nothing near the source": {"near": False, "n_blocks": 2},
    "nothing near the source, fixed background": {"near": False, "free": False},
    "no counts": {"counts": False, "n_blocks": 3},
    "no counts, fixed background": {"counts": False, "free": False},
    "source outshines the background": {"strength": 100.0, "background": 0.01, "n_blocks": 4},
    "nearly no background": {"strength": 1.0, "source": 2.0, "background": 1e-3, "n_blocks": 3},
    "a few counts": {"strength": 0.5, "source": 2.0, "background": 2.0, "n_blocks": 3},
    "no background norm wanted": {"strength": 3.0, "constant": 40.0, "truth": 0.0, "n_blocks": 3},
    "weak": {"strength": 0.3},
    "strong": {"strength": 1000.0, "background": 1e4, "n_blocks": 2},
}


def minuit_of(bin_):
    """Minuit at its minimum, strategy 2, with exact gradients; the first parameter is the flux factor."""
    n_shared, free = bin_[0].shared.shape[0], [block.background.any() for block in bin_]

    def split(parameters):
        norms = np.zeros(len(bin_))
        norms[free] = parameters[n_shared:]
        return parameters[:n_shared], norms

    def stat(parameters):
        shared, norms = split(parameters)
        value = 2 * sum(block.half_stat(shared, norm) for block, norm in zip(bin_, norms, strict=True))
        return min(value, 1e10)

    def gradient(parameters):
        shared, norms = split(parameters)
        each = [2 * block.half_gradient(shared, norm) for block, norm in zip(bin_, norms, strict=True)]
        of_norms = np.array([one[-1] for one in each])[free]
        return np.concatenate([sum(one[:-1] for one in each), of_norms])

    minuit = Minuit(stat, np.ones(n_shared + sum(free)), grad=gradient)
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-9
    minuit.migrad(ncall=100000)
    minuit.hesse()
    return minuit


@pytest.mark.parametrize("options", INSIDE.values(), ids=INSIDE.keys())
@pytest.mark.parametrize("seed", [1, 2])
def test_agrees_with_minuit(options, seed):
    bin_ = simulate_bin(seed, **options)
    minuit = minuit_of(bin_)
    minuit.minos(0)
    error, asymmetric = minuit.errors[0], minuit.merrors[0]
    found = estimate_norms(profile_of([bin_]), err=1, errn_errp=1)
    assert found.norm[0] == pytest.approx(minuit.values[0], abs=1e-5 * error)
    assert found.stat[0] == pytest.approx(minuit.fval, abs=1e-8 * max(1, abs(minuit.fval) * 1e-4))
    assert found.norm_err[0] == pytest.approx(error, rel=1e-3)
    assert found.norm_errp[0] == pytest.approx(asymmetric.upper, rel=1e-3)
    assert found.norm_errn[0] == pytest.approx(-asymmetric.lower, rel=1e-3)


@pytest.mark.parametrize("options", [*INSIDE.values(), *EDGES.values()], ids=[*INSIDE.keys(), *EDGES.keys()])
@pytest.mark.parametrize("seed", [3, 4])
def test_agrees_with_brute_force(options, seed):
    bin_ = simulate_bin(seed, **{**options, "n_shared": 1})
    best = best_norm_of(bin_)
    upper = crossing_of(bin_, best, 1.0)
    error = upper - best
    found = estimate_norms(profile_of([bin_]), **EVERYTHING)
    assert found.minimum.converged[0]
    assert found.norm[0] == pytest.approx(best, abs=1e-6 * error)
    assert found.norm_errp[0] == pytest.approx(error, rel=1e-6)
    assert found.norm_errn[0] == pytest.approx(best - crossing_of(bin_, best, 1.0, above=False), rel=1e-6)
    assert found.norm_ul[0] == pytest.approx(crossing_of(bin_, best, UL_RISE), rel=1e-6)
    least = profile_stat(bin_, best)
    assert found.ts[0] == pytest.approx(profile_stat(bin_, 0.0) - least, abs=1e-6)
    scanned = [profile_stat(bin_, a) - least for a in SCAN]
    assert found.dloglike_scan[0] == pytest.approx(scanned, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("options", [INSIDE["weak"], INSIDE["several runs"], EDGES["a few counts"]])
def test_symmetric_error_is_the_curvature_of_the_profile(options):
    bin_ = simulate_bin(5, **options)
    found = estimate_norms(profile_of([bin_]), err=2)
    best, step = found.norm[0], 1e-4 * found.norm_err[0]
    curvature = (profile_slope(bin_, best + step) - profile_slope(bin_, best - step)) / (2 * step)
    assert found.norm_err[0] == pytest.approx(2 * np.sqrt(2 / curvature), rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 0.0},
        {"near": False},
        {"counts": False, "n_blocks": 2},
        {"strength": 50.0, "background": 0.01},
        {"strength": 2.0, "free": False},
    ],
)
@pytest.mark.parametrize("seed", [6, 7])
def test_agrees_with_brute_force_beside_another_source(options, seed):
    bin_ = simulate_bin(seed, n_shared=2, **options)
    found = estimate_norms(profile_of([bin_]), **EVERYTHING)
    best, least = found.norm[0], profile_stat(bin_, found.norm[0])
    assert found.stat[0] == pytest.approx(least, abs=1e-7)
    for a in (best + 0.01 * found.norm_errp[0], max(best - 0.01 * found.norm_errn[0], 0.0)):
        assert profile_stat(bin_, a) > least - 1e-9
    assert profile_stat(bin_, best + found.norm_errp[0]) - least == pytest.approx(1.0, abs=1e-6)
    assert profile_stat(bin_, found.norm_ul[0]) - least == pytest.approx(UL_RISE, abs=1e-6)
    assert found.dloglike_scan[0] == pytest.approx([profile_stat(bin_, a) - least for a in SCAN], abs=1e-6)


class TestClosedForms:
    """A source in cells of its own, and backgrounds of one cell, leave nothing to search for."""

    def one_cell(self, counts, signal, background, free):
        cell = np.array([background])
        parts = (cell, np.zeros(1)) if free else (np.zeros(1), cell)
        return [DenseBlock(np.array([[signal]]), *parts, np.array([float(counts)]))]

    @pytest.mark.parametrize("counts", [1, 7, 100, 10**6])
    def test_without_background_counts_over_signal(self, counts):
        found = estimate_norms(profile_of([self.one_cell(counts, 2.5, 0.0, free=False)]), **EVERYTHING)
        assert found.norm[0] == pytest.approx(counts / 2.5, rel=1e-12)
        assert found.norm_err[0] == pytest.approx(np.sqrt(counts) / 2.5, rel=1e-6)
        for edge, rise in ((found.norm[0] + found.norm_errp[0], 1.0), (found.norm_ul[0], UL_RISE)):
            x = edge * 2.5 / counts
            assert 2 * counts * (x - 1 - np.log(x)) == pytest.approx(rise, abs=1e-6)
        # Nothing but the source predicts these events, so there is nothing to compare with.
        assert np.isnan(found.ts[0])

    @pytest.mark.parametrize("counts", [0, 3, 4, 50])
    def test_fixed_background_in_one_cell(self, counts):
        signal, background = 2.0, 3.5
        found = estimate_norms(profile_of([self.one_cell(counts, signal, background, free=False)]), ts=True)
        assert found.norm[0] == pytest.approx(max(counts - background, 0) / signal, rel=1e-10)
        null = background - (counts * np.log(background) if counts else 0)
        best = max(background, counts)
        least = best - (counts * np.log(best) if counts else 0)
        assert found.ts[0] == pytest.approx(2 * (null - least), abs=1e-10)

    def test_two_cells_with_fixed_background_solve_a_quadratic(self):
        s, b, n = np.array([3.0, 1.0]), np.array([2.0, 5.0]), np.array([9.0, 6.0])
        found = estimate_norms(profile_of([[DenseBlock(s[None], np.zeros(2), b, n)]]))
        # S (a s1 + b1)(a s2 + b2) = n1 s1 (a s2 + b2) + n2 s2 (a s1 + b1)
        total, product = s.sum(), np.polymul([s[0], b[0]], [s[1], b[1]])
        rest = n[0] * s[0] * np.array([s[1], b[1]]) + n[1] * s[1] * np.array([s[0], b[0]])
        assert found.norm[0] == pytest.approx(np.roots(np.polysub(total * product, rest)).max(), rel=1e-12)

    def test_on_and_off_cells_with_free_background(self):
        # ON sees both, OFF the background only: a is the excess, its error that of n_on - alpha*n_off.
        n_on, n_off, alpha, signal = 30.0, 80.0, 0.2, 4.0
        block = DenseBlock(
            np.array([[signal, 0.0]]), np.array([alpha, 1.0]), np.zeros(2), np.array([n_on, n_off])
        )
        found = estimate_norms(profile_of([[block]]), err=1, ts=True)
        assert found.norm[0] == pytest.approx((n_on - alpha * n_off) / signal, rel=1e-10)
        assert found.norm_err[0] == pytest.approx(np.sqrt(n_on + alpha**2 * n_off) / signal, rel=1e-6)
        # Li & Ma 1983, ApJ 272, 317, equation 17
        both = n_on + n_off
        li_ma = 2 * (
            n_on * np.log((1 + alpha) / alpha * n_on / both) + n_off * np.log((1 + alpha) * n_off / both)
        )
        assert found.ts[0] == pytest.approx(li_ma, rel=1e-10)

    @pytest.mark.parametrize("seed", range(5))
    def test_one_run_predicts_as_many_as_there_are(self, seed):
        bin_ = simulate_bin(seed, strength=2.0)
        profile = profile_of([bin_])
        found = estimate_norms(profile)
        norms = profile.settled(found.norm)[0].norms
        (block,) = bin_
        predicted = found.norm[0] * block.shared.sum() + norms[0] * block.background.sum()
        assert predicted == pytest.approx(block.counts.sum(), rel=1e-7)

    @pytest.mark.parametrize("free", [True, False])
    def test_limit_without_events_is_the_rise_over_twice_the_signal(self, free):
        bin_ = simulate_bin(1, n_blocks=3, counts=False, free=free)
        total = profile_of([bin_]).total[0]
        found = estimate_norms(profile_of([bin_]), **EVERYTHING)
        assert found.norm_ul[0] == UL_RISE / (2 * total)
        assert found.norm_errp[0] == 1 / (2 * total)
        assert (found.norm[0], found.norm_errn[0], found.ts[0]) == (0, 0, 0)
        assert np.isnan(found.norm_err[0])
        assert found.dloglike_scan[0] == pytest.approx(2 * total * SCAN, rel=1e-10)

    def test_single_lone_event_does_not_change_the_limit(self):
        block = simulate_bin(1, counts=False)[0]
        counts = np.zeros(60)
        counts[50] = 1.0
        bin_ = [DenseBlock(block.shared, block.background, block.constant, counts)]
        found = estimate_norms(profile_of([bin_]), ul_rise=4.0)
        assert found.norm_ul[0] == pytest.approx(4.0 / (2 * block.shared.sum()), rel=1e-12)


class TestBounds:
    def test_error_reaches_the_bound_where_zero_is_within_it(self):
        bins = [simulate_bin(seed, strength=0.1, background=5.0) for seed in range(40)]
        found = estimate_norms(profile_of(bins), errn_errp=1, ts=True)
        within = found.ts < 1
        assert 5 < within.sum() < 40
        np.testing.assert_array_equal(found.norm_errn[within], found.norm[within])
        assert np.all(found.norm_errn[~within] < found.norm[~within])

    def test_at_zero_there_is_no_significance_and_the_limits_are_finite(self):
        bins = [simulate_bin(seed, strength=0.0, n_blocks=1 + seed % 3) for seed in range(40)]
        found = estimate_norms(profile_of(bins), **EVERYTHING)
        zero = found.minimum.at_limit
        assert 5 < zero.sum() < 35
        assert np.all(found.norm[zero] == 0)
        assert np.all(found.ts[zero] == 0)
        assert np.all(found.ts[~zero] > 0)
        assert np.all(found.minimum.slope[zero] >= 0)
        assert np.all(np.isfinite(found.norm_ul) & np.isfinite(found.norm_errp))

    @pytest.mark.parametrize("free", [True, False])
    def test_negative_norms_go_down_to_where_a_prediction_vanishes(self, free):
        bins = [simulate_bin(seed, strength=0.0, background=20.0, free=free) for seed in range(30)]
        profile = profile_of(bins)
        lower = profile.lower_bound()
        found = estimate_norms(profile, negative=True, **EVERYTHING)
        bounded = estimate_norms(profile)
        assert found.minimum.converged.all()
        assert np.all(found.norm >= lower)
        assert np.any(found.norm < 0)
        inside = (found.norm > 0) & (bounded.norm > 0)
        np.testing.assert_allclose(found.norm[inside], bounded.norm[inside], rtol=1e-6)
        assert np.all((bounded.norm == 0) == (found.norm <= 0))
        ends = zip(bins, found.norm, found.norm_errn, found.norm_errp, lower, strict=True)
        for bin_, norm, errn, errp, bound in ends:
            least = profile_stat(bin_, norm)
            assert profile_stat(bin_, norm + errp) - least == pytest.approx(1, abs=1e-6)
            rise = profile_stat(bin_, norm - errn) - least
            assert rise <= 1 + 1e-6
            if norm - errn > bound * (1 - 1e-9):
                assert rise == pytest.approx(1, abs=1e-6)

    def test_negative_norm_without_events_near_the_source_ends_where_a_cell_is_empty(self):
        bin_ = simulate_bin(3, near=False, free=False)
        (block,) = bin_
        seen = block.shared[0] > 0
        lowest = -np.min(block.constant[seen] / block.shared[0][seen])
        found = estimate_norms(profile_of([bin_]), negative=True, **EVERYTHING)
        assert found.norm[0] == pytest.approx(lowest, rel=1e-9)
        assert found.minimum.at_limit[0]
        assert found.norm_errn[0] == 0
        assert found.ts[0] == pytest.approx(2 * block.shared.sum() * -lowest, rel=1e-9)
        assert np.isnan(found.norm_err[0])
        # The limit is counted from zero, the best norm that is not below it.
        assert found.norm_ul[0] == pytest.approx(UL_RISE / (2 * block.shared.sum()), rel=1e-9)

    def test_negative_norms_of_a_fluctuating_background_are_unbiased(self):
        bins = [simulate_bin(seed, strength=0.0, background=40000.0, source=500.0) for seed in range(300)]
        found = estimate_norms(profile_of(bins), negative=True, err=1)
        pull = found.norm / found.norm_err
        assert abs(pull.mean()) < 4 / np.sqrt(300)
        assert pull.std() == pytest.approx(1, abs=4 / np.sqrt(600))


def random_terms(seed, n_bins, n_shared=1, least=-9):
    """`CashTerms` of all sorts: strong, weak and empty, one to three blocks, templates from 10^least to 100."""
    rng = np.random.default_rng(seed)
    block_bin = np.repeat(np.arange(n_bins), rng.integers(1, 4, n_bins))
    n_blocks = len(block_bin)
    free = rng.random(n_bins)[block_bin] < 0.8
    n_events = rng.poisson(rng.choice([0.0, 0.5, 3.0, 10.0], n_blocks))
    event_block = np.repeat(np.arange(n_blocks), n_events)
    n_all = len(event_block)
    background = 10 ** rng.uniform(least, 2, n_all)
    event_free = free[event_block]
    has_constant = rng.random(n_all) < 0.3
    fixed = 10 ** rng.uniform(least, 2, n_all) * (has_constant | ~event_free)
    total = 10 ** rng.uniform(-3, 4, n_blocks)
    ratio = 10 ** rng.uniform(-2, 2, n_blocks)
    lone = rng.poisson(2.0, n_blocks) * rng.choice([0, 1, 1000], n_blocks)
    return CashTerms(
        n_bins=n_bins,
        block_bin=block_bin,
        shared_total=10 ** rng.uniform(-4, 4, (n_blocks, n_shared)),
        background_total=np.where(free, total, 0.0),
        constant_total=np.where(free, 0.1, 1.0) * total,
        event_block=event_block,
        event_count=rng.choice([1.0, 1.0, 3.0, 1e4], n_all),
        event_shared=10 ** rng.uniform(least, 2, (n_all, n_shared)) * (rng.random((n_all, n_shared)) < 0.8),
        event_background=background * event_free,
        event_constant=fixed,
        lone_count=np.where(free, lone, 0.0),
        lone_log=-3.0 * lone,
        bounds=BoundCells.of(
            np.arange(n_blocks), np.ones(n_blocks), free * ratio, np.where(free, 0.0, ratio)
        ),
    )


@pytest.mark.parametrize(("negative", "n_bins"), [(False, 100_000), (True, 10_000)])
def test_every_bin_of_many_random_ones_converges(negative, n_bins):
    # Below zero an event that sees 1e-11 of the source would let it go down to -1e11, beyond what doubles resolve.
    terms = random_terms(1, n_bins, least=-2 if negative else -9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate_norms(cash_profile(terms), negative=negative, **EVERYTHING)
    assert found.minimum.converged.all()
    for values in (
        found.norm,
        found.stat,
        found.norm_errn,
        found.norm_errp,
        found.norm_ul,
        found.dloglike_scan,
    ):
        assert np.isfinite(values).all()
    assert np.all(found.norm_ul >= found.norm)
    assert np.all(found.norm_errp > 0)
    assert np.all(found.norm_errn >= 0)
    assert np.all(found.dloglike_scan >= -1e-6)
    # At the errors and limits the statistic is higher by the rise, found anew from nothing.
    lower = cash_profile(terms).lower_bound() if negative else np.zeros(n_bins)
    below = found.norm - found.norm_errn
    inner = below - lower > 1e-12 * found.norm_errn
    # Limits are counted from the best norm that is not below zero.
    from_zero, _, _ = cash_profile(terms).evaluate(np.zeros(n_bins))[0]
    of_limit = np.where(found.norm < 0, from_zero, found.stat)
    for edge, least, rise, reached in (
        (found.norm + found.norm_errp, found.stat, 1.0, True),
        (found.norm_ul, of_limit, UL_RISE, True),
        (below, found.stat, 1.0, inner),
    ):
        stat, slope, _ = cash_profile(terms).evaluate(edge)[0]
        digits = np.spacing(np.abs(found.norm) + np.abs(edge)) * np.abs(slope) + np.spacing(np.abs(stat))
        assert np.all(np.where(reached, np.abs(stat - least - rise), 0) < 1e-6 + 4 * digits)
        assert np.all(stat - least < rise + 1e-6 + 4 * digits)


def test_every_bin_with_other_sources_converges():
    found = estimate_norms(cash_profile(random_terms(2, 3_000, n_shared=3)), **EVERYTHING)
    assert found.minimum.converged.all()
    assert np.isfinite(found.norm_errp).all()
    assert np.isfinite(found.norm_ul).all()
    assert np.all(found.dloglike_scan >= -1e-6)


def test_only_what_is_asked_for_comes_back():
    found = estimate_norms(profile_of([simulate_bin(1)]))
    for name in ("norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "norm_scan", "dloglike_scan"):
        assert getattr(found, name) is None


def test_no_bins_at_all():
    found = estimate_norms(cash_profile(random_terms(1, 0)), **EVERYTHING)
    assert found.norm.shape == (0,)
    assert found.dloglike_scan.shape == (0, 3)
