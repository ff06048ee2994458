"""Fits of the spectrum's shape together with the flux, in many rows of a light curve at once."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.fit.newton import crossing, follow_valley, inverse_curvature, minimize

# Starts of the search, in coordinates of the spectrum family: the model's own shape is always one.
STARTS = {1: np.linspace(-2, 2, 5), 2: np.array([-1.5, 0.0, 1.5])}
START_OF_MANY = np.array([-1.0, 1.0])
MANY = 4
# Of searches that need not be exact: the rest of the way is known by the curvature.
ROUGH_STOP = 1e-4
CLEARLY_LOWER = 1e-3


class ShapeFunction:
    """Half the statistic of rows as a function of x = (log of the flux factor, coordinates of the shape).

    What `tevcurve.fit.newton` calls a function of rows. The flux factor is of the amplitude (`kind` "norm"), or of
    what the spectrum gives over the band ("flux", "eflux", "dnde"); 1 is the model's own.

    Parameters
    ----------
    rows : `CubeSpectralRows` or `OnOffSpectralRows`
    family : `SpectrumFamily`
    kind : str
    beginning : where searches for backgrounds begin that are given no other start; default: the rows' own
    """

    def __init__(self, rows, family, kind="norm", beginning=None):
        self.rows, self.family, self.kind, self.beginning = rows, family, kind, beginning

    def take(self, numbers, start=None):
        """(the function of some rows, the start cut with them).

        Parameters
        ----------
        numbers : sorted int array, the rows that are kept
        start : where a search for backgrounds began, of all rows; default: `beginning`
        """
        rows, start = self.rows.take(numbers, self.beginning if start is None else start)
        return ShapeFunction(rows, self.family, self.kind, start), start

    def of(self, kind):
        """The function with another flux factor. kind: str, see the class."""
        return ShapeFunction(self.rows, self.family, kind, self.beginning)

    def beginning_at(self, x):
        """The same function, whose searches begin where one at x (n, 1 + p) ended.

        x: float array (n, 1 + p).
        """
        return ShapeFunction(self.rows, self.family, self.kind, self.evaluate(x)[1])

    def evaluate(self, x, start=None):
        """((value, slope, curvature) at x (n, 1 + p), where the rows' search for backgrounds ended).

        Parameters
        ----------
        x : float array (n, 1 + p)
        start : where the search for backgrounds begins; default: `beginning`
        """
        # What overflows far away is not finite, and the search turns back.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._evaluate(x, self.beginning if start is None else start)

    def _evaluate(self, x, start):
        t, shift = x[:, 1:], 0.0
        if self.kind != "norm":
            shift, first, second = self.family.logarithm(self.kind, t)
        values, end = self.rows.derivatives(x[:, 0] - shift, self.family.spectra(t), start)
        if self.kind == "norm":
            return values, end
        value, slope, curvature = values
        # The log of the amplitude is the coordinate minus the shift: chain rule.
        level, coupling, corner = slope[:, 0], curvature[:, 0, 1:], curvature[:, 0, 0]
        edge = coupling - corner[:, None] * first
        block = curvature[:, 1:, 1:] - level[:, None, None] * second
        block -= coupling[:, :, None] * first[:, None, :] + first[:, :, None] * edge[:, None, :]
        slope = np.concatenate([slope[:, :1], slope[:, 1:] - level[:, None] * first], axis=1)
        curvature = curvature.copy()
        curvature[:, 0, 1:] = curvature[:, 1:, 0] = edge
        curvature[:, 1:, 1:] = block
        return (value, slope, curvature), end


@dataclass(frozen=True, eq=False)
class Spread:
    """A fitted number of each row (n,), its symmetric error, distances to both ends of its interval, and limit.

    Attributes
    ----------
    value, err : float arrays (n,), the number and its symmetric error
    errn, errp : float arrays (n,), distances down and up to the ends of its interval
    ul : float array (n,), upper limit, or None
    """

    value: np.ndarray
    err: np.ndarray
    errn: np.ndarray
    errp: np.ndarray
    ul: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ShapeEstimate:
    """Fitted shapes of n rows.

    Attributes
    ----------
    factors : dict of `Spread` by "norm", "flux", "eflux" and "dnde", each relative to the model's own
    parameters : dict of `Spread` by name, in the parameters' own units
    gain : float array (n,), what the statistic has fallen by since the fixed shape's minimum
    background : float array (n,), counts of everything but the source
    signal : float array (n,), counts of the source
    rises : float array (n, n_scan), of the statistic at the norms of the scan, or None
    converged : bool array (n,)
    at_bound : list of n tuples of the parameters at a bound
    """

    factors: dict
    parameters: dict
    gain: np.ndarray
    background: np.ndarray
    signal: np.ndarray
    rises: np.ndarray | None
    converged: np.ndarray
    at_bound: list


def estimate_shapes(rows, family, norm, *, sigma, ul_rise, scan=None):
    """The `ShapeEstimate` of rows that have a source.

    The search goes from the model's own shape and from the best of a few others; the function is not convex. The
    lower of the two minima counts.

    Parameters
    ----------
    rows : `CubeSpectralRows` or `OnOffSpectralRows`
    family : `SpectrumFamily`
    norm : float array (n,), above 0, the best flux factors with the model's own shape
    sigma : float, standard deviations of the errors
    ul_rise : float, rise of the statistic at the upper limits
    scan : float array (n_scan,), norms, or None
    """
    function = ShapeFunction(rows, family)
    low, high = np.append(-np.inf, family.low), np.append(np.inf, family.high)
    own = np.concatenate([np.log(norm)[:, None], np.zeros((len(norm), family.n_shape))], axis=1)
    (before, _, _), _ = function.evaluate(own)
    best = _lowest(function, own, low, high)
    # A shape at the end of what is searched has run away.
    away = ((best.x <= low) & ~np.append(True, family.bounded_low)) | (
        (best.x >= high) & ~np.append(True, family.bounded_high)
    )
    best = replace(best, converged=best.converged & ~away.any(axis=1))
    settled = function.beginning_at(best.x)
    factors = {"norm": _spread(settled, best, 0, sigma, low, high, ul_rise)}
    for kind in ("flux", "eflux", "dnde"):
        other = settled.of(kind)
        factors[kind] = _spread(other, _in_coordinates(other, best), 0, sigma, low, high, ul_rise)
    factors = {kind: _exponential(spread) for kind, spread in factors.items()}
    values = family.parameters(best.x[:, 1:])
    parameters = {
        name: _of_parameter(_spread(settled, best, 1 + k, sigma, low, high), family, k, values[:, k])
        for k, name in enumerate(family.names)
    }
    spectra = family.spectra(best.x[:, 1:])
    _, signal = rows.signals(spectra[:, :, :1])
    bound = (best.x <= low) | (best.x >= high)
    return ShapeEstimate(
        factors=factors,
        parameters=parameters,
        gain=2 * (before - best.value),
        background=rows.backgrounds(best.x[:, 0], spectra, settled.beginning),
        signal=signal[:, 0] * np.exp(best.x[:, 0]),
        rises=None if scan is None else _rises(settled, best, np.asarray(scan, dtype=float), low, high),
        converged=best.converged,
        at_bound=[tuple(name for name, at in zip(family.names, row[1:], strict=True) if at) for row in bound],
    )


def _lowest(function, own, low, high):
    """The `Minima` from the model's own shape, or from another start where that leads lower."""
    best = minimize(function, own, low, high)
    other = minimize(function, _other_start(function, own), low, high, stop=ROUGH_STOP)
    lower = np.flatnonzero(other.converged & ~(best.converged & (best.value < other.value + CLEARLY_LOWER)))
    if len(lower):
        some, _ = function.take(lower)
        best = best.replaced(lower, minimize(some, other.x[lower], low, high))
    return best


def _other_start(function, own):
    """The best of a few other shapes, at a flux that keeps the source's counts, for each row (n, 1 + p)."""
    family, rows = function.family, function.rows
    p = family.n_shape
    axis = STARTS.get(p, START_OF_MANY)
    if p < MANY:
        grid = np.stack(np.meshgrid(*[axis] * p, indexing="ij"), axis=-1).reshape(-1, p)
    else:
        grid = np.concatenate([each * np.eye(p) for each in axis])
    grid = np.clip(grid, family.low, family.high)
    grid = grid[(grid != 0).any(axis=1)]
    _, expected = rows.signals(family.spectra(own[:, 1:])[:, :, :1])
    best, lowest, start = own.copy(), np.full(len(own), np.inf), None
    for t in grid:
        shape = np.broadcast_to(t, own[:, 1:].shape)
        _, signal = rows.signals(family.spectra(shape)[:, :, :1])
        with np.errstate(divide="ignore", invalid="ignore"):
            point = np.concatenate([own[:, :1] + np.log(expected / signal), shape], axis=1)
        point = np.where(np.isfinite(point).all(axis=1)[:, None], point, own)
        (value, _, _), start = function.evaluate(point, start)
        better = value < lowest
        best, lowest = np.where(better[:, None], point, best), np.where(better, value, lowest)
    return best


def _in_coordinates(function, best):
    """The minima with the function's own flux factor as the first coordinate."""
    shift, _, _ = function.family.logarithm(function.kind, best.x[:, 1:])
    x = best.x.copy()
    x[:, 0] += shift
    (value, slope, curvature), _ = function.evaluate(x)
    return replace(best, x=x, value=value, slope=slope, curvature=curvature)


def _spread(function, best, coordinate, sigma, low, high, ul_rise=None):
    """The `Spread` of a coordinate; at a bound the symmetric error is NaN."""
    x, fixed = best.x[:, coordinate], (best.x <= low) | (best.x >= high)
    inverse, convex = inverse_curvature(best.curvature, fixed)
    variance = inverse[:, coordinate, coordinate]
    err = sigma * np.sqrt(np.where(convex & (variance > 0), variance, np.nan))

    def end(side, rise):
        return crossing(function, best, coordinate, side, 0.5 * rise, low, high)

    ul = None if ul_rise is None else end(1, ul_rise)
    return Spread(x, err, x - end(-1, sigma**2), end(1, sigma**2) - x, ul)


def _exponential(spread):
    """The `Spread` of the factor whose logarithm is given."""
    value = np.exp(spread.value)
    errn, errp = -value * np.expm1(-spread.errn), value * np.expm1(spread.errp)
    return Spread(value, value * spread.err, errn, errp, np.exp(spread.ul))


def _of_parameter(spread, family, k, values):
    """The `Spread` of a parameter in its own unit; without an end where the search did, and no bound of its own."""
    below, above = spread.value - spread.errn, spread.value + spread.errp
    errn = np.where((below <= family.low[k]) & ~family.bounded_low[k], np.inf, spread.errn)
    errp = np.where((above >= family.high[k]) & ~family.bounded_high[k], np.inf, spread.errp)
    return Spread(values, *(family.scale[k] * each for each in (spread.err, errn, errp)))


def _rises(function, best, scan, low, high):
    """Rise of the statistic at each norm of the scan, the shape at its best there (n, n_scan).

    From the minimum outwards on each side, each norm's search starts where the last one's ended.
    """
    rises = np.full((len(best.x), len(scan)), np.nan)
    with np.errstate(divide="ignore"):
        logs = np.log(scan)
    for side in (1, -1):
        x, curvature = best.x.copy(), best.curvature.copy()
        for k in np.argsort(side * logs, kind="stable"):
            above = logs[k] >= best.x[:, 0]
            rows = np.flatnonzero(best.converged & (above if side > 0 else ~above))
            if not (np.isfinite(logs[k]) and len(rows)):
                continue
            start = follow_valley(x[rows], curvature[rows], 0, logs[k], low, high)
            some, _ = function.take(rows)
            at = minimize(some, start, low, high, held=(0,), stop=ROUGH_STOP)
            x[rows], curvature[rows] = at.x, at.curvature
            rises[rows, k] = np.where(at.converged, 2 * (at.floor - best.value[rows]), np.nan)
    return rises
