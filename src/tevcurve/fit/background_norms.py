"""Norms that the backgrounds of cubes have in common."""

from dataclasses import replace

import numpy as np

from tevcurve.fit.cube_likelihood import cash_terms
from tevcurve.fit.cube_pieces import beside_its_background, piece_of_run, with_free_background
from tevcurve.fit.row_likelihood import RunPieces, cut_runs
from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.shared_amplitudes import SharedByRows

# How far below zero a flux may go, of the way to where the prediction of a cell would vanish.
FAR = 0.99


def shared_norms(runs, fluxes, dark, group, sigma):
    """(norms (n_groups,), their errors) of the backgrounds of groups of cubes, each group having one.

    Each run and band has a flux of its own: whatever the source does meanwhile, what a run has counted in each cell
    goes with its mean flux. It may be below zero, nearly as far as the prediction of every cell is above; bound at zero
    it would take fluctuations up only, and norms of runs without a source would be low. What is known of a norm
    beforehand is a Gaussian around 1. A group of which no run expects anything of the source has that.

    Parameters
    ----------
    runs : list of `CubeTerms` without further sources, with their `first` cells; that their background has a norm
        already does not matter
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the reference spectrum in each run
    dark : bool array (n_bands,), bands that are not fitted
    group : int array (n_runs,), the group of each run
    sigma : float array (n_groups,), standard deviations of what is known beforehand

    Raises `FloatingPointError` where a norm was not found.
    """
    norm, error = np.ones(len(sigma)), np.array(sigma, dtype=float)
    likelihood, fitted = _whole_runs(runs, fluxes, dark)
    own = group[fitted // len(dark)]
    known, number = np.unique(own, return_inverse=True)
    if not len(known):
        return norm, error
    shared = SharedByRows(likelihood, number.ravel(), len(known), error[known] ** -2)
    found = best_amplitudes(shared)
    if not found.converged.all():
        raise FloatingPointError("A norm of the background was not found.")
    norm[known], error[known] = found.amplitudes[:, 0], found.hessian[:, 0, 0] ** -0.5
    return norm, error


def _whole_runs(runs, fluxes, dark):
    """(likelihood of runs times bands with amplitudes of source and background, numbers of those that are fitted)."""
    counts = [len(run.gti.intervals) for run in runs]
    number = np.repeat(np.arange(len(runs)), counts)
    good = np.concatenate([run.gti.intervals for run in runs])
    pieces = RunPieces(len(runs), number, number, good[:, 0], good[:, 1])
    cut = cut_runs(runs, pieces, [run.time_s for run in runs])
    n_rows = len(runs) * len(dark)
    each_run = zip(map(with_free_background, runs), cut.cuts, fluxes, strict=True)
    made = [beside_its_background(_counted_from_below(piece_of_run(*each), n_rows)) for each in each_run]
    signal = sum(np.bincount(piece.row, piece.signal_total, n_rows) for piece in made)
    background = sum(np.bincount(piece.row, piece.further_total[0], n_rows) for piece in made)
    fitted = np.flatnonzero((signal > 0) & (background > 0) & np.tile(~dark, len(runs)))
    terms = cash_terms(made, fitted, n_rows, below_zero=False, further=[(1,)] * len(made))
    return CashLikelihood(terms), fitted


def _counted_from_below(piece, n_rows):
    """The piece of a run with the amplitude of its source counted from a flux below zero, in units of the background's.

    The background b*B + a*S is b*(B - k*S) + (a + k*b)*S, and B - k*S is a background as any as long as it is nowhere
    below zero.
    """
    first, least = piece.first(), np.full(n_rows, np.inf)
    seen = piece.event_signal > 0
    for row, background, signal in (
        (first.row, first.background, first.signal),
        (piece.event_row[seen], piece.event_background[seen], piece.event_signal[seen]),
    ):
        np.minimum.at(least, row, background / signal)
    far = np.where(np.isfinite(least), FAR * least, 0.0)
    return replace(
        piece,
        background_total=piece.background_total - far[piece.row] * piece.signal_total,
        event_background=piece.event_background - far[piece.event_row] * piece.event_signal,
    )
