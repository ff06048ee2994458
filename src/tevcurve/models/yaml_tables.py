"""Spectra that are tables as plain values in the form of gammapy's files, and back: templates and absorption."""

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import TevcurveError
from tevcurve.files import expand_path
from tevcurve.models.ebl_absorption import EBLAbsorption
from tevcurve.models.opacity_table import OpacityTable
from tevcurve.models.spectral import FLUX_DENSITY
from tevcurve.models.template_spectrum import TemplateSpectrum
from tevcurve.models.yaml_parameters import (
    Path,
    check_keys,
    entries_of,
    mapping,
    mistake,
    parameters_of,
    plain_parameter,
)

TEMPLATE, ABSORPTION = (
    ("TemplateSpectralModel", "template"),
    ("EBLAbsorptionNormSpectralModel", "ebl-norm"),
)
TABLE = ("energy", "param", "values")
# What gammapy's own files of absorption are called -> the model in them.
FILES = {
    "ebl_franceschini.": "franceschini",
    "ebl_dominguez11": "dominguez",
    "frd_abs": "finke",
    "ebl_franceschini_2017": "franceschini17",
    "ebl_saldana-lopez_2021": "saldana-lopez21",
}


def template_of(values: Mapping[str, Any], path: Path, name: str) -> TemplateSpectrum:
    """The `TemplateSpectrum` of the values of a file.

    Parameters
    ----------
    values : of the key "spectral"
    path : keys and numbers that lead to them
    name : of the source, for messages
    """
    what = f"template spectrum of {name}"
    check_keys(values, ("type", "parameters", "energy", "values"), path, f"The {what}")
    energy, dnde = (_array(values.get(key), (*path, key), f"{key} of the {what}") for key in TABLE[::2])
    try:
        return TemplateSpectrum(energy, dnde)
    except TevcurveError as error:
        raise mistake(path, f"The {what} cannot be used: {error}") from error


def plain_template(spectrum: TemplateSpectrum) -> dict[str, Any]:
    """Dict of a template as gammapy writes it, its norm taken into the values. spectrum: `TemplateSpectrum`."""
    settings = spectrum.settings
    unit = "" if settings["is_factor"] else FLUX_DENSITY.to_string()
    values = spectrum.parameters["norm"].value * settings["values"]
    return {
        "type": TEMPLATE[0],
        "parameters": [],
        "energy": {"data": settings["energies"].tolist(), "unit": "TeV"},
        "values": {"data": values.tolist(), "unit": unit},
    }


def absorption_of(values: Mapping[str, Any], path: Path, name: str) -> EBLAbsorption:
    """The `EBLAbsorption` of the values of a file: of the table there, of a file that is named, or of the model in it.

    Parameters
    ----------
    values : of a part of the key "spectral"
    path : keys and numbers that lead to them
    name : of the source, for messages
    """
    what = f"the absorption of {name}"
    check_keys(values, ("type", "parameters", "filename", "ebl", *TABLE), path, f"The absorption of {name}")
    parameters = parameters_of(entries_of(values, path, what), EBLAbsorption.default_parameters, path, what)
    redshift = next(each for each in parameters if each.name == "redshift").value
    try:
        if "filename" in values:
            made = EBLAbsorption(redshift, _model_of(values["filename"], (*path, "filename"), what))
        else:
            label = str(values.get("ebl", "of a file of models"))
            made = EBLAbsorption(redshift, label, table=_opacities(values, path, what))
    except TevcurveError as error:
        if hasattr(error, "path"):
            raise
        raise mistake(path, f"The absorption of {name} cannot be used: {error}") from error
    made._set_parameters(parameters)
    return made


def plain_absorption(spectrum: EBLAbsorption) -> dict[str, Any]:
    """Dict of an absorption as gammapy writes it, with the nodes around its redshift, so that no file is needed.

    spectrum: `EBLAbsorption`.
    """
    settings = spectrum.settings
    return {
        "type": ABSORPTION[0],
        "parameters": [plain_parameter(parameter) for parameter in spectrum.parameters],
        "ebl": settings["ebl"],
        "energy": {"data": settings["energies"].tolist(), "unit": "TeV"},
        "param": {"data": settings["redshifts"].tolist(), "unit": ""},
        "values": {"data": np.exp(-settings["depths"]).tolist(), "unit": ""},
    }


def _model_of(file: Any, path: Path, what: str) -> str | FilePath:
    """The path of a file of absorption, or where that is not there the name of the model that it has."""
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        raise mistake(path, f"The file of {what} is {file!r}; wanted is the path of one.")
    text = os.path.expandvars(file)
    if "$" not in text and expand_path(text).is_file():
        return expand_path(text)
    known = [model for stem, model in FILES.items() if FilePath(file).name.startswith(stem)]
    if not known:
        raise mistake(path, f"The file {file} of {what} is not there.")
    return known[0]


def _opacities(values: Mapping[str, Any], path: Path, what: str) -> OpacityTable:
    """Optical depths of the transmissions in a file."""
    energy, redshift, part = (_array(values.get(key), (*path, key), f"{key} of {what}") for key in TABLE)
    if not energy.unit.is_equivalent(u.TeV):
        raise mistake(
            (*path, "energy"), f"The energies of {what} are in {energy.unit}; wanted is a unit such as TeV."
        )
    if not np.all((part.value >= 0) & (part.value <= 1)):
        raise mistake(
            (*path, "values"), f"The values of {what} are not all from 0 to 1, as parts of photons are."
        )
    # A transmission of 0 is as small as numbers can be.
    depths = -np.log(np.maximum(part.value, np.finfo(float).tiny))
    return OpacityTable(energy.to_value(u.TeV), redshift.value, np.abs(depths), what)


def _array(values: Any, path: Path, what: str) -> u.Quantity:
    """Quantity of {"data": numbers, or lists of them, "unit": text}."""
    values = mapping(values, path, f"The {what}")
    check_keys(values, ("data", "unit"), path, f"The {what}")
    try:
        numbers = np.array(values.get("data"), dtype=np.float64)
        return u.Quantity(numbers, values.get("unit") or "")
    except (TypeError, ValueError) as error:
        raise mistake(
            path, f"The {what} has data and unit that are none; wanted are numbers, and a unit such as 'TeV'."
        ) from error
