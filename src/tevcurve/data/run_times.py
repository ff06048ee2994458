"""The times of a run as keywords of its header, and as columns of an observation index."""

from tevcurve.leap_seconds import utc_text


def span_keywords(observation):
    """Keywords of an observation's times: TSTART to LIVETIME, the reference and the dates in UTC, a dict."""
    start, stop = observation.span_s
    ontime = observation.gti.ontime_s
    keywords = {
        "TSTART": start,
        "TSTOP": stop,
        "TELAPSE": stop - start,
        "ONTIME": ontime,
        "LIVETIME": ontime * observation.deadc,
        "DEADC": observation.deadc,
    }
    return keywords | observation.time_reference.to_header() | dates_of(observation)


def dates_of(observation):
    """DATE-OBS, TIME-OBS, DATE-END and TIME-END of a run, in UTC, a dict. observation: `Observation`."""
    keywords = {}
    for end, seconds in zip(("OBS", "END"), observation.span_s, strict=True):
        date, time = utc_text(observation.time_reference.to_time(seconds)).split()
        keywords |= {f"DATE-{end}": date, f"TIME-{end}": time}
    return keywords
