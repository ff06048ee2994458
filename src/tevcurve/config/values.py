"""The kinds of values in a configuration: each takes texts as well as Python's objects, and keeps plain values.

They are functions: pydantic, which can call such, took a tenth of a command to be imported and to make its models.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import pairwise
from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any

from tevcurve.config import not_known, quantities, sky, sky_models, spectra
from tevcurve.data.run_lists import is_run_list, runs_of_file
from tevcurve.errors import InputError, Unwanted
from tevcurve.near_names import meant
from tevcurve.options import Option
from tevcurve.pipeline.run_choice import condition_text
from tevcurve.run_id import run_number
from tevcurve.run_options import OF_CHOICE
from tevcurve.statistics import STATISTICS

if TYPE_CHECKING:
    from astropy.units import Quantity
    from numpy import ndarray

_PERCENT = re.compile(rf"\s*({quantities.NUMBER})\s*%\s*")
ENERGIES = "energies such as [0.7 TeV, 20 TeV]"
NONE_WORDS = ("", "none", "null", "~")


# A function of a value to the plain one that is kept; raises `InputError` for what cannot be used.
Kind = Callable[[Any], Any]


def none_of_words(value: Any) -> Any:
    """None for "none" and the like, else the value. value: of any kind."""
    return None if isinstance(value, str) and value.strip().lower() in NONE_WORDS else value


def _angle(value: Any) -> str:
    if isinstance(value, (int, float)):
        raise Unwanted(f"{value!r}, without a unit; wanted is an angle such as '{value:g} deg'")
    return quantities.quantity_text(value, "deg", "an angle such as '2 deg'")


def _energies(value: Any) -> list[str] | str:
    what = (
        "a range such as 1-10 TeV, or edges such as [0.7 TeV, 2 TeV, 20 TeV] or geomspace(0.5 TeV, 20 TeV, 5)"
    )
    found = quantities.quantity_texts(value, "TeV", what)
    if isinstance(found, list) and len(found) < 2:
        raise Unwanted(
            f"{_listed(found)}, which is one energy; wanted are two or more, the edges of the bins, such as "
            "1-10 TeV"
        )
    edges = quantities.as_quantities(found, "TeV", ENERGIES).value
    if not (edges[0] > 0 and all(low < high for low, high in pairwise(edges))):
        raise Unwanted(
            f"{_listed(found)}, which does not increase from above 0; wanted are edges such as [0.7 TeV, 20 TeV]"
        )
    return found


def _bands(value: Any) -> list[str] | str:
    low = quantities.above_text(value) if isinstance(value, str) else None
    if low is None:
        return _energies(value)
    if quantities.as_quantity(low, "TeV", "an energy such as '>1 TeV'").value <= 0:
        raise Unwanted(f"{value!r}; wanted is an energy above 0, such as '>1 TeV'")
    return f">{low}"


def energies_of(texts: list[str] | str | None) -> "Quantity | None":
    """Quantity (n,) in TeV, or None. texts: as the configuration keeps them.

    Raises `InputError` for ">1 TeV", before the runs were asked where that ends.
    """
    if isinstance(texts, str) and quantities.above_text(texts):
        raise InputError(
            f"energy_edges is {texts!r}, whose upper end is not known without the runs; wanted are both ends, such as "
            "1-10 TeV."
        )
    return None if texts is None else quantities.as_quantities(texts, "TeV", ENERGIES)


def _norms(value: Any) -> list[float] | str | None:
    if value is None:
        return None
    found = quantities.quantity_texts(value, "", "numbers such as [0.5, 1, 2] or geomspace(0.2, 5, 11)")
    return found if isinstance(found, str) else [float(text) for text in found]


def norms_of(value: list[float] | str | None) -> "ndarray | None":
    """Float array (n,), or None. value: as the configuration keeps it."""
    if value is None:
        return None
    texts = value if isinstance(value, str) else [repr(number) for number in value]
    return quantities.as_quantities(texts, "", "numbers").value


def _safe_energy(value: Any) -> str | float | None:
    if value is None:
        return value
    if isinstance(value, str) and value.strip().lower() in ("file", "common"):
        return value.strip().lower()
    try:
        fraction = float(_without_percent(value))
    except (TypeError, ValueError):
        fraction = -1
    if isinstance(value, bool) or not 0 < fraction < 1:
        raise Unwanted(
            f"{value!r}; wanted is file, common, a fraction of the largest effective area such as 0.1 or 10%, or none"
        )
    return fraction


def _without_percent(value: Any) -> Any:
    """The fraction of a text such as "5%", exactly as 0.05; anything else as it is."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(Decimal(found[1]) / 100) if found else value


def _level(value: Any) -> float:
    """A confidence level between 0.5 and 1 of a number or a text, of percent where it is above 50."""
    share = _without_percent(value)
    try:
        number = float(share)
        if share is value and 50 < number < 100 and not isinstance(value, bool):
            number = float(Decimal(str(value).strip()) / 100)
    except (TypeError, ValueError, InvalidOperation):
        number = -1.0
    if isinstance(value, bool) or not 0.5 < number < 1:
        raise Unwanted(
            f"{value!r}; wanted is a confidence level such as 0.95, 95 or 95%; in standard deviations that is sigma_ul"
        )
    return number


def time_bins_text(value: Any) -> Any:
    """The text of time bins, of which a list has the edges; anything else as it is. value: text, or list of edges."""
    if isinstance(value, list) and value:
        return "edges " + " ".join(re.sub(r" (?=\d\d?:)", "T", str(each).strip()) for each in value)
    return value


def _time_bins(value: Any) -> str:
    from tevcurve.bins.text import check_text

    value = time_bins_text(value)
    if not isinstance(value, str):
        raise Unwanted(f"{value!r}; wanted is a text such as 'run', 'night', '2 min' or 'blocks 0.05'")
    check_text(value)
    return value.strip()


def _statistic(value: Any) -> str:
    if not isinstance(value, str) or value not in STATISTICS:
        raise Unwanted(f"{value!r}; {meant(value, STATISTICS)}")
    return value


def _names(value: Any) -> list[str]:
    if none_of_words(value) is None:
        return []
    if isinstance(value, str):
        value = quantities.parts_of_list(value)
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise Unwanted(f"{value!r}; wanted are names of parameters such as [index]")
    return [name for name in value if name]


def _runs(value: Any) -> list[int | str] | None:
    if value is None or value == "all":
        return None
    if hasattr(value, "__fspath__") or (isinstance(value, str) and is_run_list(value)):
        value = runs_of_file(value)
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        value = quantities.parts_of_list(str(value))
    ids = [run_number(each) for each in value] if isinstance(value, (list, tuple)) else []
    known = [each for each in ids if each is not None]
    if not ids or len(set(known)) < len(ids):
        raise Unwanted(
            f"{value!r}; wanted is all, or OBS_IDs such as [23523, 23526], each once, or a file of them"
        )
    return known


def _path(value: Any) -> str:
    text = str(value) if hasattr(value, "__fspath__") else value
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise Unwanted(f"{value!r}; wanted is a path")
    return text


def _paths(value: Any) -> str | list[str]:
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        return _path(value)
    try:
        found = [_path(each) for each in value]
    except TypeError:
        found = []
    if not found:
        raise Unwanted(f"{value!r}; wanted is a path, or a list of these")
    return found[0] if len(found) == 1 else found


def cache_folder(text: str | None) -> str | None:
    """Path of the folder of reduced runs, str, or None. text: a path, "cache" for the one of the user, or None."""
    if text != "cache":
        return text
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "tevcurve", "runs")


def _name(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise Unwanted(f"{value!r}; wanted is the name of a target such as Crab")
    return value.strip()


def _listed(texts: list[str] | str) -> str:
    return texts if isinstance(texts, str) else "[" + ", ".join(texts) + "]"


def _flag(value: Any) -> bool:
    word = value.strip().lower() if isinstance(value, str) else value
    for flag, words in ((True, _YES), (False, _NO)):
        if isinstance(word, (bool, int, float, str)) and word in words:
            return flag
    raise Unwanted(f"{value!r}; wanted is yes or no")


def _whole_number(value: Any) -> int:
    exact = isinstance(value, str) or (isinstance(value, float) and value.is_integer())
    try:
        number = int(value) if exact else index(value)
    except (TypeError, ValueError):
        number = None
    if number is None or isinstance(value, bool):
        raise Unwanted(f"{value!r}; wanted is a whole number")
    if number < 1:
        raise Unwanted(f"{value!r}; wanted is 1 or more")
    return number


def _positive(value: Any) -> float:
    try:
        number = float(_without_percent(value))
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, bool):
        raise Unwanted(f"{value!r}; wanted is a number")
    if not isfinite(number):
        raise Unwanted(f"{value!r}; wanted is a finite number")
    if number <= 0:
        raise Unwanted(f"{value!r}; wanted is a number above 0")
    return number


def _choice(choices: Iterable[Any], value: Any) -> Any:
    """One of some choices, whatever the case of its letters."""
    word = value.strip().lower() if isinstance(value, str) else value
    for choice in choices:
        if type(word) is type(choice) and word == choice:
            return choice
    *first, last = map(str, choices)
    raise Unwanted(
        f"{value!r}; wanted is {', '.join(first)} or {last}" if first else f"{value!r}; wanted is {last}"
    )


def or_none(kind: Kind) -> Kind:
    """The kind of what may be None, or the word for it. kind: of another value."""

    def value_or_none(value: Any) -> Any:
        return None if none_of_words(value) is None else kind(value)

    return value_or_none


_YES, _NO = (1, "1", "true", "t", "yes", "y", "on"), (0, "0", "false", "f", "no", "n", "off")
# How an option is read from a text, by the `kind` of its `Option`.
KINDS: dict[str, Kind] = {
    "angle": _angle,
    "cross-calibration": or_none(not_known.calibration_values),
    "bands": _bands,
    "energies": _energies,
    "exclusion": or_none(sky.exclusion_texts),
    "flag": _flag,
    "level": or_none(_level),
    "models": or_none(sky_models.models_values),
    "name": _name,
    "names": _names,
    "norms": or_none(_norms),
    "optional path": or_none(_path),
    "path": _path,
    "paths": _paths,
    "position": sky.position_text,
    "positive": _positive,
    "runs": or_none(_runs),
    "safe energy": or_none(_safe_energy),
    "statistic": _statistic,
    "spectrum": spectra.spectrum_values,
    "systematics": or_none(not_known.systematics_values),
    "time bins": _time_bins,
    "whole number": _whole_number,
    **{name: partial(condition_text, name) for name in OF_CHOICE},
}


def kind_of(option: Option, more: Mapping[str, Kind] | None = None) -> Kind:
    """The kind of an `Option`, with None where that is its default or stands for it.

    Parameters
    ----------
    option : as the table has it
    more : kinds beside those of the table
    """
    kind = (
        partial(_choice, option.choices) if option.kind == "text" else (KINDS | dict(more or {}))[option.kind]
    )
    return or_none(kind) if option.given_default is None else kind
