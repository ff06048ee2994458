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


def with_night(systematics, observations, there=()):
    """The `Systematics` with the longitudes of instruments, at whose noons nights begin and end.

    Nights of all instruments together are those of the reference, or of the only one. Where a longitude is not known,
    nights end where no good time is for 6 h. The first observation of each instrument says where it is.

    Parameters
    ----------
    systematics : `Systematics`, with the longitudes that are known
    observations : list of observations, called as their instruments are
    there : names of the instruments that have runs already; these stay where they are
    """
    reference = systematics.calibration.reference if systematics.joins_instruments else None
    has_nights = any(each.by == NIGHT for each in systematics.effects)
    # Of a file that cannot be read the instrument may not be known.
    names, sites, asked = set(there) - {""}, {}, set(there) - {""}
    for one in observations:
        called = one.run_id_in_index.instrument
        if called in asked or not (has_nights or called == reference):
            continue
        name, lon_rad = _site(one)
        if name not in names and lon_rad is not None:
            sites[name] = lon_rad
        names |= {name} - {""}
        # An index that has no names may have runs of several.
        asked |= {called} - {""}
    sites |= systematics.sites
    if reference is not None:
        night_lon_rad = sites.get(reference, systematics.night_lon_rad)
    else:
        night_lon_rad = next(iter(sites.values()), None) if len(names) == 1 else None
    return replace(systematics, night_lon_rad=night_lon_rad, sites=sites if has_nights else {})


def _site(observation):
    """(name of an observation's instrument, its longitude to the east, radian, or None for an unknown one)."""
    try:
        lon_rad = float(observation.location.lon.rad)
        return observation.run_id.instrument, lon_rad
    except DataError as error:
        log.warning("Nights are told by gaps of 6 h without good time: %s", error)
        return observation.run_id.instrument, None
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
