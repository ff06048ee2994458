"""Toys of ON/OFF spectra: counts drawn in every energy bin of every row."""

from dataclasses import replace

import numpy as np

from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.onoff_cells import OnOffCells
from tevcurve.fit.toys import ToyMaker
from tevcurve.kernels.numbering import first_together
from tevcurve.kernels.onoff_beside import background_beside

# Of a factor on alpha that is drawn.
LEAST_FACTOR = 0.01
FREE = BackgroundRule()
# Columns of cells with the known counts of other sources.
OTHERS = ("others", "others_off")


class OnOffToys(ToyMaker):
    """Draws ON and OFF counts of every cell: Poisson numbers of a*signal + alpha*mu_off and of mu_off.

    The background is expected OFF counts (n_cells,) or (n, n_cells); by default `backgrounds`.
    The background of cells in a group is a rate that they share: each alone has too few counts to say what it is.
    Where alpha is uncertain, each block of each toy has a factor on it of its own, by its prior. Where the background
    has a shape, each toy takes it from its own OFF counts as the light curve does; where runs are stacked, it has that
    of the light curve.

    Parameters
    ----------
    profile : of the rows
    rows : int array (n_rows,), numbers of the rows in the table of the light curve
    group : int array (n_cells,)
    ontime : float array (n_cells,), s
    cells : `OnOffCells` of the rows; default: those of a profile that is a `WstatLikelihood`'s
    rule : `BackgroundRule` of the fit
    own_shape : where toys have a shape of their own: `OffShapes` of the runs, and the numbers of the run and of the
        energy bin of each cell, int arrays (n_cells,)
    """

    def __init__(self, profile, rows, group, ontime, *, cells=None, rule=FREE, own_shape=(None, None, None)):
        super().__init__(profile, rows)
        self.group, self.ontime, self.rule = group, ontime, rule
        self.shapes, self.run, self.reco = own_shape
        if cells is None:
            own = profile.likelihood
            cells = OnOffCells(own.cell_bin, own.cell_bin, own.n_on, own.n_off, own.alpha, own.signal)
        self.cells = cells
        none = np.zeros(len(cells.row))
        self.others, self.others_off = (
            none if getattr(cells, name) is None else getattr(cells, name) for name in OTHERS
        )
        self.share = ontime / np.bincount(group, ontime)[group]

    def events_per_toy(self):
        """What a toy costs, in cells."""
        return len(self.cells.row)

    def null_norm(self, constant):
        """The norm of a source that is constant: the excess of all rows over the signal expected at norm 1.

        Not the best `constant` of the likelihoods, which is biased where cells have no OFF counts.
        """
        own = self.cells
        excess = own.n_on - self.others - own.alpha * (own.n_off - self.others_off)
        return float(np.sum(excess) / np.sum(own.signal))

    def measured_background(self, norms):
        """`backgrounds` (n_cells,) at norms (n_rows,). norms: float array (n_rows,)."""
        return self.backgrounds(np.asarray(norms)[None])[0]

    def backgrounds(self, norms):
        """Expected OFF counts (n, n_cells) at norms (n, n_rows): in each group the rate that fits its counts best."""
        own, group = self.cells, self.group
        n_on, n_off = np.bincount(group, own.n_on), np.bincount(group, own.n_off)
        # The cells of a group have one alpha, but for sums over runs.
        alpha = np.bincount(group, own.alpha * self.share)
        seen, which = np.unique(norms, axis=0, return_inverse=True)
        signals = [np.bincount(group, each[own.row] * own.signal) for each in seen]
        known = [np.bincount(group, each) for each in (self.others, self.others_off)]
        off = np.stack([background_beside(n_on, n_off, alpha, signal, *known) for signal in signals])
        return (off[:, group] * self.share)[which.ravel()]

    def profile_of(self, cells, n):
        """The profile of what `draw_counts` gave for n light curves.

        Parameters
        ----------
        cells : `OnOffCells` of the light curves
        n : int, number of light curves
        """
        return cells.profile(n * self.n_rows, self.rule)

    def draw_counts(self, norms, n, rng, background=None):
        """The `OnOffCells` of n light curves; see `draw`.

        Parameters
        ----------
        norms, n, rng, background : see `draw`
        """
        own, n_rows = self.cells, self.n_rows
        norms = np.broadcast_to(np.asarray(norms, dtype=float), (n, n_rows))
        off = self.backgrounds(norms) if background is None else background
        off = np.broadcast_to(off, (n, len(own.row)))
        in_on = own.alpha * off * self._alpha_factors(n, rng)
        expected = norms[:, own.row] * own.signal + in_on + self.others
        n_on = rng.poisson(np.maximum(expected, 0.0)).astype(float)
        n_off = rng.poisson(off + self.others_off).astype(float)
        shape = np.zeros(len(own.row)) if own.off is None else own.off
        if self.shapes is not None:
            shape = self._shape(n_off, off, rng)
        return self._light_curves(n_on, n_off, shape)

    def expected(self, norms, background):
        """The profile of the light curve of the counts that are expected, themselves.

        Parameters
        ----------
        norms : float array (n_rows,)
        background : float array (n_cells,), expected OFF counts; where it has a shape, this is the shape
        """
        own = self.cells
        n_on = norms[own.row] * own.signal + own.alpha * background + self.others
        off = background + self.others_off
        return self.profile_of(self._light_curves(n_on[None], off[None], background), 1)

    def _light_curves(self, n_on, n_off, shape):
        """The `OnOffCells` of light curves with counts (n, n_cells) and expected OFF counts (n, n_cells) or one."""
        own, n, n_rows = self.cells, len(n_on), self.n_rows
        toy, shape = np.arange(n)[:, None], np.broadcast_to(shape, n_on.shape)
        return replace(
            own,
            row=(toy * n_rows + own.row).ravel(),
            block=(toy * (own.block.max() + 1) + own.block).ravel(),
            n_on=n_on.ravel(),
            n_off=n_off.ravel(),
            alpha=np.tile(own.alpha, n),
            signal=np.tile(own.signal, n),
            off=shape.ravel(),
            off_in_on=(shape * own.alpha).ravel(),
            **{name: None if own.others is None else np.tile(getattr(own, name), n) for name in OTHERS},
        )

    def _alpha_factors(self, n, rng):
        """Factors (n, n_cells), or 1 where alpha is known."""
        if self.rule.error is None:
            return 1.0
        _, block = np.unique(self.cells.block, return_inverse=True)
        factors = 1 + self.rule.error * rng.standard_normal((n, block.max() + 1))
        return np.maximum(factors, LEAST_FACTOR)[:, block]

    def _shape(self, n_off, off, rng):
        """Expected OFF counts (n, n_cells) by the shape of the OFF counts of each toy, all (n, n_cells)."""
        run, reco, ontime = self.run, self.reco, self.ontime
        number = run * self.shapes.counts.shape[1] + reco
        seen, first, which = np.unique(number, return_index=True, return_inverse=True)
        # The rows have only a part of the time of a run.
        rest = np.maximum(self.shapes.seconds[run[first]] - np.bincount(which, ontime), 0.0)
        counts = np.tile(self.shapes.counts, (len(n_off), 1, 1))
        drawn = np.zeros((len(n_off), len(seen)))
        np.add.at(drawn, (slice(None), which), np.maximum(n_off - self.others_off, 0.0))
        drawn += rng.poisson(off[:, first] / ontime[first] * rest)
        counts.reshape(len(n_off), -1)[:, seen] = drawn
        return self.shapes.rates(counts)[:, run, reco] * ontime


def onoff_toys(joint, rows):
    """The `OnOffToys` of rows (sorted int array) of an `OnOffLikelihood`.

    Parameters
    ----------
    joint : `OnOffLikelihood`
    rows : sorted int array, the rows that are drawn
    """
    run, reco, group, ontime = cells_in_runs(joint, rows)
    own_shape = (None, None, None)
    if not joint.stacked:
        together, shapes = joint.setting.together, joint.shapes
        if together is not None and shapes is not None:
            shapes, run = shapes.of_whole_runs(together), together[run]
        own_shape = shapes, run, reco
    profile, _ = joint.profile.take(np.searchsorted(joint.fitted, rows))
    cells = joint.cells.take(rows)
    return OnOffToys(profile, rows, group, ontime, cells=cells, rule=joint.rule, own_shape=own_shape)


def cells_in_runs(joint, rows):
    """(run, energy bin, group, ontime) of each cell of rows: a group are those of one run and energy bin; ontime in s.

    Of a cell that several parts of a run have the run is the first of them.
    Where runs are stacked, a group are the cells of one energy bin in rows with the same runs, and there is no run.

    Parameters
    ----------
    joint : `OnOffLikelihood`
    rows : sorted int array, rows whose cells these are, in the order of `OnOffCells`
    """
    bands, n_bands = joint.bands[0], joint.n_bands
    parts = []
    for number, (run, cut) in enumerate(zip(joint.runs, joint.cut.cuts, strict=True)):
        reco = np.flatnonzero(run.mask_safe)
        row = cut.rows(n_bands, bands[reco]).ravel()
        ontime = np.repeat(cut.seconds, len(reco))
        parts.append((row, np.tile(reco, len(cut.bins)), np.full(len(row), number), ontime))
    row, reco, run, ontime = (np.concatenate(column) for column in zip(*parts, strict=True))
    mine = np.isin(row, rows)
    row, reco, run, ontime = row[mine], reco[mine], run[mine], ontime[mine]
    if joint.stacked:
        cell, index = np.unique(row * len(bands) + reco, return_inverse=True)
        member = np.zeros((len(cell), len(parts) + 1), dtype=int)
        member[index, run] = 1
        member[:, -1] = cell % len(bands)
        group = np.unique(member, axis=0, return_inverse=True)[1].ravel()
        return None, cell % len(bands), group, np.bincount(index, ontime)
    together = joint.setting.together
    if together is not None:
        key = (row * len(together) + first_together(row, run, together)) * len(bands) + reco
        cell, index = np.unique(key, return_inverse=True)
        ontime, reco = np.bincount(index.ravel(), ontime), cell % len(bands)
        row, run = np.divmod(cell // len(bands), len(together))
    order = np.argsort(row, kind="stable")
    of_run = run if together is None else together[run]
    group = np.unique(of_run * len(bands) + reco, return_inverse=True)[1]
    return run[order], reco[order], group[order], ontime[order]
