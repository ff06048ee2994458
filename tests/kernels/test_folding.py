import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from tevcurve.kernels.folding import (
    continuous_profile,
    cumulative_density,
    disc_integral_at,
    disc_integrals,
    integrate_loglog,
    migration_matrix,
    ring_integrals,
    whole_integrals,
)

EDGES = np.geomspace(0.3, 50, 12)


@pytest.mark.parametrize("index", [-2.7, -1.0, -1 + 1e-9, 0.0, 2.0])
def test_a_power_law_is_integrated_exactly(index):
    if index == -1.0:
        expected = np.log(EDGES[1:] / EDGES[:-1])
    else:
        # From expm1, because the difference of powers loses its digits near index -1.
        expected = (
            EDGES[:-1] ** (index + 1) * np.expm1((index + 1) * np.log(EDGES[1:] / EDGES[:-1])) / (index + 1)
        )
    np.testing.assert_allclose(integrate_loglog(EDGES, 3 * EDGES**index), 3 * expected, rtol=1e-12)


def test_a_bin_with_a_zero_edge_has_the_limit_of_the_power_law():
    values = np.array([[1.0, 0.0, 2.0, 2.0], [1.0, 1e-300, 2.0, 2.0]]).T
    integral = integrate_loglog(np.array([1.0, 2.0, 4.0, 8.0]), values)
    np.testing.assert_allclose(integral[:, 0], [0, 0, 8], rtol=1e-14)
    assert np.all(integral[:2, 1] < 0.01)


def test_cumulative_of_a_density_by_hand():
    np.testing.assert_allclose(
        cumulative_density(np.array([0.0, 1.0, 3.0]), np.array([[0.5, 0.25]])), [[0, 0.5, 1]]
    )


def test_migration_of_a_gaussian_is_that_of_its_cumulative():
    migra = np.linspace(0, 3, 3001)
    reco, true = np.geomspace(0.5, 20, 15), np.array([0.8, 2.0, 7.0])
    density = np.diff(norm.cdf(migra, 1.05, 0.12)) / np.diff(migra)
    matrix = migration_matrix(true, reco, migra, np.tile(density, (3, 1)))
    expected = np.diff(norm.cdf(reco / true[:, None], 1.05, 0.12), axis=1)
    np.testing.assert_allclose(matrix, expected, atol=5e-6)  # a chord of the cumulative over 0.001 in migra


def test_migration_is_exact_for_bins_within_one_migra_bin_and_normalised():
    # One migra bin from 0.5 to 1.5 of any height: a uniform density of E_reco from 0.5 to 1.5 E_true.
    matrix = migration_matrix(
        np.array([2.0, 2.0]), np.array([1.0, 1.2, 2.9]), np.array([0.5, 1.5]), np.array([[7.0], [0.0]])
    )
    np.testing.assert_allclose(matrix, [[0.1, 0.85], [0, 0]], rtol=1e-14)


def test_rings_of_a_cap_and_of_a_linear_profile():
    rad = np.array([0.0, 0.004, 0.01, 0.02, 0.05])
    cap = 2 * np.pi * (1 - np.cos(rad))
    np.testing.assert_allclose(disc_integrals(rad, np.ones(5)), cap, rtol=1e-8)
    slope = 2 - 5 * rad
    for low, high, ring in zip(rad[:-1], rad[1:], ring_integrals(rad, slope), strict=True):
        expected = quad(lambda r: (2 - 5 * r) * 2 * np.pi * np.sin(r), low, high)[0]
        assert ring == pytest.approx(expected, rel=1e-6)


def test_the_whole_disc_is_the_last_of_its_parts():
    rad = np.array([0.0, 0.004, 0.01, 0.02, 0.05])
    assert whole_integrals(rad, np.ones(5)) == pytest.approx(2 * np.pi * (1 - np.cos(0.05)), rel=1e-8)
    values = np.random.default_rng(1).exponential(size=(3, 2, 5))
    values[1, 0] = 0.0
    np.testing.assert_allclose(
        whole_integrals(rad, values), disc_integrals(rad, values)[..., -1], rtol=1e-14, atol=0
    )


def test_disc_up_to_any_radius():
    rad = np.linspace(0, 0.02, 9)
    values = np.stack([np.exp(-rad / 0.004), np.full(9, 3.0)])
    radius = np.array([0.0001, 0.0113, 0.02, 0.5])
    result = disc_integral_at(rad, values[:, None, :], radius)
    for row, profile in zip(result, values, strict=True):
        for found, upper in zip(row, np.minimum(radius, 0.02), strict=True):
            expected = quad(
                lambda r, p=profile: np.interp(r, rad, p) * 2 * np.pi * np.sin(r),
                0,
                upper,
                points=rad[rad < upper],
            )[0]
            assert found == pytest.approx(expected, rel=1e-7)


def test_a_continuous_profile_keeps_each_bin():
    edges = np.sqrt(np.linspace(0, 0.012**2, 40))
    rng = np.random.default_rng(3)
    smooth = np.exp(-0.5 * (0.5 * (edges[1:] + edges[:-1]) / 0.002) ** 2)
    noisy = rng.poisson(0.7, 39).astype(float)
    bins = np.stack([smooth, noisy, np.zeros(39)])
    rad, values = continuous_profile(edges, bins)
    assert np.all(values >= 0)
    kept = np.diff(disc_integrals(rad, values)[:, ::2], axis=1)
    area = 2 * np.pi * (np.cos(edges[:-1]) - np.cos(edges[1:]))
    np.testing.assert_allclose(kept[0], smooth * area, rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(kept[1], noisy * area, rtol=0.01, atol=1e-9)
    assert not kept[2].any()


def test_a_continuous_profile_comes_close_to_the_curve_it_was_binned_from():
    edges = np.linspace(0, 0.01, 51)
    contained = -np.expm1(-0.5 * (edges / 0.002) ** 2)
    rad, values = continuous_profile(edges, np.diff(contained) / (np.pi * np.diff(edges**2)))
    peak = 1 / (2 * np.pi * 0.002**2)
    np.testing.assert_allclose(values, peak * np.exp(-0.5 * (rad / 0.002) ** 2), atol=0.01 * peak)
