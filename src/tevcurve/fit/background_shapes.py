"""The shape of the background from the OFF spectra of whole runs or nights, for time bins with few OFF counts."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.smooth_spectrum import smoothed_counts
from tevcurve.kernels.terms import CashTerms

# Good time this many seconds apart is of different nights.
NIGHT_GAP = 6 * 3600.0


@dataclass(frozen=True, eq=False)
class OffShapes:
    """What the shapes of the background of runs are made from, as `off_rates` wants it.

    Attributes
    ----------
    counts : float array (n_runs, n_reco), OFF counts of whole runs
    acceptance : float array (n_runs, n_reco), of OFF in units of that of ON
    seconds : float array (n_runs,), on-time
    masks : bool array (n_runs, n_reco), bins in the fit
    bands : int array (n_reco,), band of each reco bin
    log_edges : float array (n_reco + 1,), logarithms of the edges of the reco bins
    group : int array (n_runs,), number of the group that each run's shape is from
    """

    counts: np.ndarray
    acceptance: np.ndarray
    seconds: np.ndarray
    masks: np.ndarray
    bands: np.ndarray
    log_edges: np.ndarray
    group: np.ndarray

    def rates(self, counts=None):
        """Expected OFF counts (..., n_runs, n_reco) per second, of other counts of that shape if they are given.

        counts: float array (..., n_runs, n_reco); default: those of the runs.
        """
        counts = self.counts if counts is None else counts
        others = self.acceptance, self.seconds, self.masks, self.bands, self.log_edges, self.group
        return off_rates(counts, *others)

    def of_whole_runs(self, together):
        """The same with counts and on-time of the parts of each run at the first of them, and none at the others.

        together: int array (n_runs,), for each the number of the first that it is a part of the same run with.
        """
        counts, seconds = np.zeros_like(self.counts, dtype=float), np.zeros_like(self.seconds)
        np.add.at(counts, together, self.counts)
        np.add.at(seconds, together, self.seconds)
        return replace(self, counts=counts, seconds=seconds)

    @property
    def guessed(self):
        """Whether a run's shape has no OFF count to go by, bool array (n_runs, n_bands)."""
        in_fit = np.where(self.masks, self.counts, 0.0)
        totals = np.stack([in_fit[:, self.bands == band].sum(axis=1) for band in range(self.bands.max() + 1)])
        sums = np.zeros((len(totals), self.group.max() + 1))
        np.add.at(sums, (slice(None), self.group), totals)
        return sums[:, self.group].T == 0


def off_rates(counts, acceptance, seconds, masks, bands, log_edges, group):
    """Expected OFF counts (..., n_runs, n_reco) per second, from the counts of all runs in a group.

    Parameters
    ----------
    counts : float array (..., n_runs, n_reco), OFF counts of whole runs
    acceptance : float array (n_runs, n_reco), of OFF in units of that of ON
    seconds : float array (n_runs,), on-time
    masks : bool array (n_runs, n_reco), bins in the fit
    bands : int array (n_reco,), band of each reco bin
    log_edges : float array (n_reco + 1,), logarithms of the edges of the reco bins
    group : int array (n_runs,), number of the group that each run's shape is from
    """
    rates = np.zeros(counts.shape)
    center, width = 0.5 * (log_edges[1:] + log_edges[:-1]), np.diff(log_edges)
    for number in np.unique(group):
        runs = np.flatnonzero(group == number)
        seen = np.where(masks[runs], counts[..., runs, :], 0.0).sum(axis=-2)
        exposure = np.where(masks[runs], seconds[runs, None] * acceptance[runs], 0.0).sum(axis=0)
        for band in np.unique(bands[(exposure > 0) & (bands >= 0)]):
            bins = np.flatnonzero((bands == band) & (exposure > 0))
            expected = smoothed_counts(seen[..., bins], exposure[bins] * width[bins], center[bins])
            per_acceptance = (expected / exposure[bins])[..., None, :]
            rates[..., runs[:, None], bins] = per_acceptance * acceptance[np.ix_(runs, bins)]
    return np.where(masks, rates, 0.0)


def nights(start_s, stop_s, instruments):
    """Numbers (n_runs,) of the nights of runs that start and stop at seconds (n_runs,) of one clock.

    The nights of each instrument are its own.

    Parameters
    ----------
    start_s, stop_s : float arrays (n_runs,), seconds
    instruments : sequence (n_runs,), what the runs of one instrument have in common
    """
    numbers, known = np.zeros(len(start_s), dtype=int), 0
    for instrument in dict.fromkeys(instruments):
        own = np.flatnonzero([each == instrument for each in instruments])
        numbers[own] = known + _nights_of_one(start_s[own], stop_s[own])
        known = numbers[own].max() + 1
    return numbers


def _nights_of_one(start_s, stop_s):
    order = np.argsort(start_s, kind="stable")
    reach = np.maximum.accumulate(stop_s[order])
    number = np.zeros(len(order), dtype=int)
    number[order[1:]] = np.cumsum(start_s[order][1:] - reach[:-1] > NIGHT_GAP)
    return number


def shape_terms(block, block_bin, n_bins, n_on, n_off, signal, shape, known=None):
    """`CashTerms` of ON cells, and of the sum of the OFF counts of each block, with one background norm per block.

    The ON counts of a cell are expected as a*signal + b*off_in_on, the OFF counts of a block as b*sum(off), and both
    with what is known of other sources.

    Parameters
    ----------
    block : int array (n_cells,), sorted, the block of each cell
    block_bin : int array (n_blocks,), sorted, the bin of each block
    n_bins : int, number of bins
    n_on, n_off, signal : float arrays (n_cells,): counts, and expected signal
    shape : expected OFF counts and background in the ON region at norm 1, two float arrays (n_cells,)
    known : counts of other sources in ON and in OFF, float arrays (n_cells,), or None where there are none
    """
    n_blocks, (off, off_in_on) = len(block_bin), shape

    def total(values):
        return np.bincount(block, values, n_blocks)

    seen = n_on > 0
    others = np.zeros(len(block)) if known is None else known[0]
    lone, off_total = total(n_off), total(off)
    terms = CashTerms(
        n_bins=n_bins,
        block_bin=block_bin,
        shared_total=total(signal)[:, None],
        background_total=total(off_in_on) + off_total,
        constant_total=np.zeros(n_blocks) if known is None else total(known[0]) + total(known[1]),
        event_block=block[seen],
        event_count=n_on[seen],
        event_shared=signal[seen][:, None],
        event_background=off_in_on[seen],
        event_constant=others[seen],
        lone_count=lone,
        lone_log=lone * np.log(np.where(off_total > 0, off_total, 1.0)),
        bounds=BoundCells.of(block, signal, off_in_on, others),
    )
    return terms if known is None else _with_off_cells(terms, lone, off_total, total(known[1]))


def _with_off_cells(terms, counts, background, others):
    """`CashTerms` in which the OFF counts of each block are a cell of their own, with other sources in it.

    counts, background, others: float arrays (n_blocks,).
    """
    own = np.flatnonzero(counts > 0)
    block = np.append(terms.event_block, own)
    order = np.argsort(block, kind="stable")
    shared = np.zeros((len(own), terms.event_shared.shape[1]))
    none = np.zeros(len(counts))
    return replace(
        terms,
        event_block=block[order],
        event_count=np.append(terms.event_count, counts[own])[order],
        event_shared=np.concatenate([terms.event_shared, shared])[order],
        event_background=np.append(terms.event_background, background[own])[order],
        event_constant=np.append(terms.event_constant, others[own])[order],
        lone_count=none,
        lone_log=none,
    )
