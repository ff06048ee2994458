"""Where every event and every second of a light curve's runs went."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.table import Row, Table

from tevcurve.bins.time_bins import TimeBins
from tevcurve.lightcurve.parts_apart import STAGE as PARTS
from tevcurve.lightcurve.parts_apart import parts_apart
from tevcurve.lightcurve.run_columns import (
    columns_of,
    ids_of,
    subsystem_column,
    subsystem_words,
    with_columns,
)
from tevcurve.lightcurve.runs import BinsOnDemand, PickedRuns, Runs
from tevcurve.problems import FAILED, NOT_CHOSEN, WARNING, Problem, alike
from tevcurve.reduction.event_fate import FATES, OUTSIDE_GTI, OUTSIDE_TIME_BINS
from tevcurve.run_id import FIELDS, SUBSYSTEM, names_of

# Columns of the table of events that count none.
NO_COUNTS = (*FIELDS, SUBSYSTEM)


class _ProblemRow(Row):
    """A row of problems, with what it says of the run, and kind, stage and reason."""

    def __getattr__(self, name):
        if name in (*FIELDS, "kind", "stage", "reason"):
            return self[name]
        raise AttributeError(f"A problem has no {name}; it has {', '.join(FIELDS)}, kind, stage and reason.")


class _ProblemTable(Table):
    Row = _ProblemRow


class LedgerWords:
    """What a ledger says of its tables `events` and `seconds`, of runs that are `left_out`, and of its `warnings`."""

    @property
    def failed(self):
        """Runs that cannot be used, a tuple of `Problem`."""
        return tuple(one for one in self.left_out if one.kind == FAILED)

    @property
    def not_chosen(self):
        """Runs of the target that were not asked for, a tuple of `Problem`: which they are, and why."""
        return tuple(one for one in self.left_out if one.kind == NOT_CHOSEN)

    @property
    def problems(self):
        """`Table`, one row for each run that is left out and each thing odd about another: instrument, obs_id and
        part of its `RunId`, kind ("failed", "not chosen" or "warning"), stage, reason.
        """
        rows = (*self.left_out, *self.warnings)
        columns = columns_of(row.run_id for row in rows)
        for name in ("kind", "stage", "reason"):
            columns[name] = np.array([getattr(row, name) for row in rows], dtype=str)
        return _ProblemTable(columns)

    def run_names(self):
        """Words for each run that the ledger knows, by its `RunId`: with the instruments where they are several."""
        return names_of([*self._run_ids, *(one.run_id for one in (*self.left_out, *self.warnings))])

    def totals(self):
        """Number of events of each fate over all runs, a dict."""
        return {
            name: int(np.sum(self.events[name])) for name in self.events.colnames if name not in NO_COUNTS
        }

    def subsystems(self, only_mixed=False):
        """A sentence for each instrument of whose runs INSTRUME says more, a list of str.

        only_mixed: bool, whether only those whose runs differ in that.
        """
        if SUBSYSTEM not in self.events.colnames:
            return []
        pairs = zip(self.events["instrument"].tolist(), self.events[SUBSYSTEM].tolist(), strict=True)
        return subsystem_words(pairs, only_mixed)

    def __str__(self):
        lines = [f"{number:>10}  {fate}" for fate, number in self.totals().items()]
        used, total = np.sum(self.seconds["used"]), np.sum(self.seconds["total"])
        lines.append(f"{used:>10.1f}  of {total:.1f} s of good time used, in {len(self.events)} runs")
        lines += self.subsystems()
        names = self.run_names()
        lines += [f"run {names[one.run_id]} is left out: {one.reason}" for one in self.left_out]
        for first, *others in alike(self.warnings):
            more = f", and so are {len(others)} more in the same way" if others else ""
            lines.append(f"run {names[first.run_id]} is odd{more}: {first.reason}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class RecordedLedger(LedgerWords):
    """A ledger that was counted before, as `Ledger` counts it.

    events, seconds: `Table`. left_out, warnings: tuples of `tevcurve.problems.Problem`.
    """

    events: Table
    seconds: Table
    left_out: tuple
    warnings: tuple

    @property
    def _run_ids(self):
        return ids_of(self.events)

    @classmethod
    def from_tables(cls, events, seconds, problems):
        """The ledger of its three tables, also of those that know runs by their OBS_ID only.

        Parameters
        ----------
        events : astropy Table, a row per run: where its events went
        seconds : astropy Table, a row per run: where its good time went
        problems : astropy Table, a row for each run that is left out and each thing odd about another
        """
        events, seconds, problems = (with_columns(table) for table in (events, seconds, problems))
        columns = (problems[name].tolist() for name in ("stage", "reason", "kind"))
        rows = [Problem(*row) for row in zip(ids_of(problems), *columns, strict=True)]
        left_out = tuple(row for row in rows if row.kind != WARNING)
        return cls(events, seconds, left_out, tuple(row for row in rows if row.kind == WARNING))


@dataclass(frozen=True, eq=False, repr=False)
class Ledger(LedgerWords):
    """Each event counted once, at the first thing that happened to it, and each second of good time.

    Counted when it is first asked for: a light curve is rebinned more often than its ledger is read.

    Attributes
    ----------
    runs : `~tevcurve.lightcurve.runs.Runs`, or others that are read by their number
    fates : sequence of int arrays, the fate of each run's events apart from time (`tevcurve.reduction.event_fate`)
    left_out : tuple of `tevcurve.problems.Problem`, of runs that cannot be used or were not chosen
    bins : `TimeBins`, or `~tevcurve.lightcurve.runs.BinsOnDemand`
    recorded : (`bins`, `RecordedLedger`), what was counted before of the same runs, for these time bins; or None
    """

    runs: Runs | PickedRuns
    fates: Sequence
    left_out: tuple
    bins: TimeBins | BinsOnDemand
    recorded: tuple | None = None

    @property
    def time_bins(self):
        """The `TimeBins`."""
        return self.bins.made if isinstance(self.bins, BinsOnDemand) else self.bins

    @cached_property
    def events(self):
        """`Table`, one row per run: what its `RunId` says, `instrume` where INSTRUME of a file says more, the number
        of events of each fate in the order in which they are asked, and their total, the number of events in the file.
        """
        if self._is_recorded:
            return self.recorded[1].events
        counts, subsystems = np.zeros((len(self.runs), len(FATES)), dtype=int), []
        used = zip(counts, self.fates, self._used_time, strict=True)
        for number, (row, fate, (start, stop)) in enumerate(used):
            run = self.runs.read(number)
            subsystems.append(run.facts.get(SUBSYSTEM, ""))
            # Events before each stop less events before each start: inside where they differ by one.
            inside = np.searchsorted(start, run.time_s, side="right") > np.searchsorted(
                stop, run.time_s, side="right"
            )
            row += np.bincount(np.where(inside, fate, OUTSIDE_TIME_BINS), minlength=len(FATES))
            row[OUTSIDE_GTI] = run.n_outside_gti
        columns = dict(zip(FATES, counts.T, strict=True))
        known = columns_of(self._run_ids) | subsystem_column(subsystems)
        return Table({**known, **columns, "total": counts.sum(axis=1)})

    @cached_property
    def seconds(self):
        """`Table`, one row per run: what its `RunId` says, seconds of good time outside the time bins, used, and their
        total.
        """
        if self._is_recorded:
            return self.recorded[1].seconds
        used = np.array([np.sum(stop - start) for start, stop in self._used_time])
        total = np.array([run.gti.ontime_s for run in self.runs])
        return Table(
            {**columns_of(self._run_ids), "outside the time bins": total - used, "used": used, "total": total}
        )

    @property
    def warnings(self):
        """What is odd about the runs that are used, tuple of `Problem`."""
        if self.recorded is not None:
            return self.recorded[1].warnings
        apart, found = parts_apart(self.runs), []
        for run in map(self.runs.read, range(len(self.runs))):
            if run.run_id in apart:
                found.append(Problem(run.run_id, PARTS, apart.pop(run.run_id), WARNING))
            found += [Problem(run.run_id, *remark, WARNING) for remark in run.remarks]
        return tuple(found)

    @property
    def _is_recorded(self):
        return self.recorded is not None and self.recorded[0] is self.bins

    @property
    def _run_ids(self):
        return [run.run_id for run in self.runs]

    @cached_property
    def _used_time(self):
        """For each run the intervals of good time that are in bins, (starts, stops) in mission seconds."""
        pieces = self.time_bins.pieces(self.runs)
        order = np.lexsort((pieces.start_s, pieces.run))
        limits = np.searchsorted(pieces.run[order], np.arange(1, len(self.runs)))
        return [_union(pieces.start_s[own], pieces.stop_s[own]) for own in np.split(order, limits)]


def _union(start, stop):
    """Intervals (start, stop), in the order of their starts, merged where they meet."""
    if not len(start):
        return start, stop
    reach = np.maximum.accumulate(stop)
    first = np.append(True, start[1:] > reach[:-1])
    return start[first], reach[np.append(np.flatnonzero(first)[1:] - 1, len(start) - 1)]
