"""Files of any table on the command line, with the names of their columns behind a colon.

`x-rays.csv:time=mjd,rate=counts,rate_err=error,rate_unit=ct/s,time_scale=utc` is what in Python is
`LightCurve.read("x-rays.csv", columns={"time": "mjd", "rate": "counts", "rate_err": "error"}, ...)`.
"""

import re
from pathlib import Path
from typing import Any

from tevcurve.errors import InputError

_NAMED = re.compile(r"(.+?):\s*(\w+\s*=.*)", re.DOTALL)
# What is said of times, and what goes into the metadata; all other words are names of columns.
_TIMES, _META = ("time_format", "time_scale", "time_origin"), ("instrument", "source")
_UNIT = "_unit"
EXAMPLE = "x-rays.csv:time=MJD,flux=F,flux_err=e_F,flux_unit=erg/cm2/s,time_scale=utc"


def file_of(path: Path) -> Path:
    """The path without names of columns. path: as it stands on the line."""
    return Path(_split(path)[0])


def named_columns(path: Path) -> dict[str, Any] | None:
    """The keywords of `LightCurve.read` of the names behind a path; None where none are there.

    path: as it stands on the line.

    Raises `InputError` where they are no list of names.
    """
    text = _split(path)[1]
    if text is None:
        return None
    said: dict[str, str] = {}
    for pair in text.split(","):
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not (sign and name and value) or name in said:
            raise InputError(
                f"Behind {file_of(path)} is {pair.strip()!r}; wanted are names, each once, as {EXAMPLE}."
            )
        said[name] = value
    read: dict[str, Any] = {name: said.pop(name) for name in _TIMES if name in said}
    meta = {name: said.pop(name) for name in _META if name in said}
    units = {name.removesuffix(_UNIT): said.pop(name) for name in list(said) if name.endswith(_UNIT)}
    read |= {"meta": meta} if meta else {}
    read |= {"units": units} if units else {}
    return {"columns": said, **read}


def _split(path: Path) -> tuple[str, str | None]:
    """(path, names of columns or None)."""
    text = str(path)
    found = None if path.exists() else _NAMED.fullmatch(text)
    return (found[1], found[2]) if found else (text, None)
