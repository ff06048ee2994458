"""Sums by kinds of cells against the statistic of each cell, whose truth is in `test_onoff`."""

import numpy as np
import pytest

from tevcurve.kernels.onoff import wstat_profile
from tevcurve.kernels.onoff_kinds import CellKinds, Cells

COUNTS = [(0, 0), (0, 1), (0, 300), (1, 0), (40, 0), (1, 1), (200, 3), (12.5, 0.25), (10**6, 10**6)]
SIGNALS = [-80.0, -2.5, -1e-3, 0.0, 1e-9, 0.3, 7.0, 2e4, 1.1e6]


@pytest.mark.parametrize(("n_on", "n_off"), COUNTS)
@pytest.mark.parametrize("alpha", [0.01, 1 / 12, 0.7, 10.0])
def test_each_kind_has_the_statistic_of_its_cells(n_on, n_off, alpha):
    n, a = len(SIGNALS), np.array(SIGNALS)
    on, off, ratio = (np.full(n, value, dtype=float) for value in (n_on, n_off, alpha))
    found = CellKinds(Cells(np.arange(n), on, off, ratio, np.ones(n)), n).sums(a)
    for values, truth in zip(found, wstat_profile(on, off, ratio, a), strict=True):
        # Without counts the curve has a kink at 0.
        np.testing.assert_allclose(values, truth / 2, rtol=1e-12, atol=1e-13)


def test_bins_add_up_their_cells_whatever_the_kind_and_whoever_is_beside():
    random = np.random.default_rng(3)
    bins = np.sort(random.integers(0, 30, 400))
    bins[bins == 7] = 8  # a bin without cells
    on, off = random.poisson(0.8, (2, 400)).astype(float)
    alpha, signal = random.uniform(0.02, 1.5, 400), random.uniform(0, 4, 400)
    a = random.normal(0.3, 1, 30)
    found = np.array(CellKinds(Cells(bins, on, off, alpha, signal), 30).sums(a))
    stat, slope, curvature = wstat_profile(on, off, alpha, a[bins] * signal)
    for values, each in zip(found, (stat, slope * signal, curvature * signal**2), strict=True):
        np.testing.assert_allclose(values, np.bincount(bins, each / 2, 30), rtol=1e-12, atol=1e-12)
    for number in (0, 8, 29):
        own = bins == number
        cells = Cells(np.zeros(own.sum(), dtype=int), on[own], off[own], alpha[own], signal[own])
        np.testing.assert_array_equal(np.array(CellKinds(cells, 1).sums(a[[number]]))[:, 0], found[:, number])


@pytest.mark.parametrize(("n_on", "n_off", "knee"), [(7.0, 0.0, 7 * 0.3 / 1.3), (0.0, 9.0, -0.3 * 9 / 1.3)])
def test_the_statistic_is_smooth_where_a_line_begins(n_on, n_off, knee):
    cells = Cells(np.zeros(1, dtype=int), *(np.array([each]) for each in (n_on, n_off, 0.3, 1.0)))
    kinds = CellKinds(cells, 1)
    below, above = (kinds.sums(np.array([knee * (1 + shift)])) for shift in (-1e-9, 1e-9))
    assert below[0] == pytest.approx(above[0], rel=1e-7)
    assert below[1] == pytest.approx(above[1], rel=1e-7)
