from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from response_tables import (
    ENERGY_EDGES,
    MIGRA_EDGES,
    OFFSETS,
    aeff_hdu,
    centers,
    edisp_hdu,
    energy_axis,
    table_hdu,
)
from scipy.stats import norm

from tevcurve.errors import DataError, InputError
from tevcurve.irf import EDispKernel, EffectiveAreaTable2D, EnergyDispersion2D, make_mean_edisp

TRUE, RECO = np.geomspace(0.1, 50, 24), np.geomspace(0.2, 30, 13)


def gaussian(bias=1.0, width=0.1):
    return EnergyDispersion2D.from_hdu(
        edisp_hdu(lambda migra, energy, offset: norm.cdf(migra, bias, width)), "here"
    )


def observation(pointing, edisp, area=1e5, livetime=1000 * u.s):
    aeff = EffectiveAreaTable2D.from_hdu(aeff_hdu(lambda energy, offset: area * np.ones_like(energy)))
    return SimpleNamespace(
        pointing_lonlat=tuple(np.deg2rad(pointing)), aeff=aeff, edisp=edisp, livetime=livetime
    )


def test_a_gaussian_folds_into_reco_bins():
    matrix = gaussian(1.1, 0.15).kernel(np.deg2rad(0.7), TRUE, RECO)
    migra = RECO / np.sqrt(TRUE[1:] * TRUE[:-1])[:, None]
    inside = norm.cdf(MIGRA_EDGES[[0, -1]], 1.1, 0.15)
    expected = np.diff(norm.cdf(np.clip(migra, *MIGRA_EDGES[[0, -1]]), 1.1, 0.15)) / np.diff(inside)
    np.testing.assert_allclose(matrix, expected, atol=1e-4)  # a chord of the cumulative over 0.005 in migra


def test_rows_within_the_reco_axis_sum_to_one():
    matrix = gaussian().kernel(0.0, np.geomspace(1, 5, 11), np.geomspace(0.1, 20, 30))
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-12)


def test_between_offsets_the_density_is_the_mean():
    def shifted(migra, energy, offset):
        return norm.cdf(migra, 1 + 0.1 * offset, 0.1)

    edisp = EnergyDispersion2D.from_hdu(edisp_hdu(shifted), "here")
    at = [edisp.kernel(np.deg2rad(offset), TRUE, RECO) for offset in (0.5, 0.625, 1.0)]
    np.testing.assert_allclose(at[1], 0.75 * at[0] + 0.25 * at[2], atol=1e-12)


def test_outside_of_the_table_nothing_is_dispersed():
    edisp = gaussian()
    assert not edisp.kernel(np.deg2rad(2.5), TRUE, RECO).any()
    assert not edisp.kernel(0.0, np.array([200.0, 300.0]), RECO).any()


def test_density_is_that_of_the_migra_bin():
    edisp = gaussian()
    migra = np.array([0.1, 0.95, 1.0, 1.2, 3.5])
    found = edisp.evaluate(2 * u.TeV, migra, 0.3 * u.deg)
    np.testing.assert_allclose(found.value[1:4], norm.pdf(migra[1:4], 1, 0.1), rtol=0.06)
    assert found.value[0] == found.value[-1] == 0
    assert edisp.density(2.0, 1.0, np.deg2rad(0.3)) == found.value[2]


def test_migra_bins_with_gaps_are_refused():
    low, high = MIGRA_EDGES[:-1], MIGRA_EDGES[1:] - 0.001
    shape = (len(OFFSETS), len(low), len(ENERGY_EDGES) - 1)
    axes = [energy_axis(), ("MIGRA", low, high, ""), ("THETA", OFFSETS, OFFSETS, "deg")]
    with pytest.raises(DataError, match="the bins of the axis MIGRA do not touch"):
        EnergyDispersion2D.from_hdu(table_hdu(axes, "MATRIX", np.ones(shape), ""), "here")


def test_kernel_with_units_applies_to_spectra_and_cubes():
    kernel = gaussian().to_edisp_kernel("0.5 deg", TRUE * u.TeV, RECO * 1e3 * u.GeV)
    assert kernel.pdf_matrix.shape == (23, 12)
    counts = np.random.default_rng(2).uniform(size=(23, 4, 5))
    folded = kernel.apply(counts)
    assert folded.shape == (12, 4, 5)
    np.testing.assert_allclose(folded[:, 1, 2], kernel.apply(counts[:, 1, 2]))
    np.testing.assert_allclose(folded[3, 1, 2], np.sum(counts[:, 1, 2] * kernel.pdf_matrix[:, 3]))
    with pytest.raises(InputError, match=r"shape \(23, 12\); \(23, 11\) is wanted"):
        EDispKernel(kernel.pdf_matrix, kernel.e_true, kernel.e_reco[:-1])


def test_the_mean_is_weighted_with_exposure():
    narrow, wide, position = gaussian(width=0.05), gaussian(width=0.2), SkyCoord(10, 20, unit="deg")
    runs = [
        observation((10, 20.5), narrow, area=1e5, livetime=600 * u.s),
        observation((10, 21.0), wide, area=2e5, livetime=0.25 * u.h),
    ]
    mean = make_mean_edisp(runs, position, TRUE * u.TeV, RECO * u.TeV)
    weights = np.array([1e5 * 600, 2e5 * 900])
    expected = np.average(
        [edisp.kernel(0.01, TRUE, RECO) for edisp in (narrow, wide)], axis=0, weights=weights
    )
    np.testing.assert_allclose(mean.pdf_matrix, expected, atol=1e-12)
    alone = make_mean_edisp(runs[0], position, TRUE * u.TeV, RECO * u.TeV)
    np.testing.assert_allclose(alone.pdf_matrix, narrow.kernel(np.deg2rad(0.5), TRUE, RECO), atol=1e-12)
    far = make_mean_edisp(runs, SkyCoord(10, 50, unit="deg"), TRUE * u.TeV, RECO * u.TeV)
    assert not far.pdf_matrix.any()
    with pytest.raises(InputError, match="observations is empty"):
        make_mean_edisp([], position, TRUE * u.TeV, RECO * u.TeV)


def test_plots_say_their_axes():
    import matplotlib.pyplot as plt

    edisp = gaussian()
    _, (left, right) = plt.subplots(1, 2)
    edisp.plot(left, offset="0.5 deg")
    edisp.to_edisp_kernel(0 * u.deg, TRUE * u.TeV, RECO * u.TeV).plot(right)
    assert left.get_xlabel() == right.get_xlabel() == "True energy [TeV]"
    assert right.get_ylabel() == "Reconstructed energy [TeV]"
    plt.close("all")


def test_centers_are_those_of_the_table():
    np.testing.assert_allclose(gaussian().energy_axis.nodes, centers(ENERGY_EDGES))
