"""Toys that end when enough is known: chances of statistics whose distribution is known, to the last toy."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from tevcurve.lightcurve.variability.chances import Test as StatisticTest
from tevcurve.lightcurve.variability.chances import chances
from tevcurve.lightcurve.variability.sequential import ENOUGH, FEWEST, Tally, batch_sizes


def normal(value):
    return float(norm.sf(value))


def tally_of(value, n_toys, seed=0, chance=normal, has_tail=True, draw=None):
    """(`Tally` after its last toy, toys drawn) of a standard normal statistic."""
    rows = SimpleNamespace(fits=SimpleNamespace(n=1, drawn=np.array([value])))
    tally = Tally(rows, StatisticTest(lambda fits: fits.drawn, chance, has_tail=has_tail), n_toys)
    rng, done = np.random.default_rng(seed), 0
    draw = draw or (lambda n: rng.standard_normal(n))
    for size in batch_sizes(n_toys):
        tally.add(SimpleNamespace(n=size, drawn=draw(size)))
        done += size
        if tally.is_enough:
            break
    return tally, done


@pytest.mark.parametrize("n_toys", [1, 99, 100, 101, 1000, 12345])
def test_batches_make_all_toys_together(n_toys):
    sizes = list(batch_sizes(n_toys))
    assert sum(sizes) == n_toys
    assert sizes[0] == min(n_toys, FEWEST)
    assert len(sizes) <= 2 + np.log2(max(n_toys / FEWEST, 1))


def test_chances_of_constant_sources_are_no_less_likely_than_they_say():
    """Of 4000 values: so many chances at or below a level as the level says, but never more."""
    values = np.random.default_rng(1).standard_normal(4000)
    found = np.array([tally_of(value, 300, seed)[0].fields()["p_value"] for seed, value in enumerate(values)])
    for level in (0.02, 0.05, 0.1, 0.2, 0.5, 0.8):
        number = np.count_nonzero(found <= level)
        assert binomtest(number, 4000, level).pvalue > 1e-3
    assert found.mean() == pytest.approx(0.5, abs=0.02)


def test_the_chance_is_by_the_toy_that_was_enough():
    """By hand: the 30th toy at or above the value is the 120th of all."""
    toys = np.where((np.arange(1000) % 4 == 3), 1.0, -1.0)
    place = iter(np.split(toys, np.cumsum(list(batch_sizes(1000)))[:-1]))
    tally, done = tally_of(0.5, 1000, draw=lambda n: next(place))
    assert done == 200
    fields = tally.fields()
    assert fields["p_value"] == ENOUGH / 120
    assert fields["n_toys"] == 120
    assert not fields["p_is_limit"]


def test_where_all_toys_are_needed_all_are_drawn():
    tally, done = tally_of(norm.isf(0.01), 1000)
    assert done == tally.fields()["n_toys"] == 1000
    beyond = np.count_nonzero(tally.values >= norm.isf(0.01))
    assert tally.fields()["p_value"] == (beyond + 1) / 1001


def test_what_no_toy_comes_near_needs_few_of_them():
    tally, done = tally_of(9.0, 1000)
    fields = tally.fields()
    assert done == fields["n_toys"] == FEWEST
    # As 1000 toys of which none is as large would say, not less.
    assert fields["p_value"] == fields["least_chance"] == 1 / 1001
    assert fields["p_is_limit"]
    assert "none comes near" in fields["note"]


@pytest.mark.parametrize(
    ("value", "scale", "has_tail"),
    [
        (9.0, 1.0, False),  # the formula's tail is not to be relied on
        (5.5, 1.0, True),  # 2e-8
        (9.0, 3.0, True),  # toys are three times as wide as the formula says
    ],
)
def test_else_all_toys_are_drawn(value, scale, has_tail):
    rng = np.random.default_rng(3)
    tally, done = tally_of(value, 1000, has_tail=has_tail, draw=lambda n: scale * rng.standard_normal(n))
    assert done == 1000
    assert tally.fields()["p_value"] == (np.count_nonzero(tally.values >= value) + 1) / 1001


def test_what_has_no_chance_waits_for_no_toys_and_takes_all():
    """A mean of toys beside a test that needs 120 of them."""
    truth = SimpleNamespace(n=1, drawn=np.array([0.5]), lowest=None, constant=np.zeros(1), nuisances=None)
    one_in_four = np.where(np.arange(1000) % 4 == 3, 1.0, -1.0)
    done = [0]

    def draw(norm, n, rng):
        done[0] += n
        return SimpleNamespace(n=n, drawn=one_in_four[done[0] - n : done[0]])

    maker = SimpleNamespace(draw=draw, events_per_toy=lambda: 1, null_norm=lambda value: value)
    rows = SimpleNamespace(fits=truth, few=np.ones(1, bool), maker=maker)
    statistic = StatisticTest(lambda fits: getattr(fits, "profile", fits).drawn, normal)
    mean = replace(statistic, chance=lambda value: np.nan)
    found = chances(rows, {"test": statistic, "mean": mean}, 1000, 0)
    assert done[0] == 200
    assert found["test"].fields["n_toys"] == 120
    assert len(found["mean"].values) == 200
    chances(rows, {"mean": mean}, 1000, 0)
    # Alone it takes no more than it has to.
    assert done[0] == 200 + FEWEST


def test_the_same_seed_gives_the_same():
    one, other = (tally_of(1.0, 1000, seed=5)[0].fields() for _ in range(2))
    assert one == other
