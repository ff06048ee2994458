"""What each fitted row of a 3D light curve expects in its cells, in classes, to draw toys of the row from."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.cell_classes import merge_cells
from tevcurve.kernels.terms import CashTerms


@dataclass(frozen=True, eq=False)
class ExpectedCells:
    """Expected counts of classes of cells (`tevcurve.kernels.cell_classes`), arrays (n_classes,).

    block : int array, sorted, number of the block of the row's likelihood
    signal, background : float arrays, of the source at norm 1, and of the background at norm 1 where it is fitted
    constant : float array, what is fixed
    """

    block: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    constant: np.ndarray

    @classmethod
    def of_blocks(cls, blocks):
        """Of a list with (signal, background, constant), float arrays (n_cells,), of each block.

        blocks: list of tuples, one for each block.
        """
        merged = [merge_cells(*block) for block in blocks]
        number = np.repeat(np.arange(len(merged)), [len(signal) for signal, _, _ in merged])
        return cls(number, *(np.concatenate(column) for column in zip(*merged, strict=True)))

    @property
    def n_blocks(self):
        return int(self.block[-1]) + 1

    def with_background(self, norms):
        """The same with a background of other norms (n_blocks,), of which norm 1 is now what these were.

        norms: float array (n_blocks,).
        """
        return replace(self, background=norms[self.block] * self.background)

    def expected(self, norm, background):
        """Expected counts (..., n_classes) at norms (...,) of the source and (..., n_blocks) of the background.

        Parameters
        ----------
        norm : float array (...,)
        background : float array (..., n_blocks)
        """
        return norm[..., None] * self.signal + background[..., self.block] * self.background + self.constant

    def profile_of(self, counts, prior_weight=None):
        """The profile of a row with these cells for each of many counts (n, n_classes).

        Parameters
        ----------
        counts : array (n, n_classes)
        prior_weight : float array (n_blocks,), 1 / variance of the norm of each background around 1; None for no prior
        """
        n, n_blocks = len(counts), self.n_blocks
        fixed = self.constant > 0
        alone = (self.signal == 0) & ~(fixed & (self.background > 0))
        toy, line = np.nonzero(np.where(alone, 0, counts))
        block = toy * n_blocks + self.block[line]

        def per_block(values):
            return np.bincount(self.block, values, n_blocks)

        lone = np.zeros((n, n_blocks))
        for number in np.flatnonzero(alone & ~fixed):
            lone[:, self.block[number]] += counts[:, number]
        totals = [
            np.tile(per_block(each), n) for each in (self.signal, self.background, self.constant, self.block)
        ]
        return cash_profile(
            CashTerms(
                n_bins=n,
                block_bin=np.repeat(np.arange(n), n_blocks),
                shared_total=totals[0][:, None],
                background_total=totals[1],
                constant_total=totals[2],
                event_block=block,
                event_count=counts[toy, line].astype(float),
                event_shared=self.signal[line][:, None],
                event_background=self.background[line],
                event_constant=self.constant[line],
                lone_count=lone.ravel(),
                # The same in every toy at every flux, so that it may be left out.
                lone_log=np.zeros(n * n_blocks),
                prior_weight=None if prior_weight is None else np.tile(prior_weight, n),
                bounds=BoundCells.of(self.block, self.signal, self.background, self.constant).repeated(
                    n, n_blocks
                ),
            )
        )


def cells_of_runs(runs, cuts, fluxes, n_bands, stacked, together=None):
    """Function of a row to the `ExpectedCells` of runs that are cut into time bins.

    Parameters
    ----------
    runs : list of `CubeTerms` with their `compact` response
    cuts : list of `TimeCut`, one per run
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the reference spectrum in each run
    n_bands : int; row : time bin * n_bands + band
    stacked : bool, whether the runs of a bin are added up
    together : as in `~tevcurve.fit.row_likelihood.RowSetting`; the cells of parts of a run are of one block
    """
    dense = [run.compact.in_all_cells(flux) for run, flux in zip(runs, fluxes, strict=True)]
    # Runs that are added up need the same cells: those of any; where one is not fitted, it expects nothing.
    bands = [run.band_of_bin for run in runs]
    if stacked:
        bands = [np.max(bands, axis=0)] * len(runs)

    def part(number, time_bin, band):
        """What a run expects in a time bin, None where it has no good time there."""
        run, cut = runs[number], cuts[number]
        at = np.flatnonzero(cut.bins == time_bin)
        if not len(at):
            return None
        signal, background, fixed = dense[number]
        in_band = bands[number] == band
        livetime = cut.ontime[at[0]].sum() * run.deadc
        background = np.einsum("s,srp->rp", cut.ontime[at[0]], background[:, in_band])
        signal, constant = livetime * signal[in_band], livetime * fixed[in_band]
        if run.background_norm is not None:
            constant, background = constant + run.background_norm * background, 0 * background
        return signal.ravel(), background.ravel(), constant.ravel()

    def cells(row):
        parts = [part(number, *divmod(row, n_bands)) for number in range(len(runs))]
        there = [number for number, each in enumerate(parts) if each is not None]
        blocks = [parts[number] for number in there]
        if together is not None:
            own = {}
            for number, each in zip(there, blocks, strict=True):
                own.setdefault(together[number], []).append(each)
            blocks = [
                tuple(np.concatenate(column) for column in zip(*each, strict=True)) for each in own.values()
            ]
        if stacked:
            blocks = [tuple(sum(column) for column in zip(*blocks, strict=True))]
        return ExpectedCells.of_blocks(blocks)

    return cells
