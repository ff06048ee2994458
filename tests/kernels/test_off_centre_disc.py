"""Shares of round densities in discs beside them: against a grid on the sky, and closed forms."""

import numpy as np
import pytest

from tevcurve.kernels.off_centre_disc import disc_shares, node_weights, part_of_rings
from tevcurve.kernels.sphere import angular_separation, directional_offset

SIGMA = np.deg2rad(0.08)


def gauss(sigma=SIGMA):
    """(densities, shares within) of Gaussians on the sphere, one energy."""
    width = np.sin(0.5 * sigma) ** 2

    def within(angle):
        return np.array([-np.expm1(-0.5 * np.sin(0.5 * angle) ** 2 / width)])

    return lambda rad: (np.exp(-0.5 * np.sin(0.5 * rad) ** 2 / width) / (8 * np.pi * width))[None], within


@pytest.mark.parametrize("degrees", [0.0, 0.03, 0.11, 0.2, 0.4])
def test_a_gaussian_in_a_disc_is_what_a_grid_says(degrees):
    radius, distance = np.deg2rad(0.11), np.deg2rad(degrees)
    densities, within = gauss()
    share = disc_shares(densities, within, np.array([distance]), radius)[0, 0]
    # Rings around the disc's own centre, by the midpoint rule.
    n_ring, n_angle = 1000, 720
    ring = (np.arange(n_ring) + 0.5) / n_ring * radius
    angle = (np.arange(n_angle) + 0.5) / n_angle * 2 * np.pi
    lon, lat = directional_offset(0.3, 0.2, angle[None, :], ring[:, None])
    away = directional_offset(0.3, 0.2, 0.7, distance)
    mean = densities(angular_separation(*away, lon, lat))[0].mean(axis=1)
    expected = np.sum(mean * 2 * np.pi * np.sin(ring)) * radius / n_ring
    assert share == pytest.approx(expected, rel=2e-6, abs=1e-12)


def test_all_of_it_in_a_large_disc_and_nothing_far_away():
    densities, within = gauss()
    shares = disc_shares(densities, within, np.deg2rad([0.1, 0.5, 4.0]), np.deg2rad(2.0))[0]
    np.testing.assert_allclose(shares, [1, 1, 0], atol=1e-12)


def test_a_density_that_ends_inside_the_disc():
    last = np.deg2rad(0.1)
    area = 4 * np.pi * np.sin(0.5 * last) ** 2

    def within(angle):
        return np.array([min(np.sin(0.5 * angle) ** 2 / np.sin(0.5 * last) ** 2, 1.0)])

    def flat(rad):
        return np.full((1, len(rad)), 1 / area)

    shares = disc_shares(flat, within, np.deg2rad([0.05, 0.1, 0.25]), np.deg2rad(0.1), last)[0]
    # Two equal circles in the plane at the distance of half a radius, and of a radius.
    lens = [2 * np.arccos(d / 2) - d / 2 * np.sqrt(4 - d**2) for d in (0.5, 1.0)]
    np.testing.assert_allclose(shares, [lens[0] / np.pi, lens[1] / np.pi, 0], rtol=1e-5, atol=1e-12)


def test_parts_of_rings():
    parts = part_of_rings(np.array([0.3, 0.3, 0.3, 0.0, 0.0]), np.array([0.1, 0.5, 0.3, 0.1, 0.3]), 0.2)
    np.testing.assert_allclose(parts[[0, 1, 3, 4]], [0, 0, 1, 0], atol=1e-7)
    # cos R = cos d cos r + sin d sin r cos(angle).
    angle = np.arccos((np.cos(0.2) - np.cos(0.3) ** 2) / np.sin(0.3) ** 2)
    assert parts[2] == pytest.approx(angle / np.pi, rel=1e-12)


def test_a_table_with_kinks_in_discs_is_what_a_grid_says():
    random = np.random.default_rng(2)
    nodes = np.deg2rad(np.append(0, np.cumsum(random.uniform(0.004, 0.03, 30))))
    values = random.uniform(size=31)
    radius = np.deg2rad(0.11)
    n_ring, n_angle = 800, 480
    ring, angle = (
        (np.arange(n_ring) + 0.5) / n_ring * radius,
        (np.arange(n_angle) + 0.5) / n_angle * 2 * np.pi,
    )
    lon, lat = directional_offset(0.3, 0.2, angle[None, :], ring[:, None])
    distances = np.deg2rad([0.0, 1e-5, 0.04, 0.11, 0.2, 0.4])
    shares = node_weights(nodes, distances, radius) @ values
    for distance, share in zip(distances, shares, strict=True):
        away = directional_offset(0.3, 0.2, 0.7, distance)
        density = np.interp(angular_separation(*away, lon, lat), nodes, values, right=0.0)
        expected = np.sum(density.mean(axis=1) * 2 * np.pi * np.sin(ring)) * radius / n_ring
        assert share == pytest.approx(expected, rel=1e-4)
    assert np.all(node_weights(nodes, np.array([1.0]), radius) == 0)
