"""A map as the shape of a source: against a Gaussian drawn on a map, and against sums that one can do by hand."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve.errors import DataError, InputError
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models import SkyGaussian, TemplateSpatialModel

CENTRE = SkyCoord(83.6, 22.0, unit="deg")
GAUSS = SkyGaussian("83.6 deg", "22 deg", "0.2 deg")


def gaussian_map(binsz=0.02, coordsys="CEL", npix=121):
    centre = CENTRE.galactic if coordsys == "GAL" else CENTRE
    geom = WcsGeom.create(centre, binsz, npix=npix, coordsys=coordsys, proj="TAN")
    return WcsNDMap(geom, GAUSS.pixel_fractions(geom))


@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
def test_a_gaussian_on_a_map_is_that_gaussian(coordsys):
    template = TemplateSpatialModel(gaussian_map(coordsys=coordsys))
    assert template.frame == {"CEL": "icrs", "GAL": "galactic"}[coordsys]
    assert template.position.separation(CENTRE) < 1e-9 * u.deg
    geom = WcsGeom.create(CENTRE, 0.05, npix=(60, 50))
    expected = GAUSS.pixel_fractions(geom)
    np.testing.assert_allclose(template.pixel_fractions(geom), expected, atol=4e-3 * expected.max())
    assert template.pixel_fractions(geom).sum() == pytest.approx(1, abs=1e-5)
    # Half of it lies outside of a geometry that ends at the centre.
    half = WcsGeom.create(SkyCoord(83.6, 23, unit="deg"), 0.02, npix=(150, 100), proj="TAN")
    assert template.pixel_fractions(half).sum() == pytest.approx(0.5, abs=2e-3)


def test_between_pixels_the_brightness_is_linear():
    geom = WcsGeom.create(CENTRE, 0.1, npix=(3, 2), proj="TAN")
    data = np.array([[1.0, 2, 4], [0, 5, 3]])
    template = TemplateSpatialModel(WcsNDMap(geom, data, "sr-1"), normalize=False)

    def at(x, y):
        return template.evaluate(*geom.pix_to_lonlat(x, y))

    np.testing.assert_allclose(at([0, 1, 2, 1], [0, 0, 1, 1]), [1, 2, 3, 5], rtol=1e-12)
    np.testing.assert_allclose(at([0.25, 1.5, 0.5], [0, 1, 0.5]), [1.25, 4, 2], rtol=1e-11)
    # Past the border it falls to 0 within a pixel.
    np.testing.assert_allclose(at([2.5, 3.5, 0, -0.5], [0, 0, -0.25, -0.5]), [2, 0, 0.75, 0.25], atol=1e-9)
    assert template.integral == pytest.approx(np.sum(data * geom.solid_angle().to_value("sr")), rel=1e-14)


def test_normalised_it_is_one_over_its_pixels():
    geom = WcsGeom.create(CENTRE, 0.1, npix=(4, 3), proj="TAN")
    data = np.arange(12.0).reshape(3, 4)
    template = TemplateSpatialModel(WcsNDMap(geom, data, "m"))
    content = template.map.data * geom.solid_angle().to_value("sr")
    np.testing.assert_allclose(content, data / 66, rtol=1e-13)
    assert template.integral == 1
    again = TemplateSpatialModel(template.map, normalize=False)
    np.testing.assert_array_equal(again.map.data, template.map.data)


@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
@pytest.mark.parametrize("spacing", [0.02, 0.005])
def test_nodes_stand_for_the_shape(coordsys, spacing):
    template = TemplateSpatialModel(gaussian_map(coordsys=coordsys, binsz=0.04, npix=61))
    lon, lat, weight = template.nodes(np.deg2rad(spacing))
    assert weight.sum() == pytest.approx(1, abs=1e-12)
    separation = SkyCoord(lon, lat, unit="rad").separation(CENTRE).deg
    # The pixels' means and straight lines between them widen it by a twelfth and a sixth of a pixel squared.
    variance = 2 * (0.2**2 + 0.04**2 * (1 / 12 + 1 / 6))
    assert np.sum(weight * separation**2) == pytest.approx(variance, rel=1e-3)


def test_one_node_for_each_pixel_where_these_are_small():
    geom = WcsGeom.create(CENTRE, 0.01, npix=(2, 2))
    lon, _, weight = TemplateSpatialModel(WcsNDMap(geom, np.array([[1.0, 0], [2, 1]]))).nodes(
        np.deg2rad(0.05)
    )
    np.testing.assert_allclose(np.sort(weight), [0.25, 0.25, 0.5], rtol=1e-12)
    assert len(lon) == 3


def test_its_position_moves_the_map():
    template = TemplateSpatialModel(gaussian_map(), lon_0="83.7 deg")
    moved = SkyGaussian("83.7 deg", "22 deg", "0.2 deg")
    lonlat = np.deg2rad([[83.7, 83.8, 83.5], [22.0, 22.1, 21.9]])
    np.testing.assert_allclose(template.evaluate(*lonlat), moved.evaluate(*lonlat), rtol=5e-3)
    assert template.lon_0.frozen
    assert template.copy().position.ra.deg == pytest.approx(83.7)
    assert template.evaluation_radius.value == pytest.approx(1.04 * 2**0.5, rel=0.02)


def test_files_come_back(tmp_path):
    template = TemplateSpatialModel(gaussian_map())
    template.map.write(tmp_path / "t.fits")
    read = TemplateSpatialModel.read(tmp_path / "t.fits", normalize=False)
    np.testing.assert_array_equal(read.map.data, template.map.data)
    assert read.filename == str(tmp_path / "t.fits")
    with pytest.raises(DataError, match="is not there"):
        TemplateSpatialModel.read(tmp_path / "none.fits")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            [[1.0, -1], [np.nan, 2]],
            "has 2 pixels that are negative, NaN or infinite; wanted are numbers of 0 or more",
        ),
        ([[0.0, 0], [0, 0]], "is 0 everywhere"),
    ],
)
def test_maps_that_are_no_shape_are_refused(data, words):
    with pytest.raises(InputError, match=words):
        TemplateSpatialModel(WcsNDMap(WcsGeom.create(CENTRE, 0.1, npix=(2, 2)), np.array(data)))


def test_further_axes_units_and_other_things_are_refused(caplog):
    axis = MapAxis.from_edges([1, 2, 3] * u.TeV, name="energy_true")
    cube = WcsGeom.create(CENTRE, 0.1, npix=(2, 2), axes=[axis])
    with pytest.raises(InputError, match="a plane for each of several energies; wanted is one for all"):
        TemplateSpatialModel(WcsNDMap(cube, np.ones((2, 2, 2))))
    image = WcsNDMap(cube.to_image(), np.ones((2, 2)), "m")
    with pytest.raises(
        InputError, match="is in m and is not to be normalised; wanted is a brightness in sr-1"
    ):
        TemplateSpatialModel(image, normalize=False)
    assert TemplateSpatialModel(image.copy(unit="deg-2"), normalize=False).map.data[0, 0] == pytest.approx(
        (180 / np.pi) ** 2
    )
    TemplateSpatialModel(image.copy(unit=""), normalize=False)
    assert "its values are taken for sr-1" in caplog.text
    with pytest.raises(InputError, match="is a ndarray; wanted is a WcsNDMap"):
        TemplateSpatialModel(np.ones((2, 2)))
