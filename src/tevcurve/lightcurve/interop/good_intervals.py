"""The good time of a light curve as intervals."""

from collections.abc import Sequence

import numpy as np
from astropy.time import Time

from tevcurve.data.time import TimeReference
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.selection import bins_of_rows


def good_intervals(light_curve: LightCurve) -> tuple[Time, Time]:
    """(starts, stops), two `Time` (n,): good time inside the time bins, in order and without overlap.

    A light curve that knows its runs gives what these and the time bins have in common; another one its time bins.

    light_curve: of runs, or read from a file.
    """
    ledger, scale = light_curve.ledger, light_curve.meta["TIMESYS"].lower()
    if hasattr(ledger, "time_bins") and hasattr(ledger, "runs"):
        pieces = ledger.time_bins.pieces(ledger.runs)
        references = [run.gti.reference for run in ledger.runs]
        ends = [
            _moments(seconds, pieces.run, references, scale) for seconds in (pieces.start_s, pieces.stop_s)
        ]
    else:
        first = np.flatnonzero(np.diff(bins_of_rows(light_curve.table), prepend=-1))
        ends = [light_curve.time_start[first], light_curve.time_stop[first]]
    return _merged(*ends)


def _moments(seconds: np.ndarray, run: np.ndarray, references: Sequence[TimeReference], scale: str) -> Time:
    """Mission seconds of runs as `Time` (n,)."""
    jd1, jd2 = np.zeros(len(seconds)), np.zeros(len(seconds))
    for number, reference in enumerate(references):
        mine = run == number
        if mine.any():
            times = getattr(reference.to_time(seconds[mine]), scale)
            jd1[mine], jd2[mine] = times.jd1, times.jd2
    return Time(jd1, jd2, format="jd", scale=scale)


def _merged(start: Time, stop: Time) -> tuple[Time, Time]:
    """Intervals in order; those that touch or overlap, up to the rounding of clocks, as one."""
    if not len(start):
        return start, stop
    whole = start.jd1.min()
    low, high = ((each.jd1 - whole) + each.jd2 for each in (start, stop))
    order = np.argsort(low, kind="stable")
    low, high = low[order], high[order]
    reach = np.maximum.accumulate(high)
    # A microsecond.
    first = np.append(True, low[1:] > reach[:-1] + 1e-6 / 86400)
    last = np.append(first[1:], True)
    # The stop that reaches farthest so far may be of an earlier interval.
    farthest = np.maximum.accumulate(np.where(high == reach, np.arange(len(high)), 0))
    return start[order[first]], stop[order[farthest[last]]]
