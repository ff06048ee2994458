"""What a job says of what is not known of its instruments: whether that goes with its instruments and its options."""

import logging
from dataclasses import replace

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.fit_rows import positive
from tevcurve.systematics import split_background

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
    """The `Systematics` with the longitude at whose noons nights begin and end, that of the reference instrument.

    Without a reference it is that of the only instrument; where these are several, or it is not known, nights end where
    no good time is for 6 h.

    Parameters
    ----------
    systematics : `Systematics`
    observations : list of observations, called as their instruments are
    """
    names = {one.run_id_in_index.instrument for one in observations}
    if systematics.calibration is not None:
        names = {systematics.calibration.reference}
    first = next((one for one in observations if one.run_id_in_index.instrument in names), None)
    if not systematics or first is None or len(names) > 1:
        return systematics
    try:
        lon_rad = float(first.location.lon.rad)
    except DataError as error:
        log.warning("Nights are told by gaps of 6 h without good time: %s", error)
        return systematics
    finally:
        first.release()
    return systematics.at_longitude(lon_rad)


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
