"""ON and OFF counts of the cells of all rows, and the likelihood that they make."""

from dataclasses import dataclass, fields, replace

import numpy as np

from tevcurve.fit.background_shapes import shape_terms
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.numbering import members_of
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff_others import WstatBeside
from tevcurve.kernels.uncertain_alpha import UncertainAlphaLikelihood
from tevcurve.statistics import STATISTICS

# Of alpha, relative, in what is summed.
SAME = 1e-3
# Of alpha, relative, between the slopes of which differences are taken.
STEP = 3e-4


# Columns of cells that need not be there, which are added up where cells are.
SUMMED = ("off", "off_in_on", "others", "others_off")


def added_up(index, n, n_on, n_off, alpha, signal, *summed):
    """(n_on, n_off, alpha, signal, ...) of n cells, each of which several are added up to; float arrays (n,).

    alpha is such that the expected background is the sum of alpha * n_off; without OFF counts it is the mean,
    weighted with the expected signal, which goes with the live time.

    Parameters
    ----------
    index : int array (n_cells,), to which of the n each belongs
    n : int
    n_on, n_off, alpha, signal, summed : float arrays (n_cells,), as in `OnOffCells`
    """

    def total(values):
        return np.bincount(index, values, n)

    off, expected = total(n_off), total(signal)
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = np.where(
            expected > 0, total(signal * alpha) / expected, total(alpha) / total(np.ones(len(alpha)))
        )
        alpha = np.where(off > 0, total(alpha * n_off) / off, weighted)
    return total(n_on), off, alpha, expected, *(total(values) for values in summed)


@dataclass(frozen=True, eq=False)
class OnOffCells:
    """One energy bin of one run (or of several that are stacked) in one row each, float arrays (n_cells,) unless said.

    row : int array, sorted, the row of each cell
    block : int array, sorted, a number for each part of a row that has a background norm or a factor on alpha
    n_on, n_off, alpha : counts, and ON over OFF acceptance
    signal : ON counts expected from the source at norm 1
    off, off_in_on : counts expected in the OFF and in the ON region by the shape of the background at norm 1, or None
    others, others_off : known counts of other sources in the ON and in the OFF region, or None where there are none
    """

    row: np.ndarray
    block: np.ndarray
    n_on: np.ndarray
    n_off: np.ndarray
    alpha: np.ndarray
    signal: np.ndarray
    off: np.ndarray | None = None
    off_in_on: np.ndarray | None = None
    others: np.ndarray | None = None
    others_off: np.ndarray | None = None

    def fitted_rows(self, n_rows):
        """Numbers of the rows that expect some signal. n_rows: int, number of all rows."""
        return np.flatnonzero(np.bincount(self.row, self.signal, n_rows) > 0)

    def summed(self, n_rows):
        """(n_on, n_off, alpha, alpha * n_off, signal) of each row, summed over its cells, arrays (n_rows,).

        Other sources are among the counts; see `others_in`.

        alpha is such that the fourth is the product of the two; without OFF counts it is that of the acceptances.

        n_rows: int, number of all rows.
        """
        columns = self.n_on, self.n_off, self.alpha * self.n_off, self.signal, 1 / self.alpha
        n_on, n_off, off_in_on, signal, off_acceptance = (
            np.bincount(self.row, values, n_rows) for values in columns
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            # Without OFF counts the acceptances alone say how many would be expected.
            on_acceptance = np.bincount(self.row, minlength=n_rows)
            alpha = np.where(n_off > 0, off_in_on / n_off, on_acceptance / off_acceptance)
        return n_on, n_off, alpha, off_in_on, signal

    def others_in(self, n_rows):
        """(counts of other sources in ON, alpha times those in OFF) of each row, arrays (n_rows,).

        n_rows: int, number of all rows.
        """
        if self.others is None:
            return np.zeros((2, n_rows))
        columns = self.others, self.alpha * self.others_off
        return np.stack([np.bincount(self.row, values, n_rows) for values in columns])

    def has_one_alpha(self, n_rows):
        """Whether all cells of each row have the same alpha, bool array (n_rows,). n_rows: int, number of all rows."""
        least, most = np.full(n_rows, np.inf), np.zeros(n_rows)
        np.minimum.at(least, self.row, self.alpha)
        np.maximum.at(most, self.row, self.alpha)
        return most <= least * (1 + SAME)

    def take(self, rows):
        """The cells of some rows (sorted int array), which get the numbers 0, 1, ...

        rows: sorted int array.
        """
        own = np.flatnonzero(np.isin(self.row, rows))
        values = {
            each.name: None if getattr(self, each.name) is None else getattr(self, each.name)[own]
            for each in fields(self)
        }
        return OnOffCells(**values | {"row": np.searchsorted(rows, self.row[own])})

    def profile(self, n_rows, background):
        """The profile (`tevcurve.fit.minimize`) of the rows that expect some signal.

        Parameters
        ----------
        n_rows : int, number of all rows
        background : `BackgroundRule`
        """
        fitted = self.fitted_rows(n_rows)
        own, row = members_of(fitted, n_rows, self.row)
        return OneAmplitude(self._likelihood(own, row, len(fitted), background))

    def pieces(self, n_rows, background):
        """(the likelihood whose rows are the blocks of the fitted rows, the number of each block).

        Parameters
        ----------
        n_rows : int, number of all rows
        background : `BackgroundRule`
        """
        own = np.flatnonzero(np.isin(self.row, self.fitted_rows(n_rows)))
        block, row = np.unique(self.block[own], return_inverse=True)
        return self._likelihood(own, row, len(block), background), block

    def alpha_slopes(self, n_rows, background, norm):
        """(the fitted row that each of `pieces` is in, derivatives in ln(alpha) of the slope of half its statistic).

        Arrays (n_pieces,); by differences of the slopes, which all statistics have.

        Parameters
        ----------
        n_rows, background : as for `pieces`
        norm : float array (n_fitted,), of the fitted rows
        """
        fitted = self.fitted_rows(n_rows)
        own, row = members_of(fitted, n_rows, self.row)
        row = row[np.unique(self.block[own], return_index=True)[1]]
        a = norm[row][:, None]
        ends = []
        for factor in (1 + STEP, 1 - STEP):
            shape = None if self.off_in_on is None else self.off_in_on * factor
            moved = replace(self, alpha=self.alpha * factor, off_in_on=shape)
            with np.errstate(all="ignore"):
                (_, slope, _), _ = moved.pieces(n_rows, background)[0].evaluate(a, None, value=False)
            ends.append(slope[:, 0])
        slopes = (ends[0] - ends[1]) / (2 * STEP)
        return row, np.where(np.isfinite(slopes), slopes, 0.0)

    def _likelihood(self, own, row, n, background):
        """The likelihood of some cells (int array), which are of rows (int array, sorted) 0 to n."""
        n_on, n_off, alpha, signal = (each[own] for each in (self.n_on, self.n_off, self.alpha, self.signal))
        known = None if self.others is None else (self.others[own], self.others_off[own])
        if background.off_shape is None and background.error is None:
            if known is not None:
                # Other statistics do not know of other sources, and are refused beside them.
                return WstatBeside(row, n_on, n_off, alpha, signal, n, known)
            return STATISTICS[background.statistic](row, n_on, n_off, alpha, signal, n)
        # Cells of a row stand together, and those of its blocks in them.
        _, first, block = np.unique(self.block[own], return_index=True, return_inverse=True)
        if background.error is not None:
            cells = n_on, n_off, alpha, signal
            return UncertainAlphaLikelihood(block, row[first], *cells, background.error, n).beside(known)
        shape = self.off[own], self.off_in_on[own]
        return CashLikelihood(shape_terms(block, row[first], n, n_on, n_off, signal, shape, known))

    def pooled(self):
        """The same with the cells of each block added up: one energy bin for each run in each row."""
        block, first, index = np.unique(self.block, return_index=True, return_inverse=True)
        known = [name for name in SUMMED if getattr(self, name) is not None]
        columns = self.n_on, self.n_off, self.alpha, self.signal
        values = added_up(index, len(block), *columns, *(getattr(self, name) for name in known))
        n_on, n_off, alpha, signal, *sums = values
        more = dict(zip(known, sums, strict=True))
        return OnOffCells(self.row[first], block, n_on, n_off, alpha, signal, **more)

    def background(self, profile, fitted, norm):
        """(which of the fitted rows each of their cells is in, counts of the background in ON at norms of the rows).

        Parameters
        ----------
        profile, fitted : of `profile` and `fitted_rows`
        norm : float array (n_fitted,)
        """
        likelihood = profile.likelihood
        if not isinstance(likelihood, CashLikelihood):
            return likelihood.cell_bin, likelihood.background(norm)
        (settled, _), own = profile.settled(norm), np.flatnonzero(np.isin(self.row, fitted))
        _, block = np.unique(self.block[own], return_inverse=True)
        return likelihood.terms.block_bin[block], settled.norms[block] * self.off_in_on[own]
