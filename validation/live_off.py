"""Alarms at empty positions in the fields of real runs that were pointed at no source, as many as were asked for."""

from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from scipy.special import pdtr

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.live.replay import replay
from validation.parts import sizes, some
from validation.report import Section, table, verdict

BAND, SPECTRUM = [0.7, 20] * u.TeV, PowerLaw(index=2.5)
# Hours for one alarm.
WANTED = (10, 30, 100)
# Positions are seen by runs pointed so near, deg, as their list has it.
NEAR = 1.3
N_POSITIONS, SIZE = 531, 30
# Counts are to be between these quantiles of a Poisson distribution.
LOW, HIGH = 0.005, 0.995


def pieces(share):
    """Positions of each piece: the first one, and how many."""
    return [[*each] for each in sizes(some(share, N_POSITIONS, 2), SIZE)]


def measure(first, number, rng, data):
    """Good time in h, and [h for one alarm, nights with one, all alarms] of some positions, dict."""
    positions = Table.read(Path(data).parent.parent / "reference" / "off_positions.ecsv")
    numbers = list(dict.fromkeys(int(each) for each in positions["obs_id"]))
    places = SkyCoord(positions["ra"], positions["dec"], unit="deg")[first : first + number]
    runs = DataStore.from_dir(data).get_observations(numbers)
    pointings = SkyCoord(np.rad2deg([run.pointing_lonlat for run in runs]), unit="deg")
    hours, alarms = 0.0, {per: [0, 0] for per in WANTED}
    for place in places:
        near = place.separation(pointings).deg < NEAR
        own = [run for run, is_near in zip(runs, near, strict=True) if is_near]
        curve = light_curve(own, place, "run", BAND, "3d", SPECTRUM, unbinned=True, norm_values=None)
        for per in WANTED:
            found = replay(curve, "0 cm-2 s-1", alarms_per=per * u.h)
            firsts = [one for one in found.alarms if one.is_first]
            alarms[per][0] += len({night_of(found, one) for one in firsts})
            alarms[per][1] += len(firsts)
        hours += sum(run.seconds for run in found.runs) / 3600
    return {"hours": [hours], "alarms": [[per, *counts] for per, counts in alarms.items()]}


def night_of(found, alarm):
    """The day, counted from noon UTC, of an alarm. found: `Replay`."""
    return int(np.floor(found.detector.clock.to_time(alarm.time_s).utc.mjd - 0.5))


def is_likely(count, expected):
    """Whether a count is between the 0.5 and the 99.5 % quantile of a Poisson distribution.

    Parameters
    ----------
    count : int
    expected : float
    """
    return bool(pdtr(count, expected) > LOW and (count == 0 or pdtr(count - 1, expected) < HIGH))


def section(found):
    """The `Section`."""
    hours, lines, good = sum(found["hours"]), [], True
    for per in WANTED:
        counts = [each[1:] for each in found["alarms"] if each[0] == per]
        nights, alarms = (sum(each) for each in zip(*counts, strict=True))
        good &= is_likely(nights, hours / per)
        lines.append((f"{per} h", f"{hours / per:.1f}", nights, alarms))
    header = ["one alarm per", "wished", "nights with an alarm", "all alarms"]
    text = (
        f"{N_POSITIONS} positions drawn at random in the fields of the 45 public H.E.S.S. runs that were pointed at no "
        f"source, each in all runs pointed within {NEAR} deg of it, {hours:.0f} h of good time together: the detector "
        "of changes in 3D, 0.7-20 TeV, with no source as what is quiet. A night with a false alarm may have further "
        "ones, back to no source. Bar (nights inside the Poisson 99 % of the wished alarms): "
        f"{verdict(good)}.\n\n{table(header, lines)}"
    )
    failures = [] if good else ["live off: alarms at empty positions are not as many as wished"]
    bar = (
        "live: alarms at empty positions of real fields, inside the Poisson 99 % of those wished",
        ", ".join(f"{line[2]} for {line[1]}" for line in lines),
        good,
    )
    return Section("Alarms at empty positions of real fields", text, {}, failures, [bar])
