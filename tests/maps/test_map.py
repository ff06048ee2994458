"""Maps: an array, its geometry, its unit, and what belongs to it."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap

ENERGY = MapAxis.from_edges([1, 2, 4, 8] * u.TeV, name="energy", interp="log")
GEOM = WcsGeom.create((10, 0), binsz=1, npix=(5, 4), axes=[ENERGY])


def numbered(dtype=float):
    return np.arange(60, dtype=dtype).reshape(GEOM.data_shape)


def test_a_map_without_data_is_zero():
    empty = WcsNDMap(GEOM, unit="cm2 s")
    assert empty.data.shape == (3, 4, 5)
    assert not empty.data.any()
    assert empty.unit == u.cm**2 * u.s
    assert empty.quantity.unit == empty.unit
    assert (empty.meta, empty.origin) == ({}, None)


def test_the_data_are_kept_not_copied():
    data = numbered()
    sky_map = WcsNDMap(GEOM, data, "s")
    assert sky_map.data is data
    assert np.shares_memory(sky_map.quantity, data)
    np.testing.assert_array_equal(WcsNDMap(GEOM, data > 3).quantity, 1.0 * (data > 3))


def test_meta_takes_times_and_can_be_replaced():
    sky_map = WcsNDMap(GEOM)
    start = Time(53343.9, format="mjd", scale="tt")
    sky_map.meta["t_start"] = start
    assert sky_map.meta["t_start"] is start
    sky_map.meta = {}
    assert sky_map.meta == {}
    with pytest.raises(InputError, match="must be a dict, not list"):
        sky_map.meta = []
    assert WcsNDMap(GEOM).meta is not WcsNDMap(GEOM).meta


def test_a_copy_stands_on_its_own():
    origin = object()
    first = WcsNDMap(GEOM, numbered(), "s", meta={"a": 1}, origin=origin)
    second = first.copy()
    second.data[0, 0, 0] = -1
    second.meta["a"] = 2
    assert first.data[0, 0, 0] == 0
    assert first.meta == {"a": 1}
    assert second.origin is origin
    assert second.geom is first.geom
    third = first.copy(unit="min", data=2 * first.data, origin=None)
    assert third.unit == u.min
    assert third.origin is None
    assert third.data[2, 3, 4] == 118
    with pytest.raises(InputError, match="not \\['name'\\]"):
        first.copy(name="x")


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(InputError, match=r"must have the shape \(3, 4, 5\), not \(3, 5, 4\)"):
        WcsNDMap(GEOM, np.zeros((3, 5, 4)))
    with pytest.raises(InputError, match="unit is given by unit="):
        WcsNDMap(GEOM, numbered() * u.s)
    with pytest.raises(InputError, match="real numbers or booleans, not complex128"):
        WcsNDMap(GEOM, numbered(complex))
    with pytest.raises(InputError, match="needs a WcsGeom, not tuple"):
        WcsNDMap((3, 4, 5))
    with pytest.raises(AttributeError):
        WcsNDMap(GEOM).geom = GEOM


def test_sums_over_energy():
    sky_map = WcsNDMap(GEOM, numbered(), "s", meta={"a": 1})
    image = sky_map.sum_over_axes()
    assert image.geom == GEOM.to_image()
    np.testing.assert_array_equal(image.data, 3 * np.arange(20).reshape(4, 5) + 60)
    assert (image.unit, image.meta) == (u.s, {"a": 1})
    kept = sky_map.sum_over_axes(keepdims=True)
    np.testing.assert_array_equal(kept.data[0], image.data)
    np.testing.assert_array_equal(kept.geom.axis("energy").edges, [1, 8] * u.TeV)
    assert WcsNDMap(GEOM, numbered() > 25).sum_over_axes().data.max() == 2
    np.testing.assert_array_equal(image.sum_over_axes().data, image.data)


def test_values_at_positions():
    lon, lat = np.rad2deg(GEOM.pixel_lonlat())
    sky_map = WcsNDMap(GEOM, numbered(), "s")
    centers = SkyCoord(lon, lat, unit="deg")
    for interp in ("nearest", "linear"):
        np.testing.assert_allclose(
            sky_map.value_at(centers, interp), sky_map.quantity, rtol=1e-9, atol=1e-9 * u.s
        )
        outside = sky_map.value_at(SkyCoord([10, 200], [2.1, 0], unit="deg"), interp)
        assert outside.shape == (3, 2)
        assert np.all(np.isnan(outside))
    np.testing.assert_array_equal(sky_map.value_at(SkyCoord(10.4, 0.1, unit="deg")), [12, 32, 52] * u.s)
    with pytest.raises(InputError, match="'nearest' or 'linear', not 'cubic'"):
        sky_map.value_at(centers, "cubic")


def test_linear_interpolation_is_exact_for_a_plane():
    """Values linear in the pixel numbers come back at any position between the outer pixel centres."""
    y, x = np.indices((4, 5), dtype=float)
    sky_map = WcsNDMap(GEOM.to_image(), 3 + 2 * x - 5 * y)
    xi, yi = np.random.default_rng(1).uniform(0, [4, 3], (100, 2)).T
    where = SkyCoord(*sky_map.geom.pix_to_lonlat(xi, yi), unit="rad")
    np.testing.assert_allclose(sky_map.value_at(where, "linear"), 3 + 2 * xi - 5 * yi, atol=1e-9)
    # Beyond the last centre the value at it goes on.
    where = SkyCoord(*sky_map.geom.pix_to_lonlat(-0.4, 3.4), unit="rad")
    np.testing.assert_allclose(sky_map.value_at(where, "linear"), 3 - 15)


def test_linear_interpolation_on_a_single_pixel_is_its_value():
    sky_map = WcsNDMap(WcsGeom.create((10, 0), npix=1), [[7.0]])
    assert sky_map.value_at(SkyCoord(10.3, -0.2, unit="deg"), "linear") == 7


def test_the_words_say_what_it_is():
    words = repr(WcsNDMap(GEOM, unit="cm2 s"))
    assert words in WcsNDMap(GEOM, unit="cm2 s")._repr_html_().replace("&#x27;", "'")
    assert words.startswith(
        "WcsNDMap: float64 in cm2 s, 5 x 4 pixels of 1 x 1 deg, CAR, around icrs (10.00000, 0.00000)"
    )
    assert "MapAxis('energy', 3 log bins, 1 to 8 TeV)" in words
    assert repr(WcsNDMap(GEOM.to_image(), np.zeros((4, 5), bool))).startswith("WcsNDMap: bool, 5 x 4")
