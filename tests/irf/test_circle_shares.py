"""Shares of photons in circles: around the source, and, elsewhere, sums over points of the circle."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.irf import AnalyticPSF, EnergyDependentTablePSF
from tevcurve.irf.circle_shares import circle_shares
from tevcurve.kernels.sphere import angular_separation, directional_offset

ENERGIES = np.array([0.3, 1.0, 10.0])
WIDTHS = np.deg2rad([0.09, 0.05, 0.03])
RAD = np.deg2rad(np.linspace(0, 0.6, 241))
PSFS = {
    "table": EnergyDependentTablePSF(ENERGIES, RAD, np.exp(-0.5 * (RAD / WIDTHS[:, None]) ** 2)),
    "form": AnalyticPSF("three gaussians", ENERGIES, np.array([[width, 0, 0, 0, 0] for width in WIDTHS])),
}
RADIUS = np.deg2rad(0.11)
DISTANCES = np.deg2rad([0.0, 0.05, 0.11, 0.2])


@pytest.mark.parametrize("kind", PSFS)
def test_shares_in_circles_are_sums_over_their_points(kind):
    psf, edges = PSFS[kind], np.linspace(0, RADIUS, 301)
    ring, turn = 0.5 * (edges[1:] + edges[:-1]), (np.arange(120) + 0.5) * np.pi / 60
    area = 2 * np.pi * -np.diff(np.cos(edges))
    shares = circle_shares(psf, ENERGIES, DISTANCES, RADIUS)
    assert_allclose(shares[:, 0], psf.containment_fraction(ENERGIES, RADIUS), rtol=1e-7)
    for k, distance in enumerate(DISTANCES):
        lon, lat = directional_offset(0.0, distance, turn[None], ring[:, None])
        away = angular_separation(0.0, 0.0, lon, lat)
        density = psf.densities(ENERGIES, away.ravel()).reshape(len(ENERGIES), *away.shape).mean(axis=2)
        assert_allclose(shares[:, k], density @ area, rtol=2e-4, atol=1e-6)
