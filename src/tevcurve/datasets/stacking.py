"""Several ON/OFF datasets made one."""

from dataclasses import replace

import numpy as np

from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.errors import InputError
from tevcurve.irf import EDispKernel


def stack_onoff(datasets, name="stacked"):
    """SpectrumDatasetOnOff of several datasets: counts are added up, over the bins that are fitted in each.

    The response is such that any model predicts the sum of the datasets' predictions in their own bins: exposures add
    up, and the energy dispersion is their mean, weighted with the exposure, counting as 0 where a dataset is masked.
    alpha is such that the expected background is the sum of the datasets' alpha * n_off; in bins without OFF counts
    it is the ratio of the acceptances, each weighted with its live time. The model is that of the first dataset.

    Raises InputError for no dataset at all or different energy bins.

    Parameters
    ----------
    datasets : sequence of `SpectrumDatasetOnOff`
    name : str, of the one that is made
    """
    datasets = list(datasets)
    _check_bins(datasets)
    first = datasets[0]
    masks = np.array([dataset.mask for dataset in datasets])
    n_on, n_off = (
        np.sum(masks * [getattr(dataset, counts).data for dataset in datasets], axis=0)
        for counts in ("counts", "counts_off")
    )
    exposure, edisp = _stacked_response(datasets, masks)
    acceptance, acceptance_off = _stacked_acceptances(datasets, masks, n_off)
    return SpectrumDatasetOnOff(
        counts=CountsSpectrum(first.energy_edges, n_on, _stacked_times(datasets)),
        counts_off=CountsSpectrum(first.energy_edges, n_off),
        acceptance=acceptance,
        acceptance_off=acceptance_off,
        exposure=exposure,
        edisp=edisp,
        livetime=sum((dataset.livetime for dataset in datasets[1:]), first.livetime),
        mask_safe=masks.any(axis=0),
        model=first.model,
        name=name,
        gti=_stacked_gti(datasets),
        runs=_stacked_runs(datasets),
    )


def _check_bins(datasets):
    if not datasets:
        raise InputError("There is no dataset to stack; one or more are wanted.")
    first = datasets[0]
    for dataset in datasets[1:]:
        for edges in ("e_true", "e_reco"):
            one, other = getattr(first.edisp, edges), getattr(dataset.edisp, edges)
            if len(one) != len(other) or not np.allclose(
                other.to_value(one.unit), one.value, rtol=1e-9, atol=0
            ):
                raise InputError(
                    f"The datasets {first.name!r} and {dataset.name!r} have different bins ({edges}); "
                    "datasets with the same energy bins are wanted."
                )


def _stacked_response(datasets, masks):
    exposures = np.array([dataset.exposure.value for dataset in datasets])
    total = exposures.sum(axis=0)
    weighted = sum(
        exposure[:, None] * dataset.edisp.pdf_matrix * mask
        for exposure, dataset, mask in zip(exposures, datasets, masks, strict=True)
    )
    matrix = np.divide(weighted, total[:, None], out=np.zeros_like(weighted), where=total[:, None] > 0)
    return total * datasets[0].exposure.unit, EDispKernel(
        matrix, datasets[0].edisp.e_true, datasets[0].edisp.e_reco
    )


def _stacked_acceptances(datasets, masks, n_off):
    times = np.array([dataset.livetime.value for dataset in datasets])
    if not (np.all(np.isfinite(times)) and np.any(times > 0)):
        times = np.ones(len(datasets))
    # Bins that are masked everywhere need some ratio too; they are not fitted.
    weights = times[:, None] * np.where(masks.any(axis=0), masks, True)
    on, off = (
        np.sum(weights * [getattr(dataset, name) for dataset in datasets], axis=0) / times.sum()
        for name in ("acceptance", "acceptance_off")
    )
    background = np.sum(masks * [dataset.alpha * dataset.counts_off.data for dataset in datasets], axis=0)
    return on, np.where(background > 0, on * n_off / np.where(background > 0, background, 1), off)


def _stacked_gti(datasets):
    if any(dataset.gti is None for dataset in datasets):
        return None
    gti = datasets[0].gti
    for dataset in datasets[1:]:
        gti = gti.union(dataset.gti)
    return gti


def _stacked_times(datasets):
    """The times that a caller wrote into the counts of all datasets, from the first to the last."""
    metas = [dataset.counts.meta for dataset in datasets]
    if not all("t_start" in meta and "t_stop" in meta for meta in metas):
        return {}
    return {
        "t_start": min(meta["t_start"] for meta in metas),
        "t_stop": max(meta["t_stop"] for meta in metas),
    }


def _stacked_runs(datasets):
    if not all(dataset.runs for dataset in datasets):
        return ()
    return tuple(
        replace(run, mask_safe=run.mask_safe & dataset.mask)
        if dataset.runs[1:]
        else replace(run, mask_safe=dataset.mask)
        for dataset in datasets
        for run in dataset.runs
    )
