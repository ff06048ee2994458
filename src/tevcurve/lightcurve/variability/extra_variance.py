"""Variance of fluxes beyond their errors and beyond what nuisance parameters add: its chance and its value.

Rows have the covariance V = D + S: variances D of their own at the constant, and S of the nuisances, what a scale does
being proportional to the constant. What is not known at all, the constant and free scales, is projected out.

The chance is that of the score test (Rao 1948; Lin 1997, Biometrika 84, 309) for a variance tau^2 that all rows have in
addition: with P = V^-1 - V^-1 B (B' V^-1 B)^-1 B' V^-1, B the columns of what is not known, its statistic is |P x|^2,
which is distributed as the sum of the eigenvalues of P times chi-squares of one degree of freedom. Where rows
share a nuisance, P gives weight to what they do not share.

The value is that of the moments: tau^2 = (x' A x - trace(A V)) / trace(A), with A = M' W M, W the shares of the rows
and M what takes the mean by these, and free scales, off. Without nuisances that is the excess variance of
Vaughan et al. 2003, MNRAS 345, 1271.
"""

from functools import cached_property
from itertools import pairwise

import numpy as np

from tevcurve.fit.nuisance_layout import connected, in_front
from tevcurve.kernels.numbering import numbers_among, sums_by_owner
from tevcurve.lightcurve.variability.low_rank import LowRank, sparse

# Of an error: closer to the constant a variance is that of the curvature.
_NEAR = 1e-4


class ExtraVariance:
    """The quadratic forms of one light curve's rows, which its toys share.

    Parameters
    ----------
    constant : float, norm
    variance : float array (n,), of the rows at the constant
    nuisances : `RowNuisances` of the rows
    weight : float array (n,), of the rows in the value; default: all the same
    """

    def __init__(self, constant, variance, nuisances, weight=None):
        weight = np.ones(len(variance)) if weight is None else weight
        self.variance, self.share = variance, weight / weight.sum()
        front, others = in_front(nuisances)
        # What a unit of each parameter does to the norms; proportional to the constant where it is a scale.
        loads = constant * nuisances.scale + nuisances.shift
        self.block = _block(constant, variance, nuisances, loads, others)
        self.unknown, self.wide, self.precision = _wide(nuisances, loads, front)
        # Where priors of scales are, which need not be where these were settled.
        center = constant * nuisances.scale * nuisances.centers[nuisances.nuisance]
        self.offset = sums_by_owner(center, nuisances.row, len(variance))

    @classmethod
    def of(cls, fits, rows, weight):
        """That of the only light curve of a `RowFits` with nuisances.

        Parameters
        ----------
        fits : `RowFits`
        rows : int array (n,), sorted, the rows that count
        weight : float array (n,), of the rows in the value
        """
        variance = variances_at_constant(fits)[0, rows]
        return cls(float(fits.constant[0]), variance, fits.nuisances.take(rows), weight)

    @cached_property
    def covariance(self):
        """V, a `LowRank`."""
        return LowRank(self.block, self.wide, np.linalg.inv(self.precision), self.wide)

    @cached_property
    def projected(self):
        """P, a `LowRank`."""
        inverse = _inverse(self.block)
        columns = np.column_stack([self.unknown, self.wide])
        across = inverse @ columns
        inner, n = columns.T @ across, self.unknown.shape[1]
        inner[n:, n:] += self.precision
        return LowRank(inverse, across, -np.linalg.pinv(inner, hermitian=True), across)

    def score(self, roots):
        """The statistic of the score test (n_curves,). roots: float array (n_curves, n), of `signed_roots`."""
        return np.sum((self.projected @ self._distances(roots).T) ** 2, axis=0)

    def score_chance(self, value):
        """Chance of the statistic, or more. value: float."""
        return self.projected.chance(value)

    def square(self, roots, form):
        """Sum of squares (n_curves,) of the rows by a form.

        Parameters
        ----------
        roots : float array (n_curves, n), of `signed_roots`
        form : `LowRank`, of `form`
        """
        values = self._distances(roots).T
        return np.sum(values * (form @ values), axis=0)

    def square_chance(self, value, form):
        """Chance of such a sum, or more.

        Parameters
        ----------
        value : float
        form : `LowRank`, of `form`
        """
        return form.times(self.covariance).chance(value)

    def _distances(self, roots):
        """Distances (n_curves, n) from what is expected of a constant, as Gaussian as roots are."""
        return roots * np.sqrt(self.variance) - self.offset

    def form(self, pairs=None):
        """A of the value, a `LowRank` with trace 1.

        pairs: two int arrays, rows that are compared; default: all with all.
        """
        roots, n = np.sqrt(self.share)[:, None], len(self.share)
        basis, size, _ = np.linalg.svd(roots * self.unknown, full_matrices=False)
        basis = basis[:, size > 1e-10 * size[0]]
        unit, place = np.eye(basis.shape[1]), np.arange(n)
        if pairs is None:
            base, columns, core = sparse(place, place, self.share, (n, n)), roots * basis, -unit
        else:
            base = _of_pairs(self.share, *pairs)
            moved = base @ (basis / roots)
            columns = np.column_stack([basis * roots, moved])
            core = np.block([[(basis / roots).T @ moved, -unit], [-unit, 0 * unit]])
        trace = LowRank(base, columns, core, columns).trace()
        return LowRank(base / trace, columns, core / trace, columns)

    def excess(self, norm, err, form):
        """Variance beyond errors and nuisances (n_curves,).

        Parameters
        ----------
        norm, err : float arrays (n_curves, n)
        form : `LowRank`, of `form`
        """
        distance, diagonal = (norm - self.offset).T, form.diagonal()
        shared = form.times(self.covariance).trace() - self.variance @ diagonal
        return np.sum(distance * (form @ distance), axis=0) - err**2 @ diagonal - shared

    def spread(self, excess, form):
        """Standard deviation of the `excess` of a source with that variance.

        Parameters
        ----------
        excess : float
        form : `LowRank`, of `form`
        """
        moved = form.times(self.covariance)
        noise, signal = moved.times(moved).trace(), form.times(moved).trace()
        return float(np.sqrt(2 * noise + 4 * max(excess, 0.0) * signal))


def signed_roots(fits):
    """Roots (n_curves, n_rows) of the rises of the rows' statistics from their best norms to the constant, signed.

    Below 0 for rows below the constant. The signed root is closer to a Gaussian number than the flux itself, by which
    counts below 100 would give alarm too often. fits: `RowFits`.
    """
    constant = np.repeat(fits.constant, fits.n_rows)
    (stat, _, _), _ = fits.profile.evaluate(np.maximum(constant, fits.lower), fits.start)
    rise = np.maximum(stat - fits.minimum.stat, 0.0)
    return (np.sign(fits.minimum.norm - constant) * np.sqrt(rise)).reshape(fits.n, -1)


def variances_at_constant(fits):
    """Variances (n_curves, n_rows) that rows have if their norm is the constant. fits: `RowFits`.

    With p the slope there of half the statistic, and d the distance of the constant from the best norm, d/p: for counts
    on a known background that is the variance of the expected counts, whatever was counted. (A variance that depends on
    the row's own counts gives low rows too much weight.)
    """
    constant = np.repeat(fits.constant, fits.n_rows)
    (_, slope, curvature), _ = fits.profile.evaluate(np.maximum(constant, fits.lower), fits.start)
    distance = constant - fits.minimum.norm
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.abs(distance) < _NEAR * fits.err.ravel()
        variance = np.where(near, 2 / curvature, 2 * distance / slope)
    return np.where(np.isfinite(variance) & (variance > 0), variance, fits.err.ravel() ** 2).reshape(
        fits.n, -1
    )


def _wide(own, loads, front):
    """(what is not known (n, k): the constant and free scales; (n, l) what many rows share, and its precision)."""
    dense, precision = np.zeros((own.n_rows, len(front))), np.eye(len(front))
    place = numbers_among(front, own.n_nuisances)[own.nuisance]
    mine = place >= 0
    np.add.at(dense, (own.row[mine], place[mine]), loads[mine])
    precision[: own.n_scales, : own.n_scales] = own.precision
    known = precision.any(axis=1)
    unknown = np.column_stack([np.ones(own.n_rows), dense[:, ~known]])
    return unknown, dense[:, known], precision[np.ix_(known, known)]


def _block(constant, variance, own, loads, others):
    """The variances and what few rows share, a sparse array (n, n). others: int array, numbers of these parameters."""
    n = own.n_rows
    place = numbers_among(others, own.n_nuisances)[own.nuisance]
    mine, every = place >= 0, np.arange(n)
    columns = sparse(own.row[mine], place[mine], loads[mine], (n, len(others)))
    log, mixed, shift = own.own.T
    diagonal = variance + constant**2 * log + 2 * constant * mixed + shift
    return sparse(every, every, diagonal, (n, n)) + columns @ columns.T


def _inverse(block):
    """The inverse of an array (n, n) of blocks without a row in common, sparse where that is."""
    if isinstance(block, np.ndarray):
        return np.linalg.inv(block)
    row, column = block.nonzero()
    label = connected(row, column, *block.shape)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order], prepend=-1, append=-1))
    parts = []
    for first, last in pairwise(edges):
        rows = np.sort(order[first:last])
        inverse = np.linalg.inv(block[rows][:, rows].toarray())
        parts.append((np.repeat(rows, len(rows)), np.tile(rows, len(rows)), inverse.ravel()))
    return sparse(*(np.concatenate(each) for each in zip(*parts, strict=True)), block.shape)


def _of_pairs(share, first, second):
    """The form (sparse, (n, n)) of half the mean squared difference in pairs of rows, weighted by w1*w2/(w1 + w2)."""
    each = share[first] * share[second] / (share[first] + share[second])
    each = 0.5 * each / each.sum()
    rows = np.concatenate([first, second, first, second])
    columns = np.concatenate([first, second, second, first])
    return sparse(rows, columns, np.concatenate([each, each, -each, -each]), (len(share), len(share)))
