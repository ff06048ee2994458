"""From the runs of a job to its light curve: few or many, they come in parts, and wait in memory or in a folder."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TypeAlias

import numpy as np

from tevcurve.data.time_order import in_order_of_time
from tevcurve.datasets.source_run import SourceRun
from tevcurve.lightcurve.extending import extend, rows_stand_alone, with_runs
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.run_columns import subsystem_words
from tevcurve.lightcurve.runs import Runs, RunsInMemory, TermsOfRuns
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.made_ahead import Ahead, MadeAhead
from tevcurve.pipeline.repeats import Repeats
from tevcurve.pipeline.temporary_runs import TemporaryRuns
from tevcurve.problems import Problem, in_order, remarks_told_once
from tevcurve.progress import working
from tevcurve.reduction.settings import SettingRule
from tevcurve.run_id import SUBSYSTEM
from tevcurve.store.stored_runs import HELD, RunEntry, RunFolder, StoredRuns

log = logging.getLogger(__name__)

# From so many runs on, or bytes of their events, runs wait in a folder and come in parts of so many. Fewer are one part
# and stay in memory with their terms, so that they are rebinned within milliseconds.
MANY = 256
MOST_BYTES = 2**30
PART = 64
Outcome: TypeAlias = tuple[SourceRun | None, Problem | None]


def ahead_of_engine(job: Job, n_runs: int, here: bool) -> MadeAhead:
    """The `MadeAhead` of all that `light_curve_of` makes of one run alone, for other processes to make.

    Parameters
    ----------
    job : what is wanted of every run
    n_runs : how many are to be expected
    here : whether the processes are on this machine, and write files themselves
    """
    are_many = n_runs >= MANY
    return MadeAhead(job, are_many, TemporaryRuns() if are_many and here else None)


@remarks_told_once()
def light_curve_of(
    job: Job,
    outcomes: Iterable[Outcome],
    n_runs: int,
    strict: bool = False,
    progress: bool = False,
    made_ahead: MadeAhead | None = None,
) -> LightCurve:
    """The `LightCurve` of a job's runs, the same to the last digit wherever they wait.

    The folder is one of the system's temporary ones and goes with the light curve; what it has no room for stays in
    memory. Rows are then made of a part of the runs at a time, so that memory grows with neither runs nor events.
    Bins that look at all events (`Binning.looks_at_events`) are made at the end, with what they need in memory.

    Parameters
    ----------
    job : what is wanted of every run and of the light curve
    outcomes : of each run, in order: itself and None, or None and why it is left out
    n_runs : how many are to be expected
    strict : whether the first run that cannot be used raises its `DataError`
    progress : whether a terminal shows that it is at work
    made_ahead : what was made of the runs where they were read, or None

    Raises `DataError` where no run is left.
    """
    told: list[tuple[str, str]] = []
    made_ahead = MadeAhead(job, False) if made_ahead is None else made_ahead
    runs, parts = _waiting(_telling(outcomes, told), n_runs, made_ahead.folder)
    origin, light_curve, unread, repeats = job.origin_of(runs), None, [], Repeats()
    is_stored = isinstance(runs, StoredRuns)
    if isinstance(runs, StoredRuns) and job.settings.common is not None:
        settings, parts = _all_first(runs.place, job.settings, parts, made_ahead)
        origin = replace(origin, settings=settings)
    with working("Fitting", progress and not is_stored):
        for part in parts:
            unread += [problem for _, problem in part if problem is not None]
            new = in_order_of_time([run for run, _ in part if run is not None])
            new, gone = repeats.sorted_out(new, origin.runs, strict)
            if isinstance(runs, StoredRuns):
                # Those that are here already are known by the bytes that they were made to.
                origin.runs.place.expect({id(run): (run, *made_ahead.file_of(run)) for run in new})
            origin = origin.settled(new)
            origin, old = with_runs(origin, new, strict, gone, made_ahead.reduction(origin))
            light_curve = _with_rows(light_curve, origin, old) if is_stored else None
            origin = _read_on_demand(origin, 0)
        origin = replace(origin, failed=in_order((*unread, *repeats.problems, *origin.failed)))
        if not len(origin.runs):
            origin.refuse()
        for sentence in (*subsystem_words(told, only_mixed=True), *_without_runs(origin)):
            log.warning("%s", sentence)
        origin = _read_on_demand(origin, HELD).resolved()
        if light_curve is None or not rows_stand_alone(origin):
            return origin.light_curve()
        return extend(light_curve, origin, range(len(origin.runs)))


def _without_runs(origin: LightCurveOrigin) -> Iterator[str]:
    """Iterator of a sentence for each instrument of a job of which no run can be used."""
    there = {run.run_id.instrument for run in origin.runs}
    for name in origin.instruments:
        if name not in there:
            first = next(
                (one.reason for one in origin.failed if one.run_id.instrument == name), "there are none"
            )
            yield f"No run of the instrument {name!r} can be used; the first: {first}"


def _telling(outcomes: Iterable[Outcome], told: list[tuple[str, str]]) -> Iterator[Outcome]:
    """Iterator of the outcomes; of each run its instrument and INSTRUME are added to the list."""
    for run, problem in outcomes:
        if run is not None:
            told.append((run.run_id.instrument, run.facts.get(SUBSYSTEM, "")))
        yield run, problem


def _waiting(
    outcomes: Iterator[Outcome], n_runs: int, folder: TemporaryRuns | None
) -> tuple[Runs, Iterator[list[Outcome]]]:
    """(`Runs`, of none yet, where they wait; iterator of lists of outcomes, the parts that they come in).

    folder: that of many, or None.
    """
    first: deque[Outcome] = deque()
    size = 0
    if n_runs < MANY:
        while size < MOST_BYTES:
            outcome = next(outcomes, None)
            if outcome is None:
                return RunsInMemory(), iter([list(first)])
            first.append(outcome)
            size += _bytes_of_events(outcome[0])
    folder = TemporaryRuns() if folder is None else folder
    outcomes = chain(_drained(first), outcomes)
    return StoredRuns(RunFolder(folder.path, 0, folder)), _parts(outcomes)


def _bytes_of_events(run: SourceRun | None) -> int:
    """Bytes of a `SourceRun` that grow with its events; 0 for None."""
    return (
        0
        if run is None
        else sum(getattr(run, name).nbytes for name in ("time_s", "energy_tev", "lon", "lat"))
    )


def _drained(queue: deque[Outcome]) -> Iterator[Outcome]:
    """Iterator of what is in a queue, which holds on to nothing that was taken."""
    while queue:
        yield queue.popleft()


def _parts(outcomes: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    """Iterator of lists of outcomes."""
    while part := list(islice(outcomes, PART)):
        yield part


def _with_rows(
    light_curve: LightCurve | None, origin: LightCurveOrigin, old: np.ndarray
) -> LightCurve | None:
    """The light curve with the rows of more runs; None while rows depend on runs that are still to come.

    light_curve: of the runs of before, or None. old: their numbers in `origin`, -1 for those that are gone.
    """
    if not rows_stand_alone(origin):
        return None
    if np.array_equal(old, np.arange(len(origin.runs))):
        return light_curve
    return origin.light_curve() if light_curve is None else extend(light_curve, origin, old)


def _all_first(
    place: RunFolder, settings: SettingRule, parts: Iterator[list[Outcome]], made_ahead: MadeAhead
) -> tuple[SettingRule, Iterator[list[Outcome]]]:
    """(settings with the energies that are safe in all runs, the same parts): the runs wait in the folder."""
    waiting: list[tuple[RunEntry | None, Problem | None]] = []
    for run, problem in chain.from_iterable(parts):
        entry = None
        if run is not None:
            settings = settings.settled([run])
            place.expect({id(run): (run, *made_ahead.file_of(run))})
            entry = place.entry_of(run)
        waiting.append((entry, problem))

    def again(entry: RunEntry | None) -> SourceRun | None:
        if entry is None:
            return None
        run = place.read(entry)
        made_ahead.put(run, Ahead(None, [], entry))
        return run

    return settings, _parts((again(entry), problem) for entry, problem in waiting)


def _read_on_demand(origin: LightCurveOrigin, held: int) -> LightCurveOrigin:
    """The same; where its runs are in files, with nothing of them in memory.

    held: bytes of files whose runs may be there later on.
    """
    if not isinstance(origin.runs, StoredRuns):
        return origin
    runs = origin.runs.emptied(held)
    terms = TermsOfRuns(runs, origin.reduction)
    return replace(origin, runs=runs, terms=terms.terms, fates=terms.fates)
