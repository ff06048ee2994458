"""What is odd about the events of an observation, told before they are reduced."""

import numpy as np

from tevcurve.data.event_rates import remark_rates
from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.problems import at_stage, remark

# Around a source that may vary; nearly all of its events are inside.
_SOURCE_RADIUS = np.deg2rad(0.5)
# The mean direction of the events of 230 runs of H.E.S.S. and FACT is at most 0.21 deg off the pointing.
_LARGEST_MEAN_OFFSET = np.deg2rad(1.0)
_LEAST_SIGNIFICANCE = 5.0
# No camera sees as far.
_OTHER_FIELD = np.deg2rad(10.0)


def remark_events(observation, events, source):
    """Notes events that do not fit the good time, the pointing, or the energies of the responses of their run.

    Parameters
    ----------
    observation : `Observation`
    events : `EventList` of those in its good time
    source : (lon, lat), ICRS, radian, of what may vary

    Raises `DataError` where the events are not of the field of view.
    """
    if events.is_empty:
        return
    if np.any(events.time_s[1:] < events.time_s[:-1]):
        events = events.select(np.argsort(events.time_s, kind="stable"))
    with at_stage("events"):
        remark_rates(
            events.time_s,
            observation.gti.intervals,
            events.where,
            lambda: angular_separation(*source, events.lon, events.lat) > _SOURCE_RADIUS,
        )
        _look_at_directions(events, observation.pointing_lonlat)
        _look_at_energies(events, observation.aeff.energy_axis)


def _look_at_directions(events, pointing):
    """Notes a mean direction of the events that is off the pointing; raises DataError where it is of another field."""
    if _is_near_on_plane(events, pointing):
        return
    lon, lat = _mean_direction(events)
    off = float(angular_separation(lon, lat, *pointing))
    spread = float(np.sqrt(np.mean(angular_separation(lon, lat, events.lon, events.lat) ** 2)))
    if off <= max(_LARGEST_MEAN_OFFSET, _LEAST_SIGNIFICANCE * spread / np.sqrt(len(events))):
        return
    words = (
        f"The events of {events.where} lie around RA {np.rad2deg(lon) % 360:.2f} and Dec {np.rad2deg(lat):.2f} deg, "
        f"{np.rad2deg(off):.1f} deg off the pointing of the run"
    )
    if off > _OTHER_FIELD:
        raise DataError(f"{words}; wanted are events in its field of view.")
    remark(f"{words}; where this is not the true one, fluxes are wrong.")


def _is_near_on_plane(events, pointing):
    """Whether the mean direction is surely near the pointing, as on a plane, which is quick; else the sphere tells."""
    east, n_far = events.lon - pointing[0], 0
    if np.ptp(east) >= np.pi:
        east -= 2 * np.pi * np.rint(east / (2 * np.pi))
        n_far = np.count_nonzero(np.abs(east) > np.pi / 2)
    off = np.hypot(np.mean(east) * np.cos(pointing[1]), np.mean(events.lat) - pointing[1])
    # One event on the other side moves the mean on the sphere by 1 / n at most, and that on the plane by pi / n.
    return off + (np.pi + 1) * n_far / len(events) <= _LARGEST_MEAN_OFFSET


def _mean_direction(events):
    x = np.mean(np.cos(events.lat) * np.cos(events.lon))
    y = np.mean(np.cos(events.lat) * np.sin(events.lon))
    return float(np.arctan2(y, x)), float(np.arctan2(np.mean(np.sin(events.lat)), np.hypot(x, y)))


def _look_at_energies(events, axis):
    """Notes where most events have energies that the effective area does not know, as with a wrong unit."""
    low, high = axis.edges[0], axis.edges[-1]
    outside = np.count_nonzero((events.energy_tev < low) | (events.energy_tev > high))
    if outside > len(events) / 2:
        remark(
            f"{events.where} has {outside} of {len(events)} events with energies outside of {low:.3g} to "
            f"{high:.3g} TeV, for which there is an effective area; perhaps the unit of one of them is wrong."
        )
