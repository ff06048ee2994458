import astropy.units as u
import numpy as np
import pytest
from response_tables import energy_axis, table_hdu
from scipy.interpolate import RegularGridInterpolator

from tevcurve.errors import DataError
from tevcurve.irf import Background2D, Background3D
from tevcurve.kernels.sphere import angular_separation, field_of_view

ENERGY = np.geomspace(0.1, 100, 12)
X, Y = np.linspace(-3, 3, 13), np.linspace(-2, 2, 9)  # deg
RECO = np.geomspace(0.5, 20, 8)


def power_law(energy, x, y):
    """A rate in TeV-1 s-1 sr-1 whose logarithm is linear in log energy and in x and y: interpolation is exact."""
    return 3e-3 * energy**-2.7 * np.exp(-0.4 * x + 0.2 * y)


def grid():
    x, y = 0.5 * (X[1:] + X[:-1]), 0.5 * (Y[1:] + Y[:-1])
    return np.meshgrid(np.sqrt(ENERGY[1:] * ENERGY[:-1]), x, y, indexing="ij")


def bkg_3d(order=("ENERG", "DETX", "DETY"), values=None, header=()):
    names = ("ENERG", "DETX", "DETY")
    values = power_law(*grid()) if values is None else values
    values = values.transpose([names.index(name) for name in order])
    axes = [("DETX", X[:-1], X[1:], "deg"), ("DETY", Y[:-1], Y[1:], "deg"), energy_axis(ENERGY * 1e6, "MeV")]
    return table_hdu(axes, "BKG", values * 1e-6, "MeV-1 s-1 sr-1", header, "BKG")


def bkg_2d(values, theta=X[6:], header=()):
    axes = [("THETA", theta[:-1], theta[1:], "deg"), energy_axis(ENERGY)]
    return table_hdu(axes, "BKG", values, "TeV-1 s-1 sr-1", header, "BKG")


@pytest.mark.parametrize(
    "order",
    [
        ("ENERG", "DETX", "DETY"),
        ("DETY", "DETX", "ENERG"),
        ("ENERG", "DETY", "DETX"),
        ("DETX", "DETY", "ENERG"),
    ],
)
def test_a_power_law_is_exact_in_whatever_order_the_file_has(order):
    background = Background3D.from_hdu(bkg_3d(order), "here")
    x, y = np.deg2rad([[-2.4, 0.1], [0.7, 2.6]]), np.deg2rad([[0.0, 1.2], [-1.6, 0.3]])
    expected = power_law(1.0, np.rad2deg(x), np.rad2deg(y)) * np.diff(RECO**-1.7)[:, None, None] / -1.7
    np.testing.assert_allclose(background.rate_per_energy_bin(x, y, RECO), expected, rtol=1e-10)
    np.testing.assert_allclose(
        background.rate(2.0, x, y), power_law(2.0, np.rad2deg(x), np.rad2deg(y)), rtol=1e-10
    )


def test_quantities_in_quantity_out():
    background = Background3D.from_hdu(bkg_3d(), "here")
    rate = background.evaluate(2000 * u.GeV, 0.5 * u.deg, 30 * u.arcmin)
    assert rate.to_value("MeV-1 s-1 sr-1") == pytest.approx(1e-6 * power_law(2.0, 0.5, 0.5))


def test_a_square_table_is_read_as_energy_x_y():
    x, y = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    values = np.broadcast_to(1 + x + 0 * y, (12, 12, 12))
    edges = np.linspace(-3, 3, 13)
    energy = energy_axis(np.geomspace(0.1, 100, 13))
    axes = [("DETX", edges[:-1], edges[1:], "deg"), ("DETY", edges[:-1], edges[1:], "deg"), energy]
    background = Background3D.from_hdu(table_hdu(axes, "BKG", values, "TeV-1 s-1 sr-1"), "here")
    nodes = background.table.axes[1].nodes
    np.testing.assert_allclose(background.rate(1.0, nodes, 0.0), 1 + np.arange(12), rtol=1e-12)


def test_beyond_the_edges_and_in_empty_planes_the_rate_is_zero():
    values = power_law(*grid())
    values[9:] = 0
    background = Background3D.from_hdu(bkg_3d(values=values), "here")
    assert background.rate(1.0, np.deg2rad(2.99), 0.0) > 0
    assert background.rate(1.0, np.deg2rad(3.01), 0.0) == 0
    assert background.rate(0.09, 0.0, 0.0) == 0
    rates = background.rate_per_energy_bin(np.zeros(1), np.zeros(1), ENERGY)[:, 0]
    assert np.all(rates[:8] > 0)
    assert np.all(rates[10:] == 0)
    assert np.all(np.isfinite(rates))


def test_rates_per_bin_add_up_the_rates_at_points():
    background = Background3D.from_hdu(bkg_3d(), "here")
    energy = np.geomspace(RECO[0], RECO[1], 2001)
    expected = np.trapezoid(background.rate(energy, 0.01, -0.01), energy)
    found = background.rate_per_energy_bin(np.array([0.01]), np.array([-0.01]), RECO)[0, 0]
    assert found == pytest.approx(expected, rel=1e-6)


def test_2d_is_linear_in_the_rates_and_round():
    rng = np.random.default_rng(4)
    values = rng.uniform(1, 2, (11, 6))
    background = Background2D.from_hdu(bkg_2d(values), "here")
    theta = 0.5 * (X[7:] + X[6:-1])
    truth = RegularGridInterpolator((np.log(np.sqrt(ENERGY[1:] * ENERGY[:-1])), theta), values)
    lon0, lat0 = 1.0, 1.3
    lon, lat = lon0 + rng.uniform(-0.1, 0.1, 50), lat0 + rng.uniform(-0.015, 0.015, 50)
    offset = np.clip(np.rad2deg(angular_separation(lon0, lat0, lon, lat)), theta[0], theta[-1])
    x, y = field_of_view(lon, lat, lon0, lat0)
    np.testing.assert_allclose(
        background.rate(3.0, x, y), truth(np.transpose([np.full(50, np.log(3.0)), offset])), rtol=1e-10
    )
    at_edges = background.rate_at_energies(x, y, RECO)
    np.testing.assert_allclose(at_edges[3], background.rate(RECO[3], x, y), rtol=1e-12)
    assert background.rate(3.0, np.deg2rad(2.0), np.deg2rad(2.5)) == 0


def test_alignment_comes_from_the_header():
    assert Background3D.from_hdu(bkg_3d()).fov_align == "RADEC"
    assert Background3D.from_hdu(bkg_3d(header=[("FOVALIGN", "ALTAZ")])).fov_align == "ALTAZ"
    assert Background2D.from_hdu(bkg_2d(np.ones((11, 6)))).fov_align == "RADEC"
    with pytest.raises(DataError, match=r"here: FOVALIGN is 'DETECTOR'; RADEC or ALTAZ is wanted"):
        Background3D.from_hdu(bkg_3d(header=[("FOVALIGN", "Detector")]), "here")


def test_the_index_file_of_2019_has_energies_in_mev(hess_dl3_dr1):
    background = Background2D.read(hess_dl3_dr1 / "hess-dl3-dr3-with-background.fits.gz", "BKG0")
    np.testing.assert_allclose(background.energy_axis.edges[[0, -1]], [0.1, 100], rtol=1e-6)
    # A H.E.S.S. run sees about 1 event per second and square degree above 0.1 TeV, or a few thousand per steradian.
    rate = background.rate_per_energy_bin(np.zeros(1), np.zeros(1), np.geomspace(0.5, 50, 30)).sum()
    assert 50 < rate < 1e4


@pytest.mark.parametrize("kind", ["2D", "3D"])
def test_plots_say_their_units(kind):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    if kind == "2D":
        Background2D.from_hdu(bkg_2d(np.ones((11, 6)))).plot(ax)
        assert ax.get_ylabel() == "Rate [TeV$^{-1}$ s$^{-1}$ sr$^{-1}$]"
    else:
        Background3D.from_hdu(bkg_3d()).plot(ax, energy="2 TeV")
        assert ax.get_xlabel() == "Offset along RA [deg]"
    plt.close("all")
