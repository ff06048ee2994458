"""Spectra as plain dicts, and back: numbers and texts by the names of parameters.

A dict has "model", the name of a shape of `tevcurve.spectra.SPECTRA`, and for a sum or a product "of", a list of such
dicts. Nothing of it is ever evaluated.
"""

from collections.abc import Mapping
from typing import Any

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectrum_names import COMPOUND, spectrum_class, spectrum_name, wrong_at
from tevcurve.near_names import meant

DEEPEST = 20  # spectra inside one another


def spectrum_to_dict(model: SpectralModel) -> dict[str, Any]:
    """Dict of texts, numbers, and for sums and products lists of such dicts; values are right to the last digit.

    model: `SpectralModel` of a declared shape.
    """
    name = spectrum_name(model)
    if name in COMPOUND:
        own = {
            each.name: parameter_text(each)
            for each in getattr(model, "own", ())
            for each in [model.parameters[each.name]]
        }
        return {"model": name, **own, "of": [spectrum_to_dict(part) for part in model.settings["parts"]]}
    return {
        "model": name,
        **model.short_settings,
        **{each.name: parameter_text(each) for each in model.parameters},
    }


def spectrum_from_dict(values: Mapping[str, Any]) -> SpectralModel:
    """The `SpectralModel` of what `spectrum_to_dict` makes; what is not said has the default of its class.

    values: dict with "model".

    Raises InputError, whose `path` is the key that is wrong, for unknown shapes, parameters and units.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"a {type(values).__name__}; wanted is a dict with a model and its parameters")
    return _made(values, 0)


def _made(values: Mapping[str, Any], depth: int) -> SpectralModel:
    given = dict(values)
    kind, times = spectrum_class(given.pop("model", None)), given.pop("times", None)
    if kind in COMPOUND.values():
        made = _compound(kind, given, depth)
    else:
        made = _shape(kind, values.get("model"), given)
    if times is None:
        return made
    if isinstance(times, bool) or not isinstance(times, int | float):
        raise wrong_at("times", f"{times!r}; wanted is a number")
    return made * times


def _compound(kind: type[SpectralModel], given: dict[str, Any], depth: int) -> SpectralModel:
    parts = given.pop("of", None)
    if not isinstance(parts, list) or depth >= DEEPEST:
        raise wrong_at("of", f"{type(parts).__name__}; wanted is a list of spectra, not {DEEPEST} deep")
    for each in parts:
        if not isinstance(each, Mapping):
            raise wrong_at(
                "of", f"has a {type(each).__name__}; wanted are dicts with a model and its parameters"
            )
    made = kind.from_settings({"parts": [_made(each, depth + 1) for each in parts]})
    for name, value in given.items():
        if name not in [each.name for each in getattr(kind, "own", ())]:
            raise wrong_at(name, f"no parameter of a {made._title()}")
        _check_value(name, value)
        made.parameters[name].value = value
    return made


def _shape(kind: type[SpectralModel], name: Any, values: dict[str, Any]) -> SpectralModel:
    known = [parameter.name for parameter in kind.default_parameters]
    settings = {key: value for key, value in values.items() if key in kind.setting_names}
    given = {key: value for key, value in values.items() if key not in settings}
    for key, value in given.items():
        if key not in known:
            raise wrong_at(key, f"no parameter of {name}; {meant(key, [*kind.setting_names, *known])}")
        _check_value(key, value)
        parameter = next(each for each in kind.default_parameters if each.name == key)
        try:
            parameter.like(value)
        except InputError as error:
            raise wrong_at(key, f"{value!r}: {str(error).rstrip('.')}") from error
    return kind.from_settings(settings, **given)


def _check_value(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise wrong_at(name, f"{value!r}; wanted is a number or a text with a unit")


def parameter_text(parameter: Parameter) -> float | str:
    """Float of a parameter without a unit, else its text, exact to the last digit.

    parameter: `Parameter`.
    """
    unit = parameter.unit
    bases = sorted(zip(unit.bases, unit.powers, strict=True), key=lambda pair: pair[0].to_string().lower())
    powers = [f"{base.to_string()}{power if power != 1 else ''}" for base, power in bases]
    simple = unit.scale == 1 and all(float(power).is_integer() for power in unit.powers)
    text = " ".join(powers) if simple else unit.to_string()
    return f"{float(parameter.value)!r} {text}" if text else float(parameter.value)
