"""The light curve of more runs than memory should hold: they go through a folder, a part at a time."""

from dataclasses import replace
from itertools import islice

from tevcurve.lightcurve.extending import extend, rows_stand_alone
from tevcurve.pipeline.more_runs import with_runs
from tevcurve.pipeline.repeats import Repeats
from tevcurve.pipeline.temporary_runs import TemporaryRuns
from tevcurve.problems import in_order
from tevcurve.reduction.safe_energy import CommonSafeEnergy
from tevcurve.store.run_file import run_from_bytes, run_to_bytes
from tevcurve.store.stored_runs import LaidOutRuns, StoredRuns

# From so many runs on. Fewer stay in memory with their terms, so that they are rebinned within milliseconds.
MANY = 256
PART = 64
# Bytes of files whose runs stay in memory afterwards.
HELD = 2**25


def light_curve_of_many(job, outcomes, strict=False):
    """The `LightCurve` that `job.light_curve` makes of the same runs, to the last digit.

    The runs wait in a folder of the system's temporary ones, which goes with the light curve, or in memory where that
    is full. Rows are made of a part
    of the runs at a time, so that memory grows with neither runs nor events. Bins that look at all events
    (`Binning.looks_at_events`) are made at the end, with what they need in memory.

    job: `Job`. outcomes: iterator of (`SourceRun` or None, `Problem` or None), in order.
    strict: bool, raises for the first run that cannot be used. Raises `DataError` where no run is left.
    """
    folder = TemporaryRuns()
    kept = job.kept(StoredRuns(folder.path, (), 0, folder))
    if isinstance(job.setting.safe_energy, CommonSafeEnergy):
        kept, outcomes = _all_first(kept, outcomes)
    light_curve, unread, repeats = None, [], Repeats()
    while part := list(islice(outcomes, PART)):
        unread += [problem for _, problem in part if problem is not None]
        runs = repeats.without([run for run, _ in part if run is not None], strict)
        kept, contents = with_runs(kept, runs, strict)
        for file, content in contents.items():
            if not folder.put(file, content):
                kept.runs.contents[file] = content
        if contents and rows_stand_alone(kept):
            old = kept.runs.without(contents)
            light_curve = kept.light_curve() if light_curve is None else extend(light_curve, kept, old)
        kept = _read_on_demand(kept, 0)
    kept = _read_on_demand(replace(kept, failed=in_order((*unread, *repeats.problems, *kept.failed))), HELD)
    if not len(kept.runs):
        kept.refuse()
    kept = kept.resolved()
    if light_curve is None or not rows_stand_alone(kept):
        return kept.light_curve()
    return extend(light_curve, kept, range(len(kept.runs)))


def _all_first(kept, outcomes):
    """(`Kept` with what depends on all runs settled, iterator of the same outcomes): the runs wait in the folder."""
    waiting, safe = [], kept.setting.safe_energy
    for run, problem in outcomes:
        file = None
        if run is not None:
            safe, name, content = safe.also_of([run]), f"{len(waiting)}.waiting", run_to_bytes(run)
            file = kept.runs.folder / name if kept.runs.keeper.put(name, content) else content
        waiting.append((file, problem))
    return kept.between(safe), ((file and _taken(file), problem) for file, problem in waiting)


def _taken(file):
    """The `SourceRun` of a file, which is removed, or of bytes."""
    if isinstance(file, bytes):
        return run_from_bytes(file, "A run in memory")
    run = run_from_bytes(file.read_bytes(), f"The file {file}")
    file.unlink()
    return run


def _read_on_demand(kept, held):
    """The same with nothing of its runs in memory. held: int, bytes of files whose runs may be there later on."""
    old = kept.runs
    runs = StoredRuns(old.folder, old.entries, held, old.keeper, contents=old.contents)
    laid_out = LaidOutRuns(runs, kept.terms_of)
    return replace(kept, runs=runs, terms=laid_out.terms, fates=laid_out.fates)
