"""Alerts as lines of JSON, with the keys and units of the core schemas of NASA's General Coordinates Network (GCN)."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tevcurve.leap_seconds import as_utc
from tevcurve.live.detector import Detector
from tevcurve.live.passed import Alarm

KEV_PER_TEV = 1e9
_DIGITS = 6


@dataclass(frozen=True)
class Subject:
    """What alerts are about.

    Attributes
    ----------
    name : str, of the source, "" where it has none
    ra_deg, dec_deg : float, ICRS
    band_tev : (low, high), TeV
    flux : float, cm-2 s-1 in the band, that norms are in units of
    """

    name: str
    ra_deg: float
    dec_deg: float
    band_tev: tuple[float, float]
    flux: float


def alert(alarm: Alarm, detector: Detector, subject: Subject, is_recent: bool) -> dict[str, Any]:
    """The dict of one record of an alarm: keys of Alert, DateTime, Event, Localization, Statistics, Spectral, Reporter.

    All that it says is of the settings and the data; the time of the alert is the last good time that it rests on.
    There is no `record_number`: what stands would depend on how often something else was told before.

    Parameters
    ----------
    alarm : `Alarm`
    detector : `Detector` that found it
    subject : `Subject`
    is_recent : bool, whether it is told as the data come; else of an archive
    """
    settings, instrument = detector.settings, alarm.run_id.instrument
    band = [_rounded(KEV_PER_TEV * each) for each in subject.band_tev]
    flux, error = (_rounded(subject.flux * each) for each in (alarm.fit.flux, alarm.fit.error))
    found = {
        "alert_datetime": utc(detector, alarm.known_s),
        "alert_tense": "current" if is_recent else "archival",
        "alert_type": "initial" if alarm.is_first else "update",
        "id": identity(alarm, detector, subject),
        "trigger_time": utc(detector, alarm.onset[2]),
        "observation_start": utc(detector, alarm.onset[2]),
        "observation_stop": utc(detector, alarm.known_s),
        "ra": round(subject.ra_deg, _DIGITS),
        "dec": round(subject.dec_deg, _DIGITS),
        "systematic_included": False,
        "far": _rounded(settings.far_hz),
        "rate_snr": _rounded(alarm.significance),
        "rate_duration": _rounded(alarm.seconds),
        "rate_energy_range": band,
        "flux": flux,
        "flux_error": error,
        "flux_unit": "ph/cm2/s",
        "flux_spectral_band": band,
        "flux_spectral_unit": "keV",
        "messenger": "EM",
        "additional_info": calibrated_to(detector, subject),
    }
    if instrument:
        found |= {"mission": instrument, "instrument": instrument}
    if subject.name:
        found |= {"event_name": subject.name}
    return found


def identity(alarm: Alarm, detector: Detector, subject: Subject) -> str:
    """What all records of an alarm are known by: the source, the instrument, and when the alarm was, to 1 ms.

    Parameters
    ----------
    alarm : `Alarm`
    detector : `Detector` that found it
    subject : `Subject`
    """
    name = subject.name or f"{subject.ra_deg:.4f}{subject.dec_deg:+.4f}"
    when = re.sub(r"[-:]", "", utc(detector, alarm.time_s))[:-4] + "Z"
    words = (name, alarm.run_id.instrument, when)
    return "_".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", word) for word in words if word)


def calibrated_to(detector: Detector, subject: Subject) -> str:
    """A sentence on what the rate of false alarms holds for.

    Parameters
    ----------
    detector : `Detector`
    subject : `Subject`
    """
    settings = detector.settings
    flux = f"{settings.baseline * subject.flux:.4g} cm-2 s-1"
    quiet = (
        f"a quiet flux of {flux}, known to {settings.baseline_error:.0%}"
        if settings.baseline
        else "no source"
    )
    return (
        f"One false alarm per {settings.seconds_per_alarm / 3600:.4g} h of good time is expected for {quiet}, "
        f"backgrounds as the responses have them to {settings.background_error:.0%}, and nights of "
        f"{settings.night_s / 3600:.3g} h; a quiet flux farther from that has more."
    )


def told_with(detector: Detector, subject: Subject) -> dict[str, Any]:
    """What alerts depend on besides the data: the source, the energies and the settings, a dict of plain values.

    Parameters
    ----------
    detector : `Detector`
    subject : `Subject`
    """
    settings = asdict(detector.settings)
    low, high = subject.band_tev
    return {
        "source": subject.name,
        "ra_deg": subject.ra_deg,
        "dec_deg": subject.dec_deg,
        "e_min_tev": low,
        "e_max_tev": high,
        "baseline_flux": settings.pop("baseline") * subject.flux,
        "crab_flux": settings.pop("crab") * subject.flux,
        **settings,
    }


def retraction(record: dict[str, Any], detector: Detector, known_s: float) -> dict[str, Any]:
    """The record that takes an alert back, of the last record of it.

    Parameters
    ----------
    record : dict, as `alert` made it
    detector : `Detector`
    known_s : float, s of its clock, the last good time that this rests on
    """
    return record | {"alert_datetime": utc(detector, known_s), "alert_type": "retraction"}


def new_records(
    told: list[dict[str, Any]], alarms: list[dict[str, Any]], detector: Detector, known_s: float
) -> list[dict[str, Any]]:
    """What is to be told after more data, of what was told and what holds now.

    Records that are there already are not told again, unless something else was said of their alert since; alerts that
    do not hold any more are retracted.

    Parameters
    ----------
    told : list of dicts, all records so far
    alarms : list of dicts, the records of all alarms that hold now
    detector : `Detector`
    known_s : float, s of its clock, the last good time
    """
    said = {one["id"]: one for one in told}
    holds = {one["id"]: one for one in alarms}
    taken_back = [
        retraction(one, detector, known_s)
        for name, one in said.items()
        if name not in holds and one["alert_type"] != "retraction"
    ]
    new = []
    for one in alarms:
        is_last = holds[one["id"]] is one
        if one not in told or (is_last and said[one["id"]] != one):
            new.append(one)
            said[one["id"]] = one
    return taken_back + new


def standing(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last record of each alert that was not retracted, in the order of the times of the changes.

    records: list of dicts.
    """
    last = {one["id"]: one for one in records}
    stands = [one for one in last.values() if one["alert_type"] != "retraction"]
    return sorted(stands, key=lambda one: (one["trigger_time"], one["id"]))


def line_of(record: dict[str, Any]) -> str:
    """The line of a record. record: dict."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False)


def utc(detector: Detector, seconds: float) -> str:
    """Seconds of a detector's clock as text, "2006-07-29T20:59:01.123000Z".

    Parameters
    ----------
    detector : `Detector`
    seconds : float
    """
    time = as_utc(detector.clock.to_time(seconds))
    time.format, time.precision = "isot", 6
    return f"{time.value}Z"


def _rounded(value: float) -> float:
    """To some digits, so that it reads well; a number too large for JSON is the largest there is."""
    return float(f"{np.clip(value, -1e300, 1e300):.{_DIGITS}g}")
