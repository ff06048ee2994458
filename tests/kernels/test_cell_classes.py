"""Classes of cells keep what is expected, and what the cells say of a source."""

import numpy as np
from numpy.testing import assert_allclose

from tevcurve.kernels.cell_classes import STEP, merge_cells


def image(signal=20.0, background=0.5, sigma=3.0):
    x = np.arange(-20, 21.0)
    spread = np.exp(-(x[:, None] ** 2 + x**2) / (2 * sigma**2))
    return (signal * spread / spread.sum()).ravel(), np.full(spread.size, background)


def information(signal, rest):
    return np.sum(np.divide(signal**2, signal + rest, out=np.zeros_like(signal), where=signal > 0))


def test_sums_and_information_are_kept():
    signal, background = image()
    constant = 0.3 * background * np.linspace(0, 2, len(background))
    for fixed in (0 * background, constant):
        merged = merge_cells(signal, background, fixed)
        assert_allclose([each.sum() for each in merged], [signal.sum(), background.sum(), fixed.sum()])
        assert len(merged[0]) < 500
        kept = information(merged[0], merged[1] + merged[2]) / information(signal, background + fixed)
        assert 1 - STEP**2 / 6 < kept <= 1 + 1e-12


def test_cells_without_source_background_or_anything_are_apart():
    signal = np.array([0, 0, 1.0, 2.0, 0, 3.0])
    background = np.array([1.0, 2.0, 0, 0, 0, 1.5])
    found = merge_cells(signal, background, np.zeros(6))
    pairs = sorted(zip(*found[:2], strict=True))
    assert pairs == [(0.0, 3.0), (3.0, 0.0), (3.0, 1.5)]
    assert all(len(each) == 0 for each in merge_cells(*np.zeros((3, 4))))
