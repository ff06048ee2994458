"""The cells in which a source below zero first leaves nothing of a prediction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.numbering import members_of


@dataclass(frozen=True, eq=False)
class BoundCells:
    """Cells of the fit, with or without an event, that decide how far below zero a flux factor may go.

    With all else at amplitudes b (of the block's background) and c (of further sources), a cell is predicted above zero
    while the flux factor is above -(b*background + constant + sum c*shared).

    Attributes
    ----------
    block : int array (n_cells,), sorted, the block of each cell
    background, constant : float arrays (n_cells,), and shared : float array (n_cells, n_shared - 1): the cell's
        prediction of everything else in units of that of the source, all at amplitude 1
    """

    block: np.ndarray
    background: np.ndarray
    constant: np.ndarray
    shared: np.ndarray

    @classmethod
    def of(
        cls,
        block: np.ndarray,
        source: np.ndarray,
        background: np.ndarray,
        constant: np.ndarray,
        shared: np.ndarray | None = None,
    ) -> "BoundCells":
        """Of cells in any order; those that see nothing of the source, or never come first, are left out.

        Parameters
        ----------
        block : int array (n,), the block of each cell
        source, background, constant : float arrays (n,), expected at amplitude 1
        shared : float array (n, n_shared - 1), of further sources; default: there are none
        """
        seen = np.flatnonzero(source > 0)
        shared = np.zeros((len(source), 0)) if shared is None else shared
        parts = np.column_stack([background, constant, shared])[seen] / source[seen, None]
        kept = _first(block[seen], parts)
        block, parts = block[seen][kept], parts[kept]
        return cls(block, parts[:, 0], parts[:, 1], parts[:, 2:])

    @classmethod
    def joined(cls, parts: "Sequence[BoundCells | None]") -> "BoundCells | None":
        """Of a list, one for each block in their order (all with number 0); None where one of them is None.

        parts: list of `BoundCells` or None.
        """
        known = [part for part in parts if part is not None]
        if not parts or len(known) < len(parts):
            return None
        block = np.repeat(np.arange(len(parts)), [len(part.block) for part in known])
        names = ("background", "constant", "shared")
        return cls(block, *(np.concatenate([getattr(part, name) for part in known]) for name in names))

    def with_fixed_background(self, norm: float = 1.0) -> "BoundCells":
        """The same with the backgrounds at a norm among what is fixed. norm: factor on the backgrounds."""
        constant = self.constant + norm * self.background
        return BoundCells(self.block, np.zeros_like(constant), constant, self.shared)

    def with_columns(self, columns: Sequence[int] | np.ndarray, n_shared: int) -> "BoundCells":
        """The same with the further sources at given columns (from 1) among `n_shared`; the others are zero.

        Parameters
        ----------
        columns : the columns, counted from 1, that the further sources get
        n_shared : int, number of columns in all, the first one's included
        """
        shared = np.zeros((len(self.block), n_shared - 1))
        shared[:, np.asarray(columns, dtype=int) - 1] = self.shared
        return BoundCells(self.block, self.background, self.constant, shared)

    def with_further(self, columns: np.ndarray) -> "BoundCells":
        """The same with some of the further sources only. columns: int array, their columns, counted from 1."""
        return BoundCells(self.block, self.background, self.constant, self.shared[:, columns - 1])

    def take(self, blocks: np.ndarray, n_blocks: int) -> "BoundCells":
        """The cells of some of n_blocks blocks, which are numbered anew.

        Parameters
        ----------
        blocks : sorted int array, the blocks that are kept
        n_blocks : int, number of blocks
        """
        kept, block = members_of(blocks, n_blocks, self.block)
        parts = (getattr(self, name)[kept] for name in ("background", "constant", "shared"))
        return BoundCells(block, *parts)

    def repeated(self, n: int, n_blocks: int) -> "BoundCells":
        """The cells of n copies of all blocks, one after the other.

        Parameters
        ----------
        n : int, number of copies
        n_blocks : int, number of blocks in each copy
        """
        block = (np.arange(n)[:, None] * n_blocks + self.block).ravel()
        return BoundCells(
            block, np.tile(self.background, n), np.tile(self.constant, n), np.tile(self.shared, (n, 1))
        )


def _first(block: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Numbers of the cells that no other of the same block is below in all parts (n, k); sorted by block."""
    varying = np.flatnonzero(parts.any(axis=0))
    order = np.lexsort((parts.sum(axis=1), block))
    starts = np.flatnonzero(np.diff(block[order], prepend=-1))
    if len(varying) < 2:
        return order[starts]
    kept = []
    for own in np.split(order, starts[1:]):
        while len(own):
            # The one with the smallest sum is below all others in some part.
            kept.append(own[0])
            own = own[(parts[own] < parts[own[0]]).any(axis=1)]
    return np.array(kept, dtype=int)
