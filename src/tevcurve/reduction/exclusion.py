"""Where no background may be taken, or nothing at all: exclusion maps and regions, asked what is on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.reduction.run_in_cells import pixels_icrs

RINGS = np.linspace(0, 1, 13)[1:]
# Regions whose centre or vertices are all farther away than this do not touch a circle.
FARTHEST = np.radians(80)
WITHOUT_AREA = ("PointSkyRegion", "TextSkyRegion")


def as_exclusions(exclusion):
    """List of `ExcludedCircle`, `ExcludedRegion` and `ExcludedMap`, one for each map or region that is given.

    exclusion: None, a WcsNDMap of booleans (True where background may be taken), a sky region of the regions
    package, whose angle is from the axes of its centre's frame, or a list of any of these. Each has
    `touches(lon, lat, radius)` of a circle and `holds(lon, lat)` of directions (radian, ICRS). Raises InputError for
    anything else, such as points and lines.
    """
    if exclusion is None:
        return []
    if isinstance(exclusion, (list, tuple)):
        return [test for item in exclusion for test in as_exclusions(item)]
    if hasattr(exclusion, "geom") and hasattr(exclusion, "data"):
        return [ExcludedMap.of(exclusion)]
    if hasattr(exclusion, "radius") and hasattr(getattr(exclusion, "center", None), "icrs"):
        return [ExcludedCircle.of(exclusion)]
    if hasattr(exclusion, "to_pixel"):
        _check_area(exclusion)
        return [ExcludedRegion(exclusion)]
    raise InputError(
        f"exclusion is a {type(exclusion).__name__}; a map of booleans, a sky region or a list of these is wanted."
    )


def allowed_pixels(exclusion, geom, source):
    """Bool array (nlat, nlon) of the pixels whose centres are on no exclusion; None where that is all of them.

    Raises InputError where the source is excluded, or every pixel.

    Parameters
    ----------
    exclusion : as in `as_exclusions`
    geom : `WcsGeom`
    source : (lon, lat), ICRS, radian
    """
    tests = as_exclusions(exclusion)
    if any(test.holds(*np.atleast_2d(source).T)[0] for test in tests):
        raise InputError(
            "exclusion has the target itself in it, and in 3D what is excluded is outside the fit; wanted is one "
            "without the target."
        )
    lon, lat = pixels_icrs(geom)
    allowed = np.ones(lon.shape, dtype=bool)
    for test in tests:
        allowed &= ~test.holds(lon, lat)
    return None if allowed.all() else allowed


def points_of_circle(lon, lat, radius):
    """Directions (lon, lat) in radian that fill a circle up to its rim.

    Parameters
    ----------
    lon, lat : of the centre, radian
    radius : float, radian
    """
    angles, radii = np.meshgrid(np.linspace(0, 2 * np.pi, 36, endpoint=False), radius * RINGS)
    ring_lon, ring_lat = directional_offset(lon, lat, angles.ravel(), radii.ravel())
    return np.append(ring_lon, lon), np.append(ring_lat, lat)


@dataclass(frozen=True)
class ExcludedCircle:
    """A circle on the sky: lon, lat, radius in radian (ICRS). Circles are compared with it exactly."""

    lon: float
    lat: float
    radius: float

    @classmethod
    def of(cls, region):
        """Of a `CircleSkyRegion` or its like. region: with `center` and `radius`."""
        center = region.center.icrs
        return cls(center.ra.rad, center.dec.rad, region.radius.to_value("rad"))

    def touches(self, lon, lat, radius):
        """Whether a circle (radian) has anything of it, bool.

        Parameters
        ----------
        lon, lat : of the circle's centre, ICRS, radian
        radius : float, radian, of the circle
        """
        return angular_separation(self.lon, self.lat, lon, lat) < self.radius + radius

    def holds(self, lon, lat):
        """Whether directions are in it, bool array of their shape.

        Parameters
        ----------
        lon, lat : float arrays of one shape, ICRS, radian
        """
        return angular_separation(self.lon, self.lat, lon, lat) < self.radius


@dataclass(frozen=True)
class ExcludedRegion:
    """A sky region of any other shape; circles are compared with it at points that fill them."""

    region: object

    def touches(self, lon, lat, radius):
        """Whether a circle (radian) has anything of it, bool.

        Parameters
        ----------
        lon, lat : of the circle's centre, ICRS, radian
        radius : float, radian, of the circle
        """
        return bool(np.any(self._inside(points_of_circle(lon, lat, radius), (lon, lat))))

    def holds(self, lon, lat):
        """Whether directions are in it, bool array of their shape.

        Parameters
        ----------
        lon, lat : float arrays of one shape, ICRS, radian
        """
        middle = tuple(axis.flat[axis.size // 2] for axis in (lon, lat))
        return self._inside((lon, lat), middle)

    def _inside(self, points, middle):
        """Whether the region has each of the points (lon, lat) around a middle."""
        from astropy.coordinates import SkyCoord

        return _contains(self.region, SkyCoord(*points, unit="rad"), middle)


@dataclass(frozen=True, eq=False)
class ExcludedMap:
    """Pixels of a map. geom: `WcsGeom`; allowed: bool array (nlat, nlon), False where it excludes.

    Circles are compared with it at points that fill them, and at the centres of its pixels.
    """

    geom: object
    allowed: np.ndarray

    @classmethod
    def of(cls, mask):
        """Of a map of booleans; a pixel that is False at any energy is excluded.

        mask: map, True where it is allowed.
        """
        data = np.asarray(mask.data)
        if data.dtype != bool:
            raise InputError(
                f"The exclusion map holds {data.dtype}; booleans are wanted, True where background may be taken."
            )
        return cls(mask.geom, data.reshape(-1, *data.shape[-2:]).all(axis=0))

    @cached_property
    def excluded_lonlat(self):
        """(lon, lat) of the centres of its pixels, radian (ICRS)."""
        return tuple(axis[~self.allowed] for axis in pixels_icrs(self.geom))

    def touches(self, lon, lat, radius):
        """Whether a circle (radian) has anything of it, bool.

        Parameters
        ----------
        lon, lat : of the circle's centre, ICRS, radian
        radius : float, radian, of the circle
        """
        if np.any(angular_separation(*self.excluded_lonlat, lon, lat) < radius):
            return True
        # Pixels that are larger than the circle may hold it without a centre inside it.
        return bool(np.any(self.holds(*points_of_circle(lon, lat, radius))))

    def holds(self, lon, lat):
        """Whether directions are in its excluded pixels, bool array of their shape; outside of the map none is.

        Parameters
        ----------
        lon, lat : float arrays of one shape, ICRS, radian
        """
        from astropy.coordinates import SkyCoord

        column, row = self.geom.lonlat_to_idx(*self.geom.lonlat(SkyCoord(lon, lat, unit="rad")))
        return np.where(column >= 0, ~self.allowed[row, column], False)


def _check_area(region):
    for part in _parts(region):
        _check_area(part)
    if not _parts(region) and (_places(region) is None or type(region).__name__ in WITHOUT_AREA):
        raise InputError(
            f"exclusion has a {type(region).__name__}, which has no area; a circle around it is wanted."
        )


def _parts(region):
    """The two regions that one is made of, or none."""
    return (region.region1, region.region2) if hasattr(region, "region1") else ()


def _places(region):
    """SkyCoord of what says where a region lies: its centre or its vertices; None for one without an area."""
    return getattr(region, "center", getattr(region, "vertices", None))


def _contains(region, points, middle):
    """Whether a region has each of the points, which lie around a middle, (lon, lat), ICRS, radian."""
    if _parts(region):
        return region.operator(*(_contains(part, points, middle) for part in _parts(region)))
    places = _places(region)
    # The map ends at 90 deg.
    if np.all(angular_separation(places.icrs.ra.rad, places.icrs.dec.rad, *middle) > FARTHEST):
        return np.zeros(points.shape, dtype=bool)
    return region.contains(points, _wcs_around(middle, places.frame, region))


def _wcs_around(middle, frame, region):
    """A map around a middle, (lon, lat), ICRS, radian, in the frame of a region: its angle is from the axes of that."""
    from astropy.coordinates import SkyCoord
    from astropy.wcs.utils import celestial_frame_to_wcs

    try:
        wcs = celestial_frame_to_wcs(frame.replicate_without_data(), projection="TAN")
    except ValueError as error:
        raise InputError(
            f"exclusion has a {type(region).__name__} in the frame {frame.name}; wanted is ICRS, FK5, FK4 or galactic."
        ) from error
    middle = SkyCoord(*middle, unit="rad").transform_to(frame).spherical
    wcs.wcs.crval = middle.lon.deg, middle.lat.deg
    wcs.wcs.cdelt = [-0.01, 0.01]
    return wcs
