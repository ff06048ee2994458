"""The likelihood of bins in which more than norms is free: a background's tilt, a position, another source's shape.

Such parameters change the templates, so every step computes them anew, one bin at a time: slow, and only for
light curves that ask for it. The norms are profiled out by `CashProfile` as everywhere; the search for the others is
iminuit's, and Newton's steps take it from there to the last digits, which give the derivatives of the profile as well.
"""

from copy import copy

import numpy as np

from tevcurve.kernels.poisson import CashProfile

# Width of the differences, in standard deviations: narrow beside them, wide beside the rounding of the statistic.
WIDTH = 0.05
MAX_STEPS = 20
# A step that is a millionth of its error: what it changes is far below the rounding of the statistic.
DECREMENT_STOP = 1e-12
# Above it the surroundings are no parabola yet, and iminuit is asked; below it a search that ran out of steps counts.
DECREMENT_FAR, DECREMENT_ENOUGH = 0.1, 1e-6
# Steps of the search for the lowest flux factor, and how near, relatively, is near enough.
LIMIT_STEPS, LIMIT_STOP = 8, 1e-3
# What hardly matters has an error without end; this many first steps are as far as differences need to reach.
LARGEST_DEVIATION = 30
# A bin whose parameters are not to be told apart by its data could be searched for ever: after so many predictions it
# is given up, and its row says that it did not converge.
MAX_PREDICTIONS = 4000


class NonlinearBin:
    """One bin, whose templates depend on parameters theta (n,).

    Parameters
    ----------
    make_terms : function of theta that returns the bin's `CashTerms`, or None where the model has no value
    start, step, low, high : float arrays (n,), first values, first steps, and bounds (infinite for none)
    of_source : bool array (n,), parameters of the source itself

    Parameters of the source mean nothing where its flux is 0. If the likelihood falls with the flux from there, with
    the source as it was at first, there is no excess to fit them to: then they are held, which `source_is_held` says.
    """

    def __init__(self, make_terms, start, step, low, high, of_source):
        self.make_terms, self.start, self.step = make_terms, start, step
        self.low, self.high, self.of_source = low, high, of_source
        # Where the next search starts, and the standard deviations once they are known.
        self._theta, self._deviation = start, None
        # In a list, which all copies share.
        self._predictions = [0]
        self.source_is_held = bool(of_source.any()) and not self.best(0.0)[1][1] < 0

    def copy(self):
        """The same bin, whose searches start where this one's would and leave this one's alone."""
        return copy(self)

    def best(self, a):
        """(`CashProfile` at the best parameters, (stat, slope, curvature) of the profile) at a flux factor."""
        if self._predictions[0] > MAX_PREDICTIONS:
            return CashProfile(self.make_terms(self.start)), (np.nan, np.nan, np.nan)
        free, theta = np.arange(len(self.start)), self._theta
        if a == 0 or self.source_is_held:
            free, theta = np.flatnonzero(~self.of_source), np.where(self.of_source, self.start, theta)
        if not np.isfinite(self._values(theta, a)[0]):
            theta = self.start
        searched = self._deviation is None or not len(free)
        if searched and len(free):
            theta = self._search(theta, a, free)
        for _ in range(MAX_STEPS):
            moving, width = self._widths(theta, free)
            around = _Surroundings(lambda t: self._values(t, a), theta, moving, width)
            # iminuit alone knows whether a parameter at its bound wants to stay there.
            if not searched and (around.decrement > DECREMENT_FAR or len(moving) < len(free)):
                theta, searched = self._search(theta, a, free), True
                continue
            if not DECREMENT_STOP < around.decrement < DECREMENT_FAR:
                break
            theta = np.clip(theta + around.step, self.low, self.high)
        if a != 0:
            self._theta = theta
        values = around.profile() if around.decrement < DECREMENT_ENOUGH else (np.nan, np.nan, np.nan)
        return CashProfile(self.make_terms(theta)), values

    def lower_limit(self):
        """The lowest flux factor: no cell is predicted below zero with the parameters that are the best there.

        What the parameters of the last factor allow is tried next, and what turns out to allow less is one end of a
        bracket; the other end, where all cells are above zero, comes back after a few steps.
        """
        allowed, beyond, trial = 0.0, -np.inf, self.best(0.0)[0].lower_limits()[0]
        for _ in range(LIMIT_STEPS):
            profile, values = self.best(trial)
            own = profile.lower_limits()[0] if np.isfinite(values[0]) else 0.0
            if abs(own - trial) <= LIMIT_STOP * abs(trial):
                return max(own, trial)
            if own < trial:
                allowed, trial = trial, max(own, 0.5 * (trial + beyond), 2 * trial)
            else:
                beyond = trial
                trial = own if own < allowed else 0.5 * (allowed + beyond)
        return allowed

    def _values(self, theta, a):
        """(stat, slope, curvature) at parameters and a flux factor, infinite where the model has no value."""
        self._predictions[0] += 1
        terms = self.make_terms(theta)
        if terms is None:
            return np.inf, np.nan, np.nan
        stat, slope, curvature = CashProfile(terms).evaluate(np.array([float(a)]))
        return (stat[0] if np.isfinite(stat[0]) else np.inf), slope[0], curvature[0]

    def _widths(self, theta, free):
        """(numbers of the parameters that can move, widths of the differences in them)."""
        if not len(free):
            return free, np.zeros(0)
        room = np.minimum(theta - self.low, self.high - theta)[free]
        width = np.minimum(WIDTH * self._deviation[free], room / 2)
        moving = width > 0.2 * WIDTH * self._deviation[free]
        return free[moving], width[moving]

    def _search(self, theta, a, free):
        """Best parameters as iminuit finds them, float array (n,); also learns their standard deviations."""
        from iminuit import Minuit

        worst = self._values(theta, a)[0] + 1e6

        def statistic(values):
            trial = theta.copy()
            trial[free] = values
            # iminuit tries what is no number where nothing depends on a parameter.
            return min(self._values(trial, a)[0], worst) if np.all(np.isfinite(values)) else worst

        minuit = Minuit(statistic, theta[free])
        minuit.errordef, minuit.tol, minuit.strategy = 1.0, 1e-4, 1
        minuit.errors = self.step[free]
        minuit.limits = np.column_stack([self.low, self.high])[free]
        minuit.migrad(ncall=MAX_PREDICTIONS // 4)
        found, deviation = theta.copy(), (self.step if self._deviation is None else self._deviation).copy()
        values, errors, largest = (
            np.array(minuit.values),
            np.array(minuit.errors),
            LARGEST_DEVIATION * self.step[free],
        )
        found[free] = np.where(np.isfinite(values), values, theta[free])
        deviation[free] = np.where(errors > 0, np.minimum(errors, largest), self.step[free])
        self._deviation = deviation
        return np.clip(found, self.low, self.high)


class _Surroundings:
    """The parabola around parameters: gradient and Hessian of the statistic, and how the slope changes with them.

    values: function of theta that returns (stat, slope, curvature). moving: int array (m,), the parameters that
    move. width: float array (m,). The differences are of fourth order in the width.
    """

    def __init__(self, values, theta, moving, width):
        self.theta, self.moving, self.width = theta, moving, width
        n_moving = len(moving)
        self.stat, self.slope, self.curvature = values(theta)
        self.gradient, self.cross, self.hessian = (
            np.zeros(n_moving),
            np.zeros(n_moving),
            np.zeros((n_moving,) * 2),
        )

        def at(*steps):
            shifted = theta.copy()
            for j, count in steps:
                shifted[moving[j]] += count * width[j]
            return values(shifted)

        for j in range(n_moving):
            (f_2, s_2, _), (f_1, s_1, _), (f1, s1, _), (f2, s2, _) = (
                at((j, count)) for count in (-2, -1, 1, 2)
            )
            self.gradient[j] = (8 * (f1 - f_1) - (f2 - f_2)) / (12 * width[j])
            self.cross[j] = (8 * (s1 - s_1) - (s2 - s_2)) / (12 * width[j])
            self.hessian[j, j] = (16 * (f1 + f_1) - (f2 + f_2) - 30 * self.stat) / (12 * width[j] ** 2)
            for k in range(j):
                corners = [
                    sign * other * at((j, sign), (k, other))[0] for sign in (-1, 1) for other in (-1, 1)
                ]
                self.hessian[j, k] = self.hessian[k, j] = sum(corners) / (4 * width[j] * width[k])
        self._solve()

    def _solve(self):
        """Newton's step (n,) and its decrement; infinite where the surroundings are not a valley."""
        self.step, self._answer, self.decrement = (
            np.zeros(len(self.theta)),
            np.zeros(len(self.moving)),
            np.inf,
        )
        if not np.all(np.isfinite(self.hessian)) or not np.all(np.isfinite(self.gradient)):
            return
        # What nothing depends on, but for rounding, stays where it is.
        scale = np.diag(self.hessian)
        felt = scale * self.width**2 > 1e-12 * max(abs(self.stat), 1.0)
        part = self.hessian[np.ix_(felt, felt)]
        if len(part) and np.linalg.eigvalsh(part / np.sqrt(np.outer(scale[felt], scale[felt])))[0] < 1e-8:
            return
        newton = -np.linalg.solve(part, self.gradient[felt])
        self._answer[felt] = -np.linalg.solve(part, self.cross[felt])
        self.step[self.moving[felt]] = newton
        self.decrement = -float(self.gradient[felt] @ newton)

    def profile(self):
        """(stat, slope, curvature) of the profile at the bottom of the parabola."""
        if not np.isfinite(self.decrement):
            return np.nan, np.nan, np.nan
        slope = self.slope + self.cross @ self.step[self.moving]
        return self.stat - 0.5 * self.decrement, slope, self.curvature + self.cross @ self._answer


class NonlinearProfile:
    """The cash statistic of bins as a function of their flux factors alone, with everything else at its best.

    Takes the place of a `CashProfile` (see `tevcurve.fit.minimize`).

    Parameters
    ----------
    bins : list of `NonlinearBin`
    """

    def __init__(self, bins):
        self.bins = bins
        first = [CashProfile(each.make_terms(each.start)) for each in bins]
        self.counts = np.array([profile.counts[0] for profile in first])
        # Where a source that moves is seen worse, its flux may be larger than the counts over the first total.
        total = [
            profile.signal_total[0] * (0.5 if each.of_source.any() else 1)
            for profile, each in zip(first, bins, strict=True)
        ]
        self.signal_total = np.array(total)

    @property
    def n_bins(self):
        return len(self.bins)

    @property
    def source_is_held(self):
        """Whether the source's own parameters are held for want of an excess to fit them to, bool array (n_bins,)."""
        return np.array([each.source_is_held for each in self.bins])

    def copy(self):
        """The same profile, whose searches start where this one's would and leave this one's alone."""
        return self._of([each.copy() for each in self.bins], slice(None))

    def take(self, bins):
        """The profile of some bins (sorted int array)."""
        return self._of([self.bins[k] for k in bins], bins)

    def _of(self, bins, numbers):
        new = object.__new__(NonlinearProfile)
        new.bins, new.counts, new.signal_total = bins, self.counts[numbers], self.signal_total[numbers]
        return new

    def evaluate(self, a):
        """(stat, slope, curvature) of the profile at flux factors a, each of shape (n_bins,)."""
        values = [each.best(factor)[1] for each, factor in zip(self.bins, a, strict=True)]
        return tuple(np.array(values).reshape(-1, 3).T)

    def settled(self, a):
        """The `CashProfile` of each bin, a list: all else is at its best for flux factors a (n_bins,)."""
        return [each.best(factor)[0] for each, factor in zip(self.bins, a, strict=True)]

    def lower_limits(self):
        """The lowest flux factor of each bin: where a cell's prediction reaches zero, with all else at its best."""
        return np.array([each.copy().lower_limit() for each in self.bins])
