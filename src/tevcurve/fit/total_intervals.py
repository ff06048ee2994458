"""Errors and limits of rows with all that is not known: a row's nuisance parameters are at their best at each flux.

A row of flux factor a sees x = a*exp(u) + v, where (u, v) is normal around 0 with the covariance ((s2, c), (c, t2)),
which is what `RowNuisances.spreads` says of it. With D(x), the rise of the row's own statistic above its minimum, the
total rise is

    T(a) = min over u, v of [D(x) + (u, v) V^-1 (u, v)'].

Where the derivatives in u and v vanish, with h = D'(x)/2 and y = x - v = a*exp(u),

    u = -h*(s2*y + c),   v = -h*(c*y + t2),   so that
    y = (x + h*t2) / (1 - h*c),   T = D(x) + h**2*(s2*y**2 + 2*c*y + t2),   a = y*exp(h*(s2*y + c)):

x is a parameter along the curve T(a), of which dT/da = 2*h*exp(u). T rises from the minimum on, no less than D does, so
that an end of the total interval is found by a search in x alone, between the minimum and the end of the row's own
interval. Where x is held, at the lowest flux factor or at a kink of the statistic, h goes on between the slopes on
both sides, or without end, and x stays.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.fit.confidence import LAST_STEP, search_rise
from tevcurve.fit.minimize import ActiveBins, Minimum
from tevcurve.kernels.amplitudes import Profile, Start

MAX_STEPS = 100
# Of the lowest rise at a flux of zero: in units of its own value, or of a count.
STEP_STOP = 1e-6
# Below zero, in counts: far enough to see the slope on that side of a kink.
BESIDE = 1e-9


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """Points of the curves T(a) of rows, arrays (n,).

    Attributes
    ----------
    rest : y, the flux that is seen without the shift
    penalty : what the nuisance parameters add to the rise
    flux : a
    stretch : exp(-u), da at fixed nuisances over dx
    """

    rest: np.ndarray
    penalty: np.ndarray
    flux: np.ndarray
    stretch: np.ndarray


def curve_points(x: np.ndarray, half_slope: np.ndarray, spreads: np.ndarray) -> CurvePoints:
    """The `CurvePoints` at what rows see.

    Parameters
    ----------
    x : float array (n,), flux factors that the rows see
    half_slope : float array (n,), half the slope of their statistic there
    spreads : float array (n, 3), see `RowNuisances.spreads`
    """
    scale, both, shift = spreads.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = 1 - half_slope * both
        rest = np.where(share > 0, (x + half_slope * shift) / share, np.inf)
        penalty = half_slope**2 * (scale * rest**2 + 2 * both * rest + shift)
        stretch = np.exp(half_slope * (scale * rest + both))
        return CurvePoints(rest, penalty, rest * stretch, stretch)


def systematic_error(norm: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Standard deviation (n,) of the norms by what is not known, to first order.

    Parameters
    ----------
    norm : float array (n,)
    spreads : float array (n, 3), see `RowNuisances.spreads`
    """
    scale, both, shift = spreads.T
    return np.sqrt(np.maximum(norm**2 * scale + 2 * norm * both + shift, 0.0))


@dataclass(frozen=True, eq=False)
class Begin:
    """Where the curves of rows begin, arrays (n,).

    Attributes
    ----------
    x, risen, half_slope : float, what the row sees there, the rise of its own statistic there, half its slope above
    base : float, T there, from which a rise is counted
    from_half_slope : float, half the slope at which the curve is there: below `half_slope` where x is held at first
    """

    x: np.ndarray
    risen: np.ndarray
    half_slope: np.ndarray
    base: np.ndarray
    from_half_slope: np.ndarray


class TotalIntervals:
    """The ends of total intervals of the rows of a profile.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`
    start : where its own searches begin: best where one at the minimum ended
    spreads : float array (n, 3), see `RowNuisances.spreads`
    lowest : float array (n,), the lowest flux factors of the profile, at most 0; default: they are found where needed
    """

    def __init__(
        self, profile: Profile, start: Start, spreads: np.ndarray, lowest: np.ndarray | None = None
    ) -> None:
        self.profile, self.start, self.spreads, self.lowest = profile, start, spreads, lowest
        self.is_wide = spreads.any(axis=1)
        self._scale = 1 / profile.total

    def above(self, minimum: Minimum, rise: float, end: np.ndarray) -> np.ndarray:
        """Upper ends (n,): fluxes above the minimum at which the total rise is `rise`; NaN where `end` is.

        Counted from a flux of 0 where the norm is 0 there: shifts then may be below zero.

        Parameters
        ----------
        minimum : `Minimum` of the rows
        rise : float, in units of the statistic
        end : float array (n,), what `crossing_above` gave for these: the ends without nuisances
        """
        active = np.isfinite(end) & self.is_wide
        begin = self._begin(minimum, active)
        first = self._first(begin.x, end, rise)
        return self._ends(minimum, begin, rise, (first, end), 1.0, active)

    def below(self, minimum: Minimum, rise: float, end: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Lower ends (n,), `lower` where that comes first and is 0; NaN where `end` is.

        Parameters
        ----------
        minimum, rise : as for `above`
        end : float array (n,), what `crossing_below` gave for these: the ends without nuisances
        lower : float array (n,), the lowest flux factors
        """
        active = np.isfinite(end) & self.is_wide
        zeros = np.zeros(len(end))
        begin = Begin(minimum.norm, zeros, zeros, zeros, zeros)
        first, result = self._first(begin.x, end, rise), end.copy()
        bound = np.flatnonzero(active & (end <= lower) & ((lower < 0) | (self.spreads[:, 2] > 0)))
        active &= ~((end <= lower) & (lower >= 0))
        if len(bound):
            within = self._from_bound(minimum, bound, end, rise, result)
            active[bound] = ~within
        found = self._ends(minimum, begin, rise, (first, end), -1.0, active)
        result = np.where(active, found, result)
        return np.where(lower < 0, result, np.maximum(result, lower))

    def _from_bound(
        self, minimum: Minimum, rows: np.ndarray, end: np.ndarray, rise: float, result: np.ndarray
    ) -> np.ndarray:
        """Whether rows (their numbers) have not risen enough when x is at its bound; `result` gets their ends."""
        profile, start = self.profile.take(rows, self.start)
        (stat, slope, _), _ = profile.evaluate(end[rows], start)
        risen = stat - minimum.stat[rows]
        # At a minimum that the bound holds the slope is that inside, which says nothing of the way down.
        half_slope = np.minimum(slope / 2, 0.0)
        points = curve_points(end[rows], half_slope, self.spreads[rows])
        within = risen + points.penalty < rise
        result[rows[within]] = _held(
            end[rows][within], half_slope[within], rise - risen[within], self.spreads[rows[within]], -1.0
        )
        return within

    def _ends(
        self,
        minimum: Minimum,
        begin: Begin,
        rise: float,
        between: tuple[np.ndarray, np.ndarray],
        side: float,
        active: np.ndarray,
    ) -> np.ndarray:
        """The fluxes (n,) of ends on one side of where the curves begin. between: first trial and outermost x."""
        (first, end), result = between, between[1].copy()
        at_begin = curve_points(begin.x, begin.half_slope, self.spreads)
        held = active & (begin.risen + at_begin.penalty - begin.base >= rise)
        if held.any():
            room = (rise + begin.base - begin.risen)[held]
            known = begin.x[held], begin.from_half_slope[held], room, self.spreads[held]
            result[held] = _held(*known, side)

        def risen(k: np.ndarray, at: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            own, half, spreads = values[0] - minimum.stat[k] - begin.base[k], values[1] / 2, self.spreads[k]
            points = curve_points(at, half, spreads)
            return own + points.penalty, _slope(points, half, values[2] / 2, spreads)

        searched = active & ~held
        between_all = begin.x, np.where(side * (end - first) > 0, first, 0.5 * (begin.x + end)), end
        bins = ActiveBins(self.profile, self.start)
        _, last = search_rise(bins, risen, rise, between_all, side, searched, self._scale)
        k = np.flatnonzero(searched)
        result[k] = self._last_step(minimum, begin, rise, last[:, k], k, side)
        return result

    def _last_step(
        self, minimum: Minimum, begin: Begin, rise: float, last: np.ndarray, k: np.ndarray, side: float
    ) -> np.ndarray:
        """The fluxes of ends of rows k, a step along the curve away from the last points (4, n) of their searches."""
        (at, stat, slope, _), spreads = last, self.spreads[k]
        half, own = slope / 2, stat - minimum.stat[k] - begin.base[k]
        points = curve_points(at, half, spreads)
        with np.errstate(divide="ignore", invalid="ignore"):
            risen = own + points.penalty
            root = np.sqrt(np.maximum(risen, 0.0))
            flux = points.flux + root * (np.sqrt(rise) - root) * points.stretch / half
            jumps = ~(np.abs(risen / rise - 1) < LAST_STEP) & np.isfinite(at) & (own <= rise)
        if jumps.any():
            flux[jumps] = _held(at[jumps], np.zeros(jumps.sum()), (rise - own)[jumps], spreads[jumps], side)
        return flux

    def _first(self, begin: np.ndarray, end: np.ndarray, rise: float) -> np.ndarray:
        """Where searches begin: as if the statistics were parabolas, (n,)."""
        scale, both, shift = self.spreads.T
        distance = end - begin
        first = end
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(2):
                variance = scale * first**2 + 2 * both * first + shift
                first = begin + distance / np.sqrt(1 + np.maximum(variance, 0.0) * rise / distance**2)
        return first

    def _begin(self, minimum: Minimum, active: np.ndarray) -> Begin:
        """Where curves begin: at the minimum, or at a flux of 0 where that is the norm."""
        half_slope = np.maximum(minimum.slope / 2, 0.0)
        zeros = np.zeros(len(half_slope))
        begin = Begin(minimum.norm.copy(), zeros.copy(), half_slope, zeros.copy(), zeros.copy())
        held = (minimum.norm == 0) & (half_slope > 0) & (self.spreads[:, 2] > 0)
        rows = np.flatnonzero(active & held)
        if len(rows):
            lowest = self.lowest
            if lowest is None:
                lowest = np.zeros(len(held))
                lowest[rows] = np.minimum(self.profile.take(rows)[0].lower_bound(), 0.0)
            self._below_zero(minimum, rows[lowest[rows] < 0], lowest, begin)
        return begin

    def _below_zero(self, minimum: Minimum, rows: np.ndarray, lowest: np.ndarray, begin: Begin) -> None:
        """Put in where the curves of rows whose flux is 0 begin: at the lowest D(x) + x**2/t2, x = v <= 0.

        Newton's method for the root of g = x + h*t2 in a bracket.
        """
        shift, low, high = self.spreads[:, 2], lowest.copy(), np.zeros(len(begin.x))
        x, tried, going = np.maximum(-BESIDE * self._scale, low), np.zeros(len(low), dtype=bool), rows
        active, first = np.zeros(len(low), dtype=bool), True
        active[rows] = True
        bins = ActiveBins(self.profile, self.start)
        for _ in range(MAX_STEPS if len(rows) else 0):
            going, (stat, slope, curvature) = bins.evaluate(x, active)
            at, t2, half = x[going], shift[going], slope / 2
            g = at + half * t2
            beneath = ~(g >= 0)
            low[going], high[going] = np.where(beneath, at, low[going]), np.where(beneath, high[going], at)
            at_lowest = (at <= lowest[going]) & ~beneath
            tried[going] |= beneath
            with np.errstate(divide="ignore", invalid="ignore"):
                step = -g / (1 + np.maximum(curvature, 0.0) / 2 * t2)
                done = (np.abs(step) <= STEP_STOP * np.abs(at)) | at_lowest | (first & beneath)
            own = going[done]
            begin.x[own] = np.where(first & beneath, 0.0, at)[done]
            is_zero = begin.x[own] == 0
            begin.risen[own] = np.where(is_zero, 0.0, (stat - minimum.stat[going])[done])
            begin.base[own] = begin.risen[own] + begin.x[own] ** 2 / t2[done]
            begin.half_slope[own] = np.where(is_zero, begin.half_slope[own], half[done])
            begin.from_half_slope[own] = -begin.x[own] / t2[done]
            active[own], first = False, False
            if not active.any():
                return
            wanted = at + step
            middle = np.where(tried[going], 0.5 * (low[going] + high[going]), lowest[going])
            x[going] = np.where((wanted > low[going]) & (wanted < high[going]), wanted, middle)


def _slope(
    points: CurvePoints, half_slope: np.ndarray, half_curvature: np.ndarray, spreads: np.ndarray
) -> np.ndarray:
    """dT/dx (n,) at points of curves."""
    (scale, both, shift), rest = spreads.T, points.rest
    with np.errstate(divide="ignore", invalid="ignore"):
        of_rest = (1 + half_curvature * (shift + both * rest)) / (1 - half_slope * both)
        variance = scale * rest**2 + 2 * both * rest + shift
        return 2 * half_slope * (1 + half_curvature * variance + half_slope * (scale * rest + both) * of_rest)


def _held(
    x: np.ndarray, half_slope: np.ndarray, room: np.ndarray, spreads: np.ndarray, side: float
) -> np.ndarray:
    """Fluxes (n,) of rows that see the same x all along, where the nuisances make up for `room`, by bisection.

    half_slope: float array (n,), where h begins. side: 1 where h rises, -1 where it falls.
    """

    def is_beyond(h: np.ndarray) -> np.ndarray:
        return ~(curve_points(x, h, spreads).penalty < room)

    step = np.full(len(x), 1e-3 * side)
    for _ in range(2 * MAX_STEPS):
        beyond = is_beyond(half_slope + step)
        if beyond.all():
            break
        step = np.where(beyond, step, 2 * step)
    inner, outer = half_slope.copy(), half_slope + step
    for _ in range(MAX_STEPS):
        middle = 0.5 * (inner + outer)
        beyond = is_beyond(middle)
        inner, outer = np.where(beyond, inner, middle), np.where(beyond, middle, outer)
    return curve_points(x, inner, spreads).flux
