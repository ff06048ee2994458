"""What an event list cannot be: events without numbers, events that are there twice, events that stop too early."""

import numpy as np

from tevcurve.errors import DataError
from tevcurve.problems import remark

# Share of events without numbers that are left out with a remark; of more the list as a whole is in doubt.
_FEW_BAD = 0.01
# A gap in good time is told where even a third of the mean rate would leave one as long by a chance of this only.
# Rates change by less with the zenith angle; with 10^4 runs there is one false alarm in 100 such lists at most.
GAP_CHANCE = 1e-6
SLOWEST = 1 / 3


def usable_rows(columns, where):
    """Bool array (n,) of the events whose time, energy and direction are numbers, or None where all are.

    columns: dict of float arrays (n,): TIME, ENERGY (TeV), RA and DEC (deg). where: file and HDU, for messages.
    One event, or up to 1 %, may be none: a remark says how many. Raises DataError where more are.
    """
    bad, words = np.zeros(len(columns["TIME"]), dtype=bool), []
    checks = [(name, ~np.isfinite(values), "not finite") for name, values in columns.items()]
    checks.append(("ENERGY", ~(columns["ENERGY"] > 0) & np.isfinite(columns["ENERGY"]), "not positive"))
    for name, wrong, what in checks:
        if np.any(wrong):
            bad |= wrong
            words.append(
                f"The column {name} of {where} has {np.sum(wrong)} of {wrong.size} values that are {what}"
            )
    if not words:
        return None
    if np.sum(bad) > max(1, _FEW_BAD * len(bad)):
        raise DataError(f"{words[0]}.")
    for one in words:
        remark(f"{one}; these events are left out.")
    return ~bad


def single_rows(time_s, energy_tev, lon, lat, event_id, where):
    """Bool array (n,) of the events without those that repeat another one word for word, or None where none does.

    Events that share their time are compared; in a list in the order of time, without two at once, nothing else is
    looked at. What repeats time, energy and direction counts once, with a remark.

    Parameters
    ----------
    time_s, energy_tev, lon, lat : float arrays (n,)
    event_id : function without arguments to the EVENT_ID of all events, array (n,), or None where they have none
    where : file and HDU, for messages

    Raises DataError where two have the same EVENT_ID and the same time, and are not the same event.
    """
    later = np.diff(time_s)
    if np.all(later > 0):
        return None
    order = np.arange(len(time_s)) if np.all(later >= 0) else np.argsort(time_s, kind="stable")
    same = np.flatnonzero(np.diff(time_s[order]) == 0)
    if not len(same):
        return None
    tied = order[np.union1d(same, same + 1)]
    # By time, then direction and energy, then by place in the file: the first of equal ones stays.
    tied = tied[np.lexsort((tied, lat[tied], lon[tied], energy_tev[tied], time_s[tied]))]
    equal = np.ones(len(tied) - 1, dtype=bool)
    for values in (time_s, energy_tev, lon, lat):
        equal &= np.diff(values[tied]) == 0
    repeats = tied[1:][equal]
    _refuse_two_of_one(np.setdiff1d(tied, repeats), time_s, event_id, where)
    if not len(repeats):
        return None
    remark(
        f"{where} has {len(repeats)} of {len(time_s)} events twice: their time, energy and direction are those of "
        "another one; each counts once."
    )
    single = np.ones(len(time_s), dtype=bool)
    single[repeats] = False
    return single


def _refuse_two_of_one(rows, time_s, event_id, where):
    """Raises DataError where two of some events have the same EVENT_ID and time: which one is right nobody knows."""
    ids = event_id()
    if ids is None:
        return
    pairs, counts = np.unique(
        np.rec.fromarrays([np.asarray(ids)[rows], time_s[rows]], names="id,time"), return_counts=True
    )
    if np.any(counts > 1):
        twice = pairs["id"][counts > 1]
        raise DataError(
            f"{where} has {len(twice)} EVENT_IDs with several events at the same time (such as {twice[0]}) that differ "
            "in energy or direction; wanted is each event once."
        )


def longest_gap(time_s, intervals):
    """(seconds, start, stop, chance) of the longest stretch of good time without an event.

    The chance is an upper bound for that of one as long among as many events at a third of the mean rate:
    for n events in T seconds, (n + 1) exp(-n g / (3 T)) for a stretch of g (of the n + 1 stretches between uniform
    events each is longer than g with the probability (1 - g / T)^n: Feller, An Introduction to Probability Theory II,
    I.7).

    time_s: float array (n,), events in good time, in order. intervals: float array (m, 2), good time in s.
    """
    before = np.concatenate([[0.0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    number = np.clip(np.searchsorted(intervals[:, 0], time_s, side="right") - 1, 0, None)
    good = np.concatenate([[0.0], before[number] + time_s - intervals[number, 0], before[-1:]])
    gaps = np.diff(good)
    longest = int(np.argmax(gaps))
    edges = np.concatenate([intervals[:1, 0], time_s, intervals[-1:, 1]])
    seconds = float(gaps[longest])
    chance = (len(time_s) + 1) * np.exp(-len(time_s) * SLOWEST * seconds / before[-1]) if before[-1] else 1.0
    return seconds, float(edges[longest]), float(edges[longest + 1]), float(min(chance, 1.0))


def remark_gap(time_s, intervals, where):
    """Notes the longest stretch of good time without an event where chance does not make such ones.

    time_s, intervals: as in `longest_gap`. where: what to call the events in messages.
    """
    if not len(time_s):
        return
    seconds, start, stop, chance = longest_gap(time_s, intervals)
    if chance > GAP_CHANCE:
        return
    total = float(np.sum(intervals[:, 1] - intervals[:, 0]))
    if stop >= intervals[-1, 1]:
        place = "the last"
    elif start <= intervals[0, 0]:
        place = "the first"
    else:
        place = f"from {start:.1f} to {stop:.1f} s,"
    remark(
        f"{where} has no event in {place} {seconds:.1f} s of {total:.1f} s of good time, where {len(time_s)} "
        f"events would leave some {total / len(time_s) * np.log(len(time_s) + 1):.1f} s at most; fluxes are too low by "
        "what is missing."
    )
