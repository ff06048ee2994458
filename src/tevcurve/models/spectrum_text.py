"""Spectra as texts, and back.

A text is the name of a shape of `tevcurve.spectra.SPECTRA` and its parameters, "PowerLaw index=2.6 reference=3 TeV".
Shapes are joined by + and * between spaces, with parentheses where * shall go before +, and numbers may stand among
the factors: "2 * (PowerLaw index=2 + LogParabola) * EBLAbsorption redshift=0.1". Nothing of it is ever evaluated.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tevcurve.errors import InputError, Unwanted
from tevcurve.models.compound_spectra import CompoundSpectrum, ProductSpectrum, SumSpectrum
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectrum_dict import DEEPEST, parameter_text, spectrum_from_dict
from tevcurve.models.spectrum_names import spectrum_class, spectrum_name
from tevcurve.models.template_spectrum import TemplateSpectrum
from tevcurve.spectra import SPECTRA

# Other words for what is said of a shape.
WORDS = {"EBLAbsorption": {"z": "redshift", "model": "ebl", "alpha": "alpha_norm"}}
LONGEST = 1_000_000  # characters
_OPTION = re.compile(r"(?:^|\s)(\w+)\s*=\s*")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


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
    said = {**model.short_settings, **{each.name: parameter_text(each) for each in model.parameters}}
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
            raise Unwanted(
                f"{self.text!r}; wanted is a spectrum beside each number, such as PowerLaw index=2.5"
            )
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
            words.get(key, key): _number(value.strip(" ,")) for key, value in zip(names, values, strict=True)
        }
        return {"model": name, **self.defaults.get(name, {}), **options}


def _number(text: str) -> float | str:
    """The float of a text, or the text."""
    try:
        return float(text)
    except ValueError:
        return text
