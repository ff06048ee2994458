"""Chances from toys, of statistics whose distribution is known."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from tevcurve.lightcurve.variability.chances import Test as StatisticTest
from tevcurve.lightcurve.variability.chances import chances

N_TOYS = 4000


def light_curves(constant, noise):
    """Light curves whose statistic grows with the measured constant, and has a normal part of its own."""
    constant, noise = np.atleast_1d(constant), np.atleast_1d(noise)
    statistic = 20 + 3 * constant - 0.2 * constant**2 + noise
    return SimpleNamespace(
        constant=constant, statistic=statistic, lowest=None, nuisances=None, n=len(constant)
    )


def rows_of(constant, noise, bias=0.0):
    """What `chances` needs of `Rows`; each toy has a constant of its own, with an error of 1."""

    def draw(truth, n, rng):
        return light_curves(truth + bias + rng.standard_normal(n), rng.standard_normal(n))

    maker = SimpleNamespace(draw=draw, events_per_toy=lambda: 100, null_norm=lambda value: value)
    return SimpleNamespace(fits=light_curves(constant, noise), few=np.ones(1, bool), maker=maker)


def fields_of(rows, beside, n_toys=N_TOYS):
    test = StatisticTest(lambda fits: getattr(fits, "profile", fits).statistic, lambda value: 1.0, beside)
    return chances(rows, {"": test}, n_toys, 1)[""].fields


def chance_of(rows, beside, n_toys=N_TOYS):
    return fields_of(rows, beside, n_toys)["p_value"]


def assert_near(fields, exact, sigma=4):
    """The chance is that, within four errors of the toys that were drawn."""
    n = fields["n_toys"]
    assert abs(fields["p_value"] - exact) < sigma * np.sqrt(exact * (1 - exact) / n) + 1 / n


def measured(fits):
    return getattr(fits, "profile", fits).constant


@pytest.mark.parametrize("noise", [-1.5, 0.0, 1.0, 2.0])
def test_toys_are_compared_at_the_constant_that_was_measured(noise):
    assert_near(fields_of(rows_of(0.7, noise), measured), norm.sf(noise))


def test_a_constant_that_toys_do_not_reach_is_no_reason_to_go_further_than_they_do():
    reach = 30.0 - 2
    at_reach = 3 * reach - 0.2 * reach**2
    assert_near(fields_of(rows_of(0.0, at_reach, bias=30.0), measured), 0.5)


def test_without_something_beside_it_a_statistic_is_compared_as_it_is():
    rows = rows_of(0.0, 1.0)
    assert_near(fields_of(rows, None), norm.sf(1.0 / np.sqrt(10)))
    # Too few toys to say how it goes with the constant.
    assert chance_of(rows, measured, n_toys=10) == chance_of(rows, None, n_toys=10)
