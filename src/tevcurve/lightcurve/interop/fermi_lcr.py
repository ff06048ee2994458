"""Light curves of the Fermi-LAT Light Curve Repository, as its pages and its interface give them: CSV and JSON.

Times are the middles of bins of 3, 7 or 30 days, in seconds of mission time (MET, TT since 2001-01-01 UTC); limits are
of 95 %, for TS below that of the query. See
https://fermi.gsfc.nasa.gov/ssc/data/access/lat/LightCurveRepository/table_description.html, and for the interval that
`flux_error` is in JSON, https://github.com/dankocevski/pyLCR. Abdollahi et al. 2023, ApJS 265, 31.
"""

import json
import logging
import re
from pathlib import Path
from typing import Any

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

log = logging.getLogger(__name__)

ZERO = Time(51910, 7.428703703703703e-4, format="mjd", scale="tt")
CADENCES = (3.0, 7.0, 30.0)  # days
BAND = (1e-4, 0.1)  # TeV
_KINDS = {"photon": ("flux", u.Unit("cm-2 s-1")), "energy": ("eflux", u.Unit("MeV cm-2 s-1"))}
_VALUE = re.compile(r"(photon|energy) flux \[", re.IGNORECASE)
_SOURCE = re.compile(r"4FGL[_ ](J[\d.]+[+-][\d.]*\d[a-z]?)")
_KEYS = {"ts", "flux", "flux_upper_limits"}


def from_csv(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a CSV file of the repository.

    Parameters
    ----------
    data : of the file
    path : of the file, in whose name the source stands
    """
    names, rows = rows_of_csv(data)
    cells = {name: [row[number] for row in rows] for number, name in enumerate(names)}

    def column(start: str) -> str:
        found = [name for name in names if name.lower().startswith(start)]
        if not found:
            raise DataError(f"there is no column that begins with {start!r}")
        return found[0]

    kind = next(match.group(1).lower() for name in names if (match := _VALUE.match(name)))
    value, limit, _ = numbers(cells[column(f"{kind} flux [")], column(f"{kind} flux ["))
    error = plain_numbers(cells[column(f"{kind} flux error")], column(f"{kind} flux error"))
    values = {"": value, "_err": np.where(error > 0, error, np.nan), "_ul": limit}
    more = {"ts": plain_numbers(cells[column("ts")], "TS")}
    for ours, theirs in (("index", "photon index"), ("index_err", "photon index error")):
        if any(name.lower() == theirs for name in names):
            more[ours] = plain_numbers(cells[column(theirs)], theirs)
    code = np.zeros(len(rows))
    if any(name.lower().startswith("minuit") for name in names):
        code = plain_numbers(cells[column("minuit")], "MINUIT Return Code")
    return _table(plain_numbers(cells[column("met")], "MET"), kind, values, more, code, path)


def from_json(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a JSON file of the repository.

    It does not say of what kind its fluxes are: they are energy fluxes where the name of the file has "energy" in it,
    else photon fluxes.

    Parameters
    ----------
    data : of the file
    path : of the file, in whose name the source stands
    """
    read = json.loads(text_of(data))
    met = np.array([pair[0] for pair in read["ts"]], dtype=float)

    def spread(name: str, place: int = 1) -> np.ndarray:
        """What a list of [time, value, ...] says of each bin, NaN where nothing."""
        given = read.get(name, [])
        if not isinstance(given, list) or not all(isinstance(each, list) and each for each in given):
            raise DataError(f"{name} is not a list of [time, value]")
        said = {float(each[0]): each[place] for each in given if len(each) > place}
        if set(said) - set(met):
            raise DataError(f"{name} has a bin at {min(set(said) - set(met)):.0f} s, of which there is no ts")
        return np.array([_number(said.get(time)) for time in met])

    value = spread("flux")
    ends = [spread("flux_error", place) for place in (1, 2)]
    values = {"": value, "_ul": spread("flux_upper_limits")}
    # An interval, or where there is one number the error itself.
    if np.isfinite(ends[1]).any():
        values |= {"_errn": value - ends[0], "_errp": ends[1] - value, "_err": (ends[1] - ends[0]) / 2}
    else:
        values["_err"] = ends[0]
    # Where a fit ended without errors, both ends are the flux itself.
    has_error = (values["_err"] > 0) & np.isfinite(value)
    values |= {end: np.where(has_error, each, np.nan) for end, each in values.items() if "_err" in end}
    more = {"ts": spread("ts"), "index": spread("photon_index")}
    if "photon_index_interval" in read or "photon_index_error" in read:
        low, high = (spread("photon_index_interval", place) for place in (1, 2))
        more["index_err"] = np.where(np.isfinite(high), (high - low) / 2, spread("photon_index_error"))
    kind = "energy" if "energy" in path.name.lower() else "photon"
    if kind not in path.name.lower():
        log.warning("%s does not say of what kind its fluxes are; they are taken as photon fluxes.", path)
    return _table(met, kind, values, more, spread("fit_convergence"), path)


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _table(
    met: np.ndarray,
    kind: str,
    values: dict[str, np.ndarray],
    more: dict[str, np.ndarray],
    code: np.ndarray,
    path: Path,
) -> Table:
    """The table of bins.

    met: middles, s. values: by ending. code: of MINUIT, 0 where the fit converged.
    """
    if not len(met) or not np.all(np.isfinite(met)):
        raise DataError("there is a row without its mission time (MET), or no row")
    if len(np.unique(met)) < len(met):
        raise DataError("there are two rows of one time (MET)")
    quantity, unit = _KINDS[kind]
    columns: dict[str, Any] = {quantity + end: array * unit for end, array in values.items()}
    edges = {"e_min": BAND[0], "e_max": BAND[1], "e_ref": np.sqrt(BAND[0] * BAND[1])}
    columns |= {name: np.full(len(met), edge) for name, edge in edges.items()} | more
    failed = np.isfinite(code) & (code != 0)
    columns["status"] = np.where(failed, "not_converged", "ok")
    columns["reason"] = np.where(failed, "the fit did not converge, as the file says", "")
    if failed.any():
        log.warning(
            "%s has %d bins of %d whose fit did not converge; their status is not_converged.",
            path,
            failed.sum(),
            len(met),
        )
    half = _cadence(met) / 2
    middle = ZERO + met * u.s
    source = _SOURCE.search(path.name)
    meta = {"instrument": "Fermi-LAT", "upper_limit": 0.95, "TIMEREF": "LOCAL"}
    meta |= {"source": f"4FGL {source.group(1)}"} if source else {}
    return in_order(middle - half * u.d, middle + half * u.d, columns, meta)


def _cadence(met: np.ndarray) -> float:
    """Days of a bin, the cadence of the repository that the shortest step is next to.

    met: middles of the bins, s. Raises `DataError` where they are no such bins.
    """
    steps = np.diff(np.unique(met)) / 86400
    if not len(steps):
        raise DataError("there is one bin only, whose width is not said")
    shortest = steps.min()
    nearest = min(CADENCES, key=lambda days: abs(days - shortest))
    if abs(shortest - nearest) > 0.1 * nearest:
        raise DataError(f"the shortest step is {shortest:.4g} d; wanted are bins of 3, 7 or 30 d")
    return nearest


def _is_csv(data: bytes) -> bool:
    line = first_line(data).lower()
    return "met" in line and bool(_VALUE.search(line))


def _is_json(data: bytes) -> bool:
    try:
        read = json.loads(text_of(data))
    except ValueError:
        return False
    return isinstance(read, dict) and set(read) >= _KEYS


FERMI_LCR_CSV = FileFormat(
    "fermi-lcr-csv",
    (".csv",),
    "a CSV file of the Fermi-LAT Light Curve Repository",
    layout="fermi-lcr",
    decode=from_csv,
    knows=_is_csv,
)
FERMI_LCR_JSON = FileFormat(
    "fermi-lcr-json",
    (".json",),
    "a JSON file of the Fermi-LAT Light Curve Repository",
    layout="fermi-lcr",
    decode=from_json,
    knows=_is_json,
)
