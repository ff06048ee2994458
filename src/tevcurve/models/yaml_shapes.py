"""Shapes on the sky as plain values in the form of gammapy's files, and back."""

from collections.abc import Mapping
from typing import Any

import astropy.units as u

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.models.spatial import FRAMES, SkyDisk, SkyGaussian, SkyPointSource, SpatialModel
from tevcurve.models.yaml_parameters import (
    Path,
    check_keys,
    entries_of,
    kind_of,
    mistake,
    parameters_of,
    plain_parameter,
)

# Their name and its short form -> our class.
SHAPES: dict[str, tuple[str, type[SpatialModel]]] = {
    "PointSpatialModel": ("point", SkyPointSource),
    "GaussianSpatialModel": ("gauss", SkyGaussian),
    "DiskSpatialModel": ("disk", SkyDisk),
}
# What theirs have further, and a round shape has none of: excentricity and the angle of the long axis.
ROUND = (Parameter("e", 0.0, frozen=True), Parameter("phi", 0.0, u.deg, frozen=True))


def shape_of(values: Mapping[str, Any], path: Path, name: str) -> SpatialModel:
    """The `SpatialModel` of the values of a file.

    Parameters
    ----------
    values : of the key "spatial"
    path : keys and numbers that lead to them
    name : of the source, for messages

    Raises `InputError`, whose `path` leads to the value, for what is no shape of ours: an elongated one, too.
    """
    kind = kind_of(values, path, f"The shape of {name}")
    found = [ours for long, (short, ours) in SHAPES.items() if kind in (long, short)]
    if not found:
        raise mistake(
            (*path, "type"), f"The shape of {name} is a {kind}; wanted is one of {', '.join(SHAPES)}."
        )
    (ours,) = found
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


def _check_round(entries: Mapping[str, tuple[Path, Mapping[str, Any]]], what: str) -> None:
    place, entry = entries.get("e", ((), {"value": 0}))
    if entry.get("value") != 0:
        raise mistake(
            place,
            f"{what} is elongated, with the excentricity e {entry.get('value')}; wanted is a round one, e 0.",
        )


def plain_shape(spatial: SpatialModel, name: str) -> dict[str, Any]:
    """Dict of a shape as gammapy writes it. Raises `InputError` for one that gammapy does not have.

    Parameters
    ----------
    spatial : `SpatialModel`
    name : of the source, for messages
    """
    kinds = {ours: long for long, (_, ours) in SHAPES.items()}
    if type(spatial) not in kinds:
        raise InputError(
            f"The shape of {name} is a {type(spatial).__name__}, which files of models cannot have; wanted is one of "
            f"{', '.join(ours.__name__ for ours in kinds)}."
        )
    round_ones = [] if spatial.is_point else [plain_parameter(parameter) for parameter in ROUND]
    return {
        "type": kinds[type(spatial)],
        "frame": spatial.frame,
        "parameters": [*map(plain_parameter, spatial.parameters), *round_ones],
    }
