"""Toys of ON/OFF spectra: counts drawn in every energy bin of every row."""

import numpy as np

from tevcurve.kernels.onoff import profile_background
from tevcurve.kernels.onoff_profile import OnOffProfile


class OnOffToys:
    """Draws ON and OFF counts of every cell: Poisson numbers of a*signal + alpha*mu_off and of mu_off.

    The background of cells in a group is a rate that they share: each alone has too few counts to say what it is.

    Parameters
    ----------
    profile : `OnOffProfile`
    rows : int array (n_rows,), numbers of the rows in the table of the light curve
    group : int array (n_cells,)
    ontime : float array (n_cells,), s
    """

    def __init__(self, profile, rows, group, ontime):
        self.profile, self.rows, self.group = profile, rows, group
        self.share = ontime / np.bincount(group, ontime)[group]

    def lowest_norms(self):
        """Norms (n_rows,) below which there is no minimum: the profile's own limits."""
        return self.profile.lower_limits()

    def events_per_toy(self):
        """What a toy costs, in cells."""
        return len(self.profile.cell_bin)

    def null_norm(self, constant):
        """The norm of a source that is constant: the excess of all rows over the signal expected at norm 1.

        Not the best `constant` of the likelihoods, which is biased where cells have no OFF counts.
        """
        own = self.profile
        return float(np.sum(own.n_on - own.alpha * own.n_off) / np.sum(own.signal))

    def backgrounds(self, norms):
        """Expected OFF counts (n, n_cells) at norms (n, n_rows): in each group the rate that fits its counts best."""
        own, group = self.profile, self.group
        n_on, n_off = np.bincount(group, own.n_on), np.bincount(group, own.n_off)
        # The cells of a group have one alpha, but for sums over runs.
        alpha = np.bincount(group, own.alpha * self.share)
        seen, which = np.unique(norms, axis=0, return_inverse=True)
        signals = [np.bincount(group, each[own.cell_bin] * own.signal) for each in seen]
        off = np.stack([profile_background(n_on, n_off, alpha, signal) for signal in signals])
        return (off[:, group] * self.share)[which.ravel()]

    def draw(self, norms, n, rng, background=None):
        """The profile of n light curves; row r of light curve t is its bin t * n_rows + r.

        norms: float, or array (n_rows,) or (n, n_rows), the truth. background: expected OFF counts (n_cells,) or
        (n, n_cells); default: `backgrounds`.
        """
        own = self.profile
        norms = np.broadcast_to(np.asarray(norms, dtype=float), (n, own.n_bins))
        off = self.backgrounds(norms) if background is None else background
        off = np.broadcast_to(off, (n, len(own.cell_bin)))
        expected = np.maximum(norms[:, own.cell_bin] * own.signal + own.alpha * off, 0.0)
        cell_bin = np.arange(n)[:, None] * own.n_bins + own.cell_bin
        return OnOffProfile(
            cell_bin.ravel(),
            rng.poisson(expected).astype(float).ravel(),
            rng.poisson(off).astype(float).ravel(),
            np.tile(own.alpha, n),
            np.tile(own.signal, n),
            n * own.n_bins,
        )


def cell_groups(kept, joint, rows):
    """(group, ontime) of each cell of rows of a `LaidSpectra`: its run and energy bin, and its good time in s.

    Where runs are stacked, a group are the cells of one energy bin in rows with the same runs.
    """
    bands, n_bands = kept.setting.axes.band_of_bin, joint.n_bands
    parts = []
    for number, (run, cut) in enumerate(zip(kept.terms, joint.cut.cuts, strict=True)):
        reco = np.flatnonzero(run.mask_safe)
        row = (cut.bins[:, None] * n_bands + bands[reco]).ravel()
        ontime = np.repeat(cut.ontime.sum(axis=1), len(reco))
        parts.append((row, np.tile(reco, len(cut.bins)), np.full(len(row), number), ontime))
    row, reco, run, ontime = (np.concatenate(column) for column in zip(*parts, strict=True))
    mine = np.isin(row, rows)
    row, reco, run, ontime = row[mine], reco[mine], run[mine], ontime[mine]
    if joint.stacked:
        cell, index = np.unique(row * len(bands) + reco, return_inverse=True)
        member = np.zeros((len(cell), len(parts) + 1), dtype=int)
        member[index, run] = 1
        member[:, -1] = cell % len(bands)
        return np.unique(member, axis=0, return_inverse=True)[1].ravel(), np.bincount(index, ontime)
    order = np.argsort(row, kind="stable")
    group = np.unique(run * len(bands) + reco, return_inverse=True)[1]
    return group[order], ontime[order]
