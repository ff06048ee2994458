"""What a TIMEZERO is added to: files differ in that."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import numpy as np

from tevcurve.data.gti import reference_of_good_time
from tevcurve.data.time import TimeReference
from tevcurve.data.time_keywords import mission_seconds, time_zero
from tevcurve.errors import DataError
from tevcurve.problems import remark

_MJD_ZERO = datetime(1858, 11, 17)
_DATES_AGREE = 2.0  # days
_TT_LESS_UTC_S = 66.0  # to 3 s since 1999
_SLACK = 1.0  # s that good time may leave TSTART to TSTOP by


def with_time_zero(header, events, gti):
    """The `RunHeader` that knows what the TIMEZERO of its events is added to.

    FITS adds it to the times of the table and to TSTART and TSTOP; some files have these two without it; and some have
    it in all of their times already. It is told by the good time, which has to lie between TSTART and TSTOP, and by the
    events, which have to lie in there; where all times fit without it, by DATE-OBS, and without that it is ignored.

    Parameters
    ----------
    header : `RunHeader` of the events, with a TIMEZERO (or TIMEOFFS) that is not 0
    events : `BinTable` of the events
    gti : `BinTable` of the good time, None where there is none
    """
    zero = header.time_zero_s
    as_fits, ignored = header, replace(header, times_from_zero=False)
    try:
        span = header.raw_span_s
        excess_without, excess_with = (_excess(header, events, gti, span, zero) for zero in (False, True))
    except DataError:
        return as_fits
    # Numbers of 32 bits are some seconds apart.
    slack = _SLACK if min(excess_without, excess_with) <= _SLACK else _SLACK + _rounding(span)
    if excess_without > slack:
        return replace(header, span_from_zero=False) if excess_with <= slack else as_fits
    if excess_with <= slack or _days_off(as_fits) < _days_off(ignored):
        return as_fits
    remark(
        f"{header.where} has TIMEZERO (or TIMEOFFS) {zero:g} s, and its times are those of its TSTART and TSTOP "
        "without it; it is ignored."
    )
    return ignored


def good_time_has_zero(header, gti, where):
    """Whether the TIMEZERO of a table of good time counts: with the one of the events, or else where it fits.

    Parameters
    ----------
    header : `RunHeader` of the events
    gti : `BinTable` of the good time
    where : file and HDU of the good time, for messages
    """
    if header.time_zero_s:
        return header.times_from_zero
    if not time_zero(gti.header, where):
        return True
    with suppress(DataError):
        span = header.span_s
        ends = [_good_time(gti, where, header.reference, zero) for zero in (False, True)]
        slack = _SLACK + _rounding(span)
        if _beyond(ends[0], span) <= slack < _beyond(ends[1], span):
            remark(
                f"{where} has a TIMEZERO (or TIMEOFFS), with which its good time would leave TSTART to TSTOP; it is "
                "ignored."
            )
            return False
    return True


def _excess(header, events, gti, span, zero):
    """Seconds by which good time leaves TSTART to TSTOP as they stand there, or the events good time; or more."""
    base = TimeReference.from_header(header.header, header.where, zero=False)
    beyond = 0.0
    if gti is not None:
        good = _good_time(gti, header.where, base, zero)
        beyond, span = _beyond(good, span), good
    times = mission_seconds(events, "TIME", header.where)
    times = times[np.isfinite(times)] + (header.time_zero_s if zero else 0)
    return max(beyond, _beyond(np.repeat(np.median(times), 2), span) if len(times) else 0.0)


def _good_time(gti, where, reference, zero):
    """Begin and end of all good time in mission seconds of a reference."""
    ends = (mission_seconds(gti, name, where) for name in ("START", "STOP"))
    start, stop = (end[np.isfinite(end)] for end in ends)
    if not (len(start) and len(stop)):
        raise DataError(f"{where} has no good time.")
    own = reference_of_good_time(gti.header, where, reference, zero)
    return reference.convert(np.array([np.min(start), np.max(stop)]), own)


def _beyond(interval, span):
    """Seconds by which an interval leaves a span, 0 where it does not."""
    return float(max(span[0] - interval[0], interval[1] - span[1], 0.0))


def _rounding(span):
    return float(np.spacing(np.float32(max(map(abs, span)))))


def _days_off(header):
    """Days between TSTART and DATE-OBS (with TIME-OBS where it has no time); infinite where there is no date.

    A date without a time of day is met by all that is within two days: it has no scale, and a night two.
    """
    text, clock = (str(header.header.get(key, "")).strip() for key in ("DATE-OBS", "TIME-OBS"))
    try:
        date = datetime.fromisoformat(text if len(text) > 10 or not clock else f"{text}T{clock}")
        start = header.reference.mjdrefi + header.reference.mjdreff + header.span_s[0] / 86400
    except (ValueError, TypeError, DataError):
        return np.inf
    later = start - (date.replace(tzinfo=None) - _MJD_ZERO).total_seconds() / 86400
    # Dates are told in UTC, or in the scale of the times.
    days = min(abs(later), abs(later - _TT_LESS_UTC_S / 86400))
    return days if date.time() != datetime.min.time() else max(days - _DATES_AGREE, 0.0)
