"""More runs for what a light curve is made from."""

import logging
from dataclasses import replace
from functools import partial

from tevcurve.data.time_order import in_order_of_time
from tevcurve.problems import attempt, in_order
from tevcurve.store.stored_runs import LaidOutRuns

log = logging.getLogger(__name__)


def with_runs(kept, runs, strict=False):
    """(`Kept` with more runs that are reduced, dict of the contents of their files by their names).

    All runs are in the order of time. A run that cannot be reduced is left out.

    kept: `Kept` of `StoredRuns`. runs: list of `SourceRun`. strict: bool, raises for the first that cannot be reduced.
    """
    made, failed = [], list(kept.failed)
    for run in in_order_of_time(runs):
        reduced, problem = attempt(run.obs_id, partial(kept.terms_of, run), strict)
        if problem is None:
            made.append((run, reduced))
        else:
            log.warning("Run %s is left out: %s", problem.obs_id, problem.reason)
            failed.append(problem)
    stored, contents = kept.runs.with_runs([run for run, _ in made])
    laid_out = LaidOutRuns(stored, kept.terms_of)
    places = [number for number, entry in enumerate(stored.entries) if entry.file in contents]
    for number, (_, reduced) in zip(places, made, strict=True):
        laid_out.put(number, *reduced)
    parts = {"terms": laid_out.terms, "fates": laid_out.fates}
    return replace(kept, runs=stored, failed=in_order(failed), **parts), contents
