"""A run cut into time bins: which events and how many seconds fall into each."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TimeCut:
    """The bins that a run has good time in.

    Attributes
    ----------
    bins : int array (m,), their numbers, ascending
    ontime : float array (m, n_slices), s of good time in each bin and slice of the run
    middle : float array (m,), mean time of the bin's good time, mission seconds
    event : int array (k,), numbers of the run's events that are in bins; in overlapping bins an event comes again
    event_bin : int array (k,), index into `bins` of each, ascending
    """

    bins: np.ndarray
    ontime: np.ndarray
    middle: np.ndarray
    event: np.ndarray
    event_bin: np.ndarray


def cut_run(gti, time_s, start_s, stop_s, number, slice_edges=None):
    """The `TimeCut` of a run.

    Parameters
    ----------
    gti : float array (n_gti, 2), good time, mission seconds, in order, without overlap
    time_s : float array (n,), events in good time, in order
    start_s, stop_s : float arrays (n_intervals,), half-open intervals in mission seconds
    number : int array (n_intervals,), the bin that each interval is a part of
    slice_edges : float array (n_slices + 1,), default: one slice
    """
    if slice_edges is None or len(slice_edges) == 2:
        slice_edges = np.array([-np.inf, np.inf])
    n_slices = len(slice_edges) - 1
    if len(gti) == 0 or len(start_s) == 0:
        empty = np.zeros(0, dtype=int)
        return TimeCut(empty, np.zeros((0, n_slices)), np.zeros(0), empty, empty)
    meets = np.flatnonzero((start_s < gti[-1, 1]) & (stop_s > gti[0, 0]))
    start, stop, number = start_s[meets], stop_s[meets], number[meets]
    ontime, moment = np.zeros((len(meets), n_slices)), np.zeros(len(meets))
    for low, high in gti:
        begin, end = np.maximum(start, low)[:, None], np.minimum(stop, high)[:, None]
        part = np.minimum(end, slice_edges[1:]) - np.maximum(begin, slice_edges[:-1])
        ontime += np.maximum(part, 0.0)
        # Seconds from the start of the run, so that no digits are lost.
        moment += np.maximum(end - begin, 0.0)[:, 0] * (0.5 * (end + begin)[:, 0] - gti[0, 0])
    met = ontime.sum(axis=1) > 0
    start, stop, number, ontime, moment = start[met], stop[met], number[met], ontime[met], moment[met]
    bins, index = np.unique(number, return_inverse=True)
    summed = np.zeros((len(bins), n_slices))
    np.add.at(summed, index, ontime)
    middle = gti[0, 0] + np.bincount(index, moment, len(bins)) / summed.sum(axis=1)
    first, last = np.searchsorted(time_s, start), np.searchsorted(time_s, stop)
    event, event_bin = _expanded(first, last, index)
    return TimeCut(bins, summed, middle, event, event_bin)


def _expanded(first, last, index):
    """All numbers first <= i < last of each interval, with its index, in the order of index and number."""
    count = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(len(count)), count)
    event = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[owner]
    owner = index[owner]
    order = np.lexsort((event, owner))
    return event[order], owner[order]
