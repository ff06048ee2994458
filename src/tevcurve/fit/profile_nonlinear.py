"""The likelihood of bins in which more than norms is free: a background's tilt, a position, another source's shape.

Such parameters change the templates, so every step computes them anew, one bin at a time: slow, and only for
light curves that ask for it. The norms are profiled out by `CashLikelihood` as everywhere; the search for the others is
iminuit's, and Newton's steps take it from there to the last digits, which give the derivatives of the profile as well.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.cash_profile import cash_profile

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
# A bin whose parameters are not to be told apart by its data could be searched for ever: after so many predictions one
# after the other it is given up, and its row says that it did not converge.
MAX_PREDICTIONS = 4000


@dataclass(frozen=True, eq=False)
class BinStart:
    """Where a search in a bin ended, and the next one begins.

    theta : float array (n,), parameters; deviation : their standard deviations (n,), None before they are known
    n_predictions : int, that were made on the way
    """

    theta: np.ndarray
    deviation: np.ndarray | None = None
    n_predictions: int = 0


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
        self.beginning, self.source_is_held = BinStart(start), False
        if of_source.any():
            (_, values), self.beginning = self.best(0.0)
            self.source_is_held = not values[1] < 0

    def best(self, a, start=None):
        """((profile at the best parameters, (stat, slope, curvature) of theirs) at a flux factor, `BinStart`).

        The profile is an `OneAmplitude` of one bin.

        Parameters
        ----------
        a : float, flux factor
        start : `BinStart`, where the search begins
        """
        start = self.beginning if start is None else start
        if start.n_predictions > MAX_PREDICTIONS:
            return (cash_profile(self.make_terms(self.start)), (np.nan, np.nan, np.nan)), start
        search = _Search(self, a, start)
        theta, values = search.run(start.theta)
        end = BinStart(theta if a != 0 else start.theta, search.deviation, search.n_predictions)
        return (cash_profile(self.make_terms(theta)), values), end

    def lower_bound(self):
        """The lowest flux factor: no cell is predicted below zero with the parameters that are the best there.

        What the parameters of the last factor allow is tried next, and what turns out to allow less is one end of a
        bracket; the other end, where all cells are above zero, comes back after a few steps.
        """
        (profile, _), start = self.best(0.0)
        allowed, beyond, trial = 0.0, -np.inf, profile.lower_bound()[0]
        for _ in range(LIMIT_STEPS):
            (profile, values), start = self.best(trial, start)
            own = profile.lower_bound()[0] if np.isfinite(values[0]) else 0.0
            if abs(own - trial) <= LIMIT_STOP * abs(trial):
                return max(own, trial)
            if own < trial:
                allowed, trial = trial, max(own, 0.5 * (trial + beyond), 2 * trial)
            else:
                beyond = trial
                trial = own if own < allowed else 0.5 * (allowed + beyond)
        return allowed


class _Search:
    """A search for the best parameters of a `NonlinearBin` at a flux factor a; start : `BinStart`

    deviation, n_predictions : see `BinStart`, as they are when it has run
    """

    def __init__(self, bin_, a, start):
        self.bin, self.a = bin_, float(a)
        self.deviation, self.n_predictions = start.deviation, start.n_predictions

    def run(self, theta):
        """(the best parameters (n,), (stat, slope, curvature) of the profile), from given ones."""
        own, a = self.bin, self.a
        free = np.arange(len(own.start))
        if a == 0 or own.source_is_held:
            free, theta = np.flatnonzero(~own.of_source), np.where(own.of_source, own.start, theta)
        if not np.isfinite(self._values(theta)[0]):
            theta = own.start
        searched = self.deviation is None or not len(free)
        if searched and len(free):
            theta = self._minuit(theta, free)
        for _ in range(MAX_STEPS):
            moving, width = self._widths(theta, free)
            around = _Surroundings(self._values, theta, moving, width)
            # iminuit alone knows whether a parameter at its bound wants to stay there.
            if not searched and (around.decrement > DECREMENT_FAR or len(moving) < len(free)):
                theta, searched = self._minuit(theta, free), True
                continue
            if not DECREMENT_STOP < around.decrement < DECREMENT_FAR:
                break
            theta = np.clip(theta + around.step, own.low, own.high)
        values = around.profile() if around.decrement < DECREMENT_ENOUGH else (np.nan, np.nan, np.nan)
        return theta, values

    def _values(self, theta):
        """(stat, slope, curvature) at parameters, infinite where the model has no value."""
        self.n_predictions += 1
        terms = self.bin.make_terms(theta)
        if terms is None:
            return np.inf, np.nan, np.nan
        (stat, slope, curvature), _ = cash_profile(terms).evaluate(np.array([self.a]))
        return (stat[0] if np.isfinite(stat[0]) else np.inf), slope[0], curvature[0]

    def _widths(self, theta, free):
        """(numbers of the parameters that can move, widths of the differences in them)."""
        if not len(free):
            return free, np.zeros(0)
        room = np.minimum(theta - self.bin.low, self.bin.high - theta)[free]
        width = np.minimum(WIDTH * self.deviation[free], room / 2)
        moving = width > 0.2 * WIDTH * self.deviation[free]
        return free[moving], width[moving]

    def _minuit(self, theta, free):
        """Best parameters as iminuit finds them, float array (n,); also learns their standard deviations."""
        from iminuit import Minuit

        worst, own = self._values(theta)[0] + 1e6, self.bin

        def statistic(values):
            trial = theta.copy()
            trial[free] = values
            # iminuit tries what is no number where nothing depends on a parameter.
            return min(self._values(trial)[0], worst) if np.all(np.isfinite(values)) else worst

        minuit = Minuit(statistic, theta[free])
        minuit.errordef, minuit.tol, minuit.strategy = 1.0, 1e-4, 1
        minuit.errors = own.step[free]
        minuit.limits = np.column_stack([own.low, own.high])[free]
        minuit.migrad(ncall=MAX_PREDICTIONS // 4)
        found, deviation = theta.copy(), (own.step if self.deviation is None else self.deviation).copy()
        values, errors, largest = (
            np.array(minuit.values),
            np.array(minuit.errors),
            LARGEST_DEVIATION * own.step[free],
        )
        found[free] = np.where(np.isfinite(values), values, theta[free])
        deviation[free] = np.where(errors > 0, np.minimum(errors, largest), own.step[free])
        self.deviation = deviation
        return np.clip(found, own.low, own.high)


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

    What `tevcurve.fit.minimize` calls a profile; a start of it is a tuple with the `BinStart` of each bin.

    Parameters
    ----------
    bins : list of `NonlinearBin`
    """

    def __init__(self, bins):
        self.bins = bins
        first = [cash_profile(each.make_terms(each.start)) for each in bins]
        self.counts = np.array([profile.counts[0] for profile in first])
        # Where a source that moves is seen worse, its flux may be larger than the counts over the first total.
        total = [
            profile.total[0] * (0.5 if each.of_source.any() else 1)
            for profile, each in zip(first, bins, strict=True)
        ]
        self.total = np.array(total)

    @property
    def n(self):
        return len(self.bins)

    @property
    def source_is_held(self):
        """Whether the source's own parameters are held for want of an excess to fit them to, bool array (n,)."""
        return np.array([each.source_is_held for each in self.bins])

    def take(self, bins, start=None):
        """(the profile of some bins (sorted int array), the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : where the searches began, of all bins; None: nowhere yet
        """
        new = object.__new__(NonlinearProfile)
        new.bins, new.counts, new.total = [self.bins[k] for k in bins], self.counts[bins], self.total[bins]
        return new, None if start is None else tuple(start[k] for k in bins)

    def evaluate(self, a, start=None):
        """((stat, slope, curvature) of the profile at flux factors a, each of shape (n,), where the searches ended).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : where the searches begin; None: nowhere yet
        """
        found, ends = self._best(a, start)
        return tuple(np.array([values for _, values in found]).reshape(-1, 3).T), ends

    def settled(self, a, start=None):
        """(the profile of each bin with all else at its best for flux factors a (n,), a list; the ends).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : where the searches begin; None: nowhere yet
        """
        found, ends = self._best(a, start)
        return [profile for profile, _ in found], ends

    def lower_bound(self):
        """The lowest flux factor of each bin: where a cell's prediction reaches zero, with all else at its best."""
        return np.array([each.lower_bound() for each in self.bins])

    def _best(self, a, start):
        start = [None] * self.n if start is None else start
        rows = zip(self.bins, a, start, strict=True)
        found = [each.best(factor, begin) for each, factor, begin in rows]
        return [best for best, _ in found], tuple(end for _, end in found)
