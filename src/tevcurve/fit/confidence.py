"""Errors and limits: where the profile statistic has risen by a given amount above its minimum."""

import numpy as np

from tevcurve.fit.minimize import ActiveBins

MAX_STEPS = 100
# In units of the bin's own rise: the crossing is right to 1e-7 of the statistic asked for.
RISE_STOP = 1e-7


def crossing_above(profile, minimum, rise):
    """Flux factor above the minimum where the statistic has risen by `rise`, of shape (n_bins,).

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`
    minimum : `~tevcurve.fit.minimize.Minimum`
    rise : float, in units of the statistic (1 for one standard deviation, 2.706 for a limit at 95 %)

    Returns
    -------
    float array (n_bins,), NaN where no crossing was found
    """
    return _crossing(profile, minimum, rise, np.full(profile.n_bins, np.inf), 1.0)


def crossing_below(profile, minimum, rise, lower):
    """Flux factor below the minimum where the statistic has risen by `rise`; NaN where `lower` comes first."""
    reachable = minimum.norm > lower
    bins = ActiveBins(profile)
    bottom = np.full(profile.n_bins, np.nan)
    if reachable.any():
        k, (stat, _, _) = bins.evaluate(lower, reachable)
        bottom[k] = np.where(np.isnan(stat), np.inf, stat) - minimum.stat[k]
    return _crossing(profile, minimum, rise, lower, -1.0, reachable & (bottom >= rise))


def _crossing(profile, minimum, rise, end, side, wanted=None):
    """Newton's method on the square root of the rise, which is nearly straight, inside a bracket."""
    active = np.isfinite(minimum.norm) & (profile.signal_total > 0)
    if wanted is not None:
        active &= wanted
    found = np.full(profile.n_bins, np.nan)
    norm, inner, outer = _first_guess(minimum, rise, side), minimum.norm.copy(), end.copy()
    norm = np.where(active & (side * (end - norm) <= 0), 0.5 * (inner + end), norm)
    bins = ActiveBins(profile)
    for _ in range(MAX_STEPS):
        if not active.any():
            break
        k, (stat, slope, _) = bins.evaluate(norm, active)
        risen = stat - minimum.stat[k]
        beyond = ~(risen < rise)
        outer[k] = np.where(beyond, norm[k], outer[k])
        inner[k] = np.where(beyond, inner[k], norm[k])
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(np.maximum(risen, 0))
            step = 2 * root * (np.sqrt(rise) - root) / slope
        done = (np.abs(risen - rise) < RISE_STOP * rise) | (
            np.abs(outer[k] - inner[k]) < 1e-12 * np.abs(norm[k])
        )
        found[k] = np.where(done, norm[k], np.nan)
        active[k] = ~done
        following = norm[k] + step
        ahead = side * (following - inner[k]) > 0
        short = (side * (outer[k] - following) > 0) & np.isfinite(following)
        with np.errstate(invalid="ignore"):
            middle = np.where(
                np.isfinite(outer[k]), 0.5 * (inner[k] + outer[k]), 2 * norm[k] - minimum.norm[k]
            )
        norm[k] = np.where(done, norm[k], np.where(ahead & short, following, middle))
    return found


def _first_guess(minimum, rise, side):
    """Where the parabola at the minimum (with its slope, at a limit) has risen by that much."""
    slope, half = np.abs(np.where(minimum.at_limit, minimum.slope, 0.0)), 0.5 * minimum.curvature
    with np.errstate(divide="ignore", invalid="ignore"):
        # The stable root of half*x^2 + slope*x = rise.
        distance = 2 * rise / (slope + np.sqrt(slope**2 + 4 * half * rise))
    distance = np.where(np.isfinite(distance) & (distance > 0), distance, 1.0)
    return minimum.norm + side * distance
