"""A run cut into time bins: which events and how many seconds fall into each."""

from dataclasses import dataclass

import numpy as np

from tevcurve.records import short_repr


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

    __repr__ = short_repr

    @property
    def seconds(self) -> np.ndarray:
        """Good time in each bin, float array (m,), s."""
        return self.ontime.sum(axis=1)

    def rows(self, n_bands: int, bands: np.ndarray | None = None) -> np.ndarray:
        """Numbers of the rows, time bin * n_bands + band, of each bin in bands: int array (m, n).

        Parameters
        ----------
        n_bands : int, bands of each time bin
        bands : int array (n,), numbers of bands, which may come again; default: each once
        """
        return self.bins[:, None] * n_bands + (np.arange(n_bands) if bands is None else bands)


def cut_run(
    time_s: np.ndarray,
    start_s: np.ndarray,
    stop_s: np.ndarray,
    number: np.ndarray,
    slice_edges: np.ndarray | None = None,
) -> TimeCut:
    """The `TimeCut` of a run.

    Parameters
    ----------
    time_s : float array (n,), the run's events in good time, in order, mission seconds
    start_s, stop_s : float arrays (n_pieces,), half-open pieces of the run's good time, mission seconds
    number : int array (n_pieces,), the bin that each piece is in, ascending
    slice_edges : float array (n_slices + 1,), default: one slice
    """
    if slice_edges is None or len(slice_edges) == 2:
        ontime = (stop_s - start_s)[:, None]
    else:
        inside = np.minimum(stop_s[:, None], slice_edges[1:]) - np.maximum(start_s[:, None], slice_edges[:-1])
        ontime = np.maximum(inside, 0.0)
    bins, index = np.unique(number, return_inverse=True)
    summed = np.zeros((len(bins), ontime.shape[1]))
    np.add.at(summed, index, ontime)
    # Seconds from the first piece, so that no digits are lost.
    origin = start_s[0] if len(start_s) else 0.0
    moment = (stop_s - start_s) * (0.5 * (start_s + stop_s) - origin)
    middle = origin + np.bincount(index, moment, len(bins)) / summed.sum(axis=1)
    event, event_bin = _expanded(np.searchsorted(time_s, start_s), np.searchsorted(time_s, stop_s), index)
    return TimeCut(bins, summed, middle, event, event_bin)


def _expanded(first: np.ndarray, last: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All numbers first <= i < last of each interval, with its index, in the order of index and number."""
    count = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(len(count)), count)
    event = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[owner]
    owner = index[owner]
    order = np.lexsort((event, owner))
    return event[order], owner[order]
