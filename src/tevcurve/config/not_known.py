"""What a configuration says of what is not known of instruments, as plain values and as records."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from tevcurve.asked_systematics import as_systematics
from tevcurve.config.mistakes import NoKey
from tevcurve.errors import InputError, Unwanted
from tevcurve.systematics import ANYTHING, ORIGINS, OVERLAP, CrossCalibration, Systematic, positive_number

FROM, SIGMA = "from", "sigma"


def calibration_values(value: Any) -> dict[str, Any] | None:
    """What a configuration keeps of a cross-calibration: names to "free" or {"sigma": x}, and "from"; None for None.

    value: dict as in a file, in which a number stands for its sigma, or a `CrossCalibration`.

    Raises `InputError` for what cannot be used; its `path` leads to the value that is wrong.
    """
    if value is None:
        return None
    if isinstance(value, CrossCalibration):
        value = {**value.sigma, FROM: value.from_}
    if not isinstance(value, Mapping):
        raise Unwanted(f"{value!r}; wanted are scales by instrument, such as {{magic: free, from: overlap}}")
    made = {str(name): _scale(str(name), each) for name, each in value.items() if name != FROM}
    origin = value.get(FROM, OVERLAP)
    if origin not in ORIGINS:
        raise Unwanted(f"{origin!r}; wanted is {' or '.join(ORIGINS)}").at(FROM)
    if not made:
        raise Unwanted(f"{dict(value)!r}; wanted is a scale of at least one instrument, such as magic: free")
    return {**made, FROM: origin}


def _scale(name: str, value: Any) -> str | dict[str, float]:
    if value == ANYTHING:
        return value
    if isinstance(value, Mapping):
        wrong = [key for key in value if key != SIGMA]
        if wrong or not value:
            raise Unwanted(f"{dict(value)!r}; wanted is free, or {{sigma: 0.15}}").at(name)
        value = value[SIGMA]
    try:
        return {SIGMA: positive_number(value, SIGMA)}
    except InputError as error:
        raise Unwanted(f"{value!r}; wanted is free, or the sigma of a prior in ln, a number above 0").at(
            name
        ) from error


def calibration_of(values: dict[str, Any] | None, reference: str | None) -> CrossCalibration | None:
    """The `CrossCalibration` of a configuration, or None.

    Parameters
    ----------
    values : as `calibration_values` gives them
    reference : name of the instrument whose scale is 1

    Raises `InputError` where one of the two is there alone.
    """
    if values is None and reference is None:
        return None
    if values is None:
        raise InputError(
            f"reference is {reference!r}, which goes with cross_calibration only; wanted are both or neither."
        )
    if reference is None:
        raise InputError(
            "reference is missing: cross_calibration is relative to an instrument; wanted is its name."
        )
    sigma = {name: each if each == ANYTHING else each[SIGMA] for name, each in values.items() if name != FROM}
    return CrossCalibration(reference=reference, sigma=sigma, from_=values[FROM])


def systematics_values(value: Any) -> list[dict[str, Any]] | None:
    """What a configuration keeps of systematics: a list of dicts of what is said; None for None or none.

    value: list of dicts, a dict, or `Systematic`s.

    Raises `InputError` for what cannot be used; its `path` leads to the value that is wrong.
    """
    if value is None:
        return None
    if isinstance(value, Systematic | Mapping):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Unwanted(
            f"{value!r}; wanted is a list, such as [{{effect: flux_scale, sigma: 0.1, by: night}}]"
        )
    made = [_checked(number, _said(number, each)) for number, each in enumerate(value)]
    as_systematics(made)
    return made or None


def _checked(number: int, one: dict[str, Any]) -> dict[str, Any]:
    """The same, where it can be used."""
    try:
        as_systematics(one)
    except InputError as error:
        words = str(error).rstrip(".")
        raise InputError(f"It cannot be used: {words[:1].lower()}{words[1:]}").at(number) from error
    return one


def _said(number: int, one: Any) -> dict[str, Any]:
    """What is said of one, plain."""
    known = {each.name: each for each in fields(Systematic)}
    if isinstance(one, Systematic):
        values = {name: getattr(one, name) for name in known}
        # Without a name it is called as its effect.
        nothing = {name: each.default for name, each in known.items()} | {"name": one.effect}
        one = {
            name: each for name, each in values.items() if nothing[name] is MISSING or each != nothing[name]
        }
    if not isinstance(one, Mapping):
        raise Unwanted(f"{one!r}; wanted are its effect, sigma and by").at(number)
    for key in one:
        if key not in known:
            raise NoKey(key, known).at(number, key)
    return {name: list(each) if isinstance(each, tuple) else each for name, each in one.items()}
