"""The ratio of two independent fluxes of each bin, with likelihood intervals."""

from dataclasses import dataclass

import numpy as np

from tevcurve.fit.confidence import crossing_below
from tevcurve.fit.minimize import Minimum, minimize_norm


@dataclass(frozen=True, eq=False)
class RatioEstimate:
    """Ratios of flux factors, numerator over denominator, arrays of shape (n,).

    Attributes
    ----------
    ratio : float, infinite where the best denominator is 0, NaN where both are
    low, high : float, ends of the interval: 0 and infinity where the likelihood does not rise enough before
    lower_limit, upper_limit : float, the same at the limits' rise
    numerator, denominator : `Minimum` of each
    """

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lower_limit: np.ndarray
    upper_limit: np.ndarray
    numerator: Minimum
    denominator: Minimum


def estimate_ratios(numerator, denominator, *, rise, ul_rise):
    """The `RatioEstimate` of two profiles with the same bins, flux factors at or above 0.

    The likelihood of a ratio is the lowest that any two fluxes with this ratio give, so the interval is as exact as
    that of a flux, however weak either of them is. The pair is written as scale * (sin, cos) of an angle from 0 to
    a right one, in which no ratio is far.

    Parameters
    ----------
    numerator, denominator : profiles, see `tevcurve.fit.minimize`, of data that are independent
    rise, ul_rise : float, rises of the statistic at the ends of the interval and at the limits
    """
    best = [minimize_norm(profile, np.zeros(profile.n)) for profile in (numerator, denominator)]
    # Where a flux is 0, one count is its measure.
    scales = [
        np.where(minimum.norm > 0, minimum.norm, 1 / profile.total)
        for profile, minimum in zip((numerator, denominator), best, strict=True)
    ]
    unit = scales[0] / scales[1]
    upward = AngleProfile(numerator, denominator, *scales)
    downward = AngleProfile(denominator, numerator, *scales[::-1])

    def end(profile, first, second, level):
        minimum = _at_angle(profile, first, second)
        return np.tan(crossing_below(profile, None, minimum, level, np.zeros(profile.n)))

    with np.errstate(divide="ignore", invalid="ignore"):
        none = (best[0].norm <= 0) & (best[1].norm <= 0)
        failed = ~(best[0].converged & best[1].converged)
        ends = [
            np.where(failed, np.nan, values)
            for level in (rise, ul_rise)
            for values in (
                np.where(none, 0.0, unit * end(upward, *best, level)),
                np.where(none, np.inf, unit / end(downward, *best[::-1], level)),
            )
        ]
        ratio = np.where(failed, np.nan, best[0].norm / best[1].norm)
    return RatioEstimate(ratio, *ends, *best)


class AngleProfile:
    """The statistic of two profiles as a function of the angle of their flux factors, at the best scale.

    What `tevcurve.fit.confidence` calls a profile. The first factor is `first_unit` * scale * sin(angle), the second
    `second_unit` * scale * cos(angle).

    Parameters
    ----------
    first, second : the two profiles, of n bins each
    first_unit, second_unit : float arrays (n,), of their flux factors
    """

    def __init__(self, first, second, first_unit, second_unit):
        self.first, self.second = first, second
        self.first_unit, self.second_unit = first_unit, second_unit
        self.n, self.total = first.n, first.total + second.total
        self.counts = first.counts + second.counts

    def take(self, bins, start=None):
        """(the profile of some bins (sorted int array), the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : where the searches of both began, of all bins; None: nowhere yet
        """
        (first, second), start = _both_taken(self, bins, start)
        return AngleProfile(first, second, self.first_unit[bins], self.second_unit[bins]), start

    def evaluate(self, angle, start=None):
        """((stat, slope, curvature) at angles (n,), where the searches of both profiles ended).

        Parameters
        ----------
        angle : float array (n,), radian
        start : where the searches of both profiles begin; None: nowhere yet
        """
        up, along = self.first_unit * np.sin(angle), self.second_unit * np.cos(angle)
        best = minimize_norm(_Ray(self.first, self.second, up, along), np.zeros(self.n), start)
        scale = best.norm
        starts = (None, None) if start is None else start
        (stat, slope, curvature), end = self.first.evaluate(scale * up, starts[0])
        (other_stat, other_slope, other_curvature), other_end = self.second.evaluate(scale * along, starts[1])
        # Derivatives of the two factors: in the angle they are `turned`, in the scale `up` and `along`.
        turned, other_turned = (
            scale * self.first_unit * np.cos(angle),
            -scale * self.second_unit * np.sin(angle),
        )
        tilt = slope * turned + other_slope * other_turned
        bend = curvature * turned**2 - slope * scale * up
        bend += other_curvature * other_turned**2 - other_slope * scale * along
        mixed = curvature * turned * up + other_curvature * other_turned * along
        with np.errstate(divide="ignore", invalid="ignore"):
            mixed += tilt / scale
            eliminated = mixed**2 / (curvature * up**2 + other_curvature * along**2)
        bend = bend - np.where(np.isfinite(eliminated), eliminated, 0.0)
        return (stat + other_stat, tilt, bend), (end, other_end)


class _Ray:
    """Two profiles as a function of the scale of both of their flux factors."""

    def __init__(self, first, second, up, along):
        self.first, self.second, self.up, self.along = first, second, up, along
        self.n = first.n
        self.total = up * first.total + along * second.total
        self.counts = first.counts + second.counts

    def take(self, bins, start=None):
        (first, second), start = _both_taken(self, bins, start)
        return _Ray(first, second, self.up[bins], self.along[bins]), start

    def evaluate(self, scale, start=None):
        starts = (None, None) if start is None else start
        (stat, slope, curvature), end = self.first.evaluate(scale * self.up, starts[0])
        (other_stat, other_slope, other_curvature), other_end = self.second.evaluate(
            scale * self.along, starts[1]
        )
        values = (
            stat + other_stat,
            self.up * slope + self.along * other_slope,
            self.up**2 * curvature + self.along**2 * other_curvature,
        )
        return values, (end, other_end)


def _both_taken(pair, bins, start):
    """((first, second) profile of some bins, both of their starts cut with them)."""
    starts = (None, None) if start is None else start
    first, first_start = pair.first.take(bins, starts[0])
    second, second_start = pair.second.take(bins, starts[1])
    return (first, second), (first_start, second_start)


def _at_angle(profile, first, second):
    """The `Minimum` of an `AngleProfile` from those of its two parts; at angle 0 the first flux is none."""
    angle = np.arctan2(first.norm / profile.first_unit, second.norm / profile.second_unit)
    (stat, slope, curvature), _ = profile.evaluate(angle)
    without = first.stat_at_zero + second.stat
    at_end = second.norm <= 0
    return Minimum(angle, stat, slope, curvature, without, at_end, first.converged & second.converged)
