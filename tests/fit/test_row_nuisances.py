"""Loadings of rows on nuisance parameters."""

from dataclasses import replace

import numpy as np
import pytest

from tevcurve.fit.row_nuisances import RowNuisances


def make():
    """Two scales of instruments, and two others, on three rows."""
    return RowNuisances(
        names=("magic", "fact", "night 1", "night 2"),
        systematic=np.array([-1, -1, 0, 0]),
        n_rows=3,
        row=np.array([0, 0, 1, 1, 2]),
        nuisance=np.array([0, 2, 1, 2, 3]),
        scale=np.array([1.0, 0.1, 0.5, 0.1, 0.0]),
        shift=np.array([0.0, 0.0, 0.0, 0.2, 0.3]),
        own=np.array([[0.0, 0.0, 0.0], [0.01, 0.0, 0.0], [0.0, 0.0, 0.04]]),
        covariance=np.array([[0.04, 0.01], [0.01, 0.09]]),
        precision=np.array([[0.0, 0.0], [0.0, 4.0]]),
    )


def test_spreads_are_those_of_the_dense_matrices():
    nuisances = make()
    scale, shift = np.zeros((2, 3, 4))
    scale[nuisances.row, nuisances.nuisance] = nuisances.scale
    shift[nuisances.row, nuisances.nuisance] = nuisances.shift
    covariance = np.eye(4)
    covariance[:2, :2] = nuisances.covariance
    pairs = ((scale, scale), (scale, shift), (shift, shift))
    wanted = nuisances.own + np.stack([np.diag(a @ covariance @ b.T) for a, b in pairs], axis=1)
    assert nuisances.spreads() == pytest.approx(wanted, rel=1e-14)
    assert (nuisances.n_scales, nuisances.n_free, nuisances.n_nuisances) == (2, 1, 4)


def test_some_rows_keep_their_loadings():
    some = make().take(np.array([0, 2]))
    assert some.spreads() == pytest.approx(make().spreads()[[0, 2]], rel=1e-14)
    assert list(some.row) == [0, 0, 1]


def test_ratios_are_moved_by_the_difference():
    nuisances, norm = make(), np.array([2.0, 0.5, 4.0])
    loadings = np.zeros((3, 4))
    loadings[nuisances.row, nuisances.nuisance] = nuisances.scale + nuisances.shift / norm[nuisances.row]
    covariance = np.eye(4)
    covariance[:2, :2] = nuisances.covariance
    own = nuisances.own @ [1, 0, 0] + nuisances.own[:, 2] / norm**2
    for upper, lower in ((0, 1), (2, 0)):
        moved = loadings[upper] - loadings[lower]
        wanted = moved @ covariance @ moved + own[upper] + own[lower]
        found = nuisances.of_ratios(np.array([upper]), np.array([lower]), norm).spreads()
        assert found[0] == pytest.approx([wanted, 0, 0], rel=1e-14)


def test_free_scales_are_where_they_are_in_every_draw():
    none_known = replace(make(), precision=np.zeros((2, 2)), own=np.zeros((3, 3)), shift=np.zeros(5))
    seen = none_known.drawn(2.0, 3, np.array([0.3, -0.2]), np.random.default_rng(1))
    # The last row has no loading but on a night, with a shift that is taken away here.
    assert seen.shape == (3, 3)
    assert np.allclose(seen[:, 2], 2.0)
    night = np.log(seen[:, 0] / 2.0) - 0.3
    assert np.allclose(np.log(seen[:, 1] / 2.0) + 0.1, night)
    assert np.std(night) > 0


def test_ratios_to_a_flux_of_zero_have_no_spread():
    ratios = make().of_ratios(np.array([0]), np.array([2]), np.array([1.0, 0.0, 2.0]))
    assert np.isfinite(ratios.spreads()).all()
    nothing = make().of_ratios(np.array([0]), np.array([1]), np.array([1.0, 0.0, 2.0]))
    assert np.isnan(nothing.spreads()[0, 0])
