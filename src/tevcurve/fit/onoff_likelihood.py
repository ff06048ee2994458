"""Time bins and bands laid over runs in 1D: ON and OFF counts of each row, run and energy bin."""

from functools import cached_property

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.background_shapes import OffShapes, nights
from tevcurve.fit.onoff_cells import OnOffCells, added_up
from tevcurve.fit.protocols import DrawnOnOff, Expected
from tevcurve.fit.row_events import onoff_events
from tevcurve.fit.row_likelihood import RowLikelihood, RowPieces, RowSetting, cut_runs, for_each_run
from tevcurve.fit.spectral_terms import onoff_rows
from tevcurve.fit.toys_onoff import onoff_toys
from tevcurve.kernels.numbering import first_together
from tevcurve.kernels.onoff_profile import LOST, SCARCE

FREE, ROWS = BackgroundRule(), RowSetting()


class OnOffLikelihood(RowLikelihood):
    """Rows of a 1D light curve as a profile.

    Parameters
    ----------
    laid : the arguments of a `RowLikelihood`
    cells : `OnOffCells` of all rows
    bands : list of int arrays (n_reco,), the band of each reco bin of each run
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the reference spectrum in each run
    rule : `BackgroundRule`
    shapes : `OffShapes` of the runs' backgrounds, or None where these are free in every energy bin
    """

    uncertain = "alpha"

    def __init__(self, *laid, cells, bands, fluxes, rule, shapes):
        super().__init__(*laid)
        self.cells, self.bands, self.fluxes, self.rule, self.shapes = cells, bands, fluxes, rule, shapes
        self.comes_apart &= rule.off_shape != "night"

    def has_guessed_shape(self):
        """Whether the shape of the background has no OFF count to go by, in a run of a row, bool array (n_bins,)."""
        guessed = np.zeros((self.cut.n_times, self.n_bands), dtype=bool)
        for own, cut in zip(self.shapes.guessed, self.cut.cuts, strict=True):
            guessed[cut.bins] |= own
        return guessed.ravel()

    @cached_property
    def _sums(self):
        """(n_on, n_off, alpha, alpha * n_off, signal) of each row, float arrays (n_bins,)."""
        return self.cells.summed(self.n_bins)

    @cached_property
    def _excess(self):
        """ON counts of each row without the background by its OFF counts and without other sources (n_bins,)."""
        n_on, _, _, off_in_on, _ = self._sums
        others, others_off_in_on = self.cells.others_in(self.n_bins)
        return n_on - off_in_on - (others - others_off_in_on)

    def lost_excess(self, norm):
        """Counts of the excess that a background takes which is free where there are few OFF counts (n_fitted,).

        0 where it takes none worth saying. norm: float array (n_fitted,), best norms.
        """
        if self.rule.off_shape is not None:
            return np.zeros(len(self.fitted))
        n_on, n_off, alpha, off_in_on, _ = (each[self.fitted] for each in self._sums)
        n_cells = np.bincount(self.cells.row, self.cells.signal > 0, self.n_bins)[self.fitted]
        lost = self._excess[self.fitted] - norm * self.profile.total
        worth_saying = lost > LOST * np.sqrt(n_on + alpha * off_in_on)
        return np.where(worth_saying & (n_off < SCARCE * n_cells), lost, 0.0)

    def measured(self):
        """Columns of what was counted in the ON and the OFF regions."""
        n_on, n_off, alpha, _, _ = self._sums
        return {"counts": n_on, "n_on": n_on, "n_off": n_off, "alpha": alpha, "excess": self._excess}

    def expected(self, norm):
        """The `Expected` of the fitted rows at norms (n_fitted,), a part for each energy bin of a run in a row.

        norm: float array (n_fitted,).
        """
        row, background = self.cells.background(self.profile, self.fitted, norm)
        others = np.zeros(len(row)) if self.cells.others is None else self.cells.take(self.fitted).others
        return Expected(norm * self.profile.total, row, background, others)

    def runs_apart(self):
        """The `RowPieces` of the fitted rows; `InputError` where the background of a night has one shape."""
        if self.rule.off_shape == "night":
            raise InputError(
                "The shape of the background is that of a whole night, so a row has no pieces of single runs."
            )
        return self._pieces(self.cells)

    def pooled_pieces(self):
        """The `RowPieces` of the fitted rows, in each of which all energy bins are one."""
        return self._pieces(self.cells.pooled())

    def _pieces(self, cells):
        """The `RowPieces` of `OnOffCells`."""
        likelihood, block = cells.pieces(self.n_bins, self.rule)
        row, run = np.divmod(block, len(self.runs))
        return RowPieces(likelihood, np.searchsorted(self.fitted, row), run)

    def signal_rates(self, band, flux=None):
        """Counts expected of the source in a band per second of live time, float array (n_runs,).

        Parameters
        ----------
        band : int, number of the band
        flux : float array (n_true,), cm-2 s-1, of a spectrum; default: the reference, as each run sees it
        """
        rates, fluxes = [], self.fluxes if flux is None else [flux] * len(self.runs)
        for run, bands, own in zip(self.runs, self.bands, fluxes, strict=True):
            mask = run.mask_safe & (bands == band)
            rates.append(np.einsum("tr,t->r", run.response, own)[mask].sum())
        return np.array(rates)

    def background_slopes(self, norm):
        """Mixed derivatives of half the statistic in norm and ln(alpha) of each piece, float array (n_pieces,).

        In the order of `pieces`; of rows that do not come apart, one for each.

        norm: float array (n_fitted,), norms of the rows.
        """
        row, slopes = self.cells.alpha_slopes(self.n_bins, self.rule, norm)
        return slopes if self.comes_apart else np.bincount(row, slopes, len(norm))

    def reshaped(self, rows):
        """The `OnOffSpectralRows` of some rows, which may have another flux in each true-energy bin.

        rows: sorted int array.
        """
        return onoff_rows(self, rows)

    def events(self, norm):
        """The `RowEvents` of the ON events of the fitted rows at norms (n_fitted,). norm: float array (n_fitted,)."""
        return onoff_events(self, norm)

    def toys(self, rows):
        """What draws toys of some rows (int array, sorted), an `OnOffToys`. rows: sorted int array."""
        return onoff_toys(self, rows)

    def drawn(self):
        """The `DrawnOnOff` of the fitted rows."""
        n_on, n_off, alpha, _, _ = self._sums
        same = self.cells.has_one_alpha(self.n_bins)
        return DrawnOnOff(*(each[self.fitted] for each in (n_on, n_off, alpha, same)))


def rows_of_spectra(runs, bands, time_bins, flux, setting=ROWS, background=FREE, shapes=None):
    """The `OnOffLikelihood` of runs.

    Where a bin has several, they are fitted jointly, one flux and a background in each energy bin of each run; or
    stacked, their counts added up in each energy bin, as those of the parts of one run are in any case.

    Parameters
    ----------
    runs : list of `OnOffTerms`, on the same energy bins but where `bands` says otherwise
    bands : int array (n_reco,), number of the band of each reco bin, or a list of these, one for each run
    time_bins : `TimeBins` or `RunPieces`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum in each true-energy bin; or a list, one for each
        run
    setting : `~tevcurve.fit.row_likelihood.RowSetting`
    background : `BackgroundRule`
    shapes : what `OffShapes` has, of the runs; default: taken from them, where the rule says so
    """
    of_runs = for_each_run(bands, runs), for_each_run(flux, runs)
    n_bands = 1 + max(int(own.max()) for own in of_runs[0])
    dark = setting.dark_bands(n_bands)
    cut = cut_runs(runs, time_bins, [run.on_times_s for run in runs])
    cut_off = cut_runs(runs, time_bins, [run.off_times_s for run in runs])
    n_rows = cut.n_times * n_bands
    if shapes is None and background.off_shape is not None:
        shapes = _shapes(runs, bands, background.off_shape, setting.together)
    rates = [np.zeros(len(own)) for own in of_runs[0]] if shapes is None else shapes.rates()
    each_run = enumerate(zip(runs, cut.cuts, cut_off.cuts, *of_runs, rates, strict=True))
    pieces = [_cells(number, dark, *each) for number, each in each_run]
    if any(run.others_per_s is not None for run in runs):
        pieces = [piece + _others_in(run, on) for piece, run, on in zip(pieces, runs, cut.cuts, strict=True)]
    columns = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    if setting.stacked:
        columns = _stacked(len(bands), columns)
    elif setting.together is not None:
        columns = _together(len(bands), setting.together, columns)
    order = np.argsort(columns[0], kind="stable")
    row, run, _, *values = (column[order] for column in columns)
    cells = OnOffCells(row, row * len(runs) + run, *values)
    profile, fitted = cells.profile(n_rows, background), cells.fitted_rows(n_rows)
    reaches = [run.reach(own, n_bands) for run, own in zip(runs, of_runs[0], strict=True)]
    own = {"bands": of_runs[0], "fluxes": of_runs[1], "rule": background, "shapes": shapes}
    return OnOffLikelihood(profile, fitted, runs, cut, reaches, setting, cells=cells, **own)


def _shapes(runs, bands, shape_from, together=None):
    """The `OffShapes` of runs; parts `together` have that of their run."""
    masks = np.array([run.mask_safe for run in runs])
    group = np.arange(len(runs)) if together is None else together
    if shape_from == "night":
        clock = runs[0].gti.reference
        spans = [clock.convert(run.intervals[[0, -1], [0, 1]], run.gti.reference) for run in runs]
        group = nights(*np.transpose(spans), [run.run_id.instrument for run in runs])
    counts = np.array([_background_counts(run) for run in runs])
    acceptance = np.array([run.acceptance_off for run in runs])
    seconds = np.array([run.ontime_s for run in runs])
    return OffShapes(counts, acceptance, seconds, masks, bands, np.log(runs[0].reco_edges_tev), group)


def _background_counts(run):
    """OFF counts of a run, less what other sources are expected to add, float array (n_reco,)."""
    if run.others_per_s is None:
        return run.n_off
    return np.maximum(run.n_off - run.others_per_s[1] * run.livetime_s, 0.0)


def _cells(number, dark, run, on, off, bands, flux, off_rate):
    """(row, run, reco bin, n_on, n_off, alpha, signal, off, off in ON) of each time bin and energy bin in the fit."""
    reco = np.flatnonzero(run.mask_safe)
    n_times, n_reco, n_bands = len(on.bins), len(bands), len(dark)
    counts_on, counts_off = (
        np.bincount(cut.event_bin * n_reco + bins[cut.event], _of_events(count, cut), n_times * n_reco)
        for cut, bins, count in ((on, run.on_bin, run.on_count), (off, run.off_bin, run.off_count))
    )
    ontime = on.seconds
    rate = np.where(dark[bands], 0.0, np.einsum("tr,t->r", run.response, flux))
    expected_off = ontime[:, None] * off_rate[reco]
    shape = (n_times, len(reco))
    return (
        on.rows(n_bands, bands[reco]).ravel(),
        np.full(n_times * len(reco), number),
        np.broadcast_to(reco, shape).ravel(),
        counts_on.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        counts_off.reshape(n_times, n_reco)[:, reco].astype(float).ravel(),
        np.broadcast_to(run.alpha[reco], shape).ravel(),
        (ontime[:, None] * run.deadc * rate[reco]).ravel(),
        expected_off.ravel(),
        (expected_off * run.alpha[reco]).ravel(),
    )


def _others_in(run, on):
    """Counts of other sources in ON and in OFF in each time bin and energy bin in the fit, in the order of `_cells`."""
    rates = np.zeros((2, len(run.mask_safe))) if run.others_per_s is None else run.others_per_s
    known = on.seconds[:, None] * run.deadc * rates[:, None, np.flatnonzero(run.mask_safe)]
    return tuple(each.ravel() for each in known)


def _of_events(count, cut):
    """How many counts each event of a cut stands for, or None for one each."""
    return None if count is None else count[cut.event]


def _stacked(n_reco, columns):
    """The same with the cells of one row and energy bin added up; all are of run 0."""
    row, _, reco, *values = columns
    cells, index = np.unique(row * n_reco + reco, return_inverse=True)
    row, reco = np.divmod(cells, n_reco)
    return row, 0 * row, reco, *added_up(index, len(cells), *values)


def _together(n_reco, together, columns):
    """The same with the cells of the parts of one run added up in each row and energy bin, as of the first of them."""
    row, run, reco, *values = columns
    key = (row * len(together) + first_together(row, run, together)) * n_reco + reco
    cells, first, index, number = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    row_and_run, reco = np.divmod(cells, n_reco)
    row, run = np.divmod(row_and_run, len(together))
    sums = added_up(index.ravel(), len(cells), *values)
    # Of one cell all is as it was, to the last digit.
    kept = (np.where(number > 1, total, own[first]) for total, own in zip(sums, values, strict=True))
    return row, run, reco, *kept
