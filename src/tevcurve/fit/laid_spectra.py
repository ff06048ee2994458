"""Time bins and bands laid over runs in 1D: ON and OFF counts of each row, run and energy bin."""

import numpy as np

from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.laid import LaidFit, cut_runs
from tevcurve.fit.off_shapes import nights, off_rates
from tevcurve.fit.onoff_cells import OnOffCells

FREE = BackgroundRule()


class LaidSpectra(LaidFit):
    """Rows of a 1D light curve as a profile; `cells` are the `OnOffCells` of all rows."""

    method = "1d"

    def __init__(self, profile, fitted, cut, n_bands, why_dark, cells, stacked):
        super().__init__(profile, fitted, cut, n_bands, why_dark, stacked)
        self.cells = cells

    def count_columns(self, norm):
        """Counts in the fit, predicted counts, and what ON/OFF is judged by."""
        cells = self.cells
        n_on, n_off, off_in_on, on_acceptance, off_acceptance, signal = (
            np.bincount(cells.row, values, self.n_bins)
            for values in (
                cells.n_on,
                cells.n_off,
                cells.alpha * cells.n_off,
                np.ones(len(cells.row)),
                1 / cells.alpha,
                cells.signal,
            )
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            # Without OFF counts the acceptances alone say how many would be expected.
            alpha = np.where(n_off > 0, off_in_on / n_off, on_acceptance / off_acceptance)
        background = cells.background(self.profile, self.fitted, norm[self.fitted])
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
    runs, bands, time_bins, flux, *, stacked=False, why_dark=("no_exposure", ""), background=FREE
):
    """The `LaidSpectra` of runs.

    Where a bin has several, they are fitted jointly, one flux and a background in each energy bin of each run; or
    stacked, their counts added up in each energy bin.

    Parameters
    ----------
    runs : list of `ReducedSpectrum` on the same energy bins
    bands : int array (n_reco,), number of the band of each reco bin
    time_bins : `TimeBins`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum in each true-energy bin
    stacked : bool
    why_dark : (status, reason) of rows with good time in which no signal is expected
    background : `BackgroundRule`
    """
    n_bands = int(bands.max()) + 1
    cut = cut_runs(runs, time_bins, [run.on_times_s for run in runs])
    cut_off = cut_runs(runs, time_bins, [run.off_times_s for run in runs])
    n_rows = cut.n_times * n_bands
    rates = _off_rates(runs, bands, background.shape_from)
    pieces = [
        _cells(number, run, on, off, bands, n_bands, flux, rates[number])
        for number, (run, on, off) in enumerate(zip(runs, cut.cuts, cut_off.cuts, strict=True))
    ]
    columns = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    if stacked:
        columns = _stacked(len(bands), *columns)
    order = np.argsort(columns[0], kind="stable")
    row, run, _, *values = (column[order] for column in columns)
    cells = OnOffCells(row, row * len(runs) + run, *values)
    profile, fitted = cells.profile(n_rows, background), cells.fitted_rows(n_rows)
    return LaidSpectra(profile, fitted, cut, n_bands, why_dark, cells, stacked)


def _off_rates(runs, bands, shape_from):
    """Expected OFF counts (n_runs, n_reco) per second by the shape of the background; zeros where it is free."""
    masks = np.array([run.mask_safe for run in runs])
    if shape_from is None:
        return np.zeros(masks.shape)
    group = np.arange(len(runs))
    if shape_from == "night":
        clock = runs[0].gti.reference
        spans = [clock.convert(run.intervals[[0, -1], [0, 1]], run.gti.reference) for run in runs]
        group = nights(*np.transpose(spans))
    counts, acceptance = (
        np.array([getattr(run, name) for run in runs]) for name in ("n_off", "acceptance_off")
    )
    seconds = np.array([run.ontime_s for run in runs])
    return off_rates(counts, acceptance, seconds, masks, bands, np.log(runs[0].reco_edges_tev), group)


def _cells(number, run, on, off, bands, n_bands, flux, off_rate):
    """(row, run, reco bin, n_on, n_off, alpha, signal, off, off in ON) of each time bin and energy bin in the fit."""
    reco = np.flatnonzero(run.mask_safe)
    n_times, n_reco = len(on.bins), len(bands)
    counts_on = np.bincount(on.event_bin * n_reco + run.on_bin[on.event], minlength=n_times * n_reco)
    counts_off = np.bincount(off.event_bin * n_reco + run.off_bin[off.event], minlength=n_times * n_reco)
    ontime = on.ontime.sum(axis=1)
    rate = np.einsum("tr,t->r", run.response, flux)
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
