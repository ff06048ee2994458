"""Read and reduce all runs, in one process or in several; one bad run never stops the others."""

import logging
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from numbers import Integral

from tevcurve.errors import InputError, StoreError
from tevcurve.pipeline.on_cluster import keep_on_cluster
from tevcurve.problems import attempt
from tevcurve.progress import track
from tevcurve.store.run_store import RunStore

log = logging.getLogger(__name__)
# Runs for each process at a time.
BATCH = 64


def keep_all(job, observations, n_jobs=1, progress=False, strict=False, store=None, client=None):
    """(runs, failed): the `KeptRun` of each observation that can be used, in order, and the `Problem` of the others.

    The arguments are those of `keep_each`.
    """
    runs, failed = [], []
    for run, problem in keep_each(job, observations, n_jobs, progress, strict, store, client):
        if problem is None:
            runs.append(run)
        else:
            failed.append(problem)
    return runs, failed


def keep_each(job, observations, n_jobs=1, progress=False, strict=False, store=None, client=None):
    """Iterator of (`KeptRun`, None) or (None, `Problem`) of each observation, in order.

    job: `Job`. n_jobs: int, processes. progress: bool, draws a progress bar. strict: bool, raises the first problem.
    store: `RunStore` that has runs from before and gets the others, or None. client: `distributed.Client` of the
    cluster that does it, or None.
    """
    keep = partial(_keep, StoredJob(job, store), strict)
    outcomes = _outcomes(keep, observations, n_jobs, client)
    for run, problem in track(outcomes, len(observations), "runs") if progress else outcomes:
        if problem is not None:
            log.warning("Run %s is left out: %s", problem.obs_id, problem.reason)
        yield run, problem


def _outcomes(keep, observations, n_jobs, client):
    """Iterator of what a function returns of each observation, in order."""
    if client is not None:
        yield from keep_on_cluster(client, keep, observations)
    elif n_jobs == 1 or len(observations) < 2:
        yield from map(keep, observations)
    else:
        with ProcessPoolExecutor(max_workers=n_jobs) as pool:
            # So that no more runs than these wait at a time.
            for first in range(0, len(observations), BATCH * n_jobs):
                batch = observations[first : first + BATCH * n_jobs]
                yield from pool.map(keep, batch, chunksize=max(1, len(batch) // (8 * n_jobs)))


def check_n_jobs(n_jobs):
    """Raises `InputError` for what is no number of processes."""
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs!r}; wanted is a whole number of processes, 1 or more.")


def as_store(store):
    """The `RunStore` of what a caller gave: itself, or that in a folder; None for None. Raises `InputError`."""
    if store is None or isinstance(store, RunStore):
        return store
    if isinstance(store, str | os.PathLike):
        return RunStore(store)
    raise InputError(f"store is a {type(store).__name__}; wanted is a RunStore or the path of its folder.")


class StoredJob:
    """A `Job` that looks into a store before it reduces a run, and puts there what it has reduced.

    What cannot be used is not stored: it is tried again each time. Where the store cannot be written, the log says so,
    and runs are reduced all the same.
    """

    def __init__(self, job, store):
        self._job, self._store = job, store
        self._keys = None if store is None else job.run_keys()
        self._writes = True

    def keep(self, observation):
        """The `KeptRun` of an observation. Raises `DataError` where it cannot be used."""
        key = None if self._store is None else self._keys.key(observation)
        run = None if key is None else self._store.get(key)
        if run is None:
            run = self._job.keep(observation)
            if key is not None and self._writes and key.still_holds():
                self._put(key, run)
        return run

    def _put(self, key, run):
        try:
            self._store.put(key, run)
        except StoreError as error:
            # Said once: what hinders one run hinders all.
            log.warning("Reduced runs are not kept: %s", error)
            self._writes = False


def _keep(job, strict, observation):
    """(run, None), or (None, `Problem`)."""
    try:
        return attempt(observation.obs_id, lambda: job.keep(observation), strict)
    finally:
        observation.release()
