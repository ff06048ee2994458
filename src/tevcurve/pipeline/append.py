"""More runs for a result on disk, without computing the rest again."""

import logging
from dataclasses import replace

from tevcurve.atomic import claim
from tevcurve.data.time_order import in_order_of_time
from tevcurve.files import expand_path
from tevcurve.lightcurve.extending import extend, with_runs
from tevcurve.lightcurve.held import held_with
from tevcurve.lightcurve.runs import made_terms
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.keep_runs import as_cache, check_n_jobs, keep_each
from tevcurve.pipeline.known_runs import KnownRuns, still_failed
from tevcurve.pipeline.not_known import with_night
from tevcurve.pipeline.repeats import Repeats
from tevcurve.pipeline.whose_runs import chosen_for
from tevcurve.problems import NOT_CHOSEN
from tevcurve.renamed import takes_older_names
from tevcurve.store.adding import add_to_result
from tevcurve.store.inputs import input_files
from tevcurve.store.result import Appended, Result
from tevcurve.store.result_files import package_versions
from tevcurve.store.unchanged import is_as_written

log = logging.getLogger(__name__)


@takes_older_names
def append_runs(
    result,
    observations,
    *,
    cache=None,
    n_jobs=1,
    progress=False,
    strict=False,
    accept_changed=False,
    instrument=None,
    hold=None,
):
    """The `Result` with more runs, also on disk: what a full computation of the old runs and the new ones gives.

    Rows whose good time the new runs do not touch are taken over; bins that depend on all events, such as by_counts,
    are made anew from the runs that the result keeps. The folder has the old result or the new one at any moment.
    It is changed in place.

    Parameters
    ----------
    result : `Result`, or the path of its folder. One that is as its folder is not read again: who appends one after
        the other gives what came back before
    observations : Observations, a DataStore, or paths of data stores or of files with a run each. A part of a run is
        known by instrument, OBS_ID and good time: a further one is added, one that has all good time and all events
        of an older one, as a file that has grown, takes its place, and one that overlaps others otherwise is left out.
        Of a file that is still written give `Observation.until_last_event`, and itself when it is whole. What the
        result has is passed over; what could not be used is tried again. Runs are chosen as those of the
        result were: by the name of their target where it was asked for by name (in its configuration, or as `target`),
        else by its position. What is near but of another name is left out. `appended` of the result that comes back
        says which runs were added, which were there, and which are left out and why.
    cache, n_jobs, progress, strict : as in `tevcurve.light_curve`
    accept_changed : as in `Result.read`
    instrument : str, which instrument of the result the runs are of; by default the one whose runs
        have the same TELESCOP
    hold : what becomes of numbers that all rows have in common (safe energies, amplitudes of neighbours, scales): by
        default they are settled anew with all runs, and all rows are made anew; "first night" leaves them as the runs
        of the first night have them, and a `tevcurve.lightcurve.held.Held` says what they are

    Raises `InputError` for a result without runs and for runs whose instrument is not known, `StoreError` where the
    disk does not take it.
    """
    check_n_jobs(n_jobs)
    folder = result.folder if isinstance(result, Result) else expand_path(result)
    # Two that append at the same time do so one after the other.
    with claim(folder, wait=True):
        result = _as_on_disk(result, folder, accept_changed)
        origin = result.runs_to_use().resolved()
        known = KnownRuns(origin.runs, result.provenance["inputs"], (one.run_id for one in origin.failed))
        chosen, left_out = chosen_for(result, observations, instrument)
        left_out = [one for one in left_out if known.named(one.run_id) is None]
        for one in left_out:
            log.info("Run %s is left out: %s", one.run_id, one.reason)
        there = [known.of(one) for one in chosen]
        observations = [one for one, run_id in zip(chosen, there, strict=True) if run_id is None]
        there = [run_id for run_id in there if run_id is not None]
        job, repeats = Job.of(origin), Repeats(origin.runs, may_come_again=True)
        outcomes = list(keep_each(job, observations, n_jobs, progress, strict, as_cache(cache)))
        runs = in_order_of_time([run for run, _ in outcomes if run is not None])
        runs, gone = repeats.sorted_out(runs, origin.runs, strict)
        there += [run.run_id for run in repeats.held]
        failed = [problem for _, problem in outcomes if problem is not None] + repeats.problems
        not_chosen = [one for one in left_out if one.kind == NOT_CHOSEN]
        left_out += failed
        failed += not_chosen
        still = still_failed(origin.failed, observations)
        failed = list(dict.fromkeys([*still, *failed]))
        if not runs and set(failed) == set(origin.failed):
            log.warning("There are no runs that the result %s has not; it stays as it is.", folder)
            return replace(result, appended=Appended((), tuple(there), tuple(left_out)))
        before, read = origin.failed, [one for one in still if one.kind != NOT_CHOSEN]
        instruments = {one.run_id.instrument for one in (*origin.runs, *read)}
        systematics = with_night(origin.systematics, observations, instruments)
        origin = replace(origin, systematics=systematics)
        made_of, settled = result.light_curve.origin, held_with(origin, runs, gone, hold)
        is_same = all(getattr(settled, name) is getattr(made_of, name) for name in ("settings", "field"))
        made = made_terms(made_of.terms) if is_same else None
        origin, old = with_runs(replace(settled, failed=tuple(failed)), runs, strict, gone, made=made)
        origin = origin.resolved()
        is_same = is_same and origin.systematics.is_settled_as(made_of.systematics)
        light_curve = _light_curve(result, origin, old if is_same else None)
        held = [id(run) for run in repeats.held]
        used = [one for one, (run, _) in zip(observations, outcomes, strict=True) if id(run) not in held]
        made = add_to_result(result, light_curve, input_files(used))
        added = tuple(run.run_id for number, run in enumerate(origin.runs) if number not in old)
        left_out += [one for one in origin.failed if one not in (*before, *left_out)]
        return replace(made, appended=Appended(added, tuple(there), tuple(left_out)))


def _as_on_disk(result, folder, accept_changed):
    """The `Result` that the folder has, read where that in memory may be another one."""
    if isinstance(result, Result) and is_as_written(result):
        return result
    return Result.read(folder, accept_changed)


def _light_curve(result, origin, old):
    """The light curve of the runs in `origin`, with what is there of the old ones (int array) taken over.

    old: None where nothing can be taken over.
    """
    if old is None:
        return origin.light_curve()
    if result.provenance["versions"] != package_versions():
        log.warning("The result was made by other versions of the packages; all of its rows are made anew.")
        return origin.light_curve()
    return extend(result.light_curve, origin, old)
