"""Light curves that chance could have given: counts drawn from what the rows of a light curve expect."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.cube_draws import RunCells, draw_block_events
from tevcurve.kernels.onoff import profile_background
from tevcurve.kernels.onoff_profile import OnOffProfile
from tevcurve.kernels.poisson import CashProfile
from tevcurve.kernels.terms import CashTerms
from tevcurve.reduction.cube_terms import CubeSetting, cube_terms

# Share of the signal in the core of a source.
CORE = 0.68


@dataclass(frozen=True, eq=False)
class Toys:
    """Drawn light curves, all in one profile.

    profile: see `tevcurve.fit.minimize`; row r of light curve t is its bin t * n_rows + r.
    n: number of light curves. rows: int array (n_rows,), numbers of the rows in the table of the light curve.
    """

    profile: object
    n: int
    rows: np.ndarray

    @property
    def n_rows(self):
        """Rows of each light curve."""
        return len(self.rows)


def draw_toys(light_curve, norms, n, random_state=0):
    """The `Toys` of a light curve of `tevcurve.light_curve`, for norms that are the truth.

    The background is at the value that fits the data best with these norms. See `toy_maker` to draw repeatedly.

    norms: float, or array (n_rows,) or (n, n_rows) of the rows that expect some signal (`Toys.rows`).
    n: number of light curves. random_state: int seed or numpy Generator.
    """
    return toy_maker(light_curve).draw(norms, n, np.random.default_rng(random_state))


def toy_maker(light_curve, rows=None):
    """What draws `Toys` of a light curve, or of some of its rows (int array, sorted; default: all with signal).

    Raises `InputError` for a light curve that was not made by `tevcurve.light_curve`.
    """
    kept = light_curve.origin
    if not hasattr(kept, "laid"):
        raise InputError(
            "Toys are drawn from the responses of the runs, and this light curve has none (it was read from a file, "
            "or made from datasets); one made by tevcurve.light_curve is wanted."
        )
    joint, _ = kept.laid()
    rows = joint.fitted if rows is None else np.asarray(rows)
    return maker_of_rows(kept, joint, rows)


def maker_of_rows(kept, joint, rows):
    """The same for the `Kept` runs and the `LaidFit` of a light curve; rows: int array, sorted."""
    profile = joint.profile.take(np.searchsorted(joint.fitted, rows))
    if type(profile) is OnOffProfile:
        return OnOffToys(profile, rows)
    if type(profile) is CashProfile and isinstance(kept.setting, CubeSetting):
        return CubeToys(kept, joint, profile, rows)
    raise InputError(f"Toys cannot be drawn from a likelihood of the kind {type(profile).__name__}.")


class OnOffToys:
    """Draws ON and OFF counts of every cell: Poisson numbers of a*signal + alpha*mu_off and of mu_off."""

    def __init__(self, profile, rows):
        self.profile, self.rows = profile, rows

    def lowest_norms(self):
        """Norms (n_rows,) below which there is no minimum: the profile's own limits."""
        return self.profile.lower_limits()

    def events_per_toy(self):
        """What a toy costs, in cells."""
        return len(self.profile.cell_bin)

    def draw(self, norms, n, rng):
        """`Toys`; norms: float, or array (n_rows,) or (n, n_rows)."""
        own = self.profile
        at = np.broadcast_to(np.asarray(norms, dtype=float), (n, own.n_bins))[:, own.cell_bin] * own.signal
        off = profile_background(own.n_on, own.n_off, own.alpha, at)
        return Toys(redraw_onoff(_repeated(own, n), at.ravel(), off.ravel(), rng), n, self.rows)


def redraw_onoff(profile, signal, off, rng):
    """An `OnOffProfile` like another, with counts drawn from a signal and a background in OFF (n_cells,)."""
    n_on = rng.poisson(np.maximum(signal + profile.alpha * off, 0.0)).astype(float)
    n_off = rng.poisson(off).astype(float)
    return OnOffProfile(profile.cell_bin, n_on, n_off, profile.alpha, profile.signal, profile.n_bins)


def _repeated(profile, n):
    cell_bin = (np.arange(n)[:, None] * profile.n_bins + profile.cell_bin).ravel()
    cells = (np.tile(each, n) for each in (profile.n_on, profile.n_off, profile.alpha, profile.signal))
    return OnOffProfile(cell_bin, *cells, n * profile.n_bins)


class CubeToys:
    """Draws events in the cells of cubes, each run's from its own source and background.

    A likelihood of events at their own energies and positions is drawn, and fitted, in cells too.
    """

    def __init__(self, kept, joint, profile, rows):
        self.profile, self.rows = profile, rows
        setting = replace(kept.setting, stacked=True, unbinned=False)
        runs = [
            old if old.compact is not None and not kept.setting.unbinned else cube_terms(run, setting)[0]
            for run, old in zip(kept.runs, kept.terms, strict=True)
        ]
        self.runs = run_cells(runs, kept.spectrum.photon_flux(setting.axes.true))
        self.parts = _parts(runs, joint, rows)

    def lowest_norms(self):
        """Norms (n_rows,) that no event at all would say: minus background over signal in the core of the source.

        The core are the cells that hold 68 % of the signal. Below, a likelihood with few events only counts how
        negative predictions become in empty cells.
        """
        terms = self.profile.terms
        norms, _ = self.profile.copy().nuisance(np.zeros(terms.n_bins))
        signal, background = np.zeros((2, terms.n_bins))
        for cells, (block, band, livetime, ontime) in zip(self.runs, self.parts, strict=True):
            core_signal, core_background = cells.core(CORE)
            rate = np.einsum("ms,sm->m", ontime, core_background[:, band])
            np.add.at(signal, terms.block_bin[block], livetime * core_signal[band])
            np.add.at(background, terms.block_bin[block], norms[block] * rate)
        return -background / signal

    def events_per_toy(self):
        """What a toy costs, in events."""
        return max(int(self.profile.counts.sum()), 1)

    def background_norms(self, norms):
        """Background norms (n, n_blocks) that fit the data best at norms (n, n_rows)."""
        seen, which = np.unique(norms, axis=0, return_inverse=True)
        profile = self.profile.copy()
        return np.stack([profile.nuisance(each)[0] for each in seen])[which.ravel()]

    def draw(self, norms, n, rng, background=None):
        """`Toys`; norms: float, or array (n_rows,) or (n, n_rows).

        background: norms of the background (n_blocks,) or (n, n_blocks); default: those that fit the data best.
        """
        terms = self.profile.terms
        norms = np.broadcast_to(np.asarray(norms, dtype=float), (n, terms.n_bins))
        background = self.background_norms(norms) if background is None else background
        background = np.broadcast_to(background, (n, terms.n_blocks))
        block, signal, expected, near = draw_block_events(
            self.runs, self.parts, norms[:, terms.block_bin], background, rng
        )
        far = np.maximum(terms.background_total - near, 0.0)
        tiled = {
            name: np.tile(getattr(terms, name), n)
            for name in ("background_total", "constant_total", "floor_ratio")
        }
        drawn = CashTerms(
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
            **tiled,
        )
        return Toys(CashProfile(drawn), n, self.rows)


def run_cells(runs, flux):
    """The `RunCells` of runs with compact responses: cells in which some run expects photons of the source."""
    n_pixels = runs[0].compact.shares.shape[1]
    signals = []
    for run in runs:
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
        row = (cut.bins[:, None] * joint.n_bands + np.arange(joint.n_bands)).ravel()
        ontime = np.repeat(cut.ontime, joint.n_bands, axis=0)
        band = np.tile(np.arange(joint.n_bands), len(cut.bins))
        kept = np.isin(row, rows)
        parts.append((row[kept], band[kept], ontime[kept].sum(axis=1) * run.deadc, ontime[kept]))
    row = np.concatenate([part[0] for part in parts])
    if joint.stacked:
        block = np.searchsorted(rows, row)
    else:
        # Blocks are in the order of rows, and of runs in a row.
        block = np.empty(len(row), dtype=int)
        block[np.argsort(row, kind="stable")] = np.arange(len(row))
    blocks = np.split(block, np.cumsum([len(part[0]) for part in parts])[:-1])
    return [(own, *part[1:]) for own, part in zip(blocks, parts, strict=True)]
