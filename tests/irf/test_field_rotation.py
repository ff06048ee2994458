"""How the horizon turns under the sky, against astropy's AltAz without any table from the network."""

from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.utils.iers import conf, earth_orientation_table
from numpy.testing import assert_allclose

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.irf.field_rotation import (
    MAX_ROTATION,
    background_frames,
    horizontal_lonlat,
    horizontal_track,
    rotation_slices,
)
from tevcurve.kernels.sphere import angular_separation, field_of_view, position_angle

REFERENCE = TimeReference(51910, 0.000742870370370241)
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
START = 2.0e8
RUN = (START, START + 1680.0)
CRAB = np.deg2rad((83.63, 22.01))


def zenith_passage():
    """A position that passes 3 deg from the zenith of the site half an hour after START."""
    time = REFERENCE.to_time(START + 840)
    frame = AltAz(obstime=time, location=SITE)
    with earth_orientation_table.set(bundled_table()):
        position = SkyCoord(az=0 * u.deg, alt=87 * u.deg, frame=frame).icrs
    return position.ra.rad, position.dec.rad


def bundled_table():
    from astropy.utils.iers import IERS_B

    return IERS_B.open()


@pytest.fixture(autouse=True)
def without_network():
    with conf.set_temp("auto_download", False), earth_orientation_table.set(bundled_table()):
        yield


@pytest.mark.parametrize("position", [CRAB, np.deg2rad((266.4, -29.0)), np.deg2rad((10.0, 80.0))])
def test_horizontal_coordinates_are_astropys(position):
    lon, lat = position[0] + np.linspace(-0.05, 0.05, 7), position[1] + np.linspace(-0.04, 0.04, 7)
    for seconds in (START, START + 40000, START + 2e8):
        time = REFERENCE.to_time(seconds)
        azimuth, altitude = horizontal_lonlat(lon, lat, time, SITE)
        theirs = SkyCoord(lon, lat, unit="rad").transform_to(AltAz(obstime=time, location=SITE))
        # UTC for UT1 (0.9 s are 13.5 arcsec) and no aberration (21 arcsec): next to nothing in a background.
        assert np.rad2deg(angular_separation(azimuth, altitude, theirs.az.rad, theirs.alt.rad)).max() < 0.01


def test_field_of_view_is_that_of_astropys_altaz():
    edges = rotation_slices(CRAB, (START, START + 1), REFERENCE, SITE)
    time = REFERENCE.to_time(0.5 * (edges[0] + edges[1]))
    lon, lat = CRAB[0] + np.linspace(-0.04, 0.04, 9), CRAB[1] + np.linspace(0.03, -0.03, 9)
    frame = AltAz(obstime=time, location=SITE)
    pointing = SkyCoord(*CRAB, unit="rad").transform_to(frame)
    theirs = SkyCoord(lon, lat, unit="rad").transform_to(frame).transform_to(pointing.skyoffset_frame())
    gti = GTI([START], [START + 1], REFERENCE)
    (at,) = background_frames(CRAB, gti, SITE).coordinates
    x, y = at(lon, lat)
    assert_allclose(x, theirs.lon.wrap_at("180d").rad, rtol=0, atol=np.deg2rad(1e-3))
    assert_allclose(y, theirs.lat.rad, rtol=0, atol=np.deg2rad(1e-3))


def angle_of_the_horizon(position, seconds):
    """Position angle of the zenith at a position, from astropy, radian."""
    frame = AltAz(obstime=REFERENCE.to_time(seconds), location=SITE)
    above = SkyCoord(*position, unit="rad").transform_to(frame).directional_offset_by(0 * u.deg, 0.1 * u.deg)
    above = SkyCoord(above.az, above.alt, frame=frame).icrs
    return position_angle(*position, above.ra.rad, above.dec.rad)


@pytest.mark.parametrize("near_zenith", [False, True])
def test_each_slice_turns_by_no_more_than_half_a_degree(near_zenith):
    position = zenith_passage() if near_zenith else CRAB
    edges = rotation_slices(position, RUN, REFERENCE, SITE)
    assert edges[0] <= RUN[0] < edges[1]
    assert edges[-2] < RUN[1] <= edges[-1]
    assert np.all(np.diff(edges) > 0)
    angles = np.unwrap([angle_of_the_horizon(position, seconds) for seconds in edges])
    turned = np.abs(np.diff(angles))
    assert turned.max() < 1.02 * MAX_ROTATION
    # Not many more slices than needed either: one at each end, and one that a full hour cuts.
    assert len(turned) <= turned.sum() / MAX_ROTATION + 3.01
    assert (len(turned) > 100) == near_zenith


def test_a_field_that_hardly_turns_is_one_slice():
    frames = background_frames(CRAB, GTI([START], [START + 5], REFERENCE), SITE)
    assert list(frames.slice_edges) == [START, START + 5]


@pytest.mark.parametrize("near_zenith", [False, True])
@pytest.mark.parametrize("later", [0.0, 5000.0])
def test_slices_of_a_part_are_those_of_the_whole_run(near_zenith, later):
    """To the last digit, edges and the places at which the background is taken; a full hour may be inside."""
    position = zenith_passage() if near_zenith else CRAB
    start, stop = RUN[0], RUN[1] + later
    whole = background_frames(position, GTI([start], [stop], REFERENCE), SITE)
    for low, high in pairwise(np.linspace(start, stop, 6)):
        part = background_frames(position, GTI([low], [high], REFERENCE), SITE)
        own = (whole.slice_edges[1:] > low) & (whole.slice_edges[:-1] < high)
        np.testing.assert_array_equal(np.clip(whole.slice_edges[:-1][own], low, high), part.slice_edges[:-1])
        beside = np.array(position) + 0.02
        expected = [at(*beside) for at, is_own in zip(whole.coordinates, own, strict=True) if is_own]
        np.testing.assert_array_equal([at(*beside) for at in part.coordinates], expected)


def test_a_background_of_the_sky_is_one_slice_over_all_good_time():
    gti = GTI([START, START + 500], [START + 300, START + 900], REFERENCE)
    frames = background_frames(CRAB, gti)
    assert list(frames.slice_edges) == [START, START + 900]
    lon, lat = CRAB[0] + np.array([0.0, 0.01, 0.0]), CRAB[1] + np.array([0.0, 0.0, 0.02])
    (at,) = frames.coordinates
    assert_allclose(at(lon, lat), field_of_view(lon, lat, *CRAB))


def test_slices_of_a_background_of_the_horizon_lie_at_their_middles():
    gti = GTI([RUN[0]], [RUN[1]], REFERENCE)
    frames = background_frames(CRAB, gti, SITE)
    assert len(frames.coordinates) == len(frames.slice_edges) - 1 > 3
    edges = rotation_slices(CRAB, RUN, REFERENCE, SITE)
    middles = 0.5 * (edges[1:] + edges[:-1])
    north = CRAB[0], CRAB[1] + np.deg2rad(1)
    for middle, at in zip(middles, frames.coordinates, strict=True):
        x, y = at(np.array(north[0]), np.array(north[1]))
        # Seen from the pointing, north lies as far from the zenith as the zenith from north, the other way round:
        # azimuth grows clockwise on the sky, right ascension against it.
        expected = angle_of_the_horizon(CRAB, middle)
        assert np.arctan2(x, y) == pytest.approx(expected, abs=np.deg2rad(0.01))


def test_a_track_is_the_direction_at_each_time():
    seconds = 7.3e8 + np.array([0.0, 1234.5, 9876.5, 40_000.0])
    track = horizontal_track(*CRAB, seconds, REFERENCE, SITE)
    single = [horizontal_lonlat(*CRAB, REFERENCE.to_time(time), SITE) for time in seconds]
    assert_allclose(np.array(track).T, single, atol=2e-8)
    assert horizontal_track(*CRAB, np.zeros(0), REFERENCE, SITE)[0].shape == (0,)
