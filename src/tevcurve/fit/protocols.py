"""What rows of a light curve can do besides being fitted, each asked for by its type.

A `~tevcurve.fit.row_likelihood.RowLikelihood` of whatever kind has some of these; who needs one asks with `isinstance`,
and says in a sentence what is missing.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True, eq=False)
class Expected:
    """What fitted rows expect at given flux factors, part by part (a run's piece of a row, or an energy bin of it).

    Attributes
    ----------
    signal : float array (n_fitted,), counts of the source in each row
    row : int array (n_parts,), which of the fitted rows a part is of
    background, others : float arrays (n_parts,), counts of the background and of other sources
    """

    signal: np.ndarray
    row: np.ndarray
    background: np.ndarray
    others: np.ndarray

    def rest(self):
        """Counts of everything but the source in each row, float array (n_fitted,)."""
        return np.bincount(self.row, self.background + self.others, len(self.signal))


@runtime_checkable
class Expectations(Protocol):
    """Rows that know what they expect: columns of predictions derive from it."""

    def measured(self) -> dict:
        """Columns of what was counted, arrays (n_bins,): "counts", and those of ON and OFF regions."""

    def expected(self, norm: np.ndarray) -> Expected:
        """Of the fitted rows at norms (n_fitted,). norm: float array (n_fitted,)."""


@runtime_checkable
class Drawable(Protocol):
    """Rows of which toys can be drawn: chances, closure, and intervals by toys."""

    def toys(self, rows: np.ndarray):
        """What draws toys of some rows (int array, sorted): an `OnOffToys` or `CubeToys`.

        Raises `InputError` for rows of which none can be drawn.
        """


@runtime_checkable
class Reshaped(Protocol):
    """Rows that can be asked for another flux in each true-energy bin: a free index."""

    def reshaped(self, rows: np.ndarray):
        """The `ShapeRows` of some rows (int array, sorted). rows: sorted int array."""


@runtime_checkable
class EventView(Protocol):
    """Rows that know their runs and what these expect of the source: pieces of good time, blocks."""

    runs: list

    def signal_rates(self, band: int) -> np.ndarray:
        """Counts expected of the source in a band per second of live time, float array (n_runs,).

        band: int, number of the band.
        """
