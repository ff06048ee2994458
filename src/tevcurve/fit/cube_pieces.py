"""Pieces of 3D rows: what a run expects and has counted in each row of a light curve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tevcurve.datasets.first_cells import undominated


@dataclass(frozen=True, eq=False)
class _FirstOfRows:
    """Cells that may be the first without a prediction, arrays (n_cells,): their row, and what is expected there.

    further : float array (n_further, n_cells)
    """

    row: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    constant: np.ndarray
    further: np.ndarray


@dataclass(frozen=True, eq=False)
class _Piece:
    """One run's blocks (a row each) and events: totals (n_blocks,), values at events (n_events,).

    first: function without arguments to the `_FirstOfRows`, which only fluxes below zero need.
    event_count: how many counts an event stands for, or None for one each.
    event_same: the same number for events in one cell and time bin, at which the same is expected, or None.
    further_total, event_further: (n_further, ...) of further sources, or None.
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
    event_count: np.ndarray | None = None
    further_total: np.ndarray | None = None
    event_further: np.ndarray | None = None
    cell: np.ndarray | None = None
    event_same: np.ndarray | None = None

    def once_each(self) -> "_Piece":
        """The same with events at which the same is expected as one, of so many counts, where the first of them is."""
        if self.event_same is None:
            return self
        same, first, counts = np.unique(self.event_same, return_index=True, return_counts=True)
        if len(same) == len(self.event_same):
            return self
        order = np.argsort(first)
        first = first[order]
        names = ("event_row", "event_signal", "event_background", "event_constant", "event_same")
        return replace(
            self,
            **{name: getattr(self, name)[first] for name in names},
            event_count=counts[order].astype(float),
            event_further=None if self.event_further is None else self.event_further[:, first],
        )


def piece_of_run(run, cut, flux):
    """A run's share in the rows: rates times the seconds of each bin.

    Parameters
    ----------
    run : `CubeTerms`
    cut : the run cut at the rows' times
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum
    """
    n_bands = run.n_bands
    livetime = cut.seconds * run.deadc
    background_total = np.einsum("ms,sb->mb", cut.ontime, run.background_total)
    background = np.einsum("es,se->e", cut.ontime[cut.event_bin], run.background[:, cut.event])
    constant_total = livetime[:, None] * np.broadcast_to(run.fixed_total, n_bands)
    constant = livetime[cut.event_bin] * np.broadcast_to(run.fixed, len(run.time_s))[cut.event]
    if run.background_norm is not None:
        constant_total = constant_total + run.background_norm * background_total
        constant = constant + run.background_norm * background
        background_total, background = np.zeros_like(background_total), np.zeros_like(background)
    of_further = {}
    if run.further is not None:
        of_further["further_total"] = np.stack(
            [(livetime[:, None] * each).ravel() for each in run.further_total]
        )
        of_further["event_further"] = run.further[:, cut.event] * livetime[cut.event_bin]
    return _Piece(
        row=cut.rows(n_bands).ravel(),
        signal_total=(livetime[:, None] * run.signal_total(flux)).ravel(),
        background_total=background_total.ravel(),
        constant_total=constant_total.ravel(),
        first=partial(_first_of_rows, run, cut, flux),
        event_row=cut.bins[cut.event_bin] * n_bands + run.band[cut.event],
        event_signal=run.signal(flux)[cut.event] * livetime[cut.event_bin],
        event_background=background,
        event_constant=constant,
        event_count=None if run.count is None else run.count[cut.event],
        event_same=_same(run, cut),
        **of_further,
    )


def _same(run, cut):
    """`event_same` of the events of a cut run; None where each is for itself, or stands for several counts already."""
    if run.of_cell is None or run.count is not None or not len(cut.event):
        return None
    cell = run.cell[cut.event]
    return cut.event_bin * (int(cell.max()) + 1) + cell


def _first_of_rows(run, cut, flux):
    """The `_FirstOfRows` of a run: in each row the cells of its band that need not be the last."""
    band, own = run.band_of_bin[run.first.reco], run.first
    signal = run.deadc * np.einsum("ct,t->c", own.response, flux)
    seen = np.flatnonzero((band >= 0) & (signal > 0))
    seconds = cut.seconds
    background = np.einsum("ms,sc->mc", cut.ontime, own.background[:, seen])
    constant = np.multiply.outer(seconds * run.deadc, own.fixed[seen])
    if run.background_norm is not None:
        constant, background = constant + run.background_norm * background, np.zeros_like(background)
    row = cut.rows(run.n_bands, band[seen])
    parts = row, np.multiply.outer(seconds, signal[seen]), background, constant
    further = np.zeros((0, len(seen))) if own.further is None else own.further[:, seen]
    further = np.multiply.outer(further, seconds * run.deadc).swapaxes(1, 2)
    return _FirstOfRows(*(each.ravel() for each in parts), further.reshape(len(further), row.size))


def with_free_background(run):
    """`CubeTerms` whose background has no norm that is known. run: `CubeTerms`."""
    return run if run.background_norm is None else replace(run, background_norm=None)


def beside_its_background(piece):
    """A piece with its background as the one further source, in place of a background with a norm of its own.

    piece: what `piece_of_run` or `stacked_piece` gives of `CubeTerms` without further sources.
    """
    return replace(
        piece,
        further_total=piece.background_total[None],
        event_further=piece.event_background[None],
        background_total=np.zeros_like(piece.background_total),
        event_background=np.zeros_like(piece.event_background),
    )


def stacked_piece(runs, pieces, cut, n_rows, flux):
    """One piece for all runs: in each cell with an event, what every run of its row expects there.

    Parameters
    ----------
    runs : list of `CubeTerms` with their `compact` response
    pieces : list of what `piece_of_run` gives for each run
    cut : `CutRuns`
    n_rows : int, number of all rows
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum
    """
    n_bands = runs[0].n_bands
    event_row = np.concatenate([piece.event_row for piece in pieces])
    cell = np.concatenate([run.cell[part.event] for run, part in zip(runs, cut.cuts, strict=True)])
    order = np.argsort(event_row, kind="stable")
    event_row, cell = event_row[order], cell[order]
    signal, background, constant = (np.zeros(len(cell)) for _ in range(3))
    further = np.zeros((0 if runs[0].further is None else len(runs[0].further), len(cell)))
    for run, part in zip(runs, cut.cuts, strict=True):
        ontime = np.zeros((cut.n_times, part.ontime.shape[1]))
        ontime[part.bins] = part.ontime
        ontime = ontime[event_row // n_bands]
        shared = np.flatnonzero(ontime.any(axis=1))
        livetime = ontime[shared].sum(axis=1) * run.deadc
        signal[shared] += run.compact.signal_at(cell[shared], flux) * livetime
        background[shared] += np.einsum("es,se->e", ontime[shared], run.compact.background_at(cell[shared]))
        constant[shared] += run.compact.fixed_at(cell[shared]) * livetime
        further[:, shared] += run.compact.further_at(cell[shared]) * livetime
    rows = np.flatnonzero(np.bincount(np.concatenate([piece.row for piece in pieces]), minlength=n_rows))

    def per_row(name):
        return sum(np.bincount(piece.row, getattr(piece, name), n_rows) for piece in pieces)[rows]

    totals = (per_row(name) for name in ("signal_total", "background_total", "constant_total"))
    first = partial(_first_of_stacked, runs, pieces, cut, flux)
    of_further = {}
    if len(further):
        of_runs = [[np.bincount(each.row, part, n_rows) for part in each.further_total] for each in pieces]
        of_further = {"further_total": np.sum(of_runs, axis=0)[:, rows], "event_further": further}
    return _Piece(rows, *totals, first, event_row, signal, background, constant, cell=cell, **of_further)


def _first_of_stacked(runs, pieces, cut, flux):
    """The `_FirstOfRows` of rows whose runs are added up: of several runs the first cell of the sums is any cell."""
    n_bands, n_runs = runs[0].n_bands, np.zeros(cut.n_times, dtype=int)
    for part in cut.cuts:
        n_runs[part.bins] += 1
    firsts = [piece.first() for piece in pieces]
    alone = [np.flatnonzero(n_runs[first.row // n_bands] == 1) for first in firsts]
    found = [
        _FirstOfRows(*(values[..., own] for values in vars(first).values()))
        for first, own in zip(firsts, alone, strict=True)
    ]
    several = np.flatnonzero(n_runs > 1)
    dense = [run.compact.in_all_cells(flux) for run in runs] if len(several) else []
    for time_bin in several:
        found += _first_of_sums(runs, cut, dense, time_bin)
    names = vars(found[0])
    return _FirstOfRows(*(np.concatenate([getattr(each, name) for each in found], axis=-1) for name in names))


def _first_of_sums(runs, cut, dense, time_bin):
    """The `_FirstOfRows` of each band of a time bin in which several runs are added up, a list.

    dense: what each run expects in all cells.
    """
    signal, background, others = 0.0, 0.0, 0.0
    for run, part, (rate, own, fixed) in zip(runs, cut.cuts, dense, strict=True):
        rest = np.concatenate([fixed[None], run.compact.further_cells])
        for at in np.flatnonzero(part.bins == time_bin):
            in_fit, livetime = run.band_of_bin[:, None] >= 0, part.ontime[at].sum() * run.deadc
            signal = signal + np.where(in_fit, rate, 0.0) * livetime
            background = background + np.where(in_fit, np.einsum("s,srp->rp", part.ontime[at], own), 0.0)
            others = others + np.where(in_fit, rest, 0.0) * livetime
    found = []
    for band in range(runs[0].n_bands):
        mine = np.any([run.band_of_bin == band for run in runs], axis=0)[:, None] & (signal > 0)
        if mine.any():
            cells = _first_of_cells(signal[mine], background[mine], others[:, mine])
            row = np.full(len(cells), time_bin * runs[0].n_bands + band)
            own, free, (constant, *further) = (
                signal[mine][cells],
                background[mine][cells],
                others[:, mine][:, cells],
            )
            found.append(_FirstOfRows(row, own, free, constant, np.reshape(further, (-1, len(cells)))))
    return found


def _first_of_cells(signal, background, others):
    """Numbers of the cells that may be the first without a prediction; others: float array (n_others, n_cells)."""
    if not others.any():
        return np.argmin(background / signal)[None]
    rest = np.concatenate([background[None], others[others.any(axis=1)]])
    return np.array(undominated(signal[None], rest, np.arange(len(signal))))
