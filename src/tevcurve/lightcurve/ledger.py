"""Where every event and every second of a light curve's runs went."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from tevcurve.reduction.event_fate import FATES, OUTSIDE_GTI, OUTSIDE_TIME_BINS


@dataclass(frozen=True, eq=False)
class Ledger:
    """Each event counted once, at the first thing that happened to it, and each second of good time.

    Attributes
    ----------
    events : `Table`, one row per run: obs_id, the number of events of each fate in the order in which they are
        asked, and their total, which is the number of events in the file
    seconds : `Table`, one row per run: obs_id, seconds of good time outside the time bins, used, and their total
    failed : tuple of (obs_id, reason) of runs that are left out
    """

    events: Table
    seconds: Table
    failed: tuple = ()

    def totals(self):
        """Number of events of each fate over all runs, a dict."""
        return {name: int(np.sum(self.events[name])) for name in (*FATES, "total")}

    def __str__(self):
        lines = [f"{number:>10}  {fate}" for fate, number in self.totals().items()]
        used, total = np.sum(self.seconds["used"]), np.sum(self.seconds["total"])
        lines.append(f"{used:>10.1f}  of {total:.1f} s of good time used, in {len(self.events)} runs")
        lines += [f"run {obs_id} is left out: {reason}" for obs_id, reason in self.failed]
        return "\n".join(lines)


def make_ledger(runs, fates, failed, time_bins):
    """The `Ledger` of a light curve.

    Parameters
    ----------
    runs : sequence of `KeptRun`
    fates : sequence of int arrays, the fate of each run's events apart from time (`tevcurve.reduction.event_fate`)
    failed : tuple of (obs_id, reason)
    time_bins : `TimeBins`
    """
    counts, seconds = [], []
    pieces = time_bins.pieces(runs)
    order = np.lexsort((pieces.start_s, pieces.run))
    limits = np.searchsorted(pieces.run[order], np.arange(len(runs) + 1))
    for number, (run, fate) in enumerate(zip(runs, fates, strict=True)):
        own = order[limits[number] : limits[number + 1]]
        start, stop = _union(pieces.start_s[own], pieces.stop_s[own])
        # Events before each stop less events before each start: inside where they differ by one.
        inside = np.searchsorted(start, run.time_s, side="right") > np.searchsorted(
            stop, run.time_s, side="right"
        )
        fate = np.where(inside, fate, OUTSIDE_TIME_BINS)
        per_fate = np.bincount(fate, minlength=len(FATES))
        per_fate[OUTSIDE_GTI] = run.n_outside_gti
        counts.append(per_fate)
        used = float(np.sum(stop - start))
        seconds.append((run.gti.ontime_s - used, used, run.gti.ontime_s))
    ids = [run.obs_id for run in runs]
    counts = np.array(counts).reshape(len(ids), len(FATES))
    events = Table({"obs_id": ids, **dict(zip(FATES, counts.T, strict=True)), "total": counts.sum(axis=1)})
    columns = np.array(seconds).reshape(len(ids), 3).T
    names = ("outside the time bins", "used", "total")
    return Ledger(events, Table({"obs_id": ids, **dict(zip(names, columns, strict=True))}), tuple(failed))


def _union(start, stop):
    """Intervals (start, stop), in the order of their starts, merged where they meet."""
    if not len(start):
        return start, stop
    reach = np.maximum.accumulate(stop)
    first = np.append(True, start[1:] > reach[:-1])
    return start[first], reach[np.append(np.flatnonzero(first)[1:] - 1, len(start) - 1)]
