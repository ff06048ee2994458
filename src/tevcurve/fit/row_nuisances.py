"""What rows have in common that is not known, row by row: which nuisance parameter moves which row, and how far.

With nuisance parameters z (n_nuisances,), a source of one constant norm F is seen in row r as

    F * exp(sum_k scale[r, k] * z_k) + sum_k shift[r, k] * z_k,

so that a best norm of the row, at which the nuisances are 0, is off by that. The first nuisances are ln(scale) of
instruments around their settled values, all others are in units of the standard deviations of their priors.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from tevcurve.kernels.numbering import members_of
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class RowNuisances:
    """Loadings of rows on nuisance parameters; those that are 0 are left out.

    Attributes
    ----------
    names : tuple of str (n_nuisances,), such as "flux_scale HESS 2004-12-07"
    systematic : int array (n_nuisances,), the number of the `Systematic` each is of; -1 for the scale of an instrument
    n_rows : int
    row, nuisance : int arrays (n_loadings,), sorted by row
    scale, shift : float arrays (n_loadings,), what one unit of the nuisance adds to ln(norm), and to the norm
    own : float array (n_rows, 3), what is new in each row: variances of ln(norm) and of the norm, and the covariance of
        both, as (variance of ln, covariance, variance)
    covariance : float array (n_scales, n_scales), of the scales of instruments, the first nuisances
    precision : float array (n_scales, n_scales), what is known of these apart from the rows: the inverse of a
        covariance, with zeros where a scale is free
    center : float array (n_scales,), where that has the scales; default: at their settled values
    """

    names: tuple[str, ...]
    systematic: np.ndarray
    n_rows: int
    row: np.ndarray
    nuisance: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    own: np.ndarray
    covariance: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    precision: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    center: np.ndarray | None = None

    __repr__ = short_repr

    @property
    def n_nuisances(self) -> int:
        """All parameters that rows may share."""
        return len(self.names)

    @property
    def n_scales(self) -> int:
        """The scales of instruments, which are the first."""
        return len(self.covariance)

    @property
    def centers(self) -> np.ndarray:
        """Where the priors of all parameters have their centers, float array (n_nuisances,)."""
        centers = np.zeros(self.n_nuisances)
        if self.center is not None:
            centers[: self.n_scales] = self.center
        return centers

    @property
    def n_free(self) -> int:
        """Scales of which nothing is known apart from the rows."""
        return int(np.count_nonzero(~self.precision.any(axis=1))) if self.n_scales else 0

    def take(self, rows: np.ndarray) -> "RowNuisances":
        """Those of some rows. rows: sorted int array."""
        kept, row = members_of(rows, self.n_rows, self.row)
        loadings = {name: getattr(self, name)[kept] for name in ("nuisance", "scale", "shift")}
        return replace(self, n_rows=len(rows), row=row, own=self.own[rows], **loadings)

    def drawn(self, norm: float, n: int, scales: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Norms (n, n_rows) that rows see of a constant source, each parameter drawn from its prior.

        Parameters
        ----------
        norm : of the source
        n : how often
        scales : float array (n_scales,), ln(scale) of instruments around their settled values, for those that are free
        rng : numpy Generator
        """
        values = rng.standard_normal((n, self.n_nuisances))
        known = self.precision.any(axis=1)
        values[:, : self.n_scales] = scales
        if known.any():
            covariance = np.linalg.inv(self.precision[np.ix_(known, known)])
            center = self.centers[: self.n_scales][known]
            values[:, np.flatnonzero(known)] = rng.multivariate_normal(center, covariance, n)
        log, shift = np.zeros((2, n, self.n_rows))
        for load, sums in ((self.scale, log), (self.shift, shift)):
            np.add.at(sums.T, self.row, (load * values[:, self.nuisance]).T)
        own = rng.standard_normal((2, n, self.n_rows))
        variance, mixed, other = self.own.T
        root = np.sqrt(variance)
        slope = np.divide(mixed, root, out=np.zeros_like(root), where=root > 0)
        log += root * own[0]
        shift += slope * own[0] + np.sqrt(np.maximum(other - slope**2, 0.0)) * own[1]
        return norm * np.exp(log) + shift

    def spreads(self) -> np.ndarray:
        """(variance of ln(norm), covariance, variance of the norm) by all nuisances, float array (n_rows, 3)."""
        of_scale = self.nuisance < self.n_scales
        parts = [self.own.copy()]
        others = ~of_scale
        for first, second in ((self.scale, self.scale), (self.scale, self.shift), (self.shift, self.shift)):
            parts.append(np.bincount(self.row[others], (first * second)[others], self.n_rows))
        made = parts[0] + np.stack(parts[1:], axis=1)
        if self.n_scales:
            scale, shift = (self._of_scales(each, of_scale) for each in (self.scale, self.shift))
            pairs = ((scale, scale), (scale, shift), (shift, shift))
            made += np.stack([np.einsum("rk,kl,rl->r", a, self.covariance, b) for a, b in pairs], axis=1)
        return made

    def of_ratios(self, upper: np.ndarray, lower: np.ndarray, norm: np.ndarray) -> "RowNuisances":
        """The loadings of ln(ratio) of the norms of pairs of rows, to first order: the differences of those of both.

        Parameters
        ----------
        upper, lower : int arrays (n_pairs,), rows; each is in one pair at most
        norm : float array (n_rows,), of the rows
        """
        pair, sign = np.full(self.n_rows, -1), np.zeros(self.n_rows)
        for rows, of_rows in ((upper, 1.0), (lower, -1.0)):
            pair[rows], sign[rows] = np.arange(len(rows)), of_rows
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = sign[self.row] * (self.scale + self.shift / norm[self.row])
            own = self.own[:, 0] + 2 * self.own[:, 1] / norm + self.own[:, 2] / norm**2
        # A ratio to a flux of 0 has no error.
        moved, own = (np.where(np.isfinite(each), each, np.nan) for each in (moved, own))
        kept, width = pair[self.row] >= 0, max(self.n_nuisances, 1)
        key, place = np.unique((pair[self.row] * width + self.nuisance)[kept], return_inverse=True)
        scale = np.bincount(place.ravel(), moved[kept], len(key))
        alone = own[upper] + own[lower]
        return replace(
            self,
            n_rows=len(upper),
            row=key // width,
            nuisance=key % width,
            scale=scale,
            shift=np.zeros(len(key)),
            own=np.column_stack([alone, 0 * alone, 0 * alone]),
        )

    def _of_scales(self, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Loadings (n_rows, n_scales) on the scales of instruments."""
        dense = np.zeros((self.n_rows, self.n_scales))
        np.add.at(dense, (self.row[kept], self.nuisance[kept]), values[kept])
        return dense
