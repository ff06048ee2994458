"""Where no background may be taken: exclusion maps and regions, asked whether a circle touches them."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.reduction.cube import pixels_icrs

RINGS = np.linspace(0, 1, 13)[1:]
# Regions whose centre or vertices are all farther away than this do not touch a circle.
FARTHEST = np.radians(80)
WITHOUT_AREA = ("PointSkyRegion", "TextSkyRegion")


def as_exclusions(exclusion):
    """List of tests `touches(lon, lat, radius)` (radian, ICRS), one for each map or region that is given.

    exclusion: None, a WcsNDMap of booleans (True where background may be taken), a sky region of the regions
    package, or a list of any of these. Circles are compared with circles exactly; other regions at
    points that fill the circle, and maps also at the centres of their pixels. Raises InputError for anything else,
    such as points and lines.
    """
    if exclusion is None:
        return []
    if isinstance(exclusion, (list, tuple)):
        return [test for item in exclusion for test in as_exclusions(item)]
    if hasattr(exclusion, "geom") and hasattr(exclusion, "data"):
        return [_map_test(exclusion)]
    if hasattr(exclusion, "radius") and hasattr(getattr(exclusion, "center", None), "icrs"):
        return [_circle_test(exclusion)]
    if hasattr(exclusion, "to_pixel"):
        return [_region_test(exclusion)]
    raise InputError(
        f"exclusion_mask is a {type(exclusion).__name__}; "
        "a map of booleans, a sky region or a list of these is wanted."
    )


def points_of_circle(lon, lat, radius):
    """Directions (lon, lat) in radian that fill a circle up to its rim."""
    angles, radii = np.meshgrid(np.linspace(0, 2 * np.pi, 36, endpoint=False), radius * RINGS)
    ring_lon, ring_lat = directional_offset(lon, lat, angles.ravel(), radii.ravel())
    return np.append(ring_lon, lon), np.append(ring_lat, lat)


def _circle_test(region):
    center = region.center.icrs
    lon0, lat0, radius0 = center.ra.rad, center.dec.rad, region.radius.to_value("rad")
    return lambda lon, lat, radius: angular_separation(lon0, lat0, lon, lat) < radius0 + radius


def _region_test(region):
    from astropy.coordinates import SkyCoord
    from astropy.wcs import WCS

    _check_area(region)

    def touches(lon, lat, radius):
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval = np.degrees([lon, lat])
        wcs.wcs.cdelt = [-0.01, 0.01]
        points = SkyCoord(*points_of_circle(lon, lat, radius), unit="rad")
        return bool(np.any(_contains(region, points, wcs, (lon, lat))))

    return touches


def _parts(region):
    """The two regions that one is made of, or none."""
    return (region.region1, region.region2) if hasattr(region, "region1") else ()


def _places(region):
    """SkyCoord of what says where a region lies: its centre or its vertices; None for one without an area."""
    return getattr(region, "center", getattr(region, "vertices", None))


def _check_area(region):
    for part in _parts(region):
        _check_area(part)
    if not _parts(region) and (_places(region) is None or type(region).__name__ in WITHOUT_AREA):
        raise InputError(
            f"exclusion_mask has a {type(region).__name__}, which has no area; a circle around it is wanted."
        )


def _contains(region, points, wcs, middle):
    """Whether a region has each of the points, which lie around the middle of a map."""
    if _parts(region):
        return region.operator(*(_contains(part, points, wcs, middle) for part in _parts(region)))
    places = _places(region).icrs
    # The map ends at 90 deg.
    if np.all(angular_separation(places.ra.rad, places.dec.rad, *middle) > FARTHEST):
        return np.zeros(points.shape, dtype=bool)
    return region.contains(points, wcs)


def _map_test(mask):
    data = np.asarray(mask.data)
    if data.dtype != bool:
        raise InputError(
            f"The exclusion map holds {data.dtype}; booleans are wanted, True where background may be taken."
        )
    allowed = data.reshape(-1, *data.shape[-2:]).all(axis=0)
    excluded_lon, excluded_lat = (axis[~allowed] for axis in pixels_icrs(mask.geom))

    def touches(lon, lat, radius):
        if np.any(angular_separation(excluded_lon, excluded_lat, lon, lat) < radius):
            return True
        # Pixels that are larger than the circle may hold it without a centre inside it.
        return bool(np.any(~_value_at(mask.geom, allowed, *points_of_circle(lon, lat, radius))))

    return touches


def _value_at(geom, allowed, lon, lat):
    """Whether background may be taken at directions in radian (ICRS); outside of the map it may."""
    from astropy.coordinates import SkyCoord

    column, row = geom.lonlat_to_idx(*geom.lonlat(SkyCoord(lon, lat, unit="rad")))
    return np.where(column >= 0, allowed[row, column], True)
