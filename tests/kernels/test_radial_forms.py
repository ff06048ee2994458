"""Round functions in closed form against integrals of their densities, and draws against their shares."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from tevcurve.kernels.radial_forms import FORMS, between_known

VALUES = {
    "three gaussians": np.array([0.001, 0.003, 0.02, 0.3, 0.01]),
    "king": np.array([0.001, 1.7]),
}


@pytest.mark.parametrize("name", FORMS)
def test_shares_are_the_integrals_of_densities(name):
    form, values = FORMS[name], VALUES[name]
    for rad in (0.0003, 0.002, 0.05):
        integral, _ = quad(
            lambda r: 2 * np.pi * r * form.density(values, np.asarray(r)),
            0,
            rad,
            points=[rad / 50],
            limit=300,
        )
        assert form.within(values, np.asarray(rad)) == pytest.approx(integral, abs=1e-8)
    assert form.within(values, np.asarray(1e9)) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("name", FORMS)
def test_draws_are_distributed_as_the_shares(name):
    form, values = FORMS[name], VALUES[name]
    drawn = form.draw(np.tile(values, (20_000, 1)), np.random.default_rng(1))
    assert kstest(drawn, lambda rad: form.within(values, rad)).pvalue > 1e-3


@pytest.mark.parametrize("name", FORMS)
def test_without_a_first_width_there_is_nothing(name):
    form, values = FORMS[name], VALUES[name].copy()
    values[0] = 0
    assert not form.density(values, np.array([0.0, 0.1])).any()
    assert not form.within(values, np.array([0.0, 1e6])).any()


def test_one_gaussian_is_that_of_the_textbook():
    values = np.array([0.002, 0.0, 0.0, 0.0, 0.0])
    rad = np.array([0.0, 0.001, 0.004])
    expected = np.exp(-0.5 * (rad / 0.002) ** 2) / (2 * np.pi * 0.002**2)
    np.testing.assert_allclose(FORMS["three gaussians"].density(values, rad), expected)
    drawn = FORMS["three gaussians"].draw(np.tile(values, (10_000, 1)), np.random.default_rng(2))
    assert np.mean(drawn**2) == pytest.approx(2 * 0.002**2, rel=0.05)


def test_a_parameter_that_one_node_has_not_is_that_of_the_other():
    told_by = FORMS["three gaussians"].told_by
    low, high = np.array([1.0, 0.0, 0.0, 0.0, 0.0]), np.array([2.0, 4.0, 0.0, 0.5, 0.0])
    np.testing.assert_allclose(between_known(low, high, 0.25, told_by), [1.25, 4.0, 0.0, 0.125, 0.0])
    np.testing.assert_allclose(between_known(np.zeros(5), high, 0.25, told_by), high)
    assert not between_known(np.zeros(5), np.zeros(5), 0.25, told_by).any()
