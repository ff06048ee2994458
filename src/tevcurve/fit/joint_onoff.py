"""ON/OFF spectra of all bins put together: a background in each energy bin of each dataset, or one in each dataset."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.joint import JointFit
from tevcurve.fit.off_shapes import OffShapes, nights
from tevcurve.fit.onoff_cells import OnOffCells

FREE = BackgroundRule()


class JointOnOff(JointFit):
    """Bins of `SpectrumDatasetOnOff`s as a profile; `cells` are the `OnOffCells` of all bins."""

    method = "1d"

    def __init__(self, profile, fitted, members, n_bins, cells, shapes):
        super().__init__(profile, fitted, members, n_bins)
        self.cells, self.shapes = cells, shapes

    def has_guessed_shape(self):
        """Whether the shape of a background has no OFF count to go by, bool array (n_bins,)."""
        guessed = np.zeros(len(self.members))
        for own, shape in self.shapes:
            guessed[own] = shape.guessed.any()
        return self.per_bin(guessed) > 0

    def member_signals(self):
        """Counts expected of the source at norm 1 in the fit of each member, a list of float."""
        return [_signal_total(member) for member in self.members]

    def count_columns(self, norm):
        """Counts in the fit, predicted counts of the source and of everything, and what ON/OFF is judged by."""
        signal = self.per_bin(self.member_signals()) * norm
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
    shapes = _shapes([member.dataset for member in members], background.shape_from)
    rates = [np.zeros(len(member.dataset.mask)) for member in members]
    for own, shape in shapes:
        for k, rate, seconds in zip(own, shape.rates(), shape.seconds, strict=True):
            rates[k] = rate * seconds
    cells = [
        _cells(number, member, rate) for number, (member, rate) in enumerate(zip(members, rates, strict=True))
    ]
    cells = OnOffCells(*(np.concatenate(column) for column in zip(*cells, strict=True)))
    profile, fitted = cells.profile(n_bins, background), cells.fitted_rows(n_bins)
    return JointOnOff(profile, fitted, members, n_bins, cells, shapes)


def _shapes(datasets, shape_from):
    """(numbers of datasets, their `OffShapes`) of each group with a common shape of the background, a list.

    A dataset stands for a run. Nothing where the background is free.
    """
    if shape_from is None:
        return []
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
    own = [np.flatnonzero(group == number) for number in np.unique(group)]
    return [(numbers, _shape_of([datasets[k] for k in numbers])) for numbers in own]


def _shape_of(datasets):
    """The one shape of datasets, `OffShapes`."""
    masks = np.array([dataset.mask for dataset in datasets])
    seconds = np.array(
        [np.nan if each.livetime is None else each.livetime.to_value("s") for each in datasets]
    )
    # Datasets that do not know their time count alike.
    seconds = np.where(np.isfinite(seconds) & (seconds > 0), seconds, 1.0)
    counts = np.array([dataset.counts_off.data for dataset in datasets], dtype=float)
    acceptance = np.array([1 / dataset.alpha for dataset in datasets])
    edges = np.log(datasets[0].energy_edges.to_value("TeV"))
    bands, group = np.zeros(masks.shape[1], dtype=int), np.zeros(len(datasets), dtype=int)
    return OffShapes(counts, acceptance, seconds, masks, bands, edges, group)


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
