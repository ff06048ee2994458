"""Mission times: seconds since a reference epoch inside, `Time` outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.files.numbers import finite_number
from tevcurve.problems import remark

# What FITS (Rots et al. 2015, table 2) and astropy call the same scale; UT1 and GPS are not taken.
_SCALES = {"tt": "tt", "tdt": "tt", "et": "tt", "tai": "tai", "iat": "tai", "utc": "utc", "tdb": "tdb"}
# Where the clock is to which times are told: TIMEREF of GADF, TREFPOS of FITS (Rots et al. 2015, table 3).
_PLACES = {
    "local": "local",
    "topocenter": "local",
    "topocent": "local",
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
_DAY = 86400.0
_EARLIEST_MJD, _LATEST_MJD = 0, 100_000
LONGEST_S = 5e9  # mission seconds: 158 years
# Below this many seconds a float64 is finer than a `Time`, so that seconds are whole nanoseconds there.
_FINER_THAN_TIME = 2.0**19


@dataclass(frozen=True)
class TimeReference:
    """The epoch that mission times count from, and their scale.

    Mission times are elapsed SI seconds since MJD `mjdrefi + mjdreff` in `scale`; with `utc` they go through
    leap seconds as a clock does, so that one second is one second.

    mjdrefi: whole days (MJD). mjdreff: the fraction of a day. scale: "tt", "tai", "utc" or "tdb".
    place: where the light is when its time is told: "local" (at the observatory), "geocentric", "heliocentric" or
        "solarsystem" (at its barycentre).
    """

    mjdrefi: int
    mjdreff: float
    scale: str = "tt"
    place: str = "local"

    def __post_init__(self) -> None:
        if self.place not in set(_PLACES.values()):
            raise InputError(
                f"The place of a clock is {self.place!r}; wanted is local, geocentric, heliocentric or solarsystem."
            )
        if self.scale not in set(_SCALES.values()):
            raise InputError(f"The time scale is {self.scale!r}; wanted is one of tt, tai, utc, tdb.")
        if not np.isfinite(self.mjdrefi + self.mjdreff):
            raise InputError(f"The reference MJD is {self.mjdrefi} + {self.mjdreff}; wanted are finite days.")

    @classmethod
    def from_header(cls, header: Mapping[str, Any], where: str) -> "TimeReference":
        """The reference that a FITS header states with MJDREFI and MJDREFF (or MJDREF), TIMESYS and TIMEREF.

        Parameters
        ----------
        header : keywords and values
        where : the file and HDU, for messages

        Raises DataError where a keyword is missing or cannot be used. A missing TIMESYS is taken as TT, with a
        remark; a missing TIMEREF as LOCAL. Source: GADF, "Time"; FITS standard 4.0, section 9.2.2 (the pair wins over
        the single value).
        """
        whole, fraction = _reference_mjd(header, where)
        system = header.get("TIMESYS")
        if system is None:
            remark(f"{where} has no TIMESYS; its times are taken as TT.")
            system = "TT"
        # The realization of a scale stands in brackets, as in TT(TAI).
        scale = _SCALES.get(str(system).partition("(")[0].strip().lower())
        if scale is None:
            raise DataError(f"{where} has TIMESYS {system!r}; wanted is one of TT, TAI, UTC, TDB.")
        for keyword in ("TIMEZERO", "TIMEOFFS"):
            if header.get(keyword, 0) != 0:
                raise DataError(f"{where} has {keyword} {header[keyword]!r}; only 0 is supported.")
        if not _EARLIEST_MJD <= whole + fraction <= _LATEST_MJD:
            raise DataError(
                f"{where} counts its times since MJD {whole + fraction:g}; wanted is a day from 1858 to 2132."
            )
        return cls(whole, fraction, scale, _place(header, where))

    @classmethod
    def from_time(cls, time: Time) -> "TimeReference":
        """The reference at the start of the day of a `Time`, in the time's scale where that is supported.

        time: of any shape.
        """
        time = time if time.scale in _SCALES else time.tt
        return cls(int(np.floor(np.min(time.mjd))), 0.0, time.scale)

    def to_time(self, seconds: float | np.ndarray) -> Time:
        """`Time` of mission times.

        seconds: float or array, mission seconds. From 2^19 s (six days) on `to_seconds` gives every float64
        back exactly; below that, every whole number of nanoseconds (a `Time` resolves about 0.01 ns).
        """
        seconds = np.asarray(seconds, dtype=float)
        scale, jd1, jd2 = _epoch(self)
        days = np.round(seconds / _DAY)
        time = Time(jd1 + days, jd2 + (seconds - days * _DAY) / _DAY, format="jd", scale=scale)
        time = time.utc if self.scale == "utc" else time
        time.format = "mjd"
        return time

    def to_seconds(self, time: Time) -> np.ndarray:
        """Mission seconds, float64 of the shape of `time`: the exact inverse of `to_time`.

        time: `Time` of any scale that needs no table of the Earth's rotation.
        """
        scale, jd1, jd2 = _epoch(self)
        time = getattr(time, scale)
        days = np.round(time.jd1 - jd1)
        rest = (time.jd1 - jd1 - days) + (time.jd2 - jd2)
        seconds = days * _DAY + rest * _DAY
        return np.where(np.abs(seconds) < _FINER_THAN_TIME, np.round(seconds, 9), seconds)[()]

    def convert(self, seconds: float | np.ndarray, reference: "TimeReference") -> np.ndarray:
        """Mission seconds of another `reference`, float64, as mission seconds of this one.

        Parameters
        ----------
        seconds : mission seconds of `reference`
        reference : what they count from
        """
        if reference == self:
            return np.asarray(seconds, dtype=float)
        return self.to_seconds(reference.to_time(seconds))

    def to_header(self) -> dict[str, Any]:
        """The FITS keywords of this reference, as a dict."""
        return {
            "MJDREFI": self.mjdrefi,
            "MJDREFF": self.mjdreff,
            "TIMESYS": self.scale.upper(),
            "TIMEUNIT": "s",
            "TIMEREF": self.place.upper(),
        }

    def __str__(self) -> str:
        return f"MJD {self.mjdrefi} + {self.mjdreff:.12g} ({self.scale.upper()})"


@lru_cache(maxsize=256)
def _epoch(reference: TimeReference) -> tuple[str, float, float]:
    """Scale in which seconds are counted, and the epoch in it as Julian days in two parts."""
    if reference.scale != "utc":
        return reference.scale, 2400000.5 + reference.mjdrefi, reference.mjdreff
    # In UTC days have no fixed length: count in TAI.
    epoch = Time(reference.mjdrefi, reference.mjdreff, format="mjd", scale="utc").tai
    return "tai", float(epoch.jd1), float(epoch.jd2)


def check_seconds(seconds: Any, name: str, where: str) -> None:
    """None where mission times (array, s) can be told as dates; raises DataError, naming them, otherwise.

    Parameters
    ----------
    seconds : mission times, s
    name : what they are, for the message
    where : file and HDU, for messages
    """
    seconds = np.asarray(seconds)
    far = ~(np.abs(seconds) <= LONGEST_S)
    if np.any(far):
        raise DataError(
            f"{name} of {where} has {seconds[far].flat[0]} s; wanted are mission times of at most {LONGEST_S:g} s."
        )


def seconds_in_unit(header: Mapping[str, Any], where: str) -> float:
    """Seconds in the TIMEUNIT of a FITS header, the unit of TSTART and TSTOP; 1 where it has none.

    Parameters
    ----------
    header : keywords and values
    where : file and HDU, for messages

    Raises DataError where it is no unit of time. Source: FITS standard 4.0, section 9.3.
    """
    unit = str(header.get("TIMEUNIT", "s")).strip()
    if unit in ("s", ""):
        return 1.0
    try:
        return float(u.Unit(unit).to("s"))
    except (u.UnitConversionError, ValueError, TypeError):
        raise DataError(f"{where} has TIMEUNIT {unit!r}; wanted is a unit of time such as s or d.") from None


def has_place(header: Mapping[str, Any]) -> bool:
    """Whether a FITS header says where its clock is. header: keywords and values."""
    return bool({"TIMEREF", "TREFPOS"} & set(header))


def _place(header: Mapping[str, Any], where: str) -> str:
    """The place of the clock that a header names; one that nobody knows is taken as LOCAL, with a remark."""
    word = str(header.get("TIMEREF", header.get("TREFPOS", "LOCAL"))).strip()
    place = _PLACES.get(word.lower())
    if place is None:
        remark(
            f"{where} has TIMEREF {word!r}, which is not known; its times are taken as those at the observatory."
        )
    elif place != "local":
        remark(f"{where} has TIMEREF {word!r}; its times are not those at the observatory.")
    return place or "local"


def _reference_mjd(header: Mapping[str, Any], where: str) -> tuple[int, float]:
    """Whole days and fraction of the reference MJD."""
    pair = [header.get("MJDREFI"), header.get("MJDREFF")]
    if None not in pair:
        whole, fraction = (_number(value, "MJDREFI and MJDREFF", where) for value in pair)
    elif header.get("MJDREF") is not None:
        whole, fraction = _number(header["MJDREF"], "MJDREF", where), 0.0
    elif pair[0] is not None:
        whole, fraction = _number(pair[0], "MJDREFI", where), 0.0
    else:
        raise DataError(
            f"{where} does not say since when its times count: wanted is MJDREFI with MJDREFF, or MJDREF."
        )
    if not abs(fraction) < 1:
        raise DataError(f"{where} has MJDREFF {fraction:g}; wanted is a fraction of a day, from 0 to 1.")
    rest = whole % 1
    return int(whole - rest), fraction + rest


def _number(value: Any, keyword: str, where: str) -> float:
    return finite_number(value, keyword, where, "a number of days")
