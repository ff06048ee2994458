"""Groups of runs that have a nuisance parameter in common."""

from types import SimpleNamespace

import numpy as np
import pytest

from tevcurve.data import GTI, TimeReference
from tevcurve.fit.laws import gaps_divide_nights, groups_of
from tevcurve.run_id import RunId
from tevcurve.systematics import Systematic, Systematics

REFERENCE = TimeReference(53000, 0.0, "tt")
HOUR = 3600.0
# A site at 16.5 deg to the east, and one at 7 h to the west, whose nights are in the morning of UT.
NAMIBIA, ARIZONA = np.radians(16.5), np.radians(-105.0)


def run(obs_id, start_h, instrument="HESS", part="", hours=0.5):
    """A run with good time from hours after MJD 53000."""
    gti = GTI(np.array([start_h * HOUR]), np.array([(start_h + hours) * HOUR]), REFERENCE)
    return SimpleNamespace(run_id=RunId(instrument, str(obs_id), part), gti=gti)


def names(by, runs, lon=None, sites=None, **more):
    places = Systematics(night_lon_rad=lon, sites=sites or {})
    groups = groups_of(Systematic(effect="flux_scale", sigma=0.1, by=by, **more), runs, places)
    return [groups.names[number] if number >= 0 else None for number in groups.of_run]


def test_nights_go_from_noon_to_noon():
    # MJD 53000 is 2003-12-27; noon there is at 10:54 UT. Two runs that follow each other over noon are of two nights.
    runs = [run(1, 1), run(2, 10.0, hours=0.2), run(3, 11.0), run(4, 26)]
    assert names("night", runs, NAMIBIA) == [
        "HESS 2003-12-26",
        "HESS 2003-12-26",
        "HESS 2003-12-27",
        "HESS 2003-12-27",
    ]
    # Noon is at 19:00 UT: an evening begins on the next day of UT.
    assert names("night", [run(1, 18.9), run(2, 19.1)], ARIZONA) == ["HESS 2003-12-26", "HESS 2003-12-27"]


def test_a_night_with_a_longitude_does_not_depend_on_other_runs():
    runs = [run(number, 24 * number + 3 * (number % 3)) for number in range(12)]
    together = names("night", runs, NAMIBIA)
    assert [names("night", [each], NAMIBIA)[0] for each in runs] == together


def test_without_a_longitude_gaps_of_six_hours_divide_nights():
    """The second run begins 5.9 h after the first one ends, the third 6.1 h after that, before noon."""
    runs = [run(1, 13), run(2, 19.4), run(3, 26), run(4, 50)]
    assert names("night", runs) == [
        "HESS 2003-12-27 13:00",
        "HESS 2003-12-27 13:00",
        "HESS 2003-12-27 02:00",
        "HESS 2003-12-28",
    ]


def test_nights_are_of_each_instrument_unless_they_are_shared():
    runs = [run(1, 20, "HESS"), run(2, 20, "FACT"), run(3, 44, "FACT")]
    assert names("night", runs, NAMIBIA) == ["HESS 2003-12-27", "FACT 2003-12-27", "FACT 2003-12-28"]
    assert names("night", runs, NAMIBIA, shared=True) == ["2003-12-27", "2003-12-27", "2003-12-28"]
    assert names("night", runs, shared=True) == ["2003-12-27", "2003-12-27", "2003-12-28"]


def test_each_instrument_has_nights_of_its_own_place():
    """Those of Arizona go over the noon of Namibia."""
    runs = [run(1, 8, "VERITAS"), run(2, 12, "VERITAS"), run(3, 19.5, "VERITAS"), run(4, 20, "HESS")]
    sites = {"HESS": NAMIBIA, "VERITAS": ARIZONA}
    night = "VERITAS 2003-12-26"
    assert names("night", runs, NAMIBIA, sites) == [night, night, "VERITAS 2003-12-27", "HESS 2003-12-27"]
    assert names("night", runs, NAMIBIA)[:2] == [night, "VERITAS 2003-12-27"]
    shared = names("night", runs, NAMIBIA, sites, shared=True)
    assert shared == ["2003-12-26", "2003-12-27", "2003-12-27", "2003-12-27"]


def test_gaps_make_nights_depend_on_other_runs():
    effect = Systematic(effect="flux_scale", sigma=0.1, by="night")
    runs = [run(1, 1), run(2, 2, "FACT")]
    assert gaps_divide_nights(Systematics((effect,)), runs)
    assert gaps_divide_nights(Systematics((effect,), sites={"HESS": NAMIBIA}), runs)
    assert not gaps_divide_nights(Systematics((effect,), sites={"HESS": NAMIBIA, "FACT": 0.0}), runs)
    assert not gaps_divide_nights(Systematics((effect,), night_lon_rad=NAMIBIA), runs)
    by_run = Systematic(effect="flux_scale", sigma=0.1, by="run")
    assert not gaps_divide_nights(Systematics((by_run,)), runs)


def test_what_is_before_the_first_edge_is_a_period():
    runs = [run(1, 1), run(2, 25), run(3, 49), run(4, 500)]
    assert names("period", runs, periods=(53001, 53002.5)) == [
        "HESS before 53001",
        "HESS 53001 to 53002.5",
        "HESS 53001 to 53002.5",
        "HESS from 53002.5",
    ]


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        ("run", ["HESS 1", "HESS 1", "FACT 1", "HESS 2"]),
        ("row", ["HESS 1 a", "HESS 1 b", "FACT 1", "HESS 2"]),
        ("instrument", ["HESS", "HESS", "FACT", "HESS"]),
        ("all", ["all"] * 4),
    ],
)
def test_parts_of_a_run_are_one(by, wanted):
    runs = [run(1, 1, part="a"), run(1, 2, part="b"), run(1, 3, "FACT"), run(2, 4)]
    assert names(by, runs) == wanted


def test_runs_of_any_clock_and_without_good_time():
    """Times that are told at another place are minutes off, which nights are not."""
    other = TimeReference(52999, 0.0, "utc", "solarsystem")
    far = SimpleNamespace(
        run_id=RunId("FACT", "9"),
        gti=GTI(np.array([20 * HOUR + 86400]), np.array([21 * HOUR + 86400]), other),
    )
    dark = SimpleNamespace(run_id=RunId("HESS", "8"), gti=GTI(np.zeros(0), np.zeros(0), REFERENCE))
    found = names("night", [run(1, 20), far, dark], NAMIBIA, shared=True)
    assert found == ["2003-12-27", "2003-12-27", None]


def test_runs_of_other_instruments_have_no_group():
    runs = [run(1, 1), run(2, 2, "FACT")]
    assert names("run", runs, instruments=("FACT",)) == [None, "FACT 2"]
    groups = groups_of(Systematic(effect="flux_scale", sigma=0.1, by="all", instruments=("VERITAS",)), runs)
    assert groups.names == ()
