"""Sums over the events of each row of what several sources expect there: predictions, slopes and Hessians.

With few sources the sums of all rows are taken at once, pair by pair. With many a row's sums are matrix products of its
own: a product of all rows together would depend, in its last digit, on who else is there. Products are taken over so
few events at a time that the library behind them (BLAS) has no reason to share them among threads, which would do the
same.
"""

from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np

from tevcurve.kernels.sorted_sums import SortedSums
from tevcurve.kernels.terms import CashTerms

# Up to so many sources all pairs are summed one by one.
FEW = 4
# Products of numbers in one matrix product, at most.
LARGEST_PRODUCT = 200_000


Sums = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class Columns(Protocol):
    """What the sources with an amplitude expect at events."""

    def predicted(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n_events,) of all of them together. amplitudes: float array (n_bins, n_shared)."""

    def sums(self, prediction: np.ndarray, share: np.ndarray, bend: bool = True) -> Sums:
        """(pull (n_bins, n_shared), coupling (n_blocks, n_shared), bend (n_bins, n_shared, n_shared)).

        With p the prediction, n the counts, s a source and B the background at an event these are the sums of n*s/p
        and of n*s*B/p^2, and of n*s*s'/p^2.

        Parameters
        ----------
        prediction : float array (n_events,), of everything
        share : float array (n_events,), the background template over the prediction
        bend : whether these sums are wanted, which cost the most; else they are None
        """


def columns_of(terms: CashTerms, event_bin: np.ndarray) -> Columns:
    """The `Columns` of terms.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
    event_bin : int array (n_events,), the bin of each event
    """
    return (FewColumns if terms.n_shared <= FEW else ManyColumns)(terms, event_bin)


class FewColumns:
    """`Columns` of few sources: the sums of all rows at once.

    Parameters
    ----------
    terms, event_bin : see `columns_of`
    """

    def __init__(self, terms: CashTerms, event_bin: np.ndarray) -> None:
        self._terms, self._event_bin = terms, event_bin

    @cached_property
    def _sums(self) -> SortedSums:
        """Sums over the events of each bin."""
        terms = self._terms
        if np.array_equal(terms.block_bin, np.arange(terms.n_bins)):
            return terms.sums
        return SortedSums(self._event_bin, terms.n_bins)

    def predicted(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n_events,), see `Columns`. amplitudes: float array (n_bins, n_shared)."""
        terms = self._terms
        total = self._sums.spread(amplitudes[:, 0])
        total *= terms.event_shared[:, 0]
        for j in range(1, terms.n_shared):
            total += self._sums.spread(amplitudes[:, j]) * terms.event_shared[:, j]
        return total

    def sums(self, prediction: np.ndarray, share: np.ndarray, bend: bool = True) -> Sums:
        """Sums over events, see `Columns`.

        Parameters
        ----------
        prediction, share : float arrays (n_events,)
        bend : whether these sums are wanted
        """
        terms, sums = self._terms, self._sums
        n_blocks, n_bins, n_shared = terms.n_blocks, terms.n_bins, terms.n_shared
        drawn, coupling = np.zeros((n_bins, n_shared)), np.zeros((n_blocks, n_shared))
        bends = np.zeros((n_bins, n_shared, n_shared)) if bend else None
        shares = [terms.event_shared[:, j] / prediction for j in range(n_shared)]
        for j in range(n_shared):
            pull = terms.event_count * shares[j]
            coupling[:, j] = terms.sums.of(pull * share)
            drawn[:, j] = sums.of(pull)
            if bends is None:
                continue
            for k in range(j + 1):
                bends[:, j, k] = bends[:, k, j] = sums.of(pull * shares[k])
        return drawn, coupling, bends


class ManyColumns:
    """`Columns` of many sources: matrix products, row by row.

    Parameters
    ----------
    terms, event_bin : see `columns_of`
    """

    def __init__(self, terms: CashTerms, event_bin: np.ndarray) -> None:
        # The order of a sum is that of memory.
        self._terms, self._shared = terms, np.ascontiguousarray(terms.event_shared)
        self._rows = _slices(event_bin, terms.n_bins)
        self._blocks = _slices(terms.event_block, terms.n_blocks)
        self._longest = max(LARGEST_PRODUCT // terms.n_shared**2, 1)

    def predicted(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n_events,), see `Columns`. amplitudes: float array (n_bins, n_shared)."""
        total = np.empty(len(self._terms.event_block))
        for own, of_row in zip(self._rows, amplitudes, strict=True):
            total[own] = np.einsum("ek,k->e", self._shared[own], np.ascontiguousarray(of_row))
        return total

    def sums(self, prediction: np.ndarray, share: np.ndarray, bend: bool = True) -> Sums:
        """Sums over events, see `Columns`.

        Parameters
        ----------
        prediction, share : float arrays (n_events,)
        bend : whether these sums are wanted
        """
        terms, pull = self._terms, self._terms.event_count / prediction
        n_shared, weights = terms.n_shared, np.column_stack([pull / prediction, pull, pull * share])
        drawn, coupling = np.zeros((terms.n_bins, n_shared)), np.zeros((terms.n_blocks, n_shared))
        bends = np.zeros((terms.n_bins, n_shared, n_shared)) if bend else None
        first = n_shared if bend else 0
        left = np.empty((self._longest, first + 2))
        for block, (row, own) in enumerate(zip(terms.block_bin, self._blocks, strict=True)):
            total = np.zeros((first + 2, n_shared))
            for begin in range(own.start, own.stop, self._longest):
                part = slice(begin, min(begin + self._longest, own.stop))
                columns, factors = self._shared[part], left[: part.stop - part.start]
                np.multiply(columns[:, :first], weights[part, :1], out=factors[:, :first])
                factors[:, first:] = weights[part, 1:]
                total += factors.T @ columns
            if bends is not None:
                bends[row] += total[:first]
            drawn[row] += total[-2]
            coupling[block] = total[-1]
        return drawn, coupling, bends


def _slices(number: np.ndarray, n: int) -> list[slice]:
    """Where each of n numbers stands in a sorted int array, a list of slices."""
    ends = np.searchsorted(number, np.arange(n + 1))
    return [slice(int(begin), int(end)) for begin, end in pairwise(ends)]
