"""The sum of the statistics of datasets as a function of the parameters that are fitted."""

from contextlib import contextmanager

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError

# A first step should change the statistic by about as much as one standard deviation does.
SMALLEST_RISE, LARGEST_RISE = 0.1, 10.0
MAX_STEP_TRIALS = 60
LARGEST_GROWTH = 1000.0


class JointStatistic:
    """The statistic of datasets as a function of the values of free parameters.

    Evaluating it sets the parameters. A dataset is asked again only if one of its own parameters has changed, so
    that a step in the background norm of one run costs one dataset, however many there are.

    Parameters
    ----------
    datasets : list of datasets with `stat_sum()`
    free : list of `FreeParameter`
    """

    def __init__(self, datasets, free):
        self.datasets, self.free, self.n_calls = datasets, free, 0
        self._own = [
            [index for index, each in enumerate(free) if number in each.datasets]
            for number in range(len(datasets))
        ]
        self._known = [{} for _ in datasets]

    @property
    def values(self):
        """The parameters' values in their own units, float array (n,)."""
        return np.array([each.parameter.value for each in self.free])

    def __call__(self, values):
        """The statistic at values (n,) in the parameters' own units; infinite where the models have no value."""
        self.n_calls += 1
        values = [float(value) for value in values]
        if not np.all(np.isfinite(values)):
            return np.inf
        for each, value in zip(self.free, values, strict=True):
            each.parameter.value = value
        try:
            # A search may look where fluxes overflow.
            with np.errstate(all="ignore"):
                stat = sum(self._of_dataset(number, values) for number in range(len(self.datasets)))
        except InputError:
            # A size of 0, for example: the end of what the model is defined for.
            return np.inf
        return stat if np.isfinite(stat) else np.inf

    def check_start(self):
        """The statistic at the parameters' values; InputError where it is not finite."""
        for dataset, known, own in zip(self.datasets, self._known, self._own, strict=True):
            stat = dataset.stat_sum()
            if not np.isfinite(stat):
                name = f" {dataset.name!r}" if dataset.name else ""
                raise InputError(
                    f"The statistic of the dataset{name} is {stat} at the start of the fit, because the models "
                    "predict no counts, or fewer, where counts are; other start values are wanted."
                )
            known[tuple(self.free[index].parameter.value for index in own)] = stat
        return self(self.values)

    def first_steps(self):
        """A step (n,) for each parameter, in its own unit, that changes the statistic by something like 1.

        Raises InputError for a parameter that changes nothing.
        """
        start = self.values
        stat = self(start)
        steps = np.array([self._first_step(index, start, stat) for index in range(len(start))])
        self(start)
        return steps

    @contextmanager
    def restored(self):
        """Sets the parameters back to their values at the end."""
        start = self.values
        try:
            yield
        finally:
            for each, value in zip(self.free, start, strict=True):
                each.parameter.value = value

    def _of_dataset(self, number, values):
        known, own = self._known[number], self._own[number]
        key = tuple(values[index] for index in own)
        stat = known.pop(key, None)
        known[key] = self.datasets[number].stat_sum() if stat is None else stat
        # Second derivatives come back to one step of each parameter; what is oldest goes first.
        while len(known) > 4 * len(own) + 8:
            del known[next(iter(known))]
        return known[key]

    def _first_step(self, index, start, stat):
        parameter = self.free[index].parameter
        up, down = parameter.max - start[index], start[index] - parameter.min
        room = max(up, down)
        usual = min(_usual_step(parameter), 0.5 * room)
        step, low, high = usual, 0.0, min(room, LARGEST_GROWTH * usual)
        for _ in range(MAX_STEP_TRIALS if room > 0 else 0):
            sides = [way * step for way, reach in ((1, up), (-1, down)) if step <= reach]
            # With both sides the slope drops out, which is steep far from the minimum.
            rise = abs(np.mean([self._moved(index, start, side) for side in sides]) - stat)
            if SMALLEST_RISE <= rise <= LARGEST_RISE:
                return step
            low, high = (step, high) if rise < SMALLEST_RISE else (low, step)
            if rise > 0 and low > 0.9 * high:
                return low
            step = np.clip(np.sqrt(max(low, 0.04 * high) * high), 0.2 * step, 5 * step)
        raise InputError(
            f"The statistic does not depend on the parameter {self.free[index].name!r}, which is "
            f"{parameter.quantity:g}; freeze it, or start from another value."
        )

    def _moved(self, index, start, shift):
        """The statistic with one parameter moved from the start; it may end at its bound."""
        parameter, moved = self.free[index].parameter, start.copy()
        moved[index] = np.clip(start[index] + shift, parameter.min, parameter.max)
        return self(moved)


def _usual_step(parameter):
    """A step to begin with, in the parameter's unit."""
    if np.isfinite(parameter.error) and parameter.error > 0:
        return parameter.error
    if parameter.unit.is_equivalent(u.deg):
        return (0.01 * u.deg).to_value(parameter.unit)
    return 0.1 * abs(parameter.value) or 0.1
