"""Read and reduce all runs, in one process or in several; one bad run never stops the others."""

import logging
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tevcurve.errors import InputError
from tevcurve.problems import attempt
from tevcurve.progress import track

log = logging.getLogger(__name__)


def keep_all(job, observations, n_jobs=1, progress=False, strict=False):
    """(runs, failed): the `KeptRun` of each observation that can be used, in order, and the `Problem` of the others.

    job: `Job`. n_jobs: int, processes. progress: bool, draws a progress bar. strict: bool, raises the first problem.
    """
    keep = partial(_keep, job, strict)
    if n_jobs == 1 or len(observations) < 2:
        return _sorted_out(map(keep, observations), len(observations), progress)
    with ProcessPoolExecutor(max_workers=n_jobs) as pool:
        results = pool.map(keep, observations, chunksize=max(1, len(observations) // (8 * n_jobs)))
        return _sorted_out(results, len(observations), progress)


def check_n_jobs(n_jobs):
    """Raises `InputError` for what is no number of processes."""
    if int(n_jobs) != n_jobs or n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs!r}; wanted is a whole number of processes, 1 or more.")


def _keep(job, strict, observation):
    """(run, None), or (None, `Problem`)."""
    try:
        return attempt(observation.obs_id, lambda: job.keep(observation), strict)
    finally:
        observation.release()


def _sorted_out(results, total, progress):
    runs, failed = [], []
    for run, problem in _with_progress(results, total, progress):
        if problem is None:
            runs.append(run)
        else:
            log.warning("Run %s is left out: %s", problem.obs_id, problem.reason)
            failed.append(problem)
    return runs, failed


def _with_progress(results, total, progress):
    return track(results, total, "runs") if progress else results
