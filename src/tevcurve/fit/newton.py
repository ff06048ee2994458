"""Damped Newton's method for the minima of small functions of many rows at once, and where they have risen.

A function of rows is any object with ``evaluate(x, start)`` that returns ((value, slope, curvature), end) with shapes
(n,), (n, q) and (n, q, q) at points x (n, q), and ``take(rows, start)`` that returns (the function of some rows, the
start cut with them). It has no state: a search inside of it begins where a start says, and where it ended is another;
None is the function's own beginning. It need not be convex. Each row stops at its own convergence.
"""

from dataclasses import dataclass

import numpy as np

MAX_STEPS = 60
# The decrement is the square of the distance to the minimum in standard deviations.
DECREMENT_STOP = 1e-14
# A crossing ends with a step from where the rise is this close to what was asked for, relatively: right to its square.
RISE_STOP = 1e-4
CROSSING_STEPS = 40
# How far from the valley, by the rise it would lower, the other coordinates may be for a step along it.
IN_VALLEY = 0.2
LONGEST_STEP = 1.5
CURVATURE_FLOOR = 1e-8


class _ActiveRows:
    """The rows (n) that a search still works on; drops finished ones when they are the majority."""

    def __init__(self, function, n):
        self._function, self._start, self._numbers = function, None, np.arange(n)

    def evaluate(self, x, active):
        """(numbers of the active rows, the function there) at points x of all rows."""
        wanted = active[self._numbers]
        if 2 * np.count_nonzero(wanted) < len(wanted):
            self._function, self._start = self._function.take(np.flatnonzero(wanted), self._start)
            self._numbers = self._numbers[wanted]
            wanted = np.ones(len(self._numbers), dtype=bool)
        values, self._start = self._function.evaluate(x[self._numbers], self._start)
        return self._numbers[wanted], tuple(value[wanted] for value in values)


@dataclass(frozen=True, eq=False)
class Minima:
    """The minima of n rows.

    Attributes
    ----------
    x : float array (n, q), where they are
    value, slope, curvature : float arrays (n,), (n, q) and (n, q, q), the function there
    floor : float array (n,), what the value comes to in the parabola's minimum
    converged : bool array (n,)
    """

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    floor: np.ndarray
    converged: np.ndarray

    def replaced(self, rows, others):
        """The same with other minima of some rows (int array), where those have converged.

        Parameters
        ----------
        rows : int array, the rows that the others are of
        others : `Minima` of these rows
        """
        use = np.flatnonzero(others.converged)
        new = {name: values.copy() for name, values in vars(self).items()}
        for name, values in new.items():
            values[rows[use]] = getattr(others, name)[use]
        return Minima(**new)


def minimize(function, start, low, high, held=(), stop=DECREMENT_STOP):
    """The `Minima` of rows.

    Parameters
    ----------
    function : see the module
    start : float array (n, q)
    low, high : float arrays (q,), bounds
    held : indices of coordinates that stay where they start
    stop : float, the square of the distance to the minimum, in standard deviations, at which a search ends
    """
    n, q = start.shape
    x, trial, longest = start.copy(), start.copy(), np.ones(n)
    value, slope, curvature = np.full(n, np.inf), np.zeros((n, q)), np.zeros((n, q, q))
    floor = np.full(n, np.nan)
    active, converged, rows = np.ones(n, dtype=bool), np.zeros(n, dtype=bool), _ActiveRows(function, n)
    kept = np.zeros(q, dtype=bool)
    kept[list(held)] = True
    for _ in range(MAX_STEPS):
        k, (f, g, h) = rows.evaluate(trial, active)
        # Close to the minimum the value only changes by its rounding.
        accepted = f <= value[k] + 1e-13 * np.abs(value[k])
        accepted |= ~np.isfinite(value[k])
        finite = np.isfinite(f) & np.isfinite(g).all(axis=1) & np.isfinite(h).all(axis=(1, 2))
        accepted &= finite
        good = k[accepted]
        x[good], value[good], slope[good], curvature[good] = (
            trial[good],
            f[accepted],
            g[accepted],
            h[accepted],
        )
        longest[k] = np.where(accepted, np.minimum(1.0, 3 * longest[k]), 0.2 * longest[k])
        fixed = kept | ((x[k] <= low) & (slope[k] > 0)) | ((x[k] >= high) & (slope[k] < 0))
        step, decrement, convex = newton_step(slope[k], curvature[k], fixed)
        floor[k] = value[k] - 0.5 * decrement
        converged[k] = convex & (decrement < stop) & np.isfinite(value[k])
        active[k] = ~converged[k] & np.isfinite(value[k]) & (longest[k] > 1e-9)
        if not active.any():
            break
        trial[k] = _bounded(x[k], longest[k, None] * step, slope[k], curvature[k], fixed, low, high)
    return Minima(x, value, slope, curvature, floor, converged)


def _bounded(x, step, slope, curvature, fixed, low, high):
    """Where a step leads inside the bounds: a coordinate that would leave them stops there, the others adapt to it."""
    over = ((x + step < low) | (x + step > high)) & ~fixed
    k = np.flatnonzero(over.any(axis=1))
    if len(k):
        short = np.where(over[k], np.clip(x[k] + step[k], low, high) - x[k], 0.0)
        adapted, _, _ = newton_step(slope[k] + times(curvature[k], short), curvature[k], fixed[k] | over[k])
        step = step.copy()
        step[k] = adapted + short
    return np.clip(x + step, low, high)


def newton_step(slope, curvature, fixed):
    """(step (n, q), decrement (n,), whether the function is convex (n,)), with some coordinates fixed.

    Where it is not convex, curvatures count by their size, so that the step leads down; no step is longer than
    `LONGEST_STEP`.

    Parameters
    ----------
    slope : float array (n, q)
    curvature : float array (n, q, q)
    fixed : bool array (n, q), coordinates that stay
    """
    inverse, convex = inverse_curvature(curvature, fixed)
    return *_short_step(inverse, slope), convex


def _short_step(inverse, slope):
    """(Newton's step (n, q), not too long; its decrement (n,))."""
    step = -times(inverse, slope)
    decrement = -dot(slope, step)
    length = np.abs(step).max(axis=1)
    return step * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300))[:, None], decrement


def inverse_curvature(curvature, fixed):
    """(inverse (n, q, q), zero for what is fixed; whether the function is convex in the rest (n,)).

    Where it is not convex, curvatures count by their size.

    Parameters
    ----------
    curvature : float array (n, q, q)
    fixed : bool array (n, q), coordinates that stay
    """
    q = curvature.shape[1]
    both = fixed[:, :, None] | fixed[:, None, :]
    matrix = np.where(both, 0.0, curvature)
    matrix[:, np.arange(q), np.arange(q)] += fixed
    values, vectors = np.linalg.eigh(matrix)
    scaled = vectors / np.maximum(np.abs(values), CURVATURE_FLOOR)[:, None, :]
    inverse = np.matmul(scaled, vectors.transpose(0, 2, 1))
    return np.where(both, 0.0, inverse), (values > CURVATURE_FLOOR).all(axis=1)


def times(matrix, vector):
    """Product of matrices (n, q, q) and vectors (n, q).

    Parameters
    ----------
    matrix : float array (n, q, q)
    vector : float array (n, q)
    """
    return np.matmul(matrix, vector[:, :, None])[:, :, 0]


def dot(one, other):
    """Product of vectors (n, q) and vectors.

    Parameters
    ----------
    one, other : float arrays (n, q)
    """
    return np.matmul(one[:, None, :], other[:, :, None])[:, 0, 0]


def crossing(function, minima, coordinate, side, rise, low, high):
    """Where a coordinate's profile has risen by `rise` on one side of the minimum (side -1 or 1), (n,).

    The profile is the lowest value over all other coordinates. Newton's method for both at once: the root of the
    rise goes to its goal, inside a bracket, while the others follow their valley; where they have lost it, they
    come back first. The bound where that comes first; NaN where no crossing was found.

    Parameters
    ----------
    function : with `evaluate` and `take`, see the module
    minima : `Minima` of n rows
    coordinate : int, number of the coordinate
    side : -1 for below the minimum, 1 for above
    rise : float, above 0, in the unit of the function
    low, high : float arrays (q,), bounds of the coordinates
    """
    n, q = minima.x.shape
    bound = high[coordinate] if side > 0 else low[coordinate]
    inner, outer, found = minima.x[:, coordinate].copy(), np.full(n, bound), np.full(n, np.nan)
    valley = _valley_at(minima.x, minima.curvature, coordinate, low, high)
    bend = dot(valley, times(minima.curvature, valley))
    width = np.where(bend > 0, 1 / np.sqrt(np.where(bend > 0, bend, 1.0)), np.nan)
    active = minima.converged & np.isfinite(width)
    ahead = np.where(active, side * np.minimum(np.sqrt(2 * rise) * width, side * (bound - inner)), 0.0)
    x, rows = np.clip(minima.x + ahead[:, None] * valley, low, high), _ActiveRows(function, n)
    for _ in range(CROSSING_STEPS):
        if not active.any():
            break
        k, (f, g, h) = rows.evaluate(x, active)
        finite = np.isfinite(f) & np.isfinite(g).all(axis=1) & np.isfinite(h).all(axis=(1, 2))
        g, h = np.where(finite[:, None], g, 0.0), np.where(finite[:, None, None], h, np.eye(q))
        at, fixed = x[k, coordinate], ((x[k] <= low) & (g > 0)) | ((x[k] >= high) & (g < 0))
        fixed[:, coordinate] = True
        inverse, _ = inverse_curvature(h, fixed)
        follow, decrement = _short_step(inverse, g)
        valley = _valley(inverse, h, coordinate)
        risen = np.where(finite, f - 0.5 * decrement - minima.value[k], np.inf)
        in_valley = (decrement < IN_VALLEY * rise) & finite
        beyond = risen >= rise
        outer[k] = np.where(in_valley & beyond, at, outer[k])
        inner[k] = np.where(in_valley & ~beyond, at, inner[k])
        target = _target(at, risen, dot(valley, g), rise, side, (inner[k], outer[k], bound, width[k]))
        ahead = np.where(in_valley, target - at, 0.0)
        settled = (decrement < RISE_STOP * rise) & finite
        at_bound = settled & (at == bound) & ~beyond
        done = (settled & (np.abs(risen - rise) < RISE_STOP * rise)) | at_bound
        found[k], active[k] = np.where(done, np.where(at_bound, bound, target), np.nan), ~done
        # Where the function is not finite, half of the way back.
        moved = np.where(finite[:, None], x[k] + follow + ahead[:, None] * valley, 0.5 * (x[k] + minima.x[k]))
        x[k] = np.where(active[k][:, None], np.clip(moved, low, high), x[k])
    return found


def _target(at, risen, tilt, rise, side, limits):
    """The next value of a coordinate: Newton's on the root of the rise, inside the bracket, else its middle."""
    inner, outer, bound, width = limits
    root = np.sqrt(np.maximum(risen, 1e-4 * rise))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        newton = at + 2 * root * (np.sqrt(rise) - root) / tilt
    newton = np.where(np.isfinite(newton), newton, at)
    newton = side * np.minimum(side * newton, side * (at + side * 3 * width))
    # The bound itself may be tried as long as nothing is known beyond.
    newton = np.where((outer == bound) & (side * (newton - bound) > 0), bound, newton)
    inside = (side * (newton - inner) > 0) & (
        (side * (outer - newton) > 0) | ((newton == bound) & (outer == bound))
    )
    middle = np.where(np.isfinite(outer), 0.5 * (inner + outer), inner + side * width)
    # What has arrived may be an end of the bracket itself.
    arrived = np.abs(risen - rise) < RISE_STOP * rise
    return np.where(inside | arrived, newton, middle)


def follow_valley(x, curvature, coordinate, value, low, high):
    """Points (n, q) where a coordinate has a value (n,) and the others are where its parabola is lowest.

    Parameters
    ----------
    x : float array (n, q), where to begin
    curvature : float array (n, q, q), there
    coordinate : int, number of the coordinate that has the value
    value : float array (n,)
    low, high : float arrays (q,), bounds of the coordinates
    """
    valley = _valley_at(x, curvature, coordinate, low, high)
    x = np.clip(x + (value - x[:, coordinate])[:, None] * valley, low, high)
    x[:, coordinate] = value
    return x


def _valley_at(x, curvature, coordinate, low, high):
    fixed = (x <= low) | (x >= high)
    fixed[:, coordinate] = True
    return _valley(inverse_curvature(curvature, fixed)[0], curvature, coordinate)


def _valley(inverse, curvature, coordinate):
    """How all coordinates follow one along the valley of the others (n, q); `inverse` is of the others' curvature."""
    valley = -times(inverse, curvature[:, :, coordinate])
    valley[:, coordinate] = 1.0
    return valley
