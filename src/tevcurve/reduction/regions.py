"""OFF regions that mirror the ON region on the ring around each pointing."""

import logging
from dataclasses import dataclass

import numpy as np
from astropy.units import Quantity

from tevcurve.errors import DataError, InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset, may_be_within, position_angle
from tevcurve.on_demand import offers
from tevcurve.records import short_repr
from tevcurve.reduction.exclusion import as_exclusions

log = logging.getLogger(__name__)

GRID_STEP_DEG = 0.01


@dataclass(frozen=True, eq=False)
class ReflectedRegions:
    """The ON circle and its OFF circles for one observation; directions and radius in radian, ICRS.

    Attributes
    ----------
    observation : that they are of
    on_lon, on_lat : floats, centre of the ON circle
    radius : float, of all circles
    off_lon, off_lat : float arrays (n_off,), centres of the OFF circles
    """

    observation: object
    on_lon: float
    on_lat: float
    radius: float
    off_lon: np.ndarray
    off_lat: np.ndarray

    __repr__ = short_repr

    @property
    def n_off(self):
        """Number of OFF regions."""
        return len(self.off_lon)

    @property
    def alpha(self):
        """Ratio of the acceptances of ON and OFF: all regions are equal and at the same offset."""
        return 1 / self.n_off

    @property
    def offset(self):
        """Separation of the ON region from the pointing in radian."""
        return float(angular_separation(*self.observation.pointing_lonlat, self.on_lon, self.on_lat))

    def in_on(self, lon, lat, radius=None):
        """Whether directions (radian) lie in the ON circle, or within radii (radian) of their own of its centre.

        Parameters
        ----------
        lon, lat : float arrays (n,), ICRS, radian
        radius : float array (n,), radian; default: that of the circle
        """
        radius = self.radius if radius is None else radius
        lon, lat = np.asarray(lon), np.asarray(lat)
        near = may_be_within(self.on_lon, self.on_lat, lon, lat, np.max(radius, initial=0.0))
        inside = np.zeros(lon.shape, dtype=bool)
        separation = angular_separation(self.on_lon, self.on_lat, lon[near], lat[near])
        inside[near] = separation < np.broadcast_to(radius, lon.shape)[near]
        return inside

    def in_off(self, lon, lat, radius=None):
        """Whether directions lie in an OFF circle, arguments as in `in_on`; a direction in two circles counts once.

        Radii of their own must not be larger than that of the circles.

        Parameters
        ----------
        lon, lat : float arrays (n,), ICRS, radian
        radius : float array (n,), radian; default: that of the circles
        """
        lon, lat = np.asarray(lon), np.asarray(lat)
        radius = np.broadcast_to(self.radius if radius is None else radius, lon.shape)
        inside = np.zeros(lon.shape, dtype=bool)
        # All OFF circles lie on the ring: most events are dropped by one separation, many of these without it.
        pointing, offset = self.observation.pointing_lonlat, self.offset
        ring = np.flatnonzero(may_be_within(*pointing, lon, lat, offset + self.radius))
        from_pointing = angular_separation(*pointing, lon[ring], lat[ring])
        ring = ring[np.abs(from_pointing - offset) < self.radius]
        # Chords instead of angles: no trigonometry for each pair of an event and a circle.
        centers, directions = _unit_vectors(self.off_lon, self.off_lat), _unit_vectors(lon[ring], lat[ring])
        longest = 2 * np.sin(radius[ring] / 2)
        squares = sum((one[:, None] - other) ** 2 for one, other in zip(centers, directions, strict=True))
        inside[ring] = (squares < longest**2).any(axis=0)
        return inside

    @property
    def on_region(self):
        """The ON region as a `regions.CircleSkyRegion`."""
        return _circle(self.on_lon, self.on_lat, self.radius)

    @property
    def off_regions(self):
        """The OFF regions as a list of `regions.CircleSkyRegion`."""
        return [_circle(lon, lat, self.radius) for lon, lat in zip(self.off_lon, self.off_lat, strict=True)]


def exact_angular_size(radius, offset):
    """Angle in radian under which a circle is seen from the pointing.

    Two equal circles on the ring whose centres are this angle apart do not overlap.

    Parameters
    ----------
    radius, offset : of the circle and of its centre, in radian, radius < offset
    """
    return 2 * np.arcsin(np.sin(radius) / np.sin(offset))


def grid_angular_size(radius, offset, angle):
    """Angle in radian that the centres of 0.01 deg pixels in a circle span, seen from the pointing.

    The pixels are those of a tangential (TAN) projection around the pointing, 4*offset + 0.3 deg wide. It is a few
    per cent smaller than the exact size; kept for comparison with gammapy 2.1, whose OFF regions it reproduces.

    Parameters
    ----------
    radius, offset, angle : of the circle, of its centre, and the position angle of its centre, in radian
    """
    step = np.radians(GRID_STEP_DEG)
    odd = round((4 * offset + np.radians(0.3)) / step) % 2 == 1
    center = np.tan(offset) * np.array([np.sin(angle), np.cos(angle)])
    # Pixels farther out than this cannot lie in the circle, stretched by the projection.
    reach = 1.1 * (np.tan(offset + radius) - np.tan(offset)) + step
    axes = []
    for value in center:
        index = np.arange(np.floor((value - reach) / step), np.ceil((value + reach) / step) + 1)
        axes.append((index + (0.0 if odd else 0.5)) * step)
    x, y = np.meshgrid(*axes)
    from_center = (np.arctan2(x, y) - angle + np.pi) % (2 * np.pi)
    separation = angular_separation(
        np.pi, np.pi / 2 - offset, from_center, np.pi / 2 - np.arctan(np.hypot(x, y))
    )
    return float(np.ptp(from_center[separation < radius]))


ANGULAR_SIZES = {
    "exact": lambda radius, offset, angle: exact_angular_size(radius, offset),
    "grid": grid_angular_size,
}


@dataclass(frozen=True, eq=False)
class SkyCircle:
    """The least that an ON region is made of; the package regions takes longer to import than ten runs to read.

    center: SkyCoord. radius: Quantity.
    """

    center: object
    radius: Quantity


@offers({"plot": "tevcurve.reduction.regions_plot:plot_reflected_regions"})
class ReflectedRegionsBackgroundEstimator:
    """Finds the OFF regions of a list of observations: circles like the ON region, on the ring at its offset.

    After `run()`: `result` is the list of `ReflectedRegions`, one for each observation that has OFF regions;
    `failed` lists (obs_id, reason) of the others. Raises InputError when an argument cannot be used.

    Parameters
    ----------
    on_region : a `regions.CircleSkyRegion`, or anything with its `center` and `radius`, such as `SkyCircle`
    observations : a list of observations
    exclusion_mask : where no OFF region may lie: a map of booleans (True is allowed), a sky region, or a list
        of these
    angular_size : "exact", so that no two circles overlap, or "grid" (see `grid_angular_size`)
    min_distance_input : angle on the ring that is kept free on both sides of the ON region, besides the size
        of a region
    angle_increment : step on the ring, after a place on an exclusion, to the next one that is tried
    max_region_number : at most so many OFF regions are taken
    """

    def __init__(
        self,
        on_region,
        observations,
        exclusion_mask=None,
        angular_size="exact",
        min_distance_input="0.1 rad",
        angle_increment="0.1 rad",
        max_region_number=10000,
    ):
        if not (hasattr(on_region, "center") and hasattr(on_region, "radius")):
            raise InputError(f"on_region is a {type(on_region).__name__}; a CircleSkyRegion is wanted.")
        if angular_size not in ANGULAR_SIZES:
            raise InputError(f"angular_size is {angular_size!r}; 'exact' or 'grid' is wanted.")
        if max_region_number < 1:
            raise InputError(f"max_region_number is {max_region_number}; at least 1 is wanted.")
        self.on_region = on_region
        self.observations = observations
        self.exclusion_mask = exclusion_mask
        self.angular_size = angular_size
        self.min_distance_input = Quantity(min_distance_input)
        self.angle_increment = Quantity(angle_increment)
        if not self.angle_increment.to_value("rad") > 0:
            raise InputError(f"angle_increment is {self.angle_increment}; an angle above 0 is wanted.")
        self.max_region_number = max_region_number
        self.result = []
        self.failed = []

    def __repr__(self):
        return (
            f"{type(self).__name__}({len(self.observations)} observations: "
            f"{len(self.result)} with OFF regions, {len(self.failed)} without)"
        )

    def run(self):
        """Fills `result` and `failed`; an observation without OFF regions does not stop the others."""
        center = self.on_region.center.icrs
        on = float(center.ra.rad), float(center.dec.rad)
        radius = float(self.on_region.radius.to_value("rad"))
        exclusions = as_exclusions(self.exclusion_mask)
        gap, step = (angle.to_value("rad") for angle in (self.min_distance_input, self.angle_increment))
        ring = Ring(self.angular_size, gap, step, self.max_region_number)
        self.result, self.failed = [], []
        for observation in self.observations:
            pointing = observation.pointing_lonlat
            try:
                off_lon, off_lat = off_centers(pointing, on, radius, exclusions, ring)
            except DataError as reason:
                log.warning("Observation %s has no OFF regions: %s", observation.obs_id, reason)
                self.failed.append((observation.obs_id, str(reason)))
                continue
            self.result.append(ReflectedRegions(observation, *on, radius, off_lon, off_lat))


@dataclass(frozen=True)
class Ring:
    """How OFF circles are laid on the ring: arguments of `ReflectedRegionsBackgroundEstimator`, angles in radian.

    Attributes
    ----------
    angular_size : str, "exact" or "grid"
    gap : float, free on both sides of the ON region besides the size of a region
    step : float, to the next place that is tried after one on an exclusion
    most : int, at most so many OFF regions are taken
    """

    angular_size: str = "exact"
    gap: float = 0.1
    step: float = 0.1
    most: int = 10000


def off_centers(pointing, on, radius, exclusions=(), ring=Ring()):
    """Directions (lon, lat) in radian of the centres of the OFF circles of one observation, float arrays (n,).

    Parameters
    ----------
    pointing, on : (lon, lat) in radian, the pointing and the centre of the ON circle
    radius : float, radian, of all circles
    exclusions : list as from `as_exclusions`
    ring : `Ring`

    Raises `DataError` where there is no room for any.
    """
    offset = float(angular_separation(*pointing, *on))
    offset_deg, radius_deg = np.degrees([offset, radius])
    if offset <= radius:
        raise DataError(
            f"the pointing is {offset_deg:.3f} deg from the centre of the ON region, "
            f"within its radius of {radius_deg:.3f} deg."
        )
    on_angle = float(position_angle(*pointing, *on))
    size = ANGULAR_SIZES[ring.angular_size](radius, offset, on_angle)
    last = 2 * np.pi - size - ring.gap
    angles, angle, excluded = [], size + ring.gap, 0
    while angle <= last and len(angles) < ring.most:
        if exclusions and _is_excluded(
            directional_offset(*pointing, on_angle + angle, offset), radius, exclusions
        ):
            angle += ring.step
            excluded += 1
        else:
            angles.append(angle)
            angle += size
    if not angles:
        why = f"all {excluded} places tried are on an exclusion" if excluded else "the ring has no room"
        raise DataError(f"{why} (offset {offset_deg:.3f} deg, radius {radius_deg:.3f} deg).")
    return directional_offset(*pointing, on_angle + np.array(angles), offset)


def _is_excluded(center, radius, exclusions):
    return any(each.touches(*center, radius) for each in exclusions)


def _unit_vectors(lon, lat):
    """Directions in radian as the three components of unit vectors."""
    return np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


def _circle(lon, lat, radius):
    from astropy.coordinates import SkyCoord
    from regions import CircleSkyRegion

    return CircleSkyRegion(SkyCoord(lon, lat, unit="rad"), Quantity(radius, "rad").to("deg"))
