"""Intervals from toys: against sums over all counts, many counts, and a published limit."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from scipy.stats import norm as gauss
from scipy.stats import poisson

from tevcurve.errors import InputError
from tevcurve.fit import toy_intervals
from tevcurve.fit.expected_cells import ExpectedCells
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.reweighted_toys import ReweightedToys
from tevcurve.fit.toy_intervals import bound_of, toy_norm_intervals, toy_statistics

SIGNAL = np.array([1.5, 0.7, 0.2])
REST = np.array([0.3, 0.6, 1.1])
N_TOYS = 20000


def cells_of(signal, background, constant=0.0):
    return ExpectedCells.of_blocks([(signal, background, np.broadcast_to(constant, signal.shape))])


def best(counts, signal, rest):
    """Least of the statistic with a known background over norms >= 0, for counts (3,)."""

    def stat(a):
        expected = a * signal + rest
        return 2 * np.sum(expected - counts * np.log(expected))

    return minimize_scalar(stat, bounds=(0, 30), method="bounded", options={"xatol": 1e-9}).fun


@pytest.mark.parametrize("norm", [0.0, 0.4, 1.0, 2.5])
def test_t_is_distributed_as_by_the_sum_over_all_counts(norm):
    tables = np.array(list(itertools.product(range(18), range(11), range(10))), dtype=float)
    expected = norm * SIGNAL + REST
    chance = poisson.pmf(tables, expected).prod(axis=1)
    likely = chance > 1e-7
    tables, chance = tables[likely], chance[likely]
    assert chance.sum() > 0.999
    t = [
        2 * np.sum(expected - n * np.log(expected))
        - min(best(n, SIGNAL, REST), 2 * np.sum(REST - n * np.log(REST)))
        for n in tables
    ]
    found = toy_statistics(cells_of(SIGNAL, 0 * REST, REST), np.array([norm]), np.ones((1, 1)), N_TOYS)[0]
    for value in (0.05, 0.5, 1.0, 2.7, 4.0):
        share = chance[np.array(t) < value].sum()
        # Counts whose t is the value to the accuracy of the search may be on either side.
        near = chance[np.abs(np.array(t) - value) < 1e-5].sum()
        error = np.sqrt(share * (1 - share) / N_TOYS)
        assert np.mean(found < value) == pytest.approx(share, abs=4 * error + near + 2e-3)


def rows_of(tables, cells):
    """(profile, minimum) of rows with counts (n, n_classes)."""
    profile = cells.profile_of(np.array(tables))
    return profile, estimate_norms(profile).minimum


def star(signal=40.0, background=100.0, n_cells=200):
    shape = np.exp(-np.linspace(0, 8, n_cells))
    return cells_of(signal * shape / shape.sum(), np.full(n_cells, background / n_cells))


def test_many_counts_give_the_likelihood_intervals():
    cells = star(2000.0, 8000.0)
    counts = np.random.default_rng(1).poisson(cells.expected(np.ones(1), np.ones((1, 1))))
    profile, minimum = rows_of(counts, cells)
    (lower,), (upper,), (limit,) = toy_norm_intervals(profile, minimum, [lambda: cells], [0.6827], [0.95])
    usual = estimate_norms(profile, errn_errp=1, ul_rise=gauss.ppf(0.975) ** 2)
    assert_allclose(usual.norm - lower, usual.norm_errn, rtol=0.06)
    assert_allclose(upper - usual.norm, usual.norm_errp, rtol=0.06)
    assert_allclose(limit - usual.norm, usual.norm_ul - usual.norm, rtol=0.06)


def test_no_counts_and_no_background_are_the_published_limit():
    """Feldman & Cousins 1998, tables II and VI: 0 counts on 0 background, 2.44 at 90 % and 3.09 at 95 %."""
    cells = cells_of(np.array([2.0]), np.array([0.0]), 1e-9)
    profile, minimum = rows_of([[0]], cells)
    lower, upper, _ = toy_norm_intervals(profile, minimum, [lambda: cells], [0.9, 0.95])
    assert_array_equal(lower, 0)
    assert_allclose(2 * upper.ravel(), [2.44, 3.09], rtol=0.05)


def test_intervals_cover_where_counts_are_few():
    """The truth is accepted at least as often as the level says, with a background norm that each row fits."""
    cells, rng, n = star(4.0, 30.0, 60), np.random.default_rng(7), 1500
    for norm in (0.0, 0.5, 1.5):
        truth = np.full(n, norm)
        counts = rng.poisson(cells.expected(truth, np.ones((n, 1))))
        profile, minimum = rows_of(counts, cells)
        observed = profile.evaluate(truth)[0][0] - minimum.stat
        found = profile.settled(truth)[0].norms
        # Critical values at a few backgrounds, between which they hardly change.
        places = np.quantile(found, [0.05, 0.3, 0.5, 0.7, 0.95])
        t = toy_statistics(cells, np.full(5, norm), places[:, None], 4000)
        for level in (0.6827, 0.95):
            critical = np.interp(found, places, np.quantile(t, level, axis=1))
            assert (
                np.mean(bound_of(observed) <= critical) > level - 3 * np.sqrt(level * (1 - level) / n) - 0.01
            )


def test_a_row_does_not_depend_on_the_others():
    cells, rng = star(5.0, 20.0, 40), np.random.default_rng(3)
    counts = rng.poisson(cells.expected(np.array([0.0, 1.0, 3.0]), np.ones((3, 1))))
    profile, minimum = rows_of(counts, cells)
    together = toy_norm_intervals(profile, minimum, [lambda: cells] * 3, [0.6827])[:2]
    assert np.all(np.isfinite(together))
    assert np.all((together[0] >= 0) & (together[0] <= minimum.norm) & (together[1] >= minimum.norm))
    for k in range(3):
        own, best_of_own = rows_of(counts[[k]], cells)
        alone = toy_norm_intervals(own, best_of_own, [lambda: cells], [0.6827])[:2]
        assert_array_equal(np.array(alone)[:, :, 0], np.array(together)[:, :, k])


def test_toys_have_the_likelihood_of_their_cells():
    rng = np.random.default_rng(5)
    blocks = [tuple(rng.uniform(0.1, 2, (3, 25)) * np.array([[1], [1], [fixed]])) for fixed in (0, 1)]
    blocks[0][0][:10] = 0
    cells = ExpectedCells.of_blocks(blocks)
    counts = rng.poisson(cells.expected(np.ones(1), np.ones((1, 2))))
    profile = cells.profile_of(counts)
    for a in (0.0, 0.7, 2.0):
        norms = profile.settled(np.array([a]))[0].norms
        mean = cells.expected(np.array([a]), norms[None])
        stat = 2 * np.sum(mean - counts * np.log(mean))
        if a == 0.0:
            zero = stat - profile.evaluate(np.array([a]))[0][0]
        assert stat - profile.evaluate(np.array([a]))[0][0] == pytest.approx(zero, abs=1e-6)


def test_levels_that_toys_cannot_tell_are_refused():
    cells = star()
    profile, minimum = rows_of(np.zeros((1, len(cells.signal)), dtype=int), cells)
    with pytest.raises(InputError, match=r"level 0\.9999.*up to 0\.999"):
        toy_norm_intervals(profile, minimum, [lambda: cells], [0.6827, 0.9999])


@pytest.mark.parametrize("kind", ["no background", "known", "two runs"])
def test_few_and_no_counts_have_finite_intervals(kind):
    rng = np.random.default_rng(9)
    signal, rest, nothing = rng.uniform(0, 0.5, (2, 12)), rng.uniform(0, 0.2, (2, 12)), np.zeros((2, 12))
    signal[:, :4] = 0
    blocks = {
        "no background": [(signal[0], nothing[0], nothing[0])],
        "known": [(signal[0], nothing[0], rest[0])],
        "two runs": [(signal[k], rest[k], nothing[k]) for k in range(2)],
    }[kind]
    cells = ExpectedCells.of_blocks(blocks)
    counts = rng.poisson(cells.expected(np.array([0.0, 1.0, 2.0]), np.ones((3, cells.n_blocks))))
    counts[0] = 0
    profile, minimum = rows_of(counts, cells)
    found = toy_norm_intervals(profile, minimum, [lambda: cells] * 3, [0.6827], [0.95])
    (lower,), (upper,), (limit,) = found
    assert np.all(np.isfinite(found))
    assert np.all((lower >= 0) & (lower <= minimum.norm) & (minimum.norm <= upper) & (upper < limit))
    assert lower[0] == 0


@pytest.mark.parametrize("norm", [0.7, 1.0, 1.2])
def test_reweighted_toys_have_the_share_of_the_sum_over_all_counts(norm):
    """Three cells on a known background, of which toys are drawn at other norms than those that are asked for."""
    signal, rest = np.array([12.0, 4.0, 1.0]), np.array([3.0, 4.0, 5.0])
    tables = np.array(list(itertools.product(range(40), range(26), range(20))))
    cells = cells_of(signal, 0 * rest, rest)
    expected = norm * signal + rest
    chance = poisson.pmf(tables, expected).prod(axis=1)
    tables, chance = tables[chance > 1e-9], chance[chance > 1e-9]
    assert chance.sum() > 0.999
    profile, minimum = rows_of(tables, cells)
    t = profile.evaluate(np.full(len(tables), norm))[0][0] - minimum.stat
    n_toys = 8000
    for observed in (0.1, 1.0, 2.7, 5.0):
        toys = ReweightedToys(
            cells, lambda _, own=observed: (own, np.ones(1)), np.array([1.3, 0.5, 0.9]), n_toys, 1
        )
        found, worth = toys.preceding(norm, bound_of)
        share = chance[t < observed].sum()
        near = chance[np.abs(t - observed) < 1e-4].sum()
        assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / worth) + near + 1e-3)
        # Never more than they are; never less than those that are drawn at the nearer one.
        assert 0.8 * n_toys < worth <= 2 * n_toys


@pytest.mark.parametrize(
    ("signal", "background", "truth"), [(300.0, 800.0, 1.0), (30.0, 60.0, 0.2), (12.0, 30.0, 0.6)]
)
def test_reweighted_toys_give_the_interval_of_toys_of_each_flux(monkeypatch, signal, background, truth):
    """Within their noise: some 0.02 of the distance to the best flux for each of the two."""
    cells = star(signal, background, 100)
    counts = np.random.default_rng(2).poisson(cells.expected(np.array([truth]), np.ones((1, 1))))
    profile, minimum = rows_of(counts, cells)
    toys = []
    drawn = ExpectedCells.profile_of
    monkeypatch.setattr(
        ExpectedCells, "profile_of", lambda self, counts: toys.append(len(counts)) or drawn(self, counts)
    )
    found, n_drawn = [], []
    for many in (0, np.inf):
        monkeypatch.setattr(toy_intervals, "MANY", many)
        found.append(np.ravel(toy_norm_intervals(profile, minimum, [lambda: cells], [0.6827], [0.95])))
        n_drawn.append(sum(toys))
        toys.clear()
    reweighted, own = found
    distance = np.abs(own - minimum.norm[0])
    assert_allclose(reweighted, own, rtol=0, atol=0.06 * distance.max())
    assert n_drawn[0] < n_drawn[1] / 3
