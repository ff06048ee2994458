"""ON/OFF spectra of all bins put together: one background in each energy bin of each dataset."""

import numpy as np

from tevcurve.fit.joint import JointFit
from tevcurve.kernels.onoff_profile import OnOffProfile


class JointOnOff(JointFit):
    """Bins of `SpectrumDatasetOnOff`s as an `OnOffProfile`."""

    method = "1d"

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
        return {
            "counts": n_on,
            "npred": signal + self.spread(self.profile.background(norm[self.fitted])),
            "npred_excess": signal,
            "n_on": n_on,
            "n_off": n_off,
            "alpha": alpha,
            "excess": n_on - background,
        }


def join_spectra(members, n_bins):
    """The `JointOnOff` of members; see `tevcurve.fit.joining.joint_fit`."""
    signal = np.bincount(
        [member.bin for member in members], [_signal_total(member) for member in members], n_bins
    )
    fitted = np.flatnonzero(signal > 0)
    number = np.full(n_bins, -1)
    number[fitted] = np.arange(len(fitted))
    cells = [_cells(member, number[member.bin]) for member in members if number[member.bin] >= 0]
    columns = [np.concatenate(column) for column in zip(*cells, strict=True)] or [np.zeros(0, dtype=int)] * 5
    return JointOnOff(OnOffProfile(*columns, len(fitted)), fitted, members, n_bins)


def _cells(member, number):
    """(bin, n_on, n_off, alpha, signal) of the energy bins of a dataset that are fitted."""
    dataset, mask = member.dataset, member.dataset.mask
    signal = _signal(member)[mask]
    n_on, n_off = dataset.counts.data[mask].astype(float), dataset.counts_off.data[mask].astype(float)
    return np.full(len(signal), number), n_on, n_off, dataset.alpha[mask], signal


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
