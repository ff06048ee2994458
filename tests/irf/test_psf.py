from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from response_tables import ENERGY_EDGES, OFFSETS, aeff_hdu, centers, energy_axis, psf_hdu, table_hdu

from tevcurve.errors import InputError
from tevcurve.irf import PSF3D, EffectiveAreaTable2D, make_mean_psf
from tevcurve.simulation import ResponseSet

ENERGIES = [0.3, 1.0, 7.0]


def sigma(energy, offset):
    """Widths in deg."""
    return 0.05 * energy**-0.1 * (1 + 0.2 * offset)


def gaussian_containment(radius, width):
    return -np.expm1(-0.5 * (radius / width) ** 2)


def test_containment_is_that_of_the_gaussian_it_was_made_from():
    psf = PSF3D.from_hdu(psf_hdu(sigma), "here")
    energies = psf.energy_axis.nodes[[10, 20, 30]]
    for offset in OFFSETS[:3]:
        table = psf.to_table(offset * u.deg)
        radius = np.array([[0.02], [0.05], [0.1], [0.2]])
        found = table.containment(energies * u.TeV, radius * u.deg)
        np.testing.assert_allclose(
            found.value, gaussian_containment(radius, sigma(energies, offset)), atol=2e-4
        )


def test_the_table_is_one_over_its_radius_whatever_the_file_has():
    table = PSF3D.from_hdu(psf_hdu(sigma, scale=0.7), "here").to_table("0.3 deg")
    rad = np.linspace(0, table.rad_rad[-1], 200_001)
    for profile in table.profiles(ENERGIES):
        total = np.trapezoid(np.interp(rad, table.rad_rad, profile) * 2 * np.pi * np.sin(rad), rad)
        assert total == pytest.approx(1, abs=1e-6)


def test_between_offsets_and_energies_the_density_is_linear():
    psf = PSF3D.from_hdu(psf_hdu(sigma), "here")
    nodes = psf.energy_axis.nodes
    middle = psf.profiles(np.sqrt(nodes[10] * nodes[11]), np.deg2rad(0.75))
    corners = [psf.profiles(nodes[i], np.deg2rad(offset)) for i in (10, 11) for offset in (0.5, 1.0)]
    # The profile of the mean differs from the mean of profiles only by the choice at the edges of the bins.
    np.testing.assert_allclose(middle, np.mean(corners, axis=0), atol=2e-3 * middle.max())
    density = psf.evaluate(nodes[10] * u.TeV, 0.5 * u.deg, [0.0, 0.1, 0.7] * u.deg)
    width = np.deg2rad(sigma(nodes[10], 0.5))
    expected = np.exp(-0.5 * (np.deg2rad([0.0, 0.1]) / width) ** 2) / (2 * np.pi * width**2)
    np.testing.assert_allclose(density.to_value("sr-1")[:2], expected, rtol=5e-3)
    assert density[2] == 0


def test_beyond_the_edges_the_table_is_empty():
    psf = PSF3D.from_hdu(psf_hdu(sigma), "here")
    assert psf.to_table("2.1 deg").is_empty.all()
    assert not psf.profiles([0.009, 101.0], 0.0).any()


def test_values_at_angles_without_width_are_joined_by_lines():
    rad = np.linspace(0.0, 0.5, 51)
    values = np.exp(-rad / 0.05)[:, None, None] * np.ones((1, 4, 40))
    axes = [energy_axis(), ("THETA", OFFSETS, OFFSETS, "deg"), ("RAD", rad, rad, "deg")]
    psf = PSF3D.from_hdu(table_hdu(axes, "RPSF", values, "sr-1"), "here")
    angle = np.array([0.0, 0.123, 0.3])
    np.testing.assert_allclose(
        psf.evaluate(1 * u.TeV, 0 * u.deg, angle * u.deg).value,
        np.interp(angle, rad, values[:, 0, 0]),
        rtol=1e-9,
    )


def test_energies_that_the_file_leaves_empty_stay_empty():
    hdu = psf_hdu(sigma)
    hdu.data["RPSF"][0][:, :, :12] = 0
    table = PSF3D.from_hdu(hdu, "here").to_table(0.5)
    assert table.is_empty.tolist() == [True] * 12 + [False] * 28
    nodes = centers(ENERGY_EDGES)
    np.testing.assert_array_equal(table.containment_fraction(nodes[:12], 0.01), 0)
    # Between an empty energy and one that is not, the function is that of the one that is not.
    halfway = np.sqrt(nodes[11] * nodes[12])
    np.testing.assert_allclose(table.profiles([halfway])[0], table.values[12])
    assert np.isnan(table.containment_radius(nodes[3] * u.TeV, 0.5))


def test_the_real_tables_keep_what_the_file_has_in_each_bin(hess_dl3_dr1):
    psf = PSF3D.read(hess_dl3_dr1 / "data/hess_dl3_dr1_obs_id_023523.fits.gz")
    axis = psf.rad_axis
    ring = 2 * np.pi * (np.cos(axis.low) - np.cos(axis.high))
    for offset in range(5):
        in_file = psf.table.values[12:24, offset]
        contained = np.cumsum(in_file * ring, axis=1)
        table = psf.table_at(psf.offset_axis.nodes[offset])
        energies = psf.energy_axis.nodes[12:24, None]
        found = table.containment_fraction(energies, axis.high)
        np.testing.assert_allclose(found, contained / contained[:, -1:], atol=1.5e-3)


def observation(pointing, psf, area=1e5, livetime=1000 * u.s):
    aeff = EffectiveAreaTable2D.from_hdu(aeff_hdu(lambda energy, offset: area * np.ones_like(energy)))
    return SimpleNamespace(pointing_lonlat=tuple(np.deg2rad(pointing)), aeff=aeff, psf=psf, livetime=livetime)


def test_the_mean_is_weighted_with_exposure():
    narrow = PSF3D.from_hdu(psf_hdu(lambda energy, offset: 0.04 + 0 * energy))
    wide = PSF3D.from_hdu(psf_hdu(lambda energy, offset: 0.09 + 0 * energy))
    runs = [observation((10, 20.5), narrow, 1e5, 600 * u.s), observation((10, 21.0), wide, 2e5, 0.25 * u.h)]
    mean = make_mean_psf(runs, SkyCoord(10, 20, unit="deg"))
    weights = np.array([1e5 * 600, 2e5 * 900])
    radius = np.array([0.03, 0.06, 0.15])
    expected = np.average([gaussian_containment(radius, s) for s in (0.04, 0.09)], axis=0, weights=weights)
    np.testing.assert_allclose(mean.containment(1 * u.TeV, radius * u.deg).value, expected, atol=2e-4)
    np.testing.assert_allclose(mean.exposure.to_value("m2 s"), weights.sum(), rtol=1e-12)


def test_the_mean_can_be_had_at_other_energies_and_angles():
    psf = PSF3D.from_hdu(psf_hdu(lambda energy, offset: 0.05 + 0 * energy))
    position = SkyCoord(10, 20, unit="deg")
    energy, rad = [0.5, 5.0] * u.TeV, np.linspace(0, 0.4, 401) * u.deg
    mean = make_mean_psf([observation((10, 20.5), psf)], position, energy=energy, rad=rad)
    assert mean.psf_value.shape == (2, 401)
    assert mean.energy[1] == 5 * u.TeV
    np.testing.assert_allclose(
        mean.containment(energy, 0.1 * u.deg).value, gaussian_containment(0.1, 0.05), atol=2e-4
    )
    single = make_mean_psf(observation((10, 20.5), psf), position, energy=energy, rad=rad)
    np.testing.assert_array_equal(single.psf_value, mean.psf_value)
    far = make_mean_psf([observation((10, 50), psf)], position)
    assert far.is_empty.all()
    with pytest.raises(InputError, match="observations is empty"):
        make_mean_psf([], position)


def test_plot_says_its_fraction():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    PSF3D.from_hdu(psf_hdu(sigma)).plot(ax, fraction=0.8)
    assert ax.get_ylabel() == "80% containment radius [deg]"
    assert len(ax.lines) == len(OFFSETS)
    plt.close("all")


@pytest.mark.parametrize("kind", ["psf_table", "psf_3gauss", "psf_king"])
def test_densities_and_rings_at_places_are_those_of_the_whole(kind):
    source = ResponseSet.analytic(psf=kind).psf.table_at(np.deg2rad(0.7))
    energies, rad = np.array([0.6, 1.3, 8.0]), np.deg2rad([0.0, 0.03, 0.11, 0.3])
    own = source.at_energies(energies)
    every = source.densities(energies, rad)
    which, angle = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    np.testing.assert_allclose(own.densities_of(which, rad[angle]), every[which, angle], rtol=1e-12)
    edges, shares = own.shares_in_rings(np.deg2rad(0.25))
    assert edges[0] == 0
    assert edges[-1] == np.deg2rad(0.25)
    within = source.containment_fraction(energies[:, None], edges)
    np.testing.assert_allclose(np.cumsum(shares, axis=1), within[:, 1:], rtol=1e-6)
    np.testing.assert_allclose(own.shares_within(np.deg2rad(0.25)), within[:, -1], rtol=1e-6)
