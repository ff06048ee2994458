"""What the Poisson likelihood needs of each dataset, and how the datasets of all bins are put together."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.terms import CashTerms
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class CashBlock:
    """One dataset's part of a bin's likelihood: templates summed over all cells, and at the filled cells.

    Attributes
    ----------
    shared_total : float array (n_shared,); the source first, then further sources with a free amplitude
    background_total, constant_total : float
    count : float array (n_cells,), counts in the filled cells of the fit
    shared : float array (n_cells, n_shared); background, constant : float arrays (n_cells,)
    background_norm : float, the norm that the model has
    bounds : `BoundCells` of this one block, the background at norm 1, or None where fluxes are never below zero
    n_floored : int, events at cells where the background was raised from zero
    n_unpredicted : int, events left out because nothing at all is predicted in their cell
    """

    shared_total: np.ndarray
    background_total: float
    constant_total: float
    count: np.ndarray
    shared: np.ndarray
    background: np.ndarray
    constant: np.ndarray
    background_norm: float
    bounds: BoundCells | None = None
    n_floored: int = 0
    n_unpredicted: int = 0

    __repr__ = short_repr

    @property
    def counts(self):
        """Number of events in the fit."""
        return float(self.count.sum())

    def with_fixed_background(self):
        """The block with its background at the model's norm, as one of the things that are fixed."""
        return replace(
            self,
            background_total=0.0,
            constant_total=self.constant_total + self.background_norm * self.background_total,
            background=np.zeros_like(self.background),
            constant=self.constant + self.background_norm * self.background,
            bounds=None if self.bounds is None else self.bounds.with_fixed_background(self.background_norm),
        )

    def with_columns(self, columns, n_shared):
        """The block with its sources at given columns among `n_shared`; the other columns are zero."""
        if list(columns) == list(range(n_shared)):
            return self
        total, shared = np.zeros(n_shared), np.zeros((len(self.count), n_shared))
        total[columns], shared[:, columns] = self.shared_total, self.shared
        bounds = None if self.bounds is None else self.bounds.with_columns(columns[1:], n_shared)
        return replace(self, shared_total=total, shared=shared, bounds=bounds)


def join_blocks(blocks, bins, n_bins, n_shared):
    """The `CashTerms` of blocks that belong to bins (int, ascending).

    Events that see no source with an amplitude, and either only the background or only what is fixed, are
    replaced by their number and the sum of their logarithms, which is all that the fit needs of them.
    """
    number = np.repeat(np.arange(len(blocks)), [len(block.count) for block in blocks])
    count, background, constant = (
        np.concatenate([np.zeros(0), *(getattr(block, name) for block in blocks)])
        for name in ("count", "background", "constant")
    )
    shared = np.concatenate([np.zeros((0, n_shared)), *(block.shared for block in blocks)])
    lone = ~(shared > 0).any(axis=1) & ((constant == 0) | (background == 0))
    scaling = lone & (constant == 0)
    logs = count[lone] * np.log(background[lone] + constant[lone])
    return CashTerms(
        n_bins=n_bins,
        block_bin=np.asarray(bins, dtype=int),
        shared_total=np.array([block.shared_total for block in blocks]).reshape(len(blocks), n_shared),
        background_total=np.array([block.background_total for block in blocks], dtype=float),
        constant_total=np.array([block.constant_total for block in blocks], dtype=float),
        event_block=number[~lone],
        event_count=count[~lone],
        event_shared=shared[~lone],
        event_background=background[~lone],
        event_constant=constant[~lone],
        lone_count=np.bincount(number[scaling], count[scaling], len(blocks)),
        lone_log=np.bincount(number[lone], logs, len(blocks)),
        bounds=BoundCells.joined([block.bounds for block in blocks]),
    )
