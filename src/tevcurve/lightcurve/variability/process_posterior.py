"""What rows say of the power spectrum behind them: the posterior of its shape and its amplitude, on a grid.

For each shape (a slope, or a slope and a bend) the amplitude is walked along from where it is best, each fit starting
where its neighbour ended; the evidence of Laplace's approximation is smooth, so that a spline of its log is exact
enough between the points. Priors are flat, in the slope and in the logs of amplitude and bend.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

# Log of the amplitude squared, pivot*power(pivot): its prior is flat between these.
LOWEST, HIGHEST = np.log(1e-6), np.log(1e2)
# What is so much less likely, in log, is left out; distance of points in standard deviations, and at most.
NEGLIGIBLE, STEP, LONGEST = 7.0, 0.9, 1.0
LEAST_STEP, MOST_POINTS = 0.03, 40
# Where the slope's standard deviation over the distance of slopes is less, these are made finer: so far, and so many.
COARSE, REACH, REFINED = 0.6, 5.0, 15
# Points of what is interpolated.
FINE = 801


@dataclass(frozen=True, eq=False)
class Walk:
    """Amplitudes of one shape.

    Attributes
    ----------
    weight : float array (m,), of the oscillators at an amplitude of 1
    level : float array (k,), ascending, logs of the amplitude squared
    log_evidence : float array (k,)
    mode : float array (n,), log fluxes where the best fit ended
    """

    weight: np.ndarray
    level: np.ndarray
    log_evidence: np.ndarray
    mode: np.ndarray

    def at(self, level):
        """Log evidence at levels; minus infinity beyond the points. level: float array."""
        inside = (level >= self.level[0]) & (level <= self.level[-1])
        spline = CubicSpline(self.level, self.log_evidence)
        return np.where(inside, spline(np.clip(level, self.level[0], self.level[-1])), -np.inf)

    @cached_property
    def total(self):
        """Log of the integral of the evidence over the level."""
        fine = np.linspace(self.level[0], self.level[-1], FINE)
        return _log_integral(fine, self.at(fine))

    @property
    def best(self):
        """The level that is best, and its log evidence."""
        k = int(np.argmax(self.log_evidence))
        return self.level[k], self.log_evidence[k]


def walk(rows, weight, near, mode=None, step=None):
    """The `Walk` of a shape.

    Parameters
    ----------
    rows : `LogNormalRows`
    weight : float array (m,), of the oscillators at an amplitude of 1
    near : float, a level near the best one
    mode : float array (n,), log fluxes where the fits begin
    step : float, distance of levels; default: found from the curvature
    """
    points = {}

    def add(level, start):
        fit = rows.fit(np.exp(level) * weight, start)
        points[level] = fit.log_evidence, fit.mode
        return fit

    near = float(np.clip(near, LOWEST, HIGHEST))
    add(near, mode)
    step = LONGEST if step is None else step
    for way in (1, -1):
        while len(points) < MOST_POINTS:
            edge = max(points) if way > 0 else min(points)
            best = max(each[0] for each in points.values())
            at_end = edge >= HIGHEST if way > 0 else edge <= LOWEST
            if at_end or (len(points) > 1 and points[edge][0] < best - NEGLIGIBLE):
                break
            add(float(np.clip(edge + way * step, LOWEST, HIGHEST)), points[edge][1])
    level = np.array(sorted(points))
    log_evidence = np.array([points[each][0] for each in level])
    return Walk(weight, level, log_evidence, points[level[np.argmax(log_evidence)]][1])


def _log_integral(x, log_density):
    """Log of the integral over x, arrays (k,)."""
    highest = np.max(log_density)
    return highest + np.log(np.trapezoid(np.exp(log_density - highest), x))


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
class Posterior:
    """The posterior of shapes and amplitudes.

    Attributes
    ----------
    slope : float array (n_slopes,), ascending
    bend : float array (n_bends,), logs of frequencies; of one, where there is none
    walks : dict of (number of bend, number of slope) to `Walk`; shapes that are much less likely are left out
    all_slopes : float, how much the prior of the slope has of it
    """

    slope: np.ndarray
    bend: np.ndarray
    walks: dict
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
        return _marginal(
            self.slope, np.logaddexp.reduce(self.totals + _log_steps(self.bend)[:, None], axis=0)
        )

    @cached_property
    def of_bend(self):
        """The `Marginal` of the log of the bend."""
        return _marginal(self.bend, np.logaddexp.reduce(self.totals + _log_steps(self.slope), axis=1))

    @cached_property
    def of_level(self):
        """The `Marginal` of the log of the amplitude squared."""
        low = min(one.level[0] for one in self.walks.values())
        high = max(one.level[-1] for one in self.walks.values())
        fine, steps = np.linspace(low, high, FINE), _log_steps(self.bend)[:, None] + _log_steps(self.slope)
        parts = [one.at(fine) + steps[key] for key, one in self.walks.items()]
        return Marginal.of(fine, np.logaddexp.reduce(parts, axis=0))

    @cached_property
    def log_evidence(self):
        """Log of the evidence, with flat priors over all slopes, bends and amplitudes."""
        inside = np.logaddexp.reduce(self.totals + _log_steps(self.bend)[:, None], axis=0)
        fine, log_density = _fine(self.slope, inside)
        volume = self.all_slopes * (HIGHEST - LOWEST)
        if len(self.bend) > 1:
            volume *= self.bend[-1] - self.bend[0]
        return _log_integral(fine, log_density) - np.log(volume)

    @property
    def best(self):
        """(key of the shape, level) of the point that is most likely."""
        key = max(self.walks, key=lambda each: self.walks[each].best[1])
        one = self.walks[key]
        fine = np.linspace(one.level[0], one.level[-1], FINE)
        return key, float(fine[np.argmax(one.at(fine))])

    def draw(self, n, rng):
        """Draws, list of (key of the shape, level): one from each nth of the shapes.

        Parameters
        ----------
        n : int
        rng : numpy Generator
        """
        keys = list(self.walks)
        steps = _log_steps(self.bend)[:, None] + _log_steps(self.slope)
        log = np.array([self.walks[key].total + steps[key] for key in keys])
        share = np.exp(log - log.max())
        area = rng.permutation((np.arange(n) + rng.random(n)) / n)
        which = np.minimum(np.searchsorted(np.cumsum(share) / share.sum(), area), len(keys) - 1)
        drawn = []
        for key in (keys[k] for k in which):
            one = self.walks[key]
            fine = np.linspace(one.level[0], one.level[-1], FINE)
            drawn.append((key, Marginal.of(fine, one.at(fine)).quantile(rng.random())))
        return drawn


def explore(rows, slope, bend, weights, near, first):
    """The `Posterior` of the shapes of a grid.

    Parameters
    ----------
    rows : `LogNormalRows`
    slope, bend : float arrays, of the grid; see `Posterior`
    weights : function of (slope, bend) to weights (m,) of the oscillators at an amplitude of 1
    near : float, a level near the best one
    first : (number of bend, number of slope) of the shape to begin with
    """
    walks, highest, step = {}, -np.inf, None
    waiting = [(first, near, None)]
    seen = {first}
    while waiting:
        key, level, mode = waiting.pop(0)
        weight = weights(slope[key[1]], bend[key[0]])
        if step is None:
            one = walk(rows, weight, level, mode)
            step = float(np.clip(STEP * _width(one), LEAST_STEP, LONGEST))
            level, mode = one.best[0], one.mode
        one = walk(rows, weight, level, mode, step)
        highest = max(highest, one.total)
        if one.total < highest - NEGLIGIBLE and len(walks) > 2:
            walks[key] = one
            continue
        walks[key] = one
        for move in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            other = key[0] + move[0], key[1] + move[1]
            if other not in seen and 0 <= other[0] < len(bend) and 0 <= other[1] < len(slope):
                seen.add(other)
                waiting.append((other, one.best[0], one.mode))
    return Posterior(slope, bend, walks, slope[-1] - slope[0])


def refined(rows, posterior, weights):
    """The `Posterior` with slopes that are near enough to each other for it; the same where they are already.

    Parameters
    ----------
    rows, weights : see `explore`
    posterior : `Posterior` of a grid
    """
    slope, marginal = posterior.slope, posterior.of_slope
    low, high = marginal.interval(0.683)
    if 0.5 * (high - low) > COARSE * (slope[1] - slope[0]):
        return posterior
    reach = REACH * max(0.5 * (high - low), 0.02 * (slope[1] - slope[0]))
    near = np.linspace(max(slope[0], marginal.mode - reach), min(slope[-1], marginal.mode + reach), REFINED)
    (number, _), level = posterior.best
    first = number, int(np.argmin(np.abs(near - marginal.mode)))
    return replace(
        explore(rows, near, posterior.bend, weights, level, first), all_slopes=posterior.all_slopes
    )


def _width(one):
    """Standard deviation of the level in a `Walk`."""
    marginal = Marginal.of(*_fine(one.level, one.log_evidence))
    low, high = marginal.interval(0.683)
    return 0.5 * (high - low)


def _log_steps(value):
    """Logs of the weights (k,) of the trapezoidal rule at equal steps, 0 for one point."""
    if len(value) == 1:
        return np.zeros(1)
    weight = np.full(len(value), value[1] - value[0])
    weight[[0, -1]] *= 0.5
    return np.log(weight)


def _fine(value, log_density):
    """The same at many points between, by a spline; minus infinity beyond those that are finite."""
    known = np.flatnonzero(np.isfinite(log_density))
    if len(known) == 1:
        return value[known], log_density[known]
    low, high = known[0], known[-1] + 1
    fine = np.linspace(value[low], value[high - 1], FINE)
    return fine, CubicSpline(value[low:high], log_density[low:high])(fine)


def _marginal(value, log_density):
    return Marginal.of(*_fine(value, log_density))
