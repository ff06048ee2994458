"""Scatter beyond errors against the formulas of the papers, gammapy's numbers, and drawn light curves."""

import numpy as np
import pytest

from tevcurve.kernels import scatter


def test_the_excess_is_the_variance_without_that_of_the_errors():
    value, err = np.array([1.0, 2.0, 6.0]), np.array([0.5, 1.0, 1.5])
    # The mean is 3, the sample variance (4 + 1 + 9)/2 = 7, the mean square error (0.25 + 1 + 2.25)/3.
    assert scatter.excess(value, err) == pytest.approx(7 - 3.5 / 3)
    ratio, error = scatter.normalized_excess(value, err)
    noise, fraction = 3.5 / 3, (7 - 3.5 / 3) / 9
    assert ratio == pytest.approx(fraction)
    # Vaughan et al. 2003, equation 11.
    expected = np.sqrt(
        (np.sqrt(2 / 3) * noise / 9) ** 2 + (np.sqrt(noise / 3) * 2 * np.sqrt(fraction) / 3) ** 2
    )
    assert error == pytest.approx(expected)


def test_the_error_of_the_root_is_equation_b2():
    value, err = np.array([1.0, 2.0, 6.0]), np.array([0.5, 1.0, 1.5])
    root, error, _, _ = scatter.root_with_errors(*scatter.normalized_excess(value, err))
    noise = 3.5 / 3
    b2 = np.sqrt((np.sqrt(1 / 6) * noise / (9 * root)) ** 2 + (np.sqrt(noise / 3) / 3) ** 2)
    assert error == pytest.approx(b2)


def test_the_root_keeps_the_sign_and_its_interval_is_that_of_the_square():
    root, _, errn, errp = scatter.root_with_errors(np.array([-0.04, 0.0, 0.09]), np.array([0.05, 0.01, 0.07]))
    np.testing.assert_allclose(root, [-0.2, 0, 0.3])
    np.testing.assert_allclose(root - errn, [-0.3, -0.1, np.sqrt(0.02)])
    np.testing.assert_allclose(root + errp, [0.1, 0.1, 0.4])


def test_constant_light_curves_scatter_around_zero():
    rng = np.random.default_rng(1)
    err = rng.uniform(0.5, 1.5, 40)
    value = 10 + err * rng.standard_normal((20000, 40))
    err = np.broadcast_to(err, value.shape)
    ratio, error = scatter.normalized_excess(value, err)
    assert abs(ratio.mean()) < 4 * ratio.std() / np.sqrt(len(ratio))
    assert error.mean() == pytest.approx(ratio.std(), rel=0.2)
    pairs = np.arange(39), np.arange(1, 40)
    ratio, error = scatter.normalized_pair_excess(value, err, *pairs)
    assert abs(ratio.mean()) < 4 * ratio.std() / np.sqrt(len(ratio))
    assert error.mean() == pytest.approx(ratio.std(), rel=0.2)


def test_variable_light_curves_have_the_amplitude_they_were_drawn_with():
    rng = np.random.default_rng(2)
    err = rng.uniform(0.5, 1.5, 60)
    shape = 10 + 3 * rng.standard_normal((4000, 60))
    value = shape + err * rng.standard_normal(shape.shape)
    err = np.broadcast_to(err, value.shape)
    pairs = np.arange(59), np.arange(1, 60)
    for ratio in (
        scatter.normalized_excess(value, err)[0],
        scatter.normalized_pair_excess(value, err, *pairs)[0],
    ):
        # White noise varies from point to point as much as in all; the mean's own scatter is 1 %.
        assert ratio.mean() == pytest.approx(0.09, rel=0.02)


def test_the_error_is_the_scatter_of_measurements_of_one_variable_source():
    rng = np.random.default_rng(3)
    err = rng.uniform(0.5, 1.5, 60)
    shape = 10 + 3 * np.sin(np.arange(60) / 3)
    value = shape + err * rng.standard_normal((4000, 60))
    err = np.broadcast_to(err, value.shape)
    ratio, error = scatter.normalized_excess(value, err)
    assert error.mean() == pytest.approx(ratio.std(), rel=0.15)
    ratio, error = scatter.normalized_pair_excess(value, err, np.arange(59), np.arange(1, 60))
    assert np.sqrt(np.mean(error**2)) == pytest.approx(ratio.std(), rel=0.1)


def test_a_slow_drift_is_small_from_point_to_point():
    value, err = np.linspace(5, 15, 101), np.full(101, 1e-3)
    step, _ = scatter.normalized_pair_excess(value, err, np.arange(100), np.arange(1, 101))
    # Half the square of a step of 0.1 over a mean of 10.
    assert step == pytest.approx((0.5 * 0.1**2 - 1e-6) / 100)


def test_pairs_are_those_that_are_given():
    value, err = np.array([1.0, 2.0, 50.0, 52.0]), np.full(4, 0.1)
    pairs = np.array([0, 2]), np.array([1, 3])
    assert scatter.pair_excess(value, err, *pairs) == pytest.approx((1 + 4) / 4 - 0.01)


def test_equal_weights_change_nothing():
    rng = np.random.default_rng(4)
    value, err, pairs = rng.normal(10, 3, 30), rng.uniform(0.5, 1.5, 30), (np.arange(29), np.arange(1, 30))
    same = np.full(30, 7.0)
    np.testing.assert_allclose(
        scatter.normalized_excess(value, err, same), scatter.normalized_excess(value, err)
    )
    np.testing.assert_allclose(
        scatter.normalized_pair_excess(value, err, *pairs, same),
        scatter.normalized_pair_excess(value, err, *pairs),
    )
    # Of one error the variance is a chi-square with n - 1 degrees of freedom.
    assert scatter.excess_spread(np.full(30, 2.0)) == pytest.approx(4 * np.sqrt(2 / 29))


@pytest.mark.parametrize("true_spread", [0.0, 2.0])
def test_weights_bias_nothing(true_spread):
    rng = np.random.default_rng(5)
    weight = np.where(np.arange(40) % 5 == 4, 0.05, 1.0)
    err = 1 / np.sqrt(weight)
    shape = 10 + true_spread * rng.standard_normal((20000, 40))
    value = shape + err * rng.standard_normal(shape.shape)
    err = np.broadcast_to(err, value.shape)
    pairs = np.arange(39), np.arange(1, 40)
    found = scatter.excess(value, err, weight), scatter.pair_excess(value, err, *pairs, weight)
    for excess in found:
        assert abs(excess.mean() - true_spread**2) < 4 * excess.std() / np.sqrt(len(excess))
    if not true_spread:
        assert scatter.excess_spread(err[0], weight) == pytest.approx(found[0].std(), rel=0.02)
        _, error = scatter.normalized_pair_excess(np.full(40, 1.0), err[0], *pairs, weight)
        assert error == pytest.approx(found[1].std(), rel=0.02)


def test_the_error_of_pairs_is_that_of_the_whole_quadratic_form():
    rng = np.random.default_rng(6)
    value, err, weight = rng.normal(10, 3, 7), rng.uniform(0.5, 1.5, 7), rng.uniform(0.1, 1, 7)
    first, second = np.array([0, 2, 3, 5]), np.array([1, 3, 4, 6])
    share = weight[first] * weight[second] / (weight[first] + weight[second])
    share /= share.sum()
    form = np.zeros((7, 7))
    for one, other, half in zip(first, second, 0.5 * share, strict=True):
        form[one, one] += half
        form[other, other] += half
        form[one, other] -= half
        form[other, one] -= half
    mean = np.sum(weight * value) / weight.sum()
    ratio, error = scatter.normalized_pair_excess(value, err, first, second, weight)
    assert ratio * mean**2 == pytest.approx(value @ form @ value - np.sum(np.diag(form) * err**2))
    noise = 2 * np.trace(form @ np.diag(err**2) @ form @ np.diag(err**2))
    expected = max(4 * (form @ value) @ np.diag(err**2) @ (form @ value) - noise, noise)
    assert error * mean**2 == pytest.approx(np.sqrt(expected))
