"""Observations to the runs at a source that light curves and spectra are made of."""

from dataclasses import replace

import numpy as np

from tevcurve.datasets.source_run import SkyPart, SourceRun
from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.leap_seconds import may_be_future, remark_future
from tevcurve.problems import at_stage, remark
from tevcurve.reduction.empty_energies import remark_empty_energies
from tevcurve.reduction.event_remarks import remark_events
from tevcurve.run_id import SUBSYSTEM


def source_run(observation, source, in_regions=False, with_psf=True, others=()):
    """The `SourceRun` of an observation, or of a part of one, for a source; nothing of the observation is held on to.

    Parameters
    ----------
    observation : `Observation`
    source : (lon, lat), ICRS, radian
    in_regions : bool, whether events are to be counted in ON and OFF regions (1D); else the background response is kept
    with_psf : bool, whether the point spread function is needed
    others : sequence of (lon, lat) of further sources, at which the responses are kept, too

    Raises `DataError` for events of another field of view, or a response that cannot be used.
    """
    events, n_events = good_events(observation), len(observation.events)
    if n_events and not len(events):
        with at_stage("gti"):
            remark(f"None of the {n_events} events of {events.where} is in its good time.")
    remark_events(observation, events, source)
    offset = float(angular_separation(*observation.pointing_lonlat, *source))
    psf, edisp = observation.psf.table_at(offset) if with_psf else None, observation.edisp.around(offset)
    remark_empty_energies(observation, psf, edisp, offset)
    background = None if in_regions else observation.bkg
    turns = background is not None and background.turns_with_horizon
    return SourceRun(
        run_id=observation.run_id,
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
        psf=psf,
        edisp=edisp,
        bkg=background,
        cut=observation.directional_cut if in_regions else None,
        location=observation.location if turns else None,
        others=tuple(_sky_part(observation, place, with_psf) for place in others),
    )


def _sky_part(observation, position, with_psf):
    """The `SkyPart` of an observation at a position (ICRS, radian)."""
    offset = float(angular_separation(*observation.pointing_lonlat, *position))
    psf = observation.psf.table_at(offset) if with_psf else None
    return SkyPart(tuple(position), offset, psf, observation.edisp.around(offset))


def good_events(observation):
    """The `EventList` of an observation's events in good time, in the order of time.

    observation: as a data store gives it.
    """
    events = observation.events
    good, time_s = observation.gti.contains(events.time_s), events.time_s
    if np.all(good) and not np.any(time_s[1:] < time_s[:-1]):
        return events
    good = np.flatnonzero(good)
    return events.select(good[np.argsort(time_s[good], kind="stable")])


def checked_run(observation, source, in_regions=False, others=()):
    """The `source_run` of a whole observation for a light curve, with what a person asks about it.

    The arguments are those of `source_run`; the observation tracks a position. Raises `DataError` if the run has no
    events, no good time, events of another field of view, or a response that cannot be used; in 3D also where responses
    hold for a cut in angle.

    Parameters
    ----------
    observation : as a data store gives it
    source, in_regions, others : as in `source_run`
    """
    if not in_regions:
        observation.check_full_enclosure(or_else=", or method='1d', of ON and OFF regions")
    _check_events(observation)
    with at_stage("aeff"):
        with_psf = not in_regions or observation.directional_cut is None
    run = source_run(observation, source, in_regions, with_psf, others)
    _remark_darkness(run)
    with at_stage("header"):
        reference = observation.time_reference
        if may_be_future(reference.mjdrefi + reference.mjdreff + observation.span_s[1] / 86400):
            remark_future(observation.tstop, f"Observation {observation.obs_id}")
    facts = {"target": observation.target_name, "zenith": _zenith_deg(observation)}
    return replace(run, facts=facts | ({SUBSYSTEM: observation.subsystem} if observation.subsystem else {}))


def _check_events(observation):
    """Raises DataError for an observation without events or without good time."""
    with at_stage("events"):
        if observation.events.is_empty:
            raise DataError(f"Observation {observation.obs_id} has no events.")
    with at_stage("gti"):
        if not len(observation.gti):
            raise DataError(f"Observation {observation.obs_id} has no good time; wanted is some.")


def _remark_darkness(run):
    """Notes where nothing can be seen of the source, which is then said of the light curve's bins, too."""
    aeff, where = run.aeff, f"the source, {np.rad2deg(run.offset):.2f} deg off the pointing"
    with at_stage("aeff"):
        if run.offset >= aeff.offset_axis.high[-1]:
            remark(f"In Observation {run.run_id} {where}, is outside the field of view.")
        elif not np.any(aeff.effective_area(aeff.energy_axis.nodes, run.offset)):
            remark(f"The effective area of {aeff.table.where} is zero at {where}.")


def _zenith_deg(observation):
    """Zenith angle in deg, NaN where the header does not tell."""
    try:
        return float(observation.zenith.value)
    except DataError as error:
        with at_stage("header"):
            remark(str(error))
        return np.nan
