"""One constant norm for all rows of a light curve, with what is not known of the rows at its best.

The statistic of rows that see x = F exp(l) + m is least in F and in all nuisance parameters together, the priors of
these added. Errors are those at the constant, as each row's own statistic has them, and what a scale changes is
proportional to the constant: with either taken from the data, low rows would pull the constant down (Peelle 1987;
D'Agostini 1994, NIM A 346, 306). A row's own parameters, backgrounds among them, are at their best inside its profile.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.fit.nuisance_layout import NuisanceLayout
from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.amplitudes import Profile

MAX_STEPS = 200
# A step that promises a smaller fall of the statistic is not made.
_LEAST_FALL = 1e-10
_SHORTEST = 1e-7
# Below its lowest norm a row's statistic goes on so steeply, in units of what it does at the bound.
_STEEP = 1e6
# Rows x parameters of light curves that are fitted at once.
_BATCH = 4_000_000


@dataclass(frozen=True, eq=False)
class SharedConstant:
    """The best constant of n light curves, and what their rows see there.

    Attributes
    ----------
    nuisances : `RowNuisances`
    norm, stat : float arrays (n,), the constant, and the sum of the statistics with what the priors add
    flux, seen : float arrays (n, n_rows), what rows see of the constant: F exp(l), and with the shifts
    pull : float array (n, n_rows), the slope of half of each row's statistic there
    scales : float array (n, n_scales), ln(scale) of instruments around their settled values
    converged : bool array (n,)
    """

    nuisances: RowNuisances
    norm: np.ndarray
    stat: np.ndarray
    flux: np.ndarray
    seen: np.ndarray
    pull: np.ndarray
    scales: np.ndarray
    converged: np.ndarray

    def values(self) -> np.ndarray:
        """All nuisance parameters (n, n_nuisances), those with priors in their standard deviations.

        By the condition that the slope is 0, z = -sum over rows of (slope of half the statistic) dx/dz.
        """
        own = self.nuisances
        forces = self.pull[:, own.row] * (self.flux[:, own.row] * own.scale + own.shift)
        values = np.stack([-np.bincount(own.nuisance, each, own.n_nuisances) for each in forces])
        values[:, : own.n_scales] = self.scales
        return values


def constant_with_nuisances(
    profile: Profile, norm: np.ndarray, lower: np.ndarray, nuisances: RowNuisances
) -> SharedConstant:
    """The `SharedConstant` of n light curves.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; row r of light curve t is its bin t * n_rows + r
    norm : float array (n,), the best constants without nuisances, where the search begins
    lower : float array (n * n_rows,), the lowest norms that rows may see
    nuisances : `RowNuisances` of the n_rows rows of each light curve
    """
    layout, n, n_rows = NuisanceLayout(nuisances), len(norm), nuisances.n_rows
    widest = max((each.scale.shape[2] for each in layout.components), default=1)
    size = max(1, _BATCH // (n_rows * (layout.n_front + widest)))
    parts = []
    for first in range(0, n, size):
        curves = np.arange(first, min(first + size, n))
        rows = _rows_of(curves, n_rows)
        own = profile if len(curves) == n else profile.take(rows)[0]
        parts.append(_Search(own, layout, norm[curves], lower[rows]).run())
    point, *found = (np.concatenate(each) for each in zip(*parts, strict=True))
    stat, flux, seen, pull, converged = found
    scales = point[:, 1 : 1 + nuisances.n_scales]
    return SharedConstant(nuisances, point[:, 0], stat, flux, seen, pull, scales, converged)


def n_identified(nuisances: RowNuisances) -> int:
    """How many free scales the rows can tell apart from each other and from a constant. nuisances: `RowNuisances`."""
    if not nuisances.n_free:
        return 0
    free = np.flatnonzero(~nuisances.precision.any(axis=1))
    columns = np.ones((nuisances.n_rows, 1 + len(free)))
    for number, each in enumerate(free):
        mine = nuisances.nuisance == each
        columns[:, 1 + number] = np.bincount(nuisances.row[mine], nuisances.scale[mine], nuisances.n_rows)
    return int(np.linalg.matrix_rank(columns)) - 1


class _Search:
    """Damped Gauss-Newton steps of many light curves, each of which stops at its own convergence."""

    def __init__(self, profile: Profile, layout: NuisanceLayout, norm: np.ndarray, lower: np.ndarray) -> None:
        self.profile, self.layout, self.lower, self.start = profile, layout, lower, None
        self.point = layout.start(norm)
        self.n, self.active = len(norm), np.arange(len(norm))

    def run(self):
        """(points, statistics, F exp(l), what rows see, slopes of half their statistics, converged)."""
        n, n_rows = self.n, self.layout.n_rows
        point, step = self.point, np.zeros_like(self.point)
        stat, length, converged = np.full(n, np.inf), np.ones(n), np.zeros(n, dtype=bool)
        flux, seen, pull = np.zeros((3, n, n_rows))
        for _ in range(MAX_STEPS):
            k = self.active
            trial = point[k] + length[k, None] * step[k]
            x, own_flux, slope = self.layout.seen(trial)
            height, own_pull, bend = self._evaluate(x)
            height = height + self.layout.penalty(trial)
            better = height <= stat[k] + 1e-12 * np.abs(height)
            good = k[better]
            point[good], stat[good], length[good] = trial[better], height[better], 1.0
            flux[good], seen[good], pull[good] = own_flux[better], x[better], own_pull[better]
            length[k[~better]] *= 0.25
            done = length[k] < _SHORTEST
            if len(good):
                arrays = (each[better] for each in (own_flux, slope, own_pull, bend))
                step[good], fall = self.layout.step(point[good], *arrays)
                converged[good] = fall < _LEAST_FALL
                done |= converged[k]
            if done.all():
                break
            self._drop(done)
        return point, stat, flux, seen, pull, converged

    def _evaluate(self, x):
        """(sum of the rows' statistics (n,), slope and curvature of half of each (n, n_rows))."""
        low = (
            self.lower[_rows_of(self.active, self.layout.n_rows)] if len(self.active) < self.n else self.lower
        )
        flat = x.ravel()
        (stat, slope, bend), self.start = self.profile.evaluate(np.maximum(flat, low), self.start)
        bend = np.where(np.isfinite(bend), np.maximum(bend, 0.0), 0.0)
        below = np.minimum(flat - low, 0.0)
        if below.any():
            steep = _STEEP * np.maximum(bend, slope**2)
            stat = stat + (slope + 0.5 * steep * below) * below
            slope, bend = slope + steep * below, np.where(below < 0, steep, bend)
        stat, slope, bend = (each.reshape(x.shape) for each in (stat, slope, bend))
        return stat.sum(axis=1), 0.5 * slope, 0.5 * bend

    def _drop(self, done):
        """Leaves out light curves that are done."""
        if not done.any():
            return
        kept = np.flatnonzero(~done)
        rows = _rows_of(kept, self.layout.n_rows)
        self.profile, self.start = self.profile.take(rows, self.start)
        self.active = self.active[kept]


def _rows_of(curves: np.ndarray, n_rows: int) -> np.ndarray:
    """Bins of light curves, sorted. curves: int array, sorted."""
    return (curves[:, None] * n_rows + np.arange(n_rows)).ravel()
