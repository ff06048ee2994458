"""Single values of a configuration changed, each named by its key, with a dot for one inside another."""

from collections.abc import Mapping
from typing import Any

from tevcurve.config.spectra import spectrum_changed, spectrum_values
from tevcurve.errors import InputError


def with_changes(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Dict of values with changes in place.

    Parameters
    ----------
    values : dict of plain values
    changes : dict of key ("method", or "spectrum.index") to value. Another model of the spectrum begins with its own
        parameters; a limit takes the other one's place.
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
        holder = values.get(first, {} if first == "spectrum" else None)
        if isinstance(holder, str) and first == "spectrum":
            holder = spectrum_values(holder)
        if first != "spectrum" or not isinstance(holder, dict | str) or "." in inner:
            raise InputError(
                f"There is no key {key!r}; only the spectrum has keys of its own, such as spectrum.index."
            )
        values[first] = spectrum_changed(holder, inner, value)
    return values
