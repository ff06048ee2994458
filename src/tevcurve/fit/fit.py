"""Fits of any free parameters of models to datasets, joint over runs, in one and in three dimensions."""

import numpy as np
from astropy.table import Table

from tevcurve.errors import InputError
from tevcurve.fit.fit_result import StatProfile
from tevcurve.fit.free_parameters import find_parameter, free_parameters
from tevcurve.fit.joint_statistic import JointStatistic
from tevcurve.fit.search import Search


class Fit:
    """Fits the free parameters of the datasets' models to the counts of all datasets together.

    What is free says each parameter's `frozen`, how far it may go its `min` and `max`. A model that several datasets
    share is fitted to all of them; copies of it are fitted each on its own. For a position, give the datasets the PSF
    as `EnergyDependentTablePSF`: a `PSFKernel` is a grid, between whose pixels a source moves in jumps of the slope.

    datasets: one or a list of `MapDataset`, `SpectrumDatasetOnOff`, or what else has `parameters` and `stat_sum()`,
        -2 log(likelihood) at the parameters' values.

    Raises InputError for what is no dataset, none, or the same one twice.
    """

    def __init__(self, datasets):
        self.datasets = list(datasets) if isinstance(datasets, (list, tuple)) else [datasets]
        if not self.datasets:
            raise InputError("There are no datasets to fit; wanted is one or more.")
        for dataset in self.datasets:
            if not hasattr(dataset, "stat_sum"):
                raise InputError(f"A fit was given a {type(dataset).__name__}; wanted are datasets.")
        if len({id(dataset) for dataset in self.datasets}) < len(self.datasets):
            raise InputError("A fit was given the same dataset twice, whose counts would count twice.")

    @property
    def names(self):
        """The names that the free parameters have in this fit, such as "crab.index" or "background-23523.norm"."""
        return [each.name for each in free_parameters(self.datasets)]

    def stat_sum(self):
        """The statistic of all datasets at the parameters' values, float."""
        return float(sum(dataset.stat_sum() for dataset in self.datasets))

    def run(self, minos=False, strategy=1):
        """Finds the minimum of the statistic and sets the parameters to it: their values and errors. A `FitResult`.

        Where no minimum is found, `success` is False, the message says why, and the models are as they were.

        Raises InputError where nothing is free or is known to have influence, or the statistic is not finite at
        the start, and MissingError for an unknown name.

        Parameters
        ----------
        minos : whether to find asymmetric errors, for all parameters (True) or for a list of their names
        strategy : of Minuit, 0 (fast) to 2 (careful with derivatives)
        """
        search = self._search(strategy)
        wanted = self._indices(search.free, minos)
        with search.statistic.restored():
            result = search.run(wanted)
        if result.success:
            for each, fitted in zip(search.free, result.parameters, strict=True):
                each.parameter.value, each.parameter.error = fitted.value, fitted.error
        return result

    def asymmetric_errors(self, names=None, sigma=1):
        """Distances down and up to where the statistic has risen by sigma^2, a Table: name, value, errn, errp, unit.

        The other free parameters are at their best for each value (MINOS; James & Roos 1975, Comput. Phys. Commun.
        10, 343). Models stay as they are; the minimum is searched from there. A distance is NaN where it was not
        found; down or up to a bound it is that of the bound.

        Raises InputError where there is no minimum to start from, and what `run` raises.

        Parameters
        ----------
        names : of some of the parameters, or one; all where None
        sigma : float, above 0, number of standard deviations
        """
        if not (np.isfinite(sigma) and sigma > 0):
            raise InputError(f"sigma is {sigma!r}; wanted is a number above 0.")
        search = self._search(1)
        wanted = self._indices(search.free, True if names is None else names)
        with search.statistic.restored():
            result = search.run(wanted, sigma=sigma)
        if not result.success:
            raise InputError(f"There is no minimum to count errors from: {result.message}")
        rows = [result.parameters[index] for index in wanted]
        return Table(
            rows=[(each.name, each.value, each.errn, each.errp, each.unit) for each in rows],
            names=["name", "value", "errn", "errp", "unit"],
            dtype=[str, float, float, float, str],
        )

    def stat_profile(self, parameter, values=None, n_values=11, reoptimize=True):
        """The `StatProfile` of one parameter. Models stay as they are; run the fit before.

        Raises InputError for values outside the bounds, or None without a known error, and what `run` raises.

        Parameters
        ----------
        parameter : its name in the fit, or the `Parameter`
        values : array (n,) in the parameter's unit, or Quantity; where None, n_values up to two errors to both sides
        n_values : int, number of values where none are given
        reoptimize : whether the other free parameters are fitted for each value, or stay
        """
        free = free_parameters(self.datasets)
        index = find_parameter(free, parameter)
        values = _profile_values(free[index].parameter, values, n_values)
        statistic = JointStatistic(self.datasets, free)
        with statistic.restored():
            if reoptimize and len(free) > 1:
                stat = self._search(1).profile(index, values)
            else:
                start = statistic.values
                stat = [statistic(np.where(np.arange(len(free)) == index, value, start)) for value in values]
        unit = free[index].parameter.unit.to_string()
        return StatProfile(free[index].name, unit, values, np.array(stat, dtype=float))

    def _search(self, strategy):
        if strategy not in (0, 1, 2):
            raise InputError(f"strategy is {strategy!r}; wanted is 0, 1 or 2.")
        return Search(JointStatistic(self.datasets, free_parameters(self.datasets)), strategy)

    def _indices(self, free, names):
        """Indices of the parameters that are asked for by True, False, a name, or a list of names or Parameters."""
        if isinstance(names, bool):
            return list(range(len(free))) if names else []
        names = list(names) if isinstance(names, (list, tuple)) else [names]
        return [find_parameter(free, name) for name in names]

    def __repr__(self):
        return f"<Fit of {len(self.datasets)} datasets>"


def _profile_values(parameter, values, n_values):
    """Values (n,) in the parameter's unit, those of the default cut at the bounds."""
    if values is None:
        if not parameter.error > 0:
            raise InputError(
                f"The error of the parameter {parameter.name!r} is not known; run the fit before, or give values."
            )
        reach = np.linspace(-2, 2, n_values) * parameter.error
        return np.unique(np.clip(parameter.value + reach, parameter.min, parameter.max))
    if hasattr(values, "to_value"):
        values = values.to_value(parameter.unit)
    values = np.atleast_1d(np.asarray(values, dtype=float))
    if not np.all((values >= parameter.min) & (values <= parameter.max)):
        raise InputError(
            f"The values of {parameter.name!r} go from {values.min():g} to {values.max():g}; wanted are values within "
            f"its bounds {parameter.min:g} to {parameter.max:g}."
        )
    return values
