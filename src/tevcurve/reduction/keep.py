"""Observations to the runs that a light curve keeps."""

import numpy as np

from tevcurve.datasets.kept_run import KeptRun
from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.problems import at_stage, remark
from tevcurve.reduction.event_remarks import remark_events
from tevcurve.reduction.run_events import good_events


def keep_run(observation, source, regions=None, with_psf=True):
    """The `KeptRun` of an observation for a source; nothing of the observation itself is held on to.

    Parameters
    ----------
    observation : `Observation` that tracks a position
    source : (lon, lat), ICRS, radian
    regions : `ReflectedRegions` in 1D; None in 3D, where the background response is kept instead
    with_psf : bool, whether the point spread function is needed

    Raises `DataError` if the run has no events, no good time, events of another field of view, or a response that
    cannot be used.
    """
    observation.check_full_enclosure()
    n_events = len(_usable_events(observation))
    events = good_events(observation)
    if not len(events):
        with at_stage("gti"):
            remark(f"None of the {n_events} events of {events.where} is in its good time.")
    remark_events(observation, events, source)
    offset = float(angular_separation(*observation.pointing_lonlat, *source))
    _remark_darkness(observation, offset)
    background = None if regions is not None else observation.bkg
    turns = background is not None and background.turns_with_horizon
    return KeptRun(
        obs_id=observation.obs_id,
        gti=observation.gti,
        deadc=observation.deadc,
        pointing_lonlat=observation.pointing_lonlat,
        offset=offset,
        time_s=events.time_s,
        energy_tev=events.energy_tev,
        lon=events.lon,
        lat=events.lat,
        n_outside_gti=n_events - len(events),
        aeff=observation.aeff,
        psf=observation.psf.table_at(offset) if with_psf else None,
        edisp=observation.edisp.around(offset),
        bkg=background,
        off_lon=None if regions is None else regions.off_lon,
        off_lat=None if regions is None else regions.off_lat,
        location=observation.location if turns else None,
        facts={"target": observation.target_name, "zenith": _zenith_deg(observation)},
    )


def _usable_events(observation):
    """The events of an observation with good time; DataError where there is none."""
    with at_stage("events"):
        events = observation.events
        if events.is_empty:
            raise DataError(f"Observation {observation.obs_id} has no events.")
    with at_stage("gti"):
        if not len(observation.gti):
            raise DataError(f"Observation {observation.obs_id} has no good time; wanted is some.")
    return events


def _remark_darkness(observation, offset):
    """Notes where nothing can be seen of the source, which is then said of the light curve's bins, too."""
    aeff, where = observation.aeff, f"the source, {np.rad2deg(offset):.2f} deg off the pointing"
    with at_stage("aeff"):
        if offset >= aeff.offset_axis.high[-1]:
            remark(f"In Observation {observation.obs_id} {where}, is outside the field of view.")
        elif not np.any(aeff.effective_area(aeff.energy_axis.nodes, offset)):
            remark(f"The effective area of {aeff.table.where} is zero at {where}.")


def _zenith_deg(observation):
    """Zenith angle in deg, NaN where the header does not tell."""
    try:
        return float(observation.zenith.value)
    except DataError as error:
        with at_stage("header"):
            remark(str(error))
        return np.nan
