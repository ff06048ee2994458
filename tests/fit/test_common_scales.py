"""Scales that pieces have in common: against searches over every parameter there is, and in closed form."""

import numpy as np
import pytest
from dense_likelihood import simulate_bin, terms_of
from iminuit import Minuit
from numpy.testing import assert_allclose
from scipy.special import xlogy

from tevcurve.fit.common_scales import NO_SCALE, CellsOfScales, ScaledKind, common_scales
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.onoff_profile import WstatLikelihood

TRUE_SCALES = np.array([0.3, -0.4])
ALPHA = 0.2


class Campaign:
    """Cells of a reference in 1D, an instrument in 3D (scale 0) and another in 1D (scale 1), not all there.

    Every background is a parameter here: one for each piece.
    """

    def __init__(self, seed=3, n_cells=6, source=60.0):
        rng = np.random.default_rng(seed)
        self.n_cells, self.flux = n_cells, rng.uniform(0.5, 2, n_cells)
        self.cube_cell = np.array([k for k in range(n_cells) if k % 3 != 1])
        seen = self.flux[self.cube_cell] * np.exp(TRUE_SCALES[0])
        made = [simulate_bin(seed * 100 + k, strength=a, source=source) for k, a in enumerate(seen)]
        self.blocks, self.cubes = [each[0] for each in made], CashLikelihood(terms_of(made))
        self.cell = np.sort(np.concatenate([np.arange(n_cells), np.arange(0, n_cells, 2)]))
        second = np.diff(self.cell, prepend=-1) == 0
        self.scale = np.where(second, 1, NO_SCALE)
        seen = self.flux[self.cell] * np.where(second, np.exp(TRUE_SCALES[1]), 1.0)
        self.signal = rng.uniform(0.5, 1.5, len(seen)) * source
        self.n_on = rng.poisson(seen * self.signal + 8).astype(float)
        self.n_off = rng.poisson(8 / ALPHA, len(seen)).astype(float)

    def kinds(self):
        n = len(self.cell)
        spectra = WstatLikelihood(np.arange(n), self.n_on, self.n_off, np.full(n, ALPHA), self.signal, n)
        return [
            ScaledKind(self.cubes, self.cube_cell, np.zeros(len(self.cube_cell), dtype=int)),
            ScaledKind(spectra, self.cell, self.scale),
        ]

    def stat(self, parameters, sigma):
        """With all parameters free: ln(scale), ln(flux) of cells, ln(norm) of cubes, ln(OFF counts) of spectra."""
        ends = np.cumsum([2, self.n_cells, len(self.blocks)])
        log_scale, flux, norm, off = np.split(np.asarray(parameters), ends)
        flux, norm, off = np.exp(flux), np.exp(norm), np.exp(off)
        total = np.sum((log_scale / sigma) ** 2)
        for cell, block, b in zip(self.cube_cell, self.blocks, norm, strict=True):
            total += 2 * block.half_stat([flux[cell] * np.exp(log_scale[0])], b)
        on = flux[self.cell] * np.exp(np.append(log_scale, 0.0)[self.scale]) * self.signal + ALPHA * off
        for counts, expected in ((self.n_on, on), (self.n_off, off)):
            total += 2 * np.sum(expected - counts - xlogy(counts, expected) + xlogy(counts, counts))
        return total

    def by_force(self, sigma):
        start = np.zeros(2 + self.n_cells + len(self.blocks) + len(self.cell))
        start[-len(self.cell) :] = np.log(8 / ALPHA)
        search = Minuit(lambda x: self.stat(x, sigma), start)
        search.errordef, search.strategy, search.tol = 1, 2, 1e-4
        search.migrad()
        search.hesse()
        assert search.valid
        return search


@pytest.mark.parametrize("sigma", [(np.inf, np.inf), (0.1, np.inf), (0.15, 0.1)])
def test_scales_and_their_covariance_with_every_parameter_free(sigma):
    campaign, sigma = Campaign(), np.array(sigma)
    found = common_scales(campaign.kinds(), campaign.n_cells, sigma)
    by_force = campaign.by_force(sigma)
    errors = np.array(by_force.errors)[:2]
    assert found.converged
    assert_allclose(found.log_scale, np.array(by_force.values)[:2], atol=2e-4 * errors.max())
    assert_allclose(found.stat, by_force.fval, atol=1e-6)
    assert_allclose(
        found.covariance, np.array(by_force.covariance)[:2, :2], rtol=2e-3, atol=1e-3 * errors.min() ** 2
    )
    assert_allclose(np.log(found.flux), np.array(by_force.values)[2 : 2 + campaign.n_cells], atol=1e-4)


def test_derivatives_are_those_of_the_statistic():
    campaign = Campaign(seed=5)
    cells, step = CellsOfScales(campaign.kinds(), campaign.n_cells, np.array([np.inf, 0.2])), 1e-4
    at = np.array([0.2, -0.1])
    (_, slope, bend), _ = cells.evaluate(at[None])
    for k in range(2):
        moved = [at + way * step * (np.arange(2) == k) for way in (1, -1)]
        (up, up_slope, _), (down, down_slope, _) = (cells.evaluate(each[None])[0] for each in moved)
        assert slope[0, k] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5)
        assert_allclose(bend[0, k], (up_slope[0] - down_slope[0]) / (2 * step), rtol=1e-5)


def spectra_of(counts, scale, cell=None, signal=10.0):
    """A kind of one ON/OFF cell for each piece. counts: (n_on, n_off) of each."""
    n_on, n_off = np.array(counts, dtype=float).T
    n = len(n_on)
    cell = np.zeros(n, dtype=int) if cell is None else np.array(cell)
    likelihood = WstatLikelihood(
        np.arange(n), n_on, n_off, np.full(n, ALPHA), np.broadcast_to(signal, n) * 1.0, n
    )
    return ScaledKind(likelihood, cell, np.array(scale))


def test_two_instruments_and_one_flux_in_closed_form():
    """Each has a best flux of its own, (n_on - alpha n_off)/signal, and 1/(n_on + alpha^2 n_off) for a curvature."""
    counts, signal = np.array([[130, 150], [61, 105]]), np.array([50.0, 30.0])
    found = common_scales([spectra_of(counts, [NO_SCALE, 0], signal=signal)], 1, np.array([np.inf]))
    excess = counts[:, 0] - ALPHA * counts[:, 1]
    assert found.log_scale[0] == pytest.approx(np.log((excess / signal)[1] / (excess / signal)[0]), abs=1e-10)
    variance = np.sum((counts[:, 0] + ALPHA**2 * counts[:, 1]) / excess**2)
    assert found.covariance[0, 0] == pytest.approx(variance, rel=1e-9)
    assert found.stat == pytest.approx(0, abs=1e-9)


def test_another_reference_is_the_same_ratios():
    """Three instruments in six cells, of which each in turn is the one without a scale."""
    rng = np.random.default_rng(8)
    cell, instrument = np.repeat(np.arange(6), 3), np.tile(np.arange(3), 6)
    counts = np.column_stack([rng.poisson(np.array([60, 90, 40])[instrument]), rng.poisson(40, 18)])
    ratios, stats, errors = [], [], []
    for reference in range(3):
        scale = np.select(
            [instrument == reference, instrument > reference], [NO_SCALE, instrument - 1], instrument
        )
        found = common_scales([spectra_of(counts, scale, cell)], 6, np.full(2, np.inf))
        full = np.insert(found.log_scale, reference, 0.0)
        spread = np.insert(np.insert(found.covariance, reference, 0, axis=0), reference, 0, axis=1)
        ratios.append(full[1:] - full[0])
        errors.append([spread[k, k] + spread[0, 0] - 2 * spread[0, k] for k in (1, 2)])
        stats.append(found.stat)
    for other in (1, 2):
        assert_allclose(ratios[other], ratios[0], atol=1e-9)
        assert_allclose(errors[other], errors[0], rtol=1e-7)
        assert stats[other] == pytest.approx(stats[0], abs=1e-9)


def test_cells_at_zero_and_cells_without_counts_say_nothing():
    told = [(40, 20), (50, 20)]
    kinds = [[spectra_of(told, [NO_SCALE, 0])]]
    kinds.append(
        [spectra_of([*told, (1, 90), (0, 80), (0, 0), (0, 0)], [NO_SCALE, 0] * 3, [0, 0, 1, 1, 2, 2])]
    )
    one, more = (common_scales(each, 1 + 2 * k, np.array([np.inf])) for k, each in enumerate(kinds))
    assert_allclose(more.flux[1:], 0.0, atol=1e-12)
    assert more.converged
    assert_allclose(more.log_scale, one.log_scale, atol=1e-10)
    assert_allclose(more.covariance, one.covariance, rtol=1e-9)


def test_what_nothing_tells_is_not_found():
    alone = common_scales([spectra_of([(40, 20), (50, 20)], [0, 1])], 1, np.full(2, np.inf))
    assert not alone.converged
    assert np.all(np.isinf(np.diag(alone.covariance)))
    empty = common_scales([spectra_of([(0, 20), (0, 20)], [NO_SCALE, 0])], 1, np.array([np.inf]))
    assert not empty.converged
    with_prior = common_scales([spectra_of([(0, 20), (0, 20)], [NO_SCALE, 0])], 1, np.array([0.2]))
    assert with_prior.converged
    assert_allclose([with_prior.log_scale[0], with_prior.covariance[0, 0]], [0, 0.04], atol=1e-12)


FEW = [
    # What is searched from a scale of 1 ends in a minimum beside the least one,
    (1.0, [(2, 0), (0, 1), (2, 0), (2, 0)], [1.4, 1.4, 1.2, 0.8], True),
    (1.0, [(2, 0), (2, 0), (0, 0), (2, 0), (2, 0), (1, 0)], [0.9, 1.4, 1.0, 1.5, 0.5, 1.1], True),
    (1.0, [(0, 2), (1, 0), (1, 0), (2, 1)], [0.9, 1.1, 0.2, 0.8], True),
    # or in one that is above what a scale of nothing gives.
    (0.05, [(1, 13), (0, 13), (1, 11), (1, 14)], [0.3, 0.7, 1.2, 0.6], False),
    (1.0, [(5, 0), (0, 1), (0, 0), (2, 0), (0, 0), (0, 0)], [1.3, 0.8, 0.3, 0.9, 0.5, 0.2], False),
]


@pytest.mark.parametrize(("alpha", "counts", "signal", "is_told"), FEW)
def test_of_few_counts_the_least_of_several_minima_is_found(alpha, counts, signal, is_told):
    """Against the statistic on a grid; where it is least far away, nothing tells the scale."""
    n_on, n_off = np.array(counts, dtype=float).T
    n, grid = len(n_on), np.linspace(-8, 8, 81)
    likelihood = WstatLikelihood(np.arange(n), n_on, n_off, np.full(n, alpha), np.array(signal), n)
    kinds = [ScaledKind(likelihood, np.arange(n) // 2, np.tile([NO_SCALE, 0], n // 2))]
    found, cells = (
        common_scales(kinds, n // 2, np.array([np.inf])),
        CellsOfScales(kinds, n // 2, np.array([np.inf])),
    )
    stats = np.array([2 * cells.evaluate(np.array([[each]]))[0][0][0] for each in grid])
    assert found.converged == is_told
    if is_told:
        assert stats.min() - 0.02 < found.stat <= stats.min() + 1e-7
    else:
        assert min(stats[0], stats[-1]) <= min(stats.min() + 0.02, found.stat)
