"""Datasets of any kind that can be used, as ours."""

from tevcurve.datasets.gammapy_objects import from_gammapy


def datasets_of(datasets, source=""):
    """A list of datasets: gammapy's as ours (`tevcurve.datasets.gammapy_objects.from_gammapy`), all others as they are.

    Parameters
    ----------
    datasets : one, or a list of them, or a `gammapy.datasets.Datasets`
    source : name of the model that is looked at
    """
    several = isinstance(datasets, (list, tuple)) or (
        is_gammapy(datasets) and type(datasets).__name__ == "Datasets"
    )
    return [_as_ours(each, source) for each in (datasets if several else [datasets])]


def is_gammapy(thing):
    """Whether something is an object of gammapy, which need not be there. thing: any object."""
    return type(thing).__module__.split(".")[0] == "gammapy"


def _as_ours(dataset, source):
    if not is_gammapy(dataset):
        return dataset
    return from_gammapy(dataset, source)
