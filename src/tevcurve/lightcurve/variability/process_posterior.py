"""What rows say of the power spectrum behind them: the posterior of its shape and its amplitude.

Priors are flat, in the slope and in the logs of amplitude and bend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from tevcurve.lightcurve.variability.process_walks import (
    FINE,
    HIGHEST,
    LOWEST,
    explore,
    log_integral,
)

# Where the slope's standard deviation over the distance of slopes is less, these are halved: so far around it.
COARSE, REACH = 0.6, 4.5
# Slopes between two of the grid, and levels, at which the evidence is interpolated.
BETWEEN, LEVELS = 8, 201
# So far below the highest, in log, is what the prior excludes.
NOTHING = 1e3


@dataclass(frozen=True, eq=False)
class Marginal:
    """The posterior of one parameter.

    Attributes
    ----------
    value : float array (k,), ascending, equally spaced
    density : float array (k,), integral 1
    """

    value: np.ndarray
    density: np.ndarray

    @classmethod
    def of(cls, value, log_density):
        """Of a log density that is not normalised.

        Parameters
        ----------
        value : float array (k,), ascending, equally spaced
        log_density : float array (k,)
        """
        density = np.exp(log_density - np.max(log_density))
        return cls(value, density / np.trapezoid(density, value))

    @property
    def mode(self):
        """Where it is highest."""
        return float(self.value[np.argmax(self.density)])

    def interval(self, content):
        """(low, high) of the shortest interval with a content, such as 0.683. content: float."""
        order = np.argsort(-self.density, kind="stable")
        share = np.cumsum(self.density[order]) / self.density.sum()
        kept = order[: int(np.searchsorted(share, content)) + 1]
        return float(self.value[kept.min()]), float(self.value[kept.max()])

    def quantile(self, share):
        """The value below which a share is. share: float."""
        area = np.append(0, np.cumsum(0.5 * (self.density[1:] + self.density[:-1]) * np.diff(self.value)))
        return float(np.interp(share, area / area[-1], self.value))


@dataclass(frozen=True, eq=False)
class Surface:
    """The evidence at many slopes and levels, with one bend.

    Attributes
    ----------
    bend : float, log of a frequency
    slope : float array (p,)
    level : float array (p, q), equally spaced for each slope
    log_evidence : float array (p, q)
    """

    bend: float
    slope: np.ndarray
    level: np.ndarray
    log_evidence: np.ndarray

    @classmethod
    def of(cls, bend, slope, walks):
        """By splines between walks, along the levels that are best: at one level the evidence peaks in between.

        Parameters
        ----------
        bend : float
        slope : float array (k,), ascending, of neighbours on the grid
        walks : list of k `Walk`
        """
        best = np.array([one.best for one in walks])
        low = min(one.level[0] - one.best for one in walks)
        high = max(one.level[-1] - one.best for one in walks)
        beside = np.linspace(low, high, LEVELS)
        table = np.array([one.at(one.best + beside) for one in walks])
        fine = slope
        if len(slope) > 1:
            fine = np.linspace(slope[0], slope[-1], (len(slope) - 1) * BETWEEN + 1)
            best, table = CubicSpline(slope, best)(fine), CubicSpline(slope, table)(fine)
        level = best[:, None] + beside
        beyond = (level < LOWEST) | (level > HIGHEST)
        return cls(bend, fine, level, np.where(beyond, table.max() - NOTHING, table))

    @property
    def log_share(self):
        """Log of the evidence in each of its cells, float array (p, q)."""
        steps = log_steps(self.slope)[:, None] + np.log(self.level[0, 1] - self.level[0, 0])
        return self.log_evidence + steps


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posterior of shapes and amplitudes.

    Attributes
    ----------
    slope : float array (n_slopes,), ascending, equally spaced
    bend : float array (n_bends,), logs of frequencies; of one, where there is none
    walks : dict of (number of bend, number of slope) to `Walk`; shapes that are much less likely are left out
    weights : function of (slope, bend) to weights (m,) of the oscillators at an amplitude of 1
    all_slopes : float, how much the prior of the slope has of it
    """

    slope: np.ndarray
    bend: np.ndarray
    walks: dict
    weights: Callable
    all_slopes: float

    @cached_property
    def totals(self):
        """Log of the evidence of each shape, float array (n_bends, n_slopes), minus infinity where left out."""
        totals = np.full((len(self.bend), len(self.slope)), -np.inf)
        for key, one in self.walks.items():
            totals[key] = one.total
        return totals

    @cached_property
    def of_slope(self):
        """The `Marginal` of the slope."""
        return _marginal(self.slope, np.logaddexp.reduce(self.totals + log_steps(self.bend)[:, None], axis=0))

    @cached_property
    def _of_bends(self):
        """Log of the evidence of each bend, float array (n_bends,)."""
        return np.array([_over(self.slope, each) for each in self.totals])

    @cached_property
    def of_bend(self):
        """The `Marginal` of the log of the bend."""
        return _marginal(self.bend, self._of_bends)

    @cached_property
    def surfaces(self):
        """The `Surface` of each bend that is not left out, list."""
        made = []
        for number, (bend, totals) in enumerate(zip(self.bend, self.totals, strict=True)):
            known = _run_of_finite(totals)
            if len(known):
                walks = [self.walks[number, k] for k in known]
                made.append(Surface.of(bend, self.slope[known], walks))
        return made

    @cached_property
    def of_level(self):
        """The `Marginal` of the log of the amplitude squared."""
        low = max(min(each.level.min() for each in self.surfaces), LOWEST)
        high = min(max(each.level.max() for each in self.surfaces), HIGHEST)
        fine = np.linspace(low, high, FINE)
        parts = [
            np.interp(fine, level, log, left=-np.inf, right=-np.inf) + step
            for each in self.surfaces
            for level, log, step in zip(each.level, each.log_evidence, log_steps(each.slope), strict=True)
        ]
        return Marginal.of(fine, np.logaddexp.reduce(parts, axis=0))

    @cached_property
    def log_evidence(self):
        """Log of the evidence, with flat priors over all slopes, bends and amplitudes."""
        volume = self.all_slopes * (HIGHEST - LOWEST)
        if len(self.bend) == 1:
            return self._of_bends[0] - np.log(volume)
        total = np.logaddexp.reduce(self._of_bends + log_steps(self.bend))
        return total - np.log(volume * (self.bend[-1] - self.bend[0]))

    @cached_property
    def best(self):
        """(weights (m,) of the oscillators, log fluxes (n,) near the best ones) of the point that is most likely."""
        surface = max(self.surfaces, key=lambda each: each.log_evidence.max())
        p, q = np.unravel_index(np.argmax(surface.log_evidence), surface.log_evidence.shape)
        nearest = max(self.walks.values(), key=lambda each: each.log_evidence.max())
        weight = self.weights(surface.slope[p], surface.bend)
        return np.exp(surface.level[p, q]) * weight, nearest.mode

    def draw(self, n, rng):
        """Weights (n, m) of the oscillators, one from each nth of the posterior, in no order.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        log = np.concatenate([each.log_share.ravel() for each in self.surfaces])
        level = np.concatenate([each.level.ravel() for each in self.surfaces])
        slope = np.concatenate([np.repeat(each.slope, LEVELS) for each in self.surfaces])
        bend = np.repeat([each.bend for each in self.surfaces], [each.level.size for each in self.surfaces])
        share = np.cumsum(np.exp(log - log.max()))
        area = rng.permutation((np.arange(n) + rng.random(n)) / n)
        which = np.minimum(np.searchsorted(share / share[-1], area), len(log) - 1)
        return np.array([np.exp(level[k]) * self.weights(slope[k], bend[k]) for k in which])


def posterior_of(rows, slope, bend, weights, near):
    """The `Posterior` of a grid of shapes, whose slopes are halved until they are near enough to each other.

    Parameters
    ----------
    rows : `LogNormalRows`
    slope, bend, weights : see `Posterior`
    near : float, a level near the best one
    """
    first = len(bend) // 2, len(slope) // 2
    walks, all_slopes = explore(rows, slope, bend, weights, near, first), slope[-1] - slope[0]
    while True:
        found, step = Posterior(slope, bend, walks, weights, all_slopes), slope[1] - slope[0]
        low, high = found.of_slope.interval(0.683)
        half = 0.5 * (high - low)
        if half > COARSE * step:
            return found
        reach = max(REACH * half, step)
        kept = np.flatnonzero(np.abs(slope - found.of_slope.mode) < reach + step)
        start, stop = kept[0], kept[-1]
        slope = np.linspace(slope[start], slope[stop], 2 * (stop - start) + 1)
        known = {(number, 2 * (k - start)): one for (number, k), one in walks.items() if start <= k <= stop}
        first = max(known, key=lambda each: known[each].total)
        walks = explore(rows, slope, bend, weights, known[first].best, first, known)


def log_steps(value):
    """Logs of the weights (k,) of the trapezoidal rule at equal steps, 0 for one point.

    value: float array (k,).
    """
    weight = np.full(len(value), _step(value))
    if len(value) > 1:
        weight[[0, -1]] *= 0.5
    return np.log(weight)


def _step(value):
    """Between neighbours; 1 for one point."""
    return value[1] - value[0] if len(value) > 1 else 1.0


def _run_of_finite(log_density):
    """Numbers of those around the highest that are finite without a gap, int array."""
    finite = np.isfinite(log_density)
    if not finite.any():
        return np.zeros(0, dtype=int)
    gaps = np.flatnonzero(~finite)
    at = int(np.argmax(log_density))
    low, high = gaps[gaps < at], gaps[gaps > at]
    return np.arange(low[-1] + 1 if len(low) else 0, high[0] if len(high) else len(log_density))


def _over(value, log_density):
    """Log of the integral over values; a single one stands for a step."""
    known = _run_of_finite(log_density)
    if len(known) < 2:
        return np.max(log_density) + np.log(_step(value))
    return log_integral(*_fine(value, log_density))


def _fine(value, log_density):
    """The same at many points between, by a spline, of those that are finite."""
    known = _run_of_finite(log_density)
    if len(known) == 1:
        return value[known], log_density[known]
    fine = np.linspace(value[known[0]], value[known[-1]], FINE)
    return fine, CubicSpline(value[known], log_density[known])(fine)


def _marginal(value, log_density):
    return Marginal.of(*_fine(value, log_density))
