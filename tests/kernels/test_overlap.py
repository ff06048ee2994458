"""Fisher's information of sources in one field against closed forms of Gaussians, and errors of fits against it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.overlap import classes_of_cells, correlations, information
from tevcurve.kernels.terms import CashTerms

SIGMA = 0.08
DISTANCES = (0.05, 0.1, 0.2, 0.3, 0.5)


def field(distance, flux, level=1e4):
    """(images (2, n_cells) of two Gaussians of so many counts, flat background of `level` counts), 3 deg wide."""
    axis = np.linspace(-1.5, 1.5, 241)
    x, y = np.meshgrid(axis, axis)
    images = [np.exp(-((x - at) ** 2 + y**2) / (2 * SIGMA**2)) for at in (-distance / 2, distance / 2)]
    images = np.array([flux * image.ravel() / image.sum() for image in images])
    return images, np.full(x.size, level / x.size)


@pytest.mark.parametrize("distance", DISTANCES)
def test_gaussian_images_on_a_known_background(distance):
    """With mu constant the information is an overlap integral, that of Gaussians exp(-d^2 / (4 sigma^2))."""
    images, background = field(distance, 1e-3)
    found = correlations(information(images, background)[None])[0, 0]
    assert found == pytest.approx(-np.exp(-(distance**2) / (4 * SIGMA**2)), rel=1e-6)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("flux", [30.0, 3000.0])
def test_errors_beside_a_free_neighbour_are_larger_as_predicted(distance, flux):
    """A fit of the expected counts: its error beside a free neighbour, and beside a fixed one, background norm free."""
    images, background = field(distance, flux)
    templates = np.vstack([images, background])
    matrix = information(templates, templates.sum(axis=0))
    without_norm = matrix[:2, :2] - np.outer(matrix[:2, 2], matrix[:2, 2]) / matrix[2, 2]
    predicted = 1 / np.sqrt(1 - correlations(without_norm[None])[0, 0] ** 2)
    errors = [
        estimate_norms(cash_profile(_terms(*each)), err=1).norm_err[0] for each in _both(images, background)
    ]
    assert errors[0] / errors[1] == pytest.approx(predicted, rel=1e-3)
    assert errors[0] == pytest.approx(np.sqrt(np.linalg.inv(matrix)[0, 0]), rel=1e-3)


def _both(images, background):
    """Arguments of `_terms` with a free neighbour, and with a fixed one."""
    expected = images.sum(axis=0) + background
    return (images, background, 0 * background, expected), (images[:1], background, images[1], expected)


def _terms(shared, background, constant, counts):
    """`CashTerms` of one bin with these counts in its cells."""
    return CashTerms(
        n_bins=1,
        block_bin=np.zeros(1, dtype=int),
        shared_total=shared.sum(axis=1)[None],
        background_total=background.sum(keepdims=True),
        constant_total=constant.sum(keepdims=True),
        event_block=np.zeros(len(counts), dtype=int),
        event_count=counts,
        event_shared=shared.T,
        event_background=background,
        event_constant=constant,
        lone_count=np.zeros(1),
        lone_log=np.zeros(1),
    )


@pytest.mark.parametrize("flux", [5.0, 500.0])
def test_classes_of_cells_keep_the_information(flux):
    images, background = field(0.1, flux)
    images[1] *= 2
    number = classes_of_cells(images, background)
    templates = np.vstack([images, background])
    merged = np.stack([np.bincount(number, each) for each in templates])
    assert merged.shape[1] < 0.1 * len(number)
    assert_allclose(merged.sum(axis=1), templates.sum(axis=1))
    for amplitudes in ([1, 1, 1], [3, 0.2, 1.1]):
        whole = information(templates, amplitudes @ templates)
        assert_allclose(information(merged, amplitudes @ merged), whole, rtol=0.01)


def test_sources_in_one_place_and_a_source_that_is_not_seen():
    images, background = field(0.0, 100.0)
    matrix = information(np.vstack([images, 0 * background]), images.sum(axis=0) + background)
    found = correlations(matrix[None])
    assert found[0, 0] == pytest.approx(-1, abs=1e-6)
    assert found[0, 1] == 0


def test_many_sources_have_classes_of_their_own():
    """Twelve sources side by side: no two cells of different neighbours come together."""
    sources = np.kron(np.eye(12), [1.0, 1.0, 0.5])
    number = classes_of_cells(sources, np.ones(36))
    assert len(np.unique(number)) == 24
    assert (number[::3] == number[1::3]).all()
