"""Rows whose pieces are of any kind, each seeing the row's amplitudes times a scale of its own."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Derivatives, Start
from tevcurve.kernels.numbering import members_of


class ScaledPieces:
    """Half the sum of the statistics of the pieces of each row, a piece being at exp(log scale) times its amplitudes.

    Cubes and ON/OFF spectra, or instruments whose energy scales differ, may make one row together. It is a likelihood
    of amplitudes itself (see `tevcurve.kernels.one_amplitude`), whose start is a tuple of those of its kinds.

    Parameters
    ----------
    kinds : list of (likelihood of amplitudes whose rows are pieces, int array (n_pieces,), sorted, the row of each)
    n : int, rows; each has a piece
    log_scales : list of float arrays (n_pieces,), one for each kind; default: 0
    """

    def __init__(
        self,
        kinds: Sequence[tuple[AmplitudeLikelihood, np.ndarray]],
        n: int,
        log_scales: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.kinds, self.n = [(likelihood, np.asarray(row)) for likelihood, row in kinds], n
        log_scales = [np.zeros(len(row)) for _, row in kinds] if log_scales is None else log_scales
        self.log_scales = [np.asarray(each, dtype=float) for each in log_scales]
        self.n_amplitudes = self.kinds[0][0].n_amplitudes
        self._scales = [np.exp(each)[:, None] for each in self.log_scales]
        self.counts = self._summed(likelihood.counts for likelihood, _ in self.kinds)
        self.total = self._summed(
            likelihood.total * scale for (likelihood, _), scale in zip(self.kinds, self._scales, strict=True)
        )

    def start(self) -> Start:
        """Where the searches of all kinds begin."""
        return tuple(likelihood.start() for likelihood, _ in self.kinds)

    def take(self, rows: np.ndarray, start: Start = None) -> "tuple[ScaledPieces, Start]":
        """(the likelihood of some rows (sorted int array), the start cut with them).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : where the searches began, of all rows; None: nowhere yet
        """
        kinds, scales, starts = [], [], []
        for (likelihood, row), log_scale, own in zip(
            self.kinds, self.log_scales, self._starts(start), strict=True
        ):
            pieces, number = members_of(rows, self.n, row)
            taken, cut = likelihood.take(pieces, own)
            kinds.append((taken, number))
            scales.append(log_scale[pieces])
            starts.append(cut)
        return ScaledPieces(kinds, len(rows), scales), tuple(starts)

    def evaluate(
        self, amplitudes: np.ndarray, start: Start = None, value: bool = True
    ) -> tuple[Derivatives, Start]:
        """((half the statistic (n,), its gradient (n, n_amplitudes), its Hessian), where the searches ended).

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the searches begin; None: nowhere yet
        value : whether the statistic itself is wanted
        """
        found, ends = self._of_pieces(amplitudes, start, value)
        half, gradient, hessian = zip(*found, strict=True)
        scales = self._scales
        slopes = [each * scale for each, scale in zip(gradient, scales, strict=True)]
        bends = [each * (scale**2)[:, :, None] for each, scale in zip(hessian, scales, strict=True)]
        return (self._summed(half) if value else None, self._summed(slopes), self._summed(bends)), ends

    def effective_counts(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n,) that the first amplitude of each row rests on: those of its pieces.

        amplitudes: float array (n, n_amplitudes).
        """
        return self._summed(
            likelihood.effective_counts(amplitudes[row] * scale)
            for (likelihood, row), scale in zip(self.kinds, self._scales, strict=True)
        )

    def lower_bound(self) -> np.ndarray:
        """The lowest amplitude of each row: that at which the first of its pieces reaches its own bound.

        Pieces whose predictions never vanish only say where a search may end: that of a row of these does at the
        lowest of theirs, and others do not ask them.

        Raises `ValueError` where pieces share further amplitudes, whose best values are not each piece's own.
        """
        if self.n_amplitudes > 1:
            raise ValueError("Pieces that share further amplitudes have no lowest first one of their own.")
        lowest, end = np.full(self.n, -np.inf), np.full(self.n, np.inf)
        for (likelihood, row), scale in zip(self.kinds, self._scales, strict=True):
            bound = likelihood.lower_bound() / scale[:, 0]
            if getattr(likelihood, "never_vanishes", False):
                np.minimum.at(end, row, bound)
            else:
                np.maximum.at(lowest, row, bound)
        return np.where(np.isfinite(lowest) | ~np.isfinite(end), lowest, end)

    def _of_pieces(
        self, amplitudes: np.ndarray, start: Start, value: bool
    ) -> tuple[list[Derivatives], Start]:
        """((half statistic, gradient, Hessian) of the pieces of each kind, a list; their ends, a tuple)."""
        found, ends = [], []
        for (likelihood, row), scale, own in zip(self.kinds, self._scales, self._starts(start), strict=True):
            values, end = likelihood.evaluate(amplitudes[row] * scale, own, value=value)
            found.append(values)
            ends.append(end)
        return found, tuple(ends)

    def _starts(self, start: Start) -> Sequence[Start]:
        return [None] * len(self.kinds) if start is None else start

    def _summed(self, values: Iterable[Any]) -> np.ndarray:
        """Sums (n, ...) over the pieces of each row of arrays (n_pieces, ...), one for each kind."""
        total: Any = None
        for (_, row), each in zip(self.kinds, values, strict=True):
            flat = each.reshape(len(row), int(np.prod(each.shape[1:])))
            sums = [np.bincount(row, column, self.n).astype(float, copy=False) for column in flat.T]
            summed = np.stack(sums, axis=1).reshape(self.n, *each.shape[1:])
            total = summed if total is None else total + summed
        return total
