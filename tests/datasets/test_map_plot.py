"""Pictures of map datasets: the right numbers, and words that can be read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_checks import assert_readable
from numpy.testing import assert_allclose
from simulated_cubes import simulated_cube

from tevcurve.datasets.map_plot import residual_significance
from tevcurve.errors import InputError


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def dataset():
    return simulated_cube(mask=np.arange(4)[:, None, None] * np.ones((4, 20, 20)) > 0)


def picture(ax):
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def test_counts_and_prediction_are_summed_over_energy(dataset):
    for name, plot, expected, title in (
        ("", dataset.plot_counts, dataset.counts.data.sum(axis=0), "Counts, 0.5–10 TeV"),
        ("a", dataset.plot_npred, dataset.npred().data.sum(axis=0), "a: predicted counts, 0.5–10 TeV"),
    ):
        dataset.name = name
        ax = plot()
        assert ax.get_title() == title
        assert ax.images[0].colorbar.ax.get_ylabel() == "Counts per pixel"
        assert_allclose(picture(ax), expected)
        assert_readable(ax.figure)


def test_residuals_of_single_pixels_are_likelihood_ratios(dataset):
    ax = dataset.plot_residuals(radius=None)
    n, m = dataset.counts.data[1:].sum(axis=0), dataset.npred().data[1:].sum(axis=0)
    ratio = 2 * (np.where(n > 0, n * np.log(np.maximum(n, 1) / m), 0) - (n - m))
    assert_allclose(picture(ax), np.sign(n - m) * np.sqrt(ratio), atol=1e-7)
    low, high = ax.images[0].get_clim()
    assert low == -high
    assert high >= 5
    assert ax.images[0].colorbar.ax.get_ylabel() == "Significance [σ]"
    assert_readable(ax.figure)
    assert dataset.plot_residuals(ax=ax, cmap="gray") is ax


def test_residuals_in_circles_add_up_their_pixels(dataset):
    found = residual_significance(dataset, "0.25 deg")
    geom = dataset.counts.geom
    size = np.degrees(np.sqrt(geom.solid_angle().to_value("sr").max()))
    row, column = 7, 11
    y, x = np.mgrid[:20, :20]
    near = np.hypot(x - column, y - row) * size <= 0.25
    assert 4 < near.sum() < 400
    n, m = (cube.data[1:][:, near].sum() for cube in (dataset.counts, dataset.npred()))
    assert_allclose(found[row, column], np.sign(n - m) * np.sqrt(2 * (n * np.log(n / m) - n + m)), rtol=1e-9)


def test_a_right_prediction_has_residuals_of_width_one(dataset):
    draws = np.random.default_rng(3)
    predicted = dataset.npred().data * 0 + 5.0
    dataset.npred = lambda: dataset.counts.copy(data=predicted)
    widths = []
    for _ in range(20):
        dataset.counts.data[...] = draws.poisson(predicted)
        inner = residual_significance(dataset, "0.1 deg")[3:-3, 3:-3]
        widths.append(inner.std())
    assert_allclose(np.mean(widths), 1, atol=0.05)


def test_three_maps_side_by_side(dataset):
    dataset.name = "a"
    axes = dataset.plot()
    assert [ax.get_title() for ax in axes] == [
        "a: counts, 0.5–10 TeV",
        "Predicted counts",
        "Residuals, circles of 0.1°",
    ]
    assert_allclose(picture(axes[0]), dataset.counts.data[1:].sum(axis=0))
    assert axes[0].images[0].get_clim() == axes[1].images[0].get_clim()
    assert_readable(axes[0].figure)
    wcs = dataset.counts.geom.wcs
    figure = plt.figure(figsize=(14, 4))
    given = [figure.add_subplot(1, 3, k, projection=wcs) for k in (1, 2, 3)]
    assert dataset.plot(ax=given) == given
    with pytest.raises(InputError, match="ax has 2 axes; wanted are three"):
        dataset.plot(ax=given[:2])
