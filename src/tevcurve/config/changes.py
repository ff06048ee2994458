"""Single values of a configuration changed, each named by its key, with a dot for one inside another."""

from collections.abc import Mapping
from typing import Any

from tevcurve.config.spectra import spectrum_changed, spectrum_values
from tevcurve.errors import InputError

# Keys whose values have keys of their own, instruments'.
NESTED = ("instruments", "cross_calibration")


def with_changes(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Dict of values with changes in place.

    Parameters
    ----------
    values : dict of plain values
    changes : dict of key ("method", "spectrum.index", or "instruments.fact.method") to value. Another model of the
        spectrum begins with its own parameters; a limit takes the other one's place.
    """
    values = dict(values)
    if changes.get("sigma_ul") is not None:
        values["upper_limit"] = None
    elif changes.get("upper_limit") is not None:
        values["sigma_ul"] = None
    if "spectrum.model" in changes:
        values["spectrum"] = {}
    # Whole values first, so that a part of one is a change to the new one.
    for key, value in sorted(changes.items(), key=lambda pair: pair[0].count(".")):
        first, dot, inner = key.partition(".")
        if not dot:
            values[key] = value
            continue
        if first in NESTED:
            values[first] = _nested(values.get(first), inner, value, first)
            continue
        holder = values.get(first, {} if first == "spectrum" else None)
        if isinstance(holder, str) and first == "spectrum":
            holder = spectrum_values(holder)
        if first != "spectrum" or not isinstance(holder, dict | str) or "." in inner:
            raise InputError(
                f"There is no key {key!r}; only spectrum, instruments and cross_calibration have keys of their own, "
                "such as spectrum.index."
            )
        values[first] = spectrum_changed(holder, inner, value)
    return values


def _nested(holder: Any, inner: str, value: Any, first: str) -> dict[str, Any]:
    """What a key of `NESTED` holds with a value changed: of an instrument, or of what is said of one."""
    held = dict(holder) if isinstance(holder, Mapping) else {}
    name, dot, last = inner.rpartition(".")
    # An instrument may have a dot in its name.
    if not dot or inner in held or (first == "cross_calibration" and last != "sigma"):
        return held | {inner: value}
    own = held.get(name)
    return held | {name: (dict(own) if isinstance(own, Mapping) else {}) | {last: value}}
