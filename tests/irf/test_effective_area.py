import astropy.units as u
import numpy as np
import pytest
from response_tables import ENERGY_EDGES, OFFSETS, aeff_hdu, centers
from scipy.interpolate import RegularGridInterpolator

from tevcurve.irf import EffectiveAreaTable2D


def linear_area(energy, offset):
    """Linear in log energy and in offset, so that interpolation is exact between the bin centres."""
    return (5e4 + 1e4 * np.log(energy)) * (3 - offset)


@pytest.fixture
def area():
    return EffectiveAreaTable2D.from_hdu(
        aeff_hdu(linear_area, [("LO_THRES", 0.5), ("HI_THRES", 80.0)]), "here"
    )


def test_a_linear_area_comes_back(area):
    energy, offset = np.array([[0.05], [1.0], [60.0]]) * u.TeV, np.array([0.0, 0.77, 1.9]) * u.deg
    found = area.evaluate(energy, offset)
    assert found.unit == "m2"
    np.testing.assert_allclose(found.value, linear_area(energy.value, offset.value), rtol=1e-12)


def test_the_array_twin_is_in_cm2_and_the_grid_agrees(area):
    energy, offset = np.geomspace(0.005, 200, 9), np.deg2rad([[0.1, 0.6], [2.0, 2.1]])
    grid = area.effective_area_grid(energy, offset)
    np.testing.assert_allclose(grid, area.effective_area(energy[:, None, None], offset), rtol=1e-13)
    assert area.effective_area(1.0, 0.0) == pytest.approx(1e4 * linear_area(1.0, 0.0))


def test_half_bins_are_constant_and_beyond_the_edges_it_is_zero(area):
    lowest, highest = centers(ENERGY_EDGES)[[0, -1]]
    inside = np.array([0.01, 0.0101, 99.9, 100.0])
    np.testing.assert_allclose(
        area.effective_area(inside, 0.0) * 1e-4,
        linear_area(np.array([lowest, lowest, highest, highest]), 0.0),
    )
    assert not area.effective_area([0.0, 0.0099, 100.1, np.nan], 0.0).any()
    assert area.effective_area(1.0, np.deg2rad(2.0)) > 0
    assert area.effective_area(1.0, np.deg2rad(2.0001)) == 0


def test_thresholds_and_largest_offset(area):
    assert area.low_threshold == 0.5 * u.TeV
    assert area.high_threshold == 80 * u.TeV
    assert area.max_offset.to_value("deg") == pytest.approx(2.0)
    without = EffectiveAreaTable2D.from_hdu(aeff_hdu())
    assert without.low_threshold is None
    assert without.high_threshold is None


def test_agrees_with_scipy_on_a_real_table(hess_dl3_dr1):
    area = EffectiveAreaTable2D.read(hess_dl3_dr1 / "data/hess_dl3_dr1_obs_id_023523.fits.gz")
    log_energy = np.log(area.energy_axis.nodes)
    truth = RegularGridInterpolator((log_energy, area.offset_axis.nodes), area.table.values)
    rng = np.random.default_rng(5)
    where = rng.uniform(log_energy[0], log_energy[-1], 500), rng.uniform(0, np.deg2rad(2.5), 500)
    np.testing.assert_allclose(
        area.effective_area(np.exp(where[0]), where[1]), truth(np.transpose(where)), rtol=1e-9
    )
    assert area.low_threshold.to_value("TeV") == pytest.approx(0.870963589956081)


def test_plot_has_a_line_per_offset(area):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert area.plot(ax) is ax
    assert len(ax.lines) == len(OFFSETS)
    assert ax.get_ylabel() == "Effective area [m$^2$]"
    plt.close("all")
