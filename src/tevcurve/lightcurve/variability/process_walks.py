"""How likely rows are with processes of many shapes and amplitudes: fits by Laplace's approximation, as few as will do.

For each shape (a slope, or a slope and a bend) the amplitude is walked along from near where it is best, each fit
beginning where its neighbours lead to. The log evidence is smooth, and near a parabola, so that splines are exact
enough between points that are nearly two standard deviations apart.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

# Log of the amplitude squared, pivot*power(pivot): its prior is flat between these.
LOWEST, HIGHEST = np.log(1e-6), np.log(1e2)
# What is so much less likely, in log, is left out; the distance of levels in standard deviations, and its bounds.
NEGLIGIBLE, STEP, LONGEST, LEAST_STEP = 7.0, 1.2, 1.0, 0.03
MOST_POINTS = 40
# The first walk, which only shows how wide the others are, ends where so much is lost.
NEAR = 1.5
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

    @cached_property
    def _spline(self):
        return CubicSpline(self.level, self.log_evidence)

    def at(self, level):
        """Log evidence at levels, beyond the points along the lines on which it leaves them. level: float array."""
        inside = np.clip(level, self.level[0], self.level[-1])
        return self._spline(inside) + self._spline(inside, 1) * (level - inside)

    @cached_property
    def fine(self):
        """(levels, log evidence) at many levels, float arrays (`FINE`,)."""
        level = np.linspace(self.level[0], self.level[-1], FINE)
        return level, self.at(level)

    @cached_property
    def total(self):
        """Log of the integral of the evidence over the level."""
        return log_integral(*self.fine)

    @cached_property
    def best(self):
        """The level that is best."""
        level, log_evidence = self.fine
        return float(level[np.argmax(log_evidence)])

    @property
    def width(self):
        """Standard deviation of the level, by the curvature at the best one; infinite where there is none."""
        bend = -float(self._spline(self.best, 2))
        return bend**-0.5 if bend > 0 else np.inf


def walk(rows, weight, near, mode=None, step=LONGEST, floor=-np.inf, within=NEGLIGIBLE):
    """The `Walk` of a shape.

    Parameters
    ----------
    rows : `LogNormalRows`
    weight : float array (m,), of the oscillators at an amplitude of 1
    near : float, a level near the best one
    mode : float array (n,), log fluxes where the fits begin
    step : float, distance of levels
    floor : float, log evidence below which nothing is wanted
    within : float, how far below the best one it ends
    """
    source, found = rows.source(weight), {}

    def add(level, start):
        found[level] = rows.fit(np.exp(level) * source, start)

    def is_over(edge, before):
        """Whether what is beyond an edge is negligible."""
        own, best = found[edge].log_evidence, max(each.log_evidence for each in found.values())
        return own < best - within or (own < floor and own < found[before].log_evidence)

    near = float(np.clip(near, LOWEST, HIGHEST))
    add(near, mode)
    for way in (1, -1):
        edge, before = near, None
        while edge != (HIGHEST if way > 0 else LOWEST) and len(found) < MOST_POINTS:
            if before is not None and is_over(edge, before):
                break
            start = found[edge].mode if before is None else 2 * found[edge].mode - found[before].mode
            level = float(np.clip(edge + way * step, LOWEST, HIGHEST))
            add(level, start)
            edge, before = level, edge
    level = np.array(sorted(found))
    log_evidence = np.array([found[each].log_evidence for each in level])
    return Walk(weight, level, log_evidence, found[level[np.argmax(log_evidence)]].mode)


def explore(rows, slope, bend, weights, near, first, known=None):
    """Walks of the shapes of a grid, dict of (number of bend, number of slope) to `Walk`.

    Shapes that are much less likely than others are left out, but those that show it.

    Parameters
    ----------
    rows : `LogNormalRows`
    slope, bend : float arrays, of the grid; see `tevcurve.lightcurve.variability.process_posterior.Posterior`
    weights : function of (slope, bend) to weights (m,) of the oscillators at an amplitude of 1
    near : float, a level near the best one
    first : (number of bend, number of slope) of the shape to begin with
    known : walks that are there already, dict as it is returned
    """
    walks, known = {}, known or {}
    waiting, seen, step = [(first, near, None)], {first}, None
    highest = max((each.total for each in known.values()), default=-np.inf)
    if known:
        step = step_of(known[first])
    while waiting:
        key, level, mode = waiting.pop(0)
        if key not in known:
            weight = weights(slope[key[1]], bend[key[0]])
            if step is None:
                tried = walk(rows, weight, level, mode, within=NEAR)
                step, level, mode = step_of(tried), tried.best, tried.mode
            known[key] = walk(rows, weight, level, mode, step, highest - NEGLIGIBLE)
        one = walks[key] = known[key]
        highest = max(highest, one.total)
        if one.total < highest - NEGLIGIBLE and len(walks) > 2:
            continue
        for move in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            other = key[0] + move[0], key[1] + move[1]
            if other not in seen and 0 <= other[0] < len(bend) and 0 <= other[1] < len(slope):
                seen.add(other)
                waiting.append((other, one.best, one.mode))
    return walks


def step_of(one):
    """The distance of levels that is wanted beside a walk. one: `Walk`."""
    return float(np.clip(STEP * one.width, LEAST_STEP, LONGEST))


def log_integral(x, log_density):
    """Log of the integral over x.

    Parameters
    ----------
    x : float array (k,), ascending
    log_density : float array (k,)
    """
    highest = np.max(log_density)
    return highest + np.log(np.trapezoid(np.exp(log_density - highest), x))
