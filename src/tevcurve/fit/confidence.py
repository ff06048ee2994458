"""Errors and limits: where the profile statistic has risen by a given amount above its minimum."""

import numpy as np

from tevcurve.fit.minimize import ActiveBins, Minimum
from tevcurve.kernels.amplitudes import Profile, Start

MAX_STEPS = 100
# In units of the rise asked for. Newton's method squares what is missing, so one more step from here is the last.
LAST_STEP = 1e-4
EXACT = 1e-9


def crossing_above(profile: Profile, start: Start, minimum: Minimum, rise: float) -> np.ndarray:
    """Flux factor above the minimum where the statistic has risen by `rise`, of shape (n,).

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`
    start : where its own searches begin: best where one at the minimum ended
    minimum : `~tevcurve.fit.minimize.Minimum`
    rise : float, in units of the statistic (1 for one standard deviation, 2.706 for a limit at 95 %)

    Returns
    -------
    float array (n,), NaN where no crossing was found
    """
    end = np.full(profile.n, np.inf)
    return _crossing(ActiveBins(profile, start), minimum, rise, end, 1.0, np.isfinite(minimum.stat))


def crossing_below(
    profile: Profile, start: Start, minimum: Minimum, rise: float, lower: np.ndarray
) -> np.ndarray:
    """Flux factor below the minimum where the statistic has risen by `rise`; `lower` where that comes first.

    Parameters
    ----------
    profile, start, minimum, rise : as for `crossing_above`
    lower : float array (n,), the lowest flux factors
    """
    bottom, beneath = minimum.stat_at_zero.copy(), lower < 0
    if beneath.any():
        k, (bottom[k], _, _) = ActiveBins(profile, start).evaluate(lower, beneath)
    crossed = ~(bottom - minimum.stat < rise) & (minimum.norm > lower)
    bins, active = ActiveBins(profile, start), crossed & np.isfinite(minimum.stat)
    found = _crossing(bins, minimum, rise, lower, -1.0, active)
    return np.where(crossed, found, lower)


def _crossing(
    bins: ActiveBins, minimum: Minimum, rise: float, end: np.ndarray, side: float, active: np.ndarray
) -> np.ndarray:
    """Newton's method on the square root of the rise, which is nearly straight, inside a bracket."""
    inner, outer, found = minimum.norm.copy(), end.copy(), np.full(len(end), np.nan)
    norm = minimum.norm + side * _parabola_distance(minimum, rise)
    norm = np.where(side * (end - norm) > 0, norm, 0.5 * (inner + outer))
    for _ in range(MAX_STEPS):
        if not active.any():
            break
        k, (stat, slope, _) = bins.evaluate(norm, active)
        at, risen = norm[k], stat - minimum.stat[k]
        beyond = ~(risen < rise)
        outer[k], inner[k] = np.where(beyond, at, outer[k]), np.where(beyond, inner[k], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            missing, root = np.abs(risen / rise - 1), np.sqrt(np.maximum(risen, 0))
            newton = at + 2 * root * (np.sqrt(rise) - root) / slope
            between = (side * (newton - inner[k]) > 0) & (side * (outer[k] - newton) > 0)
        middle = np.where(np.isfinite(outer[k]), 0.5 * (inner[k] + outer[k]), 2 * at - minimum.norm[k])
        norm[k] = np.where(between, newton, middle)
        tight = np.abs(outer[k] - inner[k]) <= 4 * np.spacing(np.abs(at))
        done = (missing < LAST_STEP) | tight
        near, far = np.minimum(inner[k], outer[k]), np.maximum(inner[k], outer[k])
        last = np.where(missing < EXACT, at, np.clip(newton, near, far))
        found[k] = np.where(missing < LAST_STEP, last, np.where(tight, at, np.nan))
        active[k] = ~done
    return found


def _parabola_distance(minimum: Minimum, rise: float) -> np.ndarray:
    """How far from the minimum its parabola (with its slope, at a limit) has risen by that much."""
    slope, half = np.abs(np.where(minimum.at_limit, minimum.slope, 0.0)), 0.5 * minimum.curvature
    with np.errstate(divide="ignore", invalid="ignore"):
        # The stable root of half*x^2 + slope*x = rise.
        distance = 2 * rise / (slope + np.sqrt(slope**2 + 4 * half * rise))
    return np.where(np.isfinite(distance) & (distance > 0), distance, 1.0)
