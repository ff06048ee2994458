"""Toys of cubes: events drawn in the cells that each run expects them in."""

import numpy as np

from tevcurve.fit.toys import ToyMaker
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.cube_draws import RunCells, draw_block_events
from tevcurve.kernels.numbering import numbers_by_row
from tevcurve.kernels.terms import CashTerms


class CubeToys(ToyMaker):
    """Draws events in the cells of cubes, each run's from its own source and background.

    The background is norms (n_blocks,) or (n, n_blocks); by default `background_norms`, or with a prior drawn from it.
    A likelihood of events at their own energies and positions is drawn, and fitted, in cells too.

    Parameters
    ----------
    joint : `CubeLikelihood`
    rows : sorted int array, the rows that are drawn
    """

    def __init__(self, joint, rows):
        super().__init__(joint.profile.take(np.searchsorted(joint.fitted, rows))[0], rows)
        runs = joint.compact_runs()
        self.runs = run_cells(runs, joint.fluxes)
        self.parts = _parts(runs, joint, rows)
        # With a prior each block's norm is its own; else all of a run are one.
        terms = self.terms
        self.has_prior = terms.prior_weight is not None
        together = joint.setting.together
        self.group = np.arange(terms.n_blocks)
        if not self.has_prior:
            self.group = _groups(self.parts, terms.n_blocks, together)

    @property
    def terms(self):
        """The `CashTerms` of the rows."""
        return self.profile.likelihood.terms

    def events_per_toy(self):
        """What a toy costs, in events."""
        return max(int(self.profile.counts.sum()), 1)

    def null_norm(self, constant):
        """The norm of a source that is constant, where the likelihoods together are best at `constant`."""
        return constant

    def measured_background(self, norms):
        """`background_norms` (n_blocks,) at norms (n_rows,); None where a prior says what they are.

        norms: float array (n_rows,).
        """
        return None if self.has_prior else self.background_norms(np.asarray(norms)[None])[0]

    def background_norms(self, norms):
        """Background norms (n, n_blocks) at norms (n, n_rows): in each run and band the mean of those that fit best."""
        seen, which = np.unique(norms, axis=0, return_inverse=True)
        own, start = [], None
        for each in seen:
            settled, start = self.profile.settled(each, start)
            own.append(settled.norms)
        own, share = np.stack(own), self.terms.background_total
        total = np.bincount(self.group, share)
        for k, norm in enumerate(own):
            sums = np.bincount(self.group, share * norm)
            own[k] = np.divide(sums, total, out=np.zeros_like(total), where=total > 0)[self.group]
        return own[which.ravel()]

    def profile_of(self, terms, n):
        """The profile of what `draw_counts` gave for n light curves.

        Parameters
        ----------
        terms : `CashTerms` of the light curves
        n : int, number of light curves
        """
        return cash_profile(terms)

    def draw_counts(self, norms, n, rng, background=None):
        """The `CashTerms` of n light curves; see `draw`.

        Parameters
        ----------
        norms, n, rng, background : see `draw`
        """
        terms = self.terms
        norms = np.broadcast_to(np.asarray(norms, dtype=float), (n, terms.n_bins))
        if background is None:
            background = self._from_prior(n, rng) if self.has_prior else self.background_norms(norms)
        background = np.broadcast_to(background, (n, terms.n_blocks))
        block, signal, expected, near = draw_block_events(
            self.runs, self.parts, norms[:, terms.block_bin], background, rng
        )
        far = np.maximum(terms.background_total - near, 0.0)
        per_block = ("background_total", "constant_total", "prior_weight")
        tiled = {name: getattr(terms, name) for name in per_block}
        return CashTerms(
            n_bins=n * terms.n_bins,
            block_bin=(np.arange(n)[:, None] * terms.n_bins + terms.block_bin).ravel(),
            shared_total=np.tile(terms.shared_total, (n, 1)),
            event_block=block,
            event_count=np.ones(len(block)),
            event_shared=signal[:, None],
            event_background=expected,
            event_constant=np.zeros(len(block)),
            lone_count=rng.poisson(background * far).astype(float).ravel(),
            lone_log=np.zeros(n * terms.n_blocks),
            bounds=terms.bounds.repeated(n, terms.n_blocks),
            **{name: None if each is None else np.tile(each, n) for name, each in tiled.items()},
        )

    def _from_prior(self, n, rng):
        """Background norms (n, n_blocks)."""
        weight = self.terms.prior_weight
        error = np.divide(1.0, np.sqrt(weight), out=np.zeros_like(weight), where=weight > 0)
        return np.maximum(1 + error * rng.standard_normal((n, len(weight))), 0.0)


def run_cells(runs, fluxes):
    """The `RunCells` of runs with compact responses: cells in which some run expects photons of the source.

    Parameters
    ----------
    runs : list of `CubeTerms`
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the source in each run
    """
    n_pixels = runs[0].compact.shares.shape[1]
    signals = []
    for run, flux in zip(runs, fluxes, strict=True):
        weights = np.where(run.band_of_bin >= 0, run.compact.dispersion * flux[:, None], 0.0)
        signals.append(np.einsum("tr,tp->rp", weights, run.compact.shares).ravel())
    near = np.flatnonzero(np.any([signal > 0 for signal in signals], axis=0))
    return [
        RunCells(
            run.band_of_bin[near // n_pixels],
            signal[near],
            run.compact.background.reshape(len(run.compact.background), -1)[:, near],
            run.n_bands,
        )
        for run, signal in zip(runs, signals, strict=True)
    ]


def _parts(runs, joint, rows):
    """For each run (block, band, livetime, ontime (n, n_slices)) of its parts in the rows; blocks as in the profile."""
    parts = []
    for run, cut in zip(runs, joint.cut.cuts, strict=True):
        row = cut.rows(joint.n_bands).ravel()
        ontime = np.repeat(cut.ontime, joint.n_bands, axis=0)
        band = np.tile(np.arange(joint.n_bands), len(cut.bins))
        kept = np.isin(row, rows)
        parts.append((row[kept], band[kept], ontime[kept].sum(axis=1) * run.deadc, ontime[kept]))
    own = [part[0] for part in parts]
    if joint.stacked:
        blocks = [np.searchsorted(rows, row) for row in own]
    else:
        blocks = numbers_by_row(own, joint.setting.together)
    return [(own, *part[1:]) for own, part in zip(blocks, parts, strict=True)]


def _groups(parts, n_blocks, together=None):
    """Numbers (n_blocks,) that are the same for blocks of the same runs and band; parts `together` are of one run."""
    member = np.zeros((n_blocks, len(parts) + 1), dtype=int)
    for number, (block, band, _, _) in enumerate(parts):
        member[block, number if together is None else together[number]] = 1
        member[block, -1] = band
    return np.unique(member, axis=0, return_inverse=True)[1].ravel()
