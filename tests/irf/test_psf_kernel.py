import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from scipy.special import erf

from tevcurve.errors import InputError
from tevcurve.irf import EnergyDependentTablePSF, PSFKernel
from tevcurve.maps import MapAxis, WcsGeom

SIGMA = 0.06  # deg
RAD = np.deg2rad(np.linspace(0, 0.6, 601))
AXIS = MapAxis([0.5, 1, 2, 4] * u.TeV, "energy", "log")


@pytest.fixture
def table():
    energies = np.geomspace(0.1, 10, 5)
    return EnergyDependentTablePSF(
        energies, RAD, np.tile(np.exp(-0.5 * (RAD / np.deg2rad(SIGMA)) ** 2), (5, 1))
    )


def geom(binsz=0.04, lat=22.0, proj="CAR"):
    return WcsGeom.create(
        skydir=SkyCoord(83.6, lat, unit="deg"), binsz=binsz, width=3, proj=proj, axes=[AXIS]
    )


@pytest.mark.parametrize("proj", ["CAR", "TAN"])
def test_a_gaussian_is_the_product_of_its_error_functions(table, proj):
    kernel = PSFKernel.from_table_psf(table, geom(proj=proj))
    n = kernel.data.shape[1]
    assert kernel.data.shape == (3, 31, 31)
    edges = (np.arange(n + 1) - n / 2) * 0.04
    share = np.diff(0.5 * erf(edges / SIGMA / 2**0.5))
    np.testing.assert_allclose(kernel.data[1], share[:, None] * share, atol=1e-4)


def test_max_radius_truncates_and_renormalises(table):
    kernel = PSFKernel.from_table_psf(table, geom(), max_radius="0.1 deg")
    assert kernel.data.shape == (3, 5, 5)
    np.testing.assert_allclose(kernel.data.sum(axis=(1, 2)), 1, rtol=1e-12)
    assert kernel.max_radius.to_value("deg") == pytest.approx(0.1)
    assert kernel.table_psf is table
    full = PSFKernel.from_table_psf(table, geom())
    assert full.max_radius.to_value("deg") == pytest.approx(0.6)
    ratio = kernel.data[0, 2, 2] / full.data[0, 15, 15]
    # Five pixels of 0.04 deg fill the square of 0.2 deg, corners included.
    assert ratio == pytest.approx(1 / erf(0.1 / SIGMA / 2**0.5) ** 2, rel=2e-3)
    for radius in (0.1, 0.1 * u.deg):
        np.testing.assert_allclose(PSFKernel.from_table_psf(table, geom(), radius).data, kernel.data)


def test_pixels_need_not_be_square(table):
    kernel = PSFKernel.from_table_psf(table, geom(binsz=(0.1, 0.04)), max_radius=0.3)
    assert kernel.data.shape == (3, 15, 5)
    y, x = np.indices(kernel.data.shape[1:])
    spread = [
        np.sqrt(np.sum(kernel.data[0] * size**2 * (i - i.mean()) ** 2)) for i, size in ((x, 0.1), (y, 0.04))
    ]
    assert spread[0] == pytest.approx(np.hypot(SIGMA, 0.1 / 12**0.5), rel=0.01)
    assert spread[1] == pytest.approx(np.hypot(SIGMA, 0.04 / 12**0.5), rel=0.01)


def test_empty_energies_give_empty_kernels(table):
    values = table.values.copy()
    values[:3] = 0
    kernel = PSFKernel.from_table_psf(EnergyDependentTablePSF(table.energies_tev, RAD, values), geom())
    assert not kernel.data[0].any()
    assert kernel.data[2].sum() == pytest.approx(1)


def test_a_geometry_without_energies_is_refused(table):
    with pytest.raises(InputError, match=r"geom has the axes \[\]; one axis, of true energy, is wanted"):
        PSFKernel.from_table_psf(table, geom().to_image())


def test_plot_names_the_energy_bin(table):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    kernel = PSFKernel.from_table_psf(table, geom(), max_radius=0.2)
    kernel.plot(ax, energy="1.5 TeV")
    assert ax.get_title() == "1 to 2 TeV"
    with pytest.raises(InputError, match=r"energy is 9.0 TeV; one from 0.5 TeV to 4 TeV is wanted"):
        kernel.plot(ax, energy=9 * u.TeV)
    plt.close("all")
