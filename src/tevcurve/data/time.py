"""Mission times: seconds since a reference epoch inside, `Time` outside."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from astropy.time import Time

from tevcurve.data.time_keywords import (
    LONGEST_S,
    PLACES,
    SCALES,
    place_of,
    reference_mjd,
    scale_of,
    time_zero,
)
from tevcurve.errors import DataError, InputError
from tevcurve.leap_seconds import as_if_none_were_to_come, as_utc, in_scale, utc_if_known

_DAY = 86400.0
# Below this many seconds a float64 is finer than a `Time`, so that seconds are whole nanoseconds there.
_FINER_THAN_TIME = 2.0**19


@dataclass(frozen=True)
class TimeReference:
    """The epoch that mission times count from, and their scale.

    Mission times are elapsed SI seconds since MJD `mjdrefi + mjdreff` in `scale`; with `utc` they go through
    leap seconds as a clock does, so that one second is one second. Those in `ut1`, counted by
    the Earth's rotation, are told as UTC.

    mjdrefi: whole days (MJD). mjdreff: the fraction of a day. scale: "tt", "tai", "utc", "tdb", "tcg", "tcb" or "ut1".
    place: where the light is when its time is told: "local" (at the observatory), "geocentric", "heliocentric" or
        "solarsystem" (at its barycentre).
    """

    mjdrefi: int
    mjdreff: float
    scale: str = "tt"
    place: str = "local"

    def __post_init__(self) -> None:
        if self.place not in set(PLACES.values()):
            raise InputError(
                f"The place of a clock is {self.place!r}; wanted is local, geocentric, heliocentric or solarsystem."
            )
        if self.scale not in SCALES:
            raise InputError(f"The time scale is {self.scale!r}; wanted is one of {', '.join(SCALES)}.")
        if not np.isfinite(self.mjdrefi + self.mjdreff):
            raise InputError(f"The reference MJD is {self.mjdrefi} + {self.mjdreff}; wanted are finite days.")

    @classmethod
    def from_header(cls, header: Mapping[str, Any], where: str, zero: bool = True) -> "TimeReference":
        """The reference that a FITS header states with MJDREFI and MJDREFF (or MJDREF), TIMEZERO, TIMESYS and TIMEREF.

        Parameters
        ----------
        header : keywords and values
        where : the file and HDU, for messages
        zero : whether TIMEZERO (or TIMEOFFS) counts, which is added to the reference MJD

        Raises DataError where a keyword is missing or cannot be used. A missing TIMESYS is taken as TT, with a
        remark; a missing TIMEREF as LOCAL. Source: GADF, "Time"; FITS standard 4.0, section 9.
        """
        whole, fraction = reference_mjd(header, where)
        scale, behind = scale_of(header, where)
        later = behind + (time_zero(header, where) if zero else 0.0)
        return cls(whole, fraction, scale, place_of(header, where)).later(later)

    @classmethod
    def from_time(cls, time: Time) -> "TimeReference":
        """The reference at the start of the day of a `Time`, in the time's scale where that is supported.

        time: of any shape.
        """
        time = time if time.scale in SCALES else time.tt
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
        if scale == "ut1":
            time.delta_ut1_utc = _ut1_minus_utc(time)
        time = utc_if_known(time) if self.scale in ("utc", "ut1") else time
        time.format = "mjd"
        return time

    def to_seconds(self, time: Time) -> np.ndarray:
        """Mission seconds, float64 of the shape of `time`: the exact inverse of `to_time`.

        time: `Time` of any scale that needs no table of the Earth's rotation.
        """
        scale, jd1, jd2 = _epoch(self)
        if scale == "ut1" and time.scale != "ut1":
            time = as_utc(time)
            time.delta_ut1_utc = _ut1_minus_utc(time)
        time = in_scale(time, scale)
        days = np.round(time.jd1 - jd1)
        rest = (time.jd1 - jd1 - days) + (time.jd2 - jd2)
        seconds = days * _DAY + rest * _DAY
        return np.where(np.abs(seconds) < _FINER_THAN_TIME, np.round(seconds, 9), seconds)[()]

    def later(self, seconds: float) -> "TimeReference":
        """The reference that many seconds later. seconds: SI seconds, of any sign."""
        if not seconds:
            return self
        scale, jd1, jd2 = _epoch(self)
        # Whole days apart from the rest, which keeps the nanoseconds.
        days, rest = divmod(seconds, _DAY)
        time = Time(jd1 + days, jd2 + rest / _DAY, format="jd", scale=scale)
        time = in_scale(time, self.scale)
        whole = np.floor(time.jd1 - 2400000.5)
        return replace(self, mjdrefi=int(whole), mjdreff=float(time.jd1 - 2400000.5 - whole + time.jd2))

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
    with as_if_none_were_to_come():
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


def _ut1_minus_utc(time: Time) -> np.ndarray:
    """UT1 - UTC in s, float array of the shape of a `Time`; 0 where the table that comes with astropy ends."""
    # 20 ms that nearly nobody needs.
    from astropy.utils.iers import IERS_B

    values, status = IERS_B.open().ut1_utc(time.jd1, time.jd2, return_status=True)
    return np.where(status == 0, values.to_value("s"), 0.0)
