"""A round source through a round point spread function, against sums over a fine grid of points on the sphere."""

import numpy as np
import pytest

from tevcurve.irf import AnalyticPSF, EnergyDependentTablePSF
from tevcurve.irf.extended_psf import extended_psf
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.models import SkyDisk, SkyGaussian
from tevcurve.models.round_shapes import round_shape

WIDTHS = np.deg2rad([0.09, 0.05, 0.03])
ENERGIES = np.array([0.3, 1.0, 10.0])
RAD = np.deg2rad(np.linspace(0, 0.6, 241))
TABLE = EnergyDependentTablePSF(ENERGIES, RAD, np.exp(-0.5 * (RAD / WIDTHS[:, None]) ** 2))
SHAPES = [
    SkyGaussian("0 deg", "0 deg", sigma="0.2 deg"),
    SkyGaussian("0 deg", "0 deg", sigma="0.01 deg"),
    SkyDisk("0 deg", "0 deg", r_0="0.3 deg"),
    SkyDisk("0 deg", "0 deg", r_0="0.3 deg", edge_width=0.5),
]
PLACES = np.deg2rad([0.0, 0.03, 0.1, 0.2, 0.29, 0.33, 0.5])


def brute_force(shape, energy):
    """Density at the places: the sum over points of the table, rings around the place, of the shape's brightness."""
    # Around each place: where the table is fine, the shape is taken point by point.
    edges = np.linspace(0, RAD[-1], 401)
    ring, turn = 0.5 * (edges[1:] + edges[:-1]), (np.arange(240) + 0.5) * np.pi / 120
    weight = TABLE.densities([energy], ring)[0] * 2 * np.pi * -np.diff(np.cos(edges))
    found = []
    for place in PLACES:
        lon, lat = directional_offset(0.0, place, turn[None], ring[:, None])
        separation = angular_separation(0.0, 0.0, lon, lat)
        values = {name: float(value) for name, value in shape._shape({}).items()}
        found.append(np.sum(weight * shape.profile(separation, **values).mean(axis=1)))
    return np.array(found)


@pytest.mark.parametrize("shape", SHAPES, ids=["wide", "narrow", "disc", "soft"])
def test_densities_are_those_of_sums_over_points(shape):
    table = extended_psf(TABLE, round_shape(shape)).table
    for number, energy in enumerate(ENERGIES):
        expected = brute_force(shape, energy)
        np.testing.assert_allclose(
            table.densities([energy], PLACES)[0], expected, rtol=3e-3, atol=2e-3 * expected[0]
        )
        assert table.containment_fraction([energy], table.rad_rad[-1])[0] == pytest.approx(1, rel=1e-9)
        # The part within an angle is what gaussians of both widths in quadrature have.
        if "sigma" in shape.parameters.names:
            both = np.hypot(WIDTHS[number], np.deg2rad(shape.sigma.value))
            part = table.containment_fraction([energy], np.deg2rad(0.2))[0]
            assert part == pytest.approx(1 - np.exp(-0.5 * (np.deg2rad(0.2) / both) ** 2), abs=1e-3)


def test_a_closed_form_is_convolved_like_its_table():
    parameters = np.array([[width, 0, 0, 0, 0] for width in WIDTHS])
    psf = AnalyticPSF("three gaussians", ENERGIES, parameters)
    # One that is much narrower is nearly a point, at all angles.
    narrow = extended_psf(psf, round_shape(SkyGaussian("0 deg", "0 deg", sigma="0.002 deg"))).table
    expected = psf.densities(ENERGIES, PLACES[:4])
    assert np.all(np.abs(narrow.densities(ENERGIES, PLACES[:4]) - expected) < 6e-3 * expected[:, :1])
    far = np.deg2rad(np.linspace(0.001, 0.4, 37))
    np.testing.assert_allclose(
        narrow.containment_fraction(np.repeat(1.0, 37), far), psf.containment_fraction(1.0, far), atol=2e-3
    )
    table = extended_psf(psf, round_shape(SHAPES[0])).table
    both = np.hypot(WIDTHS, np.deg2rad(0.2))
    for energy, width in zip(ENERGIES, both, strict=True):
        expected = np.exp(-0.5 * (PLACES / width) ** 2) / (2 * np.pi * width**2)
        np.testing.assert_allclose(table.densities([energy], PLACES)[0], expected, rtol=5e-3)
    # Between the nodes of the file the width is that of the closed form there.
    width = np.hypot(np.mean(WIDTHS[:2]), np.deg2rad(0.2))
    middle = table.densities([np.sqrt(0.3)], PLACES)[0]
    np.testing.assert_allclose(
        middle, np.exp(-0.5 * (PLACES / width) ** 2) / (2 * np.pi * width**2), rtol=5e-3
    )


def test_photons_of_gaussians_have_left_where_the_product_of_both_has_its_middle():
    made = extended_psf(TABLE, round_shape(SHAPES[0]))
    for energy, width in zip(ENERGIES, WIDTHS, strict=True):
        part = np.deg2rad(0.2) ** 2 / (np.deg2rad(0.2) ** 2 + width**2)
        # Its table, straight between its nodes and cut at 0.6 deg, is no Gaussian far out.
        near = PLACES[:-1]
        np.testing.assert_allclose(made.origins_at([energy], near)[0], part * near, rtol=5e-3, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES[2:], ids=["disc", "soft"])
def test_photons_of_discs_have_left_where_sums_over_points_say(shape):
    made = extended_psf(TABLE, round_shape(shape))
    x, y = (each.ravel() for each in np.meshgrid(*2 * [np.deg2rad(np.arange(-0.6, 0.6, 0.004))]))
    values = {name: float(value) for name, value in shape._shape({}).items()}
    brightness = shape.profile(np.hypot(x, y), **values)
    for place in PLACES[1:6]:
        weight = brightness * TABLE.densities([1.0], np.hypot(x - place, y))[0]
        expected = np.sum(weight * x) / weight.sum()
        assert made.origins_at([1.0], np.array([place]))[0, 0] == pytest.approx(expected, rel=1e-2)
