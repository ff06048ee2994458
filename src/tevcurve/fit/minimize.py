"""The minimum of a profile statistic in one flux factor, for all bins at once.

A profile is any object with ``n`` bins, ``total`` and ``counts`` (n,), ``evaluate(a, start)`` that returns ((stat,
slope, curvature), each (n,), end), ``take(bins, start)`` that returns (the profile of some bins, the start cut with
them), and ``lower_bound()`` (n,). It has no state: a search inside of it begins where a start says, a frozen record,
and where it ended is another; None is the beginning. `tevcurve.kernels.one_amplitude.OneAmplitude` is one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import Profile, Start

MAX_STEPS = 100
# In units of the bin's own error, 1/sqrt(half the curvature): Newton's method squares it, so this step is the last.
STEP_STOP = 1e-6
# Slopes at a minimum, in standard deviations, up to which it is one of a smooth curve.
SMOOTH = 0.01


@dataclass(frozen=True)
class Minimum:
    """The best flux factor of each bin, arrays of shape (n,).

    Attributes
    ----------
    norm : float, the flux factor
    stat, slope, curvature : float, the profile there; the slope is positive where the bin sits at its lower limit
    stat_at_zero : float, the profile without the source
    at_limit : bool, whether the lower limit holds it
    converged : bool
    further : float array (n, n_further), the other amplitudes of the bins at their best there; None where there is none

    Where the lower limit holds it, or the slope jumps, the curvature says nothing of an error: see `is_smooth`.
    """

    norm: np.ndarray
    stat: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    stat_at_zero: np.ndarray
    at_limit: np.ndarray
    converged: np.ndarray
    further: np.ndarray | None = None

    @property
    def is_smooth(self) -> np.ndarray:
        """Bool array (n,): minima of a smooth curve, inside of the limits."""
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.abs(self.slope) / np.sqrt(2 * self.curvature)
        return self.converged & ~self.at_limit & (distance < SMOOTH)

    def with_some(self, bins: np.ndarray, found: "Minimum") -> "Minimum":
        """The same where some bins have other minima; without further amplitudes.

        Parameters
        ----------
        bins : int array (m,), which
        found : of these m bins
        """
        fields = {name: getattr(self, name).copy() for name in vars(self) if name != "further"}
        for name, values in fields.items():
            values[bins] = getattr(found, name)
        return Minimum(**fields)


class ActiveBins:
    """The bins that a search still works on; drops finished ones when they are the majority.

    Parameters
    ----------
    profile : see the module
    start : where its own searches begin; each next one does where that ended
    """

    def __init__(self, profile: Profile, start: Start = None) -> None:
        self._profile, self._start, self._numbers = profile, start, np.arange(profile.n)

    def evaluate(self, a: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(numbers of the active bins, their values (3, n)) at flux factors a; `a` and `active` are over all bins.

        Parameters
        ----------
        a : float array (n,), flux factors
        active : bool array (n,), the bins that are wanted
        """
        wanted = active[self._numbers]
        if 2 * np.count_nonzero(wanted) < len(wanted):
            self._profile, self._start = self._profile.take(np.flatnonzero(wanted), self._start)
            self._numbers = self._numbers[wanted]
            wanted = np.ones(len(self._numbers), dtype=bool)
        values, self._start = self._profile.evaluate(a[self._numbers], self._start)
        return self._numbers[wanted], np.array(values)[:, wanted]


def minimize_norm(
    profile: Profile,
    lower: np.ndarray,
    start: Start = None,
    last_step: float = STEP_STOP,
    first: np.ndarray | None = None,
) -> Minimum:
    """The minimum of every bin at or above its lower limit.

    The slope is the expected signal minus what the events draw, 2*(S - T(a)); T falls like 1/a where the source
    dominates, so Newton's step is taken for 1/T, which is nearly straight. Steps that leave the bracket of
    the sign change are replaced by halving it.

    Parameters
    ----------
    profile : a profile (see the module)
    lower : float array (n,), the lowest flux factors, at most 0; a bin may end there
    start : where the profile's own searches begin
    last_step : float, the size of the step that is the last, in units of the bin's own error
    first : float array (n,), flux factors where the search begins, not below `lower`; default: 0. Where it is given
        `stat_at_zero` is NaN.

    Returns
    -------
    Minimum
    """
    n, total = profile.n, profile.total
    # At the minimum no more signal is predicted than there are counts.
    low, high = lower.copy(), np.nextafter(profile.counts / total, np.inf)
    norm = np.zeros(n) if first is None else np.where(first < high, first, 0.0)
    values = np.full((3, n), np.nan)
    converged, at_limit, tried = (np.zeros(n, dtype=bool) for _ in range(3))
    active, bins = np.ones(n, dtype=bool), ActiveBins(profile, start)
    stat_at_zero: Any = None
    for _ in range(MAX_STEPS):
        k, values[:, k] = bins.evaluate(norm, active)
        if stat_at_zero is None:
            stat_at_zero = values[0].copy() if first is None else np.full(n, np.nan)
        (stat, slope, curvature), at = values[:, k], norm[k]
        at_limit[k] = (at <= lower[k]) & (slope >= 0)
        tried[k] |= (at <= lower[k]) | (slope < 0)
        low[k], high[k] = np.where(slope < 0, at, low[k]), np.where(slope >= 0, at, high[k])
        with np.errstate(divide="ignore", invalid="ignore"):
            # Rounding may leave a straight line with a curvature below zero, which must not turn the step round.
            newton = -slope / np.maximum(curvature, 0.0)
            small = np.abs(newton) * np.sqrt(curvature / 2) < last_step
            wanted = at + newton * np.maximum(1 - slope / (2 * total[k]), 0.1)
        # Without events in some cells the slope jumps at 0, to which brackets close in; a count is the scale there.
        held = at_limit[k] | (high[k] - low[k] <= 4 * np.spacing(np.maximum(np.abs(at), 1 / total[k])))
        following = _bracketed(wanted, low[k], high[k], tried[k], total[k])
        last = np.where(small, np.clip(at + newton, low[k], high[k]), following)
        norm[k] = np.where(held, at, last)
        converged[k], active[k] = (small | held) & np.isfinite(stat), ~(small | held)
        if not active.any():
            break
    # What brackets around zero have closed in on is zero.
    closed = converged & (values[1] != 0) & (np.abs(norm) <= 8 * np.spacing(1 / total))
    stat, slope, curvature = values
    best = np.where(closed, 0.0, norm)
    return Minimum(best, stat, slope, curvature, stat_at_zero, at_limit, converged)


def _bracketed(
    wanted: np.ndarray, low: np.ndarray, high: np.ndarray, tried: np.ndarray, total: np.ndarray
) -> np.ndarray:
    """The next flux factor: the wanted one inside its bracket, else the middle."""
    # A bin may end exactly at its lower limit, which halving would never reach.
    middle = np.where((wanted <= low) & ~tried, low, 0.5 * (low + high))
    # Where the slope jumps at 0, a step from below leads beyond it, and a hair below 0 the bracket has closed.
    middle = np.where((wanted >= high) & (high == 0) & (low < 0), -2 * np.spacing(1 / total), middle)
    return np.where((wanted > low) & (wanted < high), wanted, middle)
