"""What an event list cannot be: events without numbers, events that are there twice."""

from collections.abc import Callable

import numpy as np

from tevcurve.data.time_keywords import LONGEST_S
from tevcurve.errors import DataError
from tevcurve.problems import remark

# Share of events without numbers that are left out with a remark; of more the list as a whole is in doubt.
_FEW_BAD = 0.01
# Lowest and highest number of a column, and what others are not.
_POSSIBLE = {
    "TIME": (-LONGEST_S, LONGEST_S, f"no mission times of at most {LONGEST_S:g} s"),
    "RA": (-360.0, 720.0, "not within -360 and 720 deg"),
    "DEC": (-90.0, 90.0, "not within 90 deg"),
    "ENERGY": (np.finfo(float).tiny, np.finfo(float).max, "not positive"),
}


def usable_rows(columns: dict[str, np.ndarray], where: str) -> np.ndarray | None:
    """Bool array (n,) of the events whose time, energy and direction are numbers, or None where all are.

    Parameters
    ----------
    columns : dict of float arrays (n,): TIME (s), ENERGY (TeV), RA and DEC (deg)
    where : file and HDU, for messages. One event, or up to 1 %, may be none: a remark says how many.

    Raises DataError where more are.
    """
    bad, words = np.zeros(len(columns["TIME"]), dtype=bool), []
    for name, (low, high, what) in _POSSIBLE.items():
        values = columns[name]
        wrong = ~((values >= low) & (values <= high))
        if not np.any(wrong):
            continue
        bad |= wrong
        finite = np.isfinite(values)
        for some, why in ((~finite, "not finite"), (finite & wrong, what)):
            if np.any(some):
                words.append(
                    f"The column {name} of {where} has {np.sum(some)} of {len(bad)} values that are {why}"
                )
    if not words:
        return None
    if np.sum(bad) > max(1, _FEW_BAD * len(bad)):
        raise DataError(f"{words[0]}.")
    for one in words:
        remark(f"{one}; these events are left out.")
    return ~bad


def single_rows(
    time_s: np.ndarray,
    energy_tev: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    event_id: Callable[[], np.ndarray | None],
    where: str,
) -> np.ndarray | None:
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


def _refuse_two_of_one(
    rows: np.ndarray, time_s: np.ndarray, event_id: Callable[[], np.ndarray | None], where: str
) -> None:
    """Raises DataError where two of some events have the same EVENT_ID and time: which one is right nobody knows."""
    ids = event_id()
    if ids is None:
        return
    known = np.rec.fromarrays([np.asarray(ids)[rows], time_s[rows]], names="id,time")  # type: ignore[call-overload]
    pairs, counts = np.unique(known, return_counts=True)
    if np.any(counts > 1):
        twice = pairs["id"][counts > 1]
        raise DataError(
            f"{where} has {len(twice)} EVENT_IDs with several events at the same time (such as {twice[0]}) that differ "
            "in energy or direction; wanted is each event once."
        )
