"""Circles that touch what is excluded, against points drawn all over them."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import (
    CircleAnnulusSkyRegion,
    CirclePixelRegion,
    CircleSkyRegion,
    EllipseSkyRegion,
    LineSkyRegion,
    PixCoord,
    PointSkyRegion,
    PolygonSkyRegion,
    RectangleSkyRegion,
)

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.reduction.exclusion import as_exclusions, points_of_circle

CENTER = SkyCoord(359.9, 40, unit="deg")
LONLAT = CENTER.ra.rad, CENTER.dec.rad


def touches(exclusion, lon, lat, radius):
    """Whether any test of an exclusion says that a circle (radian) touches it."""
    return any(test.touches(lon, lat, radius) for test in as_exclusions(exclusion))


def circles(n, seed=1):
    """Circles (lon, lat, radius) around the center, up to 1 deg away, radian."""
    rng = np.random.default_rng(seed)
    away = np.radians(1.0) * rng.random(n)
    lon, lat = directional_offset(*LONLAT, 2 * np.pi * rng.random(n), away)
    return zip(lon, lat, np.radians(rng.uniform(0.05, 0.3, n)), strict=True)


def drawn_in(lon, lat, radius, n=2000):
    """Points all over a circle as (x, y) in deg in the tangential plane at the center, and as (lon, lat)."""
    rng = np.random.default_rng(2)
    lon, lat = directional_offset(lon, lat, 2 * np.pi * rng.random(n), radius * np.sqrt(rng.random(n)))
    away = angular_separation(*LONLAT, lon, lat)
    north = np.sin(lat) * np.cos(LONLAT[1]) - np.cos(lat) * np.sin(LONLAT[1]) * np.cos(lon - LONLAT[0])
    east = np.cos(lat) * np.sin(lon - LONLAT[0])
    return np.degrees(np.array([east, north]) / np.cos(away)), (lon, lat)


def check(exclusion, is_excluded):
    """Circles of which a fiftieth is excluded are touched, those that have nothing even a bit outside are not."""
    found = []
    for lon, lat, radius in circles(40):
        if np.mean(is_excluded((lon, lat, radius))) > 0.02:
            found.append(True)
        elif not np.any(is_excluded((lon, lat, 1.1 * radius))):
            found.append(False)
        else:
            continue
        assert touches(exclusion, lon, lat, radius) == found[-1]
    assert min(sum(found), len(found) - sum(found)) > 5


SHAPES = {
    "rectangle": (
        RectangleSkyRegion(CENTER, 0.6 * u.deg, 0.3 * u.deg),
        lambda x, y: (abs(x) < 0.3) & (abs(y) < 0.15),
    ),
    "ellipse": (
        EllipseSkyRegion(CENTER, 0.8 * u.deg, 0.4 * u.deg),
        lambda x, y: (x / 0.4) ** 2 + (y / 0.2) ** 2 < 1,
    ),
    "ring": (
        CircleAnnulusSkyRegion(CENTER, 0.5 * u.deg, 0.8 * u.deg),
        lambda x, y: (np.hypot(x, y) > 0.5) & (np.hypot(x, y) < 0.8),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_touches_circles_that_have_a_point_of_it(shape):
    region, is_inside = SHAPES[shape]
    check(region, lambda circle: is_inside(*drawn_in(*circle)[0]))


def test_circles_touch_where_their_distance_says():
    region = CircleSkyRegion(CENTER.galactic, 0.4 * u.deg)
    for lon, lat, radius in circles(100):
        distance = np.degrees(angular_separation(*LONLAT, lon, lat))
        assert touches(region, lon, lat, radius) == (distance < 0.4 + np.degrees(radius))


def test_maps_touch_circles_that_have_a_point_of_an_excluded_pixel():
    geom = WcsGeom.create(skydir=CENTER, binsz=0.1, width=(4, 4), coordsys="GAL", proj="TAN")
    allowed = geom.separation(CENTER) > 0.45 * u.deg

    def excluded(circle):
        column, row = geom.lonlat_to_idx(*geom.lonlat(SkyCoord(*drawn_in(*circle)[1], unit="rad")))
        return ~allowed[row, column]

    check(WcsNDMap(geom, allowed), excluded)


def test_a_plane_that_is_excluded_at_one_energy_is_excluded():
    geom = WcsGeom.create(skydir=CENTER, binsz=0.1, width=1, proj="TAN")
    data = np.ones((2, *geom.data_shape), dtype=bool)
    mask = WcsNDMap(geom, data[0])
    cube = type("Cube", (), {"geom": geom, "data": data})
    assert not touches(mask, *LONLAT, 0.001)
    assert not touches(cube, *LONLAT, 0.001)
    data[1] = False
    assert touches(cube, *LONLAT, 0.001)


@pytest.mark.parametrize("away", [85, 90, 91, 179.99, 180])
def test_what_is_on_the_other_side_of_the_sky_touches_nothing(away):
    far = CENTER.directional_offset_by(30 * u.deg, away * u.deg)
    corners = far.directional_offset_by([0, 120, 240] * u.deg, 0.2 * u.deg)
    for region in (
        CircleSkyRegion(far, 1 * u.deg),
        RectangleSkyRegion(far, 1 * u.deg, 1 * u.deg),
        EllipseSkyRegion(far, 1 * u.deg, 2 * u.deg),
        CircleAnnulusSkyRegion(far, 0.1 * u.deg, 1 * u.deg),
        PolygonSkyRegion(corners),
    ):
        assert not touches(region, *LONLAT, np.radians(0.1))


@pytest.mark.parametrize("frame", ["icrs", "fk5", "galactic"])
@pytest.mark.parametrize("angle", [0, 35, 120])
def test_the_angle_of_a_region_is_from_the_axes_of_its_own_frame(frame, angle):
    """Long and thin ones, asked along the direction that they lie in, and across; DS9 and others mean the same."""
    center = CENTER.transform_to(frame)
    shapes = [
        shape(center, 1 * u.deg, 0.1 * u.deg, angle * u.deg)
        for shape in (EllipseSkyRegion, RectangleSkyRegion)
    ]
    # Anticlockwise on the sky, where longitude grows to the left, as position angles go, which begin a quarter off.
    along, across = ((90 + angle + turn) * u.deg for turn in (0, 90))
    for region in (*shapes, shapes[0] | shapes[1]):
        (test,) = as_exclusions(region)
        for direction, expected in ((along, True), (across, False)):
            for place in (
                center.directional_offset_by(direction, reach * u.deg).icrs for reach in (-0.4, 0.4)
            ):
                lon, lat = (np.atleast_1d(each.rad) for each in (place.ra, place.dec))
                assert test.holds(lon, lat) == [expected]
                assert test.touches(lon[0], lat[0], 1e-3) is expected


def test_a_frame_without_a_map_is_refused():
    region = EllipseSkyRegion(CENTER.transform_to("barycentrictrueecliptic"), 1 * u.deg, 0.1 * u.deg)
    with pytest.raises(InputError, match="in the frame barycentrictrueecliptic; wanted is ICRS"):
        touches(region, *LONLAT, 0.1)


def test_regions_that_are_joined_or_listed():
    near, far = (
        RectangleSkyRegion(center, 0.2 * u.deg, 0.2 * u.deg) for center in (CENTER, SkyCoord("9h 10d"))
    )
    circle = *LONLAT, np.radians(0.05)
    assert touches(near | far, *circle)
    assert not touches(near & far, *circle)
    for several in ([far, [near]], (far, near)):
        assert touches(several, *circle)
    assert not touches([far, None], *circle)
    assert as_exclusions(None) == []


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (PointSkyRegion(CENTER), "PointSkyRegion, which has no area"),
        (LineSkyRegion(CENTER, CENTER), "LineSkyRegion, which has no area"),
        (SHAPES["ring"][0] | PointSkyRegion(CENTER), "PointSkyRegion, which has no area"),
        (CirclePixelRegion(PixCoord(1, 1), 3), "is a CirclePixelRegion; a map of booleans, a sky region"),
        ("HESS J1825", "is a str"),
    ],
)
def test_what_excludes_nothing_is_refused(region, words):
    with pytest.raises(InputError, match=words):
        as_exclusions(region)


def test_points_fill_a_circle_up_to_its_rim():
    radius = np.radians(0.3)
    lon, lat = points_of_circle(*LONLAT, radius)
    away = angular_separation(*LONLAT, lon, lat) / radius
    assert away.max() == pytest.approx(1)
    # No place in the circle is farther from all of them than a tenth of its radius.
    _, (there_lon, there_lat) = drawn_in(*LONLAT, radius, 300)
    nearest = angular_separation(there_lon[:, None], there_lat[:, None], lon, lat).min(axis=1)
    assert nearest.max() < 0.1 * radius
