"""Models of a field as plain values in the form of gammapy's `Models.to_yaml`, and as files."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from tevcurve.atomic import replace_file
from tevcurve.errors import InputError
from tevcurve.models.sky import SkyModel
from tevcurve.models.template_map import TemplateSpatialModel
from tevcurve.models.yaml_parameters import Path, check_keys, kind_of, mapping, mistake
from tevcurve.models.yaml_shapes import plain_shape, shape_of
from tevcurve.models.yaml_spectra import plain_spectrum, spectrum_of
from tevcurve.problems import remark
from tevcurve.yaml_nodes import MAX_BYTES, read_marked_file

TOP = ("components", "covariance", "metadata")
COMPONENT = ("name", "type", "spectral", "spatial", "temporal", "apply_irf", "datasets_names")
SKY_MODEL, OF_BACKGROUND = ("SkyModel", "sky-model"), ("FoVBackgroundModel", "fov-bkg")
CONSTANT = ("ConstantTemporalModel", "const")


def read_models(path: str | os.PathLike[str]) -> list[SkyModel]:
    """List of the `SkyModel`s in a YAML file, as `write_models` and gammapy's `Models.write` make it.

    Of a source its spectrum, its shape and the values, units, errors, bounds and frozen flags of its parameters are
    taken. Left out with a remark: models of the background (a light curve has its own norm for each run), links
    between parameters, priors, and for which datasets a model is. The file of the covariance is not read: errors are
    those that stand with the parameters. What a light curve cannot do (an elongated shape, a source that changes with
    time, another kind of model) is refused.

    Parameters
    ----------
    path : of the file

    Raises `DataError` for a file that cannot be read, and `InputError` with the line for what cannot be used.
    """
    path = FilePath(path).expanduser()
    marked = read_marked_file(path, "file of models")
    try:
        return models_from_dict(marked.values, path.parent)
    except InputError as error:
        line = marked.line(error.path)
        raise InputError(f"{path}, line {line}: {error}") from error


def write_models(models: Iterable[SkyModel], path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Writes models to a YAML file that `read_models` and gammapy's `Models.read` read.

    The map of a template is written beside it, as its brightness in sr-1, so that the folder needs no other file.

    Parameters
    ----------
    models : with names
    path : of the file
    overwrite : whether a file that is there is replaced

    Raises `InputError` for models that gammapy does not have, for a file that is there, or for one that would be too
    large to be read; `StoreError` where the disk does not take it.
    """
    import yaml

    path, models = FilePath(path).expanduser(), list(models)
    files = [_file_of(model, path, number) for number, model in enumerate(models)]
    for each in (path, *(path.parent / file for file in files if file is not None)):
        if each.exists() and not overwrite:
            raise InputError(f"The file {each} is there already; overwrite=True replaces it.")
    values = {"components": [_plain_component(*each) for each in zip(models, files, strict=True)]}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)
    size = len(text.encode())
    if size > MAX_BYTES:
        raise InputError(
            f"The models would make {size // 1000} kB, and files of models have {MAX_BYTES // 1000} kB at most; "
            "wanted are fewer in one file, or spectra of fewer nodes."
        )
    for model, file in zip(models, files, strict=True):
        if file is not None and isinstance(model.spatial_model, TemplateSpatialModel):
            sky_map: Any = model.spatial_model.map
            sky_map.write(path.parent / file, overwrite=overwrite)
    replace_file(path, text.encode())


def _file_of(model: SkyModel, path: FilePath, number: int) -> str | None:
    """Name of the file for the map of a model, or None for one that has none."""
    if not isinstance(getattr(model, "spatial_model", None), TemplateSpatialModel):
        return None
    plain = re.sub(r"[^A-Za-z0-9]+", "-", model.name).strip("-")
    return f"{path.stem}-{number}-{plain or 'template'}.fits"


def models_to_dict(models: Iterable[SkyModel]) -> dict[str, Any]:
    """Dict of plain values of models: {"components": [...]}, as gammapy's `Models.to_dict` has it.

    models: with names, each a `SkyModel`.

    Raises `InputError` for a model without a name, or one that gammapy does not have.
    """
    return {"components": [_plain_component(model, None) for model in models]}


def models_from_dict(
    values: Mapping[str, Any] | Sequence[Any], folder: str | FilePath | None = None
) -> list[SkyModel]:
    """List of the `SkyModel`s of plain values; see `read_models`.

    Parameters
    ----------
    values : as `models_to_dict` makes them, or only the list of components
    folder : in which the maps of templates are looked for first

    Raises `InputError` for what cannot be used; its `path`, keys and numbers, leads to the value.
    """
    path: Path = ()
    if isinstance(values, Mapping):
        check_keys(values, TOP, (), "The file of models")
        if values.get("covariance") is not None:
            remark(
                f"The covariance of models in {values['covariance']} is not read; errors are those that stand with the "
                "parameters."
            )
        path, values = ("components",), values.get("components", ())
    if not isinstance(values, (list, tuple)) or not values:
        raise mistake(path, "There are no components; wanted is a list of models, each with its type.")
    place = None if folder is None else FilePath(folder)
    found = [_component(each, (*path, number), place) for number, each in enumerate(values)]
    models = [model for model in found if model is not None]
    names = [model.name for model in models]
    for number, model in enumerate(found):
        if model is not None and names.count(model.name) > 1:
            raise mistake(
                (*path, number),
                f"The name {model.name!r} belongs to more than one model; wanted is a name for each.",
            )
    return models


def _component(values: Any, path: Path, folder: FilePath | None) -> SkyModel | None:
    """The `SkyModel` of one component, None for one that is left out."""
    values = mapping(values, path, "A component")
    kind, name = kind_of(values, path, "A component"), values.get("name")
    if kind in OF_BACKGROUND:
        remark(
            f"The {kind} of {', '.join(map(str, values.get('datasets_names') or ['all']))} is left out: a light curve "
            "has a norm of the background of its own for each run."
        )
        return None
    if kind not in SKY_MODEL:
        raise mistake((*path, "type"), f"A component is a {kind}; wanted is a SkyModel.")
    if isinstance(name, (int, float)) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        raise mistake(path, f"A SkyModel is called {name!r}; wanted is the name of the source.")
    check_keys(values, COMPONENT, path, f"The model {name}")
    _check_rest(values, path, name)
    if values.get("spectral") is None:
        raise mistake(path, f"The model {name} has no spectrum; wanted is one under the key spectral.")
    spectral = mapping(values["spectral"], (*path, "spectral"), f"The spectrum of {name}")
    spectrum, spatial = spectrum_of(spectral, (*path, "spectral"), name), None
    if values.get("spatial") is not None:
        place = (*path, "spatial")
        spatial = shape_of(mapping(values["spatial"], place, f"The shape of {name}"), place, name, folder)
    return SkyModel(spatial, spectrum, name=name)


def _check_rest(values: Mapping[str, Any], path: Path, name: str) -> None:
    """Raises `InputError` for what a light curve cannot do; a remark on what it does not."""
    temporal = values.get("temporal")
    if temporal is not None:
        place = (*path, "temporal")
        kind = kind_of(
            mapping(temporal, place, f"The temporal model of {name}"), place, f"The temporal model of {name}"
        )
        if kind not in CONSTANT:
            raise mistake(
                (*place, "type"),
                f"The model {name} changes with time, by a {kind}; wanted is one that does not: a light curve fits it "
                "in each of its rows.",
            )
    parts = values.get("apply_irf")
    if parts is not None:
        place = (*path, "apply_irf")
        parts = mapping(parts, place, f"apply_irf of {name}")
        if not all(value is True for value in parts.values()):
            raise mistake(
                place,
                f"apply_irf of {name} leaves a response out; wanted is a model that all responses apply to.",
            )
    if values.get("datasets_names"):
        remark(
            f"The model {name} is for the datasets {values['datasets_names']} in its file; a light curve takes it for "
            "all runs."
        )


def _plain_component(model: SkyModel, file: str | None) -> dict[str, Any]:
    if not isinstance(model, SkyModel):
        raise InputError(f"There is a {type(model).__name__} among the models; wanted are SkyModels.")
    if not model.name:
        raise InputError("A model has no name; wanted is one for each, such as SkyModel(..., name='crab').")
    values = {
        "name": model.name,
        "type": SKY_MODEL[0],
        "spectral": plain_spectrum(model.spectral_model, model.name),
    }
    if model.spatial_model is not None:
        values["spatial"] = plain_shape(model.spatial_model, model.name, file)
    return values
