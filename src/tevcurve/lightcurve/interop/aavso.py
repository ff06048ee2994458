"""Magnitudes in the files of the AAVSO: those that its archive gives (CSV), and its Extended File Format.

https://www.aavso.org/aavso-extended-file-format and https://www.aavso.org/data-download. A row is of one moment, the
middle of an exposure, in JD (UTC); "<15.0" is fainter than 15.0, so a lower limit of the magnitude. Each filter is what
an instrument is in other light curves. What the archive has flagged as discrepant (T) says so.
"""

import logging
import re
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interop.read_texts import (
    first_line,
    in_order,
    numbers,
    plain_numbers,
    rows_of_csv,
    text_of,
)
from tevcurve.lightcurve.magnitudes import check_sizes

log = logging.getLogger(__name__)

# Names in the extended format, in its heading with and without the word, and in what the archive gives.
_COLUMNS = {
    "time": ("jd", "date"),
    "mag": ("magnitude", "mag"),
    "mag_err": ("uncertainty", "magerr", "merr"),
    "band": ("band", "filter", "filt"),
    "name": ("star name", "starid", "name"),
    "kind": ("mtype",),
    "flag": ("validation flag",),
}
# Of the dates in use; a smaller number is no Julian date.
_LEAST_JD = 1_000_000
DISCREPANT = "the archive flags it as discrepant"
_EXTENDED = re.compile(r"#\s*TYPE\s*=\s*EXTENDED", re.IGNORECASE)
_DATES = {"JD": ("utc", ""), "HJD": ("utc", "HELIOCENTRIC")}
_LIST = "name,date,mag,merr,filt"


def from_aavso(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a file with magnitudes.

    Parameters
    ----------
    data : of the file
    path : of the file, for a warning

    Raises `DataError` where it has no time, no magnitude, or dates that are not Julian, or differences of magnitudes.
    """
    names, rows, date = _extended(text_of(data)) if _is_extended(data) else (*rows_of_csv(data), "JD")
    lower = [name.lower() for name in names]
    cells = {
        ours: [row[lower.index(name)] for row in rows]
        for ours, theirs in _COLUMNS.items()
        for name in theirs
        if name in lower and name == next(each for each in theirs if each in lower)
    }
    for wanted in ("time", "mag"):
        if wanted not in cells:
            raise DataError(f"there is no column {' or '.join(_COLUMNS[wanted])}")
    if date not in _DATES:
        raise DataError(f"its dates are {date}; wanted are JD or HJD")
    if "DIF" in (kind.upper() for kind in cells.get("kind", ())):
        raise DataError(
            "it has differences to a comparison star (MTYPE DIF), which are no magnitudes of the star itself"
        )
    value, above, below = numbers(cells["mag"], "magnitude")
    check_sizes(value, "magnitude")
    columns = {"mag": value * u.mag, "mag_ll": np.where(np.isnan(above), below, above) * u.mag}
    if "mag_err" in cells:
        error = plain_numbers(cells["mag_err"], "uncertainty")
        columns["mag_err"] = np.where(error > 0, error, np.nan) * u.mag
    if "band" in cells:
        columns["instrument"] = np.array(cells["band"])
    days = plain_numbers(cells["time"], "time")
    if not np.all(np.isfinite(days)):
        raise DataError("there is a row without its time")
    if np.any(days < _LEAST_JD):
        raise DataError(f"it has the date {days.min():.10g}; wanted are Julian dates, such as 2459000.5")
    discrepant = np.array([flag.upper() == "T" for flag in cells.get("flag", ())], dtype=bool)
    if discrepant.any():
        columns["reason"] = np.where(discrepant, DISCREPANT, "")
        log.warning(
            "%s has %d rows of %d that the archive flags as discrepant.", path, discrepant.sum(), len(days)
        )
    scale, place = _DATES[date]
    whole = np.floor(days)
    moment = Time(whole, days - whole, format="jd", scale=scale)
    sources = list(dict.fromkeys(cells.get("name", ())))
    if len(sources) > 1:
        raise DataError(
            f"it is of {len(sources)} stars, {sources[0]} and {sources[1]} among them; wanted is one"
        )
    meta = {"source": sources[0]} if sources and sources[0] else {}
    return in_order(moment, moment, columns, meta | ({"TIMEREF": place} if place else {}))


def _extended(text: str) -> tuple[list[str], list[list[str]], str]:
    """(names, rows, format of the dates) of the extended format."""
    said = {"DELIM": ",", "DATE": "JD"}
    names: list[str] = []
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            key, is_said, value = line[1:].partition("=")
            if is_said and key.strip().upper() in said:
                said[key.strip().upper()] = (
                    _delimiter(value) if key.strip().upper() == "DELIM" else value.strip().upper()
                )
            elif line[1:].lower().replace(" ", "").replace(said["DELIM"], ",").startswith(_LIST):
                names = [cell.strip() for cell in line[1:].split(said["DELIM"])]
        else:
            rows.append([cell.strip() for cell in line.split(said["DELIM"])])
    names = names or _LIST.split(",")
    short = next((row for row in rows if len(row) < len(_LIST.split(","))), None)
    if short is not None:
        raise DataError(f"a row has {len(short)} cells; wanted are {len(_LIST.split(','))} or more")
    return names, rows, said["DATE"]


def _delimiter(word: str) -> str:
    return {"comma": ",", "tab": "\t"}.get(word.strip().lower(), word.strip() or ",")


def _is_extended(data: bytes) -> bool:
    return bool(_EXTENDED.search(data[:4096].decode("utf-8-sig", errors="replace")))


def _is_aavso(data: bytes) -> bool:
    names = [cell.strip().strip('"').lower() for cell in first_line(data).split(",")]
    return _is_extended(data) or {"jd", "magnitude", "band"} <= set(names)


AAVSO = FileFormat(
    "aavso", (".csv", ".txt", ".tsv"), "magnitudes of the AAVSO", decode=from_aavso, knows=_is_aavso
)
