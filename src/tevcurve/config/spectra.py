"""The spectrum of a configuration: the name of a model and the values of its parameters, as texts."""

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tevcurve.errors import InputError
from tevcurve.options import option_of

if TYPE_CHECKING:
    from tevcurve.models import Parameter, SpectralModel

MODELS, DEFAULT = option_of("spectrum").choices, option_of("spectrum").default
_OPTION = re.compile(r"(?:^|\s)(\w+)\s*=\s*")


def spectrum_values(value: Any) -> dict[str, Any]:
    """Dict with "model" and a value for each parameter of it: a float, or a text with a unit.

    value: dict such as {"model": "PowerLaw", "index": 2.6}, a text such as "PowerLaw index=2.6 reference=3TeV", or a
    `SpectralModel` of `MODELS`. What is not given has the model's default, and the index of a power law `DEFAULT`'s.

    Raises `InputError`, whose `path` is the key that is wrong, for unknown models, parameters and units.
    """
    if isinstance(value, str):
        value = _from_text(value)
    elif hasattr(value, "parameters"):
        value = _from_model(value)
    if not isinstance(value, dict):
        raise InputError(f"a {type(value).__name__}; wanted is a model with parameters such as PowerLaw")
    model = _known_model(value.get("model", DEFAULT["model"]))
    # What a light curve takes where nothing is said, however much of it is.
    given = {name: number for name, number in DEFAULT.items() if model == DEFAULT["model"]} | value
    given.pop("model", None)
    made = spectral_model({"model": model} | given)
    return {"model": model} | {p.name: given.get(p.name, _value(p)) for p in made.parameters}


def spectral_model(values: Mapping[str, Any]) -> "SpectralModel":
    """The `SpectralModel` of what `spectrum_values` gives.

    values: "model", its name, and a value for each parameter.
    """
    import tevcurve.models as models

    kind = getattr(models, values["model"])
    known = [parameter.name for parameter in kind.default_parameters]
    for name, value in values.items():
        if name == "model":
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise _at(name, f"no parameter of {values['model']}{hint}; wanted is one of {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise _at(name, f"{value!r}; wanted is a number or a text with a unit")
        try:
            kind(**{name: value})
        except InputError as error:
            raise _at(name, f"{value!r}: {str(error).rstrip('.')}") from error
    return kind(**{name: value for name, value in values.items() if name != "model"})


def _at(name: str, words: str) -> InputError:
    error = InputError(words)
    error.path = (name,)  # type: ignore[attr-defined]
    return error


def _known_model(name: str) -> str:
    """The model's own name of one that may be written in another way: "power law", "log-parabola"."""
    plain = {re.sub(r"[^a-z]", "", known.lower()): known for known in MODELS}
    wanted = re.sub(r"[^a-z]", "", str(name).lower())
    if wanted not in plain:
        near = difflib.get_close_matches(wanted, plain, 1)
        hint = f" (did you mean {plain[near[0]]}?)" if near else ""
        raise _at("model", f"{name!r}{hint}; wanted is one of {', '.join(MODELS)}")
    return plain[wanted]


def _from_text(text: str) -> dict[str, Any]:
    """Dict of "PowerLaw index=2.6 amplitude=1e-12 cm-2 s-1 TeV-1"."""
    parts = _OPTION.split(text.strip())
    model, names, values = parts[0].strip(), parts[1::2], parts[2::2]
    options = {name: _number(value.strip(" ,")) for name, value in zip(names, values, strict=True)}
    return ({"model": model} if model else {}) | options


def _from_model(model: "SpectralModel") -> dict[str, Any]:
    return {"model": type(model).__name__} | {p.name: _value(p) for p in model.parameters}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _value(parameter: "Parameter") -> float | str:
    """Float of a parameter without a unit, else its text, exact to the last digit."""
    unit = parameter.unit
    bases = sorted(zip(unit.bases, unit.powers, strict=True), key=lambda pair: pair[0].to_string().lower())
    powers = [f"{base.to_string()}{power if power != 1 else ''}" for base, power in bases]
    simple = unit.scale == 1 and all(float(power).is_integer() for power in unit.powers)
    text = " ".join(powers) if simple else unit.to_string()
    return f"{float(parameter.value)!r} {text}" if text else float(parameter.value)
