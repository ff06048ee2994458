import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from scipy.integrate import quad
from scipy.special import ndtr

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom
from tevcurve.models import SkyDisk, SkyGaussian, SkyPointSource

CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
GEOM = WcsGeom.create(skydir=CRAB, binsz=0.04, width=(2, 1.6))
SHAPES = [
    lambda size: SkyGaussian("40 deg", "-33 deg", size),
    lambda size: SkyDisk("40 deg", "-33 deg", size),
]


def test_positions_and_frames():
    model = SkyPointSource(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs")
    assert model.lon_0.quantity == 83.63308 * u.deg
    assert model.position.separation(CRAB) < 1e-9 * u.arcsec
    np.testing.assert_allclose(model.lonlat(), np.deg2rad([83.63308, 22.0145]), rtol=1e-15)
    galactic = CRAB.galactic
    np.testing.assert_allclose(model.lonlat_in("galactic"), [galactic.l.rad, galactic.b.rad], rtol=1e-12)
    assert model.lonlat_in("icrs") == model.lonlat()
    np.testing.assert_allclose(model.lonlat(lon_0=90), np.deg2rad([90, 22.0145]))
    assert model.evaluation_radius == 0 * u.deg


@pytest.mark.parametrize("frame", ["icrs", "galactic", "fk5"])
def test_a_model_from_a_position(frame):
    model = SkyGaussian.from_position(CRAB.transform_to(frame), sigma="0.1 deg")
    assert model.frame == ("galactic" if frame == "galactic" else "icrs")
    assert model.position.separation(CRAB) < 1e-6 * u.arcsec
    assert model.sigma.value == 0.1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SkyPointSource("1 deg", "2 deg", frame="altaz"), "'icrs' or 'galactic'"),
        (lambda: SkyPointSource.from_position("Crab"), "is 'Crab'; wanted is a SkyCoord"),
        (lambda: SkyPointSource("1 deg"), "made without lat_0"),
        (lambda: SkyPointSource(83.6, 22.0), "converts to deg"),
        (lambda: SkyPointSource("1 deg", "91 deg"), "bounds"),
        (lambda: SkyGaussian("1 deg", "2 deg", "-0.1 deg"), "bounds"),
        (lambda: SkyGaussian("1 deg", "2 deg", "0 deg").evaluate(0.0, 0.0), "'sigma' is 0 deg"),
        (lambda: SkyDisk("1 deg", "2 deg", "0 deg").evaluate(0.0, 0.0), "'r_0' is 0 deg"),
        (lambda: SkyPointSource("1 deg", "2 deg").evaluate(0.0, 0.0), "is a point"),
        (lambda: SkyPointSource("1 deg", "2 deg").lonlat_in("fk5"), "'icrs' or 'galactic'"),
        (lambda: SkyDisk("1 deg", "2 deg", "1 deg").pixel_fractions(GEOM, factor=0), "whole number >= 1"),
    ],
)
def test_what_spatial_models_do_not_take(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize("make", SHAPES)
@pytest.mark.parametrize("size", ["0.01 deg", "0.3 deg", "20 deg", "90 deg", "170 deg"])
def test_the_profile_integrates_to_one_over_the_sphere(make, size):
    model = make(size)
    scale = model.parameters[2].internal
    radial = (
        2
        * np.pi
        * quad(
            lambda r: model.profile(r, scale) * np.sin(r),
            0,
            min(12 * scale, np.pi),
            points=[scale],
            epsabs=0,
            epsrel=1e-11,
        )[0]
    )
    assert radial == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("make", SHAPES)
def test_evaluate_sums_to_one_on_a_grid_of_the_whole_sphere(make):
    sin_lat = (np.arange(2000) + 0.5) / 1000 - 1
    lon = (np.arange(1000) + 0.5) * 2 * np.pi / 1000
    brightness = make("25 deg").evaluate(lon[None, :], np.arcsin(sin_lat)[:, None])
    # Equal areas of 4 pi / 2e6; the sharp edge of the disc costs its 1e-4.
    assert brightness.mean() * 4 * np.pi == pytest.approx(1, rel=2e-4)


def test_gaussian_profile_is_gaussian_near_the_centre():
    model = SkyGaussian("40 deg", "-33 deg", "0.1 deg")
    lat = np.deg2rad(-33 + np.array([0, 0.1, 0.2, 0.3]))
    brightness = model.evaluate(np.deg2rad(40), lat)
    np.testing.assert_allclose(brightness / brightness[0], np.exp([0, -0.5, -2, -4.5]), rtol=1e-5)
    assert brightness[0] == pytest.approx(1 / (2 * np.pi * np.deg2rad(0.1) ** 2), rel=1e-5)
    assert model.evaluation_radius.to_value("deg") == pytest.approx(0.5)


def test_disk_is_flat_with_its_edge_inside():
    model = SkyDisk("40 deg", "0 deg", "1 deg")
    flat = 1 / (2 * np.pi * (1 - np.cos(np.deg2rad(1))))
    lat = np.deg2rad([0.0, 0.999999, 1.000001])
    np.testing.assert_allclose(model.evaluate(np.deg2rad(40), lat), [flat, flat, 0], rtol=1e-10)
    assert model.profile(np.deg2rad(1), np.deg2rad(1)) > 0


def test_point_fractions_are_bilinear():
    lon, lat = GEOM.pix_to_lonlat(20.25, 10.6)
    fractions = SkyPointSource(lon * u.rad, lat * u.rad).pixel_fractions(GEOM)
    assert fractions.shape == GEOM.data_shape
    np.testing.assert_allclose(fractions[10:12, 20:22], [[0.3, 0.1], [0.45, 0.15]], atol=1e-9)
    assert fractions.sum() == pytest.approx(1, rel=1e-14)


def test_point_fractions_at_the_border_and_outside():
    lon, lat = GEOM.pix_to_lonlat(-0.25, 10.0)
    fractions = SkyPointSource(lon * u.rad, lat * u.rad).pixel_fractions(GEOM)
    assert fractions.sum() == pytest.approx(0.75, abs=1e-9)
    assert SkyPointSource("120 deg", "22 deg").pixel_fractions(GEOM).sum() == 0
    far = WcsGeom.create(skydir=CRAB, binsz=0.04, width=1, proj="TAN")
    assert SkyPointSource("263 deg", "-22 deg").pixel_fractions(far).sum() == 0


@pytest.mark.parametrize("proj", ["CAR", "TAN"])
@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
@pytest.mark.parametrize("shape", [SkyGaussian, SkyDisk])
@pytest.mark.parametrize("size", ["0.003 deg", "0.05 deg", "0.15 deg"])
def test_contained_sources_sum_to_one_about_their_centre(proj, coordsys, shape, size):
    geom = WcsGeom.create(skydir=CRAB, binsz=0.04, width=2, coordsys=coordsys, proj=proj)
    centre = SkyCoord(83.7, 21.95, unit="deg")
    model = shape(centre.ra, centre.dec, size)
    fractions = model.pixel_fractions(geom)
    assert fractions.sum() == pytest.approx(1, rel=1e-12)
    y, x = np.indices(fractions.shape)
    x0, y0 = geom.lonlat_to_pix(*geom.lonlat(centre))
    # A source inside one pixel says where it is only to half a pixel.
    slack = 0.5 if size == "0.003 deg" else 0.03
    assert (fractions * x).sum() == pytest.approx(x0, abs=slack)
    assert (fractions * y).sum() == pytest.approx(y0, abs=slack)


def test_fractions_of_a_gaussian_are_those_of_error_functions():
    geom = WcsGeom.create(skydir=SkyCoord(10, 0, unit="deg"), binsz=0.04, width=2)
    fractions = SkyGaussian("10.013 deg", "-0.007 deg", "0.05 deg").pixel_fractions(geom)
    x0, y0 = geom.lonlat_to_pix(np.deg2rad(10.013), np.deg2rad(-0.007))
    edges = np.arange(51) - 0.5
    exact = np.outer(*(np.diff(ndtr((edges - centre) / 1.25)) for centre in (y0, x0)))
    # 5 sigma hold all but 3.7e-6 of it.
    np.testing.assert_allclose(fractions, exact, atol=2e-6)


@pytest.mark.parametrize("shape", [SkyGaussian, SkyDisk])
def test_fractions_are_the_brightness_times_the_solid_angle(shape):
    model = shape(CRAB.ra, CRAB.dec, "0.4 deg")
    fractions = model.pixel_fractions(GEOM, factor=3)
    wanted = model.evaluate(*GEOM.pixel_lonlat()) * GEOM.solid_angle().to_value("sr")
    # Pixels in the inner half, away from the disc's edge; the mean over a pixel differs in second order.
    inner = angular_separation(*model.lonlat(), *GEOM.pixel_lonlat()) < np.deg2rad(0.2)
    np.testing.assert_allclose(fractions[inner], wanted[inner], rtol=2e-3)


def test_fractions_of_a_disk_change_smoothly_with_its_radius():
    model = SkyDisk("83.641 deg", "22.022 deg", "0.3 deg")
    radii = np.linspace(0.28, 0.32, 41)
    centre = [model.pixel_fractions(GEOM, r_0=radius)[19, 25] for radius in radii]
    # A pixel inside holds pixel area / disc area, whatever the radius.
    flat = GEOM.solid_angle().to_value("sr")[19, 25] / (2 * np.pi * (1 - np.cos(np.deg2rad(radii))))
    np.testing.assert_allclose(centre, flat, rtol=2e-3)


@pytest.mark.parametrize("shape", [SkyGaussian, SkyDisk])
def test_a_source_on_the_border_keeps_its_half(shape):
    lon, lat = GEOM.pix_to_lonlat(-0.5, 20.0)
    model = shape(lon * u.rad, lat * u.rad, "0.1 deg")
    assert model.pixel_fractions(GEOM).sum() == pytest.approx(0.5, abs=2e-3)
    outside = shape("120 deg", "22 deg", "0.1 deg")
    assert outside.pixel_fractions(GEOM).sum() == 0


def test_a_source_much_larger_than_the_map_gives_its_share():
    model = SkyGaussian(CRAB.ra, CRAB.dec, "60 deg")
    share = model.pixel_fractions(GEOM).sum()
    area = GEOM.solid_angle().to_value("sr").sum()
    assert share == pytest.approx(area * model.evaluate(*model.lonlat()), rel=1e-3)


def test_sources_finer_than_the_sampling_are_points():
    point = SkyPointSource(CRAB.ra, CRAB.dec).pixel_fractions(GEOM)
    np.testing.assert_array_equal(SkyGaussian(CRAB.ra, CRAB.dec, "1e-4 deg").pixel_fractions(GEOM), point)
    np.testing.assert_array_equal(SkyGaussian(CRAB.ra, CRAB.dec, "0 deg").pixel_fractions(GEOM), point)


def test_overrides_move_the_source_and_leave_the_model_alone():
    model = SkyGaussian(CRAB.ra, CRAB.dec, "0.1 deg")
    moved = model.pixel_fractions(GEOM, lat_0=22.3, sigma=0.05)
    np.testing.assert_array_equal(moved, SkyGaussian(CRAB.ra, "22.3 deg", "0.05 deg").pixel_fractions(GEOM))
    assert (model.lat_0.value, model.sigma.value) == (22.0145, 0.1)


def test_views_tell_the_frame():
    model = SkyDisk("10 deg", "0 deg", "0.2 deg", frame="galactic", name="shell")
    assert str(model).splitlines()[0] == "SkyDisk 'shell' (galactic)"
    assert model.copy().frame == "galactic"
