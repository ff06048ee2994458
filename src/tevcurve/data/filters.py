"""Cuts on time and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.errors import InputError

if TYPE_CHECKING:
    from regions import CircleSkyRegion

    from tevcurve.data.events import EventList


@dataclass(frozen=True)
class ObservationFilter:
    """Cuts on the time and on the events of observations; bands are half-open [low, high).

    time: pair of `Time`, or a `Time` of length 2. It cuts events, good time and with it live time.
    energy: pair of Quantity or strings ("1 TeV"), or a Quantity of length 2.
    offset: the same in angle: separation from the pointing.
    region: circle on the sky with `center` and `radius` (`regions.CircleSkyRegion`).
    until_last_event: whether good time ends where the last event in it comes, as of a file that still grows; that event
        is then outside, as is what comes after it.
    The cuts on energy, offset and region take events away and leave the responses as they are.
    Raises InputError where a cut cannot be used.
    """

    time: Time | Sequence[Time] | None = None
    energy: u.Quantity | Sequence[str | u.Quantity] | None = None
    offset: u.Quantity | Sequence[str | u.Quantity] | None = None
    region: "CircleSkyRegion | None" = None
    until_last_event: bool = False

    def __post_init__(self) -> None:
        if self.time is not None:
            time_pair(self.time)
        _band(self.energy, "TeV", "energy")
        _band(self.offset, "rad", "offset")
        if self.region is not None:
            _circle(self.region)

    @property
    def cuts_events(self) -> bool:
        """Whether there is a cut on energy, offset or region."""
        return not (self.energy is None and self.offset is None and self.region is None)

    def event_mask(self, events: "EventList", pointing_lonlat: tuple[float, float]) -> np.ndarray:
        """Bool array (n,): the events that pass the cuts on energy, offset and region.

        Parameters
        ----------
        events : `EventList`
        pointing_lonlat : right ascension and declination, two floats in radian
        """
        mask = np.ones(len(events), dtype=bool)
        energy, offset = _band(self.energy, "TeV", "energy"), _band(self.offset, "rad", "offset")
        if energy is not None:
            mask &= _inside(events.energy_tev, energy)
        if offset is not None:
            mask &= _inside(events.offset(pointing_lonlat), offset)
        if self.region is not None:
            lonlat, radius = _circle(self.region)
            mask &= events.offset(lonlat) < radius
        return mask


def time_pair(interval: Time | Sequence[Time]) -> tuple[Time, Time]:
    """The two ends of a time interval as `Time`; raises InputError where it is none or runs backwards.

    interval: pair of scalar `Time`, or a `Time` of length 2.
    """
    try:
        start, stop = interval
    except (TypeError, ValueError):
        start = stop = None
    if not (isinstance(start, Time) and isinstance(stop, Time) and start.isscalar and stop.isscalar):
        raise InputError(
            f"The time interval is {interval!r}; wanted is a pair of Time or a Time of length 2."
        )
    if not start < stop:
        raise InputError(
            f"The time interval starts at {start.iso} and stops at {stop.iso}; it has to stop later."
        )
    return start, stop


def _band(band: Any, unit: str, name: str) -> tuple[float, float] | None:
    """Low and high end of a band in a unit, floats, or None."""
    if band is None:
        return None
    try:
        low, high = (u.Quantity(edge).to_value(unit) for edge in band)
    except (TypeError, ValueError, u.UnitConversionError):
        low = high = np.nan
    if not low < high:
        raise InputError(
            f"The {name} cut is {band!r}; wanted is a pair of quantities that convert to {unit}, the lower one first."
        )
    return float(low), float(high)


def _circle(region: Any) -> tuple[tuple[float, float], float]:
    """Centre (two floats, ICRS) and radius of a circle, in radian."""
    center, radius = getattr(region, "center", None), getattr(region, "radius", None)
    if not isinstance(center, SkyCoord) or radius is None:
        raise InputError(f"The region is {region!r}; wanted is a circle on the sky with center and radius.")
    center = center.icrs
    return (float(center.ra.rad), float(center.dec.rad)), u.Quantity(radius).to_value("rad")


def _inside(values: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    return (values >= band[0]) & (values < band[1])
