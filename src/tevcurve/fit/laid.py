"""Time bins and energy bands laid over reduced runs: what the two methods of a light curve have in common."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.time_cut import cut_run
from tevcurve.fit.joint import JointFit


@dataclass(frozen=True, eq=False)
class CutRuns:
    """The runs of a light curve cut into its time bins.

    Attributes
    ----------
    cuts : list of `TimeCut`, one per run
    n_times : int, number of time bins
    ontime, livetime : float arrays (n_times,), s, summed over the runs
    n_runs : int array (n_times,), runs that have good time in each bin
    time_mean : float array (n_times,), live-time-weighted mean time in mission seconds of `reference`, NaN without
        good time
    reference : `TimeReference`
    """

    cuts: list
    n_times: int
    ontime: np.ndarray
    livetime: np.ndarray
    n_runs: np.ndarray
    time_mean: np.ndarray
    reference: object


def cut_runs(runs, time_bins, event_times):
    """The `CutRuns` of reduced runs.

    Parameters
    ----------
    runs : list of records with `gti` (`GTI`), `deadc` and, if their background turns, `slice_edges`
    time_bins : `TimeBins`
    event_times : list of float arrays, mission seconds in order, the events to cut of each run
    """
    n_times = time_bins.n_bins
    ontime, livetime, n_runs = np.zeros(n_times), np.zeros(n_times), np.zeros(n_times, dtype=int)
    moment, cuts, common = np.zeros(n_times), [], runs[0].gti.reference
    pieces = time_bins.pieces(runs)
    order = np.argsort(pieces.run, kind="stable")
    limits = np.searchsorted(pieces.run[order], np.arange(len(runs) + 1))
    for number, (run, times) in enumerate(zip(runs, event_times, strict=True)):
        own = order[limits[number] : limits[number + 1]]
        slices = getattr(run, "slice_edges", None)
        cut = cut_run(times, pieces.start_s[own], pieces.stop_s[own], pieces.bin[own], slices)
        seconds = cut.ontime.sum(axis=1)
        ontime[cut.bins] += seconds
        livetime[cut.bins] += seconds * run.deadc
        moment[cut.bins] += common.convert(cut.middle, run.gti.reference) * seconds * run.deadc
        n_runs[cut.bins] += 1
        cuts.append(cut)
    with np.errstate(invalid="ignore"):
        time_mean = moment / livetime
    return CutRuns(cuts, n_times, ontime, livetime, n_runs, time_mean, common)


def no_exposure(runs):
    """(status, reason) of a row in which nothing is expected of the source, of whichever runs."""
    return "no_exposure", ""


class LaidFit(JointFit):
    """A `JointFit` over time bins times bands; row `time bin * n_bands + band`.

    Parameters
    ----------
    profile, fitted : see `JointFit`
    cut : `CutRuns`
    n_bands : int
    why_dark : function of the numbers of a row's runs that returns (status, reason) where these expect nothing
    stacked : bool, whether the runs of a bin are added up
    """

    def __init__(self, profile, fitted, cut, n_bands, why_dark, stacked):
        super().__init__(profile, fitted, [], cut.n_times * n_bands)
        self.cut, self.n_bands, self.why_dark, self.stacked = cut, n_bands, why_dark, stacked

    def why_unfitted(self, number):
        """(status, reason in words) of a row in which nothing is expected from the source."""
        if self.cut.ontime[number // self.n_bands] == 0:
            return "no_livetime", "there is no good time in the bin"
        runs = [run for run, cut in enumerate(self.cut.cuts) if number // self.n_bands in cut.bins]
        return self.why_dark(runs)
