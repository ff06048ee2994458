"""Shapes on the sky as plain values in the form of gammapy's files, and back."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import astropy.units as u

from tevcurve.errors import InputError, TevcurveError
from tevcurve.files import expand_path
from tevcurve.models.parameters import Parameter
from tevcurve.models.spatial import FRAMES, SpatialModel
from tevcurve.models.spatial_shapes import SkyDisk, SkyGaussian, SkyPointSource
from tevcurve.models.template_map import TemplateSpatialModel
from tevcurve.models.yaml_parameters import (
    Path,
    check_keys,
    class_of,
    entries_of,
    kind_of,
    mistake,
    name_of,
    parameters_of,
    plain_parameter,
)

# Their name and its short form -> our class.
SHAPES: dict[str, tuple[str, type[SpatialModel]]] = {
    "PointSpatialModel": ("point", SkyPointSource),
    "GaussianSpatialModel": ("gauss", SkyGaussian),
    "DiskSpatialModel": ("disk", SkyDisk),
    "TemplateSpatialModel": ("template", TemplateSpatialModel),
}
OF_TEMPLATE = ("type", "frame", "parameters", "filename", "normalize", "unit")
# What theirs have further, and a round shape has none of: eccentricity and the angle of the long axis.
ROUND = (Parameter("e", 0.0, frozen=True), Parameter("phi", 0.0, u.deg, frozen=True))


def shape_of(values: Mapping[str, Any], path: Path, name: str, folder: FilePath | None) -> SpatialModel:
    """The `SpatialModel` of the values of a file.

    Parameters
    ----------
    values : of the key "spatial"
    path : keys and numbers that lead to them
    name : of the source, for messages
    folder : in which a map is looked for first, or None

    Raises `InputError`, whose `path` leads to the value, for what is no shape of ours: an elongated one, too.
    """
    kind = kind_of(values, path, f"The shape of {name}")
    ours = class_of(kind, SHAPES, path, f"The shape of {name}", SHAPES)
    if ours is TemplateSpatialModel:
        return _template(values, path, name, folder)
    check_keys(values, ("type", "frame", "parameters"), path, f"The {kind} of {name}")
    what = f"the shape of {name}"
    entries = entries_of(values, path, what)
    if ours is not SkyPointSource:
        _check_round(entries, f"The {kind} of {name}")
        of_long_ones = [parameter.name for parameter in ROUND]
        entries = {key: entry for key, entry in entries.items() if key not in of_long_ones}
    parameters = parameters_of(entries, ours.default_parameters, path, what)
    frame = values.get("frame", "icrs")
    if frame not in FRAMES:
        raise mistake(
            (*path, "frame"), f"The frame of {name} is {frame!r}; wanted is one of {', '.join(FRAMES)}."
        )
    made = ours(**{parameter.name: parameter.quantity for parameter in parameters}, frame=frame)
    made._set_parameters(parameters)
    return made


def _template(
    values: Mapping[str, Any], path: Path, name: str, folder: FilePath | None
) -> TemplateSpatialModel:
    """The model of a map, which is read; its unit and its frame are those of the file."""
    what = f"the template of {name}"
    check_keys(values, OF_TEMPLATE, path, f"The template of {name}")
    file, normalize = values.get("filename"), values.get("normalize", True)
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        raise mistake((*path, "filename"), f"The file of {what} is {file!r}; wanted is the path of a map.")
    if not isinstance(normalize, bool):
        raise mistake((*path, "normalize"), f"normalize of {what} is {normalize!r}; wanted is true or false.")
    try:
        place = expand_path(file)
        if folder is not None and (folder / place).is_file():
            place = folder / place
        made = TemplateSpatialModel.read(place, normalize)
    except TevcurveError as error:
        raise mistake((*path, "filename"), f"The map of {what} cannot be used: {error}") from error
    entries = entries_of(values, path, what)
    known = {
        parameter.name: ((*path, "parameters"), {"value": parameter.value, "unit": "deg"})
        for parameter in made.parameters
    }
    parameters = parameters_of(known | entries, made.default_parameters, path, what)
    made._set_parameters(parameters)
    frame = values.get("frame", made.frame)
    if frame != made.frame:
        raise mistake(
            (*path, "frame"),
            f"The frame of {what} is {frame!r}, and that of its map {made.frame!r}; wanted is one.",
        )
    return made


def _check_round(entries: Mapping[str, tuple[Path, Mapping[str, Any]]], what: str) -> None:
    place, entry = entries.get("e", ((), {"value": 0}))
    if entry.get("value") != 0:
        raise mistake(
            place,
            f"{what} is elongated, with the eccentricity e {entry.get('value')}; wanted is a round one, e 0.",
        )


def plain_shape(spatial: SpatialModel, name: str, file: str | None = None) -> dict[str, Any]:
    """Dict of a shape as gammapy writes it. Raises `InputError` for one that gammapy does not have.

    Parameters
    ----------
    spatial : `SpatialModel`
    name : of the source, for messages
    file : in which the brightness of a template is found; None for the one that it is from
    """
    kind = name_of(spatial, SHAPES, f"The shape of {name}")
    if isinstance(spatial, TemplateSpatialModel):
        return _plain_template(spatial, name, file)
    round_ones = [] if spatial.is_point else [plain_parameter(parameter) for parameter in ROUND]
    return {
        "type": kind,
        "frame": spatial.frame,
        "parameters": [*map(plain_parameter, spatial.parameters), *round_ones],
    }


def _plain_template(spatial: TemplateSpatialModel, name: str, file: str | None) -> dict[str, Any]:
    if file is None and spatial.filename is None:
        raise InputError(
            f"The template of {name} is from no file; wanted is one that is read, or `write_models`, "
            "which writes its map."
        )
    return {
        "type": "TemplateSpatialModel",
        "frame": spatial.frame,
        "parameters": [plain_parameter(parameter) for parameter in spatial.parameters],
        "filename": spatial.filename if file is None else file,
        "normalize": spatial.normalize if file is None else False,
        "unit": "sr-1",
    }
