"""Parameters of models as plain values, in the form in which gammapy writes them: a list, an entry for each."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.near_names import meant
from tevcurve.problems import remark

Path = tuple[str | int, ...]
Shape = TypeVar("Shape")
# What an entry has that is used; what only a minimiser of another package is told; and what is left out with a word.
USED, OF_MINIMISERS = (
    ("name", "value", "unit", "error", "min", "max", "frozen"),
    ("interp", "scale_method", "scale_transform", "is_norm"),
)
LEFT_OUT = {
    "link": "is linked to another one, and is taken for one of its own with the same value",
    "prior": "has a prior, which is not used",
}
# Their parameters without which a model is what it was before there was such a parameter.
NEUTRAL = {"alpha", "e", "phi", "edge_width"}


def mistake(path: Path, words: str) -> InputError:
    """The `InputError` of a value, whose `path` leads to it.

    Parameters
    ----------
    path : keys and numbers
    words : a sentence
    """
    return InputError(words).at(*path)


def mapping(values: Any, path: Path, what: str) -> Mapping[str, Any]:
    """The same where it is a mapping; else an `InputError`.

    Parameters
    ----------
    values : what came
    path : keys and numbers that lead to it
    what : in words, for the message
    """
    if not isinstance(values, Mapping):
        raise mistake(path, f"{what} is {_short(values)}; wanted is a mapping of keys and values.")
    return values


def check_keys(values: Mapping[str, Any], known: Collection[str], path: Path, what: str) -> None:
    """Raises `InputError` for a key that is none.

    Parameters
    ----------
    values : by key
    known : the keys that there are
    path : keys and numbers that lead to `values`
    what : in words, for the message
    """
    for key in values:
        if key not in known:
            wanted = meant(key, known, f"the keys that are known are {', '.join(known)}.")
            raise mistake((*path, key), f"{what} has the key {key!r}; {wanted}")


def kind_of(values: Mapping[str, Any], path: Path, what: str) -> str:
    """The text of the key "type"; raises `InputError` where there is none.

    Parameters
    ----------
    values : by key
    path : keys and numbers that lead to `values`
    what : in words, for the message
    """
    kind = values.get("type")
    if not isinstance(kind, str):
        raise mistake((*path, "type"), f"{what} has the type {_short(kind)}; wanted is the name of one.")
    return kind


def class_of(
    kind: str, shapes: Mapping[str, tuple[str, type[Shape]]], path: Path, what: str, known: Collection[str]
) -> type[Shape]:
    """Our class of a type; raises `InputError` where there is none.

    Parameters
    ----------
    kind : the type
    shapes : gammapy's name -> (its short form, our class)
    path : keys and numbers that lead to what it is the type of
    what : in words, for the message
    known : names that are wanted, for the message
    """
    found = [ours for long, (short, ours) in shapes.items() if kind in (long, short)]
    if not found:
        raise mistake((*path, "type"), f"{what} is a {kind}; wanted is one of {', '.join(known)}.")
    return found[0]


def name_of(model: Shape, shapes: Mapping[str, tuple[str, type[Shape]]], what: str) -> str:
    """Gammapy's name of a model; raises `InputError` where there is none.

    Parameters
    ----------
    model : of one of our classes
    shapes : as for `class_of`
    what : in words, for the message
    """
    names = {ours: long for long, (_, ours) in shapes.items()}
    if type(model) not in names:
        raise InputError(
            f"{what} is a {type(model).__name__}, which files of models cannot have; wanted is one of "
            f"{', '.join(ours.__name__ for ours in names)}."
        )
    return names[type(model)]


def entries_of(values: Mapping[str, Any], path: Path, what: str) -> dict[str, tuple[Path, Mapping[str, Any]]]:
    """Dict of the parameters that stand in a part of a model: name to (path, entry).

    Parameters
    ----------
    values : of the part
    path : keys and numbers that lead to `values`
    what : in words, for messages
    """
    path = (*path, "parameters")
    entries = values.get("parameters", [])
    if not isinstance(entries, (list, tuple)):
        raise mistake(path, f"{what} has the parameters {_short(entries)}; wanted is a list of them.")
    found: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for number, entry in enumerate(entries):
        place = (*path, number)
        entry = mapping(entry, place, f"A parameter of {what}")
        name = entry.get("name")
        if not isinstance(name, str) or name in found:
            twice = "stands there twice" if isinstance(name, str) else "is no name"
            raise mistake(place, f"A parameter of {what} is called {_short(name)}, which {twice}.")
        check_keys(entry, (*USED, *OF_MINIMISERS, *LEFT_OUT), place, f"The parameter {name} of {what}")
        for key, words in LEFT_OUT.items():
            if entry.get(key) is not None:
                remark(f"The parameter {name} of {what} {words}.")
        found[name] = place, entry
    return found


def parameters_of(
    entries: Mapping[str, tuple[Path, Mapping[str, Any]]],
    wanted: Collection[Parameter],
    path: Path,
    what: str,
) -> list[Parameter]:
    """List of `Parameter` objects, one for each that is wanted, with the numbers of their entries.

    Value, unit, error, bounds and whether it is frozen are taken; what an entry does not say is as in the wanted one.

    Parameters
    ----------
    entries : as `entries_of` gives them
    wanted : the parameters of the class, whose units hold where an entry has none
    path : keys and numbers that lead to the part
    what : in words, for messages

    Raises `InputError` for a parameter that is missing or is none, and for numbers that it cannot have.
    """
    names = [parameter.name for parameter in wanted]
    for name, (place, _) in entries.items():
        if name not in names:
            known = meant(name, names, f"it has {', '.join(names) or 'none'}.")
            raise mistake(place, f"{what} has no parameter {name!r}; {known}")
    made = []
    for parameter in wanted:
        if parameter.name in entries:
            made.append(_parameter(parameter, *entries[parameter.name], what))
        elif parameter.name in NEUTRAL:
            made.append(parameter.copy())
        else:
            raise mistake((*path, "parameters"), f"{what} is without its parameter {parameter.name}.")
    return made


def _parameter(like: Parameter, path: Path, entry: Mapping[str, Any], what: str) -> Parameter:
    name, unit = like.name, entry.get("unit")
    numbers = {key: _number(entry, key, path, f"of the parameter {name} of {what}") for key in USED[3:6]}
    value = _number(entry, "value", path, f"of the parameter {name} of {what}")
    if value is None:
        raise mistake(path, f"The parameter {name} of {what} has no value.")
    frozen = entry.get("frozen", like.frozen)
    try:
        made = Parameter(name, value, like.unit if unit is None else unit)
        if not made.unit.is_equivalent(like.unit):
            wanted = like.unit.to_string() or "no unit"
            raise InputError(f"its unit is {unit!r}; wanted is what converts to {wanted}.")
        scale = like.factor / made.factor
        low, high = (numbers[key] for key in ("min", "max"))
        low = like.min * scale if low is None or np.isnan(low) else low
        high = like.max * scale if high is None or np.isnan(high) else high
        made.set_bounds(low, high)
        # Errors of 0 are those that nobody has determined.
        made.error = numbers["error"] or np.nan
        made.frozen = frozen
    except InputError as error:
        raise mistake(path, f"The parameter {name} of {what} cannot be used: {error}") from error
    return made


def _number(values: Mapping[str, Any], key: str, path: Path, of_what: str) -> float | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise mistake((*path, key), f"The {key} {of_what} is {_short(value)}; wanted is a number.")
    return float(value)


def plain_parameter(parameter: Parameter) -> dict[str, Any]:
    """The entry of a parameter, dict; numbers to the last digit, and nothing of what is not known.

    parameter: of a model.
    """
    entry: dict[str, Any] = {"name": parameter.name, "value": float(parameter.value)}
    unit = parameter.unit.to_string()
    if unit:
        entry["unit"] = unit
    known: Callable[[float], bool] = np.isfinite
    entry |= {key: float(getattr(parameter, key)) for key in USED[3:6] if known(getattr(parameter, key))}
    return entry | {"frozen": parameter.frozen}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
