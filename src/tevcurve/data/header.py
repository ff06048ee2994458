"""What the header of an EVENTS table says about its run."""

from dataclasses import dataclass
from datetime import date as Date
from functools import cached_property
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord

from tevcurve.data.time import TimeReference, check_seconds
from tevcurve.data.time_keywords import seconds_in_unit, time_zero
from tevcurve.errors import DataError
from tevcurve.files import header_number, number_of
from tevcurve.problems import remark

# GADF "OBS_MODE": modes in which the field of view moves over the sky during the run.
_MOVING = {
    "DRIFT": "the telescopes stood still while the sky drifted by",
    "SLEW": "the telescopes were slewing",
    "SCAN": "the telescopes scanned the sky",
    "RASTER": "the telescopes stepped over a raster",
}
_LEAST_DEADC = 0.001
# By how much on-time and live time may differ, relative, from what they follow from: fluxes would be off by as much.
_TIME_AGREES = 0.01
# By what factor DEADC may be off from live time over on-time: which of them is right nobody knows.
_TIME_CONTRADICTS = 1.25
_LOWEST_SITE_M = 10.0
_MJD_ZERO = 678576  # 1858-11-17 as `datetime` counts days
_DATES_AGREE = 2.0
_FRAMES = ("FK5", "ICRS", "J2000", "FK5(J2000)")
_STRUCTURE = (
    "XTENSION",
    "BITPIX",
    "NAXIS",
    "PCOUNT",
    "GCOUNT",
    "TFIELDS",
    "TTYPE",
    "TFORM",
    "TUNIT",
    "COMMENT",
)


@dataclass(frozen=True)
class RunHeader:
    """Pointing, times, dead time and site of a run; each is read, and complained about, when it is asked for.

    header: FITS header of the EVENTS table. where: file and HDU, for messages.
    times_from_zero, span_from_zero: whether the times of the events, and TSTART and TSTOP, count from TIMEZERO
        (`with_time_zero` finds out).

    It has so many methods as each thing that a header says has its own, with the checks of its keywords.
    """

    header: Any
    where: str
    times_from_zero: bool = True
    span_from_zero: bool = True

    @cached_property
    def reference(self):
        """`TimeReference` of the run."""
        return TimeReference.from_header(self.header, self.where, self.times_from_zero)

    @cached_property
    def time_zero_s(self):
        """TIMEZERO and TIMEOFFS, float in s; 0 where there is none."""
        return time_zero(self.header, self.where)

    @cached_property
    def span_s(self):
        """TSTART and TSTOP, two floats in mission seconds."""
        start, stop = self.raw_span_s
        zero = self.time_zero_s if self.times_from_zero and not self.span_from_zero else 0.0
        return start - zero, stop - zero

    @property
    def has_span(self):
        """Whether the header has TSTART and TSTOP."""
        return all(self.header.get(key) is not None for key in ("TSTART", "TSTOP"))

    @cached_property
    def raw_span_s(self):
        """TSTART and TSTOP as they stand there, two floats in s."""
        unit = seconds_in_unit(self.header, self.where)
        start, stop = (unit * header_number(self.header, key, self.where) for key in ("TSTART", "TSTOP"))
        check_seconds([start, stop], "TSTART or TSTOP", self.where)
        if not start < stop:
            raise DataError(
                f"{self.where} has TSTART {start} and TSTOP {stop}; it has to stop later than it starts."
            )
        return start, stop

    @cached_property
    def pointing_lonlat(self):
        """Right ascension and declination of the pointing, two floats in radian (FK5 is taken as ICRS)."""
        lon, lat = self._pointing_deg
        return float(np.deg2rad(lon)), float(np.deg2rad(lat))

    @cached_property
    def pointing(self):
        """`SkyCoord` of the pointing, ICRS (FK5 is taken as ICRS: they differ by 0.02 arcsec)."""
        # From the header's degrees, so that they come back as they were written.
        return SkyCoord(*self._pointing_deg, unit="deg", frame="icrs")

    @cached_property
    def _pointing_deg(self):
        check_frame(self.header, self.where)
        lon, lat = (header_number(self.header, key, self.where) for key in ("RA_PNT", "DEC_PNT"))
        for key, value, lowest, highest in (("RA_PNT", lon, -360, 720), ("DEC_PNT", lat, -90, 90)):
            if not lowest <= value <= highest:
                raise DataError(
                    f"{self.where} has {key} {value}; wanted are degrees from {lowest} to {highest}."
                )
        # Some count on beyond a turn.
        return (lon if lon <= 360 else lon - 360), lat

    @cached_property
    def deadc(self):
        """Live time over on-time, float in (0, 1].

        Where the header has no DEADC, its LIVETIME over its ONTIME is taken, with a remark. Raises DataError where
        there is neither, or where they contradict each other by more than a quarter: fluxes would be off by as much.
        """
        ratio = self._live_share
        if self.header.get("DEADC") is None and ratio is not None:
            remark(f"{self.where} has no DEADC; its LIVETIME over its ONTIME is taken, {ratio:.4g}.")
            return ratio
        deadc = header_number(self.header, "DEADC", self.where)
        if not _LEAST_DEADC <= deadc <= 1:
            raise DataError(
                f"{self.where} has DEADC {deadc}; wanted is live time over on-time, from {_LEAST_DEADC} to 1."
            )
        if ratio is not None and not 1 / _TIME_CONTRADICTS < deadc / ratio < _TIME_CONTRADICTS:
            raise DataError(
                f"{self.where} has DEADC {deadc:g}, and its LIVETIME of {self._seconds('LIVETIME'):g} s is {ratio:.4g} "
                f"of its ONTIME of {self._seconds('ONTIME'):g} s; wanted are keywords that agree, since fluxes are off "
                "by as much as they do not."
            )
        return deadc

    def _seconds(self, key):
        """ONTIME or LIVETIME, float above 0, None where the header does not say."""
        seconds = number_of(self.header.get(key))
        return seconds if seconds is not None and seconds > 0 else None

    @property
    def _live_share(self):
        """LIVETIME over ONTIME, float in (0, 1], None where the header has no such two."""
        ontime, livetime = self._seconds("ONTIME"), self._seconds("LIVETIME")
        if ontime is None or livetime is None or not _LEAST_DEADC <= livetime / ontime <= 1 + _TIME_AGREES:
            return None
        return min(livetime / ontime, 1.0)

    def contradictions(self, good_time_s):
        """What the header says of on-time and live time that does not fit its DEADC or the good time, list of str.

        good_time_s: float, sum of the good time intervals.
        """
        ontime, livetime = (number_of(self.header.get(key)) for key in ("ONTIME", "LIVETIME"))
        found = []
        if ontime is not None and not abs(ontime - good_time_s) <= _TIME_AGREES * good_time_s + 1:
            found.append(
                f"{self.where} has ONTIME {ontime:g} s, and its good time intervals are {good_time_s:g} s in all; "
                "these are taken."
            )
        if livetime is not None and self.header.get("DEADC") is not None:
            expected = self.deadc * (ontime or good_time_s)
            if not abs(livetime - expected) <= _TIME_AGREES * expected + 1:
                found.append(
                    f"{self.where} has LIVETIME {livetime:g} s, and its DEADC {self.deadc:g} gives {expected:g} s of "
                    f"{ontime or good_time_s:g} s; DEADC is taken."
                )
        return found

    def date_contradiction(self):
        """What DATE-OBS says that TSTART does not, in words; "" where they agree or one is not there.

        To two days: dates have no scale, and a night two.
        """
        try:
            date = Date.fromisoformat(str(self.header.get("DATE-OBS")).strip()[:10])
            start = self.reference.mjdrefi + self.reference.mjdreff + self.span_s[0] / 86400
        except (ValueError, DataError):
            return ""
        days = start - (date.toordinal() - _MJD_ZERO)
        if abs(days) < _DATES_AGREE:
            return ""
        return (
            f"{self.where} has DATE-OBS {date}, and its TSTART is MJD {start:.2f}, {abs(days):.4g} days "
            f"{'later' if days > 0 else 'earlier'}; this is taken, and times are wrong where MJDREFI or MJDREFF is."
        )

    @property
    def instrument(self):
        """TELESCOP, else INSTRUME, str; "" where the header has neither."""
        return instrument_of(self.header)

    @property
    def subsystem(self):
        """INSTRUME where that says more than TELESCOP, "H.E.S.S. Phase I" of HESS, str; "" where it does not."""
        said = self.header.get("INSTRUME")
        said = said.strip() if isinstance(said, str) else ""
        return "" if letters(said) == letters(self.instrument) else said

    @property
    def target_name(self):
        """Name of the target, "" where the header has none."""
        return str(self.header.get("OBJECT", "")).strip()

    @property
    def obs_mode(self):
        """Observation mode in capitals, "" where the header has none."""
        return str(self.header.get("OBS_MODE", "")).strip().upper()

    @property
    def zenith(self):
        """Zenith angle of the pointing, Quantity in deg: the mean over the run."""
        return (90 - header_number(self.header, "ALT_PNT", self.where)) * u.deg

    @property
    def azimuth(self):
        """Azimuth of the pointing, Quantity in deg, from north towards east: the mean over the run."""
        return header_number(self.header, "AZ_PNT", self.where) * u.deg

    @cached_property
    def location(self):
        """`EarthLocation` of the observatory: GEOLON, GEOLAT and ALTITUDE of GADF, or OBSGEO-L, -B and -H of FITS."""
        keywords = [self._first_of("GEOLON", "OBSGEO-L"), self._first_of("GEOLAT", "OBSGEO-B")]
        lon, lat = (header_number(self.header, key, self.where) for key in keywords)
        if abs(lat) > 90 >= abs(lon):
            remark(
                f"{self.where} has GEOLAT {lat:g} and GEOLON {lon:g}, which are taken the other way round."
            )
            lon, lat = lat, lon
        height = self._height_m
        if abs(lon) > 360 or abs(lat) > 90 or abs(height) > 1e5:
            raise DataError(
                f"{self.where} has GEOLON {lon}, GEOLAT {lat} and ALTITUDE {height}; wanted is a place on the Earth "
                "in deg and m."
            )
        return EarthLocation.from_geodetic(lon * u.deg, lat * u.deg, height * u.m)

    @property
    def _height_m(self):
        """Height of the observatory, float in m."""
        keyword = self._first_of("ALTITUDE", "GEOALT", "OBSGEO-H")
        height = header_number(self.header, keyword, self.where)
        if 0 < height < _LOWEST_SITE_M:
            remark(f"{self.where} has {keyword} {height:g}, which is taken as km: no observatory is so low.")
            return 1000 * height
        return height

    def _first_of(self, *keywords):
        """The first of some keywords that the header has, or else the first one of all."""
        return next((key for key in keywords if self.header.get(key) is not None), keywords[0])

    @property
    def fov_lon_sign(self):
        """How field-of-view longitude lies on the sky: 1 where it grows with right ascension or azimuth, else -1.

        GADF lets it fall ("Coordinates", field of view); the exporter of the first H.E.S.S. release let it grow.
        """
        exporter = str(self.header.get("CREATOR", "")).strip(), str(self.header.get("HDUVERS", "")).strip()
        return 1 if exporter == ("SASH FITS::EventListWriter", "0.2") else -1

    @property
    def meta(self):
        """The header's keywords as a new dict, without those of the table's layout."""
        return {key: value for key, value in self.header.items() if key and not key.startswith(_STRUCTURE)}

    def check_tracking(self):
        """None where the run tracks a fixed position of the sky; raises DataError with the reason otherwise."""
        for mode, reason in _MOVING.items():
            if self.obs_mode.startswith(mode):
                raise DataError(
                    f"{self.where} has OBS_MODE {self.obs_mode}: {reason}; wanted is a run that tracks a position."
                )


def instrument_of(header):
    """TELESCOP of a header, else INSTRUME, str; "" where it has neither. header: anything with `get`."""
    names = (header.get(key) for key in ("TELESCOP", "INSTRUME"))
    return next((name.strip() for name in names if isinstance(name, str) and name.strip()), "")


def letters(name):
    """The letters and digits of a name without capitals, str: "H.E.S.S." is "hess". name: str."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def check_frame(header, where):
    """None where the header's coordinates can be taken as ICRS; raises DataError otherwise.

    Parameters
    ----------
    header : dict-like, of the table with the coordinates
    where : str, the file and the HDU, for messages
    """
    frame = str(header.get("RADECSYS") or header.get("RADESYS") or "ICRS").strip().upper()
    if frame not in _FRAMES:
        raise DataError(f"{where} has RADECSYS {frame!r}; wanted is one of {', '.join(_FRAMES)}.")
    equinox = header.get("EQUINOX")
    # Where a frame is named ICRS, FITS lets the equinox mean nothing; where none is named, it says which FK it is.
    named = header.get("RADECSYS") or header.get("RADESYS")
    if equinox is not None and str(equinox).strip() and (frame != "ICRS" or not named):
        check_equinox(equinox, where)


def check_equinox(equinox, where):
    """None where an equinox (number, or text such as "J2000.0") is that of J2000; raises DataError otherwise.

    By a century's precession coordinates move by 1.4 deg.

    Parameters
    ----------
    equinox : float or str
    where : str, the file and the HDU, for messages
    """
    try:
        year = float(str(equinox).strip().upper().removeprefix("J"))
    except ValueError:
        year = float("nan")
    if year != 2000:
        raise DataError(f"{where} has EQUINOX {equinox!r}; wanted are coordinates of J2000.")
