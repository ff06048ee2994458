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
    ontime : float array (n_times,), s of good time, summed over the runs
    reference : `TimeReference` of what is said of several runs
    """

    cuts: list
    n_times: int
    ontime: np.ndarray
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
    ontime, cuts = np.zeros(n_times), []
    pieces = time_bins.pieces(runs)
    order = np.argsort(pieces.run, kind="stable")
    limits = np.searchsorted(pieces.run[order], np.arange(len(runs) + 1))
    for number, (run, times) in enumerate(zip(runs, event_times, strict=True)):
        own = order[limits[number] : limits[number + 1]]
        slices = getattr(run, "slice_edges", None)
        cut = cut_run(times, pieces.start_s[own], pieces.stop_s[own], pieces.bin[own], slices)
        ontime[cut.bins] += cut.ontime.sum(axis=1)
        cuts.append(cut)
    return CutRuns(cuts, n_times, ontime, runs[0].gti.reference)


def no_exposure(runs, masked):
    """(status, reason) of a row in which nothing is expected of the source, of whichever runs."""
    return "no_exposure", ""


class LaidFit(JointFit):
    """A `JointFit` over time bins times bands; row `time bin * n_bands + band`.

    Parameters
    ----------
    profile, fitted : see `JointFit`
    cut : `CutRuns`
    reaches : list of `BandReach`, one per run
    exposure : `RowExposure`
    dark : bool array (n_bands,), whether the reference spectrum has no flux in a band
    why_dark : function of the numbers of a row's runs, and of whether each has no energy bin of the band in the fit,
        that returns (status, reason) where these expect nothing
    stacked : bool, whether the runs of a bin are added up
    """

    def __init__(self, profile, fitted, cut, reaches, exposure, dark, why_dark, stacked):
        self.n_bands = len(dark)
        super().__init__(profile, fitted, [], cut.n_times * self.n_bands)
        self.cut, self.reaches, self.exposure, self.dark = cut, reaches, exposure, dark
        self.why_dark, self.stacked = why_dark, stacked

    def why_unfitted(self, number):
        """(status, reason in words) of a row in which nothing is expected from the source."""
        time, band = divmod(number, self.n_bands)
        if self.cut.ontime[time] == 0:
            return "no_livetime", "there is no good time in the bin"
        if self.dark[band]:
            return (
                "no_exposure",
                "the reference spectrum has no flux in the band, so there is nothing to scale",
            )
        runs = [run for run, cut in enumerate(self.cut.cuts) if time in cut.bins]
        return self.why_dark(runs, [bool(self.reaches[run].masked[band]) for run in runs])
