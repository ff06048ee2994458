"""Spectra as texts and as plain dicts, and back: the one place in which files, configurations and commands name them.

A text is the name of a shape of `tevcurve.spectra.SPECTRA` and its parameters, "PowerLaw index=2.6 reference=3 TeV".
Shapes are joined by + and * between spaces, with parentheses where * shall go before +, and numbers may stand among
the factors: "2 * (PowerLaw index=2 + LogParabola) * EBLAbsorption redshift=0.1". A dict has "model", its name, and
for a sum or a product "of", a list of such dicts. Nothing of either is ever evaluated.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tevcurve.errors import InputError
from tevcurve.models.compound_spectra import CompoundSpectrum, ProductSpectrum, SumSpectrum
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.template_spectrum import TemplateSpectrum
from tevcurve.spectra import SPECTRA

COMPOUND: dict[str, type[SumSpectrum | ProductSpectrum]] = {"sum": SumSpectrum, "product": ProductSpectrum}
# Other words in texts: for shapes, and for what is said of one.
SHAPES = {"ebl": "EBLAbsorption", "template": "TemplateSpectrum"}
WORDS = {"EBLAbsorption": {"z": "redshift", "model": "ebl", "alpha": "alpha_norm"}}
DEEPEST = 20  # parentheses inside one another
LONGEST = 1_000_000  # characters
_OPTION = re.compile(r"(?:^|\s)(\w+)\s*=\s*")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def spectrum_name(model: SpectralModel) -> str:
    """What texts and files call the class of a model, str; InputError for one that is not declared.

    model: `SpectralModel`.
    """
    cls = type(model)
    for name, kind in COMPOUND.items():
        if cls is kind:
            return name
    if cls.__name__ in SPECTRA and SPECTRA[cls.__name__] is cls:
        return cls.__name__
    for name, kind in SPECTRA.things().items():
        if kind is cls:
            return name
    raise InputError(
        f"The spectrum is a {cls.__name__}, which has no name in texts and files; wanted is one of "
        f"{', '.join(SPECTRA)}, or one that is registered."
    )


def spectrum_class(name: Any) -> type[SpectralModel]:
    """The class of a name, which may be written in another way: "power law", "log-parabola".

    name: as a person writes it.

    Raises InputError, whose `path` is ("model",), for a name that there is not.
    """
    if name in COMPOUND:
        return COMPOUND[name]
    if name in SPECTRA:
        return SPECTRA[name]
    plain = {_letters(known): known for known in SPECTRA} | SHAPES
    wanted = _letters(name)
    if wanted not in plain:
        near = difflib.get_close_matches(wanted, plain, 1)
        hint = f" (did you mean {plain[near[0]]}?)" if near else ""
        first, _, rest = str(name).strip().partition(" ")
        if rest and _letters(first) in plain:
            hint = f" ({rest!r} has no name; what is said of {first} is NAME=VALUE)"
        raise _at("model", f"{name!r}{hint}; wanted is one of {', '.join(SPECTRA)}")
    return SPECTRA[plain[wanted]]


def spectrum_to_dict(model: SpectralModel) -> dict[str, Any]:
    """Dict of texts, numbers, and for sums and products lists of such dicts; values are right to the last digit.

    model: `SpectralModel` of a declared shape.
    """
    name = spectrum_name(model)
    if name in COMPOUND:
        own = {
            each.name: _value(each)
            for each in getattr(model, "own", ())
            for each in [model.parameters[each.name]]
        }
        return {"model": name, **own, "of": [spectrum_to_dict(part) for part in model.settings["parts"]]}
    return {"model": name, **model.short_settings, **{each.name: _value(each) for each in model.parameters}}


def spectrum_from_dict(values: Mapping[str, Any]) -> SpectralModel:
    """The `SpectralModel` of what `spectrum_to_dict` makes; what is not said has the default of its class.

    values: dict with "model".

    Raises InputError, whose `path` is the key that is wrong, for unknown shapes, parameters and units.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"a {type(values).__name__}; wanted is a dict with a model and its parameters")
    return _made(values, 0)


def spectrum_to_text(model: SpectralModel) -> str:
    """The text of a model of a declared shape, from which `spectrum_from_text` makes it to the last digit.

    model: `SpectralModel`.
    """
    name = spectrum_name(model)
    if isinstance(model, SumSpectrum):
        terms = " + ".join(map(spectrum_to_text, model.parts))
        scale = model.parameters["scale"].value
        return terms if scale == 1 else f"{scale!r} * ({terms})"
    if isinstance(model, ProductSpectrum):
        return " * ".join(map(_as_factor, model.parts))
    said = {**model.short_settings, **{each.name: _value(each) for each in model.parameters}}
    back = {value: key for key, value in WORDS.get(name, {}).items() if key == "model"}
    return " ".join([name, *(f"{back.get(key, key)}={value}" for key, value in said.items())])


def spectrum_from_text(text: str, defaults: Mapping[str, Mapping[str, Any]] | None = None) -> SpectralModel:
    """The `SpectralModel` of a text; see the head of this module.

    Parameters
    ----------
    text : as a person writes it
    defaults : dict of the name of a shape to values that it has where the text says none

    Raises InputError as `spectrum_from_dict`.
    """
    return spectrum_from_dict(dict_from_text(text, defaults))


def dict_from_text(text: str, defaults: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The dict of a text, as `spectrum_from_dict` takes it.

    Parameters
    ----------
    text : as a person writes it
    defaults : as in `spectrum_from_text`; the first is the shape of a text that names none
    """
    if len(text) > LONGEST:
        raise InputError(f"a text of {len(text)} characters; wanted are at most {LONGEST}")
    reader = _Reader(_tokens(text), defaults or {}, text)
    made = reader.sum(0)
    if reader.token is not None:
        raise InputError(
            f"{text!r}, where {reader.token!r} has no beginning; wanted are pairs of parentheses"
        )
    return made


def with_nodes(model: SpectralModel) -> SpectralModel:
    """The model with the nodes of templates from files in place of the files' names, so that it needs none.

    model: `SpectralModel`.
    """
    if not isinstance(model, CompoundSpectrum | TemplateSpectrum):
        return model
    made = model.copy()
    if isinstance(model, TemplateSpectrum):
        made.__dict__["file"] = None
    else:
        made.__dict__["_parts"] = tuple(map(with_nodes, model._parts))
    return made


def _as_factor(model: SpectralModel) -> str:
    text = spectrum_to_text(model)
    is_sum = isinstance(model, SumSpectrum) and model.parameters["scale"].value == 1
    return f"({text})" if is_sum else text


def _tokens(text: str) -> list[str]:
    """Texts of shapes, and the signs between them: parentheses count where a shape begins and behind it."""
    tokens: list[str] = []
    term, depth = "", 0  # depth of parentheses inside a value, as of a unit
    for sign in re.split(r"(?<!\S)([+*])(?!\S)|([()])", text):
        if not sign:
            continue
        if sign in ("+", "*") and depth == 0:
            tokens += [term.strip(), sign] if term.strip() else [sign]
            term = ""
        elif sign == "(" and not term.strip():
            tokens.append(sign)
            term = ""
        elif sign == ")" and depth == 0:
            tokens += [term.strip(), sign] if term.strip() else [sign]
            term = ""
        else:
            depth += (sign == "(") - (sign == ")")
            term += sign
    return [*tokens, term.strip()] if term.strip() or not tokens else tokens


class _Reader:
    """Sums of products of shapes, from their tokens."""

    def __init__(self, tokens: list[str], defaults: Mapping[str, Mapping[str, Any]], text: str) -> None:
        self.tokens: Iterator[str] = iter(tokens)
        self.defaults, self.text = defaults, text
        self.token: str | None = None
        self._next()

    def _next(self) -> None:
        self.token = next(self.tokens, None)

    def sum(self, depth: int) -> dict[str, Any]:
        terms = self._joined("+", lambda: self._product(depth))
        return terms[0] if len(terms) == 1 else {"model": "sum", "of": terms}

    def _product(self, depth: int) -> dict[str, Any]:
        factors, number = [], 1.0
        for factor in self._joined("*", lambda: self._factor(depth)):
            if isinstance(factor, float):
                number *= factor
            else:
                factors.append(factor)
        if not factors:
            raise InputError(f"{self.text!r}; wanted is a spectrum beside each number")
        made = factors[0] if len(factors) == 1 else {"model": "product", "of": factors}
        return made if number == 1 else {"times": number, **made}

    def _joined(self, sign: str, one: Any) -> list[Any]:
        made = [one()]
        while self.token == sign:
            self._next()
            made.append(one())
        return made

    def _factor(self, depth: int) -> dict[str, Any] | float:
        token = self.token
        if token in (None, "+", "*", ")"):
            raise InputError(f"{self.text!r}; wanted is a spectrum on either side of + and *")
        self._next()
        if token != "(":
            return float(token) if _NUMBER.fullmatch(str(token)) else self._shape(str(token))
        if depth >= DEEPEST:
            raise InputError(f"more than {DEEPEST} parentheses inside one another; wanted are fewer")
        made = self.sum(depth + 1)
        if self.token != ")":
            raise InputError(f"{self.text!r}, where a parenthesis has no end; wanted are pairs")
        self._next()
        return made

    def _shape(self, text: str) -> dict[str, Any]:
        parts = _OPTION.split(text)
        first, names, values = parts[0].strip(), parts[1::2], parts[2::2]
        name = first or next(iter(self.defaults), "")
        kind = spectrum_class(name)
        name = next(each for each in (name, *SPECTRA) if each in SPECTRA and SPECTRA[each] is kind)
        words = WORDS.get(name, {})
        options = {
            words.get(key, key): number(value.strip(" ,")) for key, value in zip(names, values, strict=True)
        }
        return {"model": name, **self.defaults.get(name, {}), **options}


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
        raise _at("times", f"{times!r}; wanted is a number")
    return made * times


def _compound(kind: type[SpectralModel], given: dict[str, Any], depth: int) -> SpectralModel:
    parts = given.pop("of", None)
    if not isinstance(parts, list) or depth >= DEEPEST:
        raise _at("of", f"{type(parts).__name__}; wanted is a list of spectra, not {DEEPEST} deep")
    for each in parts:
        if not isinstance(each, Mapping):
            raise _at("of", f"has a {type(each).__name__}; wanted are dicts with a model and its parameters")
    made = kind.from_settings({"parts": [_made(each, depth + 1) for each in parts]})
    for name, value in given.items():
        if name not in [each.name for each in getattr(kind, "own", ())]:
            raise _at(name, f"no parameter of a {made._title()}")
        _check_value(name, value)
        made.parameters[name].value = value
    return made


def _shape(kind: type[SpectralModel], name: Any, values: dict[str, Any]) -> SpectralModel:
    known = [parameter.name for parameter in kind.default_parameters]
    settings = {key: value for key, value in values.items() if key in kind.setting_names}
    given = {key: value for key, value in values.items() if key not in settings}
    for key, value in given.items():
        if key not in known:
            wanted = [*kind.setting_names, *known]
            near = difflib.get_close_matches(str(key), wanted, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise _at(key, f"no parameter of {name}{hint}; wanted is one of {', '.join(wanted)}")
        _check_value(key, value)
        parameter = next(each for each in kind.default_parameters if each.name == key)
        try:
            parameter.like(value)
        except InputError as error:
            raise _at(key, f"{value!r}: {str(error).rstrip('.')}") from error
    return kind.from_settings(settings, **given)


def _check_value(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _at(name, f"{value!r}; wanted is a number or a text with a unit")


def _at(name: str, words: str) -> InputError:
    error = InputError(words)
    error.path = (name,)  # type: ignore[attr-defined]
    return error


def _letters(name: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def number(text: str) -> float | str:
    """The float of a text, or the text. text: of a value."""
    try:
        return float(text)
    except ValueError:
        return text


def _value(parameter: Parameter) -> float | str:
    """Float of a parameter without a unit, else its text, exact to the last digit."""
    unit = parameter.unit
    bases = sorted(zip(unit.bases, unit.powers, strict=True), key=lambda pair: pair[0].to_string().lower())
    powers = [f"{base.to_string()}{power if power != 1 else ''}" for base, power in bases]
    simple = unit.scale == 1 and all(float(power).is_integer() for power in unit.powers)
    text = " ".join(powers) if simple else unit.to_string()
    return f"{float(parameter.value)!r} {text}" if text else float(parameter.value)
