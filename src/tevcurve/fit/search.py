"""The search for the minimum of a joint statistic with Minuit, in scaled parameters."""

import numpy as np

from tevcurve.fit.fit_result import FitResult, FittedParameter

# Minuit's goal for the distance to the minimum is 0.002 times this.
TOLERANCE = 0.01
# The statistic is shifted to this at the start: Minuit takes second derivatives over steps that change it by 1.7e-4 of
# its value, and a fifth of a standard deviation is a good one.
LEVEL = 300.0
FOUND = "The fit found a minimum."
NO_CURVATURE = "At the lowest point some parameters change nothing or take each other's place; freeze one."
# A parameter is at its bound where it is nearer than this many first steps, and the statistic is no better inside.
NEAR_BOUND, BETTER_INSIDE = 0.01, 1e-3


class Search:
    """A search for the minimum that starts at the parameters' values.

    Minuit (James & Roos 1975, Comput. Phys. Commun. 10, 343) sees each parameter as its distance from the start in
    steps that change the statistic by something like 1, so that amplitudes of 1e-11 and angles of 80 deg are alike.

    Raises InputError where the statistic is not finite at the start or does not depend on a parameter.

    Parameters
    ----------
    statistic : `JointStatistic`
    strategy : Minuit's, 0 to 2
    """

    def __init__(self, statistic, strategy):
        self.statistic, self.free, self.strategy = statistic, statistic.free, strategy
        with statistic.restored():
            statistic.check_start()
            self._start, self._steps = statistic.values, statistic.first_steps()
        bounds = np.array([[each.parameter.min, each.parameter.max] for each in self.free])
        self._low, self._high = bounds.T
        self._limits = (bounds - self._start[:, None]) / self._steps[:, None]

    def run(self, asymmetric=(), sigma=1):
        """The `FitResult`, with asymmetric errors for some indices of parameters at a rise of sigma^2.

        Parameters
        ----------
        asymmetric : indices of the parameters that get asymmetric errors
        sigma : float, number of standard deviations of these
        """
        minuit = self._minuit()
        minuit.errordef = sigma**2
        minuit.migrad()
        if not minuit.valid:
            return self._result(minuit.values, _why_invalid(minuit.fmin))
        errors = {index: self._asymmetric(minuit, index) for index in asymmetric}
        at_bound = self._hold_at_bounds(minuit)
        covariance = self._covariance(minuit.values, at_bound)
        if covariance is None:
            return self._result(minuit.values, NO_CURVATURE)
        held = ", ".join(each.name for each, at in zip(self.free, at_bound, strict=True) if at)
        message = (
            f"There is a minimum, with {held} at a bound, where errors have no meaning." if held else FOUND
        )
        return self._result(minuit.values, message, covariance, errors)

    def profile(self, index, values):
        """The statistic (n,) minimised over the other parameters, with one held at values (n,); NaN where it fails.

        Parameters
        ----------
        index : int, of the parameter that is held
        values : float array (n,), in its unit
        """
        minuit, stat = self._minuit(), np.full(len(values), np.nan)
        minuit.fixed[index] = True
        # From the start outwards, on each side from neighbour to neighbour.
        order = np.argsort(values)
        above = [k for k in order if values[k] >= self._start[index]]
        below = [k for k in order[::-1] if values[k] < self._start[index]]
        for side in (above, below):
            minuit.reset()
            minuit.fixed[index] = True
            for k in side:
                minuit.values[index] = (values[k] - self._start[index]) / self._steps[index]
                minuit.migrad()
                stat[k] = self._at(minuit.values) if minuit.valid else np.nan
        return stat

    def _minuit(self, x=None):
        """A Minuit at scaled parameters (n,), by default the start."""
        from iminuit import Minuit

        x = np.zeros(len(self.free)) if x is None else np.array(x)
        level = self._at(x) - LEVEL
        minuit = Minuit(lambda x: self._at(x) - level, x, name=[each.name for each in self.free])
        minuit.errors[:] = 1.0
        minuit.limits[:] = [tuple(limits) for limits in self._limits]
        minuit.errordef, minuit.strategy, minuit.tol = 1, self.strategy, TOLERANCE
        return minuit

    def _at(self, x):
        return self.statistic(self._values(x))

    def _values(self, x):
        return np.clip(self._start + np.asarray(x) * self._steps, self._low, self._high)

    def _hold_at_bounds(self, minuit):
        """Whether each parameter (n,) is at a bound; these are put there and fixed."""
        at_bound = np.zeros(len(self.free), dtype=bool)
        for index, limits in enumerate(self._limits):
            for limit in limits[np.abs(minuit.values[index] - limits) < NEAR_BOUND]:
                moved = np.array(minuit.values)
                moved[index] = limit
                if self._at(moved) <= self._at(minuit.values) + BETTER_INSIDE:
                    minuit.values[index], minuit.fixed[index], at_bound[index] = limit, True, True
        if at_bound.any() and not at_bound.all():
            minuit.migrad()
        return at_bound

    def _covariance(self, x, at_bound):
        """The covariance (n, n) at a minimum in the parameters' units, NaN for those at a bound; None without one."""
        covariance = np.full((len(self.free), len(self.free)), np.nan)
        if at_bound.all():
            return covariance
        minuit = self._minuit(x)
        minuit.fixed[:] = list(at_bound)
        minuit.hesse()
        if minuit.covariance is None or not minuit.accurate:
            return None
        inside = np.ix_(~at_bound, ~at_bound)
        covariance[inside] = (np.array(minuit.covariance) * np.outer(self._steps, self._steps))[inside]
        return covariance

    def _asymmetric(self, minuit, index):
        """(down, up) in the parameter's unit; NaN where not found, the distance of a bound where that comes first."""
        minuit.minos(index)
        found, value = minuit.merrors[self.free[index].name], self._values(minuit.values)[index]
        down = up = np.nan
        if found.at_lower_limit:
            down = value - self._low[index]
        elif found.lower_valid and not found.lower_new_min:
            down = -found.lower * self._steps[index]
        if found.at_upper_limit:
            up = self._high[index] - value
        elif found.upper_valid and not found.upper_new_min:
            up = found.upper * self._steps[index]
        return float(down), float(up)

    def _result(self, x, message, covariance=None, asymmetric=None):
        """The `FitResult` at scaled parameters (n,); without a covariance it is a failure."""
        success, n = covariance is not None, len(self.free)
        covariance = covariance if success else np.full((n, n), np.nan)
        stat, values = self._at(x), self._values(x)
        fitted = [
            FittedParameter(
                each.name,
                float(values[index]),
                float(np.sqrt(covariance[index, index])),
                each.parameter.unit.to_string(),
                *(asymmetric or {}).get(index, ()),
            )
            for index, each in enumerate(self.free)
        ]
        return FitResult(success, message, stat, self.statistic.n_calls, tuple(fitted), covariance)


def _why_invalid(minimum):
    """Why Minuit's FMin is no minimum, a sentence."""
    if minimum.has_reached_call_limit:
        return "No minimum was found in as many evaluations as a fit may take; other start values may help."
    if not minimum.has_posdef_covar:
        return "No minimum was found: the statistic has no curvature in some direction; freeze a parameter."
    return "No minimum was found: the statistic is not smooth enough, or goes on falling."
