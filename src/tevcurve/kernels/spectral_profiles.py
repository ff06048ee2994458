"""The likelihood of many rows, each with a spectrum of its own: value, slope and curvature in the spectrum's shape.

A row's cells (3D: events; 1D: reco bins) know the source by a response, so that a cell expects exp(u) * (K @ flux)
counts of it; u is the logarithm of the norm, and flux the spectrum in each true-energy bin. Everything else, the
backgrounds, is at its best value for that signal (`CubeSpectralRows`, `OnOffSpectralRows`), so that value, slope and
curvature are those of the profile in u and the shape's coordinates t: its slope is the partial one (envelope theorem),
its curvature a Schur complement.

All sums and products run over a row's own cells in their order: a row's numbers do not depend on other rows.
"""

from itertools import combinations_with_replacement

import numpy as np

from tevcurve.kernels.block_norms import ratio, settle_norms
from tevcurve.kernels.onoff import profile_background, wstat_profile
from tevcurve.kernels.onoff_beside import background_beside, profile_beside
from tevcurve.kernels.terms import CashTerms

# The search for a background norm ends so many of its errors from the root; Newton's last step makes that the square.
NORM_STOP = 1e-5


class SpectralRows:
    """Rows of cells with responses; the parent of `CubeSpectralRows` and `OnOffSpectralRows`.

    Parameters
    ----------
    first, length : int arrays (n_rows,), where each row's cells begin in `response`, and how many they are
    response : float array (any, n_true), cm2 s: counts in a cell per flux in each true-energy bin
    total : float array (n_rows, n_true), cm2 s: the same summed over all cells of the fit

    All other arrays of cells hold those of the rows one after the other.
    """

    def __init__(
        self, first: np.ndarray, length: np.ndarray, response: np.ndarray, total: np.ndarray
    ) -> None:
        self.first, self.length, self.response, self.total = first, length, response, total
        self.n = len(total)
        self.row = np.repeat(np.arange(self.n), length)

    def signals(self, spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Counts in cells (n_cells, k) and in all (n_rows, k) of k columns of spectra (n_rows, n_true, k).

        spectra: float array (n_rows, n_true, k).
        """
        cells, end = np.empty((len(self.row), spectra.shape[2])), 0
        # Row by row: what a row's product is must not depend on the other rows.
        for row, (start, length) in enumerate(zip(self.first.tolist(), self.length.tolist(), strict=True)):
            begin, end = end, end + length
            np.matmul(self.response[start : start + length], spectra[row], out=cells[begin:end])
        return cells, np.matmul(self.total[:, None, :], spectra)[:, 0]

    def _taken(
        self, rows: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        """(the first four arguments for some rows, numbers of their cells)."""
        kept = np.zeros(self.n, dtype=bool)
        kept[rows] = True
        cells = np.flatnonzero(kept[self.row])
        return (self.first[rows], self.length[rows], self.response, self.total[rows]), cells

    def _row_sum(self, per_cell: np.ndarray) -> np.ndarray:
        return np.bincount(self.row, per_cell, self.n)


def second_pairs(n_shape: int) -> list[tuple[int, int]]:
    """The pairs (j, k), j <= k, of shape coordinates, in the order of the columns of second derivatives.

    n_shape: int, number of shape coordinates.
    """
    return list(combinations_with_replacement(range(n_shape), 2))


def n_shape_of(n_columns: int) -> int:
    """The number of shape coordinates whose value, first and second derivatives fill so many columns.

    n_columns: int, number of columns.
    """
    return next(p for p in range(n_columns) if 1 + p + len(second_pairs(p)) == n_columns)


class CubeSpectralRows(SpectralRows):
    """Rows of events with Poisson counts; each block of a row (a run) has a background norm, if any.

    Parameters
    ----------
    first, length, response, total : see `SpectralRows`; of the events of `terms`, in their order
    terms : `CashTerms` of the rows without any source: their backgrounds, and what is fixed
    """

    def __init__(
        self, first: np.ndarray, length: np.ndarray, response: np.ndarray, total: np.ndarray, terms: CashTerms
    ) -> None:
        super().__init__(first, length, response, total)
        self.terms = terms

    def start(self) -> np.ndarray:
        """Background norms (n_blocks,) as if there were nothing else."""
        return ratio(self.terms.block_counts(), self.terms.background_total)

    def take(
        self, rows: np.ndarray, start: np.ndarray | None = None
    ) -> "tuple[CubeSpectralRows, np.ndarray | None]":
        """(some rows (sorted int array), the start cut with them).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : float array (n_blocks,), norms of the backgrounds of all rows, or None
        """
        shared, _ = self._taken(rows)
        if start is not None:
            wanted = np.zeros(self.n, dtype=bool)
            wanted[rows] = True
            start = start[wanted[self.terms.block_bin]]
        return CubeSpectralRows(*shared, self.terms.take(rows)), start

    def derivatives(
        self, log_norm: np.ndarray, spectra: np.ndarray, start: np.ndarray | None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        """((stat / 2 (n,), its slope (n, 1 + p), its curvature) in u and the shape's coordinates, background norms).

        Parameters
        ----------
        log_norm : float array (n_rows,), u
        spectra : float array (n_rows, n_true, 1 + p + p (p + 1) / 2): flux, its first derivatives in t, its second
        start : float array (n_blocks,), norms at which the search for them begins; default: `start()`
        """
        cells, total = self.signals(spectra)
        scale = np.exp(log_norm)
        cells, total = cells * scale[self.row, None], total * scale[:, None]
        norms, prediction = self._norms_at(cells[:, 0], start)
        terms, n_blocks = self.terms, self.terms.n_blocks
        weight = terms.event_count / prediction
        held = norms <= 0
        logs = terms.lone_count * np.log(np.where(held, 1.0, norms))
        block = norms * terms.background_total + terms.constant_total - logs
        stat = np.bincount(terms.block_bin, block, self.n) + total[:, 0]
        stat = stat - self._row_sum(terms.event_count * np.log(prediction))
        first = total - np.stack([self._row_sum(weight * column) for column in cells.T], axis=1)
        slope, curvature, p = _spread(first)
        parts, seen = cells[:, : p + 1] / prediction[:, None], terms.event_background / prediction
        lone_bend = np.where(held, 0.0, terms.lone_count / np.where(held, 1.0, norms) ** 2)
        bend = np.bincount(terms.event_block, terms.event_count * seen**2, n_blocks) + lone_bend
        held = held | (bend <= 0)
        drawn = terms.event_count * seen
        slopes = np.stack(
            [np.bincount(terms.event_block, drawn * part, n_blocks) for part in parts.T], axis=1
        )
        pull = np.where(held[:, None], 0.0, slopes) / np.sqrt(np.where(held, 1.0, bend))[:, None]
        for j in range(p + 1):
            for k in range(j + 1):
                followed = np.bincount(terms.block_bin, pull[:, j] * pull[:, k], self.n)
                value = self._row_sum(terms.event_count * parts[:, j] * parts[:, k]) - followed
                curvature[:, j, k] += value
                if j != k:
                    curvature[:, k, j] += value
        return (stat, slope, curvature), norms

    def backgrounds(
        self, log_norm: np.ndarray, spectra: np.ndarray, start: np.ndarray | None = None
    ) -> np.ndarray:
        """Counts of everything but the source expected in each row (n_rows,).

        Parameters
        ----------
        log_norm : float array (n_rows,), u, the log of the factor on the spectra
        spectra : float array (n_rows, n_true, k), see `signals`
        start : float array (n_blocks,), norms at which the search for them begins; default: `start()`
        """
        cells, _ = self.signals(spectra[:, :, :1])
        norms, _ = self._norms_at(cells[:, 0] * np.exp(log_norm)[self.row], start)
        block = norms * self.terms.background_total + self.terms.constant_total
        return np.bincount(self.terms.block_bin, block, self.n)

    def _norms_at(self, signal: np.ndarray, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """(background norms (n_blocks,), prediction at events (n_events,))."""
        terms, rest = self.terms, signal + self.terms.event_constant
        start = self.start() if start is None else start
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # What had reached its bound must be able to come back.
            start = np.where((start <= 0) & (terms.background_total > 0), 1.0, start)
            norms = settle_norms(terms, rest, start, NORM_STOP).last_norms()
        return norms, rest + norms[terms.event_block] * terms.event_background


class OnOffSpectralRows(SpectralRows):
    """Rows of energy bins with ON and OFF counts, the background of each bin at its best value.

    Parameters
    ----------
    first, length, response, total : see `SpectralRows`
    n_on, n_off, alpha : float arrays (n_cells,)
    known : counts of other sources in the ON and in the OFF region (n_cells,), or None where there are none
    """

    def __init__(
        self,
        first: np.ndarray,
        length: np.ndarray,
        response: np.ndarray,
        total: np.ndarray,
        n_on: np.ndarray,
        n_off: np.ndarray,
        alpha: np.ndarray,
        known: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        super().__init__(first, length, response, total)
        self.n_on, self.n_off, self.alpha, self.known = n_on, n_off, alpha, known

    def take(self, rows: np.ndarray, start: None = None) -> "tuple[OnOffSpectralRows, None]":
        """(some rows (sorted int array), None).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : not used
        """
        shared, cells = self._taken(rows)
        n_on, n_off, alpha = (each[cells] for each in (self.n_on, self.n_off, self.alpha))
        known = None if self.known is None else (self.known[0][cells], self.known[1][cells])
        return OnOffSpectralRows(*shared, n_on, n_off, alpha, known), None

    def derivatives(
        self, log_norm: np.ndarray, spectra: np.ndarray, start: None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((stat / 2, its slope and curvature), None: nothing is searched for); see `CubeSpectralRows.derivatives`.

        Parameters
        ----------
        log_norm : float array (n_rows,), u, the log of the factor on the spectra
        spectra : float array (n_rows, n_true, k), see `signals`
        start : not used
        """
        cells, _ = self.signals(spectra)
        cells = cells * np.exp(log_norm)[self.row, None]
        stat, tilt, bend = self._profile(cells[:, 0])
        first = np.stack([self._row_sum(0.5 * tilt * column) for column in cells.T], axis=1)
        slope, curvature, p = _spread(first)
        for j in range(p + 1):
            for k in range(j + 1):
                value = self._row_sum(0.5 * bend * cells[:, j] * cells[:, k])
                curvature[:, j, k] += value
                if j != k:
                    curvature[:, k, j] += value
        return (self._row_sum(0.5 * stat), slope, curvature), None

    def backgrounds(self, log_norm: np.ndarray, spectra: np.ndarray, start: None = None) -> np.ndarray:
        """Counts expected in the ON region of the background and of other sources in each row (n_rows,).

        Parameters
        ----------
        log_norm : float array (n_rows,), u, the log of the factor on the spectra
        spectra : float array (n_rows, n_true, k), see `signals`
        start : not used
        """
        cells, _ = self.signals(spectra[:, :, :1])
        signal = cells[:, 0] * np.exp(log_norm)[self.row]
        if self.known is not None:
            off = background_beside(self.n_on, self.n_off, self.alpha, signal, *self.known)
            return self._row_sum(self.alpha * off + self.known[0])
        return self._row_sum(self.alpha * profile_background(self.n_on, self.n_off, self.alpha, signal))

    def _profile(self, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.known is None:
            return wstat_profile(self.n_on, self.n_off, self.alpha, signal)
        return profile_beside(self.n_on, self.n_off, self.alpha, signal, *self.known)


def _spread(first: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """(slope (n, 1 + p), the part of the curvature that is first order in the signal, p) of summed columns.

    The signal is exp(u) * s(t): its derivatives in u are itself, and mixed ones are the first ones in t.
    """
    n, n_columns = first.shape
    p = n_shape_of(n_columns)
    slope, curvature = first[:, : p + 1].copy(), np.empty((n, p + 1, p + 1))
    curvature[:, 0, :] = curvature[:, :, 0] = slope
    for column, (j, k) in enumerate(second_pairs(p), start=1 + p):
        curvature[:, 1 + j, 1 + k] = curvature[:, 1 + k, 1 + j] = first[:, column]
    return slope, curvature, p
