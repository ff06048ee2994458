"""Angles on the sphere against astropy, which works them out by matrices."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose

from tevcurve.kernels.sphere import (
    angular_separation,
    directional_offset,
    field_of_view,
    may_be_within,
    offset_frame,
    position_angle,
)

RNG = np.random.default_rng(1)
LON1, LON2 = RNG.uniform(0, 2 * np.pi, (2, 200))
LAT1, LAT2 = np.arcsin(RNG.uniform(-1, 1, (2, 200)))


def sky(lon, lat):
    return SkyCoord(lon, lat, unit="rad")


def test_separation():
    expected = sky(LON1, LAT1).separation(sky(LON2, LAT2)).rad
    assert_allclose(angular_separation(LON1, LAT1, LON2, LAT2), expected, rtol=1e-13)


@pytest.mark.parametrize("lat", [0.0, 0.4, 1.3, np.pi / 2])
def test_separation_is_exact_close_by_and_on_the_other_side(lat):
    # Along a meridian the separation is the difference in latitude.
    for step in (1e-12, 1e-8, 1e-3):
        assert angular_separation(1.0, lat, 1.0, lat - step) == pytest.approx(step, rel=1e-3)
    assert angular_separation(0.5, lat, 0.5 + np.pi, -lat) == pytest.approx(np.pi, rel=1e-15)
    assert angular_separation(0.5, lat, 0.5, lat) == 0


@pytest.mark.parametrize("radius", [0.002, 0.1, 0.5, 1.6, 3.0])
@pytest.mark.parametrize("lat", [0.0, -0.5, 1.1, 1.469, 1.5, -np.pi / 2])
def test_directions_within_a_circle_may_be_within_it(lat, radius):
    # On the rim and just inside, all around, and in whatever turn of longitude.
    angles = np.linspace(0, 2 * np.pi, 2001)
    lon, lats = directional_offset(0.05, lat, angles, radius * RNG.choice([1, 1 - 1e-12, 0.5], 2001))
    for turn in (-2 * np.pi, 0, 2 * np.pi):
        assert np.all(may_be_within(0.05, lat, lon + turn, lats, radius))
    inside = angular_separation(0.05, lat, LON1, LAT1) <= radius
    assert np.all(may_be_within(0.05, lat, LON1, LAT1, radius)[inside])


def test_most_directions_outside_a_circle_are_told_without_trigonometry():
    outside = angular_separation(1.0, 0.4, LON1, LAT1) > 0.3
    assert np.mean(may_be_within(1.0, 0.4, LON1, LAT1, 0.3)[outside]) < 0.05


def test_position_angle():
    expected = sky(LON1, LAT1).position_angle(sky(LON2, LAT2)).wrap_at("180d").rad
    assert_allclose(position_angle(LON1, LAT1, LON2, LAT2), expected, rtol=0, atol=1e-12)
    assert position_angle(1.0, 0.2, 1.0, 0.3) == 0
    assert position_angle(1.0, 0.0, 1.1, 0.0) == pytest.approx(np.pi / 2)


def test_going_away_and_finding_it_there():
    angle, separation = RNG.uniform(-np.pi, np.pi, 200), RNG.uniform(0.01, 3.0, 200)
    lon, lat = directional_offset(LON1, LAT1, angle, separation)
    expected = sky(LON1, LAT1).directional_offset_by(angle * u.rad, separation * u.rad)
    assert_allclose(sky(lon, lat).separation(expected).rad, 0, atol=1e-14)
    assert np.all((lon >= 0) & (lon < 2 * np.pi))
    assert_allclose(angular_separation(LON1, LAT1, lon, lat), separation, rtol=1e-12)
    assert_allclose(position_angle(LON1, LAT1, lon, lat), angle, atol=1e-12)


def test_over_the_pole():
    lon, lat = directional_offset(0.3, 1.5, 0.0, 0.2)
    assert lat == pytest.approx(np.pi - 1.7)
    assert lon == pytest.approx(0.3 + np.pi)


def test_offset_frame_is_separation_and_position_angle():
    x, y = offset_frame(LON2, LAT2, LON1, LAT1)
    assert_allclose(np.hypot(x, y), angular_separation(LON1, LAT1, LON2, LAT2), rtol=1e-12)
    assert_allclose(np.arctan2(x, y), position_angle(LON1, LAT1, LON2, LAT2), atol=1e-12)


def test_field_of_view_is_the_skyoffset_frame():
    frame = sky(LON1, LAT1).skyoffset_frame()
    there = sky(LON2, LAT2).transform_to(frame)
    x, y = field_of_view(LON2, LAT2, LON1, LAT1)
    assert_allclose(x, there.lon.wrap_at("180d").rad, rtol=0, atol=1e-11)
    assert_allclose(y, there.lat.rad, rtol=0, atol=1e-11)


def test_a_small_field_of_view_keeps_its_digits():
    x, y = field_of_view(1.0 + 1e-9, 0.5 + 2e-9, 1.0, 0.5)
    assert x == pytest.approx(1e-9 * np.cos(0.5), rel=1e-6)
    assert y == pytest.approx(2e-9, rel=1e-6)
