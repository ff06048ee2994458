"""Time bins and bands laid over runs in 1D: ON and OFF counts of each row, run and energy bin."""

import numpy as np

from tevcurve.fit.laid import LaidFit, cut_runs
from tevcurve.kernels.onoff_profile import OnOffProfile


class LaidSpectra(LaidFit):
    """Rows of a 1D light curve as an `OnOffProfile`; `cells` are the `SpectrumCells` of all rows."""

    method = "1d"

    def __init__(self, profile, fitted, cut, n_bands, why_dark, totals, stacked):
        super().__init__(profile, fitted, cut, n_bands, why_dark, stacked)
        self.totals = totals

    def count_columns(self, norm):
        """Counts in the fit, predicted counts, and what ON/OFF is judged by."""
        n_on, n_off, off_in_on, on_acceptance, off_acceptance, signal = self.totals
        with np.errstate(divide="ignore", invalid="ignore"):
            # Without OFF counts the acceptances alone say how many would be expected.
            alpha = np.where(n_off > 0, off_in_on / n_off, on_acceptance / off_acceptance)
        return {
            "counts": n_on,
            "npred": signal * norm + self.spread(self.profile.background(norm[self.fitted])),
            "npred_excess": signal * norm,
            "n_on": n_on,
            "n_off": n_off,
            "alpha": alpha,
            "excess": n_on - off_in_on,
        }


def lay_spectra(runs, bands, time_bins, flux, *, stacked=False, why_dark=("no_exposure", "")):
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
    """
    n_bands = int(bands.max()) + 1
    cut = cut_runs(runs, time_bins, [run.on_times_s for run in runs])
    cut_off = cut_runs(runs, time_bins, [run.off_times_s for run in runs])
    n_rows = cut.n_times * n_bands
    pieces = [
        _cells(run, on, off, bands, n_bands, flux)
        for run, on, off in zip(runs, cut.cuts, cut_off.cuts, strict=True)
    ]
    row, reco, n_on, n_off, alpha, signal = (np.concatenate(column) for column in zip(*pieces, strict=True))
    if stacked:
        row, n_on, n_off, alpha, signal = _stacked(
            row * len(bands) + reco, len(bands), n_on, n_off, alpha, signal
        )
    order = np.argsort(row, kind="stable")
    row, n_on, n_off, alpha, signal = row[order], n_on[order], n_off[order], alpha[order], signal[order]

    def per_row(values):
        return np.bincount(row, values, n_rows)

    total = per_row(signal)
    fitted = np.flatnonzero(total > 0)
    number = np.full(n_rows, -1)
    number[fitted] = np.arange(len(fitted))
    cells = number[row] >= 0
    profile = OnOffProfile(
        number[row[cells]], n_on[cells], n_off[cells], alpha[cells], signal[cells], len(fitted)
    )
    totals = (
        per_row(n_on),
        per_row(n_off),
        per_row(alpha * n_off),
        per_row(np.ones(len(row))),
        per_row(1 / alpha),
        total,
    )
    return LaidSpectra(profile, fitted, cut, n_bands, why_dark, totals, stacked)


def _cells(run, on, off, bands, n_bands, flux):
    """(row, reco bin, n_on, n_off, alpha, signal) of each time bin and energy bin of a run that is fitted."""
    reco = np.flatnonzero(run.mask_safe)
    n_times, n_reco = len(on.bins), len(bands)
    counts_on = np.bincount(on.event_bin * n_reco + run.on_bin[on.event], minlength=n_times * n_reco)
    counts_off = np.bincount(off.event_bin * n_reco + run.off_bin[off.event], minlength=n_times * n_reco)
    livetime = on.ontime.sum(axis=1) * run.deadc
    rate = np.einsum("tr,t->r", run.response, flux)
    shape = (n_times, len(reco))
    return (
        (on.bins[:, None] * n_bands + bands[reco]).ravel(),
        np.broadcast_to(reco, shape).ravel(),
        counts_on.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        counts_off.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        np.broadcast_to(run.alpha[reco], shape).ravel(),
        (livetime[:, None] * rate[reco]).ravel(),
    )


def _stacked(key, n_reco, n_on, n_off, alpha, signal):
    """(row, n_on, n_off, alpha, signal) with the cells of one row and energy bin added up.

    alpha is such that the expected background is the sum of alpha * n_off; without OFF counts it is the mean,
    weighted with the expected signal, which goes with the live time.
    """
    cells, index = np.unique(key, return_inverse=True)

    def total(values):
        return np.bincount(index, values, len(cells))

    on, off, expected = total(n_on), total(n_off), total(signal)
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = np.where(
            expected > 0, total(signal * alpha) / expected, total(alpha) / total(np.ones(len(alpha)))
        )
        alpha = np.where(off > 0, total(alpha * n_off) / off, weighted)
    return cells // n_reco, on, off, alpha, expected
