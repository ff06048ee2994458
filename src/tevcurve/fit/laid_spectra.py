"""Time bins and bands laid over runs in 1D: ON and OFF counts of each row, run and energy bin."""

import numpy as np

from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.laid import LaidFit, cut_runs, no_exposure
from tevcurve.fit.off_shapes import OffShapes, nights
from tevcurve.fit.onoff_cells import OnOffCells
from tevcurve.fit.row_exposure import row_exposure

FREE = BackgroundRule()


class LaidSpectra(LaidFit):
    """Rows of a 1D light curve as a profile; `cells` are the `OnOffCells` of all rows."""

    method = "1d"

    def has_guessed_shape(self):
        """Whether the shape of the background has no OFF count to go by, in a run of a row, bool array (n_rows,)."""
        guessed = np.zeros((self.cut.n_times, self.n_bands), dtype=bool)
        for own, cut in zip(self.shapes.guessed, self.cut.cuts, strict=True):
            guessed[cut.bins] |= own
        return guessed.ravel()

    def __init__(self, *laid, cells, shapes):
        super().__init__(*laid)
        self.cells, self.shapes = cells, shapes

    def count_columns(self, norm):
        """Counts in the fit, predicted counts, and what ON/OFF is judged by."""
        n_on, n_off, alpha, off_in_on, signal = self.cells.summed(self.n_bins)
        background = self.cells.background(self.profile, self.fitted, norm[self.fitted])
        return {
            "counts": n_on,
            "npred": signal * norm + self.spread(background),
            "npred_excess": signal * norm,
            "n_on": n_on,
            "n_off": n_off,
            "alpha": alpha,
            "excess": n_on - off_in_on,
        }


def lay_spectra(
    runs, bands, time_bins, flux, *, dark=None, stacked=False, why_dark=no_exposure, background=FREE
):
    """The `LaidSpectra` of runs.

    Where a bin has several, they are fitted jointly, one flux and a background in each energy bin of each run; or
    stacked, their counts added up in each energy bin.

    Parameters
    ----------
    runs : list of `OnOffTerms` on the same energy bins
    bands : int array (n_reco,), number of the band of each reco bin
    time_bins : `TimeBins`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum in each true-energy bin
    dark : bool array (n_bands,), bands in which the reference has no flux, which are not fitted; default: none
    stacked : bool
    why_dark : see `LaidFit`
    background : `BackgroundRule`
    """
    n_bands = int(bands.max()) + 1
    dark = np.zeros(n_bands, dtype=bool) if dark is None else dark
    cut = cut_runs(runs, time_bins, [run.on_times_s for run in runs])
    cut_off = cut_runs(runs, time_bins, [run.off_times_s for run in runs])
    n_rows = cut.n_times * n_bands
    shapes = None if background.shape_from is None else _shapes(runs, bands, background.shape_from)
    rates = np.zeros((len(runs), len(bands))) if shapes is None else shapes.rates()
    pieces = [
        _cells(number, run, on, off, bands, dark, flux, rates[number])
        for number, (run, on, off) in enumerate(zip(runs, cut.cuts, cut_off.cuts, strict=True))
    ]
    columns = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    if stacked:
        columns = _stacked(len(bands), *columns)
    order = np.argsort(columns[0], kind="stable")
    row, run, _, *values = (column[order] for column in columns)
    cells = OnOffCells(row, row * len(runs) + run, *values)
    profile, fitted = cells.profile(n_rows, background), cells.fitted_rows(n_rows)
    reaches = [run.reach(bands, n_bands) for run in runs]
    laid = profile, fitted, cut, reaches, row_exposure(runs, cut, reaches), dark, why_dark, stacked
    return LaidSpectra(*laid, cells=cells, shapes=shapes)


def _shapes(runs, bands, shape_from):
    """The `OffShapes` of runs."""
    masks, group = np.array([run.mask_safe for run in runs]), np.arange(len(runs))
    if shape_from == "night":
        clock = runs[0].gti.reference
        spans = [clock.convert(run.intervals[[0, -1], [0, 1]], run.gti.reference) for run in runs]
        group = nights(*np.transpose(spans))
    counts, acceptance = (
        np.array([getattr(run, name) for run in runs]) for name in ("n_off", "acceptance_off")
    )
    seconds = np.array([run.ontime_s for run in runs])
    return OffShapes(counts, acceptance, seconds, masks, bands, np.log(runs[0].reco_edges_tev), group)


def _cells(number, run, on, off, bands, dark, flux, off_rate):
    """(row, run, reco bin, n_on, n_off, alpha, signal, off, off in ON) of each time bin and energy bin in the fit."""
    reco = np.flatnonzero(run.mask_safe)
    n_times, n_reco, n_bands = len(on.bins), len(bands), len(dark)
    counts_on = np.bincount(on.event_bin * n_reco + run.on_bin[on.event], minlength=n_times * n_reco)
    counts_off = np.bincount(off.event_bin * n_reco + run.off_bin[off.event], minlength=n_times * n_reco)
    ontime = on.ontime.sum(axis=1)
    rate = np.where(dark[bands], 0.0, np.einsum("tr,t->r", run.response, flux))
    expected_off = ontime[:, None] * off_rate[reco]
    shape = (n_times, len(reco))
    return (
        (on.bins[:, None] * n_bands + bands[reco]).ravel(),
        np.full(n_times * len(reco), number),
        np.broadcast_to(reco, shape).ravel(),
        counts_on.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        counts_off.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        np.broadcast_to(run.alpha[reco], shape).ravel(),
        (ontime[:, None] * run.deadc * rate[reco]).ravel(),
        expected_off.ravel(),
        (expected_off * run.alpha[reco]).ravel(),
    )


def _stacked(n_reco, row, run, reco, n_on, n_off, alpha, signal, shape_off, shape_on):
    """The same with the cells of one row and energy bin added up; all are of run 0.

    alpha is such that the expected background is the sum of alpha * n_off; without OFF counts it is the mean,
    weighted with the expected signal, which goes with the live time.
    """
    cells, index = np.unique(row * n_reco + reco, return_inverse=True)

    def total(values):
        return np.bincount(index, values, len(cells))

    off, expected = total(n_off), total(signal)
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = np.where(
            expected > 0, total(signal * alpha) / expected, total(alpha) / total(np.ones(len(alpha)))
        )
        alpha = np.where(off > 0, total(alpha * n_off) / off, weighted)
    row, reco = np.divmod(cells, n_reco)
    return row, 0 * row, reco, total(n_on), off, alpha, expected, total(shape_off), total(shape_on)
