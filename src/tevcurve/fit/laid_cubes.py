"""Time bins and bands laid over runs in 3D: events, each with the number of its row, and totals per row and run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tevcurve.fit.expected_cells import cells_of_runs
from tevcurve.fit.joint import raised_words
from tevcurve.fit.laid import LaidFit, cut_runs, no_exposure
from tevcurve.fit.row_exposure import row_exposure
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.poisson import cash_profile
from tevcurve.kernels.terms import CashTerms


class LaidCubes(LaidFit):
    """Rows of a 3D light curve; the profile is an `OneAmplitude` of a `CashLikelihood`."""

    method = "3d"

    def __init__(self, *laid, counts, floored, signal, dense):
        super().__init__(*laid)
        self.counts, self.floored, self.signal, self._dense = counts, floored, signal, dense

    def notes(self):
        """Events of each row where the background had to be raised from zero, in words."""
        notes = super().notes()
        for row in np.flatnonzero(self.floored):
            notes[row] = raised_words(self.floored[row])
        return notes

    def count_columns(self, norm):
        """Counts in the fit, and predicted counts of the source and of everything."""
        settled, _ = self.profile.settled(norm[self.fitted])
        terms = self.profile.likelihood.terms
        background = np.bincount(
            terms.block_bin, settled.norms * terms.background_total + terms.constant_total, terms.n_bins
        )
        signal = self.signal * norm
        return {"counts": self.counts, "npred": signal + self.spread(background), "npred_excess": signal}

    @property
    def is_counting(self):
        """Whether all cubes have one pixel and a known background, bool."""
        if np.any(self.profile.likelihood.terms.background_total > 0):
            return False
        return all(run.compact.shares.shape[1] == 1 for run in self._dense()[0])

    def row_cells(self):
        """Functions without arguments to the `ExpectedCells` of each fitted row, a list."""
        runs, flux = self._dense()
        cells = cells_of_runs(runs, self.cut.cuts, flux, self.n_bands, self.stacked)
        return [partial(cells, row) for row in self.fitted]


def lay_cubes(
    runs,
    time_bins,
    flux,
    *,
    dark=None,
    stacked=False,
    why_dark=no_exposure,
    background_error=None,
    compact_runs=None,
    below_zero=True,
):
    """The `LaidCubes` of runs.

    Where a bin has several, they are fitted jointly, one flux and a background norm for each run; or stacked, the
    sums of their predictions in each cell, with one background norm.

    Parameters
    ----------
    runs : list of `CubeTerms`
    time_bins : `TimeBins`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum in each true-energy bin
    dark : bool array (n_bands,), bands in which the reference has no flux, which are not fitted; default: none
    stacked : bool; the runs then need their `compact` response
    why_dark : see `LaidFit`
    background_error : standard deviation of a Gaussian prior around 1 for each norm of the background, or None
    compact_runs : function without arguments to the runs with their `compact` response, for those who want to draw
        toys; default: they have it
    below_zero : bool, whether fluxes may be asked for below zero; it takes a look at cells without events, too
    """
    n_bands = runs[0].n_bands
    cut = cut_runs(runs, time_bins, [run.time_s for run in runs])
    n_rows = cut.n_times * n_bands
    pieces = [piece_of_run(run, part, flux) for run, part in zip(runs, cut.cuts, strict=True)]
    counts = sum(np.bincount(piece.event_row, minlength=n_rows) for piece in pieces).astype(float)
    floored = sum(
        np.bincount(piece.event_row[np.isin(part.event, run.floored)], minlength=n_rows)
        for run, part, piece in zip(runs, cut.cuts, pieces, strict=True)
    )
    signal = sum(np.bincount(piece.row, piece.signal_total, n_rows) for piece in pieces)
    dark = np.zeros(n_bands, dtype=bool) if dark is None else dark
    fitted = np.flatnonzero((signal > 0) & np.tile(~dark, cut.n_times))
    if stacked:
        pieces = [stacked_piece(runs, pieces, cut, n_rows, flux)]
    terms = _cash_terms(pieces, fitted, n_rows, below_zero).with_prior(background_error)

    def dense():
        return (runs if compact_runs is None else compact_runs()), flux

    reaches = [run.reach() for run in runs]
    laid = (
        cash_profile(terms),
        fitted,
        cut,
        reaches,
        row_exposure(runs, cut, reaches),
        dark,
        why_dark,
        stacked,
    )
    return LaidCubes(*laid, counts=counts, floored=floored, signal=signal, dense=dense)


@dataclass(frozen=True, eq=False)
class _FirstOfRows:
    """Cells that may be the first without a prediction, arrays (n_cells,): their row, and what is expected there."""

    row: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    constant: np.ndarray


@dataclass(frozen=True, eq=False)
class _Piece:
    """One run's blocks (a row each) and events: totals (n_blocks,), values at events (n_events,).

    first: function without arguments to the `_FirstOfRows`, which only fluxes below zero need.
    """

    row: np.ndarray
    signal_total: np.ndarray
    background_total: np.ndarray
    constant_total: np.ndarray
    first: Callable[[], _FirstOfRows]
    event_row: np.ndarray
    event_signal: np.ndarray
    event_background: np.ndarray
    event_constant: np.ndarray
    cell: np.ndarray | None = None


def piece_of_run(run, cut, flux):
    """A run's share in the rows: rates times the seconds of each bin."""
    n_bands = run.n_bands
    livetime = cut.ontime.sum(axis=1) * run.deadc
    background_total = np.einsum("ms,sb->mb", cut.ontime, run.background_total)
    background = np.einsum("es,se->e", cut.ontime[cut.event_bin], run.background[:, cut.event])
    constant_total = livetime[:, None] * np.broadcast_to(run.fixed_total, n_bands)
    constant = livetime[cut.event_bin] * np.broadcast_to(run.fixed, len(run.time_s))[cut.event]
    if run.background_norm is not None:
        constant_total = constant_total + run.background_norm * background_total
        constant = constant + run.background_norm * background
        background_total, background = np.zeros_like(background_total), np.zeros_like(background)
    return _Piece(
        row=(cut.bins[:, None] * n_bands + np.arange(n_bands)).ravel(),
        signal_total=(livetime[:, None] * run.signal_total(flux)).ravel(),
        background_total=background_total.ravel(),
        constant_total=constant_total.ravel(),
        first=partial(_first_of_rows, run, cut, flux),
        event_row=cut.bins[cut.event_bin] * n_bands + run.band[cut.event],
        event_signal=run.signal(flux)[cut.event] * livetime[cut.event_bin],
        event_background=background,
        event_constant=constant,
    )


def _first_of_rows(run, cut, flux):
    """The `_FirstOfRows` of a run: in each row the cells of its band that need not be the last."""
    band, own = run.band_of_bin[run.first.reco], run.first
    signal = run.deadc * np.einsum("ct,t->c", own.response, flux)
    seen = np.flatnonzero((band >= 0) & (signal > 0))
    seconds = cut.ontime.sum(axis=1)
    background = np.einsum("ms,sc->mc", cut.ontime, own.background[:, seen])
    constant = np.multiply.outer(seconds * run.deadc, own.fixed[seen])
    if run.background_norm is not None:
        constant, background = constant + run.background_norm * background, np.zeros_like(background)
    row = cut.bins[:, None] * run.n_bands + band[seen]
    parts = row, np.multiply.outer(seconds, signal[seen]), background, constant
    return _FirstOfRows(*(each.ravel() for each in parts))


def stacked_piece(runs, pieces, cut, n_rows, flux):
    """One piece for all runs: in each cell with an event, what every run of its row expects there."""
    n_bands = runs[0].n_bands
    event_row = np.concatenate([piece.event_row for piece in pieces])
    cell = np.concatenate([run.cell[part.event] for run, part in zip(runs, cut.cuts, strict=True)])
    order = np.argsort(event_row, kind="stable")
    event_row, cell = event_row[order], cell[order]
    signal, background = np.zeros(len(cell)), np.zeros(len(cell))
    for run, part in zip(runs, cut.cuts, strict=True):
        ontime = np.zeros((cut.n_times, part.ontime.shape[1]))
        ontime[part.bins] = part.ontime
        ontime = ontime[event_row // n_bands]
        shared = np.flatnonzero(ontime.any(axis=1))
        livetime = ontime[shared].sum(axis=1) * run.deadc
        signal[shared] += run.compact.signal_at(cell[shared], flux) * livetime
        background[shared] += np.einsum("es,se->e", ontime[shared], run.compact.background_at(cell[shared]))
    rows = np.flatnonzero(np.bincount(np.concatenate([piece.row for piece in pieces]), minlength=n_rows))

    def per_row(name):
        return sum(np.bincount(piece.row, getattr(piece, name), n_rows) for piece in pieces)[rows]

    totals = (per_row(name) for name in ("signal_total", "background_total", "constant_total"))
    first = partial(_first_of_stacked, runs, pieces, cut, flux)
    return _Piece(rows, *totals, first, event_row, signal, background, np.zeros(len(cell)), cell)


def _first_of_stacked(runs, pieces, cut, flux):
    """The `_FirstOfRows` of rows whose runs are added up: of several runs the first cell of the sums is any cell."""
    n_bands, n_runs = runs[0].n_bands, np.zeros(cut.n_times, dtype=int)
    for part in cut.cuts:
        n_runs[part.bins] += 1
    firsts = [piece.first() for piece in pieces]
    alone = [np.flatnonzero(n_runs[first.row // n_bands] == 1) for first in firsts]
    found = [
        _FirstOfRows(*(values[own] for values in vars(first).values()))
        for first, own in zip(firsts, alone, strict=True)
    ]
    several = np.flatnonzero(n_runs > 1)
    dense = [run.compact.in_all_cells(flux) for run in runs] if len(several) else []
    for time_bin in several:
        signal, background = 0.0, 0.0
        for run, part, (rate, own, _) in zip(runs, cut.cuts, dense, strict=True):
            for at in np.flatnonzero(part.bins == time_bin):
                in_fit = run.band_of_bin[:, None] >= 0
                signal = signal + np.where(in_fit, rate, 0.0) * (part.ontime[at].sum() * run.deadc)
                background = background + np.where(in_fit, np.einsum("s,srp->rp", part.ontime[at], own), 0.0)
        for band in range(n_bands):
            mine = np.any([run.band_of_bin == band for run in runs], axis=0)[:, None] & (signal > 0)
            least = np.argmin(np.divide(background, signal, out=np.full(signal.shape, np.inf), where=mine))
            if mine.any():
                first = np.array(
                    [[time_bin * n_bands + band], [signal.flat[least]], [background.flat[least]], [0.0]]
                )
                found.append(_FirstOfRows(first[0].astype(int), *first[1:]))
    return _FirstOfRows(*(np.concatenate([getattr(each, name) for each in found]) for name in vars(found[0])))


def _cash_terms(pieces, fitted, n_rows, below_zero):
    """The `CashTerms` of the fitted rows, blocks in the order of rows and runs, events in that of their times."""
    number = np.full(n_rows, -1)
    number[fitted] = np.arange(len(fitted))
    block_row = np.concatenate([number[piece.row] for piece in pieces])
    block_run = np.repeat(np.arange(len(pieces)), [len(piece.row) for piece in pieces])
    block_order = np.argsort(block_row, kind="stable")
    block_order = block_order[block_row[block_order] >= 0]
    n_blocks = len(block_order)
    event_row = np.concatenate([number[piece.event_row] for piece in pieces])
    event_run = np.repeat(np.arange(len(pieces)), [len(piece.event_row) for piece in pieces])
    # Rows times runs number the blocks without a gap in neither, so a search finds each event's block.
    key = block_row[block_order] * len(pieces) + block_run[block_order]
    event_block = np.searchsorted(key, event_row * len(pieces) + event_run)
    event_order = np.argsort(event_block, kind="stable")
    event_order = event_order[event_row[event_order] >= 0]
    event_block = event_block[event_order]
    signal, background, constant = (
        np.concatenate([getattr(piece, name) for piece in pieces])[event_order]
        for name in ("event_signal", "event_background", "event_constant")
    )
    signal_total, background_total, constant_total = (
        np.concatenate([getattr(piece, name) for piece in pieces])[block_order]
        for name in ("signal_total", "background_total", "constant_total")
    )
    lone = (signal <= 0) & ((constant == 0) | (background == 0))
    scaling = lone & (constant == 0)
    return CashTerms(
        n_bins=len(fitted),
        block_bin=block_row[block_order],
        shared_total=signal_total[:, None],
        background_total=background_total,
        constant_total=constant_total,
        event_block=event_block[~lone],
        event_count=np.ones(np.count_nonzero(~lone)),
        event_shared=signal[~lone][:, None],
        event_background=background[~lone],
        event_constant=constant[~lone],
        lone_count=np.bincount(event_block[scaling], minlength=n_blocks).astype(float),
        lone_log=np.bincount(event_block[lone], np.log(background[lone] + constant[lone]), n_blocks),
        bounds=_bounds(pieces, number, key) if below_zero else None,
    )


def _bounds(pieces, number, key):
    """The `BoundCells` of blocks with keys (row * pieces + piece); number : int array (n_rows,), -1 for no fit."""
    first = [piece.first() for piece in pieces]
    row, signal, background, constant = (
        np.concatenate([getattr(each, name) for each in first])
        for name in ("row", "signal", "background", "constant")
    )
    run = np.repeat(np.arange(len(pieces)), [len(each.row) for each in first])
    own = np.flatnonzero(number[row] >= 0)
    block = np.searchsorted(key, number[row[own]] * len(pieces) + run[own])
    return BoundCells.of(block, signal[own], background[own], constant[own])
