"""The figure of a power spectrum: its axis is that of the rows where the band of the process has no end."""

import numpy as np
import pytest

from tevcurve.lightcurve.plots.power_spectrum import top_of


def test_a_band_without_an_end_does_not_hide_the_rows():
    points = np.array([1.0, np.nan, 2.0])
    assert top_of(points, np.array([0.5, 1e69])) == pytest.approx(1.05 * 3.0)
    assert top_of(points, np.array([0.5, 2.4])) == pytest.approx(1.05 * 2.4)
    assert top_of(points, np.array([0.5, 1.0])) == pytest.approx(1.05 * 2.0)
