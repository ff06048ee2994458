"""Read and reduce all runs, in one process or in several; one bad run never stops the others."""

import logging
import os
import time
from collections import deque
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
# Runs for each process that are done or begun before they are asked for.
AHEAD = 32
# Runs that take less than this, in seconds, are sent to a process several at a time, so many at most: whenever some are
# sent or come back, a process that works is put aside for the one that collects them.
TASK_S, AT_A_TIME = 0.06, 8
KILLED = "The process that reduced it was killed; it may need more memory than there is."


def keep_each(
    job, observations, n_jobs=1, progress=False, strict=False, cache=None, client=None, made_ahead=None
):
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
    made_ahead : `MadeAhead` that gets what is made of the runs where they are read, or None
    """
    keep = partial(_keep, CachedJob(job, cache), strict, made_ahead)
    outcomes = outcomes_of(keep, observations, n_jobs, client)
    for kept, problem in track(outcomes, len(observations), "runs") if progress else outcomes:
        run, ahead = (None, None) if kept is None else kept
        if ahead is not None:
            made_ahead.put(run, ahead)
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
        n_jobs, first = min(n_jobs, len(observations), most_jobs()), 0
        while first < len(observations):
            for outcome in _in_processes(keep, observations[first:], n_jobs):
                yield outcome
                first += 1


def _in_processes(keep, observations, n_jobs):
    """Iterator of outcomes, in order. A run whose process is killed is a problem of that run only.

    It ends early after such a run, with those that had been begun.
    """
    begun, left, is_whole, seconds = deque(), deque(observations), True, None
    with worker_processes(n_jobs, partial(_of_each, keep)) as submit:
        while True:
            # So that no more runs than these wait at a time; before the first is back it is not known what one takes.
            ahead = n_jobs * (AHEAD if seconds is not None else 2)
            while is_whole and left and sum(len(those) for those, _ in begun) < ahead:
                those = [left.popleft() for _ in range(_at_a_time(seconds, len(left) / n_jobs))]
                begun.append((those, submit(those)))
            if not begun:
                return
            those, answer = begun.popleft()
            try:
                outcomes, seconds = answer.result()
            except BrokenProcessPool:
                # One lost process ends its pool, and with it runs that only waited: each is tried on its own.
                outcomes, is_whole = [_alone(keep, one) for one in those], False
            yield from outcomes


def _of_each(keep, observations):
    """(list of the outcomes of some runs, the seconds that one takes)."""
    start = time.perf_counter()
    outcomes = [keep(one) for one in observations]
    return outcomes, (time.perf_counter() - start) / len(outcomes)


def _at_a_time(seconds, left):
    """How many runs a process gets, at least one; fewer towards the end, so that all processes end at the same time.

    seconds: that one takes, or None. left: for each process.
    """
    return 1 if seconds is None else int(max(1, min(TASK_S / max(seconds, 1e-6), AT_A_TIME, left / 4)))


def _alone(keep, observation):
    """The outcome of a run in a process of its own."""
    with worker_processes(1, keep) as submit:
        try:
            return submit(observation).result()
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


def _keep(job, strict, made_ahead, observation):
    """((run, what was made of it besides or None), None), or (None, `Problem`)."""
    try:
        run, problem = attempt(observation, lambda: job.keep(observation), strict)
        if run is None:
            return None, problem
        run = run if observation.instrument is None else run.called(observation.instrument)
        return (run, None if made_ahead is None else made_ahead.make(run)), None
    finally:
        observation.release()
