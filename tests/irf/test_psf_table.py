import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve.errors import InputError
from tevcurve.irf import EnergyDependentTablePSF
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom

ENERGIES = np.array([0.5, 2.0, 8.0])
WIDTHS = np.deg2rad([0.08, 0.06, 0.04])
RAD = np.deg2rad(np.linspace(0, 0.5, 501))
CRAB = SkyCoord(83.63, 22.01, unit="deg")


@pytest.fixture
def table():
    return EnergyDependentTablePSF(ENERGIES, RAD, np.exp(-0.5 * (RAD / WIDTHS[:, None]) ** 2))


def contained(radius, width):
    return -np.expm1(-0.5 * (radius / width) ** 2) / -np.expm1(-0.5 * (RAD[-1] / width) ** 2)


def test_containment_and_its_inverse(table):
    radius = np.deg2rad(np.array([[0.0], [0.013], [0.1], [0.5], [3.0]]))
    expected = contained(np.minimum(radius, RAD[-1]), WIDTHS)
    np.testing.assert_allclose(table.containment_fraction(ENERGIES, radius), expected, atol=2e-5)
    found = table.containment_radius(ENERGIES * u.TeV, [[0.1], [0.68], [0.95]])
    expected = WIDTHS * np.sqrt(-2 * np.log(1 - np.array([[0.1], [0.68], [0.95]])))
    np.testing.assert_allclose(found.to_value("rad"), expected, rtol=5e-4)
    assert table.containment_radius(2 * u.TeV, 0.68).shape == ()
    back = table.containment(ENERGIES * u.TeV, table.containment_radius(ENERGIES * u.TeV, 0.5))
    np.testing.assert_allclose(back.value, 0.5, rtol=1e-9)


def test_density_at_points(table):
    energy, rad = np.array([[0.5], [8.0]]) * u.TeV, [0.0, 3.0, 6.0, 40.0] * u.arcmin
    found = table.evaluate(energy, rad)
    width = WIDTHS[[0, 2], None]
    expected = np.exp(-0.5 * (rad.to_value("rad") / width) ** 2) / (2 * np.pi * width**2)
    np.testing.assert_allclose(found.to_value("sr-1")[:, :3], expected[:, :3], rtol=1e-3)
    assert not found.value[:, 3].any()


def test_between_energies_log_linear_and_beyond_them_the_nearest(table):
    at = table.profiles([0.1, 1.0, 100.0])
    np.testing.assert_allclose(at[0], table.values[0], rtol=1e-12)
    np.testing.assert_allclose(at[1], 0.5 * (table.values[0] + table.values[1]), rtol=1e-10)
    np.testing.assert_allclose(at[2], table.values[2], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ENERGIES, RAD, np.ones((2, 501))), r"values has the shape \(2, 501\); \(3, 501\) is wanted"),
        ((ENERGIES, RAD + 1, np.ones((3, 501))), "rad_rad must increase from 0"),
        ((ENERGIES[::-1], RAD, np.ones((3, 501))), "energies_tev must increase"),
        ((ENERGIES, RAD, -np.ones((3, 501))), "negative or not finite densities"),
    ],
)
def test_tables_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        EnergyDependentTablePSF(*arguments)
    with pytest.raises(InputError, match="fraction is"):
        EnergyDependentTablePSF(ENERGIES, RAD, np.ones((3, 501))).containment_radius(1 * u.TeV, 1.5)


def brute_force(table, source, geom, max_radius, factor=50):
    """Shares of the pixels, from many points in each with the area that they have in an oblique CAR projection."""
    rad, profiles, _ = table.profiles_up_to(ENERGIES, max_radius)
    n_lon, n_lat = geom.npix
    step = (np.arange(factor) + 0.5) / factor - 0.5
    x = (np.arange(n_lon)[:, None] + step).ravel()
    size = np.deg2rad(geom.cdelt[1])
    shares = np.empty((3, n_lat, n_lon))
    for row in range(n_lat):
        lon, lat = geom.pix_to_lonlat(*np.meshgrid(x, row + step))
        separation = angular_separation(*source, lon, lat)
        native_lat = size * (row + step - geom.crpix[1] + 1)
        area = (size / factor) ** 2 * np.cos(native_lat)[:, None]
        for energy, profile in enumerate(profiles):
            density = np.interp(separation, rad, profile, right=0.0) * area
            shares[energy, row] = density.reshape(factor, n_lon, factor).sum(axis=(0, 2))
    return shares


@pytest.mark.parametrize("max_radius", [None, 0.27])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.013, -0.007), (0.55, 0.58)])
def test_pixel_fractions_agree_with_brute_force(table, shift, max_radius):
    geom = WcsGeom.create(skydir=CRAB, binsz=0.04, width=1.2)
    source = np.deg2rad([CRAB.ra.deg + shift[0] / np.cos(CRAB.dec.rad), CRAB.dec.deg + shift[1]])
    found = table.pixel_fractions(ENERGIES, *source, geom, max_radius=max_radius)
    expected = brute_force(table, source, geom, None if max_radius is None else np.deg2rad(max_radius))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), expected.sum(axis=(1, 2)), atol=1e-4)
    if shift[0] < 0.1 and max_radius is not None:
        np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-12)


@pytest.mark.parametrize("proj", ["CAR", "TAN", "AIT"])
@pytest.mark.parametrize("latitude", [-75.0, 0.0, 89.5])
def test_a_source_sums_to_one_anywhere_on_the_sky(table, proj, latitude):
    position = SkyCoord(359.9, latitude, unit="deg")
    geom = WcsGeom.create(skydir=position, binsz=0.05, width=1.4, proj=proj)
    found = table.pixel_fractions(ENERGIES, *geom.lonlat(position), geom)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-12)
    # The centre of gravity is the source: pixel numbers are whole at centres.
    y, x = np.indices(found.shape[1:])
    at = [np.sum(found * pixel, axis=(1, 2)) for pixel in (x, y)]
    np.testing.assert_allclose(at, np.broadcast_to(np.array([[13.5], [13.5]]), (2, 3)), atol=5e-3)


def test_galactic_maps_take_galactic_coordinates(table):
    geom = WcsGeom.create(skydir=CRAB, binsz=0.05, width=1.5, coordsys="GAL")
    found = table.pixel_fractions(ENERGIES, *geom.lonlat(CRAB), geom)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-12)
    assert np.unravel_index(found[2].argmax(), found[2].shape) in [(14, 14), (14, 15), (15, 14), (15, 15)]


def test_all_of_the_sky_across_the_seam_of_the_map(table):
    geom = WcsGeom.create(binsz=1.0, skydir=(0, 0))
    wide = EnergyDependentTablePSF(ENERGIES, 8 * RAD, table.values)
    for lon, lat in ((180.0, 10.0), (20.0, 89.0), (3.0, -40.0)):
        found = wide.pixel_fractions(ENERGIES, np.deg2rad(lon), np.deg2rad(lat), geom)
        np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-12)


def test_a_source_off_the_map_and_an_empty_table_give_zero(table):
    geom = WcsGeom.create(skydir=CRAB, binsz=0.04, width=1.0)
    assert not table.pixel_fractions(ENERGIES, 0.0, 0.0, geom).any()
    values = table.values.copy()
    values[0] = 0
    found = EnergyDependentTablePSF(ENERGIES, RAD, values).pixel_fractions(ENERGIES, *geom.lonlat(CRAB), geom)
    assert not found[0].any()
    np.testing.assert_allclose(found[1:].sum(axis=(1, 2)), 1, rtol=1e-3)


def test_max_radius_is_an_angle_and_above_zero(table):
    geom = WcsGeom.create(skydir=CRAB, binsz=0.04, width=1.0)
    three = [
        table.pixel_fractions(ENERGIES, *geom.lonlat(CRAB), geom, r) for r in (0.2, "0.2 deg", 12 * u.arcmin)
    ]
    np.testing.assert_allclose(three[1], three[0], atol=1e-15)
    np.testing.assert_allclose(three[2], three[0], atol=1e-12)
    with pytest.raises(InputError, match="max_radius is"):
        table.pixel_fractions(ENERGIES, *geom.lonlat(CRAB), geom, 0.0)


def test_plot_has_a_line_per_energy(table):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    table.plot(ax, energies="1 3 TeV")
    assert len(ax.lines) == 2
    assert ax.get_ylabel() == "Point spread function [sr$^{-1}$]"
    plt.close("all")
