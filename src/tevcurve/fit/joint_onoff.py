"""ON/OFF spectra of all bins put together: a background in each energy bin of each dataset, or one in each dataset."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.joint import JointFit
from tevcurve.fit.off_shapes import nights, off_rates
from tevcurve.fit.onoff_cells import OnOffCells

FREE = BackgroundRule()


class JointOnOff(JointFit):
    """Bins of `SpectrumDatasetOnOff`s as a profile; `cells` are the `OnOffCells` of all bins."""

    method = "1d"

    def __init__(self, profile, fitted, members, n_bins, cells):
        super().__init__(profile, fitted, members, n_bins)
        self.cells = cells

    def count_columns(self, norm):
        """Counts in the fit, predicted counts of the source and of everything, and what ON/OFF is judged by."""
        signal = self.per_bin([_signal_total(member) for member in self.members]) * norm
        n_on, n_off, background, known_on, known_off = (
            self.per_bin(values)
            for values in zip(*(_counts(member.dataset) for member in self.members), strict=True)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            # Without OFF counts the acceptances alone say how many would be expected.
            alpha = np.where(n_off > 0, background / n_off, known_on / known_off)
        in_on = self.cells.background(self.profile, self.fitted, norm[self.fitted])
        return {
            "counts": n_on,
            "npred": signal + self.spread(in_on),
            "npred_excess": signal,
            "n_on": n_on,
            "n_off": n_off,
            "alpha": alpha,
            "excess": n_on - background,
        }


def join_spectra(members, n_bins, background=FREE):
    """The `JointOnOff` of members; see `tevcurve.fit.joining.joint_fit`. background : `BackgroundRule`"""
    rates = _off_rates(members, background.shape_from)
    cells = [
        _cells(number, member, rate) for number, (member, rate) in enumerate(zip(members, rates, strict=True))
    ]
    cells = OnOffCells(*(np.concatenate(column) for column in zip(*cells, strict=True)))
    return JointOnOff(cells.profile(n_bins, background), cells.fitted_rows(n_bins), members, n_bins, cells)


def _off_rates(members, shape_from):
    """Expected OFF counts (n_reco,) of each member by the shape of the background, a list; zeros where it is free.

    A dataset stands for a run.
    """
    datasets = [member.dataset for member in members]
    if shape_from is None:
        return [np.zeros(len(dataset.mask)) for dataset in datasets]
    group, edges = np.arange(len(datasets)), datasets[0].energy_edges.to_value("TeV")
    if shape_from == "night":
        if not all(np.array_equal(dataset.energy_edges.to_value("TeV"), edges) for dataset in datasets):
            raise InputError(
                "The datasets of one night have different energy bins; shape_from='night' wants the same."
            )
        spans = [
            [(time - datasets[0].time_range[0]).sec for time in dataset.time_range] for dataset in datasets
        ]
        group = nights(*np.transpose(spans))
    rates = [np.zeros(len(dataset.mask)) for dataset in datasets]
    for number in np.unique(group):
        own = np.flatnonzero(group == number)
        found = _rates_of_group([datasets[k] for k in own])
        for k, rate in zip(own, found, strict=True):
            rates[k] = rate
    return rates


def _rates_of_group(datasets):
    masks = np.array([dataset.mask for dataset in datasets])
    seconds = np.array([dataset.livetime.to_value("s") for dataset in datasets])
    # Datasets that do not know their time count alike.
    seconds = np.where(np.isfinite(seconds) & (seconds > 0), seconds, 1.0)
    counts = np.array([dataset.counts_off.data for dataset in datasets], dtype=float)
    acceptance = np.array([1 / dataset.alpha for dataset in datasets])
    edges = np.log(datasets[0].energy_edges.to_value("TeV"))
    bands, group = np.zeros(masks.shape[1], dtype=int), np.zeros(len(datasets), dtype=int)
    return off_rates(counts, acceptance, seconds, masks, bands, edges, group) * seconds[:, None]


def _cells(number, member, off):
    """(row, block, n_on, n_off, alpha, signal, off, off in ON) of the energy bins of a dataset that are fitted."""
    dataset, mask = member.dataset, member.dataset.mask
    signal, alpha = _signal(member)[mask], dataset.alpha[mask]
    n_on, n_off = dataset.counts.data[mask].astype(float), dataset.counts_off.data[mask].astype(float)
    row, block = np.full(len(signal), member.bin), np.full(len(signal), number)
    return row, block, n_on, n_off, alpha, signal, off[mask], off[mask] * alpha


def _signal(member):
    """Signal counts expected in each energy bin."""
    return member.dataset.npred_signal()


def _signal_total(member):
    return float(_signal(member)[member.dataset.mask].sum())


def _counts(dataset):
    """ON and OFF counts, background and acceptances, summed over the energy bins that are fitted."""
    mask = dataset.mask
    off = dataset.counts_off.data[mask]
    return (
        dataset.counts.data[mask].sum(),
        off.sum(),
        (dataset.alpha[mask] * off).sum(),
        dataset.acceptance[mask].sum(),
        dataset.acceptance_off[mask].sum(),
    )
