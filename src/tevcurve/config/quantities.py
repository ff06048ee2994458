"""Quantities as texts: "0.7 TeV", lists of them, and evenly spaced ones."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tevcurve.data.conditions import range_texts
from tevcurve.errors import Unwanted
from tevcurve.files.unit_words import unit_of_text

if TYPE_CHECKING:
    from astropy.units import Quantity, UnitBase

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"\s*({NUMBER})\s*(\S.*)?")
_SPACED = re.compile(r"\s*(geomspace|linspace)\s*\(([^,()]+),([^,()]+),\s*(\d{1,6})\s*\)\s*")
_ABOVE = re.compile(rf"(?:E\s*)?(?:>=?|\u2265|above\b|from\b)\s*({NUMBER})\s*(\S+)", re.IGNORECASE)
# How units are written that have another name where they are read, in lower case.
_UNIT_WORDS = {"degrees": "deg", "degs": "deg", "tev": "TeV", "gev": "GeV"}


def quantity_text(value: Any, unit: str, what: str) -> str:
    """The text of one quantity such as "0.7 TeV", as it came if it was a text.

    Parameters
    ----------
    value : text, or Quantity
    unit : str, one that it can be converted to
    what : in words, for messages

    Raises `InputError` for anything else.
    """
    text = _text(value)
    as_quantity(text, unit, what)
    return text


def quantity_texts(value: Any, unit: str, what: str) -> list[str] | str:
    """List of texts, or one text "geomspace(0.5 TeV, 20 TeV, 5)" or "linspace(...)", of several quantities.

    Parameters
    ----------
    value : such a text, a range such as "1-10 TeV", texts with commas between them (the last one's unit is that of
        numbers without one), a list of texts, or a Quantity (n,)
    unit : text of a unit that it can be converted to
    what : in words, for messages
    """
    if isinstance(value, str):
        if _SPACED.fullmatch(value):
            as_quantities(value, unit, what)
            return value.strip()
        value = (range_texts(value) if unit else None) or parts_of_list(value)
    if not isinstance(value, (list, tuple)):
        value = list(value) if getattr(value, "ndim", 0) == 1 else [value]
    texts = [_text(each) for each in value]
    tail = _QUANTITY.fullmatch(texts[-1]) if texts else None
    if tail and tail[2]:
        texts = [f"{text} {tail[2]}" if re.fullmatch(NUMBER, text) else text for text in texts]
    as_quantities(texts, unit, what)
    return texts


def above_text(text: str) -> str | None:
    """The text of the lower end of a range without an upper one, such as "1 TeV" of ">1 TeV" and "above 1 TeV".

    text: of any kind; None for another one.
    """
    found = _ABOVE.fullmatch(text.strip())
    return f"{found[1]} {found[2]}" if found else None


def both_ends(texts: list[str] | str | None, end_tev: float) -> list[str] | None:
    """The texts of both ends of a range without an upper one, such as ">1 TeV"; None for anything else.

    Parameters
    ----------
    texts : energies as the configuration keeps them
    end_tev : TeV, the upper end
    """
    low = above_text(texts) if isinstance(texts, str) else None
    return None if low is None else [low, f"{repr(float(end_tev)).removesuffix('.0')} TeV"]


def parts_of_list(text: str) -> list[str]:
    """List of the texts in a list such as "[1 TeV, 2 TeV]", whose brackets may be missing.

    text: with commas between its parts.
    """
    text = text.strip()
    text = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    return [part.strip() for part in text.split(",")]


def as_quantity(text: str, unit: str, what: str) -> "Quantity":
    """Quantity, in its own unit, of a text; `InputError` where it is none or has another kind of unit.

    Parameters
    ----------
    text : a number and a unit
    unit : text of a unit that it can be converted to
    what : in words, for messages
    """
    import astropy.units as u

    found = _QUANTITY.fullmatch(text)
    problem = "no number with a unit"
    if found:
        try:
            quantity = u.Quantity(float(found[1]), _unit((found[2] or "").strip()))
            if quantity.unit.is_equivalent(unit):
                return quantity
            problem = f"not convertible to {unit}" if found[2] else "without a unit"
        except ValueError:
            problem = f"of no known unit ({found[2]})"
    raise Unwanted(f"{text!r}, which is {problem}; wanted is {what}")


def as_quantities(texts: list[str] | str, unit: str, what: str) -> "Quantity":
    """Quantity (n,) in `unit` of what `quantity_texts` gives.

    Parameters
    ----------
    texts : list of texts, or one of evenly spaced values
    unit : text of a unit that it can be converted to
    what : in words, for messages
    """
    import astropy.units as u
    import numpy as np

    spaced = _SPACED.fullmatch(texts) if isinstance(texts, str) else None
    if not spaced:
        return u.Quantity([as_quantity(text, unit, what).to_value(unit) for text in texts], unit)
    first, last = (as_quantity(text.strip(), unit, what).to_value(unit) for text in (spaced[2], spaced[3]))
    number = int(spaced[4])
    if number < 2 or number > 100_000:
        raise Unwanted(f"{texts!r}, which has {number} values; wanted are 2 to 100000")
    if spaced[1] == "geomspace" and not first * last > 0:
        raise Unwanted(f"{texts!r}, which goes through 0; wanted for geomspace are two values of one sign")
    # The ends are what was asked for, to the last digit.
    values = getattr(np, spaced[1])(first, last, number)
    values[[0, -1]] = first, last
    return u.Quantity(values, unit)


@lru_cache(maxsize=64)
def _unit(text: str) -> "UnitBase":
    return unit_of_text(_UNIT_WORDS.get(text.lower(), text))


def _text(value: Any) -> str:
    """Text of a Quantity, exact to the last digit; a text as it is, a number as one without unit."""
    if isinstance(value, str):
        return value.strip()
    if hasattr(value, "unit") and getattr(value, "ndim", 1) == 0:
        return f"{float(value.value)!r} {value.unit.to_string()}".strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    raise Unwanted(f"{value!r}; wanted is a text with a unit such as '1 TeV'")
