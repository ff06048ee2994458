"""Parametric point spread functions: closed forms, empty cells, writing, and what light curves make of them."""

from dataclasses import replace
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from parametric_psfs import AXES, NODES, gauss_psf, hdu_of, king, king_psf, made, three_gaussians
from response_tables import aeff_hdu
from scipy.integrate import quad

from tevcurve.data.response_hdus import response_bytes, response_table
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.errors import DataError
from tevcurve.files import FitsFile
from tevcurve.irf import (
    AnalyticPSF,
    EffectiveAreaTable2D,
    EnergyDependentMultiGaussPSF,
    PSFKernel,
    PSFKing,
    make_mean_psf,
)
from tevcurve.irf.analytic_psf import RADII
from tevcurve.irf.hdu_class import response_class_of
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import MapAxis, WcsGeom
from tevcurve.problems import noted_remarks

BOTH = [gauss_psf, king_psf]
RADIUS = np.array([0.01, 0.03, 0.07, 0.15, 0.4, 1.2])


def reference(other_stores):
    """(response, rows of gammapy's densities and shares) of each parametric file."""
    table = Table.read(other_stores / "psf/reference_gammapy21.ecsv", format="ascii.ecsv")
    files = {
        "3gauss_prod5N": (
            EnergyDependentMultiGaussPSF,
            "Prod5-North-20deg-AverageAz-4LSTs09MSTs.180000s-v0.1.fits.gz",
            "POINT SPREAD FUNCTION",
        ),
        "king_synthetic": (PSFKing, "psf_king_synthetic.fits", "PSF"),
    }
    for name, (cls, file, hdu) in files.items():
        yield cls.read(other_stores / "psf" / file, hdu), table[table["psf"] == name]


def test_every_density_and_share_is_that_of_gammapy(other_stores):
    n_rows = 0
    for psf, rows in reference(other_stores):
        energy, offset, rad = (
            np.asarray(rows[name]) * unit
            for name, unit in (("energy_tev", u.TeV), ("offset_deg", u.deg), ("rad_deg", u.deg))
        )
        np.testing.assert_allclose(
            psf.containment(energy, offset, rad).value, rows["containment"], atol=1e-10
        )
        density = psf.evaluate(energy, offset, rad).to_value("sr-1")
        np.testing.assert_allclose(density, rows["density_per_sr"], rtol=1e-10)
        for at in np.unique(offset):
            own, table = offset == at, psf.to_table(at)
            assert isinstance(table, AnalyticPSF)
            found = table.containment(energy[own], rad[own]).value
            np.testing.assert_allclose(found, rows["containment"][own], atol=1e-10)
            found = table.evaluate(energy[own], rad[own]).to_value("sr-1")
            np.testing.assert_allclose(found, rows["density_per_sr"][own], rtol=1e-10)
        n_rows += len(rows)
    assert n_rows == 225


@pytest.mark.parametrize("psf", BOTH)
def test_densities_integrate_to_the_shares_and_to_one(psf):
    psf = psf()
    table = psf.table_at(np.deg2rad(0.8))
    for energy in (NODES[0], 0.7, NODES[3]):

        def ring(rad, energy=energy):
            return 2 * np.pi * rad * table.densities([energy], np.array([rad]))[0, 0]

        for radius in np.deg2rad(RADIUS):
            whole, _ = quad(ring, 0, radius, epsabs=1e-10, limit=200)
            assert table.containment_fraction(energy, radius) == pytest.approx(whole, abs=1e-8)
        assert table.containment_fraction(energy, 1e6) == pytest.approx(1, abs=1e-6)


def test_parameters_are_linear_in_log_energy_and_offset():
    psf = gauss_psf()
    sigma, amplitude = three_gaussians()["SIGMA_2"], three_gaussians()["AMPL_2"]
    energy = NODES[1] ** 0.3 * NODES[2] ** 0.7
    found = psf.parameters_at(energy, np.deg2rad(0.75))
    # 0.75 deg is a quarter of the way from the bin centre at 0.5 deg to that at 1.5 deg.
    at_offset = 0.75 * sigma[:, 0] + 0.25 * sigma[:, 1]
    assert np.rad2deg(found[1]) == pytest.approx(0.3 * at_offset[1] + 0.7 * at_offset[2], rel=1e-12)
    assert found[3] == pytest.approx(0.3 * amplitude[1, 0] + 0.7 * amplitude[2, 0], rel=1e-12)
    np.testing.assert_allclose(psf.table_at(np.deg2rad(0.75)).parameters_at([energy])[0], found, rtol=1e-12)


def test_below_the_first_offset_and_beyond_the_outer_energies_parameters_are_held():
    psf = king_psf()
    for offset in (0.0, 0.2, 0.499):
        np.testing.assert_allclose(
            psf.parameters_at(0.5, np.deg2rad(offset)), psf.parameters_at(0.5, np.deg2rad(0.5))
        )
    assert not psf.parameters_at(0.5, np.deg2rad(3.1)).any()
    assert not psf.parameters_at(0.05, 0.0).any()
    assert psf.table_at(np.deg2rad(3.1)).is_empty.all()


def test_a_cell_without_a_function_takes_no_part():
    scale = np.ones((4, 3))
    scale[0], scale[1, 2], scale[2, 1] = 0, -1, 0
    sigma = three_gaussians()["SIGMA_1"]
    sigma[1, 0] = 0
    psf = gauss_psf(SCALE=scale, SIGMA_1=sigma)
    full = gauss_psf()
    table = psf.table_at(np.deg2rad(0.5))
    assert table.is_empty.tolist() == [True, True, False, False]
    assert not table.containment_fraction(NODES[0], 1.0)
    assert not table.densities([NODES[1]], RADII).any()
    assert np.isnan(table.containment_radius(NODES[0] * u.TeV, 0.5))
    # Between an energy without and one with a function it is that one's, and so between offsets.
    between = table.parameters_at([np.sqrt(NODES[1] * NODES[2])])[0]
    np.testing.assert_allclose(between, full.parameters_at(NODES[2], np.deg2rad(0.5)))
    np.testing.assert_allclose(
        psf.parameters_at(NODES[2], np.deg2rad(1.1)), full.parameters_at(NODES[2], np.deg2rad(0.5))
    )


def test_numbers_of_a_gaussian_that_is_none_do_not_matter():
    expected = gauss_psf(AMPL_2=np.zeros((4, 3)), AMPL_3=np.zeros((4, 3))).table_at(0.01)
    nothing = np.full((4, 3), np.nan)
    for changes in (
        {
            "AMPL_2": np.zeros((4, 3)),
            "AMPL_3": np.zeros((4, 3)),
            "SIGMA_2": np.ones((4, 3)),
            "SIGMA_3": nothing,
        },
        {"AMPL_2": nothing, "AMPL_3": nothing, "SIGMA_2": nothing, "SIGMA_3": nothing},
        {"SIGMA_2": np.zeros((4, 3)), "SIGMA_3": np.zeros((4, 3))},
    ):
        table = gauss_psf(**changes).table_at(0.01)
        np.testing.assert_array_equal(table.parameters, expected.parameters)
    # Where only one node has a second Gaussian, its width is that of this node.
    amplitude = np.zeros((4, 3))
    amplitude[2] = 0.4
    table = gauss_psf(AMPL_2=amplitude).table_at(np.deg2rad(0.5))
    halfway = table.parameters_at([np.sqrt(NODES[1] * NODES[2])])[0]
    assert np.rad2deg(halfway[1]) == pytest.approx(three_gaussians()["SIGMA_2"][2, 0])
    assert halfway[3] == pytest.approx(0.2)


def test_what_is_no_number_is_undefined_as_in_other_responses():
    sigma = three_gaussians()["SIGMA_1"]
    sigma[0] = np.nan
    with noted_remarks() as noted:
        psf = gauss_psf(SIGMA_1=sigma)
    assert psf.table_at(0.01).is_empty.tolist() == [True, False, False, False]
    assert "holds no numbers below 0.562 TeV" in noted[0][1]
    sigma = three_gaussians()["SIGMA_1"]
    sigma[1] = np.nan
    with pytest.raises(DataError, match="SIGMA_1 holds 3 values that are not finite; numbers are wanted"):
        gauss_psf(SIGMA_1=sigma)
    with pytest.raises(DataError, match="are those of no function at any energy and offset"):
        gauss_psf(SCALE=np.zeros((4, 3)))
    with pytest.raises(DataError, match=r"AMPL_2 holds values from -1"):
        gauss_psf(AMPL_2=np.full((4, 3), -1.0))


def test_a_king_function_needs_a_gamma_above_1():
    gamma = king()["GAMMA"]
    gamma[0] = 0.9
    with noted_remarks() as noted:
        psf = king_psf(GAMMA=gamma)
    assert psf.table_at(0.01).is_empty.tolist() == [True, False, False, False]
    ((_, words),) = noted
    assert "GAMMA is 0.9 and the like at 3 energies and offsets" in words
    empty = king(
        SIGMA=np.where(np.arange(3) > 1, 0.0, king()["SIGMA"]),
        GAMMA=np.where(np.arange(3) > 1, 0.0, 2.0) + np.zeros((4, 3)),
    )
    with noted_remarks() as noted:
        assert made(PSFKing, empty).table_at(np.deg2rad(2.6)).is_empty.all()
    assert not noted


def test_a_scale_is_not_needed():
    without = three_gaussians()
    layout = replace(
        EnergyDependentMultiGaussPSF.layout,
        columns=tuple(each for each in EnergyDependentMultiGaussPSF.layout.columns if each.name != "SCALE"),
    )
    content = primary_bytes() + response_table(layout, AXES, without)
    table = FitsFile(content, "here").table("PSF")
    assert response_class_of("PSF", {}, table.columns.names) == ("psf", "psf_3gauss")
    psf = EnergyDependentMultiGaussPSF.from_hdu(table, "here")
    assert np.array_equal(psf.parameters, gauss_psf().parameters)
    with pytest.raises(DataError, match="has no column AMPL_3"):
        EnergyDependentMultiGaussPSF.from_hdu(
            FitsFile(
                primary_bytes() + response_table(replace(layout, columns=layout.columns[:4]), AXES, without),
                "here",
            ).table("PSF")
        )


def test_a_long_tail_is_told():
    with noted_remarks() as noted:
        psf = king_psf(GAMMA=np.full((4, 3), 1.3))
    worst = max(
        1 - psf.containment(NODES * u.TeV, offset * u.deg, 3 * u.deg).value.min()
        for offset in (0.5, 1.5, 2.5)
    )
    ((_, words),) = noted
    assert (
        f"here has up to {worst:.1%} of the photons (0.178 TeV, 2.5 deg off the pointing) beyond 3 deg"
        in words
    )


@pytest.mark.parametrize(
    ("psf", "name", "value", "words"),
    [
        (gauss_psf, "SIGMA_1", 1e30, "SIGMA_1 holds values up to .* rad, which nothing has"),
        (gauss_psf, "AMPL_2", 1e30, "AMPL_2 holds values up to 1e.30, which nothing has"),
        (king_psf, "GAMMA", 1e12, "GAMMA holds values up to 1e.12, which nothing has"),
        (king_psf, "SIGMA", 1e4, "SIGMA holds values up to 174.5.* rad, which nothing has"),
    ],
)
def test_parameters_that_nothing_has_are_refused(psf, name, value, words):
    with pytest.raises(DataError, match=words):
        psf(**{name: np.full((4, 3), value)})


@pytest.mark.parametrize("width", [1e-12, 5e-324])
def test_a_width_of_nothing_is_none(width):
    sigma = king()["SIGMA"]
    sigma[0] = width
    table = king_psf(SIGMA=sigma).table_at(0.01)
    assert table.is_empty.tolist() == [True, False, False, False]
    assert np.isfinite(table.pixel_fractions(NODES, *SOURCE, GEOM)).all()
    assert king_psf(GAMMA=np.full((4, 3), 1.001)).table_at(0.01).scale_rad == RADII[-1]


@pytest.mark.parametrize(
    ("cls", "columns"), [(EnergyDependentMultiGaussPSF, three_gaussians()), (PSFKing, king())]
)
def test_what_is_written_is_read_again(cls, columns):
    psf = made(cls, columns)
    again = cls.from_hdu(FitsFile(primary_bytes() + response_bytes(psf), "x").table("PSF"), "x")
    for name, values in psf.table.columns.items():
        assert np.array_equal(again.table.columns[name], values), name
    for one, other in zip(psf.table.axes, again.table.axes, strict=True):
        assert np.array_equal(one.low, other.low)
        assert np.array_equal(one.high, other.high)


def test_a_scale_without_unit_says_nothing():
    hdu = hdu_of(EnergyDependentMultiGaussPSF, three_gaussians())
    object.__setattr__(next(one for one in hdu.columns if one.name == "SCALE"), "unit", None)
    with noted_remarks() as noted:
        EnergyDependentMultiGaussPSF.from_hdu(hdu, "here")
    assert not noted


GEOM = WcsGeom.create(skydir=SkyCoord(40, 30, unit="deg"), binsz=0.05, npix=(31, 27))
SOURCE = np.deg2rad([40.013, 29.978])


@pytest.mark.parametrize("psf", BOTH)
def test_shares_of_pixels_are_integrals_of_the_density(psf):
    table = psf().table_at(np.deg2rad(1.2))
    energies = np.array([NODES[0], 1.0, NODES[3]])
    found = table.pixel_fractions(energies, *SOURCE, GEOM)
    # Many points in each pixel, which are small enough that the density is even between them.
    number = 40
    step = (np.arange(number) + 0.5) / number - 0.5
    x = (np.arange(GEOM.npix[0])[:, None] + step).ravel()
    area = GEOM.solid_angle().to_value("sr") / number**2
    expected = np.zeros_like(found)
    for row in range(GEOM.npix[1]):
        lon, lat = GEOM.pix_to_lonlat(*np.meshgrid(x, row + step))
        separation = angular_separation(*SOURCE, lon, lat)
        for number_of_energy, energy in enumerate(energies):
            values = table.densities([energy], separation.ravel()).reshape(number, -1, number)
            expected[number_of_energy, row] = values.sum(axis=(0, 2)) * area[row]
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max(), rtol=2e-3)
    assert found.sum(axis=(1, 2)) == pytest.approx(expected.sum(axis=(1, 2)), abs=1e-4)


def test_what_falls_outside_the_map_is_lost_and_not_given_to_the_others():
    table = king_psf().table_at(np.deg2rad(1.2))
    small, large = (WcsGeom.create(skydir=SkyCoord(40, 30, unit="deg"), binsz=0.05, npix=n) for n in (21, 81))
    at = np.deg2rad([40.0, 30.0])
    one, other = (table.pixel_fractions([0.5], *at, geom)[0] for geom in (small, large))
    np.testing.assert_allclose(one, other[30:51, 30:51], atol=1e-9)
    inside = table.containment_fraction(0.5, np.deg2rad([0.05 * 10.5, 0.05 * 10.5 * np.sqrt(2)]))
    assert inside[0] < one.sum() < inside[1] < 0.98
    cut = table.pixel_fractions([0.5], *at, small, max_radius="0.2 deg")[0]
    assert cut.sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("psf", BOTH)
def test_a_kernel_is_the_shares_of_its_pixels(psf):
    table = psf().table_at(np.deg2rad(0.5))
    geom = WcsGeom.create(
        skydir=SkyCoord(0, 0, unit="deg"),
        binsz=0.05,
        npix=41,
        axes=[MapAxis.from_edges([0.3, 3.0], unit="TeV", interp="log")],
    )
    kernel = PSFKernel.from_table_psf(table, geom)
    at = np.deg2rad([0.0, 0.0])
    expected = table.pixel_fractions([np.sqrt(0.3 * 3.0)], *at, geom)[0]
    half = [n // 2 for n in kernel.data.shape[1:]]
    middle = kernel.data[0, half[0] - 10 : half[0] + 11, half[1] - 10 : half[1] + 11]
    np.testing.assert_allclose(middle, expected[10:31, 10:31], atol=1e-6)
    assert 0.97 < kernel.data.sum() < 1 + 1e-6
    assert PSFKernel.from_table_psf(table, geom, max_radius=0.3).data.sum() == pytest.approx(1)


@pytest.mark.parametrize(("psf", "tolerance"), [(gauss_psf, 1e-4), (king_psf, 3e-4)])
def test_the_mean_over_runs_holds_what_the_closed_forms_hold(psf, tolerance):
    """Of a King function the table ends at 30 deg, where some of it is left."""
    psf = psf()
    area = EffectiveAreaTable2D.from_hdu(aeff_hdu(lambda energy, offset: 1e5 * np.ones_like(energy)))
    runs = [
        SimpleNamespace(
            pointing_lonlat=tuple(np.deg2rad([10, dec])), aeff=area, psf=psf, livetime=seconds * u.s
        )
        for dec, seconds in ((20.5, 600), (21.2, 1200))
    ]
    mean = make_mean_psf(runs, SkyCoord(10, 20, unit="deg"))
    energies = np.array([NODES[0], 0.5, 1.0, 3.0])[:, None]
    each = [psf.containment(energies * u.TeV, offset * u.deg, RADIUS * u.deg).value for offset in (0.5, 1.2)]
    expected = np.average(each, axis=0, weights=(600, 1200))
    np.testing.assert_allclose(
        mean.containment(energies * u.TeV, RADIUS * u.deg).value, expected, atol=tolerance
    )
    assert make_mean_psf(runs[:1], SkyCoord(10, 20, unit="deg")).is_own_of(psf, tuple(np.deg2rad([10, 20])))


@pytest.mark.parametrize("psf", BOTH)
def test_draws_follow_the_closed_form(psf):
    psf, rng = psf(), np.random.default_rng(3)
    energy, offset = np.full(40_000, 0.9), np.full(40_000, np.deg2rad(1.1))
    drawn = psf.draw(energy, offset, rng)
    share = psf.containment(0.9 * u.TeV, 1.1 * u.deg, RADIUS * u.deg).value
    for radius, expected in zip(RADIUS, share, strict=True):
        error = np.sqrt(expected * (1 - expected) / len(drawn))
        assert np.mean(drawn < np.deg2rad(radius)) == pytest.approx(expected, abs=4 * error + 1e-9)
    assert np.isnan(psf.draw(np.array([0.9]), np.deg2rad([3.5]), rng)).all()


def test_figures():
    import matplotlib.pyplot as plt

    for psf in BOTH:
        _, axes = plt.subplots(1, 2)
        psf().plot(axes[0])
        assert len(axes[0].lines) == 3
        psf().to_table("0.5 deg").plot(axes[1], energies="0.5 1 TeV")
        assert len(axes[1].lines) == 2
    plt.close("all")
