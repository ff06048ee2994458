"""Cells that may be the first without a prediction, against the smallest ratio over all cells."""

import numpy as np
import pytest

from tevcurve.datasets.first_cells import first_cells


def smallest(shares, dispersion, rest, cells):
    """The smallest ratio of everything else (n_reco, n_pixels) to the source in some cells."""
    reco, pixel = cells
    signal = np.einsum("tr,tp->rp", dispersion, shares)[reco, pixel]
    seen = signal > 0
    return np.min(rest[reco, pixel][seen] / signal[seen])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("with_fixed", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_any_spectrum_at_any_time_has_its_smallest_ratio_in_one_of_them(seed, with_fixed, masked):
    rng, n_true, n_reco, n_pixels, n_slices = np.random.default_rng(seed), 6, 4, 60, 3
    angle = np.abs(np.arange(n_pixels) - 20.3)
    shares = np.exp(-0.5 * (angle / np.linspace(8, 2, n_true)[:, None]) ** 2) * 1e6
    shares[:, angle > 18] = 0
    background = rng.uniform(0.8, 1.2, (n_slices, n_reco, n_pixels))
    # Parts of some planes are empty, and raised to a floor.
    background[:, 2, ::7] = 0
    floors = 1e-6 * background.mean(axis=-1)
    fixed = rng.uniform(0, 3, (n_reco, n_pixels)) if with_fixed else None
    inside = rng.random((n_reco, n_pixels)) < 0.6 if masked else np.ones((n_reco, n_pixels), dtype=bool)
    others = None if fixed is None else fixed[None]
    found = first_cells(shares, background, inside, floors, others)
    assert np.all(inside[found])
    assert len(found[0]) < 0.7 * inside.sum()
    everywhere = np.nonzero(inside)
    for _ in range(50):
        dispersion = rng.dirichlet(np.ones(n_reco), n_true) * 10 ** rng.uniform(-3, 3, (n_true, 1))
        times = rng.dirichlet(np.full(n_slices, 0.3))
        rest = np.einsum("s,srp->rp", times, np.maximum(background, floors[..., None]))
        rest = rest * rng.uniform(0, 2) + (0 if fixed is None else rng.uniform(0, 2) * fixed)
        assert smallest(shares, dispersion, rest, found) == pytest.approx(
            smallest(shares, dispersion, rest, everywhere), rel=1e-12
        )


def test_without_a_source_there_are_none():
    reco, pixel = first_cells(
        np.zeros((2, 5)), np.ones((1, 3, 5)), np.ones((3, 5), dtype=bool), np.zeros((1, 3))
    )
    assert len(reco) == len(pixel) == 0
