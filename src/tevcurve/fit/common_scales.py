"""Scales that pieces of many cells have in common, each cell having a flux of its own.

Outside, Newton's method in ln(scale); inside, the best flux of each cell at given scales, which is not below zero. Half
the statistic with the fluxes at their best has the Schur complement of these as its Hessian (Boyd & Vandenberghe 2004,
"Convex Optimization", appendix A.5.5). A cell whose flux is at zero says nothing of a scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.fit.minimize import Minimum, minimize_norm
from tevcurve.fit.newton import Minima, minimize
from tevcurve.kernels.amplitudes import AmplitudeLikelihood
from tevcurve.kernels.numbering import sums_by_owner
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.scaled_pieces import ScaledPieces
from tevcurve.records import short_repr

# ln(scale) is searched for between minus this and this.
FURTHEST = 12.0
# Errors of ln(scale) up to which the minimum that is found first is taken for the only one, and where else to begin.
SURE, STARTS = 0.3, (0.5, 1.0, 2.0, 4.0)
# Of a curvature with a unit diagonal: eigenvalues below are those of directions that change nothing.
SINGULAR = 1e-10
# The scale of a piece that sees the flux as it is.
NO_SCALE = -1


@dataclass(frozen=True, eq=False)
class ScaledKind:
    """Pieces of one kind, arrays (n_pieces,).

    Attributes
    ----------
    likelihood : a likelihood of one amplitude, whose rows are the pieces
    cell : int array, ascending, the cell of each
    scale : int array, the number of the scale that acts on each; -1 (`NO_SCALE`) for none
    """

    likelihood: AmplitudeLikelihood
    cell: np.ndarray
    scale: np.ndarray

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class CommonScales:
    """Scales at the least of the summed statistics.

    Attributes
    ----------
    log_scale : float array (n_scales,)
    covariance : float array (n_scales, n_scales); infinite on the diagonal where nothing says what a scale is
    stat : float, the statistic there, with what the priors add
    flux : float array (n_cells,), the best of each cell
    pull : float array (n_scales,), ln(scale) in units of its prior; NaN where it is free
    converged : bool
    """

    log_scale: np.ndarray
    covariance: np.ndarray
    stat: float
    flux: np.ndarray
    pull: np.ndarray
    converged: bool

    __repr__ = short_repr


def common_scales(kinds: Sequence[ScaledKind], n_cells: int, sigma: np.ndarray) -> CommonScales:
    """The `CommonScales` of pieces.

    Parameters
    ----------
    kinds : list of `ScaledKind`
    n_cells : int; each cell has a piece
    sigma : float array (n_scales,), standard deviations of Gaussian priors of ln(scale) around 0; inf for none
    """
    sigma = np.asarray(sigma, dtype=float)
    if not n_cells:
        none, is_known = np.zeros(len(sigma)), np.isfinite(sigma)
        pull = np.where(is_known, 0.0, np.nan)
        return CommonScales(none, np.diag(sigma**2), 0.0, np.zeros(0), pull, bool(is_known.all()))
    cells = CellsOfScales(kinds, n_cells, sigma)
    found, inside = _least(cells)
    covariance = _inverse(found.curvature[0])
    # A last step, too small to be worth another evaluation.
    last = -covariance @ found.slope[0] if np.all(np.isfinite(covariance)) and inside else 0.0
    log_scale = found.x[0] + last
    flux = cells.best_flux(log_scale).norm
    pull = np.where(np.isfinite(sigma), log_scale / sigma, np.nan)
    stat, converged = 2 * float(found.value[0]), bool(found.converged[0]) and inside
    return CommonScales(log_scale, covariance, stat, flux, pull, converged)


def _least(cells: "CellsOfScales") -> tuple[Minima, bool]:
    """(the least of the minima that are found, whether it is below all that is far away).

    The statistic of few counts has minima beside each other, and may go on falling to a scale of nothing.
    """
    n = cells.n_scales
    bound = np.full(n, FURTHEST)
    found = minimize(cells, np.zeros((1, n)), -bound, bound)
    if found.converged[0] and np.all(np.diag(_inverse(found.curvature[0])) < SURE**2):
        return found, True
    steps = np.concatenate([way * np.array(STARTS)[:, None, None] * np.eye(n) for way in (-1, 1)]).reshape(
        -1, n
    )
    tried = [minimize(cells, start[None], -bound, bound) for start in steps]
    good = [each for each in (found, *tried) if each.converged[0] and np.all(np.abs(each.x) < FURTHEST)]
    if not good:
        return found, False
    found = min(good, key=lambda each: float(each.value[0]))
    ends = [np.where(np.arange(n) == k, way * FURTHEST, found.x) for k in range(n) for way in (-1, 1)]
    far = min(float(cells.evaluate(end)[0][0][0]) for end in ends)
    return found, far >= float(found.value[0])


class CellsOfScales:
    """Half the summed statistic of all cells, each at its best flux, as a function of one row of ln(scale).

    What `tevcurve.fit.newton` calls a function of rows, of one row.

    Parameters
    ----------
    kinds, n_cells, sigma : see `common_scales`
    """

    def __init__(self, kinds: Sequence[ScaledKind], n_cells: int, sigma: np.ndarray) -> None:
        self.kinds, self.n_cells, self.n_scales = list(kinds), n_cells, len(sigma)
        self.precision = np.where(np.isfinite(sigma), sigma, np.inf) ** -2.0

    def take(self, rows: np.ndarray, start: None = None) -> tuple["CellsOfScales", None]:
        """(the same, None): there is one row.

        Parameters
        ----------
        rows : int array, of the one row
        start : not used
        """
        return self, None

    def evaluate(
        self, log_scale: np.ndarray, start: None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((half the statistic (1,), its slope (1, n_scales), its curvature (1, n_scales, n_scales)), None).

        Parameters
        ----------
        log_scale : float array (1, n_scales)
        start : not used
        """
        at = log_scale[0]
        cells = self.best_flux(at)
        slope, bend = self._derivatives(cells, at)
        half = 0.5 * float(np.sum(cells.stat)) + 0.5 * float(np.sum(self.precision * at**2))
        slope, bend = slope + self.precision * at, bend + np.diag(self.precision)
        return (np.array([half]), slope[None], bend[None]), None

    def best_flux(self, log_scale: np.ndarray) -> Minimum:
        """The `Minimum` of all cells. log_scale: float array (n_scales,)."""
        kinds = [(kind.likelihood, kind.cell) for kind in self.kinds]
        pieces = ScaledPieces(kinds, self.n_cells, self._of_pieces(log_scale))
        return minimize_norm(OneAmplitude(pieces), np.zeros(self.n_cells))

    def _of_pieces(self, log_scale: np.ndarray) -> list[np.ndarray]:
        """ln(scale) of each piece, a list of float arrays (n_pieces,)."""
        known = np.append(log_scale, 0.0)
        return [known[kind.scale] for kind in self.kinds]

    @cached_property
    def _owners(self) -> list[np.ndarray]:
        """Cell and scale of each piece in one number, the last scale being none; a list of int arrays (n_pieces,)."""
        n = self.n_scales + 1
        return [kind.cell * n + np.where(kind.scale < 0, self.n_scales, kind.scale) for kind in self.kinds]

    def _derivatives(self, cells: Minimum, log_scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slope and curvature in ln(scale), without priors, of cells at their best fluxes (a `Minimum`)."""
        n = self.n_scales + 1
        first, second = np.zeros((2, self.n_cells, n))
        for kind, owner, own in zip(self.kinds, self._owners, self._of_pieces(log_scale), strict=True):
            seen = cells.norm[kind.cell] * np.exp(own)
            (_, gradient, hessian), _ = kind.likelihood.evaluate(seen[:, None], None)
            parts = np.stack([gradient[:, 0] * seen, hessian[:, 0, 0] * seen**2], axis=1)
            # A cell at zero says nothing, however steep it is there.
            parts = np.where(seen[:, None] > 0, parts, 0.0)
            sums = sums_by_owner(parts, owner, self.n_cells * n).reshape(self.n_cells, n, 2)
            first, second = first + sums[..., 0], second + sums[..., 1]
        # In ln(flux) of a cell, which moves all of its pieces alike, the curvature is that of all of them; what the
        # slopes add to it is zero together at the best flux.
        of_cell, edge = second.sum(axis=1), second + first
        follow = np.divide(edge, of_cell[:, None], out=np.zeros_like(edge), where=of_cell[:, None] > 0)
        bend = np.diag(edge.sum(axis=0)) - follow.T @ edge
        return first.sum(axis=0)[:-1], bend[:-1, :-1]


def _inverse(bend: np.ndarray) -> np.ndarray:
    """The covariance of what a curvature is of; infinite for scales that nothing tells, alone or from one another."""
    size = np.sqrt(np.maximum(np.diag(bend), 0.0))
    scale = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(bend / np.outer(scale, scale))
    told = values > SINGULAR
    covariance = (vectors[:, told] / values[told]) @ vectors[:, told].T / np.outer(scale, scale)
    untold = (np.abs(vectors[:, ~told]) > np.sqrt(SINGULAR)).any(axis=1)
    covariance[untold, untold] = np.inf
    return covariance
