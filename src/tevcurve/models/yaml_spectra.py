"""Spectra as plain values in the form of gammapy's files, and back."""

from collections.abc import Mapping
from typing import Any

from tevcurve.errors import InputError
from tevcurve.models import curved_shapes as curved
from tevcurve.models import spectral_shapes as shapes
from tevcurve.models import yaml_tables as tables
from tevcurve.models.compound_spectra import CompoundSpectrum, ProductSpectrum, SumSpectrum
from tevcurve.models.ebl_absorption import EBLAbsorption
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.template_spectrum import TemplateSpectrum
from tevcurve.models.yaml_parameters import (
    Path,
    check_keys,
    class_of,
    entries_of,
    kind_of,
    mapping,
    mistake,
    name_of,
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
    "SmoothBrokenPowerLawSpectralModel": ("sbpl", curved.SmoothBrokenPowerLaw),
    "SuperExpCutoffPowerLaw4FGLDR3SpectralModel": ("secpl-4fgl-dr3", curved.SuperExpCutoffPowerLaw4FGLDR3),
    "PowerLawNormSpectralModel": ("pl-norm", shapes.PowerLawNorm),
}
COMPOUND = ("CompoundSpectralModel", "compound")
OPERATORS: dict[str, type[CompoundSpectrum]] = {"add": SumSpectrum, "mul": ProductSpectrum}
KINDS = (*SHAPES, tables.TEMPLATE[0], tables.ABSORPTION[0], COMPOUND[0])
DEEPEST = 15  # spectra inside one another


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
    if kind in COMPOUND:
        return _compound(values, path, name)
    if kind in tables.TEMPLATE:
        return tables.template_of(values, path, name)
    if kind in tables.ABSORPTION:
        return tables.absorption_of(values, path, name)
    ours = class_of(kind, SHAPES, path, f"The spectrum of {name}", KINDS)
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
    if isinstance(spectrum, CompoundSpectrum):
        return _plain_compound(spectrum, name)
    if isinstance(spectrum, TemplateSpectrum):
        return tables.plain_template(spectrum)
    if isinstance(spectrum, EBLAbsorption):
        return tables.plain_absorption(spectrum)
    kind = name_of(spectrum, SHAPES, f"The spectrum of {name}")
    return {"type": kind, "parameters": [plain_parameter(p) for p in spectrum.parameters]}


def _compound(values: Mapping[str, Any], path: Path, name: str) -> SpectralModel:
    """The sum or the product of two spectra, each of which may be one."""
    check_keys(values, ("type", "model1", "model2", "operator"), path, f"The compound spectrum of {name}")
    operator = values.get("operator")
    if operator not in OPERATORS:
        raise mistake(
            (*path, "operator"),
            f"The spectra of {name} are joined by {operator!r}; wanted is one of {', '.join(OPERATORS)}.",
        )
    if path.count("model1") + path.count("model2") >= DEEPEST:
        raise mistake(path, f"The spectrum of {name} has more than {DEEPEST} others inside one another.")
    parts: list[SpectralModel] = []
    for key in ("model1", "model2"):
        place = (*path, key)
        part = spectrum_of(mapping(values.get(key), place, f"A part of the spectrum of {name}"), place, name)
        parts += part.parts if type(part) is OPERATORS[operator] else [part]
    try:
        return OPERATORS[operator](parts)
    except InputError as error:
        raise mistake(path, f"The spectrum of {name} cannot be used: {error}") from error


def _plain_compound(spectrum: CompoundSpectrum, name: str) -> dict[str, Any]:
    """Sums and products of two, one inside the other where there are more."""
    kinds = {ours: operator for operator, ours in OPERATORS.items()}
    parts = list(spectrum.parts)
    if isinstance(spectrum, SumSpectrum):
        scale = spectrum.parameters["scale"].value
        parts = [part if scale == 1 else part * scale for part in parts]
    made = plain_spectrum(parts[0], name)
    for part in parts[1:]:
        made = {
            "type": COMPOUND[0],
            "model1": made,
            "model2": plain_spectrum(part, name),
            "operator": kinds[type(spectrum)],
        }
    return made


def _with_parameters(model: SpectralModel, parameters: list) -> SpectralModel:
    model._set_parameters(parameters)
    return model
