"""Which instruments are in rows that may have runs of several, and how long more than one observed."""

from typing import Any

import numpy as np

from tevcurve.bins.time_bins import TimeBins

INSTRUMENTS, SIMULTANEOUS = "instruments", "simultaneous"
BETWEEN = ", "


def columns_of_joined(joint: Any, time_bins: TimeBins) -> dict[str, np.ndarray]:
    """Columns `instruments` and `simultaneous` of rows, arrays (n_rows,); empty where no row may have several.

    A run counts in the bands in which it sees something, as for the live time of a row.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    time_bins : `TimeBins` of its rows
    """
    if not time_bins.together:
        return {}
    runs, names = joint.runs, sorted({run.run_id.instrument for run in joint.runs})
    of_run = np.array([names.index(run.run_id.instrument) for run in runs])
    pieces, reference = time_bins.pieces(runs), time_bins.reference
    start, stop = np.zeros((2, len(pieces.run)))
    clocks = [run.gti.reference for run in runs]
    for clock in set(clocks):
        own = np.array([each == clock for each in clocks])[pieces.run]
        start[own], stop[own] = (
            reference.convert(edge[own], clock) for edge in (pieces.start_s, pieces.stop_s)
        )
    sees = np.array([reach.sees for reach in joint.reaches])
    there = np.zeros((time_bins.n_bins, joint.n_bands, len(names)), dtype=bool)
    seconds = np.zeros((time_bins.n_bins, joint.n_bands))
    for band in range(joint.n_bands):
        own = sees[pieces.run, band]
        bin_, instrument = pieces.bin[own], of_run[pieces.run[own]]
        there[bin_, band, instrument] = True
        seconds[:, band] = simultaneous_s(bin_, instrument, start[own], stop[own], time_bins.n_bins)
    return {INSTRUMENTS: _joined_names(there.reshape(-1, len(names)), names), SIMULTANEOUS: seconds.ravel()}


def simultaneous_s(
    bins: np.ndarray, instrument: np.ndarray, start: np.ndarray, stop: np.ndarray, n_bins: int
) -> np.ndarray:
    """Seconds in which more than one instrument observed in each bin, float array (n_bins,).

    Parameters
    ----------
    bins, instrument : int arrays (n,), whose an interval of good time is
    start, stop : float arrays (n,), s in one clock
    n_bins : number of bins
    """
    time, of_bin = np.concatenate([start, stop]), np.tile(bins, 2)
    who, step = np.tile(instrument, 2), np.repeat([1, -1], len(start))
    order = np.lexsort((time, of_bin))
    time, of_bin, who, step = time[order], of_bin[order], who[order], step[order]
    # After the last stop of a bin no interval is open, so sums go on from one bin to the next.
    observing = np.zeros(len(time), dtype=int)
    for number in np.unique(who):
        observing += np.cumsum(np.where(who == number, step, 0)) > 0
    within = (observing[:-1] > 1) & (of_bin[1:] == of_bin[:-1])
    return np.bincount(of_bin[:-1][within], np.diff(time)[within], n_bins)


def names_in(text: str) -> list[str]:
    """The instruments that a value of the column `instruments` names. text: the value."""
    return text.split(BETWEEN) if text else []


def _joined_names(there: np.ndarray, names: list[str]) -> np.ndarray:
    """Text array (n_rows,) of the names of those that are there, bool array (n_rows, n_instruments)."""
    kinds, which = np.unique(there, axis=0, return_inverse=True)
    words = [
        BETWEEN.join(name for name, is_there in zip(names, kind, strict=True) if is_there) for kind in kinds
    ]
    return np.array(words, dtype=str)[which.ravel()]
