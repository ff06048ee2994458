"""Where every event and every second of datasets went that were made from observations."""

from dataclasses import dataclass, field

import numpy as np

from tevcurve.bins.time_bins import TimeBins
from tevcurve.data import GTI
from tevcurve.data.time_order import order_of_time
from tevcurve.datasets import MapDataset
from tevcurve.lightcurve.ledger import Ledger
from tevcurve.lightcurve.runs import BinsOnDemand, RunsInMemory
from tevcurve.reduction.dataset_terms import bands_of_bins, edges_of
from tevcurve.reduction.event_fate import MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED
from tevcurve.run_id import RunId


@dataclass(frozen=True, eq=False)
class LedgerRun:
    """What a `Ledger` counts of a run: its events in the order of time, in the dataset's energies and on its map.

    What the reduction to a dataset left out is not known any more.

    Attributes
    ----------
    run_id : `RunId`
    time_s : float array (n,), s of the events since the reference of the good time, ascending
    gti : `GTI`, good time
    offset : float, radian, of the source; NaN, as datasets do not tell
    n_outside_gti : int, events outside the good time; 0, as they are not in the dataset
    remarks : tuple of (stage, reason), two str each, of what is odd about the run; empty, as datasets do not keep it
    facts : dict of what else is known of the run
    """

    run_id: RunId
    time_s: np.ndarray
    gti: GTI
    offset: float = np.nan
    n_outside_gti: int = 0
    remarks: tuple = ()
    facts: dict = field(default_factory=dict)


def dataset_ledger(datasets, energy_edges, time_bins, terms=()):
    """The `Ledger` of the events that datasets hold.

    Parameters
    ----------
    datasets : list, all `MapDataset` or all `SpectrumDatasetOnOff`, made from observations, with the same energy bins
    energy_edges : float array (n_bands + 1,), TeV, or None for all energies
    time_bins : `TimeBins` of all their runs in the order of time, or what lays them when they are wanted, as
        `~tevcurve.lightcurve.runs.BinsOnDemand` has it
    terms : list of the terms of these runs, where a binning looks at events
    """
    reco, _ = edges_of(datasets[0])
    in_band = bands_of_bins(reco[[0, -1]] if energy_edges is None else energy_edges, reco) >= 0
    made = [_of_run(dataset, run, in_band) for dataset in datasets for run in dataset.runs]
    runs, fates = zip(*made, strict=True)
    order = order_of_time(runs)
    ordered = RunsInMemory(runs[k] for k in order)
    bins = time_bins if isinstance(time_bins, TimeBins) else BinsOnDemand(time_bins, ordered, terms)
    return Ledger(ordered, tuple(fates[k] for k in order), (), bins)


def _of_run(dataset, run, in_band):
    """(`LedgerRun`, fates (n,) of its events). in_band : bool array (n_reco,), reco bins that are in some band"""
    if isinstance(dataset, MapDataset):
        plane, pixel = np.divmod(run.cell, int(np.prod(run.geom.data_shape[1:])))
        inside = run.inside.ravel()[pixel]
        kept = inside if dataset.mask is None else dataset.mask.ravel()[run.cell]
        time, order = run.time_s, slice(None)
    else:
        time = np.concatenate([run.on_times_s, run.off_times_s])
        order = np.argsort(time, kind="stable")
        plane = np.concatenate([run.on_bin, run.off_bin])
        inside, kept = np.ones(len(time), dtype=bool), dataset.mask[plane]
    fate = np.where(kept, USED, MASKED)
    fate = np.where(inside, fate, OUTSIDE_REGION)
    fate = np.where(in_band[plane], fate, OUTSIDE_ENERGIES)
    return LedgerRun(run.run_id, time[order], run.gti), fate[order]
