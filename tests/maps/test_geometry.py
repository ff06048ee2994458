"""Sky geometries: positions against astropy.wcs and the reference, solid angles against closed forms."""

import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from tevcurve.errors import InputError, MissingError
from tevcurve.maps import MapAxis, WcsGeom
from tevcurve.maps.pixel_area import quadrilateral_area

CRAB = SkyCoord(ra=83.63308, dec=22.01450, unit="deg")
ENERGY = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
PROJECTIONS = ("CAR", "TAN", "SIN", "ARC", "ZEA", "STG", "AIT", "MOL", "SFL", "MER", "CEA")


def crab_geom():
    return WcsGeom.create(skydir=CRAB, binsz=0.04, width=(2, 2), coordsys="CEL", proj="CAR", axes=[ENERGY])


def test_tutorial_geometry():
    geom = crab_geom()
    assert geom.data_shape == (10, 50, 50)
    assert geom.npix == (50, 50)
    assert geom.frame == "icrs"
    assert geom.axis("energy") is ENERGY
    assert geom.center_skydir.separation(CRAB) < 1e-9 * u.deg
    assert str(geom).startswith(
        "WcsGeom: 50 x 50 pixels of 0.04 x 0.04 deg, CAR, around icrs (83.63308, 22.01450)"
    )
    assert "50 x 50 pixels" in geom._repr_html_()


def test_pixels_are_those_of_the_reference(reference_dir):
    reference = np.load(reference_dir / "gammapy21_crab_3d_arrays.npz")
    geom = crab_geom()
    lon, lat = np.rad2deg(geom.pixel_lonlat())
    np.testing.assert_allclose(lon, reference["pix_ra_deg"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(lat, reference["pix_dec_deg"], rtol=0, atol=1e-12)
    # The reference takes the pixel for a plane rectangle, which is 6e-8 less than the part of the sphere.
    np.testing.assert_allclose(geom.solid_angle().to_value("sr"), reference["pix_solid_angle_sr"], rtol=1e-7)


def test_events_fall_into_the_pixels_of_the_reference(reference_dir, hess_dl3_dr1):
    reference = np.load(reference_dir / "gammapy21_crab_3d_arrays.npz")
    events = fits.getdata(hess_dl3_dr1 / "data" / "hess_dl3_dr1_obs_id_023523.fits.gz", "EVENTS")
    geom = crab_geom()
    ix, iy = geom.lonlat_to_idx(*np.deg2rad([events["RA"], events["DEC"]], dtype=float))
    ie = geom.axis("energy").coord_to_idx(events["ENERGY"].astype(float) * u.TeV)
    counts = np.zeros(geom.data_shape)
    inside = (ix >= 0) & (ie >= 0)
    np.add.at(counts, (ie[inside], iy[inside], ix[inside]), 1)
    mask = reference["obs-23523/mask_safe"]
    assert mask.any()
    np.testing.assert_array_equal(counts[mask], reference["obs-23523/counts"][mask])


@pytest.mark.parametrize("proj", PROJECTIONS)
@pytest.mark.parametrize(("coordsys", "frame"), [("CEL", "icrs"), ("GAL", "galactic")])
@pytest.mark.parametrize("center", [(83.6, 22.0), (329.7, -30.2), (0.0, 0.0)])
def test_positions_are_those_of_the_fits_standard(proj, coordsys, frame, center):
    geom = WcsGeom.create(center, binsz=(0.2, 0.1), npix=(30, 21), coordsys=coordsys, proj=proj)
    header = fits.Header()
    header["NAXIS"], header["NAXIS1"], header["NAXIS2"] = 2, 30, 21
    for number, ctype in (
        (1, "RA---" if coordsys == "CEL" else "GLON-"),
        (2, "DEC--" if coordsys == "CEL" else "GLAT-"),
    ):
        header[f"CTYPE{number}"], header[f"CUNIT{number}"] = ctype + proj, "deg"
        header[f"CRVAL{number}"], header[f"CRPIX{number}"] = center[number - 1], (15.5, 11)[number - 1]
        header[f"CDELT{number}"] = (-0.2, 0.1)[number - 1]
    wcs = WCS(header)
    theirs = wcs.pixel_to_world(*np.meshgrid(np.arange(30), np.arange(21)))
    assert theirs.frame.name == frame
    lon, lat = geom.pixel_lonlat()
    ours = SkyCoord(lon, lat, unit="rad", frame=frame)
    assert ours.separation(theirs).max() < 1e-9 * u.deg
    # North is up, longitude grows to the left.
    assert np.all(np.diff(lat[:, 15]) > 0)
    assert np.all((np.diff(lon[10]) + np.pi) % (2 * np.pi) - np.pi < 0)


@pytest.mark.parametrize("proj", PROJECTIONS)
@pytest.mark.parametrize("center", [(83.6, 22.0), (329.7, -30.2), (0.0, 0.0), (120.0, 89.0)])
def test_pixels_and_positions_round_trip(proj, center):
    geom = WcsGeom.create(center, binsz=0.1, npix=(40, 30), proj=proj)
    x, y = geom.lonlat_to_pix(*geom.pixel_lonlat())
    np.testing.assert_allclose(x, np.broadcast_to(np.arange(40), (30, 40)), atol=1e-8)
    np.testing.assert_allclose(y, np.broadcast_to(np.arange(30)[:, None], (30, 40)), atol=1e-8)
    ix, iy = geom.lonlat_to_idx(*geom.pixel_lonlat())
    np.testing.assert_array_equal(ix[3], np.arange(40))
    np.testing.assert_array_equal(iy[:, 3], np.arange(30))


def test_lonlat_reads_its_own_frame_and_transforms_others():
    celestial, galactic = (WcsGeom.create(binsz=1, npix=3, coordsys=system) for system in ("CEL", "GAL"))
    assert celestial.lonlat(CRAB) == (CRAB.ra.rad, CRAB.dec.rad)
    expected = CRAB.galactic
    np.testing.assert_allclose(galactic.lonlat(CRAB), (expected.l.rad, expected.b.rad), rtol=1e-14)
    np.testing.assert_allclose(celestial.lonlat(expected), (CRAB.ra.rad, CRAB.dec.rad), rtol=1e-14)
    assert WcsGeom.create(CRAB, npix=3, coordsys="GAL").crval == pytest.approx(
        (expected.l.deg, expected.b.deg)
    )


def test_pixel_borders_belong_to_the_next_pixel():
    geom = WcsGeom.create((0, 0), binsz=1, npix=(3, 2))
    # Pixels along longitude: 1.5 to 0.5, 0.5 to -0.5, -0.5 to -1.5 deg.
    ix, iy = geom.lonlat_to_idx(
        np.deg2rad([1.49, 0.51, 0.49, -1.49, -1.51, 1.51]), np.deg2rad(np.full(6, 0.3))
    )
    np.testing.assert_array_equal(ix, [0, 0, 1, 2, -1, -1])
    np.testing.assert_array_equal(iy, [1, 1, 1, 1, -1, -1])
    np.testing.assert_array_equal(
        geom.contains(SkyCoord([0, 2, 0, 180], [0.9, 0, 1.1, 0], unit="deg")), [True, False, False, False]
    )


@pytest.mark.parametrize("proj", ["TAN", "CAR", "AIT", "SFL"])
@pytest.mark.parametrize("center", [(83.6, 22.0), (0.02, -30.0), (200.0, 89.5), (359.9, -90.0)])
def test_directions_are_in_the_pixels_that_their_projection_says(proj, center):
    """Also where many are far away, which is told without projecting them."""
    geom = WcsGeom.create(skydir=center, binsz=0.1, width=(3, 2), proj=proj)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(0, 2 * np.pi, 20000), np.arcsin(rng.uniform(-1, 1, 20000))
    x, y = rng.uniform(-2, np.add(geom.npix, 1)[:, None], (2, 20000))
    around = geom.pix_to_lonlat(x, y)
    lon, lat = np.append(lon, around[0]), np.append(lat, around[1])
    x, y = geom.lonlat_to_pix(lon, lat)
    column, row = np.floor(x + 0.5), np.floor(y + 0.5)
    inside = (column >= 0) & (column < geom.npix[0]) & (row >= 0) & (row < geom.npix[1])
    assert 5000 < np.sum(inside) < 20000
    ix, iy = geom.lonlat_to_idx(lon, lat)
    np.testing.assert_array_equal(ix, np.where(inside, column, -1))
    np.testing.assert_array_equal(iy, np.where(inside, row, -1))
    assert geom.lonlat_to_idx(lon[-1] + 1.0, -lat[-1]) == (-1, -1)


def test_positions_behind_the_tangent_plane_are_outside():
    geom = WcsGeom.create((10, 0), binsz=0.5, npix=100, proj="TAN")
    assert not geom.contains(SkyCoord([190, 100, 280], [0, 0, 0], unit="deg")).any()
    assert geom.contains(SkyCoord(10, 0, unit="deg"))


def test_separation_is_astropys():
    geom = WcsGeom.create((0, 45), binsz=3, npix=9, proj="TAN")
    lon, lat = geom.pixel_lonlat()
    expected = SkyCoord(lon, lat, unit="rad").separation(CRAB)
    assert geom.separation(CRAB).unit == u.rad
    np.testing.assert_allclose(geom.separation(CRAB).to_value("rad"), expected.rad, rtol=1e-12)


def test_whole_sky_in_car_is_four_pi():
    total = WcsGeom.create(binsz=1, proj="CAR").solid_angle().sum()
    assert total.to_value("sr") == pytest.approx(4 * np.pi, rel=1e-13)
    # 7 deg does not divide 180: the pixels that hang over the poles count with what is sky.
    assert WcsGeom.create(binsz=7, npix=(52, 26)).solid_angle().sum().value == pytest.approx(
        4 * np.pi, rel=1e-13
    )


def test_car_strips_between_parallels():
    geom = WcsGeom.create((40, 0), binsz=(2, 5), npix=(10, 20))
    edges = np.deg2rad(np.arange(-50, 51, 5))
    expected = np.deg2rad(2) * np.diff(np.sin(edges))
    for column in geom.solid_angle().T.value:
        np.testing.assert_allclose(column, expected, rtol=1e-13)


def test_car_off_the_equator_has_the_areas_of_the_equator():
    """The reference position is in the middle of the grid: at any declination the pixels there are squares."""
    areas = [WcsGeom.create((83, dec), binsz=0.1, npix=31).solid_angle().value for dec in (0, 22, -70)]
    np.testing.assert_allclose(areas[1], areas[0], rtol=1e-13)
    np.testing.assert_allclose(areas[2], areas[0], rtol=1e-13)
    assert areas[0][15, 15] == pytest.approx(np.deg2rad(0.1) ** 2, rel=1e-6)


@pytest.mark.parametrize("proj", ["ZEA", "AIT", "CEA", "SFL", "MOL"])
def test_equal_area_projections_have_equal_areas(proj):
    geom = WcsGeom.create((30, 10), binsz=0.05, npix=(60, 40), proj=proj)
    np.testing.assert_allclose(geom.solid_angle().value, np.deg2rad(0.05) ** 2, rtol=1e-13)
    corners = geom.pix_to_lonlat(*(np.indices((41, 61))[::-1] - 0.5))
    np.testing.assert_allclose(quadrilateral_area(*corners), np.deg2rad(0.05) ** 2, rtol=2e-6)


def test_gnomonic_areas_are_those_of_the_plane_seen_from_its_focus():
    """A cell of a plane at distance 1 spans d^2 / (1 + r^2)^(3/2), to the order of the cell's size squared."""
    geom = WcsGeom.create((30, 40), binsz=0.2, npix=101, proj="TAN")
    x, y = np.meshgrid(*[np.deg2rad((np.arange(101) - 50) * 0.2)] * 2)
    expected = np.deg2rad(0.2) ** 2 / (1 + x**2 + y**2) ** 1.5
    np.testing.assert_allclose(geom.solid_angle().value, expected, rtol=1e-5)


def test_gnomonic_square_of_90_deg_is_a_face_of_the_cube():
    """Its pixel borders are great circles, so the sum of the quadrilaterals is exact: a sixth of the sphere."""
    geom = WcsGeom.create((0, 0), binsz=np.rad2deg(0.1), npix=20, proj="TAN")
    assert geom.solid_angle().sum().to_value("sr") == pytest.approx(4 * np.pi / 6, rel=1e-13)


def test_small_pixels_keep_their_digits():
    areas = [
        WcsGeom.create((30, 40), binsz=1e-4, npix=5, proj=proj).solid_angle().value for proj in ("CAR", "TAN")
    ]
    np.testing.assert_allclose(areas[0], np.deg2rad(1e-4) ** 2, rtol=1e-9)
    np.testing.assert_allclose(areas[1], np.deg2rad(1e-4) ** 2, rtol=1e-7)


def test_pixels_off_the_sky_are_nan():
    geom = WcsGeom.create(binsz=5, coordsys="GAL", proj="AIT")
    lon, _ = geom.pixel_lonlat()
    assert np.isnan(lon[0, 0])
    assert np.isnan(geom.solid_angle()[0, 0])
    on_sky = geom.solid_angle()[np.isfinite(geom.solid_angle())]
    np.testing.assert_allclose(on_sky.value, np.deg2rad(5) ** 2, rtol=1e-13)
    # What is missing are the pixels that the border of the sky cuts.
    assert 0.9 < on_sky.sum().value / (4 * np.pi) < 1


def test_arrays_are_made_once_and_cannot_be_changed():
    geom = crab_geom()
    assert geom.pixel_lonlat()[0] is geom.pixel_lonlat()[0]
    image = geom.to_image()
    assert image.pixel_lonlat()[0] is geom.pixel_lonlat()[0]
    with pytest.raises(ValueError, match="read-only"):
        geom.pixel_lonlat()[0][0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        geom.solid_angle()[0, 0] = 0 * u.sr


def test_image_and_cube_share_the_pixels():
    geom = crab_geom()
    assert geom.to_image().data_shape == (50, 50)
    assert geom.to_image().to_cube([ENERGY]) == geom
    two = geom.to_cube([ENERGY, MapAxis.from_edges([0, 1, 2] * u.s, name="time")])
    assert two.data_shape == (2, 10, 50, 50)


def test_equality_and_pickling():
    geom = crab_geom()
    geom.solid_angle()
    again = pickle.loads(pickle.dumps(geom))
    assert again == geom == crab_geom()
    assert hash(again) == hash(geom)
    np.testing.assert_array_equal(again.pixel_lonlat(), geom.pixel_lonlat())
    assert geom != WcsGeom.create(skydir=CRAB, binsz=0.04, width=2, proj="TAN", axes=[ENERGY])
    assert geom != geom.to_image()


@pytest.mark.parametrize(
    ("arguments", "npix", "cdelt"),
    [
        ({"binsz": 0.1, "width": 2}, (20, 20), (-0.1, 0.1)),
        ({"binsz": "6 arcmin", "width": "2 deg"}, (20, 20), (-0.1, 0.1)),
        ({"binsz": (0.1, 0.2), "width": (2 * u.deg, "60 arcmin")}, (20, 5), (-0.1, 0.2)),
        ({"binsz": 0.1 * u.deg, "width": [2, 1] * u.deg}, (20, 10), (-0.1, 0.1)),
        ({"binsz": 0.5, "npix": (7, 3)}, (7, 3), (-0.5, 0.5)),
        ({"binsz": 0.5, "npix": 7}, (7, 7), (-0.5, 0.5)),
        ({"binsz": 2}, (180, 90), (-2, 2)),
    ],
)
def test_sizes_in_all_their_forms(arguments, npix, cdelt):
    geom = WcsGeom.create(**arguments)
    assert geom.npix == npix
    assert geom.cdelt == pytest.approx(cdelt)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"binsz": 0, "width": 1}, "binsz must be one or two angles above 0, not 0"),
        ({"binsz": "1 TeV", "width": 1}, "binsz must be one or two angles such as 2 or '2 deg', not '1 TeV'"),
        ({"binsz": (1, 2, 3), "width": 1}, "one or two angles"),
        ({"binsz": 1, "width": -1}, "width must be"),
        ({"binsz": 1, "width": 0.2}, "a pixel or more each way"),
        ({"binsz": 1, "width": 1, "npix": 1}, "width or npix, not both"),
        ({"binsz": 1, "proj": "TAN"}, "needs width or npix"),
        ({"npix": 3, "proj": "XYZ"}, "projection 'XYZ' cannot be used"),
        ({"npix": 3, "coordsys": "ECL"}, "must be 'CEL' or 'GAL', not 'ECL'"),
        ({"npix": 3, "skydir": (0, 91)}, "position on the sky"),
        ({"npix": 3, "skydir": SkyCoord([1, 2], [1, 2], unit="deg")}, "must be one position, not 2"),
        ({"npix": 3, "axes": [ENERGY, ENERGY]}, "different names"),
        ({"npix": 3, "axes": ["energy"]}, "must be MapAxis objects"),
    ],
)
def test_what_cannot_be_a_geometry_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        WcsGeom.create(**arguments)


def test_questions_that_cannot_be_answered():
    geom = crab_geom()
    with pytest.raises(MissingError, match=r"no axis 'energy_true'; it has \['energy'\]"):
        geom.axis("energy_true")
    with pytest.raises(InputError, match="must be a SkyCoord"):
        geom.contains((83.6, 22.0))
