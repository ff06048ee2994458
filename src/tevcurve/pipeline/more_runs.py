"""More runs for what a light curve is made from."""

import logging
from dataclasses import replace
from functools import partial

from tevcurve.lightcurve.rebinning import terms_of
from tevcurve.problems import attempt
from tevcurve.store.stored_runs import LaidOutRuns

log = logging.getLogger(__name__)


def with_runs(kept, runs, strict=False):
    """(`Kept` with more runs that are reduced, list of the contents of their files, bytes).

    A run that cannot be reduced is left out.

    kept: `Kept` of `StoredRuns`. runs: list of `KeptRun`. strict: bool, raises for the first that cannot be reduced.
    """
    made, failed = [], list(kept.failed)
    for run in runs:
        reduced, problem = attempt(run.obs_id, partial(terms_of, run, kept.setting), strict)
        if problem is None:
            made.append((run, reduced))
        else:
            log.warning("Run %s is left out: %s", problem.obs_id, problem.reason)
            failed.append(problem)
    # As when all are reduced at once: first those that could not be read, then those that could not be reduced.
    failed.sort(key=lambda problem: problem.stage == "reduction")
    stored, contents = kept.runs.with_runs([run for run, _ in made])
    laid_out = LaidOutRuns(stored, kept.setting)
    for number, (_, reduced) in enumerate(made, start=len(kept.runs)):
        laid_out.put(number, *reduced)
    parts = {"terms": laid_out.terms, "fates": laid_out.fates}
    return replace(kept, runs=stored, failed=tuple(failed), **parts), contents
