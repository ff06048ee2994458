"""Errors and limits: where the profile statistic has risen by a given amount above its minimum."""

from collections.abc import Callable

import numpy as np

from tevcurve.fit.minimize import ActiveBins, Minimum
from tevcurve.kernels.amplitudes import Profile, Start

MAX_STEPS = 100
# In units of the rise asked for. Newton's method squares what is missing, so one more step from here is the last.
LAST_STEP = 1e-4
EXACT = 1e-9

# Of bins: (their numbers, flux factors, values (3, n) of the profile there) -> (the rise there, its slope).
Curve = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def crossing_above(
    profile: Profile, start: Start, minimum: Minimum, rise: float, last_step: float = LAST_STEP
) -> np.ndarray:
    """Flux factor above the minimum where the statistic has risen by `rise`, of shape (n,).

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`
    start : where its own searches begin: best where one at the minimum ended
    minimum : `~tevcurve.fit.minimize.Minimum`
    rise : float, in units of the statistic (1 for one standard deviation, 2.706 for a limit at 95 %)
    last_step : float, what may be missing of the rise where the last step is made, relatively

    Returns
    -------
    float array (n,), NaN where no crossing was found
    """
    end = np.full(profile.n, np.inf)
    bins = ActiveBins(profile, start)
    return _crossing(bins, minimum, rise, end, 1.0, np.isfinite(minimum.stat), last_step)


def crossing_below(
    profile: Profile,
    start: Start,
    minimum: Minimum,
    rise: float,
    lower: np.ndarray,
    last_step: float = LAST_STEP,
) -> np.ndarray:
    """Flux factor below the minimum where the statistic has risen by `rise`; `lower` where that comes first.

    Parameters
    ----------
    profile, start, minimum, rise, last_step : as for `crossing_above`
    lower : float array (n,), the lowest flux factors
    """
    bottom, beneath = minimum.stat_at_zero.copy(), lower < 0
    if beneath.any():
        k, (bottom[k], _, _) = ActiveBins(profile, start).evaluate(lower, beneath)
    crossed = ~(bottom - minimum.stat < rise) & (minimum.norm > lower)
    bins, active = ActiveBins(profile, start), crossed & np.isfinite(minimum.stat)
    found = _crossing(bins, minimum, rise, lower, -1.0, active, last_step)
    return np.where(crossed, found, lower)


def _crossing(
    bins: ActiveBins,
    minimum: Minimum,
    rise: float,
    end: np.ndarray,
    side: float,
    active: np.ndarray,
    last_step: float,
) -> np.ndarray:
    """Where the statistic itself has risen by `rise`, between the minimum and an end; NaN where that was not found."""
    norm = minimum.norm + side * _parabola_distance(minimum, rise)
    first = np.where(side * (end - norm) > 0, norm, 0.5 * (minimum.norm + end))

    def risen(k: np.ndarray, at: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return values[0] - minimum.stat[k], values[1]

    between = minimum.norm, first, end
    return search_rise(bins, risen, rise, between, side, active, last_step=last_step)[0]


def search_rise(
    bins: ActiveBins,
    curve: Curve,
    rise: float,
    between: tuple[np.ndarray, np.ndarray, np.ndarray],
    side: float,
    active: np.ndarray,
    finest: np.ndarray | float = 0.0,
    last_step: float = LAST_STEP,
) -> tuple[np.ndarray, np.ndarray]:
    """(where curves have risen by `rise`, the last point that each search saw), (n,) and (4, n); NaN where not found.

    Newton's method on the square root of the rise, which is nearly straight, inside a bracket. A point is the flux
    factor with the statistic, its slope and its curvature. Where the curve jumps over the rise, the search ends there.

    Parameters
    ----------
    bins : `ActiveBins` of the profile
    curve : function(numbers of bins, their flux factors, their values (3, n)) -> (the rise there, its slope)
    rise : float, in units of the statistic
    between : float arrays (n,): where the rise is 0, where the search begins, where the rise is beyond (or infinity)
    side : 1 for a search upwards, -1 for one downwards
    active : bool array (n,), the bins that are searched
    finest : float array (n,), flux factors whose rounding is small enough where a bracket closes in on 0
    last_step : float, what may be missing of the rise where the last step is made, relatively
    """
    (begin, norm, end), active = (between[0], between[1].copy(), between[2]), active.copy()
    finest = np.broadcast_to(finest, norm.shape)
    inner, outer, found = begin.copy(), end.copy(), np.full(len(end), np.nan)
    last = np.full((4, len(end)), np.nan)
    for _ in range(MAX_STEPS):
        if not active.any():
            break
        k, values = bins.evaluate(norm, active)
        at = norm[k]
        last[0, k], last[1:, k] = at, values
        risen, slope = curve(k, at, values)
        beyond = ~(risen < rise)
        outer[k], inner[k] = np.where(beyond, at, outer[k]), np.where(beyond, inner[k], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            missing, root = np.abs(risen / rise - 1), np.sqrt(np.maximum(risen, 0))
            newton = at + 2 * root * (np.sqrt(rise) - root) / slope
            between_both = (side * (newton - inner[k]) > 0) & (side * (outer[k] - newton) > 0)
        middle = np.where(np.isfinite(outer[k]), 0.5 * (inner[k] + outer[k]), 2 * at - begin[k])
        norm[k] = np.where(between_both, newton, middle)
        tight = np.abs(outer[k] - inner[k]) <= 4 * np.spacing(np.maximum(np.abs(at), finest[k]))
        done = (missing < last_step) | tight
        near, far = np.minimum(inner[k], outer[k]), np.maximum(inner[k], outer[k])
        ended = np.where(missing < EXACT, at, np.clip(newton, near, far))
        found[k] = np.where(missing < last_step, ended, np.where(tight, at, np.nan))
        active[k] = ~done
    return found, last


def _parabola_distance(minimum: Minimum, rise: float) -> np.ndarray:
    """How far from the minimum its parabola (with its slope, at a limit) has risen by that much."""
    slope, half = np.abs(np.where(minimum.at_limit, minimum.slope, 0.0)), 0.5 * minimum.curvature
    with np.errstate(divide="ignore", invalid="ignore"):
        # The stable root of half*x^2 + slope*x = rise.
        distance = 2 * rise / (slope + np.sqrt(slope**2 + 4 * half * rise))
    return np.where(np.isfinite(distance) & (distance > 0), distance, 1.0)
