"""The flat arrays that the Poisson likelihood of many bins is made of."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.numbering import members_of
from tevcurve.kernels.sorted_sums import SortedSums


@dataclass(frozen=True)
class CashTerms:
    """What the likelihood of all bins needs; blocks are sorted by bin, events by block.

    A bin is fitted with amplitudes that all its blocks share: the source's (column 0) and those of further
    free sources. A block is one run's part of a bin; its background may have a norm of its own.

    Attributes
    ----------
    n_bins : int
    block_bin : int array (n_blocks,), the bin of each block
    shared_total : float array (n_blocks, n_shared)
        Expected counts over all cells of the fit at amplitude 1, of each source with an amplitude.
    background_total, constant_total : float arrays (n_blocks,)
        Expected counts over all cells: of the background at norm 1, and of everything that is fixed.
    event_block : int array (n_events,), the block of each event or filled cell
    event_count : float array (n_events,), 1 for an event, the counts for a cell
    event_shared : float array (n_events, n_shared); event_background, event_constant : float arrays (n_events,)
        The same templates at the cell of each event.
    lone_count, lone_log : float arrays (n_blocks,)
        Events that see only the background, or only what is fixed, need no line of their own: how many of
        them scale with a background norm, and the sum of n*log(template) of them all.
    bounds : `BoundCells`, the cells, with or without an event, that decide how far below zero the source may go; None
        where flux factors are never below zero
    prior_weight : float array (n_blocks,), or None
        What a norm b is known beforehand: half the statistic has 0.5*prior_weight*(b - 1)^2 in addition.
    """

    n_bins: int
    block_bin: np.ndarray
    shared_total: np.ndarray
    background_total: np.ndarray
    constant_total: np.ndarray
    event_block: np.ndarray
    event_count: np.ndarray
    event_shared: np.ndarray
    event_background: np.ndarray
    event_constant: np.ndarray
    lone_count: np.ndarray
    lone_log: np.ndarray
    bounds: BoundCells | None = None
    prior_weight: np.ndarray | None = None

    @classmethod
    def without_sources(cls, **arrays: Any) -> "CashTerms":
        """Terms with no amplitude: backgrounds and what is fixed, to which others add what sources give.

        arrays : all but those of amplitudes and of `lone_log`, which is the same at every norm; each event counts 1
        """
        n_blocks, n_events = len(arrays["block_bin"]), len(arrays["event_block"])
        return cls(
            shared_total=np.zeros((n_blocks, 0)),
            event_shared=np.zeros((n_events, 0)),
            event_count=np.ones(n_events),
            lone_log=np.zeros(n_blocks),
            **arrays,
        )

    @property
    def n_blocks(self) -> int:
        return len(self.block_bin)

    @property
    def n_shared(self) -> int:
        return self.shared_total.shape[1]

    @cached_property
    def sums(self) -> SortedSums:
        """Sums over the events of each block."""
        return SortedSums(self.event_block, self.n_blocks)

    def block_counts(self) -> np.ndarray:
        """Counts per block (n_blocks,) that something free has a part in."""
        return np.bincount(self.event_block, self.event_count, self.n_blocks) + self.lone_count

    def normalized(self, norms: np.ndarray) -> "CashTerms":
        """The same likelihood with each event's templates divided by their sum, with backgrounds times norms.

        Parameters
        ----------
        norms : float array (n_blocks,)

        The logarithms of the sums go to `lone_log`. What is left in the sum over events is small, so that its
        rounding stays far below the rises of the statistic that errors and limits are made of; and templates of
        any unit neither overflow nor underflow.
        """
        scale = norms[self.event_block] * self.event_background + self.event_constant
        scale = scale + self.event_shared.sum(axis=1)
        scale = np.where(scale > 0, scale, 1.0)
        logs = np.bincount(self.event_block, self.event_count * np.log(scale), self.n_blocks)
        return replace(
            self,
            event_shared=self.event_shared / scale[:, None],
            event_background=self.event_background / scale,
            event_constant=self.event_constant / scale,
            lone_log=self.lone_log + logs,
        )

    def with_fixed_background(self) -> "CashTerms":
        """The same expectation with all backgrounds at norm 1, as one of the things that are fixed."""
        return replace(
            self,
            background_total=np.zeros_like(self.background_total),
            constant_total=self.constant_total + self.background_total,
            event_background=np.zeros_like(self.event_background),
            event_constant=self.event_constant + self.event_background,
            lone_count=np.zeros_like(self.lone_count),
            bounds=None if self.bounds is None else self.bounds.with_fixed_background(),
            prior_weight=None,
        )

    def with_prior(self, error: float | None) -> "CashTerms":
        """The same with a Gaussian prior of that standard deviation around 1 for each norm; None for no prior.

        error: float, above 0, or None.
        """
        if error is None:
            return self
        return replace(self, prior_weight=np.where(self.background_total > 0, error**-2, 0.0))

    def with_columns(self, columns: np.ndarray) -> "CashTerms":
        """The same with these sources only, in this order; without `bounds` where another one comes first.

        columns: int array, numbers of the sources that are kept.
        """
        shared = {name: getattr(self, name)[:, columns] for name in ("shared_total", "event_shared")}
        bounds = None if self.bounds is None or columns[0] != 0 else self.bounds.with_further(columns[1:])
        return replace(self, bounds=bounds, **shared)

    def take(self, bins: np.ndarray) -> "CashTerms":
        """The terms of some bins (sorted int array), numbered anew in that order. bins: sorted int array."""
        blocks, block_bin = members_of(bins, self.n_bins, self.block_bin)
        events, event_block = members_of(blocks, self.n_blocks, self.event_block)
        return CashTerms(
            n_bins=len(bins),
            block_bin=block_bin,
            event_block=event_block,
            bounds=None if self.bounds is None else self.bounds.take(blocks, self.n_blocks),
            prior_weight=None if self.prior_weight is None else self.prior_weight[blocks],
            **{name: getattr(self, name)[blocks] for name in _PER_BLOCK},
            **{name: getattr(self, name)[events] for name in _PER_EVENT},
        )


_PER_BLOCK = ("shared_total", "background_total", "constant_total", "lone_count", "lone_log")
_PER_EVENT = ("event_count", "event_shared", "event_background", "event_constant")
