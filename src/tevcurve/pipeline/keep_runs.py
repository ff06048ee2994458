"""Read and reduce all runs, in one process or in several; one bad run never stops the others."""

import logging
import os
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from numbers import Integral

from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.pipeline.on_cluster import keep_on_cluster
from tevcurve.pipeline.worker_processes import worker_processes
from tevcurve.problems import Problem, attempt
from tevcurve.progress import track
from tevcurve.store.run_cache import RunCache

log = logging.getLogger(__name__)
# Runs for each process at a time.
BATCH = 64
KILLED = "The process that reduced it was killed; it may need more memory than there is."


def keep_each(job, observations, n_jobs=1, progress=False, strict=False, cache=None, client=None):
    """Iterator of (`SourceRun`, None) or (None, `Problem`) of each observation, in order.

    Parameters
    ----------
    job : `Job`
    observations : sequence of observations
    n_jobs : int, processes
    progress : bool, draws a progress bar
    strict : bool, raises the first problem
    cache : `RunCache` that has runs from before and gets the others, or None
    client : `distributed.Client` of the cluster that does it, or None
    """
    keep = partial(_keep, CachedJob(job, cache), strict)
    outcomes = outcomes_of(keep, observations, n_jobs, client)
    for run, problem in track(outcomes, len(observations), "runs") if progress else outcomes:
        if problem is not None:
            if strict:
                raise DataError(f"Run {problem.run_id} cannot be used: {problem.reason}")
            log.warning("Run %s is left out: %s", problem.run_id, problem.reason)
        yield run, problem


def outcomes_of(keep, observations, n_jobs=1, client=None):
    """Iterator of what a function returns of each observation, in order; (None, `Problem`) where its process is lost.

    Parameters
    ----------
    keep : function of an observation that returns (what there is of it, `Problem` or None)
    observations : sequence of what has a `run_id`
    n_jobs : int, processes
    client : `distributed.Client` of the cluster that does it, or None
    """
    if client is not None:
        yield from keep_on_cluster(client, keep, observations)
    elif n_jobs == 1 or len(observations) < 2:
        yield from map(keep, observations)
    else:
        # So that no more runs than these wait at a time.
        n_jobs = min(n_jobs, len(observations), most_jobs())
        for first in range(0, len(observations), BATCH * n_jobs):
            yield from _in_processes(keep, observations[first : first + BATCH * n_jobs], n_jobs)


def _in_processes(keep, observations, n_jobs):
    """Iterator of outcomes, in order. A run whose process is killed is a problem of that run only."""
    with worker_processes(n_jobs) as pool:
        futures = [pool.submit(keep, one) for one in observations]
        for one, future in zip(observations, futures, strict=True):
            try:
                outcome = future.result()
            except BrokenProcessPool:
                # One lost process ends its pool, and with it runs that only waited: each is tried on its own.
                outcome = _alone(keep, one)
            yield outcome


def _alone(keep, observation):
    """The outcome of a run in a process of its own."""
    with worker_processes(1) as pool:
        try:
            return pool.submit(keep, observation).result()
        except BrokenProcessPool:
            return None, Problem(observation.run_id, "process", KILLED)


def most_jobs():
    """More processes than these only take memory: twice the processors."""
    return 2 * (os.cpu_count() or 1)


def check_n_jobs(n_jobs):
    """Raises `InputError` for what is no number of processes; the log says where these are more than are of use.

    n_jobs: int.
    """
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs!r}; wanted is a whole number of processes, 1 or more.")
    if n_jobs > most_jobs():
        log.warning(
            "n_jobs is %s; %s processes are started at most, twice the processors.", n_jobs, most_jobs()
        )


def as_cache(cache):
    """The `RunCache` of what a caller gave: itself, or that in a folder; None for None.

    cache: `RunCache`, str or Path, or None.

    Raises `InputError` for anything else, `StoreError` for a folder in which others may write.
    """
    if cache is None:
        return None
    if isinstance(cache, str | os.PathLike):
        cache = RunCache(cache)
    if isinstance(cache, RunCache):
        cache.check_trusted()
        return cache
    raise InputError(f"cache is a {type(cache).__name__}; wanted is a RunCache or the path of its folder.")


class CachedJob:
    """A `Job` that looks into a cache before it reduces a run, and puts there what it has reduced.

    What cannot be used is not kept: it is tried again each time. Where the cache cannot be written, the log says so,
    and runs are reduced all the same.

    Parameters
    ----------
    job : `Job`
    cache : `RunCache` or None
    """

    def __init__(self, job, cache):
        self._job, self._cache = job, cache
        self._keys = None if cache is None else job.run_keys()
        self._writes = True

    def keep(self, observation):
        """The `SourceRun` of an observation, known as its files say. Raises `DataError` where it cannot be used.

        observation: the observation.
        """
        key = None if self._keys is None else self._keys.key(observation)
        run = None if key is None else self._cache.get(key.text)
        if run is None:
            run = self._job.keep(observation)
            if key is not None and self._writes and key.still_holds():
                self._put(key.text, run)
        return run

    def _put(self, key, run):
        try:
            self._cache.put(key, run)
        except StoreError as error:
            # Said once: what hinders one run hinders all.
            log.warning("Reduced runs are not kept: %s", error)
            self._writes = False


def _keep(job, strict, observation):
    """(run, None), or (None, `Problem`)."""
    try:
        run, problem = attempt(observation, lambda: job.keep(observation), strict)
        named = run is not None and observation.instrument is not None
        return run.called(observation.instrument) if named else run, problem
    finally:
        observation.release()
