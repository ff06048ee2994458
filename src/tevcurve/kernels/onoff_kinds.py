"""Sums of the ON/OFF statistic over the cells of bins, apart by which of their counts are none.

Most cells of short bins have no OFF counts, or none at all, and the background that fits them best is then known
without a root (`tevcurve.kernels.onoff`): with n_on = 0 half the statistic is the straight line

    mu_sig + n_off*log(1 + alpha)        where mu_sig >= -alpha*n_off/(1 + alpha),

which a whole bin adds up once, and with n_off = 0 it is a straight line below mu_sig = n_on*alpha/(1 + alpha), and that
of n_on counts without a background above.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.onoff import best_fit, minus_log1p

# Cells that are computed at once: what a processor's cache holds.
AT_ONCE = 16_000


@dataclass(frozen=True, eq=False)
class Cells:
    """Some cells of ON and OFF counts.

    Attributes
    ----------
    bin : int array (n_cells,), the bin of each
    n_on, n_off, alpha : float arrays (n_cells,), counts and the ratio of the acceptances
    signal : float array (n_cells,), ON counts expected from the source at flux factor 1
    """

    bin: np.ndarray
    n_on: np.ndarray
    n_off: np.ndarray
    alpha: np.ndarray
    signal: np.ndarray

    def part(self, which: "np.ndarray | slice") -> "Cells":
        """Some of the cells.

        which: bool or int array, or slice.
        """
        return Cells(*(each[which] for each in vars(self).values()))


class CellKinds:
    """The cells of bins by their kind; a bin's sums are over its own cells, in their order, kind by kind.

    Parameters
    ----------
    cells : `Cells`, sorted by bin
    n : int, number of bins
    """

    def __init__(self, cells: Cells, n: int) -> None:
        self.n = n
        kind = np.where(cells.n_on > 0, np.where(cells.n_off > 0, 0, 1), 2)
        both, on_alone, straight = (cells.part(np.flatnonzero(kind == k)) for k in range(3))
        self._curved, self._straight = ((both, _of_both), (on_alone, _of_on_alone)), straight
        self._line = np.bincount(straight.bin, straight.signal, n)
        self._height = np.bincount(straight.bin, straight.n_off * np.log1p(straight.alpha), n)
        # The lowest flux factor at which all cells without ON counts are on their lines.
        self._least = np.full(n, -np.inf)
        seen = straight.part(straight.signal > 0)
        with np.errstate(over="ignore"):
            knee = -seen.alpha * seen.n_off / ((1 + seen.alpha) * seen.signal)
        np.maximum.at(self._least, seen.bin, knee)

    def sums(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(half the statistic, its slope, its curvature) of each bin at its flux factor, each (n,).

        a: float array (n,), flux factors.
        """
        on_line = a >= self._least
        stat = np.where(on_line, self._height + a * self._line, 0.0)
        slope, curvature = np.where(on_line, self._line, 0.0), np.zeros(self.n)
        kinds = [*self._curved]
        if not on_line.all():
            below = self._straight.part(~on_line[self._straight.bin])
            kinds.append((below, _of_off_alone))
        for cells, kind in kinds:
            made = np.empty((3, len(cells.bin)))
            for first in range(0, len(cells.bin), AT_ONCE):
                part = slice(first, first + AT_ONCE)
                some = cells.part(part)
                made[:, part] = kind(some, a[some.bin] * some.signal)
            made[1] *= cells.signal
            made[2] *= cells.signal
            made[2] *= cells.signal
            stat += np.bincount(cells.bin, made[0], self.n)
            slope += np.bincount(cells.bin, made[1], self.n)
            curvature += np.bincount(cells.bin, made[2], self.n)
        return stat, slope, curvature


def _of_both(cells: Cells, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(half the statistic, slope, curvature) in the signal, (n_cells,), with counts in both regions."""
    n_on, n_off, alpha, _, on, off, delta = best_fit(cells.n_on, cells.n_off, cells.alpha, signal)
    drawn = alpha * off
    pull = delta / (on + alpha * drawn)
    stat = n_on * minus_log1p(pull * on / n_on) + n_off * minus_log1p(-pull * drawn / n_off)
    return stat, pull, n_on * n_off / (n_on * drawn**2 + n_off * on**2)


def _of_on_alone(cells: Cells, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without OFF counts."""
    n_on, alpha = cells.n_on, cells.alpha
    knee = n_on * alpha / (1 + alpha)
    on = np.maximum(signal, knee)
    excess = on - n_on
    stat, slope, curvature = n_on * minus_log1p(excess / n_on), excess / on, n_on / on**2
    filled = signal < knee
    if filled.any():
        # A background makes up for what the ON counts lack.
        stat += (on - signal) / alpha
        slope, curvature = np.where(filled, -1 / alpha, slope), np.where(filled, 0.0, curvature)
    return stat, slope, curvature


def _of_off_alone(cells: Cells, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without ON counts: on the line, or below it, where nothing at all is expected in the ON region."""
    n_off, alpha = cells.n_off, cells.alpha
    on_line = signal >= -alpha * n_off / (1 + alpha)
    off = np.where(on_line, 1.0, -signal / alpha)
    some = n_off > 0
    excess = off - n_off
    ratio = np.divide(excess, n_off, out=np.zeros(len(off)), where=some & ~on_line)
    stat = np.where(some, n_off * minus_log1p(ratio), off)
    stat = np.where(on_line, signal + n_off * np.log1p(alpha), stat)
    slope = np.where(on_line, 1.0, -excess / (off * alpha))
    return stat, slope, np.where(on_line, 0.0, n_off / (off * alpha) ** 2)
