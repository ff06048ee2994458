"""Observations to the runs that a light curve keeps."""

import numpy as np

from tevcurve.datasets.kept_run import KeptRun
from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation


def keep_run(observation, source, regions=None, with_psf=True):
    """The `KeptRun` of an observation for a source; nothing of the observation itself is held on to.

    Parameters
    ----------
    observation : `Observation`
    source : (lon, lat), ICRS, radian
    regions : `ReflectedRegions` in 1D; None in 3D, where the background response is kept instead
    with_psf : bool, whether the point spread function is needed

    Raises `DataError` if the run does not track a position, has no events, or a response cannot be used.
    """
    observation.check_tracking()
    events = observation.events
    if events.is_empty:
        raise DataError(f"Observation {observation.obs_id} has no events.")
    good = np.flatnonzero(observation.gti.contains(events.time_s))
    good = good[np.argsort(events.time_s[good], kind="stable")]
    offset = float(angular_separation(*observation.pointing_lonlat, *source))
    background = None if regions is not None else observation.bkg
    turns = background is not None and background.turns_with_horizon
    return KeptRun(
        obs_id=observation.obs_id,
        gti=observation.gti,
        deadc=observation.deadc,
        pointing_lonlat=observation.pointing_lonlat,
        offset=offset,
        time_s=events.time_s[good],
        energy_tev=events.energy_tev[good],
        lon=events.lon[good],
        lat=events.lat[good],
        n_outside_gti=len(events) - len(good),
        aeff=observation.aeff,
        psf=observation.psf.table_at(offset) if with_psf else None,
        edisp=observation.edisp.around(offset),
        bkg=background,
        off_lon=None if regions is None else regions.off_lon,
        off_lat=None if regions is None else regions.off_lat,
        location=observation.location if turns else None,
        facts={"target": observation.target_name, "zenith": float(observation.zenith.value)},
    )
