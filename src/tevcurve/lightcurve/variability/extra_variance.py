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

import numpy as np

from tevcurve.kernels.numbering import sums_by_owner
from tevcurve.kernels.quadratic_forms import weighted_chi_square_chance

# The variance of a flux that has Poisson counts grows 3/2 times as fast with the truth as the difference of its
# asymmetric errors says: these follow the likelihood, whose variance at a distance is 2/3 of it.
_STEEPER = 1.5
# Of errn * errp: the least variance.
_LEAST = 0.3


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
        self.unknown, self.shared = _columns(nuisances, constant)
        # Where priors of scales are, which need not be where these were settled.
        center = nuisances.scale * nuisances.centers[nuisances.nuisance]
        self.offset = constant * sums_by_owner(center, nuisances.row, len(variance))

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
        """V (n, n)."""
        return np.diag(self.variance) + self.shared

    @cached_property
    def projected(self):
        """P (n, n)."""
        inverse = np.linalg.inv(self.covariance)
        across = inverse @ self.unknown
        return inverse - across @ np.linalg.pinv(self.unknown.T @ across) @ across.T

    def score(self, roots):
        """The statistic of the score test (n_curves,). roots: float array (n_curves, n), of `signed_roots`."""
        return np.sum((self._distances(roots) @ self.projected) ** 2, axis=1)

    def score_chance(self, value):
        """Chance of the statistic, or more. value: float."""
        weights = np.linalg.eigvalsh(0.5 * (self.projected + self.projected.T))
        return weighted_chi_square_chance(value, np.maximum(weights, 0.0))

    def square(self, roots, form):
        """Sum of squares (n_curves,) of the rows by a form.

        Parameters
        ----------
        roots : float array (n_curves, n), of `signed_roots`
        form : float array (n, n), of `form`
        """
        values = self._distances(roots)
        return np.einsum("tr,rs,ts->t", values, form, values)

    def _distances(self, roots):
        """Distances (n_curves, n) from what is expected of a constant, as Gaussian as roots are."""
        return roots * np.sqrt(self.variance) - self.offset

    def square_chance(self, value, form):
        """Chance of such a sum, or more.

        Parameters
        ----------
        value : float
        form : float array (n, n), of `form`
        """
        weights = np.linalg.eigvals(self.covariance @ form).real
        return weighted_chi_square_chance(value, np.maximum(weights, 0.0))

    def form(self, pairs=None):
        """A (n, n) of the value, with trace 1. pairs: two int arrays, rows that are compared; default: all with all."""
        matrix = np.diag(self.share) if pairs is None else _of_pairs(self.share, *pairs)
        roots = np.sqrt(self.share)[:, None]
        basis, size, _ = np.linalg.svd(roots * self.unknown, full_matrices=False)
        basis = basis[:, size > 1e-10 * size[0]]
        taken_off = np.eye(len(self.share)) - (basis / roots) @ (basis * roots).T
        form = taken_off.T @ matrix @ taken_off
        return form / np.trace(form)

    def excess(self, norm, err, form):
        """Variance beyond errors and nuisances (n_curves,).

        Parameters
        ----------
        norm, err : float arrays (n_curves, n)
        form : float array (n, n), of `form`
        """
        distance = norm - self.offset
        square = np.einsum("tr,rs,ts->t", distance, form, distance)
        return square - err**2 @ np.diag(form) - np.sum(form * self.shared)

    def spread(self, excess, form):
        """Standard deviation of the `excess` of a source with that variance.

        Parameters
        ----------
        excess : float
        form : float array (n, n), of `form`
        """
        moved = form @ self.covariance
        noise, signal = np.sum(moved * moved.T), np.sum((form @ form) * self.covariance)
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
    """Variances (n_curves, n_rows) that rows have if their norm is the constant. fits: `RowFits`."""
    product, skew = fits.errn * fits.errp, fits.errp - fits.errn
    product = np.where(product > 0, product, fits.err**2)
    distance = fits.constant[:, None] - fits.norm
    return np.maximum(product + _STEEPER * skew * distance, _LEAST * product)


def _columns(own, constant):
    """(what is not known (n, k): the constant and free scales; covariance (n, n) by all else) of `RowNuisances`."""
    load = np.zeros((own.n_rows, own.n_nuisances))
    load[own.row, own.nuisance] = constant * own.scale + own.shift
    scales, known = load[:, : own.n_scales], own.precision.any(axis=1)
    covariance = np.linalg.inv(own.precision[np.ix_(known, known)])
    others = load[:, own.n_scales :]
    shared = scales[:, known] @ covariance @ scales[:, known].T + others @ others.T
    variance, mixed, shift = own.own.T
    shared[np.diag_indices(own.n_rows)] += constant**2 * variance + 2 * constant * mixed + shift
    return np.column_stack([np.ones(own.n_rows), scales[:, ~known]]), shared


def _of_pairs(share, first, second):
    """The form (n, n) of half the mean squared difference in pairs of rows, weighted by w1*w2/(w1 + w2)."""
    each = share[first] * share[second] / (share[first] + share[second])
    each = 0.5 * each / each.sum()
    form = np.diag(np.bincount(first, each, len(share)) + np.bincount(second, each, len(share)))
    np.add.at(form, (first, second), -each)
    np.add.at(form, (second, first), -each)
    return form
