"""One ledger of several light curves."""

from dataclasses import replace

import numpy as np

from tevcurve.bins.joining import joined_bins
from tevcurve.bins.made import known_by
from tevcurve.bins.time_bins import ANY_RUN
from tevcurve.data.time_order import in_order_of_time
from tevcurve.lightcurve.ledger import Ledger
from tevcurve.lightcurve.runs import PickedRuns


def join_ledgers(ledgers, order):
    """The `Ledger` of all runs and time bins of several, or None.

    None where one is not a `Ledger`, or where two tell different things of the events of one run: then no sum over
    them counts each event once.

    Parameters
    ----------
    ledgers : list of `Ledger` or None
    order : int array (n_bins,), the time bins of all ledgers, one after the other, in the order that they shall have
    """
    if not all(isinstance(ledger, Ledger) for ledger in ledgers):
        return None
    runs, fates = {}, {}
    for ledger in ledgers:
        for place, fate in enumerate(ledger.fates):
            run = ledger.runs.read(place)
            of, there = runs.setdefault(known_by(run), (ledger.runs, place))
            known = of.read(there)
            same = known is run or np.array_equal(known.time_s, run.time_s)
            if not same or not np.array_equal(fates.setdefault(known_by(run), fate), fate):
                return None
    if sum(len(ledger.time_bins) for ledger in ledgers) != len(order):
        return None
    order_of_runs = in_order_of_time([of[place] for of, place in runs.values()])
    runs = {known_by(run): runs[known_by(run)] for run in order_of_runs}
    number = {known: k for k, known in enumerate(runs)}
    used = {run_id for run_id, _ in runs}
    left_out = {one.run_id: one for ledger in ledgers for one in ledger.left_out if one.run_id not in used}
    bins = [_of_own_runs(ledger, number) for ledger in ledgers]
    joined = joined_bins(bins).select(np.asarray(order))
    fates = tuple(fates[known] for known in runs)
    return Ledger(PickedRuns(runs.values()), fates, tuple(left_out.values()), joined)


def _of_own_runs(ledger, number):
    """Time bins of a ledger with the runs' new numbers; what holds for all its runs then does for these only."""
    bins = ledger.time_bins
    own = np.array([number[known_by(run)] for run in ledger.runs])
    if len(own) == len(number) and np.array_equal(own, np.arange(len(own))):
        return bins
    of_all = bins.run == ANY_RUN
    times = np.where(of_all, len(own), 1)
    rows = np.repeat(np.arange(len(bins.bin)), times)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    run = np.where(of_all[rows], own[within], own[bins.run[rows]])
    return replace(bins, start=bins.start[rows], stop=bins.stop[rows], bin=bins.bin[rows], run=run)
