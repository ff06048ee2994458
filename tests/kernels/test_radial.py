import numpy as np
import pytest

from tevcurve.kernels.radial import integrate_over_pixels, second_order


def flat_grid(size, n, shift=(0.0, 0.0)):
    y, x = np.meshgrid(
        (np.arange(n) - n // 2) * size - shift[1], (np.arange(n) - n // 2) * size - shift[0], indexing="ij"
    )
    return x, y


def test_an_expansion_is_exact_for_a_quadratic():
    y, x = np.mgrid[0:7, 0:9].astype(float)
    terms = second_order(2 + 3 * x - y + 0.5 * x**2 - 2 * x * y + y**2)
    x, y = x[1:-1, 1:-1], y[1:-1, 1:-1]
    np.testing.assert_allclose(terms[0], 2 + 3 * x - y + 0.5 * x**2 - 2 * x * y + y**2)
    np.testing.assert_allclose(terms[1], 3 + x - 2 * y)
    np.testing.assert_allclose(terms[2], -1 - 2 * x + 2 * y)
    for term, second in zip(terms[3:], (1, -2, 2), strict=True):
        np.testing.assert_allclose(term, second)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.0003, -0.00012)])
def test_a_gaussian_on_a_flat_grid_is_the_product_of_its_error_functions(shift):
    from scipy.special import erf

    size, sigma = 7e-4, 9e-4
    x, y = flat_grid(size, 41, shift)
    rad = np.linspace(0, 8 * sigma, 801)
    profile = np.exp(-0.5 * (rad / sigma) ** 2) / (2 * np.pi * sigma**2)
    index, integrals = integrate_over_pixels(second_order(x), second_order(y), rad, profile[None], sigma)
    found = np.zeros(39 * 39)
    found[index] = integrals[0]

    def share(c):
        return 0.5 * (erf((c + size / 2) / sigma / 2**0.5) - erf((c - size / 2) / sigma / 2**0.5))

    expected = (share(y) * share(x))[1:-1, 1:-1]
    np.testing.assert_allclose(found.reshape(39, 39), expected, atol=5e-6)
    assert found.sum() == pytest.approx(1, abs=2e-5)


def test_only_touched_pixels_are_returned():
    x, y = flat_grid(1e-3, 41)
    index, integrals = integrate_over_pixels(
        second_order(x), second_order(y), np.array([0, 5e-3]), np.ones((1, 2)), 5e-3, factor=8
    )
    distance = np.hypot(x, y)[1:-1, 1:-1].ravel()
    assert np.all(distance[index] < 5e-3 + 0.75e-3)
    assert integrals.sum() == pytest.approx(np.pi * 5e-3**2, rel=2e-3)


@pytest.mark.parametrize("middle", [0.0, 0.5])
def test_integrals_do_not_jump_while_the_centre_moves(middle):
    # Also from one pixel to the next. The profile ends at half its height.
    size, rad = 7e-4, np.linspace(0, 5e-3, 51)
    profile = 1 / (1 + (rad / rad[-1]) ** 2)
    moves, found = (middle + np.linspace(-0.1, 0.1, 401)) * size, []
    for move in moves:
        x, y = flat_grid(size, 25, (move, 0.2 * size))
        index, integrals = integrate_over_pixels(second_order(x), second_order(y), rad, profile[None], 1e-3)
        full = np.zeros(23 * 23)
        full[index] = integrals[0]
        found.append(full)
    speed = np.diff(found, axis=0) / np.diff(moves)[:, None]
    # The fastest that an exact integral changes: the edge crosses a whole side of the pixel.
    assert np.max(np.abs(speed)) < 0.6 * size
    # A jump by 2e-4 of a pixel's content would change the speed by more.
    assert np.max(np.abs(np.diff(speed, axis=0))) < 0.2 * size
    total = np.log(2) * np.pi * rad[-1] ** 2
    np.testing.assert_allclose(np.sum(found, axis=1), total, rtol=1e-4)
