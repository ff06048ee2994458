"""The analytic responses have the numbers that they promise, and only responses are taken."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import RunFile, write_store

from tevcurve import DataStore
from tevcurve.errors import InputError
from tevcurve.simulation import ResponseSet
from tevcurve.simulation.responses import (
    background_rate,
    contained_fraction,
    effective_area_m2,
    migration_share,
    width_deg,
)


def test_the_analytic_set_is_its_closed_forms_at_the_nodes():
    irfs = ResponseSet.analytic()
    energy = irfs.aeff.energy_axis.nodes
    area = irfs.aeff.evaluate(energy * u.TeV, 1.5 * u.deg).to_value("m2")
    np.testing.assert_allclose(area, effective_area_m2(energy, 1.5), rtol=1e-6)
    table = irfs.psf.table_at(np.deg2rad(0.5))
    for radius in (0.05, 0.1, 0.3):
        share = contained_fraction(radius, energy, 0.5) / contained_fraction(0.7, energy, 0.5)
        np.testing.assert_allclose(table.containment_fraction(energy, np.deg2rad(radius)), share, atol=2e-3)
    matrix = irfs.edisp.kernel(0.0, np.array([1 / 1.0001, 1.0001]), np.array([0.2, 0.9, 1.1, 3.0]))[0]
    np.testing.assert_allclose(np.cumsum(matrix)[:2], migration_share(np.array([0.9, 1.1]), 1.0), atol=3e-3)
    energy = irfs.bkg.energy_axis.nodes
    rate = irfs.bkg.rate(energy, np.deg2rad(0.625), 0.0)
    np.testing.assert_allclose(rate, background_rate(energy, 0.625), rtol=1e-6)


def test_the_point_spread_function_can_be_had_in_closed_form():
    energy = ResponseSet.analytic().aeff.energy_axis.nodes
    gaussians, king = (ResponseSet.analytic(psf=name).psf for name in ("psf_3gauss", "psf_king"))
    table = gaussians.table_at(np.deg2rad(0.5))
    for radius in (0.05, 0.1, 0.3):
        share = contained_fraction(radius, energy, 0.5)
        np.testing.assert_allclose(table.containment_fraction(energy, np.deg2rad(radius)), share, rtol=1e-6)
    # Of a King function it is the share within the width of the narrower Gaussian that is the same.
    width = width_deg(energy, 0.5)
    share = king.table_at(np.deg2rad(0.5)).containment_fraction(energy, np.deg2rad(width))
    np.testing.assert_allclose(share, contained_fraction(width, energy, 0.5), atol=1e-4)
    with pytest.raises(
        InputError, match="psf is 'gauss'; wanted is one of 'psf_table', 'psf_3gauss', 'psf_king'"
    ):
        ResponseSet.analytic(psf="gauss")


def test_the_analytic_set_is_like_an_array_of_today():
    irfs = ResponseSet.analytic()
    assert 1e5 < irfs.aeff.evaluate(1 * u.TeV, 0.5 * u.deg).to_value("m2") < 5e5
    assert 0.07 < irfs.psf.to_table("0.5 deg").containment_radius(1 * u.TeV, 0.68).to_value("deg") < 0.12
    migra = np.linspace(0.5, 2, 3001)
    low, high = np.interp([0.16, 0.84], migration_share(migra, 1.0), migra)
    assert 0.10 < 0.5 * (high - low) < 0.15
    assert irfs.aeff.low_threshold.to_value("TeV") == pytest.approx(0.3)


def test_round_and_gridded_background_are_the_same_within_their_grids():
    flat, cube = ResponseSet.analytic("2d").bkg, ResponseSet.analytic("3d").bkg
    # Between the nodes one is linear in the rates, the other in their logarithms.
    energy = flat.energy_axis.nodes[13]
    x, y = np.deg2rad([0.1, -0.7, 1.3]), np.deg2rad([0.2, 0.9, -1.1])
    np.testing.assert_allclose(cube.rate(energy, x, y), flat.rate(energy, x, y), rtol=0.01)
    assert ResponseSet.analytic(None).background is None


def test_the_responses_of_an_observation_are_taken(tmp_path):
    observation = DataStore.from_dir(write_store(tmp_path, [RunFile()])).get_observations()[0]
    irfs = ResponseSet.from_observation(observation)
    assert irfs.aeff is observation.aeff
    assert irfs.bkg is observation.bkg
    without = DataStore.from_dir(
        write_store(tmp_path / "two", [RunFile(without_rows=("bkg",))])
    ).get_observations()[0]
    assert ResponseSet.from_observation(without).bkg is None


def test_other_things_are_refused():
    irfs = ResponseSet.analytic()
    with pytest.raises(InputError, match="aeff is a PSF3D"):
        ResponseSet(irfs.psf, irfs.edisp, irfs.psf)
    with pytest.raises(InputError, match="background is '4d'"):
        ResponseSet.analytic("4d")
