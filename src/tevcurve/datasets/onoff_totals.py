"""An ON/OFF spectrum in a few numbers."""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.onoff import li_ma_significance


@dataclass(frozen=True)
class OnOffTotals:
    """Sums over energy bins: counts, the mean ratio of acceptances, the excess and its significance.

    Attributes
    ----------
    n_on, n_off : floats, counts of the ON and the OFF region
    alpha : float, the mean ratio of the acceptances
    excess : float, counts
    significance : float, standard deviations
    """

    n_on: float
    n_off: float
    alpha: float
    excess: float
    significance: float


def onoff_totals(dataset):
    """`OnOffTotals` over the bins of a dataset that are fitted. dataset: `SpectrumDatasetOnOff`."""
    mask = dataset.mask
    n_on, n_off = dataset.counts.data[mask].sum(), dataset.counts_off.data[mask].sum()
    background = (dataset.alpha * dataset.counts_off.data)[mask].sum()
    # Without OFF counts the acceptances alone say how many would be expected.
    known = dataset.acceptance[mask].sum() / dataset.acceptance_off[mask].sum() if mask.any() else np.nan
    alpha = background / n_off if n_off > 0 else known
    significance = li_ma_significance(n_on, n_off, alpha) if mask.any() else np.nan
    return OnOffTotals(float(n_on), float(n_off), float(alpha), float(n_on - background), float(significance))


def described(dataset):
    """(title, dict of words): what to tell a person of a dataset. dataset: `SpectrumDatasetOnOff`."""
    edges, mask, totals = dataset.energy_edges, dataset.mask, onoff_totals(dataset)
    span = f"{edges[0].value:.4g} to {edges[-1].value:.4g} {edges.unit}"
    rows = {"Energies": f"{len(mask)} bins, {span}, {np.count_nonzero(mask)} of them in the fit"}
    if mask.any():
        rows["In the fit"] = f"{totals.n_on:g} ON, {totals.n_off:g} OFF, alpha {totals.alpha:.4g}"
        rows["Excess"] = f"{totals.excess:.1f}, {totals.significance:.1f} standard deviations"
    if dataset.runs:
        rows["Runs"] = ", ".join(str(run.run_id) for run in dataset.runs)
    if np.isfinite(dataset.livetime):
        rows["Live time"] = f"{dataset.livetime.value:.1f} s"
    name = "" if dataset.model is None else dataset.model.name or dataset.spectral_model.name or "unnamed"
    title = f"SpectrumDatasetOnOff {dataset.name!r}" if dataset.name else "SpectrumDatasetOnOff"
    return title, rows | {"Model": name or "none"}
