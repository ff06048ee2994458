"""How a field of view that is fixed to the horizon turns under the sky.

The hour angle is had from UTC instead of UT1, and without polar motion: at most 0.9 s, or 0.004 deg, which the
background does not see, and it needs no table from the network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tevcurve.kernels.sphere import field_of_view
from tevcurve.leap_seconds import as_utc

if TYPE_CHECKING:
    from astropy.coordinates import EarthLocation
    from astropy.time import Time

# (longitude, latitude) of positions in ICRS to those in a field of view, all in radian.
Coordinates = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
# A slice turns by no more than this.
MAX_ROTATION = np.deg2rad(0.5)
# Angles are had at such steps of the mission's clock.
_HOUR_S, _STEP_S = 3600.0, 20.0


class Clock(Protocol):
    """What mission seconds count from, as `tevcurve.data.time.TimeReference` does."""

    def to_time(self, seconds: np.ndarray) -> "Time":
        """The times at these. seconds: float array, mission seconds."""


class GoodTime(Protocol):
    """The good time of a run, as `tevcurve.data.GTI` has it."""

    @property
    def intervals(self) -> np.ndarray:
        """Start and stop of each, float array (n, 2), mission seconds."""

    @property
    def reference(self) -> Clock:
        """What these count from."""


def rotation_slices(
    pointing: tuple[float, float], span: tuple[float, float], reference: "Clock", location: "EarthLocation"
) -> np.ndarray:
    """Edges in mission seconds of slices of time in which the horizontal frame turns by no more than 0.5 deg.

    They are where its angle is a multiple of that, and each hour of the mission's clock: the same for a run and for
    each part of it. The first one is before the run or where it begins, the last one where it ends or after it.

    Parameters
    ----------
    pointing : (lon, lat), ICRS, radian
    span : (start, stop), mission seconds
    reference : `TimeReference` of these
    location : `EarthLocation` of the observatory

    Returns
    -------
    float array (n_slices + 1,)
    """
    first = int(np.floor(span[0] / _HOUR_S))
    last = max(int(np.ceil(span[1] / _HOUR_S)), first + 1)
    hours = [_turning_points(pointing, hour, reference, location) for hour in range(first, last)]
    edges = np.unique(np.concatenate([*hours, [last * _HOUR_S]]))
    begin = np.searchsorted(edges, span[0], side="right") - 1
    return edges[begin : max(np.searchsorted(edges, span[1]), begin + 1) + 1]


def _turning_points(
    pointing: tuple[float, float], hour: int, reference: "Clock", location: "EarthLocation"
) -> np.ndarray:
    """The edges of slices in an hour of the mission's clock, its begin among them, mission seconds."""
    times = _HOUR_S * hour + _STEP_S * np.arange(round(_HOUR_S / _STEP_S) + 1)
    hour_angle, declination = _hour_angle(*pointing, reference.to_time(times[[0, -1]]), location)
    share = np.linspace(0.0, 1.0, len(times))
    # Both go straight for an hour, to 1e-8 rad.
    at = [first + share * _wrapped(last - first) for first, last in (hour_angle, declination)]
    angle = _parallactic_angle(at[0], at[1], location.lat.rad)
    begin, turn = angle[:-1] / MAX_ROTATION, _wrapped(np.diff(angle)) / MAX_ROTATION
    low, high = np.floor(begin), np.floor(begin + turn)
    found = [times[:1]]
    for number in np.flatnonzero(low != high):
        passed = np.arange(min(low[number], high[number]) + 1, max(low[number], high[number]) + 1)
        found.append(times[number] + _STEP_S * (passed - begin[number]) / turn[number])
    return np.concatenate(found)


def _wrapped(angle: np.ndarray) -> np.ndarray:
    """Angles in radian between -pi and pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def horizontal_lonlat(
    lon: np.ndarray | float, lat: np.ndarray | float, time: "Time", location: "EarthLocation"
) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth (from north over east) and altitude in radian of ICRS directions in radian, without refraction.

    Parameters
    ----------
    lon, lat : float arrays (n,), radian
    time : `Time`, scalar
    location : `EarthLocation`
    """
    return _horizontal(*_hour_angle(lon, lat, time, location), location.lat.rad)


def horizontal_track(
    lon: np.ndarray | float,
    lat: np.ndarray | float,
    seconds: np.ndarray,
    reference: "Clock",
    location: "EarthLocation",
) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth and altitude in radian of one ICRS direction (radian) at many mission times, each (n,).

    Hour angle and declination are computed at most an hour apart and go straight between, to 1e-8 rad: precession and
    nutation at each of thousands of events would take seconds.

    Parameters
    ----------
    lon, lat : float, radian
    seconds : float array (n,), mission seconds
    reference : `TimeReference` of these
    location : `EarthLocation`
    """
    if not len(seconds):
        return np.zeros(0), np.zeros(0)
    first, last = np.min(seconds), np.max(seconds)
    nodes = np.linspace(first, last, int(np.ceil((last - first) / 3600.0)) + 2)
    hour_angle, declination = _hour_angle(lon, lat, reference.to_time(nodes), location)
    hour_angle = np.unwrap(hour_angle)
    at = [np.interp(seconds, nodes, values) for values in (hour_angle, declination)]
    return _horizontal(at[0], at[1], location.lat.rad)


def _horizontal(
    hour_angle: np.ndarray | float, declination: np.ndarray | float, latitude: float
) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth (from north over east) and altitude, radian."""
    north = np.sin(declination) * np.cos(latitude) - np.cos(declination) * np.sin(latitude) * np.cos(
        hour_angle
    )
    east = -np.cos(declination) * np.sin(hour_angle)
    up = np.sin(declination) * np.sin(latitude) + np.cos(declination) * np.cos(latitude) * np.cos(hour_angle)
    return np.arctan2(east, north), np.arctan2(up, np.hypot(east, north))


def _hour_angle(
    lon: np.ndarray | float, lat: np.ndarray | float, time: "Time", location: "EarthLocation"
) -> tuple[np.ndarray, np.ndarray]:
    """Hour angle and declination of date in radian of ICRS directions (radian) at times; they broadcast."""
    import erfa

    tt, utc = time.tt, as_utc(time)
    matrix = erfa.pnm06a(tt.jd1, tt.jd2)
    direction = np.einsum("...ij,...j->...i", matrix, erfa.s2c(lon, lat))
    right_ascension, declination = erfa.c2s(direction)
    sidereal = erfa.gst06a(utc.jd1, utc.jd2, tt.jd1, tt.jd2) + location.lon.rad
    return sidereal - right_ascension, declination


def _parallactic_angle(
    hour_angle: np.ndarray | float, declination: np.ndarray | float, latitude: float
) -> np.ndarray:
    """Angle between the pole and the zenith seen from a direction, radian."""
    y = np.sin(hour_angle) * np.cos(latitude)
    x = np.sin(latitude) * np.cos(declination) - np.cos(latitude) * np.sin(declination) * np.cos(hour_angle)
    return np.arctan2(y, x)


@dataclass(frozen=True, eq=False)
class BackgroundFrames:
    """Field-of-view coordinates of a run's background, slice by slice.

    Attributes
    ----------
    slice_edges : float array (n_slices + 1,), mission seconds, from the begin of the good time to its end
    coordinates : for each slice a function of (lon, lat) in ICRS radian that returns field-of-view (x, y) in radian
    """

    slice_edges: np.ndarray
    coordinates: tuple[Coordinates, ...]


def background_frames(
    pointing: tuple[float, float], gti: "GoodTime", location: "EarthLocation | None" = None
) -> BackgroundFrames:
    """The `BackgroundFrames` of a run.

    A background fixed to the horizon turns under the sky, so it is taken at the middle of slices in which it
    turns little, which are the same for all parts of a run, and of which some may begin before the run or end after it;
    one aligned with RA and Dec, or a round one, needs one slice.

    Parameters
    ----------
    pointing : (lon, lat), ICRS, radian
    gti : `GTI`, not empty
    location : `EarthLocation` for a background that turns with the horizon, else None
    """
    span = float(gti.intervals[0, 0]), float(gti.intervals[-1, 1])
    if location is None:
        return BackgroundFrames(np.array(span), (lambda lon, lat: field_of_view(lon, lat, *pointing),))
    edges = rotation_slices(pointing, span, gti.reference, location)
    middles = gti.reference.to_time(0.5 * (edges[1:] + edges[:-1]))

    def at(time: "Time") -> Coordinates:
        def coordinates(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            azimuth, altitude = horizontal_lonlat(np.ravel(lon), np.ravel(lat), time, location)
            x, y = field_of_view(azimuth, altitude, *horizontal_lonlat(*pointing, time, location))
            return x.reshape(np.shape(lon)), y.reshape(np.shape(lon))

        return coordinates

    edges[0], edges[-1] = span
    return BackgroundFrames(edges, tuple(at(time) for time in middles))
