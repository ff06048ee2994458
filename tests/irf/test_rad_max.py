import astropy.units as u
import numpy as np
import pytest
from response_tables import ENERGY_EDGES, centers, energy_axis, table_hdu

from tevcurve.errors import DataError
from tevcurve.irf import RadMax2D


def rad_max_hdu(values, theta=((0.0, 1.0), (1.0, 2.0))):
    low, high = zip(*theta, strict=True)
    return table_hdu([energy_axis(), ("THETA", low, high, "deg")], "RAD_MAX", values, "deg", name="RAD_MAX")


def test_each_energy_takes_its_own_bin_and_nothing_is_interpolated():
    values = np.linspace(0.4, 0.1, 40) * np.array([[1.0], [1.5]])
    rad_max = RadMax2D.from_hdu(rad_max_hdu(values), "here")
    np.testing.assert_allclose(
        rad_max.evaluate(centers(ENERGY_EDGES) * u.TeV, 0.3 * u.deg).to_value("deg"), values[0]
    )
    near_edge = ENERGY_EDGES[5] * np.array([0.9999, 1.0001]) * u.TeV
    np.testing.assert_allclose(rad_max.evaluate(near_edge, 1.4 * u.deg).to_value("deg"), values[1, 4:6])
    beyond = rad_max.evaluate([0.001, 1000] * u.TeV, 5 * u.deg)
    np.testing.assert_allclose(beyond.to_value("deg"), values[1, [0, -1]])


def test_the_magic_files_have_one_offset(gammapy_data):
    path = gammapy_data / "magic/rad_max/data/20131004_05029747_DL3_CrabNebula-W0.40+035.fits"
    if not path.exists():
        pytest.skip("The MAGIC test data are not here: set GAMMAPY_DATA to the folder that holds magic.")
    rad_max = RadMax2D.read(path)
    radius = rad_max.evaluate(np.geomspace(0.02, 50, 20) * u.TeV, 0.4 * u.deg)
    assert np.all((radius >= 0.1 * u.deg) & (radius < 0.39 * u.deg))


def test_a_radius_of_zero_is_refused():
    with pytest.raises(DataError, match="here: RAD_MAX holds radii of 0"):
        RadMax2D.from_hdu(rad_max_hdu(np.zeros((2, 40))), "here")


def test_plot_says_its_unit():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    RadMax2D.from_hdu(rad_max_hdu(np.full((2, 40), 0.1))).plot(ax)
    assert ax.get_ylabel() == "Radius of the ON region [deg]"
    plt.close("all")


def test_the_largest_radius_between_energies():
    values = np.full((2, 40), 0.1)
    values[0, 5], values[1, 7] = 0.2, 0.3
    rad_max = RadMax2D.from_hdu(rad_max_hdu(values), "here")
    edges, offset = ENERGY_EDGES, np.deg2rad([0.3, 1.4])
    for low, high, bins in (
        (edges[5], edges[6], (5, 6)),
        (edges[4], edges[5], (4, 5)),
        (edges[0], edges[8], (0, 8)),
    ):
        for number in (0, 1):
            expected = values[number, slice(*bins)].max()
            assert np.rad2deg(rad_max.largest(low, high, offset[number])) == pytest.approx(expected)
    assert np.rad2deg(rad_max.largest(edges[5] * 1.001, edges[5] * 1.002, offset[0])) == pytest.approx(0.2)


def test_edges_that_were_rounded_to_32_bits_have_nothing_of_the_next_bin():
    values = np.full((2, 40), 0.1)
    values[:, 4], values[:, 6] = 0.2, 0.3
    rad_max = RadMax2D.from_hdu(rad_max_hdu(values), "here")
    for factor in (1 - 1e-7, 1, 1 + 1e-7):
        low, high = ENERGY_EDGES[5] * factor, ENERGY_EDGES[6] / factor
        assert np.rad2deg(rad_max.largest(low, high, 0.0)) == pytest.approx(0.1)
    assert np.rad2deg(rad_max.largest(ENERGY_EDGES[5] * 0.999, ENERGY_EDGES[6], 0.0)) == pytest.approx(0.2)
