"""Map files: what is written comes back to the last digit, and files that are no maps are refused with a reason."""

import gzip
import io

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from tevcurve.errors import DataError, InputError
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.maps.fits_io import map_from_hdus, map_to_hdus

CRAB = SkyCoord(ra=83.63308, dec=22.01450, unit="deg")
ENERGY = MapAxis.from_bounds(0.7, 10, 3, unit="TeV", name="energy", interp="log")
GEOM = WcsGeom.create(CRAB, binsz=0.1, npix=(5, 4), axes=[ENERGY])


def random_map(geom=GEOM, **keywords):
    return WcsNDMap(geom, np.random.default_rng(3).normal(size=geom.data_shape), **keywords)


def through_memory(sky_map):
    buffer = io.BytesIO()
    fits.HDUList(map_to_hdus(sky_map)).writeto(buffer)
    with fits.open(io.BytesIO(buffer.getvalue())) as hdus:
        return map_from_hdus(hdus)


@pytest.mark.parametrize("name", ["map.fits", "map.fits.gz"])
def test_a_map_comes_back_as_it_was(tmp_path, name):
    first = random_map(unit="cm-2 s-1 TeV-1")
    first.write(tmp_path / name)
    second = WcsNDMap.read(tmp_path / name)
    assert second.geom == first.geom
    assert second.unit == first.unit
    assert second.data.dtype == first.data.dtype
    np.testing.assert_array_equal(second.data, first.data)
    assert second.origin is None
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("dtype", [bool, "u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
def test_numbers_keep_their_type(dtype):
    data = np.arange(60).reshape(GEOM.data_shape).astype(dtype)
    second = through_memory(WcsNDMap(GEOM, data))
    assert second.data.dtype == data.dtype
    np.testing.assert_array_equal(second.data, data)


@pytest.mark.parametrize("dtype", ["f2", "i1", "g"])
def test_numbers_that_fits_has_not_keep_their_value(dtype):
    data = np.arange(-30, 30).reshape(GEOM.data_shape).astype(dtype)
    np.testing.assert_array_equal(through_memory(WcsNDMap(GEOM, data)).data, data)


@pytest.mark.parametrize(
    "geom",
    [
        GEOM.to_image(),
        # Sizes and positions with more digits than a fixed-format FITS number has.
        WcsGeom.create((329.71693912345678, -30.225588123456789), binsz=1 / 600, npix=(3, 4), proj="TAN"),
        WcsGeom.create((1e-7 / 3, -1e-9 / 7), binsz=1 / 7000, npix=4, proj="SIN"),
        WcsGeom.create(binsz=10, coordsys="GAL", proj="AIT", axes=[ENERGY]),
        WcsGeom.create((30, 89), binsz=(0.1, 0.3), npix=(3, 4), proj="ZEA", axes=[ENERGY.squash()]),
        GEOM.to_cube([MapAxis.from_edges([0, 1, np.pi], unit="s", name="time since start")]),
        GEOM.to_cube([MapAxis.from_edges([1, 2, 4] * u.GeV, name="energy_true", interp="log")]),
        GEOM.to_cube([MapAxis.from_edges([0.1 + 0.2, 2 / 3], name="Migra")]),
        GEOM.to_cube([MapAxis.from_edges([1, 2], name="")]),
    ],
)
def test_geometries_come_back_to_the_last_digit(geom):
    assert through_memory(WcsNDMap(geom)).geom == geom


def test_meta_comes_back():
    meta = {
        "t_start": Time(53343.922340092595, 1e-13, format="mjd", scale="tt"),
        "times": Time(["2004-12-04T22:08:10.184", "2004-12-05T00:00:00.000"], scale="utc"),
        "radius": 0.11 * u.deg,
        "edges": [1, 2, 4] * u.TeV,
        "words": "it's 5 & more " * 30 + "\n\u00e9\u03b3",
        "list": [1, 2.5, True, None, {"a": [np.float32(0.5), np.int64(7), np.bool_(False)]}],
        "tuple": (1, 2),
    }
    second = through_memory(random_map(meta=meta)).meta
    assert (second["t_start"].scale, second["t_start"].format) == ("tt", "mjd")
    assert (second["t_start"].jd1, second["t_start"].jd2) == (meta["t_start"].jd1, meta["t_start"].jd2)
    assert np.all(second["times"] == meta["times"])
    assert second["times"].isot[0] == "2004-12-04T22:08:10.184"
    assert second["radius"] == meta["radius"]
    np.testing.assert_array_equal(second["edges"], meta["edges"])
    assert second["words"] == meta["words"]
    assert second["list"] == [1, 2.5, True, None, {"a": [0.5, 7, False]}]
    assert second["tuple"] == [1, 2]
    assert set(second) == set(meta)


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), st.floats(allow_nan=False))
def test_any_text_and_number_in_meta_comes_back(text, number):
    geom = WcsGeom.create(npix=1)
    assert through_memory(WcsNDMap(geom, meta={text: text, "number": [number]})).meta == {
        text: text,
        "number": [number],
    }


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"a": {"b": [object()]}}, r"meta\['a'\]\['b'\]\[0\] is a object, which cannot be written"),
        ({1: 2}, "keys of meta must be strings"),
        ({"a": np.zeros(3)}, "is a ndarray"),
    ],
)
def test_meta_that_json_has_not_is_refused(tmp_path, meta, words):
    with pytest.raises(InputError, match=words):
        random_map(meta=meta).write(tmp_path / "map.fits")
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_only_on_request(tmp_path):
    path = tmp_path / "map.fits"
    random_map().write(path)
    with pytest.raises(DataError, match="is there already; overwrite=True replaces it"):
        WcsNDMap(GEOM).write(path)
    assert WcsNDMap.read(path).data.any()
    WcsNDMap(GEOM).write(str(path), overwrite=True)
    assert not WcsNDMap.read(path).data.any()


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "map.fits"
    random_map().write(path)
    before = path.read_bytes()
    with pytest.raises(InputError):
        random_map(meta={"a": object()}).write(path, overwrite=True)
    assert path.read_bytes() == before
    with pytest.raises(DataError, match=r"The folder .*nowhere for the map file map.fits is not there"):
        random_map().write(tmp_path / "nowhere" / "map.fits")


def test_the_same_map_makes_the_same_file(tmp_path):
    for name in ("a.fits.gz", "b.fits.gz"):
        random_map().write(tmp_path / name)
    assert (tmp_path / "a.fits.gz").read_bytes() == (tmp_path / "b.fits.gz").read_bytes()


def test_other_readers_find_the_sky_and_the_edges(tmp_path):
    random_map(unit="cm2 s").write(tmp_path / "map.fits")
    with fits.open(tmp_path / "map.fits") as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "PRIMARY_BANDS"]
        assert hdus[0].header["BUNIT"] == "cm2 s"
        np.testing.assert_array_equal(np.append(hdus[1].data["E_MIN"], 10), ENERGY.edges.value)
        assert WCS(hdus[0].header, naxis=2).pixel_to_world(2, 1.5).separation(CRAB) < 1e-9 * u.deg


def test_a_map_has_one_further_axis_at_most_in_a_file():
    geom = GEOM.to_cube([ENERGY, MapAxis.from_edges([0, 1], name="time")])
    with pytest.raises(InputError, match=r"one axis besides the sky, but this map has \['energy', 'time'\]"):
        map_to_hdus(WcsNDMap(geom))


def test_several_maps_share_a_file(tmp_path):
    first, second = random_map(), WcsNDMap(GEOM.to_image(), np.ones((4, 5)))
    hdus = [fits.PrimaryHDU(), *map_to_hdus(first, "COUNTS"), *map_to_hdus(second, "MASK")]
    fits.HDUList(hdus).writeto(tmp_path / "maps.fits")
    np.testing.assert_array_equal(WcsNDMap.read(tmp_path / "maps.fits").data, first.data)
    assert WcsNDMap.read(tmp_path / "maps.fits", hdu="MASK").geom == second.geom
    with pytest.raises(DataError, match="has no HDU 'EXPOSURE'; it has"):
        WcsNDMap.read(tmp_path / "maps.fits", hdu="EXPOSURE")
    with pytest.raises(DataError, match="holds no image"):
        WcsNDMap.read(tmp_path / "maps.fits", hdu="COUNTS_BANDS")


def spoil_header(key, value):
    def spoil(hdus):
        hdus[0].header[key] = value

    return spoil


def spoil_table(function):
    def spoil(hdus):
        table = hdus[1]
        hdus[1] = function(table.data, table.header.copy())

    return spoil


def without_last_row(data, header):
    return fits.BinTableHDU(data[:-1], header)


def with_gap(data, header):
    data["E_MIN"][1] *= 1.01
    return fits.BinTableHDU(data, header)


def without_upper_edges(data, header):
    columns = fits.ColDefs([column for column in data.columns if column.name != "E_MAX"])
    return fits.BinTableHDU.from_columns(columns, name="PRIMARY_BANDS")


def without_unit(data, header):
    columns = [fits.Column(name, "D", array=data[name]) for name in ("ENERGY", "E_MIN", "E_MAX")]
    return fits.BinTableHDU.from_columns(columns, name="PRIMARY_BANDS")


def falling(data, header):
    data["E_MIN"][:], data["E_MAX"][:] = data["E_MAX"][::-1].copy(), data["E_MIN"][::-1].copy()
    return fits.BinTableHDU(data, header)


def make_four_dimensional(hdus):
    hdus[0].data = hdus[0].data[None]


def rotate(hdus):
    angle = np.deg2rad(30)
    for key, value in {"PC1_1": np.cos(angle), "PC1_2": -np.sin(angle), "PC2_1": np.sin(angle)}.items():
        hdus[0].header[key] = value
    hdus[0].header["PC2_2"] = np.cos(angle)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda hdus: hdus.pop(1),
            "cube without a table of its energy edges: the HDU 'PRIMARY_BANDS' is missing",
        ),
        (spoil_table(without_last_row), "has edges for 2 planes, but the image has 3"),
        (spoil_table(with_gap), "bins with gaps or overlaps"),
        (spoil_table(without_upper_edges), "needs a lower and an upper edge for each plane"),
        (spoil_table(without_unit), "gives no unit for the column E_MIN"),
        (spoil_table(falling), "is no axis: The edges of axis 'energy' must increase"),
        (make_four_dimensional, r"an image of shape \(1, 3, 4, 5\)"),
        (spoil_header("BUNIT", "parrots"), "unit BUNIT='parrots', which astropy does not know"),
        (spoil_header("META", "{not json"), "META keyword that cannot be read as JSON"),
        (spoil_header("META", "[1]"), "not a JSON object"),
        (spoil_header("CTYPE1", "LINEAR"), "has the sky axes|no usable sky coordinates"),
        (spoil_header("CTYPE1", "RA---XYZ"), "no usable sky coordinates|has the sky axes"),
        (spoil_header("RADESYS", "FK5"), "positions in FK5; tevcurve reads ICRS and galactic"),
        (spoil_header("LONPOLE", 30.0), "rotated or distorted pixel grid"),
        (rotate, "rotated or distorted pixel grid"),
    ],
)
def test_files_that_are_no_maps_are_refused(tmp_path, spoil, words):
    hdus = fits.HDUList(map_to_hdus(random_map()))
    spoil(hdus)
    hdus.writeto(tmp_path / "map.fits")
    with pytest.raises(DataError, match=words) as caught:
        WcsNDMap.read(tmp_path / "map.fits")
    assert str(tmp_path / "map.fits") in str(caught.value)


def test_files_that_are_no_fits_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.fits is not there"):
        WcsNDMap.read(tmp_path / "nothing.fits")
    for name, content, words in (
        ("text.fits", b"hello", "is not a FITS file"),
        ("empty.fits", b"", "is not a FITS file"),
        ("cut.fits.gz", gzip.compress(b"x" * 999)[:-9], "is cut off"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name} {words}"):
            WcsNDMap.read(tmp_path / name)
    fits.HDUList([fits.PrimaryHDU()]).writeto(tmp_path / "bare.fits")
    with pytest.raises(DataError, match="holds no image, so no map"):
        WcsNDMap.read(tmp_path / "bare.fits")


def test_a_cd_matrix_without_rotation_is_read():
    image = map_to_hdus(WcsNDMap(GEOM.to_image()))[0]
    for axis in (1, 2):
        image.header[f"CD{axis}_{axis}"] = image.header.pop(f"CDELT{axis}")
    assert map_from_hdus(fits.HDUList([image])).geom == GEOM.to_image()
