"""Runs are kept one after the other, each on its own: a bad one is a problem, and none stays open."""

import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.pipeline.keep_runs import (
    AT_A_TIME,
    TASK_S,
    CachedJob,
    _at_a_time,
    as_cache,
    check_n_jobs,
    keep_each,
)
from tevcurve.problems import Problem, at_stage
from tevcurve.run_id import RunId
from tevcurve.store import RunCache


def keep_all(job, observations, **options):
    """(runs that could be used, problems of the others), both in order."""
    kept = list(keep_each(job, observations, **options))
    return [run for run, problem in kept if problem is None], [
        problem for _, problem in kept if problem is not None
    ]


class Run:
    """An observation that knows whether it was released."""

    instrument = None

    def __init__(self, obs_id, is_bad=False):
        self.obs_id, self.run_id = obs_id, RunId.of(obs_id)
        self.is_bad, self.released = is_bad, 0

    def release(self):
        self.released += 1


class Job:
    """Keeps the number of a run, ten times as large, and counts what it was asked for."""

    def __init__(self):
        self.asked = []

    def keep(self, observation):
        self.asked.append(observation.obs_id)
        if observation.is_bad:
            with at_stage("events"):
                raise DataError("It has no events.")
        return 10 * observation.obs_id

    def run_keys(self):
        return SimpleNamespace(key=lambda run: Key(run.obs_id))


class Key:
    def __init__(self, text):
        self.text = text

    def still_holds(self):
        return self.text != 3


class FullCache(dict):
    """A cache in memory that fails from its third run on."""

    def put(self, key, run):
        if len(self) == 2:
            raise StoreError("No space is left.")
        self[key] = run


def runs_with_a_bad_one():
    return [Run(4), Run(2, is_bad=True), Run(9), Run(1)]


def test_order_is_kept_and_a_bad_run_is_a_problem(caplog):
    observations = runs_with_a_bad_one()
    runs, failed = keep_all(Job(), observations)
    assert runs == [40, 90, 10]
    assert failed == [Problem(RunId.of(2), "events", "It has no events.")]
    assert caplog.messages == ["Run 2 is left out: It has no events."]
    assert [one.released for one in observations] == [1, 1, 1, 1]


def test_a_run_is_read_when_it_is_asked_for_and_released_before_the_next():
    observations, job = runs_with_a_bad_one(), Job()
    outcomes = keep_each(job, observations)
    for number in range(4):
        assert len(job.asked) == number
        next(outcomes)
        assert [one.released for one in observations] == [1] * (number + 1) + [0] * (3 - number)


def test_strict_stops_at_the_first_and_releases_it():
    observations, job = runs_with_a_bad_one(), Job()
    with pytest.raises(DataError, match=r"^Run 2 cannot be used: It has no events\.$"):
        keep_all(job, observations, strict=True)
    assert job.asked == [4, 2]
    assert observations[1].released == 1


def test_a_cache_is_asked_first_and_gets_what_is_new():
    job, cache = Job(), FullCache({9: "kept"})
    caching = CachedJob(job, cache)
    assert [caching.keep(Run(number)) for number in (4, 9, 4)] == [40, "kept", 40]
    assert job.asked == [4]
    assert cache == {9: "kept", 4: 40}


def test_what_changed_while_it_was_read_is_not_kept():
    cache = FullCache()
    assert CachedJob(Job(), cache).keep(Run(3)) == 30
    assert cache == {}


def test_a_full_cache_is_said_once(caplog):
    job, cache = Job(), FullCache()
    caching = CachedJob(job, cache)
    assert [caching.keep(Run(number)) for number in (1, 2, 4, 5, 1)] == [10, 20, 40, 50, 10]
    assert job.asked == [1, 2, 4, 5]
    assert caplog.messages == ["Reduced runs are not kept: No space is left."]


def test_a_cache_is_one_or_its_folder(tmp_path):
    cache = RunCache(tmp_path)
    assert as_cache(cache) is cache
    assert as_cache(None) is None
    assert as_cache(str(tmp_path)).folder == as_cache(tmp_path).folder == tmp_path
    with pytest.raises(InputError, match=r"^cache is a int; wanted is a RunCache or the path of its folder"):
        as_cache(3)


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, 2.0, float("nan"), None, True, "2"])
def test_numbers_of_processes(n_jobs):
    check_n_jobs(np.int64(2))
    with pytest.raises(InputError, match=f"^n_jobs is {n_jobs!r}; wanted is a whole number of processes"):
        check_n_jobs(n_jobs)


class DeadlyJob(Job):
    """Kills the process that keeps the run 2, as a system without memory does."""

    def keep(self, observation):
        if observation.obs_id == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return 10 * observation.obs_id


def test_a_killed_process_costs_its_run_only():
    observations = [Run(4), Run(2), Run(9), Run(1), Run(7)]
    runs, failed = keep_all(DeadlyJob(), observations, n_jobs=2)
    assert runs == [40, 90, 10, 70]
    assert [(problem.obs_id, problem.stage) for problem in failed] == [("2", "process")]
    assert "killed" in failed[0].reason
    with pytest.raises(DataError, match="Run 2 cannot be used: The process"):
        keep_all(DeadlyJob(), observations, n_jobs=2, strict=True)


def test_of_runs_that_are_sent_together_a_killed_process_costs_one_only():
    numbers = [*range(10, 40), 2, *range(40, 60)]
    runs, failed = keep_all(DeadlyJob(), [Run(number) for number in numbers], n_jobs=2)
    assert runs == [10 * number for number in numbers if number != 2]
    assert [(problem.obs_id, problem.stage) for problem in failed] == [("2", "process")]


def test_short_runs_are_sent_together_and_fewer_towards_the_end():
    assert _at_a_time(None, 1000) == 1
    assert [_at_a_time(TASK_S / 3, left) for left in (1000, 12, 8, 1)] == [3, 3, 2, 1]
    assert _at_a_time(60.0, 1000) == 1
    assert _at_a_time(0.0, 1000) == AT_A_TIME
