"""What is expected in cells, against sums over cells one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.datasets.cell_expectation import CellExpectation

N_TRUE, N_RECO, N_PIXELS, N_SLICES = 3, 5, 12, 2
BANDS = np.array([-1, 0, 0, 1, 1])


def expectation(masked=True, empty=(), seed=1):
    """One whose reco bins differ in their pixels; empty: reco bins without background; the first is not in the fit."""
    rng = np.random.default_rng(seed)
    cells = rng.random((N_RECO, N_PIXELS)) < 0.7 if masked else np.ones((N_RECO, N_PIXELS), dtype=bool)
    cells[0] = False
    background = rng.random((N_SLICES, N_RECO, N_PIXELS)) * cells
    background[:, list(empty)] = 0
    return CellExpectation(
        shares=rng.random((N_TRUE, N_PIXELS)),
        dispersion=rng.random((N_TRUE, N_RECO)),
        background=background,
        slice_edges=np.arange(N_SLICES + 1.0),
        cells=cells,
        in_fit=cells.any(axis=1),
        fixed=rng.random((N_RECO, N_PIXELS)) * cells,
        further=rng.random((2, N_RECO, N_PIXELS)) * cells,
    )


@pytest.mark.parametrize("masked", [False, True])
def test_totals_are_sums_over_the_cells_of_each_band(masked):
    expected = expectation(masked)
    totals = expected.totals(BANDS, 2)
    response, background = np.zeros((2, N_TRUE)), np.zeros((N_SLICES, 2))
    fixed, further = np.zeros(2), np.zeros((2, 2))
    for reco, pixel in zip(*np.nonzero(expected.cells), strict=True):
        band = BANDS[reco]
        response[band] += expected.shares[:, pixel] * expected.dispersion[:, reco]
        background[:, band] += expected.background[:, reco, pixel]
        fixed[band] += expected.fixed[reco, pixel]
        further[:, band] += expected.further[:, reco, pixel]
    for name, values in (
        ("response_total", response),
        ("background_total", background),
        ("fixed_total", fixed),
        ("further_total", further),
    ):
        assert_allclose(totals[name], values, rtol=1e-12, err_msg=name)


def test_the_response_at_cells_is_share_times_dispersion():
    expected = expectation()
    reco, pixel = np.array([1, 4, 4]), np.array([0, 11, 2])
    for row, (r, p) in zip(expected.response_at(reco, pixel), zip(reco, pixel, strict=True), strict=True):
        assert_array_equal(row, expected.shares[:, p] * expected.dispersion[:, r])


def test_a_band_without_background_has_that_of_its_floors():
    expected = expectation(empty=(3, 4))
    total = expected.totals(BANDS, 2)["background_total"]
    nearest = expected.background[:, 2].mean(axis=-1)
    assert_allclose(total[:, 1], 1e-6 * nearest * expected.cells[3:].sum(), rtol=1e-12)
    assert_allclose(total[:, 0], expected.background[:, 1:3].sum(axis=(1, 2)), rtol=1e-12)
    filled = expected.filled()
    assert np.all(filled[:, expected.cells] > 0)
    assert not filled[:, ~expected.cells].any()


def test_the_compact_response_expects_nothing_outside_the_fit():
    expected, flux = expectation(), np.array([1.0, 0.5, 0.1])
    signal, background, fixed = expected.compact().in_all_cells(flux)
    inside = np.einsum("t,tp,tr->rp", flux, expected.shares, expected.dispersion)
    assert_allclose(signal, np.where(expected.cells, inside, 0.0), rtol=1e-12)
    assert_array_equal(fixed, expected.fixed)
    assert not background[:, ~expected.cells].any()
