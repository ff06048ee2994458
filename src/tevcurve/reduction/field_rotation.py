"""How a field of view that is fixed to the horizon turns under the sky.

The hour angle is had from UTC instead of UT1, and without polar motion: at most 0.9 s, or 0.004 deg, which the
background does not see, and it needs no table from the network.
"""

import numpy as np

# A slice turns by less than this.
MAX_ROTATION = np.deg2rad(0.5)


def rotation_slices(pointing, span, reference, location):
    """Edges in mission seconds of slices of a run in which the horizontal frame turns by less than 0.5 deg.

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
    times = np.linspace(*span, max(2, int(np.ceil((span[1] - span[0]) / 20.0)) + 1))
    angles = np.unwrap(
        _parallactic_angle(*_hour_angle(*pointing, reference.to_time(times), location), location.lat.rad)
    )
    turned = np.abs(np.diff(angles)).sum()
    n_slices = int(turned // MAX_ROTATION) + 1
    # Slices of equal rotation, not of equal length: near the zenith the field turns fast.
    progress = np.append(0, np.cumsum(np.abs(np.diff(angles))))
    if progress[-1] == 0:
        return np.array(span)
    edges = np.interp(np.linspace(0, progress[-1], n_slices + 1), progress, times)
    edges[0], edges[-1] = span
    return edges


def horizontal_lonlat(lon, lat, time, location):
    """Azimuth (from north over east) and altitude in radian of ICRS directions in radian, without refraction.

    Parameters
    ----------
    lon, lat : float arrays (n,), radian
    time : `Time`, scalar
    location : `EarthLocation`
    """
    hour_angle, declination = _hour_angle(lon, lat, time, location)
    latitude = location.lat.rad
    north = np.sin(declination) * np.cos(latitude) - np.cos(declination) * np.sin(latitude) * np.cos(
        hour_angle
    )
    east = -np.cos(declination) * np.sin(hour_angle)
    up = np.sin(declination) * np.sin(latitude) + np.cos(declination) * np.cos(latitude) * np.cos(hour_angle)
    return np.arctan2(east, north), np.arctan2(up, np.hypot(east, north))


def _hour_angle(lon, lat, time, location):
    """Hour angle and declination of date in radian of ICRS directions (radian) at times; they broadcast."""
    import erfa

    tt, utc = time.tt, time.utc
    matrix = erfa.pnm06a(tt.jd1, tt.jd2)
    direction = np.einsum("...ij,...j->...i", matrix, erfa.s2c(lon, lat))
    right_ascension, declination = erfa.c2s(direction)
    sidereal = erfa.gst06a(utc.jd1, utc.jd2, tt.jd1, tt.jd2) + location.lon.rad
    return sidereal - right_ascension, declination


def _parallactic_angle(hour_angle, declination, latitude):
    """Angle between the pole and the zenith seen from a direction, radian."""
    y = np.sin(hour_angle) * np.cos(latitude)
    x = np.sin(latitude) * np.cos(declination) - np.cos(latitude) * np.sin(declination) * np.cos(hour_angle)
    return np.arctan2(y, x)
