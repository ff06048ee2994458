"""Likelihoods of flux factors that are held at a bound, from what a table says of them."""

import numpy as np

from tevcurve.kernels.measured_profile import FAR, LARGE


class BoundProfile:
    """The statistic of values at a bound: it rises from there with a slope.

    stat = slope*d + curve*d^2 at a distance d above the bound, through a rise of 1 at the upper end of the error bar
    and the rise that belongs to an upper limit. Without a limit, or where both do not fit, it is the straight line. A
    Poisson count that was not expected has just that line; more counts curve it.

    Parameters
    ----------
    value : float array (n,), at the bound
    errp : float array (n,), errors up, above 0, in the unit of `value`
    limit : float array (n,), distances up to the upper limits; NaN where there is none
    rise : float, that of the statistic at a limit, above 1
    """

    def __init__(self, value: np.ndarray, errp: np.ndarray, limit: np.ndarray, rise: float) -> None:
        self.value, self.errp, self.limit, self.rise = value, errp, limit, rise
        self.n = len(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            curve = (rise / limit - 1 / errp) / (limit - errp)
        # Between the line and the parabola without a slope.
        self.curve = np.clip(np.where(np.isfinite(curve), curve, 0.0), 0.0, errp**-2.0)
        self.slope = 1 / errp - self.curve * errp
        self.total = LARGE / errp
        self.counts = (np.abs(value) + FAR * errp) * self.total

    def take(self, bins: np.ndarray, start: None = None) -> "tuple[BoundProfile, None]":
        """(the profile of some bins (sorted int array), None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        return BoundProfile(self.value[bins], self.errp[bins], self.limit[bins], self.rise), None

    def evaluate(
        self, a: np.ndarray, start: None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((stat, slope, curvature) at flux factors a, each of shape (n,), None: nothing is searched for).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : not used
        """
        d = a - self.value
        return (
            (self.slope + self.curve * d) * d,
            self.slope + 2 * self.curve * d,
            2 * self.curve + np.zeros(self.n),
        ), None

    def lower_bound(self) -> np.ndarray:
        """Flux factors (n,) at the bounds, or 0 where these are above."""
        return np.minimum(self.value, 0.0)
