"""Time bins and bands laid over runs in 3D: events, each with the number of its row, and totals per row and run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tevcurve.fit.confusion import HIGHEST, expected_correlations
from tevcurve.fit.cube_pieces import (
    beside_its_background,
    piece_of_run,
    stacked_piece,
    with_free_background,
)
from tevcurve.fit.expected_cells import cells_of_runs
from tevcurve.fit.protocols import DrawnCells, Expected
from tevcurve.fit.row_events import cube_events
from tevcurve.fit.row_likelihood import RowPieces, RowSetting, cut_runs, for_each_run
from tevcurve.fit.searched_cubes import CubeRows, SearchedCubes
from tevcurve.fit.spectral_terms import cube_rows
from tevcurve.fit.toys_cubes import CubeToys
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import CashLikelihood, cash_profile
from tevcurve.kernels.numbering import first_together, numbers_among, numbers_by_row, sums_by_owner
from tevcurve.kernels.terms import CashTerms


@dataclass(frozen=True, eq=False)
class CubeRule:
    """What is fitted of cubes beside the flux of the source and norms of backgrounds, and what is known of these.

    Attributes
    ----------
    error : standard deviation of a Gaussian prior around 1 for each norm of the background, or None
    below_zero : bool, whether fluxes may be asked for below zero; it takes a look at cells without events, too
    further : for each run a tuple of numbers, from 1, of the amplitudes of its further sources; empty for none
    names : tuple of the names of these, in the order of their numbers
    search : function of the numbers of the fitted rows to the profile of them, where more than amplitudes is free
    """

    error: float | None = None
    below_zero: bool = True
    further: tuple = ()
    names: tuple = ()
    search: Callable | None = None


ROWS, CUBES = RowSetting(), CubeRule()


class JointCubes(CubeRows):
    """Rows of a 3D light curve in which amplitudes are fitted: of the source, and of further ones beside it.

    Parameters
    ----------
    laid, counted : the arguments of a `CubeRows`
    further : for each run a tuple of the numbers of the amplitudes of its further sources; empty for none
    names : tuple of the names of these sources
    """

    def __init__(self, *laid, further=(), names=(), **counted):
        super().__init__(*laid, **counted)
        self.further, self.names = further, names

    def expected(self, norm, further=None):
        """The `Expected` of the fitted rows at norms (n_fitted,), one part for each run of a row.

        Parameters
        ----------
        norm : float array (n_fitted,)
        further : float array (n_fitted, n_further), the other amplitudes; default: at their best
        """
        profile = self.profile
        amplitudes = profile.best(norm) if further is None else np.column_stack([norm, further])
        return Expected(norm * profile.total, *profile.likelihood.expected(amplitudes))

    def events(self, norm):
        """The `RowEvents` of the fitted rows at norms (n_fitted,). norm: float array (n_fitted,)."""
        return cube_events(self, norm)

    def runs_apart(self):
        """The `RowPieces` of the fitted rows."""
        likelihood, row = self.profile.likelihood.pieces()
        return RowPieces(likelihood, row, self._run_of_piece())

    def _run_of_piece(self):
        """The run of each piece of the fitted rows, int array (n_pieces,), in the order of rows and runs."""
        rows = [cut.rows(self.n_bands).ravel() for cut in self.cut.cuts]
        own = [each[np.isin(each, self.fitted)] for each in rows]
        numbers = numbers_by_row(own, self.setting.together)
        run = np.empty(1 + max((int(each.max()) for each in numbers if len(each)), default=-1), dtype=int)
        # Of several parts the first is the last to be written.
        for number, pieces in reversed(list(enumerate(numbers))):
            run[pieces] = number
        return run

    def background_slopes(self, norm):
        """Mixed derivatives of half the statistic in norm and ln(background) of each piece, float array (n_pieces,).

        In the order of `pieces`; 0 where the norm of the background is fitted.

        norm: float array (n_fitted,), norms of the rows.
        """
        pieces = zip(map(with_free_background, self.runs), self.cut.cuts, self.fluxes, strict=True)
        made, run = [piece_of_run(*each) for each in pieces], self._run_of_piece()
        made = [beside_its_background(piece) for piece in made]
        terms = cash_terms(made, self.fitted, self.n_bins, False, [(1,)] * len(made), self.setting.together)
        likelihood, row = CashLikelihood(terms).pieces()
        known = np.array([each.background_norm or 0.0 for each in self.runs])[run]
        with np.errstate(all="ignore"):
            (_, _, hessian), _ = likelihood.evaluate(np.column_stack([norm[row], known]), None, value=False)
        slopes = known * hessian[:, 0, 1]
        return np.where(np.isfinite(slopes), slopes, 0.0)

    def confusions(self, minimum):
        """Rows whose source cannot be told from another, see `RowLikelihood`; decided by what is expected of both.

        minimum: `~tevcurve.fit.minimize.Minimum` of the profile.
        """
        expected = None
        if any(self.further):
            expected = expected_correlations(self, np.column_stack([minimum.norm, minimum.further]))
        if expected is None:
            return {}
        worst = np.abs(expected).argmax(axis=1)
        found = expected[np.arange(len(worst)), worst]
        return {
            int(self.fitted[k]): (self.names[worst[k]], float(found[k]))
            for k in np.flatnonzero(np.abs(found) > HIGHEST)
        }

    def signal_rates(self, band, flux=None):
        """Counts expected of the source in a band per second of live time, float array (n_runs,).

        Parameters
        ----------
        band : int, number of the band
        flux : float array (n_true,), cm-2 s-1, of a spectrum; default: the reference, as each run sees it
        """
        pairs = zip(self.runs, self.fluxes if flux is None else [flux] * len(self.runs), strict=True)
        return np.array([run.signal_total(flux)[band] for run, flux in pairs])


class CubeLikelihood(JointCubes):
    """Rows of a 3D light curve in which the flux of one source and norms of backgrounds are all that is fitted.

    The profile is an `OneAmplitude` of a `CashLikelihood` with one amplitude; the arguments are as for `JointCubes`.
    """

    def reshaped(self, rows):
        """The `CubeSpectralRows` of some rows (int array, sorted), which may have another flux in each true-energy bin.

        rows: sorted int array.
        """
        return cube_rows(self, rows)

    def toys(self, rows):
        """What draws toys of some rows (int array, sorted), a `CubeToys`. rows: sorted int array."""
        return CubeToys(self, rows)

    def drawn(self):
        """The `DrawnCells` of the fitted rows."""
        runs, terms = self.compact_runs(), self.profile.likelihood.terms
        laid = self.n_bands, self.stacked, self.setting.together
        cells = cells_of_runs(runs, self.cut.cuts, self.fluxes, *laid)
        has_pixels = any(run.compact.shares.shape[1] > 1 for run in runs)
        is_counting = not has_pixels and not np.any(terms.background_total > 0)
        return DrawnCells([partial(cells, row) for row in self.fitted], is_counting)


def rows_of_cubes(runs, time_bins, flux, setting=ROWS, rule=CUBES, compact_runs=None):
    """The `CubeLikelihood` of runs; a `JointCubes` or `SearchedCubes` where the rule has more that is free.

    Where a bin has several, they are fitted jointly, one flux and a background norm for each run, which its parts
    share; or stacked, the sums of their predictions in each cell, with one background norm.

    Parameters
    ----------
    runs : list of `CubeTerms`; to be stacked they need their `compact` response
    time_bins : `TimeBins` or `RunPieces`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum in each true-energy bin; or a list, one for each
        run
    setting : `~tevcurve.fit.row_likelihood.RowSetting`
    rule : `CubeRule`
    compact_runs : function without arguments to the runs with their `compact` response, for those who want to draw
        toys; default: they have it
    """
    cut, fluxes = cut_runs(runs, time_bins, [run.time_s for run in runs]), for_each_run(flux, runs)
    n_rows = cut.n_times * runs[0].n_bands
    pieces = [piece_of_run(*each) for each in zip(runs, cut.cuts, fluxes, strict=True)]
    signal = sum(np.bincount(piece.row, piece.signal_total, n_rows) for piece in pieces)
    fitted = np.flatnonzero((signal > 0) & np.tile(~setting.dark_bands(runs[0].n_bands), cut.n_times))
    counted = _counted(runs, cut, pieces, n_rows, setting.seconds is not None)
    if rule.search is None:
        if setting.stacked:
            pieces = [stacked_piece(runs, pieces, cut, n_rows, flux)]
        terms = cash_terms(pieces, fitted, n_rows, rule.below_zero, rule.further, setting.together)
        profile = cash_profile(terms.with_prior(rule.error))
    else:
        profile = rule.search(fitted)
    reaches = [run.reach() for run in runs]
    compact_runs = (lambda: runs) if compact_runs is None else compact_runs
    laid = profile, fitted, runs, cut, reaches, setting
    counted |= {"fluxes": fluxes, "compact_runs": compact_runs}
    if rule.search is not None:
        return SearchedCubes(*laid, **counted)
    kind = JointCubes if any(rule.further) else CubeLikelihood
    return kind(*laid, **counted, further=rule.further, names=rule.names)


def _counted(runs, cut, pieces, n_rows, whole):
    """Counts of each row, those at raised backgrounds, and of whole runs those without prediction; a dict of arrays."""
    counts = sum(np.bincount(piece.event_row, piece.event_count, n_rows) for piece in pieces).astype(float)
    floored, unpredicted = np.zeros(n_rows), np.zeros(n_rows)
    for run, part, piece in zip(runs, cut.cuts, pieces, strict=True):
        if len(run.floored):
            raised = np.isin(part.event, run.floored)
            weight = None if piece.event_count is None else piece.event_count[raised]
            floored += np.bincount(piece.event_row[raised], weight, n_rows)
        if whole and run.unpredicted:
            unpredicted[part.bins] += run.unpredicted
    return {"counts": counts, "floored": floored, "unpredicted": unpredicted}


def cash_terms(pieces, fitted, n_rows, below_zero, further=(), together=None):
    """The `CashTerms` of the fitted rows, blocks in the order of rows and runs, events in that of their times.

    Parameters
    ----------
    pieces : list of what `piece_of_run` gives
    fitted : int array, numbers of the rows that are fitted
    n_rows : int, number of all rows
    below_zero, further : see `CubeRule`
    together : as in `~tevcurve.fit.row_likelihood.RowSetting`, of the pieces: those together are one block in a row
    """
    number, pieces = numbers_among(fitted, n_rows), [piece.once_each() for piece in pieces]
    block_row = np.concatenate([number[piece.row] for piece in pieces])
    block_run = np.repeat(np.arange(len(pieces)), [len(piece.row) for piece in pieces])
    block_order = np.argsort(block_row, kind="stable")
    block_order = block_order[block_row[block_order] >= 0]
    event_row = np.concatenate([number[piece.event_row] for piece in pieces])
    event_run = np.repeat(np.arange(len(pieces)), [len(piece.event_row) for piece in pieces])
    # Rows times runs number the blocks without a gap in neither, so a search finds each event's block.
    key = block_row[block_order] * len(pieces) + block_run[block_order]
    event_block = np.searchsorted(key, event_row * len(pieces) + event_run)
    owner, of_block = np.arange(len(key)), block_row[block_order]
    if together is not None:
        first = first_together(of_block, block_run[block_order], together)
        kept, owner = np.unique(of_block * len(pieces) + first, return_inverse=True)
        owner, of_block = owner.ravel(), kept // len(pieces)
        event_block = np.append(owner, 0)[event_block]
    n_blocks = len(of_block)
    event_order = np.argsort(event_block, kind="stable")
    event_order = event_order[event_row[event_order] >= 0]
    event_block = event_block[event_order]
    background, constant = (
        np.concatenate([getattr(piece, name) for piece in pieces])[event_order]
        for name in ("event_background", "event_constant")
    )
    totals = [
        np.concatenate([getattr(piece, name) for piece in pieces])[block_order]
        for name in ("background_total", "constant_total")
    ]
    totals.append(_shared(pieces, further, "signal_total", "further_total")[block_order])
    if together is not None:
        totals = [sums_by_owner(each, owner, n_blocks) for each in totals]
    background_total, constant_total, shared_total = totals
    shared = _shared(pieces, further, "event_signal", "event_further")[event_order]
    seen = shared[:, 0] > 0 if shared.shape[1] == 1 else (shared > 0).any(axis=1)
    lone = ~seen & ((constant == 0) | (background == 0))
    scaling, count = lone & (constant == 0), _event_counts(pieces)[event_order]
    logs = count[lone] * np.log(background[lone] + constant[lone])
    return CashTerms(
        n_bins=len(fitted),
        block_bin=of_block,
        shared_total=shared_total,
        background_total=background_total,
        constant_total=constant_total,
        event_block=event_block[~lone],
        event_count=count[~lone],
        event_shared=shared[~lone],
        event_background=background[~lone],
        event_constant=constant[~lone],
        lone_count=np.bincount(event_block[scaling], count[scaling], n_blocks),
        lone_log=np.bincount(event_block[lone], logs, n_blocks),
        bounds=_bounds(pieces, number, key, further, owner) if below_zero else None,
    )


def _event_counts(pieces):
    """How many counts each event of all pieces stands for, float array (n_events,)."""
    counts = [
        np.ones(len(each.event_row)) if each.event_count is None else each.event_count for each in pieces
    ]
    return np.concatenate(counts)


def _shared(pieces, further, name, further_name):
    """What all pieces expect of each source with an amplitude, float array (n, n_shared); the source is column 0."""
    n_shared = 1 + max((number for numbers in further for number in numbers), default=0)
    own = np.concatenate([getattr(piece, name) for piece in pieces])
    shared = np.zeros((len(own), n_shared))
    shared[:, 0] = own
    end = 0
    for piece, numbers in zip(pieces, further, strict=False):
        begin, end = end, end + len(getattr(piece, name))
        for number, values in zip(numbers, getattr(piece, further_name) if numbers else (), strict=True):
            shared[begin:end, number] = values
    return shared


def _bounds(pieces, number, key, further, owner):
    """The `BoundCells` of blocks.

    number: int array (n_rows,), -1 for no fit. key, owner: int arrays, row * pieces + piece, and the block of that.
    """
    first = [piece.first() for piece in pieces]
    row, background, constant = (
        np.concatenate([getattr(each, name) for each in first]) for name in ("row", "background", "constant")
    )
    shared = _shared(first, further, "signal", "further")
    run = np.repeat(np.arange(len(pieces)), [len(each.row) for each in first])
    own = np.flatnonzero(number[row] >= 0)
    block = owner[np.searchsorted(key, number[row[own]] * len(pieces) + run[own])]
    return BoundCells.of(block, shared[own, 0], background[own], constant[own], shared[own, 1:])
