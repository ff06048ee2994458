"""Energy axes have the edges that were asked for."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.errors import InputError
from tevcurve.reduction.energy_axes import energy_axes


def test_each_band_has_whole_bins_of_a_tenth_of_a_decade_or_less():
    axes = energy_axes([0.7, 5, 5.1, 30] * u.TeV)
    assert_array_equal(axes.bands, [0.7, 5, 5.1, 30])
    assert set(axes.bands) <= set(axes.reco)
    assert np.all(np.diff(np.log10(axes.reco)) <= 0.1 + 1e-12)
    assert_array_equal(
        axes.bands[axes.band_of_bin], axes.bands[np.searchsorted(axes.bands, axes.reco[1:]) - 1]
    )
    assert_allclose(axes.true[[0, -1]], [0.14, 150])


def test_edges_in_another_unit_are_the_same_edges():
    # 700 GeV are not 0.7 TeV to the last digit.
    edges = [300, 700, 1400, 6600, 20000] * u.GeV
    assert np.any(edges.to_value("TeV") != [0.3, 0.7, 1.4, 6.6, 20])
    axes = energy_axes([0.3, 0.7, 6.6, 20] * u.TeV, e_reco=edges)
    assert_array_equal(axes.reco[[0, 1, 3, 4]], [0.3, 0.7, 6.6, 20])
    assert_allclose(axes.reco[2], 1.4, rtol=1e-15)


def test_bins_outside_the_bands_are_left_out():
    axes = energy_axes([1, 4] * u.TeV, e_reco=[0.5, 1, 2, 4, 8] * u.TeV, e_true=[0.1, 1, 10] * u.TeV)
    assert_array_equal(axes.reco, [1, 2, 4])
    assert_array_equal(axes.true, [0.1, 1, 10])


def test_a_band_edge_between_bin_edges_is_refused():
    with pytest.raises(
        InputError, match="3 TeV is no edge of the reco bins; the nearest are 2 TeV and 4 TeV"
    ):
        energy_axes([1, 3] * u.TeV, e_reco=[1, 2, 4] * u.TeV)


@pytest.mark.parametrize(
    "edges", [[1] * u.TeV, [2, 1] * u.TeV, [0, 1] * u.TeV, [1, 2] * u.s, [1, np.nan] * u.TeV]
)
def test_what_are_no_energies_is_refused(edges):
    with pytest.raises(InputError, match="energy_edges is"):
        energy_axes(edges)
