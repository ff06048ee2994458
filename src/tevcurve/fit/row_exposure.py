"""What of the runs enters each row of a light curve: their seconds, and the energies of the fit."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.band_reach import band_reach
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class RowExposure:
    """What entered each row; row `time bin * n_bands + band`. A run that sees nothing in a band does not count there.

    Attributes
    ----------
    ontime, livetime : float arrays (n_rows,), s, summed over the runs that count
    n_runs : int array (n_rows,), runs that count, and n_blind : those that have good time in the bin and do not
    time_mean : float array (n_rows,), live-time-weighted mean time in mission seconds, NaN without live time
    low, high : float arrays (n_rows,), TeV, lowest and highest energy of the fit of any run; NaN where none counts
    low_of_all, high_of_all : float arrays (n_rows,), TeV, between which every run that counts is fitted
    gaps : bool array (n_rows,), whether energies in between are left out in a run
    """

    ontime: np.ndarray
    livetime: np.ndarray
    n_runs: np.ndarray
    n_blind: np.ndarray
    time_mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    low_of_all: np.ndarray
    high_of_all: np.ndarray
    gaps: np.ndarray

    __repr__ = short_repr


def row_exposure(runs, cut, reaches):
    """The `RowExposure` of reduced runs.

    Parameters
    ----------
    runs : list of records with `gti` and `deadc`
    cut : `~tevcurve.fit.laid.CutRuns` of them
    reaches : list of `BandReach`, one per run
    """
    n_bands = len(reaches[0].low)
    n_rows = cut.n_times * n_bands
    number = np.repeat(np.arange(len(runs)), [len(part.bins) for part in cut.cuts])
    bins = np.concatenate([part.bins for part in cut.cuts])
    row = (bins[:, None] * n_bands + np.arange(n_bands)).ravel()
    low, high, sees, gaps = (
        np.array([getattr(reach, name) for reach in reaches])[number].ravel()
        for name in ("low", "high", "sees", "gaps")
    )
    seconds = np.concatenate([part.ontime.sum(axis=1) for part in cut.cuts])
    live = seconds * np.array([run.deadc for run in runs])[number]
    middle = np.concatenate(
        [
            cut.reference.convert(part.middle, run.gti.reference)
            for run, part in zip(runs, cut.cuts, strict=True)
        ]
    )

    def total(values):
        return np.bincount(row[sees], np.repeat(values, n_bands)[sees], n_rows)

    def extreme(of, values, start):
        found = np.full(n_rows, start)
        of.at(found, row[sees], values[sees])
        return np.where(n_runs > 0, found, np.nan)

    livetime, n_runs = total(live), np.bincount(row[sees], minlength=n_rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        time_mean = total(middle * live) / livetime
    return RowExposure(
        ontime=total(seconds),
        livetime=livetime,
        n_runs=n_runs,
        n_blind=np.bincount(row[~sees], minlength=n_rows),
        time_mean=time_mean,
        low=extreme(np.minimum, low, np.inf),
        high=extreme(np.maximum, high, 0.0),
        low_of_all=extreme(np.maximum, low, 0.0),
        high_of_all=extreme(np.minimum, high, np.inf),
        gaps=np.bincount(row[sees & gaps], minlength=n_rows) > 0,
    )


def members_exposure(joint):
    """The `RowExposure` of the bins of datasets, whose mean times are not known.

    joint : `~tevcurve.fit.joint.JointFit`
    """
    members, row, n_rows = joint.members, joint.member_bins, joint.n_bins
    reaches = [_reach_of_member(*pair) for pair in zip(members, joint.member_signals(), strict=True)]
    low, high, sees, gaps = (
        np.array([getattr(reach, name)[0] for reach in reaches]) for name in ("low", "high", "sees", "gaps")
    )
    runs = np.array([max(len(member.dataset.runs), 1) for member in members])

    def total(times):
        seconds = np.array([np.nan if time is None else time.to_value("s") for time in times])
        return np.bincount(row[sees], seconds[sees], n_rows)

    def extreme(of, values, start):
        found = np.full(n_rows, start)
        of.at(found, row[sees], values[sees])
        return np.where(known, found, np.nan)

    known = np.bincount(row[sees], minlength=n_rows) > 0
    return RowExposure(
        ontime=total([member.dataset.ontime for member in members]),
        livetime=total([member.dataset.livetime for member in members]),
        n_runs=np.bincount(row[sees], runs[sees], n_rows).astype(int),
        n_blind=np.bincount(row[~sees], runs[~sees], n_rows).astype(int),
        time_mean=np.full(n_rows, np.nan),
        low=extreme(np.minimum, low, np.inf),
        high=extreme(np.maximum, high, 0.0),
        low_of_all=extreme(np.maximum, low, 0.0),
        high_of_all=extreme(np.minimum, high, np.inf),
        gaps=np.bincount(row[sees & gaps], minlength=n_rows) > 0,
    )


def _reach_of_member(member, signal):
    edges, in_fit = member.dataset.energies_in_fit
    return band_reach(edges, np.where(in_fit, 0, -1), 1, np.array([signal]))
