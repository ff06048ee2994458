"""What a FITS header says of its times: since when they count, in which scale and unit, and told where."""

from collections.abc import Mapping
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import DataError
from tevcurve.files import row_values
from tevcurve.files.bintable import BinTable
from tevcurve.files.numbers import finite_number
from tevcurve.problems import remark

# The scales that mission times are counted in: those of astropy whose seconds a clock on the Earth or near it counts.
SCALES = ("tt", "tai", "utc", "tdb", "tcg", "tcb", "ut1")
# FITS standard 4.0, table 30: the words, and what they are called here.
_WORDS = {scale: scale for scale in SCALES}
_WORDS |= {"tdt": "tt", "et": "tt", "iat": "tai", "gmt": "utc", "ut": "utc"}
_WORDS |= {"gps": "tai", "local": "tt"}
_GPS_S = 19.0  # the clocks of GPS are that much behind TAI
# Words that say less than is wanted, and what they are taken as.
_TAKEN_AS = {
    "ut": "as UTC, as FITS has it for data of high energies",
    "local": "as TT: such are the times of simulations",
    "ut1": "with the table of the Earth's rotation that comes with astropy; beyond its end UT1 is taken as UTC, from "
    "which it differs by less than 0.9 s",
}
# Where the clock is to which times are told: TIMEREF of GADF, TREFPOS of FITS (Rots et al. 2015, table 3).
PLACES = {
    "local": "local",
    "topocenter": "local",
    "topocent": "local",
    "relocatable": "local",  # of simulations
    "relocata": "local",
    "geocentric": "geocentric",
    "geocenter": "geocentric",
    "geocente": "geocentric",
    "heliocentric": "heliocentric",
    "heliocenter": "heliocentric",
    "heliocen": "heliocentric",
    "solarsystem": "solarsystem",
    "barycenter": "solarsystem",
    "barycent": "solarsystem",
}
_EARLIEST_MJD, _LATEST_MJD = 0, 100_000
LONGEST_S = 1e10  # mission seconds: 316 years; CTAO may count from MJD 0, 1858
_ZEROS = ("TIMEZERO", "TIMEOFFS")
# Units of time as people write them; FITS and astropy know "s" and "d".
_UNITS = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "day": "d", "days": "d"}


def reference_mjd(header: Mapping[str, Any], where: str) -> tuple[int, float]:
    """Whole days and fraction of the MJD since which the times of a header count.

    Parameters
    ----------
    header : keywords and values: MJDREFI with MJDREFF, or MJDREF; the pair wins
    where : file and HDU, for messages

    Raises DataError where they are missing or no days from 1858 to 2132. Source: FITS standard 4.0, section 9.2.2.
    """
    pair = [header.get("MJDREFI"), header.get("MJDREFF")]
    if None not in pair:
        whole, fraction = (_days(value, "MJDREFI and MJDREFF", where) for value in pair)
    elif header.get("MJDREF") is not None:
        whole, fraction = _days(header["MJDREF"], "MJDREF", where), 0.0
    elif pair[0] is not None:
        whole, fraction = _days(pair[0], "MJDREFI", where), 0.0
    else:
        raise DataError(
            f"{where} does not say since when its times count: wanted is MJDREFI with MJDREFF, or MJDREF."
        )
    if not abs(fraction) < 1:
        raise DataError(f"{where} has MJDREFF {fraction:g}; wanted is a fraction of a day, from 0 to 1.")
    if not _EARLIEST_MJD <= whole + fraction <= _LATEST_MJD:
        raise DataError(
            f"{where} counts its times since MJD {whole + fraction:g}; wanted is a day from 1858 to 2132."
        )
    rest = whole % 1
    return int(whole - rest), fraction + rest


def _days(value: Any, keyword: str, where: str) -> float:
    return finite_number(value, keyword, where, "a number of days")


def scale_of(header: Mapping[str, Any], where: str) -> tuple[str, float]:
    """The scale of `SCALES` that TIMESYS says, and by how many seconds its clock is behind that scale.

    Parameters
    ----------
    header : keywords and values. A missing TIMESYS is taken as TT, with a remark
    where : file and HDU, for messages

    Raises DataError for a word that FITS does not know. Source: FITS standard 4.0, table 30.
    """
    system = header.get("TIMESYS")
    if system is None or not str(system).strip():
        remark(f"{where} has no TIMESYS; its times are taken as TT.")
        return "tt", 0.0
    # The realization of a scale stands in brackets, as in TT(TAI).
    word = str(system).partition("(")[0].strip().lower()
    if word not in _WORDS:
        raise DataError(
            f"{where} has TIMESYS {system!r}; wanted is one of TT, TDT, ET, TAI, IAT, UTC, GMT, UT, UT1, GPS, TDB, "
            "TCB, TCG, LOCAL."
        )
    if word in _TAKEN_AS:
        remark(f"{where} has TIMESYS {system!r}; its times are taken {_TAKEN_AS[word]}.")
    return _WORDS[word], _GPS_S if word == "gps" else 0.0


def time_zero(header: Mapping[str, Any], where: str) -> float:
    """TIMEZERO and TIMEOFFS, which are added to all mission times of a table; float in s, 0 where there is none.

    Parameters
    ----------
    header : keywords and values
    where : file and HDU, for messages

    Raises DataError where one is no number of mission seconds. Source: FITS standard 4.0, section 9.4.1 (TIMEOFFS), and
    the OGIP memo 93-003 (TIMEZERO).
    """
    given = [(key, header[key]) for key in _ZEROS if header.get(key) not in (None, "", 0)]
    if not given:
        return 0.0
    unit = seconds_in_unit(header, where)
    zero = sum(unit * finite_number(value, key, where, "a number of seconds") for key, value in given)
    if not abs(zero) <= LONGEST_S:
        raise DataError(
            f"{where} has a {' and '.join(key for key, _ in given)} of {zero:g} s; wanted are at most {LONGEST_S:g} s."
        )
    return zero


def seconds_in_unit(header: Mapping[str, Any], where: str) -> float:
    """Seconds in the TIMEUNIT of a FITS header, the unit of TSTART and TSTOP; 1 where it has none.

    Parameters
    ----------
    header : keywords and values
    where : file and HDU, for messages

    Raises DataError where it is no unit of time. Source: FITS standard 4.0, section 9.3.
    """
    unit = time_unit(header)
    if unit == "s":
        return 1.0
    try:
        return float(u.Unit(unit).to("s"))
    except (u.UnitConversionError, ValueError, TypeError):
        raise DataError(f"{where} has TIMEUNIT {unit!r}; wanted is a unit of time such as s or d.") from None


def mission_seconds(table: BinTable, name: str, where: str) -> np.ndarray:
    """Mission times of a column, float array (n,) in s: in its unit, else TIMEUNIT, else s, with a remark.

    Parameters
    ----------
    table : `BinTable`
    name : the column
    where : file and HDU, for messages

    Raises DataError where there is no such column, or its unit is none of time.
    """
    values = row_values(table, name, "s", where, time_unit(table.header))
    if "TIMEUNIT" not in table.header and not (table.columns[name].unit or "").strip():
        remark(f"The column {name} of {where} has no unit; its times are taken as seconds.")
    return values


def time_unit(header: Mapping[str, Any]) -> str:
    """TIMEUNIT of a FITS header as astropy knows it, "s" where there is none. header: keywords and values."""
    unit = str(header.get("TIMEUNIT") or "s").strip() or "s"
    return _UNITS.get(unit.lower(), unit)


def has_place(header: Mapping[str, Any]) -> bool:
    """Whether a FITS header says where its clock is. header: keywords and values."""
    return bool({"TIMEREF", "TREFPOS"} & set(header))


def place_of(header: Mapping[str, Any], where: str) -> str:
    """The place of the clock that a header names; one that nobody knows is taken as LOCAL, with a remark.

    Parameters
    ----------
    header : keywords and values
    where : file and HDU, for messages
    """
    named = (str(header.get(keyword) or "").strip() for keyword in ("TIMEREF", "TREFPOS"))
    word = next(filter(None, named), "LOCAL")
    place = PLACES.get(word.lower())
    if place is None:
        remark(
            f"{where} has TIMEREF {word!r}, which is not known; its times are taken as those at the observatory."
        )
    elif place != "local":
        remark(f"{where} has TIMEREF {word!r}; its times are not those at the observatory.")
    return place or "local"
