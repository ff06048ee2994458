"""Map files and geometries against gammapy: it opens what tevcurve writes, and the other way round."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap

theirs = pytest.importorskip("gammapy.maps")

CENTER = SkyCoord(329.71694, -30.22559, unit="deg")
ENERGY = MapAxis.from_bounds(0.7, 10, 5, unit="TeV", name="energy", interp="log")
FRAMES = {"CEL": "icrs", "GAL": "galactic"}


@pytest.mark.parametrize("name", ["energy", "energy_true"])
@pytest.mark.parametrize("file_name", ["map.fits", "map.fits.gz"])
def test_gammapy_opens_the_map(tmp_path, name, file_name):
    axis = MapAxis.from_edges(ENERGY.edges, name=name, interp="log")
    geom = WcsGeom.create(CENTER, binsz=0.1, npix=(7, 4), axes=[axis])
    data = np.random.default_rng(5).normal(size=geom.data_shape)
    ours = WcsNDMap(geom, data, "cm-2 s-1", meta={"t_start": Time.now(), "object": "PKS 2155-304"})
    ours.write(tmp_path / file_name)
    read = theirs.Map.read(tmp_path / file_name)
    np.testing.assert_array_equal(read.data, data)
    assert read.unit == ours.unit
    assert read.geom.axes.names == [name]
    assert read.geom.axes[0].interp == "log"
    np.testing.assert_allclose(read.geom.axes[0].edges.to_value("TeV"), axis.edges.value, rtol=1e-14)
    lon, lat = np.rad2deg(geom.pixel_lonlat())
    coordinates = read.geom.to_image().get_coord()
    np.testing.assert_allclose(coordinates["lon"].to_value("deg"), lon, rtol=1e-13)
    np.testing.assert_allclose(coordinates["lat"].to_value("deg"), lat, rtol=1e-13)
    assert read.meta["object"] == "PKS 2155-304"


@pytest.mark.parametrize(
    ("coordsys", "proj"), [("CEL", "CAR"), ("CEL", "TAN"), ("GAL", "CAR"), ("GAL", "AIT")]
)
def test_a_map_of_gammapy_is_read(tmp_path, coordsys, proj):
    axis = theirs.MapAxis.from_energy_bounds("0.7 TeV", "10 TeV", nbin=5)
    keywords = {"skydir": CENTER, "binsz": 0.1, "width": (1.5, 1), "proj": proj}
    geom = theirs.WcsGeom.create(**keywords, frame=FRAMES[coordsys], axes=[axis])
    first = theirs.WcsNDMap(geom, np.random.default_rng(6).normal(size=geom.data_shape), unit="m2 s")
    first.write(tmp_path / "map.fits")
    second = WcsNDMap.read(tmp_path / "map.fits")
    np.testing.assert_array_equal(second.data, first.data)
    assert second.unit == u.m**2 * u.s
    ours = WcsGeom.create(**keywords, coordsys=coordsys, axes=[ENERGY])
    assert second.geom.npix == ours.npix
    np.testing.assert_allclose(second.geom.pixel_lonlat(), ours.pixel_lonlat(), rtol=1e-12)
    np.testing.assert_allclose(second.geom.axis("energy").edges.value, ENERGY.edges.value, rtol=1e-14)


@pytest.mark.parametrize("proj", ["CAR", "TAN", "AIT", "ZEA", "SIN"])
@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
def test_geometries_agree(proj, coordsys):
    keywords = {"skydir": CENTER, "binsz": 0.05, "width": (3, 2), "proj": proj}
    ours = WcsGeom.create(**keywords, coordsys=coordsys)
    gammapys = theirs.WcsGeom.create(**keywords, frame=FRAMES[coordsys])
    coordinates = gammapys.get_coord()
    np.testing.assert_allclose(
        np.rad2deg(ours.pixel_lonlat()[0]), coordinates["lon"].to_value("deg"), rtol=1e-12
    )
    np.testing.assert_allclose(
        np.rad2deg(ours.pixel_lonlat()[1]), coordinates["lat"].to_value("deg"), rtol=1e-12
    )
    # Gammapy multiplies the lengths of a pixel's sides as if they stood upright, and these do not quite.
    np.testing.assert_allclose(ours.solid_angle().value, gammapys.solid_angle().to_value("sr"), rtol=1e-3)
