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
    curvature : float array (n_rows,), see `width_curvature`
    """

    row: np.ndarray
    run: np.ndarray
    share: np.ndarray
    curvature: np.ndarray


def piece_shares(pieces: Any, amplitudes: np.ndarray) -> PieceShares:
    """The `PieceShares` of rows at their best amplitudes.

    A piece that sees exp(l) times the flux moves ln(norm) of its row by l times its share, to first order. Where there
    are further amplitudes in the rows, they follow. Where a row is at a bound, and its statistic nearly a straight
    line, shares are those of the counts that are expected of the source.

    Parameters
    ----------
    pieces : `~tevcurve.fit.row_likelihood.RowPieces`
    amplitudes : float array (n_rows, n_amplitudes)
    """
    n_rows, row, likelihood = len(amplitudes), pieces.row, pieces.likelihood
    with np.errstate(all="ignore"):
        (_, gradient, hessian), _ = likelihood.evaluate(amplitudes[row], None, value=False)
        part = hessian[:, 0, 0]
        if amplitudes.shape[1] > 1:
            part = _followed(hessian, row, n_rows)
    part, slope = (np.where(np.isfinite(each), each, 0.0) for each in (part, gradient[:, 0]))
    part = np.maximum(part, 0.0) if amplitudes.shape[1] == 1 else part
    slope, bend = sums_by_owner(slope, row, n_rows), sums_by_owner(part, row, n_rows)
    straight = ~(bend > np.maximum(slope, 0.0) ** 2)
    part = np.where(straight[row], likelihood.total[:, 0], part)
    share = part / sums_by_owner(part, row, n_rows)[row]
    return PieceShares(row, pieces.run, share, width_curvature(slope, bend))


def width_curvature(slope: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Curvature (n,) of a parabola that is as wide as half a statistic with a slope and a curvature at its best.

    The curvature itself at a minimum; at a bound, where the statistic 2*slope*x + bend*x^2 rises from the first, that
    with which x^2 rises to 1 where this does.

    Parameters
    ----------
    slope, bend : float arrays (n,), first and second derivatives of half the statistic
    """
    slope, bend = np.maximum(slope, 0.0), np.maximum(bend, 0.0)
    return (np.sqrt(slope**2 + bend) + slope) ** 2


def _followed(hessian: np.ndarray, row: np.ndarray, n_rows: int) -> np.ndarray:
    """What each piece adds to the curvature of its row in the first amplitude, the others of the row following it."""
    of_rows = sums_by_owner(hessian, row, n_rows)
    rest, edge = of_rows[:, 1:, 1:], of_rows[:, 0, 1:]
    follow = solve(rest, edge, np.zeros(edge.shape, dtype=bool))
    return hessian[:, 0, 0] - np.einsum("pk,pk->p", follow[row], hessian[:, 0, 1:])
