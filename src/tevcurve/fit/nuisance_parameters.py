"""What else than norms is left free in the datasets of a time bin: tilts, positions and shapes."""

import astropy.units as u
import numpy as np

from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError

# First steps of parameters whose error is not known: of positions in deg, of others as a share of their value.
POSITION_STEP, OTHER_STEP = 0.01, 0.1


def name_of(model):
    """What a source is called: its own name, or that of its spectral model. model: of a source."""
    return model.name or model.spectral_model.name


class NuisanceParameters:
    """The datasets of one bin with models of their own, and the parameters in them that are to be fitted.

    A parameter that several datasets have, of sources of one name, is one: the sources are the same. A background is
    each dataset's own. The amplitude of sources and the norm of backgrounds are not among them, nor is the spectrum of
    the source whose light curve it is: its shape is fixed.

    Parameters
    ----------
    pairs : list of (`MapDataset`, its `SkyModel` of the source) of one bin

    Attributes
    ----------
    datasets, sources : lists of `MapDataset` and of the source's `SkyModel` in each, copies that may be changed
    parameters : list of lists of `Parameter`: each inner list is one parameter of the fit
    of_source : bool array, whether each is of the source itself
    """

    def __init__(self, pairs):
        groups, self.datasets, self.sources = {}, [], []
        for number, (given, model) in enumerate(pairs):
            dataset = _with_own_models(given)
            source = dataset.models[given.models.index(model)]
            self.datasets.append(dataset)
            self.sources.append(source)
            for model in dataset.models:
                for part, name, parameter in _nuisances(model, model is source):
                    group = groups.setdefault((name_of(model), part, name), ([], model is source))
                    group[0].append(parameter)
            background = dataset.background_model
            for parameter in () if background is None else background.parameters:
                if parameter.name != "norm" and not parameter.frozen:
                    groups[number, "background", parameter.name] = ([parameter], False)
        self.parameters = [group for group, _ in groups.values()]
        self.of_source = np.array([of_source for _, of_source in groups.values()], dtype=bool)

    @property
    def start(self):
        """Their values before the fit, in their own units, float array (n,)."""
        return np.array([group[0].value for group in self.parameters])

    @property
    def bounds(self):
        """(lowest, highest) values, float arrays (n,), infinite where there is no bound."""
        low = [max(parameter.min for parameter in group) for group in self.parameters]
        high = [min(parameter.max for parameter in group) for group in self.parameters]
        return np.array(low), np.array(high)

    @property
    def steps(self):
        """First steps for a search, float array (n,)."""
        return np.array([_step(group[0]) for group in self.parameters])

    def set(self, values):
        """Give the parameters values (n,) in their own units. values: float array (n,)."""
        for group, value in zip(self.parameters, values, strict=True):
            for parameter in group:
                parameter.value = float(value)


def has_nuisances(pairs):
    """Whether datasets leave anything free that `NuisanceParameters` would find; pairs: as for these."""
    for dataset, source in pairs:
        if any(True for model in dataset.models for _ in _nuisances(model, model is source)):
            return True
        background = dataset.background_model
        free = () if background is None else background.parameters.free_parameters
        if any(parameter.name != "norm" for parameter in free):
            return True
    return False


def check_names(datasets):
    """None where no dataset has two sources of one name; raises `InputError` otherwise: which is which?

    datasets: list of datasets with their models.
    """
    for dataset in datasets:
        names = [name_of(model) for model in dataset.models]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise InputError(
                f"A dataset has {names.count(double[0])} sources called {double[0]!r}; wanted are different names."
            )


def _nuisances(model, is_source):
    """(part, name, Parameter) of what is free in a model and not a norm."""
    spatial, spectral = model.spatial_model, model.spectral_model
    for part, each in (("spatial", spatial), ("spectral", None if is_source else spectral)):
        for parameter in () if each is None else each.parameters:
            if not parameter.frozen and not (
                part == "spectral" and parameter.name == spectral.amplitude_name
            ):
                yield part, parameter.name, parameter


def _step(parameter):
    if parameter.error > 0:
        return parameter.error
    if parameter.unit.is_equivalent(u.deg):
        return POSITION_STEP * u.deg.to(parameter.unit)
    return OTHER_STEP * (abs(parameter.value) or 1.0)


def _with_own_models(dataset):
    """The dataset with copies of its models."""
    background = dataset.background_model
    return MapDataset(
        counts=dataset.counts,
        exposure=dataset.exposure,
        background_model=None if background is None else background.copy(),
        psf=dataset.psf,
        edisp=dataset.edisp,
        model=[model.copy() for model in dataset.models],
        mask=dataset.mask,
        name=dataset.name,
    )
