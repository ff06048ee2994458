"""Spectra as plain values in the form of gammapy's files, and back."""

from collections.abc import Mapping
from typing import Any

from tevcurve.errors import InputError
from tevcurve.models import spectral_shapes as shapes
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.yaml_parameters import (
    Path,
    check_keys,
    entries_of,
    kind_of,
    mistake,
    parameters_of,
    plain_parameter,
)

# Their name and its short form -> our class; the parameters have the same names and units.
SHAPES: dict[str, tuple[str, type[SpectralModel]]] = {
    "PowerLawSpectralModel": ("pl", shapes.PowerLaw),
    "ExpCutoffPowerLawSpectralModel": ("ecpl", shapes.ExponentialCutoffPowerLaw),
    "LogParabolaSpectralModel": ("lp", shapes.LogParabola),
    "BrokenPowerLawSpectralModel": ("bpl", shapes.BrokenPowerLaw),
    "ConstantSpectralModel": ("const", shapes.Constant),
}


def spectrum_of(values: Mapping[str, Any], path: Path, name: str) -> SpectralModel:
    """The `SpectralModel` of the values of a file.

    Parameters
    ----------
    values : of the key "spectral"
    path : keys and numbers that lead to them
    name : of the source, for messages

    Raises `InputError`, whose `path` leads to the value, for what is no spectrum of ours.
    """
    kind = kind_of(values, path, f"The spectrum of {name}")
    found = [ours for long, (short, ours) in SHAPES.items() if kind in (long, short)]
    if not found:
        raise mistake(
            (*path, "type"), f"The spectrum of {name} is a {kind}; wanted is one of {', '.join(SHAPES)}."
        )
    (ours,) = found
    what = f"the spectrum of {name}"
    check_keys(values, ("type", "parameters"), path, f"The {kind} of {name}")
    parameters = parameters_of(entries_of(values, path, what), ours.default_parameters, path, what)
    return _with_parameters(ours(), parameters)


def plain_spectrum(spectrum: SpectralModel, name: str) -> dict[str, Any]:
    """Dict of a spectrum as gammapy writes it. Raises `InputError` for one that gammapy does not have.

    Parameters
    ----------
    spectrum : `SpectralModel`
    name : of the source, for messages
    """
    kinds = {ours: long for long, (_, ours) in SHAPES.items()}
    if type(spectrum) not in kinds:
        raise InputError(
            f"The spectrum of {name} is a {type(spectrum).__name__}, which files of models cannot have; wanted is one "
            f"of {', '.join(ours.__name__ for ours in kinds)}."
        )
    return {"type": kinds[type(spectrum)], "parameters": [plain_parameter(p) for p in spectrum.parameters]}


def _with_parameters(model: SpectralModel, parameters: list) -> SpectralModel:
    model._set_parameters(parameters)
    return model
