"""The events of a run: in good time and in order, and the cells of a cube that they are in."""

from dataclasses import dataclass

import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.records import short_repr
from tevcurve.reduction.event_fate import EXCLUDED, MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED


def good_events(observation):
    """The `EventList` of an observation's events in good time, in the order of time."""
    events = observation.events
    good = np.flatnonzero(observation.gti.contains(events.time_s))
    return events.select(good[np.argsort(events.time_s[good], kind="stable")])


def energy_bins(energy_tev, edges):
    """(number of the bin of each event, whether it is in any): int and bool arrays (n,).

    energy_tev : float array (n,). edges : float array (n_bins + 1,), TeV; an upper edge belongs to the next bin.
    """
    number = np.searchsorted(edges, energy_tev, side="right") - 1
    return number, (number >= 0) & (number < len(edges) - 1)


@dataclass(frozen=True, eq=False)
class CellEvents:
    """Those of a run's events that are in cells of the fit, arrays (n,).

    Attributes
    ----------
    number : int, which of the run's events each is
    reco, pixel : int, its reco bin and the flat number of its pixel
    count : float, how many counts it stands for, or None for one each
    """

    number: np.ndarray
    reco: np.ndarray
    pixel: np.ndarray
    count: np.ndarray | None = None

    __repr__ = short_repr


def events_in_cells(run, geom, edges, near, inside=None, safe=None):
    """(fate of each event, number from `tevcurve.reduction.event_fate`; the `CellEvents`) of a run in a cube.

    Parameters
    ----------
    run : with `energy_tev`, and `lon` and `lat` in ICRS radian, float arrays (n_events,)
    geom : `WcsGeom` of the pixels
    edges : float array (n_reco + 1,), TeV
    near : bool array (nlat, nlon), pixels within the largest offset
    inside : bool array (nlat, nlon), pixels of these that are in the fit; default: all
    safe : bool array (n_reco,), reco bins that are in the fit; default: all
    """
    inside = near if inside is None else inside
    safe = np.ones(len(edges) - 1, dtype=bool) if safe is None else safe
    reco, in_energy = energy_bins(run.energy_tev, edges)
    # Where the others lie does not matter, and they are many.
    ix, iy = geom.lonlat_to_idx(*_in_frame(run.lon[in_energy], run.lat[in_energy], geom))
    pixel = np.full(len(reco), -1)
    pixel[in_energy] = np.where(ix >= 0, iy * near.shape[1] + ix, -1)
    fate = np.full(len(reco), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~inside.ravel()[pixel]] = EXCLUDED
    fate[(pixel < 0) | ~near.ravel()[pixel]] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    event = np.flatnonzero(fate == USED)
    return fate, CellEvents(event, reco[event], pixel[event])


def _in_frame(lon, lat, geom):
    """ICRS directions in radian in the frame of a geometry."""
    return (lon, lat) if geom.frame == "icrs" else geom.lonlat(SkyCoord(lon, lat, unit="rad"))
