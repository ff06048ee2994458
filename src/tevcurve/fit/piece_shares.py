"""How far a row follows when one of its pieces, a run's part of it, sees another flux."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.newton_descent import solve
from tevcurve.kernels.numbering import sums_by_owner


@dataclass(frozen=True, eq=False)
class PieceShares:
    """Shares of the curvature of rows.

    Attributes
    ----------
    row, run : int arrays (n_pieces,), sorted by row, which of the fitted rows and which run a piece is of
    share : float array (n_pieces,), of the curvature of the row; those of a row sum to 1, and the only one is 1
    curvature : float array (n_rows,), second derivative of half the statistic of each row in its norm
    """

    row: np.ndarray
    run: np.ndarray
    share: np.ndarray
    curvature: np.ndarray


def piece_shares(pieces: Any, amplitudes: np.ndarray) -> PieceShares:
    """The `PieceShares` of rows at their best amplitudes.

    A piece that sees exp(l) times the flux moves ln(norm) of its row by l times its share, to first order. Where there
    are further amplitudes in the rows, they follow. Where the statistic has no curvature, shares are those of the
    counts that are expected of the source.

    Parameters
    ----------
    pieces : `~tevcurve.fit.row_likelihood.RowPieces`
    amplitudes : float array (n_rows, n_amplitudes)
    """
    n_rows, row, likelihood = len(amplitudes), pieces.row, pieces.likelihood
    with np.errstate(all="ignore"):
        (_, _, hessian), _ = likelihood.evaluate(amplitudes[row], None, value=False)
        part = hessian[:, 0, 0]
        if amplitudes.shape[1] > 1:
            part = _followed(hessian, row, n_rows)
    part = np.where(np.isfinite(part), part, 0.0)
    part = np.maximum(part, 0.0) if amplitudes.shape[1] == 1 else part
    curvature = sums_by_owner(part, row, n_rows)
    flat = ~(curvature > 0)
    if flat.any():
        part = np.where(flat[row], likelihood.total[:, 0], part)
    total = sums_by_owner(part, row, n_rows)
    return PieceShares(row, pieces.run, part / total[row], curvature)


def _followed(hessian: np.ndarray, row: np.ndarray, n_rows: int) -> np.ndarray:
    """What each piece adds to the curvature of its row in the first amplitude, the others of the row following it."""
    of_rows = sums_by_owner(hessian, row, n_rows)
    rest, edge = of_rows[:, 1:, 1:], of_rows[:, 0, 1:]
    follow = solve(rest, edge, np.zeros(edge.shape, dtype=bool))
    return hessian[:, 0, 0] - np.einsum("pk,pk->p", follow[row], hessian[:, 0, 1:])
