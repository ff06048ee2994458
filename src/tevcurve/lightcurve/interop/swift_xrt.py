"""Light curves of Swift-XRT, as the products of https://www.swift.ac.uk/user_objects/ give them: QDP.

Rows are of modes (WT, PC), each after a comment with its name, and after a line of NO another one. A row is a time,
its distances to the end and to the begin of the bin, a rate (ct/s, 0.3 to 10 keV unless it was made for others) and
its errors up and down, or one error for both (READ SERR 2). Among upper limits the rate is the limit, of 3 sigma, as
https://www.swift.ac.uk/user_objects/lc_docs.php says. Times are MJD in UTC, or seconds since a trigger whose time has
to be said: the columns are named, and "Time" alone is no MJD. Files of fluxes (of GRBs) are of the same layout.
"""

import re
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interop.read_texts import in_order, text_of

BAND = (0.3e-9, 10e-9)  # TeV
SIGMA_UL = 3.0
# Of files of one set of rows the names are as PC_incbad and PCUL_incbad.
_MODE = re.compile(r"!\W*(WT|PC)(?=UL|[^a-z]|$)(.*)", re.IGNORECASE)
# The line of the columns' names, and files of what is no rate: fluxes, photon indices.
_LABELS = re.compile(r"!\s*(time|mjd)\s", re.IGNORECASE)
_OTHER = re.compile(r"!(?!.*name:).*(flux|gamma panel)", re.IGNORECASE)
_NAME = re.compile(r"light ?curve of .*?name:\s*(.+?)\s*$", re.IGNORECASE)
_DAYS = (53000.0, 100000.0)  # MJD; Swift was launched on 53329


def from_qdp(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a QDP file: the rates of all modes, and limits where it has such.

    Parameters
    ----------
    data : of the file
    path : it is not needed

    Raises `DataError` where there are no rates, or fluxes, or times since a moment that is not said.
    """
    text = text_of(data)
    rows, source = _rows(text)
    other = next((line for line in text.splitlines() if _OTHER.match(line.strip())), None)
    if other is not None:
        raise DataError(
            f"it has {other.strip()[:60]!r}, so what is no count rate; wanted is a curve of rates, or "
            'read(path, columns={"time": ..., "eflux": ...})'
        )
    if not rows:
        raise DataError("there is no row of a rate in it")
    time, late, early, rate, up, down = (np.array([row[0][k] for row in rows]) for k in range(6))
    limit = np.array([row[2] for row in rows])
    labels = [found.group(1).lower() for line in text.splitlines() if (found := _LABELS.match(line.strip()))]
    is_mjd = "mjd" in text.lower() or "time" not in labels
    if not is_mjd or np.any((time < _DAYS[0]) | (time > _DAYS[1])):
        raise DataError(
            "its times are no MJD; wanted is a light curve that was made with times in MJD, or "
            'read(path, columns=..., time_origin="2013-04-27T07:47:57") for seconds since a trigger'
        )
    columns: dict[str, Any] = {
        "rate": np.where(limit, np.nan, rate),
        "rate_errn": np.where(limit | (down == 0), np.nan, np.abs(down)),
        "rate_errp": np.where(limit | (up == 0), np.nan, np.abs(up)),
        "rate_ul": np.where(limit, rate, np.nan),
    }
    columns = {name: values * (u.ct / u.s) for name, values in columns.items()}
    columns |= {"e_min": np.full(len(rows), BAND[0]), "e_max": np.full(len(rows), BAND[1])}
    columns["mode"] = np.array([row[1] for row in rows])
    middle = Time(time, format="mjd", scale="utc")
    meta = {"instrument": "Swift-XRT", "sigma_ul": SIGMA_UL} | ({"source": source} if source else {})
    return in_order(middle - np.abs(early) * u.d, middle + np.abs(late) * u.d, columns, meta)


def _rows(text: str) -> tuple[list[tuple[list[float], str, bool]], str]:
    """([(six numbers, mode, whether it is a limit)], source) of the lines of a file."""
    rows: list[tuple[list[float], str, bool]] = []
    mode, is_limit, is_rate, symmetric, source = "", False, True, False, ""
    for line in map(str.strip, text.splitlines()):
        words = line.split()
        if line.startswith("!"):
            source = source or "".join(_NAME.findall(line))
            if found := _MODE.match(line):
                mode, rest = found.group(1).upper(), found.group(2).lower()
                is_limit = "limit" in rest or rest.startswith("ul")
                # Hardness files have rates of two bands and their ratio.
                is_rate = not any(word in rest for word in ("hard", "soft", "ratio"))
        elif line[:4].upper() == "READ":
            symmetric |= [word.upper() for word in words[1:2]] == ["SERR"] and "2" in words[2:]
        elif words and words[0].upper() != "NO" and is_rate:
            rows.append((_six(words, symmetric), mode, is_limit))
    return rows, source


def _six(words: list[str], symmetric: bool) -> list[float]:
    """Time, its distances to the end and the begin, rate, its errors up and down."""
    wanted = 5 if symmetric else 6
    try:
        read = [float(word) for word in words[:wanted]]
    except ValueError as error:
        raise DataError(f"a row begins with {' '.join(words[:wanted])!r}; wanted are numbers") from error
    if len(read) < wanted:
        raise DataError(f"a row has {len(read)} numbers; wanted are {wanted}")
    return [*read, read[-1]] if symmetric else read


def _is_qdp(data: bytes) -> bool:
    return b"READ" in data[:4096].upper()


SWIFT_XRT = FileFormat(
    "swift-xrt", (".qdp",), "a light curve of Swift-XRT (QDP)", decode=from_qdp, knows=_is_qdp
)
