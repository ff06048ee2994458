"""The ON/OFF likelihood of many bins at once, as a function of their flux factors alone."""

from functools import cached_property
from typing import Self

import numpy as np

from tevcurve.kernels.numbering import members_of
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff import profile_background, wstat
from tevcurve.kernels.onoff_beside import background_beside
from tevcurve.kernels.onoff_kinds import CellKinds, Cells

# Cells times flux factors that are computed at once: what a processor's cache holds.
AT_ONCE = 20_000
# OFF counts in an energy bin of a run, on average, below which a free background draws on the ON counts; and how much
# of the excess it may take before that is said, in standard deviations of the excess.
SCARCE, LOST = 3, 0.5


def onoff_profile(
    cell_bin: np.ndarray, n_on: np.ndarray, n_off: np.ndarray, alpha: np.ndarray, signal: np.ndarray, n: int
) -> OneAmplitude:
    """The statistic of each bin as a function of its flux factor, an `OneAmplitude`; see `WstatLikelihood`.

    Parameters
    ----------
    cell_bin : int array (n_cells,), the bin of each cell
    n_on, n_off : float arrays (n_cells,), counts
    alpha : float array (n_cells,), ratio of the acceptances, ON over OFF
    signal : float array (n_cells,), counts expected in the ON region at flux factor 1
    n : int, number of bins
    """
    return OneAmplitude(WstatLikelihood(cell_bin, n_on, n_off, alpha, signal, n))


class CellCounts:
    """ON and OFF counts of cells, a cell being one dataset's energy bin: what likelihoods of them have in common.

    Parameters
    ----------
    cell_bin : int array (n_cells,), sorted, the bin of each cell
    n_on, n_off, alpha : float arrays (n_cells,)
    signal : float array (n_cells,), ON counts expected from the source at flux factor 1
    n : int, bins
    known : counts of other sources in the ON and in the OFF region (n_cells,), for likelihoods that know of them; None
        where there are none
    """

    n_amplitudes = 1
    # A fitted background makes up for any negative signal.
    never_vanishes = True

    def __init__(
        self,
        cell_bin: np.ndarray,
        n_on: np.ndarray,
        n_off: np.ndarray,
        alpha: np.ndarray,
        signal: np.ndarray,
        n: int,
        known: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        self.cell_bin, self.n_on, self.n_off, self.known = cell_bin, n_on, n_off, known
        self.alpha, self.signal, self.n = alpha, signal, n
        self.total = self._sum(signal)[:, None]
        self.counts = self._sum(n_on)

    def start(self) -> None:
        """None: every search begins anew."""

    def take(self, bins: np.ndarray, start: None = None) -> tuple[Self, None]:
        """(the likelihood of some bins (sorted int array), of the same class, None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        kept, number = members_of(bins, self.n, self.cell_bin)
        n_on, n_off, alpha, signal = (each[kept] for each in (self.n_on, self.n_off, self.alpha, self.signal))
        likelihood = type(self)(number, n_on, n_off, alpha, signal, len(bins))
        if self.known is not None:
            likelihood.known = self.known[0][kept], self.known[1][kept]
        return likelihood, None

    def ratios(self, a: np.ndarray) -> np.ndarray:
        """Ratios (n_cells,) of the acceptances at flux factors a, of shape (n,). a: float array (n,)."""
        return self.alpha

    def background(self, a: np.ndarray) -> np.ndarray:
        """Background counts (n_cells,) expected in the ON region of each cell at flux factors a, of shape (n,).

        Those of other sources are not among them.

        a: float array (n,).
        """
        ratio = self.ratios(a)
        if self.known is not None:
            cells = self.n_on, self.n_off, ratio, a[self.cell_bin] * self.signal
            return ratio * background_beside(*cells, *self.known)
        return ratio * profile_background(self.n_on, self.n_off, ratio, a[self.cell_bin] * self.signal)

    def effective_counts(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n,) that the flux factor of each row rests on: ON counts.

        amplitudes: float array (n, 1), flux factors.
        """
        return self.counts

    def lower_bound(self) -> np.ndarray:
        """Flux factors (n,) far below the minimum, where the search for it and for its errors may end.

        A fitted background makes up for any negative signal, so no prediction ever vanishes. The minimum lies above
        the least of the cells' own best values, for ratios that are not unlikely; below that the statistic grows by
        more than 100.
        """
        seen, ratio, least = self.signal > 0, self._largest_ratio(), np.zeros(self.n)
        on, off = (0.0, 0.0) if self.known is None else self.known
        excess = self.n_on - on - ratio * np.maximum(self.n_off - off, 0.0)
        np.minimum.at(least, self.cell_bin[seen], excess[seen] / self.signal[seen])
        counts = self.n_on + on + ratio * (self.n_off + off) + 100 * (1 + ratio)
        return least - self._sum(counts) / self.total[:, 0]

    def _largest_ratio(self) -> np.ndarray:
        """Of the acceptances, within reason (n_cells,)."""
        return self.alpha

    def _sum(self, per_cell: np.ndarray) -> np.ndarray:
        return np.bincount(self.cell_bin, per_cell, self.n)


class WstatLikelihood(CellCounts):
    """Half the sum of wstat over the cells of each bin.

    The background of each cell is at its best value (`tevcurve.kernels.onoff`), so the flux factor is the only
    amplitude, and nothing is searched for. What `tevcurve.kernels.one_amplitude` calls a likelihood of amplitudes.

    Parameters
    ----------
    cell_bin, n_on, n_off, alpha, signal, n : see `CellCounts`
    """

    @cached_property
    def _kinds(self) -> CellKinds:
        return CellKinds(Cells(self.cell_bin, self.n_on, self.n_off, self.alpha, self.signal), self.n)

    @cached_property
    def _is_empty(self) -> np.ndarray:
        """Bool array (n_cells,): most cells of short bins have no event."""
        return (self.n_on == 0) & (self.n_off == 0)

    @cached_property
    def _empty(self) -> list[np.ndarray]:
        """Slopes (n,) above and below 0 of the statistic of cells without an event: two straight lines."""
        slopes = self.signal[self._is_empty], (self.signal / self.alpha)[self._is_empty]
        return [np.bincount(self.cell_bin[self._is_empty], values, self.n) for values in slopes]

    @cached_property
    def _seen(self) -> tuple[np.ndarray, ...]:
        """What there is of the cells with events."""
        cells = self.cell_bin, self.n_on, self.n_off, self.alpha, self.signal
        return tuple(each[~self._is_empty] for each in cells)

    def evaluate(
        self, amplitudes: np.ndarray, start: None = None, value: bool = True
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((half the statistic (n,), its gradient (n, 1), its Hessian (n, 1, 1)) at amplitudes (n, 1), None).

        Parameters
        ----------
        amplitudes : float array (n, 1), flux factors
        start : not used
        value : whether the statistic itself is wanted
        """
        half_stat, slope, curvature = self._kinds.sums(amplitudes[:, 0])
        return (half_stat, slope[:, None], curvature[:, None, None]), None

    def stats(self, a: np.ndarray) -> np.ndarray:
        """The statistics at many flux factors of each bin, a and what comes back of shape (n, m).

        a: float array (n, m).
        """
        cell_bin, *cells, signal = self._seen
        n_on, n_off, alpha, signal = (each[:, None] for each in (*cells, signal))
        made = 2 * a * np.where(a >= 0, self._empty[0][:, None], -self._empty[1][:, None])
        first = np.flatnonzero(np.diff(cell_bin, prepend=-1))
        step = max(1, AT_ONCE // max(len(cell_bin), 1))
        for part in (slice(k, k + step) for k in range(0, a.shape[1] if len(first) else 0, step)):
            stat = wstat(n_on, n_off, alpha, a[cell_bin, part] * signal)
            made[cell_bin[first], part] += np.add.reduceat(stat, first, axis=0)
        return made
