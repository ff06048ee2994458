"""The sky models of a configuration: the path of a file of models, or its components themselves."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tevcurve.config import spectra
from tevcurve.errors import DataError, InputError, Unwanted
from tevcurve.problems import noted_remarks

if TYPE_CHECKING:
    from tevcurve.models import SkyModel, SpectralModel

# Models are imported when they are asked for, as those of spectra are.
_models = spectra._models


def models_values(value: Any) -> str | list[dict[str, Any]] | None:
    """What a configuration keeps: the path of a file, or a list of components as such a file has them; None for none.

    value: path, components (a list, or a dict that has them), or `SkyModel`s.

    Raises `InputError` for models that cannot be used; its `path` leads to the value that is wrong.
    """
    if value is None:
        return None
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        text = os.fspath(value)
        if not text.strip() or "\0" in text:
            raise Unwanted(f"{text!r}; wanted is the path of a file of models, or a list of them")
        return _checked(text)
    return _checked(_plain(value))


def _checked(value: Any) -> Any:
    """The same, where it can be used."""
    try:
        # What is left out of them is told when they are used.
        with noted_remarks(aloud=False):
            as_models(value)
    except DataError as error:
        raise InputError(str(error)) from error
    except InputError as error:
        if isinstance(value, str):
            raise InputError(f"In {error}") from error
        raise
    return value


def as_models(value: str | list[dict[str, Any]] | None) -> "list[SkyModel] | None":
    """List of `SkyModel` of what `models_values` gives, or None. value: as there."""
    if value is None:
        return None
    return _models().read_models(value) if isinstance(value, str) else _models().models_from_dict(value)


def without_file(value: str | list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """The components of the models, in place of the path of a file; maps of templates stay paths.

    value: as `models_values` gives it.
    """
    if not isinstance(value, str):
        return value
    with noted_remarks(aloud=False):
        return _models().models_to_dict(as_models(value) or ())["components"]


def spectrum_beside(values: Any, models: "list[SkyModel] | None", target: str) -> "SpectralModel | None":
    """The reference spectrum, None where it is that of the model of the target's name and nothing else was said.

    Parameters
    ----------
    values : of the spectrum, as the configuration keeps it; its default is not said
    models : of the configuration
    target : its name
    """
    own = any(model.name == target for model in models or ())
    return (
        None if own and values == spectra.spectrum_values(spectra.DEFAULT) else spectra.spectral_model(values)
    )


def spectrum_of_target(values: Any, models: "list[SkyModel] | None", target: str) -> Any:
    """The values of the spectrum that is used: that of the model of the target's name, where there is one and a text
    can say it.

    Parameters
    ----------
    values : of the spectrum, as the configuration keeps it
    models : of the configuration
    target : its name
    """
    if spectrum_beside(values, models, target) is not None:
        return values
    (own,) = (model for model in models or () if model.name == target)
    try:
        return spectra.spectrum_values(own.spectral_model)
    except InputError:
        # What no text says stays in the models alone.
        return values


def _plain(value: Any) -> list[dict[str, Any]]:
    """A list of components."""
    kind = _models().SkyModel
    if isinstance(value, kind):
        value = [value]
    if isinstance(value, dict):
        value = value.get("components", value)
    if isinstance(value, dict) or not isinstance(value, Iterable):
        raise Unwanted(f"a {type(value).__name__}; wanted is the path of a file of models, or a list of them")
    items = list(value)
    if any(isinstance(item, kind) for item in items):
        return _models().models_to_dict(items)["components"]
    return items
