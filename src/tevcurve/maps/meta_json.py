"""The meta of a map as JSON text, with times and quantities kept to the last digit."""

import json
import numbers
from typing import Any

import astropy.units as u
import numpy as np
from astropy.time import Time

from tevcurve.errors import DataError, InputError

KIND = "_type"


def meta_to_json(meta: dict[str, Any]) -> str:
    """JSON text of a dict of numbers, strings, lists, dicts, Times and Quantities.

    A Time becomes its two Julian day numbers (their sum is the exact time), scale, format, and ISO text for people.
    Raises InputError for anything else.

    meta: names are str.
    """
    return json.dumps(_encoded(meta, "meta"))


def meta_from_json(text: str, where: str) -> dict[str, Any]:
    """The dict of a JSON text; raises DataError if it is none.

    Parameters
    ----------
    text : as `meta_to_json` makes it
    where : file and HDU, for messages
    """
    try:
        meta = json.loads(text or "{}", object_hook=_decoded)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where} has a META keyword that cannot be read as JSON: {error}") from error
    if not isinstance(meta, dict):
        raise DataError(f"{where} has a META keyword that is not a JSON object but {text[:40]!r}.")
    return meta


def _encoded(value: Any, name: str) -> Any:
    """The value in the types of JSON."""
    if isinstance(value, Time):
        days = {"jd1": np.asarray(value.jd1).tolist(), "jd2": np.asarray(value.jd2).tolist()}
        words = {"scale": value.scale, "format": value.format, "isot": np.asarray(value.isot).tolist()}
        return {KIND: "Time", **days, **words}
    if isinstance(value, u.Quantity):
        return {KIND: "Quantity", "value": value.value.tolist(), "unit": value.unit.to_string()}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InputError(f"The keys of {name} must be strings to be written to a file, not {key!r}.")
        return {key: _encoded(item, f"{name}[{key!r}]") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encoded(item, f"{name}[{number}]") for number, item in enumerate(value)]
    if value is None or isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise InputError(f"{name} is a {type(value).__name__}, which cannot be written to a map file.")


def _decoded(entry: dict[str, Any]) -> Any:
    """A Time or Quantity for the JSON object that stands for one, else the object."""
    if entry.get(KIND) == "Time":
        time = Time(entry["jd1"], entry["jd2"], format="jd", scale=entry["scale"])
        time.format = entry["format"]
        return time
    if entry.get(KIND) == "Quantity":
        return u.Quantity(entry["value"], entry["unit"])
    return entry
