"""The spectrum of a configuration: the dict of one shape, or the text of what is made of several."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tevcurve.errors import DataError, InputError, Unwanted
from tevcurve.near_names import meant
from tevcurve.options import option_of

if TYPE_CHECKING:
    from tevcurve.models import SpectralModel
DEFAULT = option_of("spectrum").default
MAX_INLINE = 50_000  # characters of the nodes of a spectrum from a file
# What a light curve takes where nothing is said, however much of it is.
DEFAULTS = {DEFAULT["model"]: {name: value for name, value in DEFAULT.items() if name != "model"}}


def spectrum_values(value: Any) -> dict[str, Any] | str:
    """What a configuration keeps: of one shape "model" and its parameters, a dict; of sums and products their text.

    value: dict such as {"model": "PowerLaw", "index": 2.6}, a text such as "PowerLaw index=2.6 reference=3TeV" or
    "EBL z=0.116 * PowerLaw index=2.2", or a `SpectralModel`. What is not given has the model's default, and the index
    of a power law `DEFAULT`'s.

    Raises `InputError`, whose `path` is the key that is wrong, for unknown models, parameters and units, for a file
    that cannot be read, and for a model that no text says.
    """
    models = _models()
    if isinstance(value, Mapping):
        value = _with_defaults(value)
    try:
        model = spectral_model(value)
        if value is model:
            # What is made of a table that has no name cannot be said.
            spectral_model(models.spectrum_to_text(model))
    except DataError as error:
        raise InputError(str(error)) from error
    if model.is_factor:
        raise Unwanted(
            f"{models.spectrum_to_text(model)}, a factor without a unit; wanted is a flux, such as it * PowerLaw"
        )
    if isinstance(model, models.CompoundSpectrum):
        return models.spectrum_to_text(model)
    # As it was given where it was: "3 TeV" stays so.
    said = models.spectrum_to_dict(model)
    given = value if isinstance(value, Mapping) else _said(value)
    return {name: given.get(name, own) if name != "model" else own for name, own in said.items()}


def without_files(values: dict[str, Any] | str) -> dict[str, Any] | str:
    """The same with the nodes of spectra from files in place of the files' names, unless these are very many.

    values: as `spectrum_values` gives it. Files of optical depths stay names.
    """
    models = _models()
    model = spectral_model(values)
    text = models.spectrum_to_text(models.with_nodes(model))
    is_other = text != models.spectrum_to_text(model) and len(text) < MAX_INLINE
    return spectrum_values(text) if is_other else values


def spectral_model(values: Any) -> "SpectralModel":
    """The `SpectralModel` of what `spectrum_values` gives, or takes. values: dict, text or `SpectralModel`."""
    models = _models()
    if isinstance(values, str):
        return models.spectrum_from_text(values, DEFAULTS)
    if isinstance(values, Mapping):
        return models.spectrum_from_dict(values)
    if not hasattr(values, "parameters"):
        raise Unwanted(f"a {type(values).__name__}; wanted is a model with parameters such as PowerLaw")
    return values


def spectrum_changed(values: dict[str, Any] | str, name: str, value: Any) -> dict[str, Any] | str:
    """The spectrum of a configuration with one value changed.

    Parameters
    ----------
    values : as `spectrum_values` gives it
    name : of a parameter, of sums and products as these have it ("index", "index_1"); or "model"
    value : number, or text with a unit
    """
    if isinstance(values, dict):
        return values | {name: value}
    models = _models()
    model = spectral_model(values)
    if name not in model.parameters:
        raise InputError(
            f"spectrum.{name} is no parameter of {values}; {meant(name, model.parameters.names)}"
        )
    model.parameters[name].value = value
    return models.spectrum_to_text(model)


def _with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    models = _models()
    name = values.get("model", DEFAULT["model"])
    return {"model": name, **DEFAULTS.get(models.spectrum_class(name).__name__, {}), **values}


def _said(value: Any) -> dict[str, Any]:
    models = _models()
    return models.dict_from_text(value, DEFAULTS) if isinstance(value, str) else {}


def _models() -> Any:
    # Its units take longer to import than all that a command needs for its help.
    import tevcurve.models as models

    return models
