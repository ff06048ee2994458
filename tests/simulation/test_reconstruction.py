"""Reconstructed energies and angles, against the densities that the analysis takes from the same tables."""

import numpy as np
import pytest
from scipy import stats

from tevcurve.simulation import ResponseSet
from tevcurve.simulation.reconstruction import AngleDraw

N = 20_000


@pytest.fixture(scope="module")
def irfs():
    return ResponseSet.analytic()


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize(("energy", "offset_deg"), [(0.071, 0.0), (0.5, 0.77), (1.234, 2.9), (60.0, 1.3)])
def test_energies_follow_the_dispersion_between_its_nodes(energy, offset_deg, irfs, rng):
    offset = np.deg2rad(offset_deg)
    drawn = irfs.energies.draw(np.full(N, energy), np.full(N, offset), rng)
    edges = np.geomspace(0.2, 3, 4001) * energy
    # The matrix for one true bin whose centre is this energy.
    matrix = irfs.edisp.kernel(offset, np.array([energy / 1.01, energy * 1.01]), edges)[0]
    cumulative = np.concatenate([[0], np.cumsum(matrix)])
    assert cumulative[-1] == pytest.approx(1)
    assert stats.kstest(drawn, lambda e: np.interp(e, edges, cumulative)).pvalue > 1e-3


@pytest.mark.parametrize(("energy", "offset_deg"), [(0.02, 0.5), (0.3, 0.0), (1.234, 0.77), (90.0, 2.2)])
def test_angles_follow_the_function_of_a_source_at_an_offset(energy, offset_deg, irfs, rng):
    offset = np.deg2rad(offset_deg)
    table = irfs.psf.table_at(offset)
    draws = {"at": AngleDraw.at_offset(irfs.psf, offset), "over": irfs.angles}
    for draw in draws.values():
        drawn = draw.draw(np.full(N, energy), np.full(N, offset), rng)
        assert stats.kstest(drawn, lambda r: table.containment_fraction(energy, r)).pvalue > 1e-3


def test_events_are_lost_where_a_table_ends(irfs, rng):
    energy, offset = np.array([0.01, 1.0, 200.0, 1.0]), np.deg2rad([0.5, 0.5, 0.5, 3.5])
    np.testing.assert_array_equal(
        np.isnan(irfs.energies.draw(energy, offset, rng)), [True, False, True, True]
    )
    beyond = AngleDraw.at_offset(irfs.psf, np.deg2rad(3.5)).draw(energy, np.full(4, np.deg2rad(3.5)), rng)
    assert np.all(np.isnan(beyond))
