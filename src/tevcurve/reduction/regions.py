"""OFF regions on the ring around each pointing that the ON region is on."""

import logging
from dataclasses import dataclass

import numpy as np
from astropy.units import Quantity

from tevcurve.errors import DataError, InputError
from tevcurve.kernels.sphere import angular_separation, may_be_within
from tevcurve.on_demand import offers
from tevcurve.records import short_repr
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.off_places import Reflected, Wobble, check_angular_size, check_n_off, off_centers

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RunRegions:
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


@dataclass(frozen=True, eq=False)
class SkyCircle:
    """The least that an ON region is made of; the package regions takes longer to import than ten runs to read.

    center: SkyCoord. radius: Quantity.
    """

    center: object
    radius: Quantity


@offers({"plot": "tevcurve.reduction.regions_plot:plot_regions"})
class RegionsBackgroundEstimator:
    """Finds the OFF regions of a list of observations: circles like the ON region, on the ring at its offset.

    What `ReflectedRegionsBackgroundEstimator` and `WobbleRegionsBackgroundEstimator` have in common.

    Parameters
    ----------
    on_region, observations, exclusion_mask, angular_size : as there
    """

    def __init__(self, on_region, observations, exclusion_mask, angular_size):
        if not hasattr(on_region, "center"):
            raise InputError(f"on_region is a {type(on_region).__name__}; a CircleSkyRegion is wanted.")
        check_angular_size(angular_size)
        self.on_region = on_region
        self.observations = observations
        self.exclusion_mask = exclusion_mask
        self.angular_size = angular_size
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
        exclusions, rule = as_exclusions(self.exclusion_mask), self.rule
        self.result, self.failed = [], []
        for observation in self.observations:
            pointing = observation.pointing_lonlat
            try:
                radius = self._radius(observation)
                off_lon, off_lat = off_centers(pointing, on, radius, exclusions, rule)
            except DataError as reason:
                log.warning("Observation %s has no OFF regions: %s", observation.obs_id, reason)
                self.failed.append((observation.obs_id, str(reason)))
                continue
            self.result.append(RunRegions(observation, *on, radius, off_lon, off_lat))

    def _radius(self, observation):
        """Radius in radian of the circles of an observation: that of the ON region, or else of its responses' cut."""
        given = getattr(self.on_region, "radius", None)
        if given is not None:
            return float(given.to_value("rad"))
        cut = observation.directional_cut
        if isinstance(cut, float) and np.isfinite(cut):
            return cut
        raise DataError(
            "on_region has no radius, nor have the responses one for all energies (RAD_MAX); wanted is a circle."
        )


class ReflectedRegionsBackgroundEstimator(RegionsBackgroundEstimator):
    """Finds OFF regions that mirror the ON region: as many as there is room for, one beside the other on the ring.

    After `run()`: `result` is the list of `RunRegions`, one for each observation that has OFF regions;
    `failed` lists (obs_id, reason) of the others. Raises InputError when an argument cannot be used.

    Parameters
    ----------
    on_region : a `regions.CircleSkyRegion`, or anything with its `center` and `radius`, such as `SkyCircle`; without a
        radius, as a `PointSkyRegion` is, each observation has that of the cut in angle of its responses (RAD_MAX)
    observations : a list of observations
    exclusion_mask : where no OFF region may lie: a map of booleans (True is allowed), a sky region, or a list
        of these
    angular_size : "exact", so that no two circles overlap, or "grid" (see `off_places.grid_angular_size`)
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
        super().__init__(on_region, observations, exclusion_mask, angular_size)
        if max_region_number < 1:
            raise InputError(f"max_region_number is {max_region_number}; at least 1 is wanted.")
        self.min_distance_input = Quantity(min_distance_input)
        self.angle_increment = Quantity(angle_increment)
        if not self.angle_increment.to_value("rad") > 0:
            raise InputError(f"angle_increment is {self.angle_increment}; an angle above 0 is wanted.")
        self.max_region_number = max_region_number

    @property
    def rule(self):
        """The `Reflected` of the arguments."""
        gap, step = (angle.to_value("rad") for angle in (self.min_distance_input, self.angle_increment))
        return Reflected(self.angular_size, gap, step, self.max_region_number)


class WobbleRegionsBackgroundEstimator(RegionsBackgroundEstimator):
    """Finds OFF regions at the wobble positions: n of them, at multiples of 360 / (n + 1) deg from the ON region.

    After `run()`, `result` and `failed` are as those of `ReflectedRegionsBackgroundEstimator`. Raises InputError when
    an argument cannot be used.

    Parameters
    ----------
    on_region, observations : as there
    n_off : number of OFF regions; fewer are taken where so many would overlap, and what lies on an exclusion is left
        out. Default: 3, or 1 where 3 overlap
    exclusion_mask, angular_size : as there
    """

    def __init__(self, on_region, observations, n_off=None, exclusion_mask=None, angular_size="exact"):
        super().__init__(on_region, observations, exclusion_mask, angular_size)
        check_n_off(n_off)
        self.n_off = n_off

    @property
    def rule(self):
        """The `Wobble` of the arguments."""
        return Wobble(self.n_off, self.angular_size)


def _unit_vectors(lon, lat):
    """Directions in radian as the three components of unit vectors."""
    return np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


def _circle(lon, lat, radius):
    from astropy.coordinates import SkyCoord
    from regions import CircleSkyRegion

    return CircleSkyRegion(SkyCoord(lon, lat, unit="rad"), Quantity(radius, "rad").to("deg"))
