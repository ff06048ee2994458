"""One background norm on the shape of an OFF spectrum: its terms, the shapes, and its bias beside that of wstat."""

import numpy as np
import pytest
from iminuit import Minuit
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.background_shapes import nights, off_rates, shape_terms
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.onoff_cells import OnOffCells
from tevcurve.kernels.cash_profile import cash_profile

SHAPE = BackgroundRule(off_shape="run")


def minuit_of(n_on, n_off, signal, off, off_in_on, others=0.0, others_off=0.0):
    """Minuit over the flux factor and one background norm per block; rows of arrays (n_blocks, n_cells)."""

    def stat(parameters):
        a, norms = parameters[0], parameters[1:, None]
        on, background = a * signal + norms * off_in_on + others, norms[:, 0] * off.sum(axis=1) + others_off
        if np.any(on <= 0) or np.any(background <= 0):
            return 1e10
        total = n_off.sum(axis=1)
        return 2 * (np.sum(on - n_on * np.log(on)) + np.sum(background - total * np.log(background)))

    minuit = Minuit(stat, np.ones(1 + len(n_on)))
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-8
    minuit.migrad()
    minuit.hesse()
    minuit.minos(0)
    return minuit


def check_minimum(terms, minuit):
    """The minimum of one row's terms, its errors and its norms are those of Minuit."""
    profile = cash_profile(terms)
    found = estimate_norms(profile, err=1, errn_errp=1)
    assert found.norm[0] == pytest.approx(minuit.values[0], abs=1e-4 * minuit.errors[0])
    assert found.stat[0] == pytest.approx(minuit.fval, abs=1e-6)
    assert found.norm_err[0] == pytest.approx(minuit.errors[0], rel=1e-3)
    assert found.norm_errp[0] == pytest.approx(minuit.merrors[0].upper, rel=1e-3)
    assert_allclose(profile.settled(found.norm)[0].norms, minuit.values[1:], rtol=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_terms_are_those_of_the_dense_likelihood(seed):
    random = np.random.default_rng(seed)
    signal, off = random.uniform(0.5, 5, (3, 6)), random.uniform(1, 9, (3, 6))
    off_in_on = off * random.uniform(0.1, 0.4, (3, 6))
    n_on, n_off = random.poisson(signal + 1.2 * off_in_on), random.poisson(1.2 * off)
    minuit = minuit_of(n_on, n_off, signal, off, off_in_on)
    block = np.repeat(np.arange(3), 6)
    cells = (each.ravel().astype(float) for each in (n_on, n_off, signal))
    shape = off.ravel(), off_in_on.ravel()
    check_minimum(shape_terms(block, np.zeros(3, dtype=int), 1, *cells, shape), minuit)


@pytest.mark.parametrize("seed", [1, 2])
def test_terms_beside_other_sources_are_those_of_the_dense_likelihood(seed):
    random = np.random.default_rng(seed)
    signal, off, others, others_off = random.uniform(0.5, 5, (4, 3, 6))
    off_in_on = 0.2 * off
    n_on, n_off = random.poisson(signal + off_in_on + others), random.poisson(off + others_off)
    minuit = minuit_of(n_on, n_off, signal, off, off_in_on, others, others_off.sum(axis=1))
    block = np.repeat(np.arange(3), 6)
    cells = (each.ravel().astype(float) for each in (n_on, n_off, signal))
    shape = off.ravel(), off_in_on.ravel()
    terms = shape_terms(block, np.zeros(3, dtype=int), 1, *cells, shape, (others.ravel(), others_off.ravel()))
    check_minimum(terms, minuit)


def test_rates_have_the_counts_of_the_run_and_the_shape_of_the_night():
    random = np.random.default_rng(0)
    edges, bands = np.log(np.geomspace(1, 10, 7)), np.array([0, 0, 0, 1, 1, 1])
    acceptance = np.array([10.0, 20.0, 30.0])[:, None] * np.ones(6)
    seconds, masks = np.array([1000.0, 500.0, 2000.0]), np.ones((3, 6), dtype=bool)
    masks[1, 0] = False
    truth = np.array([5, 3, 2, 1, 0.6, 0.4])
    counts = random.poisson(1e-2 * truth * acceptance * seconds[:, None])
    runs = off_rates(counts, acceptance, seconds, masks, bands, edges, np.arange(3))
    # With thousands of counts the rates are those of the counts themselves, in all cells of the fit.
    assert_allclose(runs[masks], (counts / seconds[:, None])[masks], rtol=0.05)
    assert_array_equal(runs[1, 0], 0)
    night = off_rates(counts, acceptance, seconds, masks, bands, edges, np.zeros(3, dtype=int))
    assert_allclose(night[masks], (1e-2 * truth * acceptance)[masks], rtol=0.1)
    assert_allclose(night[2] / night[0], 3.0)


def test_nights_are_runs_without_a_day_between():
    start = 86400.0 * np.array([2, 0, 0.02, 1, 1.1])
    assert_array_equal(nights(start, start + 1700, [""] * 5), [2, 0, 0, 1, 1])


def draw_rows(n_rows, random, *, steps, per_run, signal=10.0, background=0.1, n_cells=10, alpha=1.0):
    """`OnOffCells` of rows with the same expectation, each with the OFF shape of a run that is `per_run` rows long."""
    energy = np.geomspace(1, 10, n_cells + 1)
    falling = energy[:-1] ** -steps - energy[1:] ** -steps if steps else np.full(n_cells, 1.0)
    expected = signal * falling / falling.sum()
    on_background = np.full(n_cells, background)
    n_on = random.poisson(expected + on_background, (n_rows, n_cells))
    n_off = random.poisson(on_background / alpha, (n_rows, n_cells))
    whole = n_off + random.poisson(on_background / alpha * (per_run - 1), (n_rows, n_cells))
    ones = np.ones((n_rows, n_cells))
    bands, masks = np.zeros(n_cells, dtype=int), ones.astype(bool)
    rates = off_rates(
        whole, ones / alpha, np.full(n_rows, per_run), masks, bands, np.log(energy), np.arange(n_rows)
    )
    row = np.repeat(np.arange(n_rows), n_cells)
    cells = (
        each.ravel().astype(float)
        for each in (n_on, n_off, alpha * ones, expected * ones, rates, alpha * rates)
    )
    return OnOffCells(row, row, *cells)


def bias(cells, rule):
    n_rows = cells.row[-1] + 1
    norm = estimate_norms(cells.profile(n_rows, rule)).norm
    return norm.mean() - 1, norm.std() / np.sqrt(n_rows)


def test_wstat_is_biased_where_off_counts_are_missing_and_the_shape_is_not():
    # 10 signal counts of a power law of index 2.5 in 10 bins, alpha 1, 0.1 background counts in each bin.
    cells = draw_rows(6000, np.random.default_rng(0), steps=1.5, per_run=14)
    wstat, error = bias(cells, BackgroundRule())
    assert wstat == pytest.approx(-0.13, abs=0.02 + 3 * error)
    shape, error = bias(cells, SHAPE)
    assert abs(shape) < 0.01 + 3 * error


@pytest.mark.parametrize(
    ("per_run", "background", "alpha", "largest"),
    [
        (1, 0.1, 1.0, 0.02),
        (5, 1.0, 1.0, 0.06),
        (14, 1.0, 1.0, 0.04),
        (1, 1.0, 1 / 12, 0.02),
        (14, 0.1, 1 / 12, 0.01),
    ],
)
def test_bias_of_shapes_from_few_counts(per_run, background, alpha, largest):
    # A shape that is measured badly gives fluctuations of the background to the source.
    random = np.random.default_rng(1)
    cells = draw_rows(2000, random, steps=1.5, per_run=per_run, background=background, alpha=alpha)
    found, error = bias(cells, SHAPE)
    assert abs(found) < largest + 3 * error


def test_predicted_background_is_that_of_the_norms():
    cells = draw_rows(50, np.random.default_rng(3), steps=1.5, per_run=5, background=1.0)
    profile, fitted = cells.profile(50, SHAPE), cells.fitted_rows(50)
    norm = estimate_norms(profile).norm
    inside = norm > 0
    # At the minimum the predictions add up to the counts of ON and OFF together.
    off = np.bincount(*cells.background(profile, fitted, norm))
    on = off + norm * np.bincount(cells.row, cells.signal)
    counts = np.bincount(cells.row, cells.n_on + cells.n_off)
    assert_allclose((on + off)[inside], counts[inside], rtol=1e-5)
