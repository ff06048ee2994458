"""Rows that come apart into runs, and rows of cubes and spectra put together."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

from tevcurve import PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.scaled_pieces import ScaledPieces

SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
TRUE = np.geomspace(0.2, 50, 40) * u.TeV


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def rows_of(observations, method, **options):
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    made = light_curve(observations, TARGET, "night", [1, 10] * u.TeV, method, SPECTRUM, **options)
    return made.origin.rows()[0]


OPTIONS = [("3d", {}), ("1d", {}), ("1d", {"background_error": 0.1}), ("1d", {"background": "shape"})]


@pytest.mark.parametrize(("method", "options"), OPTIONS)
def test_the_pieces_of_rows_add_up(observations, method, options):
    rows = rows_of(observations, method, **options)
    pieces, a = rows.pieces(), np.full((len(rows.fitted), 1), 0.7)
    (half, gradient, hessian), _ = rows.profile.likelihood.evaluate(a)
    apart, _ = pieces.likelihood.evaluate(a[pieces.row])
    assert len(pieces.row) == len(rows.runs) > len(rows.fitted)
    assert_array_equal(np.sort(pieces.run), np.arange(len(rows.runs)))
    for whole, part in zip((half, gradient[:, 0], hessian[:, 0, 0]), apart, strict=True):
        assert_allclose(np.bincount(pieces.row, part.ravel()), whole, rtol=1e-10)


def test_each_piece_is_of_its_run(observations):
    for method in ("3d", "1d"):
        pieces = rows_of(observations, method).pieces()
        for row, run, counts in zip(pieces.row, pieces.run, pieces.likelihood.counts, strict=True):
            alone = rows_of(observations[int(run) : int(run) + 1], method)
            assert alone.profile.counts[0] == counts
            assert row == 0


def test_cubes_and_spectra_of_one_night_have_one_flux(observations):
    """A run in 3D and the other in 1D: the statistic is the sum of both, and least in between."""
    cubes, spectra = (rows_of(part, m) for part, m in ((observations[:1], "3d"), (observations[1:], "1d")))
    kinds = [(each.pieces().likelihood, each.pieces().row) for each in (cubes, spectra)]
    together = estimate_norms(OneAmplitude(ScaledPieces(kinds, 1)), err=1)
    alone = [estimate_norms(each.profile, err=1) for each in (cubes, spectra)]
    low, high = sorted(each.norm[0] for each in alone)
    assert low <= together.norm[0] <= high
    weights = [each.norm_err[0] ** -2 for each in alone]
    assert together.norm_err[0] == pytest.approx(sum(weights) ** -0.5, rel=0.05)
    at = together.norm
    summed = sum(each.profile.evaluate(at)[0][0][0] for each in (cubes, spectra))
    assert together.stat[0] == pytest.approx(summed, rel=1e-12)


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("3d", {"stacked": True}, "runs of a row are added up"),
        ("1d", {"stacked": True}, "runs of a row are added up"),
        (
            "1d",
            {"background": "shape", "shape_from": "night"},
            "shape of the background is that of a whole night",
        ),
    ],
)
def test_what_has_no_pieces_says_so(observations, method, options, words):
    with pytest.raises(InputError, match=words):
        rows_of(observations, method, **options).pieces()


@pytest.mark.parametrize("options", [{}, {"background_error": 0.1}, {"background": "shape"}])
def test_pooled_pieces_are_those_of_one_energy_bin(observations, options):
    """Counts of all energy bins of a run together are what a light curve with one such bin counts."""
    many = rows_of(observations, "1d", **options).pooled_pieces()
    one = rows_of(observations, "1d", e_reco=[1, 10] * u.TeV, **options).pieces()
    a = np.linspace(0.5, 1.5, len(many.row))[:, None]
    assert_array_equal(many.run, one.run)
    assert_array_equal(many.likelihood.counts, one.likelihood.counts)
    pooled, counted = many.likelihood.evaluate(a)[0], one.likelihood.evaluate(a)[0]
    assert_allclose(pooled[0] - pooled[0][0], counted[0] - counted[0][0], rtol=2e-3, atol=1e-3)
    assert_allclose(pooled[1], counted[1], rtol=2e-3, atol=0.02)


def test_cubes_in_one_band_are_those_of_a_light_curve_with_one_band(observations):
    bins = {"width": "1.2 deg", "e_reco": [1, 2, 4, 10] * u.TeV}
    two = light_curve(observations, TARGET, "night", [1, 4, 10] * u.TeV, "3d", SPECTRUM, **bins, e_true=TRUE)
    one = light_curve(observations, TARGET, "night", [1, 10] * u.TeV, "3d", SPECTRUM, **bins, e_true=TRUE)
    for split, whole in zip(two.origin.terms, one.origin.terms, strict=True):
        made = split.in_one_band()
        assert made.n_bands == 1
        for name in ("band", "cell", "response", "background", "band_of_bin"):
            assert_array_equal(getattr(made, name), getattr(whole, name))
        for name in ("response_total", "background_total"):
            assert_allclose(getattr(made, name), getattr(whole, name), rtol=1e-12)


def test_the_end_of_a_search_in_spectra_does_not_hold_cubes(observations):
    """A prediction vanishes in cubes only; where there are none, a row may go as low as the lowest of its pieces."""
    cubes, spectra = (rows_of(part, m) for part, m in ((observations[:1], "3d"), (observations[1:], "1d")))
    bounds = [each.profile.lower_bound()[0] for each in (cubes, spectra)]
    assert bounds[0] != bounds[1]
    kinds = [(each.profile.likelihood, np.array([0])) for each in (cubes, spectra)]
    assert ScaledPieces(kinds, 1).lower_bound() == bounds[0]
    assert ScaledPieces(kinds[1:], 1).lower_bound() == bounds[1]
    pieces = spectra.pieces()
    own = [pieces.likelihood.take(np.array([k]))[0].lower_bound()[0] for k in range(len(pieces.row))]
    assert ScaledPieces([(pieces.likelihood, pieces.row)], 1).lower_bound() == min(own)
