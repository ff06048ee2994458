"""More runs for a light curve: only the rows whose good time they touch are made anew."""

from dataclasses import replace

import numpy as np
from astropy.table import Column, Table

from tevcurve.bins.equal_bins import equal_bins
from tevcurve.bins.made import MadeBins
from tevcurve.data.time_order import in_order_of_time
from tevcurve.errors import InputError
from tevcurve.files.texts import is_text, text_array
from tevcurve.lightcurve.ledger import Ledger, RecordedLedger
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.row_table import rows_meta
from tevcurve.lightcurve.rows_in_blocks import part_of_runs, rows_come_apart
from tevcurve.lightcurve.runs import TermsOfRuns, terms_of_each
from tevcurve.lightcurve.table_making import complete_meta
from tevcurve.problems import in_order


def with_runs(origin, runs, strict=False, gone=(), reduction=None, made=None):
    """(`LightCurveOrigin` with more runs, reduced and in the order of time; int array, numbers of its old runs there).

    A run that cannot be reduced is left out. Of an old run that is gone the number is -1.

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    runs : list of `SourceRun`, the new ones
    strict : bool, raises for the first that cannot be reduced
    gone : int array, numbers of its runs in whose place new ones come
    reduction : function of a new run to its terms and fates, which gives what that of `origin` gives; default: that
    made : `TermsOfRuns` of its runs in the same energy bins, or None; what is made of the last ones is not made again
    """
    runs, n_before = in_order_of_time(runs), len(origin.runs)
    terms_of = origin.reduction if reduction is None else reduction
    reduced, problems = terms_of_each(runs, terms_of, strict)
    kept = np.setdiff1d(np.arange(n_before), gone)
    there = origin.runs if len(kept) == n_before else origin.runs.chosen(kept)
    together, new = there.with_runs([runs[number] for number in reduced])
    terms = TermsOfRuns(together, origin.reduction)
    for number, one in zip(new, reduced.values(), strict=True):
        terms.put(number, *one)
    failed = in_order((*origin.failed, *problems))
    origin = replace(origin, runs=together, failed=failed, terms=terms.terms, fates=terms.fates)
    old = np.full(n_before, -1)
    old[kept] = np.setdiff1d(np.arange(len(together)), new)
    if made is not None:
        for number, one in made.newest(kept).items():
            terms.put(old[number], *one)
    return origin, old


def extend(light_curve, origin, old):
    """The `LightCurve` of all runs of `origin`, of which some made `light_curve`.

    It is what `origin.light_curve()` gives, to the last digit. Rows that no other run touches are taken over, and only
    the runs of other rows are asked for. Where any row may depend on all runs, all are made anew.

    Parameters
    ----------
    light_curve : `LightCurve` with a ledger, of some of the runs with the settings of `origin`
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`; runs whose rows are taken over are not read
    old : int array, the numbers that the runs of `light_curve` have there, -1 for those that are gone; else ascending
    """
    old, runs = np.asarray(old, dtype=int), list(origin.runs)
    if not rows_stand_alone(origin):
        return origin.light_curve()
    if np.array_equal(old, np.arange(len(runs))):
        return replace(light_curve, origin=origin, ledger=replace(light_curve.ledger, left_out=origin.failed))
    runs_before = list(light_curve.origin.runs)
    before, n_bands = _bins_before(light_curve, origin), origin.axes.n_bands
    _check_rows(light_curve.table, before, n_bands)
    change = _Change(before, origin.laid(runs), (runs_before, runs), old)
    made = light_curve.table[:0]
    if len(change.bins):
        made = _part_of(origin, change.new, change.bins, change.runs).light_curve().table
    if _kinds(made) != _kinds(light_curve.table):
        return origin.light_curve()
    table = _joined(light_curve.table, made, change, origin)
    return LightCurve(table, origin=origin, ledger=_ledger(light_curve.ledger, origin, change))


def rows_stand_alone(origin):
    """Whether a row, and its bin, depends on nothing but the good time of the bin and the runs that have it.

    origin: `LightCurveOrigin`.
    """
    return not origin.time_bins.looks_at_events and rows_come_apart(origin)


class _Change:
    """What of the time bins is another one with more runs.

    before, new: `TimeBins` of the old runs, and of all. runs: lists of the old ones, and of all. old: int array, the
    numbers of the old ones among all, -1 for those that are gone.

    bins: int array, numbers of the new bins that no old one equals. taken: int array (n_new,), for each new bin the
    number of the old one that it equals, or -1. runs: int array, runs with good time in `bins`, or the last one.
    touched: int array, runs whose share in the bins may be another one.
    """

    def __init__(self, before, new, runs, old):
        (runs_before, all_runs), self.new, self.old = runs, new, old
        self.all_runs, self.runs_gone = all_runs, [runs_before[number] for number in np.flatnonzero(old < 0)]
        self.added = np.setdiff1d(np.arange(len(all_runs)), old)
        pieces, pieces_before = new.pieces(all_runs), before.pieces(runs_before)
        pieces_before = replace(pieces_before, run=old[pieces_before.run])
        self.taken = equal_bins((new, pieces), (before, pieces_before))
        self.bins = np.flatnonzero(self.taken < 0)
        gone = np.setdiff1d(np.arange(before.n_bins), self.taken)
        runs = np.unique(pieces.run[np.isin(pieces.bin, self.bins)])
        of_gone = pieces_before.run[np.isin(pieces_before.bin, gone)]
        self.touched = np.unique(np.concatenate([runs, of_gone[of_gone >= 0], self.added]))
        # Bins without good time need a run all the same, which says what the columns are.
        self.runs = runs if len(runs) else np.array([len(all_runs) - 1])
        self._pieces = pieces

    def bins_of(self, runs):
        """Numbers of the new bins in which runs (int array) have good time."""
        return np.unique(self._pieces.bin[np.isin(self._pieces.run, runs)])


def _part_of(origin, time_bins, numbers, runs):
    """`LightCurveOrigin` of some bins, in which no other than these runs (int array) have good time."""
    made = MadeBins.of(time_bins.select(numbers), origin.runs)
    return replace(part_of_runs(origin, runs), time_bins=made)


def _bins_before(light_curve, origin):
    """The `TimeBins` of the rows of a light curve: those of its ledger, or laid as an origin of more runs does."""
    its, ledger = light_curve.origin, light_curve.ledger
    is_same = its.time_bins is origin.time_bins and its.systematics is origin.systematics
    if is_same and isinstance(ledger, Ledger) and ledger.runs is its.runs:
        return ledger.time_bins
    return origin.laid(list(its.runs))


def _check_rows(table, time_bins, n_bands):
    """Raises `InputError` where a table has not the rows that its runs make."""
    starts = np.repeat(time_bins.time_min.mjd, n_bands)
    if not np.array_equal(np.asarray(table["time_min"]), starts):
        raise InputError(
            f"The light curve has {len(table)} rows, which are not the {len(starts)} that its runs make in its time "
            "bins and bands; wanted is one of which no row was taken away."
        )


def _kinds(table):
    """Names, shapes and kinds of the columns of a table, texts being of one kind."""
    kinds = {name: "U" if is_text(table[name]) else table[name].dtype.kind for name in table.colnames}
    return [(name, table[name].shape[1:], kind) for name, kind in kinds.items()]


def _joined(old, made, change, origin):
    """The table of the rows of all new bins: taken over from the old table, or made anew."""
    n_bands = origin.axes.n_bands
    row = np.where(change.taken >= 0, change.taken, 0)
    row[change.bins] = len(old) // n_bands + np.arange(len(change.bins))
    row = (row[:, None] * n_bands + np.arange(n_bands)).ravel()
    columns = []
    for name in old.colnames:
        column = old[name]
        values = np.concatenate([np.asarray(column), np.asarray(made[name])])[row]
        if is_text(values):
            # As long as the longest text that is there now.
            values = text_array(values.tolist())
        words = {"unit": column.unit, "format": column.info.format, "description": column.description}
        columns.append(Column(values, name=name, **words))
    meta = rows_meta(origin.said(), origin.spectrum, change.new)
    return Table(columns, meta=complete_meta(meta, change.new.scale), copy=False)


def _ledger(ledger, origin, change):
    """The `Ledger` of all runs: rows of runs whose share did not change are taken over."""
    runs = change.touched
    part = _part_of(origin, change.new, change.bins_of(runs), runs)
    counted = Ledger(part.runs, part.fates, (), part.laid(part.runs))
    kept = change.old >= 0
    events, seconds = (
        _with_rows(getattr(ledger, name)[kept], getattr(counted, name), change.old[kept], runs)
        for name in ("events", "seconds")
    )
    warnings = _warnings(ledger.warnings, origin.runs, change)
    recorded = RecordedLedger(events, seconds, origin.failed, tuple(warnings))
    return Ledger(origin.runs, origin.fates, origin.failed, change.new, (change.new, recorded))


def _warnings(before, runs, change):
    """What is odd about all runs, a list of `Problem`: of runs without new parts what there was before.

    before : sequence of `Problem`, of the old runs
    runs : `Runs`, all of them
    """
    changed = {change.all_runs[number].run_id for number in change.added}
    changed |= {run.run_id for run in change.runs_gone}
    names = {run_id.obs_id for run_id in changed}
    own = [
        number
        for number, run in enumerate(change.all_runs)
        if run.run_id.obs_id in names and run.run_id in changed
    ]
    made = Ledger(runs.chosen(own), (), (), change.new).warnings
    told = [*(one for one in before if one.run_id not in changed), *made]
    wanted = {one.run_id for one in told}
    runs_of_told = enumerate(change.all_runs) if wanted else ()
    place = {}
    for number, run in runs_of_told:
        if run.run_id in wanted:
            place.setdefault(run.run_id, number)
    return sorted(told, key=lambda one: place[one.run_id])


def _with_rows(old, new, old_numbers, numbers):
    """A table of old rows at their numbers, then of new ones at theirs; each number from 0 on is in one of them."""
    columns, n_rows = {}, len(np.union1d(old_numbers, numbers))
    for name in old.colnames:
        values = np.zeros(n_rows, dtype=np.result_type(old[name], new[name]))
        values[old_numbers] = old[name]
        values[numbers] = new[name]
        columns[name] = values
    return Table(columns)
