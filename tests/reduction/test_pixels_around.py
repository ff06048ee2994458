"""Pixels around sources, against those of a map that is made there."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.kernels.tangent import tangent_axes, unit_vectors
from tevcurve.maps import WcsGeom
from tevcurve.reduction.pixels_around import PixelsAround, places_in_plane


def map_at(lon, lat, **changes):
    options = {"binsz": 0.04, "width": 2, "proj": "TAN"} | changes
    return WcsGeom.create(skydir=SkyCoord(lon, lat, unit="rad"), **options)


@pytest.mark.parametrize(("lon", "lat"), [(1.4, 0.4), (6.28, -1.2), (0.001, 1.5)])
def test_pixels_are_those_of_a_map_at_the_source(lon, lat):
    pixels, geom, frame = PixelsAround.of(map_at(2.0, 0.1)), map_at(lon, lat), tangent_axes(lon, lat)
    rng = np.random.default_rng(1)
    step = np.deg2rad(1.3)
    some_lat = lat + step * rng.uniform(-1, 1, 2000)
    some_lon = lon + step * rng.uniform(-1, 1, 2000) / np.cos(lat)
    ix, iy = geom.lonlat_to_idx(some_lon % (2 * np.pi), some_lat)
    made = pixels.numbers(*places_in_plane(frame, unit_vectors(some_lon, some_lat)))
    np.testing.assert_array_equal(made, np.where(ix >= 0, iy * 50 + ix, -1))
    np.testing.assert_allclose(pixels.solid_angle, geom.solid_angle().to_value(u.sr).ravel(), rtol=1e-9)
    pointing = lon, lat - np.deg2rad(1.3)
    near = angular_separation(*pointing, *geom.pixel_lonlat()) < np.deg2rad(1.5)
    np.testing.assert_array_equal(pixels.near(frame, unit_vectors(*pointing), np.deg2rad(1.5)), near.ravel())


def test_rings_are_in_the_pixels_that_they_cross():
    pixels = PixelsAround.of(map_at(2.0, 0.1))
    numbers = pixels.rings(np.deg2rad([0, 0.01, 0.9, 1.06, 1.5]))
    assert set(numbers[0]) == {24 * 50 + 24, 24 * 50 + 25, 25 * 50 + 24, 25 * 50 + 25}
    share = np.mean(numbers[2] >= 0, axis=0)
    assert share == 1
    # Of a circle of radius 1.28 around the centre of a square of half width 1, what is inside.
    assert np.mean(numbers[3] >= 0) == pytest.approx(1 - 8 * np.arccos(1 / 1.28) / (2 * np.pi), abs=0.01)


def test_another_map_is_refused():
    with pytest.raises(InputError, match="TAN"):
        PixelsAround.of(map_at(2.0, 0.1, proj="CAR"))
