"""What a job says of what is not known of its instruments: whether that goes with its instruments and its options."""

import logging
from dataclasses import replace

from tevcurve.asked_systematics import split_background
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.fit_rows import positive
from tevcurve.systematics import NIGHT

log = logging.getLogger(__name__)


def check_given(observations, instruments, target):
    """Raises `InputError` where both observations and instruments are given, or none, or no target.

    Parameters
    ----------
    observations, instruments, target : as in `tevcurve.light_curve`
    """
    if (observations is None) == (instruments is None):
        what = "neither is given" if observations is None else "both are given"
        raise InputError(
            f"observations are those of one data set, instruments of several, and {what}; wanted is one of them."
        )
    if target is None:
        raise InputError("target is None; wanted is one SkyCoord, or the name of a target in the index.")


def with_error_by_row(systematics, asked):
    """(`Systematics` without an error of the background by row, options with that as their `background_error`).

    Parameters
    ----------
    systematics : `Systematics`
    asked : dict of options

    Raises `InputError` where both are given.
    """
    error = asked["background_error"]
    if not systematics.effects:
        return systematics, asked
    if error is not None:
        error = positive(error, "background_error")
    effects, error = split_background(systematics.effects, error)
    return replace(systematics, effects=effects), asked | {"background_error": error}


def with_night(systematics, observations):
    """The `Systematics` with the longitudes of instruments, at whose noons nights begin and end.

    Nights of all instruments together are those of the reference, or of the only one. Where a longitude is not known,
    nights end where no good time is for 6 h.

    Parameters
    ----------
    systematics : `Systematics`
    observations : list of observations, called as their instruments are
    """
    reference = systematics.calibration.reference if systematics.joins_instruments else None
    has_nights, first = any(each.by == NIGHT for each in systematics.effects), {}
    for one in observations:
        name = one.run_id_in_index.instrument
        if has_nights or name == reference:
            first.setdefault(name, one)
    sites = {}
    for one in first.values():
        sites |= _site(one)
    known = [lon_rad for name, lon_rad in sites.items() if reference in (name, None)]
    if len(known) == 1 and (reference is not None or len(first) == 1):
        systematics = systematics.at_longitude(known[0])
    return replace(systematics, sites=sites) if has_nights and sites else systematics


def _site(observation):
    """Dict of the name of an observation's instrument to its longitude to the east, radian; {} for an unknown one."""
    try:
        return {observation.run_id.instrument: float(observation.location.lon.rad)}
    except DataError as error:
        log.warning("Nights are told by gaps of 6 h without good time: %s", error)
        return {}
    finally:
        observation.release()


def check_together(job):
    """Raises `InputError` for options of a job that do not go with what is not known of its instruments.

    job: `Job`.
    """
    if not job.systematics:
        return
    options, what = job.options, "a cross-calibration" if job.systematics.joins_instruments else "systematics"
    if options.interval != "likelihood":
        _refuse(f"interval is {options.interval!r}", what, "interval='likelihood'")
    if options.free:
        _refuse(f"free is {', '.join(options.free)}", what, "a spectrum whose shape is fixed")
    if not job.systematics.joins_instruments:
        return
    if job.stacked:
        _refuse("stacked is True", what, "stacked=False, by which runs are fitted jointly")
    if job.field.is_free:
        _refuse("neighbours are free in each row", what, "neighbours='fixed' or 'once'")


def _refuse(given, what, wanted):
    raise InputError(f"{given}, which does not go with {what} yet; wanted is {wanted}.")
