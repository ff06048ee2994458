"""The parameters of a list of datasets, each once and with a name of its own."""

from collections import Counter
from dataclasses import dataclass

from tevcurve.errors import InputError, MissingError
from tevcurve.models import Parameter, SkyModel


@dataclass(frozen=True, eq=False)
class FreeParameter:
    """A parameter to fit: its `name` in the fit, the `Parameter` itself, the numbers of the `datasets` that have it."""

    name: str
    parameter: Parameter
    datasets: tuple[int, ...]


def free_parameters(datasets):
    """The parameters to fit, a list of `FreeParameter` in the order of the datasets.

    A `Parameter` object that several datasets' models share is one parameter. It is called after its model,
    "crab.index"; where other models have that name too, after its (first) dataset as well, "background-23523.norm",
    by the dataset's name or else its number.

    Raises InputError for a dataset without model, and where nothing is free.

    datasets: list of datasets with their models.
    """
    labels, found = _dataset_labels(datasets), {}
    for number, dataset in enumerate(datasets):
        owned = list(_owned_parameters(dataset))
        if not owned:
            raise InputError(f"The dataset {labels[number]} has no model; set its `model` before the fit.")
        for owner, name, parameter in owned:
            entry = found.setdefault(id(parameter), (owner, name, parameter, []))
            if number not in entry[3]:
                entry[3].append(number)
    free = [
        FreeParameter(name, entry[2], tuple(entry[3]))
        for name, entry in zip(_unique_names(found.values(), labels), found.values(), strict=True)
        if not entry[2].frozen
    ]
    if not free:
        raise InputError("All parameters of the models are frozen; a fit needs a free one.")
    return free


def find_parameter(free, key):
    """The index in a list of `FreeParameter` of one that is given by its name in the fit or as `Parameter`.

    A name may be without the model's, "index", where only one parameter has it. Raises MissingError.

    Parameters
    ----------
    free : list of `FreeParameter`
    key : name or `Parameter`
    """
    for index, each in enumerate(free):
        if key is each.parameter or key == each.name:
            return index
    short = [index for index, each in enumerate(free) if key == each.parameter.name]
    if len(short) == 1:
        return short[0]
    name = f"{key.name!r} given" if isinstance(key, Parameter) else repr(key)
    raise MissingError(
        f"There is {'more than one' if short else 'no'} free parameter {name}: "
        f"there are {', '.join(each.name for each in free)}."
    )


def _owned_parameters(dataset):
    """(name of the model, name of the parameter in it, Parameter) of all parameters of a dataset."""
    models = getattr(dataset, "models", None)
    if models is None:
        models = [] if dataset.model is None else [dataset.model]
    for model in models:
        spectral = model.spectral_model if isinstance(model, SkyModel) else model
        times = Counter(model.parameters.names)
        for parameter in model.parameters:
            part = "" if times[parameter.name] == 1 else _part(spectral, parameter)
            yield model.name or spectral.name or "source", part + parameter.name, parameter
    background = getattr(dataset, "background_model", None)
    if background is not None:
        for parameter in background.parameters:
            yield background.name or "background", parameter.name, parameter


def _part(spectral, parameter):
    return "spectral." if parameter in spectral.parameters else "spatial."


def _dataset_labels(datasets):
    """What each dataset is called: by its name if no other has it, else by its number."""
    times = Counter(dataset.name for dataset in datasets)
    return [
        dataset.name if dataset.name and times[dataset.name] == 1 else str(number)
        for number, dataset in enumerate(datasets)
    ]


def _unique_names(entries, labels):
    """A name for each (model's name, parameter's name, Parameter, numbers of datasets)."""
    entries = list(entries)
    times = Counter((owner, name) for owner, name, _, _ in entries)
    names = [
        f"{owner}.{name}" if times[owner, name] == 1 else f"{owner}-{labels[numbers[0]]}.{name}"
        for owner, name, _, numbers in entries
    ]
    seen = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[index] = f"{name}-{seen[name]}"
    return names
