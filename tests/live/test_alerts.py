"""Alerts: the keys, units and words of GCN's core schemas, identities, and what is told after more data."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tevcurve.data.time import TimeReference
from tevcurve.live.alerts import Subject, alert, line_of, new_records, standing
from tevcurve.live.detector import Detector
from tevcurve.live.onset import FluxFit
from tevcurve.live.passed import Alarm
from tevcurve.live.settings import DetectorSettings
from tevcurve.run_id import RunId

# Of the schemas Alert, DateTime, Event, Localization, Statistics, Spectral, Reporter and AdditionalInfo of the npm
# package @nasa-gcn/schema 7.2.3: what each key may be. Times are UTC in ISO 8601, angles deg, `far` Hz, durations s.
GCN = {
    "alert_datetime": str,
    "alert_tense": ("current", "archival", "planned", "injection", "commanded", "test"),
    "alert_type": ("initial", "subsequent", "update", "retraction"),
    "trigger_time": str,
    "observation_start": str,
    "observation_stop": str,
    "event_name": str,
    "id": str,
    "ra": float,
    "dec": float,
    "systematic_included": bool,
    "far": float,
    "rate_snr": float,
    "rate_duration": float,
    "rate_energy_range": list,
    "flux": float,
    "flux_error": float,
    "flux_unit": ("ph/cm2/s", "erg/cm2/s"),
    "flux_spectral_band": list,
    "flux_spectral_unit": ("keV", "nm", "MHz"),
    "mission": str,
    "instrument": str,
    "messenger": ("EM", "GW", "Neutrino"),
    "additional_info": str,
}
SETTINGS = DetectorSettings(baseline=0.5, baseline_error=0.2, crab=2.0)
DETECTOR = Detector(SETTINGS, {"HESS": 14.0}, TimeReference(53945, 0.0))
SUBJECT = Subject("PKS 2155-304", 329.7169, -30.2256, (0.8, 20.0), 1.4e-11)
FIT = FluxFit(7.0, 1.5, -12.0, 11.0, (1.0,))
ALARM = Alarm(RunId.of(33787, "HESS"), 1000.0, 1000.0, (0, 3, 950.0), 14.1, 14.0, (0.5, 0.1), FIT, 5.2, 50.0)
UPDATE = replace(ALARM, known_s=1100.0, fit=replace(FIT, flux=6.0), is_first=False)


def records(*alarms):
    return [alert(one, DETECTOR, SUBJECT, is_recent=True) for one in alarms]


def test_keys_and_words_are_those_of_the_core_schemas():
    for record in records(ALARM, UPDATE):
        assert set(record) == set(GCN)
        for key, value in json.loads(line_of(record)).items():
            kind = GCN[key]
            assert value in kind if isinstance(kind, tuple) else isinstance(value, kind), key


def test_units_are_those_of_the_schemas():
    (record,) = records(ALARM)
    assert record["far"] == pytest.approx(1 / 3.6e6, rel=1e-5)
    assert record["flux"] == pytest.approx(7.0 * 1.4e-11)
    assert record["flux_error"] == pytest.approx(1.5 * 1.4e-11)
    assert record["flux_spectral_band"] == pytest.approx([8e8, 2e10])
    assert record["rate_energy_range"] == record["flux_spectral_band"]
    assert (record["ra"], record["dec"]) == (329.7169, -30.2256)
    # 1000 s after MJD 53945.0 TT, of which UTC is 65.184 s behind in leap seconds and TT - TAI.
    assert record["alert_datetime"] == "2006-07-29T00:15:34.816000Z"
    assert record["trigger_time"] == "2006-07-29T00:14:44.816000Z"


def test_it_says_what_the_rate_of_alarms_was_calibrated_to():
    words = records(ALARM)[0]["additional_info"]
    assert "per 1000 h" in words
    assert "7e-12 cm-2 s-1, known to 20%" in words


def test_an_update_has_the_identity_of_its_alarm():
    first, second = records(ALARM, UPDATE)
    assert first["id"] == second["id"] == "PKS-2155-304_HESS_20060729T001534.816Z"
    assert (first["alert_type"], second["alert_type"]) == ("initial", "update")


def test_a_line_is_one_line_of_json():
    line = line_of(records(ALARM)[0])
    assert "\n" not in line
    assert json.loads(line) == records(ALARM)[0]
    huge = replace(ALARM, significance=np.inf)
    assert json.loads(line_of(records(huge)[0]))["rate_snr"] > 1e299


def test_what_is_told_already_is_not_told_again():
    told = records(ALARM)
    assert new_records(told, records(ALARM), DETECTOR, 1200.0) == []
    assert new_records(told, records(ALARM, UPDATE), DETECTOR, 1200.0) == records(UPDATE)


def test_an_alert_that_does_not_hold_is_retracted_and_the_standing_ones_are_the_same():
    told = records(ALARM, UPDATE)
    late = replace(ALARM, time_s=980.0, known_s=980.0)
    more = new_records(told, records(late), DETECTOR, 1200.0)
    assert [one["alert_type"] for one in more] == ["retraction", "initial"]
    assert more[0]["id"] == told[0]["id"]
    assert standing(told + more) == records(late)
    assert new_records(told + more, records(late), DETECTOR, 1300.0) == []


def test_what_holds_again_after_something_else_was_said_is_told_again():
    told = records(ALARM)
    other = records(replace(ALARM, fit=replace(FIT, flux=5.0)))
    gone = new_records(told, [], DETECTOR, 1200.0)
    assert [one["alert_type"] for one in gone] == ["retraction"]
    assert new_records(told + gone, records(ALARM), DETECTOR, 1300.0) == told
    assert new_records(told + other, records(ALARM), DETECTOR, 1300.0) == told
    # An update that does not hold any more is followed by what does.
    assert new_records(records(ALARM, UPDATE), records(ALARM), DETECTOR, 1300.0) == told
    assert new_records(records(ALARM, UPDATE), records(ALARM, UPDATE), DETECTOR, 1300.0) == []
