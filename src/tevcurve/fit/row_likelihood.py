"""Rows of a light curve, time bins times energy bands, as one likelihood: what cubes and spectra have in common."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from astropy.time import Time

from tevcurve.datasets.time_cut import cut_run
from tevcurve.errors import InputError
from tevcurve.fit.protocols import Expectations, rows_with
from tevcurve.fit.row_exposure import WholeSeconds, row_exposure


@dataclass(frozen=True, eq=False)
class CutRuns:
    """The runs of a light curve cut into its time bins.

    Attributes
    ----------
    cuts : list of `TimeCut`, one per run
    n_times : int, number of time bins
    ontime : float array (n_times,), s of good time, summed over the runs
    references : list of `TimeReference`, one per run, of what is said of several runs: that of the first run of its
        instrument, whichever others there are; where a bin has runs of several, that of the first of all
    """

    cuts: list
    n_times: int
    ontime: np.ndarray
    references: list

    def times(self, seconds, bins):
        """`Time` (n,) of mission seconds that are said of time bins, in the clock of the runs that are in these.

        Parameters
        ----------
        seconds : float array (n,), in the `references` of the runs
        bins : int array (n,), numbers of the time bins
        """
        if len(set(self.references)) == 1:
            return self.references[0].to_time(seconds)
        of_bin = np.zeros(self.n_times, dtype=int)
        for number, cut in enumerate(self.cuts):
            of_bin[cut.bins] = number
        run = of_bin[bins]
        jd1, jd2 = np.zeros((2, len(seconds)))
        for reference in set(self.references):
            own = np.array([self.references[number] == reference for number in run], dtype=bool)
            time = reference.to_time(seconds[own]).tt
            jd1[own], jd2[own] = time.jd1, time.jd2
        return Time(jd1, jd2, format="jd", scale="tt")


@dataclass(frozen=True, eq=False)
class RunPieces:
    """Pieces of runs in bins, as `TimeBins.pieces` gives them, where they are known beforehand.

    Attributes
    ----------
    n_bins : int
    bin, run : int arrays (n_pieces,), in the order of bins
    start_s, stop_s : float arrays (n_pieces,), [start, stop) in mission seconds of the piece's run
    """

    n_bins: int
    bin: np.ndarray
    run: np.ndarray
    start_s: np.ndarray
    stop_s: np.ndarray

    @classmethod
    def whole(cls, bins, n_bins):
        """Of runs of one second, each as a whole in a bin (int array (n_runs,), ascending).

        Parameters
        ----------
        bins : int array (n_runs,), ascending, the bin of each run
        n_bins : int, number of bins
        """
        zeros = np.zeros(len(bins))
        return cls(n_bins, np.asarray(bins, dtype=int), np.arange(len(bins)), zeros, zeros + 1)

    def pieces(self, runs):
        """These pieces, of those runs. runs: list of their terms, which are not looked at."""
        return self

    def of_runs(self, numbers):
        """The pieces of some runs, which are numbered anew in this order. numbers: ascending int array."""
        own = np.flatnonzero(np.isin(self.run, numbers))
        run = np.searchsorted(numbers, self.run[own])
        return RunPieces(self.n_bins, self.bin[own], run, self.start_s[own], self.stop_s[own])

    def of_bin(self, number):
        """(the pieces of one bin, the numbers of its runs), the runs being numbered anew in their order.

        number: int, of the bin.
        """
        own = np.flatnonzero(self.bin == number)
        runs, run = np.unique(self.run[own], return_inverse=True)
        return RunPieces(1, np.zeros(len(own), dtype=int), run, self.start_s[own], self.stop_s[own]), runs


def cut_runs(runs, time_bins, event_times):
    """The `CutRuns` of reduced runs.

    Parameters
    ----------
    runs : list of records with `gti` (`GTI`), `deadc` and, if their background turns, `slice_edges`
    time_bins : `TimeBins` or `RunPieces`
    event_times : list of float arrays, mission seconds in order, the events to cut of each run
    """
    n_times, cuts = time_bins.n_bins, []
    pieces = time_bins.pieces(runs)
    order = np.argsort(pieces.run, kind="stable")
    limits = np.searchsorted(pieces.run[order], np.arange(len(runs) + 1))
    for number, (run, times) in enumerate(zip(runs, event_times, strict=True)):
        own = order[limits[number] : limits[number + 1]]
        slices = getattr(run, "slice_edges", None)
        cuts.append(cut_run(times, pieces.start_s[own], pieces.stop_s[own], pieces.bin[own], slices))
    return cuts_together(runs, cuts, n_times)


def cuts_together(runs, cuts, n_times):
    """The `CutRuns` of reduced runs that are cut, each of whatever kind.

    Parameters
    ----------
    runs : list of records with `run_id` and `gti`
    cuts : list of the `TimeCut` of each
    n_times : int, number of time bins
    """
    ontime = np.zeros(n_times)
    for cut in cuts:
        ontime[cut.bins] += cut.seconds
    first = {run.run_id.instrument: run.gti.reference for run in reversed(runs)}
    references = [first[run.run_id.instrument] for run in runs]
    if _mix_clocks(cuts, references, n_times):
        references = references[:1] * len(runs)
    return CutRuns(cuts, n_times, ontime, references)


def _mix_clocks(cuts, references, n_times):
    """Whether a bin has runs of several references."""
    clocks = {reference: number for number, reference in enumerate(dict.fromkeys(references))}
    if len(clocks) < 2:
        return False
    there = np.zeros((n_times, len(clocks)), dtype=bool)
    for cut, reference in zip(cuts, references, strict=True):
        there[cut.bins, clocks[reference]] = True
    return bool(np.any(there.sum(axis=1) > 1))


def for_each_run(value, runs):
    """A list with a value for each run, of such a list or of one value for all.

    Parameters
    ----------
    value : list with a value for each run, or one value
    runs : list of the runs' terms
    """
    return value if isinstance(value, list) else [value] * len(runs)


def no_exposure(runs, masked, band):
    """(status, reason) of a row in which nothing is expected of the source, of whichever runs.

    Parameters
    ----------
    runs : list of int, numbers of the row's runs
    masked : list of bool, whether each has no energy bin of the band in the fit
    band : int, number of the band
    """
    return "no_exposure", ""


@dataclass(frozen=True, eq=False)
class RowSetting:
    """How runs are put together in rows.

    Attributes
    ----------
    dark : bool array (n_bands,), bands in which the reference spectrum has no flux, which are not fitted; None for none
    why_dark : function of the numbers of a row's runs, of whether each has no energy bin of the band in the fit, and
        of the number of the band, that returns (status, reason) where these expect nothing
    stacked : bool, whether the runs of a bin are added up, in place of being fitted jointly
    seconds : `WholeSeconds` of runs that are in one row as a whole; None for what the cut says
    together : int array (n_runs,), for each run the first that it is a part of the same run with: parts have their
        background in common in each row; None where each is a run of its own, or runs are added up anyway
    """

    dark: np.ndarray | None = None
    why_dark: Callable = no_exposure
    stacked: bool = False
    seconds: WholeSeconds | None = None
    together: np.ndarray | None = None

    def dark_bands(self, n_bands):
        """Whether the reference has no flux in each band, bool array (n_bands,).

        n_bands: int, number of bands.
        """
        return np.zeros(n_bands, dtype=bool) if self.dark is None else self.dark


@dataclass(frozen=True, eq=False)
class RowPieces:
    """The runs' shares of rows, each as a row of its own: their statistics add up to those of the rows.

    Attributes
    ----------
    likelihood : a likelihood of amplitudes, see `tevcurve.kernels.one_amplitude`, whose rows are the pieces
    row, run : int arrays (n_pieces,), sorted by row, which of the fitted rows and which run a piece is of; of several
        parts of a run, the first
    """

    likelihood: object
    row: np.ndarray
    run: np.ndarray


class RowLikelihood:
    """The rows of a light curve that expect some signal as a profile, and how results spread over all rows.

    Row `time bin * n_bands + band`.

    Attributes
    ----------
    profile : see `tevcurve.fit.minimize`; of the rows in `fitted` only
    fitted : int array, numbers of the rows that expect some signal
    n_bins, n_bands : int, all rows, and the energy bands of each time bin
    cut : `CutRuns`
    reaches : list of `BandReach`, one per run
    exposure : `RowExposure`
    dark : bool array (n_bands,), whether the reference spectrum has no flux in a band
    setting : `RowSetting`
    runs : list of the terms of the runs
    comes_apart : bool, whether rows come apart into runs, so that they have `pieces`
    """

    # What `background_error` is the uncertainty of.
    uncertain = "the background norm"

    def __init__(self, profile, fitted, runs, cut, reaches, setting):
        self.profile, self.fitted, self.n_bands = profile, fitted, len(reaches[0].low)
        self.n_bins = cut.n_times * self.n_bands
        self.runs, self.cut, self.reaches, self.setting = runs, cut, reaches, setting
        self.exposure = row_exposure(runs, cut, reaches, setting.seconds)
        self.dark = setting.dark_bands(self.n_bands)
        self.comes_apart = not setting.stacked

    @property
    def stacked(self):
        """Whether the runs of a bin are added up, bool."""
        return self.setting.stacked

    def spread(self, values):
        """Values (n_fitted, ...) of the fitted rows among all rows, NaN elsewhere.

        values: float array (n_fitted, ...).
        """
        full = np.full((self.n_bins, *np.shape(values)[1:]), np.nan)
        full[self.fitted] = values
        return full

    def fitted_only(self, values):
        """Values (n_bins, ...) of all rows, NaN where the row is not fitted.

        values: float array (n_bins, ...).
        """
        return self.spread(values[self.fitted])

    def columns(self, estimate):
        """The columns of a light curve, a dict of arrays (n_bins, ...): norms, statistic, counts and what they are of.

        Parameters
        ----------
        estimate : `~tevcurve.fit.norms.NormEstimate` of the profile
        """
        columns = {"loglike": self.spread(estimate.stat)}
        for field in fields(estimate):
            values = getattr(estimate, field.name)
            if field.name.startswith(("norm", "ts", "dloglike")) and values is not None:
                columns[field.name] = values if field.name == "norm_scan" else self.spread(values)
        exposure = {name: getattr(self.exposure, name) for name in ("livetime", "ontime", "n_runs")}
        return columns | self.count_columns(columns["norm"], estimate.minimum.further) | exposure

    def count_columns(self, norm, further=None):
        """Columns of counts and predictions at norms (n_bins,), a dict of arrays (n_bins,); NaN where not fitted.

        Parameters
        ----------
        norm : float array (n_bins,)
        further : float array (n_fitted, n_further), other amplitudes where these are known; default: at their best

        Raises `InputError` for rows that do not say what they expect.
        """
        rows_with(self, Expectations, use="A light curve")
        known = () if further is None else (further,)
        measured, expected = self.measured(), self.expected(norm[self.fitted], *known)
        signal = self.spread(expected.signal)
        predicted = {"npred": signal + self.spread(expected.rest()), "npred_excess": signal}
        return {"counts": measured["counts"]} | predicted | measured

    def effective_counts(self, norm):
        """Counts (n_fitted,) that the fluxes of the fitted rows rest on, at norms (n_fitted,).

        norm: float array (n_fitted,).
        """
        return self.profile.effective_counts(norm)

    def pieces(self):
        """The `RowPieces` of the fitted rows.

        Raises `InputError` for rows that do not come apart into runs.
        """
        if self.stacked:
            raise InputError("The runs of a row are added up here, so it has no pieces of single runs.")
        return self.runs_apart()

    def runs_apart(self):
        """The `RowPieces` of rows whose runs are fitted jointly."""
        raise NotImplementedError

    def why_unfitted(self, number):
        """(status, reason in words) of a row in which nothing is expected from the source.

        number: int, of the row.
        """
        time, band = divmod(number, self.n_bands)
        if self.cut.ontime[time] == 0:
            return "no_livetime", "there is no good time in the bin"
        if self.dark[band]:
            return (
                "no_exposure",
                "the reference spectrum has no flux in the band, so there is nothing to scale",
            )
        runs = [run for run, cut in enumerate(self.cut.cuts) if time in cut.bins]
        return self.setting.why_dark(runs, [bool(self.reaches[run].masked[band]) for run in runs], band)

    def notes(self):
        """What is worth saying of each row, a list (n_bins,) of sentences, empty where there is nothing."""
        return [""] * self.n_bins

    def confusions(self, minimum):
        """Rows whose source cannot be told from another, a dict of row to (name of that one, expected correlation).

        minimum: `~tevcurve.fit.minimize.Minimum` of the profile.
        """
        return {}

    def uncertain_in(self, number):
        """What `background_error` is the uncertainty of in a row, str. number: int, of the row."""
        return self.uncertain

    def lost_excess(self, norm):
        """Counts of the excess that a background with too little to go by takes, float array (n_fitted,).

        0 where it takes none worth saying.

        norm: float array (n_fitted,), best norms.
        """
        return np.zeros(len(self.fitted))
