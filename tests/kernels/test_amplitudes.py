"""Likelihoods of amplitudes: pieces that add up, all amplitudes together, and rows of pieces of both kinds."""

import numpy as np
import pytest
from dense_likelihood import profile_stat, simulate_bin, terms_of
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, minimize_scalar

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import WstatLikelihood
from tevcurve.kernels.scaled_pieces import ScaledPieces

BINS = [simulate_bin(seed, n_blocks=1 + seed % 3, n_shared=2, source=20.0) for seed in range(40)]
AMPLITUDES = np.random.default_rng(2).uniform(0.1, 3, (40, 2))


def test_the_base_is_the_dense_likelihood_at_the_best_norms():
    (half, gradient, _), _ = CashLikelihood(terms_of(BINS)).evaluate(AMPLITUDES)
    for k, bin_ in enumerate(BINS):
        norms = [block.best_norm(AMPLITUDES[k]) for block in bin_]
        pairs = list(zip(bin_, norms, strict=True))
        assert half[k] == pytest.approx(sum(b.half_stat(AMPLITUDES[k], norm) for b, norm in pairs), rel=1e-12)
        expected = sum(b.half_gradient(AMPLITUDES[k], norm)[:2] for b, norm in pairs)
        assert_allclose(gradient[k], expected, rtol=1e-6, atol=1e-6)


def test_pieces_add_up_to_their_rows():
    likelihood = CashLikelihood(terms_of(BINS))
    pieces, row = likelihood.pieces()
    _, start = likelihood.evaluate(AMPLITUDES + 0.1)
    _, start_of_pieces = pieces.evaluate(AMPLITUDES[row] + 0.1)
    whole, _ = likelihood.evaluate(AMPLITUDES, start)
    parts, _ = pieces.evaluate(AMPLITUDES[row], start_of_pieces)
    assert_array_equal(np.bincount(row, parts[0], 40), whole[0])
    for of_rows, of_pieces in zip(whole[1:], parts[1:], strict=True):
        summed = np.zeros(of_rows.shape)
        np.add.at(summed, row, of_pieces)
        assert_allclose(summed, of_rows, rtol=1e-10, atol=1e-10)


def test_all_amplitudes_together():
    bins = [
        simulate_bin(seed, n_blocks=2, n_shared=3, source=40.0, strength=0.0 if seed == 3 else 1.0)
        for seed in range(6)
    ]
    found = best_amplitudes(CashLikelihood(terms_of(bins)))
    assert found.converged.all()
    for k, bin_ in enumerate(bins):

        def half(shared, bin_=bin_):
            return sum(block.half_stat(shared, block.best_norm(shared)) for block in bin_)

        options = {"ftol": 1e-14, "gtol": 1e-9}
        by_force = minimize(half, np.ones(3), bounds=[(0, None)] * 3, method="L-BFGS-B", options=options)
        assert found.stat[k] <= 2 * by_force.fun + 1e-7
        assert_allclose(found.amplitudes[k], by_force.x, atol=2e-3)
        assert_array_equal(found.held[k], by_force.x == 0)


def test_one_amplitude_with_the_others_taken_out_is_least_where_all_are():
    bins = BINS[:8]
    likelihood = CashLikelihood(terms_of(bins))
    together, alone = best_amplitudes(likelihood), estimate_norms(OneAmplitude(likelihood), err=1)
    assert_allclose(together.stat, alone.stat, atol=1e-7)
    inside = ~together.held.any(axis=1)
    error = np.sqrt(np.linalg.inv(together.hessian[inside])[:, 0, 0])
    assert_allclose(error, alone.norm_err[inside], rtol=1e-3)
    assert_allclose(together.amplitudes[:, 0], alone.norm, atol=1e-5)


class MixedRows:
    """Six rows, each with some pieces of cubes and some of ON/OFF spectra, each with a scale of its own."""

    def __init__(self):
        rng = np.random.default_rng(5)
        self.bins = [simulate_bin(30 + k, n_blocks=1 + k % 2, source=20.0) for k in range(6)]
        self.cubes, self.cube_row = CashLikelihood(terms_of(self.bins)).pieces()
        # Row 4 has no spectrum, and row 2 has two of them.
        self.spectrum_row = np.array([0, 1, 2, 2, 3, 5])
        cell = np.repeat(np.arange(6), 4)
        self.counts = rng.poisson(4, 24).astype(float), rng.poisson(15, 24).astype(float), np.full(24, 0.2)
        self.signal, self.cell = rng.uniform(0.1, 4, 24), cell
        self.spectra = WstatLikelihood(cell, *self.counts, self.signal, 6)
        self.log_scales = [rng.normal(0, 0.2, len(self.cube_row)), rng.normal(0, 0.2, 6)]

    def likelihood(self, log_scales=None):
        kinds = [(self.cubes, self.cube_row), (self.spectra, self.spectrum_row)]
        return ScaledPieces(kinds, 6, self.log_scales if log_scales is None else log_scales)

    def stat(self, row, a):
        """By the dense likelihoods of all pieces."""
        scales = np.exp(self.log_scales[0][self.cube_row == row])
        total = sum(
            profile_stat([block], a * scale) for block, scale in zip(self.bins[row], scales, strict=True)
        )
        for piece in np.flatnonzero(self.spectrum_row == row):
            own = self.cell == piece
            signal = a * np.exp(self.log_scales[1][piece]) * self.signal[own]
            total += wstat(*(each[own] for each in self.counts), signal).sum()
        return total


def test_rows_of_cubes_and_spectra_by_brute_force():
    mixed = MixedRows()
    found = estimate_norms(OneAmplitude(mixed.likelihood()), ul_rise=4.0)
    for row in range(6):
        best = minimize_scalar(
            lambda a, row=row: mixed.stat(row, a), bounds=(0, 20), method="bounded", options={"xatol": 1e-9}
        )
        assert found.norm[row] == pytest.approx(best.x, abs=1e-4)
        assert found.stat[row] == pytest.approx(best.fun, abs=1e-8)
        assert mixed.stat(row, found.norm_ul[row]) - best.fun == pytest.approx(4.0, abs=1e-6)


def test_a_mixed_row_alone_is_the_row():
    likelihood = MixedRows().likelihood()
    together = estimate_norms(OneAmplitude(likelihood), errn_errp=1, ul_rise=4.0, ts=True)
    some = np.array([1, 2, 4])
    for rows in (some, *some[:, None]):
        own = estimate_norms(OneAmplitude(likelihood.take(rows)[0]), errn_errp=1, ul_rise=4.0, ts=True)
        for name in ("norm", "stat", "norm_errn", "norm_errp", "norm_ul", "ts"):
            assert_array_equal(getattr(own, name), getattr(together, name)[rows])


def test_a_mixed_row_goes_as_far_below_zero_as_its_pieces():
    mixed = MixedRows()
    alone = mixed.cubes.lower_bound() / np.exp(mixed.log_scales[0])
    lowest = mixed.likelihood().lower_bound()
    # A fitted background makes up for any negative signal in spectra: cubes decide.
    assert_allclose(lowest, [alone[mixed.cube_row == row].max() for row in range(6)])
