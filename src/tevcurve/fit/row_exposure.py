"""What of the runs enters each row of a light curve: their seconds, and the energies of the fit."""

from dataclasses import dataclass

import numpy as np

from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class RowExposure:
    """What entered each row; row `time bin * n_bands + band`. A run that sees nothing in a band does not count there.

    Attributes
    ----------
    ontime, livetime : float arrays (n_rows,), s, summed over the runs that count
    n_runs : int array (n_rows,), runs that count, and n_blind : those that have good time in the bin and do not
    time_mean : float array (n_rows,), live-time-weighted mean time in mission seconds of
        `CutRuns.references`, NaN without live time; None
        where the times of the counts are not known
    low, high : float arrays (n_rows,), TeV, lowest and highest energy of the fit of any run; NaN where none counts
    low_of_all, high_of_all : float arrays (n_rows,), TeV, between which every run that counts is fitted
    gaps : bool array (n_rows,), whether energies in between are left out in a run
    """

    ontime: np.ndarray
    livetime: np.ndarray
    n_runs: np.ndarray
    n_blind: np.ndarray
    time_mean: np.ndarray | None
    low: np.ndarray
    high: np.ndarray
    low_of_all: np.ndarray
    high_of_all: np.ndarray
    gaps: np.ndarray

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class WholeSeconds:
    """What is known of runs each of which is in one row as a whole, arrays (n_runs,).

    Attributes
    ----------
    ontime, livetime : float arrays, s, NaN where they are not known
    n_runs : int array, how many observations each stands for
    """

    ontime: np.ndarray
    livetime: np.ndarray
    n_runs: np.ndarray


def row_exposure(runs, cut, reaches, whole=None):
    """The `RowExposure` of reduced runs.

    Parameters
    ----------
    runs : list of records with `gti` and `deadc`
    cut : `~tevcurve.fit.row_likelihood.CutRuns` of them
    reaches : list of `BandReach`, one per run
    whole : `WholeSeconds`, in place of what the cut says of seconds; the mean times are not known then
    """
    n_bands = len(reaches[0].low)
    n_rows = cut.n_times * n_bands
    number = np.repeat(np.arange(len(runs)), [len(part.bins) for part in cut.cuts])
    row = np.concatenate([part.rows(n_bands).ravel() for part in cut.cuts])
    low, high, sees, gaps = (
        np.array([getattr(reach, name) for reach in reaches])[number].ravel()
        for name in ("low", "high", "sees", "gaps")
    )
    if whole is None:
        seconds = np.concatenate([part.seconds for part in cut.cuts])
        live, observed = (
            seconds * np.array([run.deadc for run in runs])[number],
            np.ones(len(number), dtype=int),
        )
    else:
        seconds, live, observed = whole.ontime[number], whole.livetime[number], whole.n_runs[number]

    def total(values, which=sees):
        return np.bincount(row[which], np.repeat(values, n_bands)[which], n_rows)

    def extreme(of, values, start):
        found = np.full(n_rows, start)
        of.at(found, row[sees], values[sees])
        return np.where(n_runs > 0, found, np.nan)

    livetime, n_runs, time_mean = total(live), total(observed).astype(int), None
    if whole is None:
        middle = np.concatenate(
            [
                reference.convert(part.middle, run.gti.reference)
                for run, part, reference in zip(runs, cut.cuts, cut.references, strict=True)
            ]
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            time_mean = total(middle * live) / livetime
    return RowExposure(
        ontime=total(seconds),
        livetime=livetime,
        n_runs=n_runs,
        n_blind=total(observed, ~sees).astype(int),
        time_mean=time_mean,
        low=extreme(np.minimum, low, np.inf),
        high=extreme(np.maximum, high, 0.0),
        low_of_all=extreme(np.maximum, low, 0.0),
        high_of_all=extreme(np.minimum, high, np.inf),
        gaps=np.bincount(row[sees & gaps], minlength=n_rows) > 0,
    )
