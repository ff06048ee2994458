"""The instruments of a configuration, plain: of each, where its runs are and what of the options is its own."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tevcurve.config.keys import INPUT
from tevcurve.config.mistakes import values_and_mistakes
from tevcurve.config.values import Kind, kind_of, or_none
from tevcurve.errors import InputError, Unwanted
from tevcurve.instruments import UNSAID, Instrument, as_instruments, options_of_each
from tevcurve.options import OPTIONS, settled, used
from tevcurve.run_options import CHOICES

_OF_DATA = ("data", "data_root", "irfs", "runs", "target")
# What an instrument may say, in order.
KEYS_OF_ONE = (
    *(key for name in _OF_DATA for key in INPUT if key.name == name),
    *(option for option in OPTIONS if option.name == "method" or option.of_runs),
    *CHOICES,
)


def instruments_values(value: Any) -> dict[str, dict[str, Any]] | None:
    """What a configuration keeps: a dict of names to what is said of each, a dict; None for None.

    value: dict of names to dicts, or to `Instrument`s whose data are paths.

    Raises `InputError` for what cannot be used; its `path` leads to the value that is wrong.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise Unwanted(f"{value!r}; wanted are instruments by name, such as {{hess: {{data: PATH}}}}")
    made = {str(name): _values_of_one(str(name), one) for name, one in value.items()}
    as_instruments(made)
    return made


def check_options(values: Mapping[str, Any], instruments: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `InputError` for options that an instrument's method has no use for.

    Parameters
    ----------
    values : of the configuration
    instruments : as `instruments_values` gives them
    """
    for name, own in _options_of_each(values, instruments).items():
        try:
            settled(own, own["method"])
        except InputError as error:
            raise InputError(f"Of the instrument {name!r}: {error}") from error


def resolved_instruments(
    values: Mapping[str, Any], instruments: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Dict of `instruments`, each with every option of its runs, and of all other options that are used, with values.

    Parameters
    ----------
    values : of the configuration
    instruments : as `instruments_values` gives them
    """
    names = [option.name for option in OPTIONS if option.of_runs]
    of_all: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for name, own in _options_of_each(values, instruments).items():
        every = used(own, own["method"])
        # A run may have a radius of its own, which one that is given must be.
        every |= {} if own["on_radius"] is not None else {"on_radius": None}
        every |= {key: own[key] for key in ("method", "safe_energy", "responses")}
        of_runs = {key: each for key, each in every.items() if key in names or key == "method"}
        made[name] = dict(instruments[name]) | _of_method(of_runs)
        of_all |= {key: each for key, each in every.items() if key not in of_runs}
    methods = {one["method"] for one in made.values()}
    return {"instruments": made, **of_all} | ({"method": methods.pop()} if len(methods) == 1 else {})


def _of_method(values: dict[str, Any]) -> dict[str, Any]:
    """The values of options that the method of these has."""
    method = {option.name: option.method for option in OPTIONS}
    return {key: value for key, value in values.items() if method[key] in (None, values["method"])}


def _options_of_each(
    values: Mapping[str, Any], instruments: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    asked = {option.name: values[option.name] for option in OPTIONS if option.name in values}
    return options_of_each(asked, as_instruments(instruments))


def _values_of_one(name: str, one: Any) -> dict[str, Any]:
    """Plain values of what is said of an instrument."""
    if not isinstance(one, Mapping):
        one = _said(name, one)
    kept, mistakes = values_and_mistakes(one, _KINDS_OF_ONE, _DEFAULTS_OF_ONE)
    if mistakes:
        raise mistakes[0].at(name)
    # What is not said is as for all.
    return {key: value for key, value in kept.items() if key in one}


def _said(name: str, one: Any) -> dict[str, Any]:
    """What an `Instrument` says."""
    if not isinstance(one, Instrument):
        raise Unwanted(f"{one!r}; wanted are keys and values, such as {{data: PATH, method: 1d}}").at(name)
    said = {each.name: getattr(one, each.name) for each in fields(one)}
    nothing = dict.fromkeys(_OF_DATA)
    return {key: each for key, each in said.items() if each is not nothing.get(key, UNSAID)}


# Of one instrument data have to be said, its target need not be.
_KINDS_OF_ONE = {
    key.name: or_none(kind_of(key)) if key.name == "target" else kind_of(key) for key in KEYS_OF_ONE
}
_DEFAULTS_OF_ONE = {key.name: None if key.name == "target" else key.given_default for key in KEYS_OF_ONE}
del _DEFAULTS_OF_ONE["data"]
# How instruments are read, beside the kinds of `tevcurve.config.values`, of which their own values are.
KINDS: dict[str, Kind] = {"instruments": or_none(instruments_values)}
