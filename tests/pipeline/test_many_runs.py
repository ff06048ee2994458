"""More runs than stay in memory: the same rows, a part at a time."""

import gc
import tracemalloc
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest

from tevcurve import light_curve
from tevcurve.data import GTI, DataStore
from tevcurve.data.write import write_store
from tevcurve.demo import POSITION, demo_observations
from tevcurve.errors import DataError
from tevcurve.lightcurve.bins import by_counts, by_night, by_run, by_width
from tevcurve.lightcurve.run_reduction import RunReduction
from tevcurve.lightcurve.runs import RunsInMemory
from tevcurve.pipeline import engine, in_one_call
from tevcurve.pipeline.temporary_runs import TemporaryRuns
from tevcurve.run_id import RunId
from tevcurve.store import Result, stored_runs, write_result
from tevcurve.store.run_file import run_from_bytes, run_to_bytes
from tevcurve.store.stored_runs import StoredRuns

ENERGIES = [0.5, 2, 10] * u.TeV


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    store = DataStore.from_dir(write_store(tmp_path_factory.mktemp("dl3"), demo_observations()))
    return list(store.get_observations())


@pytest.fixture
def in_parts(monkeypatch):
    """Runs go through a folder from four on, three at a time; one of each run is dropped from memory."""
    monkeypatch.setattr(engine, "MANY", 4)
    monkeypatch.setattr(engine, "PART", 3)
    monkeypatch.setattr(engine, "HELD", 0)


def both(observations, monkeypatch, **options):
    """The light curve made at once, and that made in parts."""
    options = {"energy_edges": ENERGIES} | options
    with monkeypatch.context() as whole:
        whole.setattr(engine, "MANY", 10**9)
        at_once = light_curve(observations, POSITION, **options)
    return at_once, light_curve(observations, POSITION, **options)


def assert_same(one, other):
    """The same table to the last digit, and the same ledger."""
    assert one.table.colnames == other.table.colnames
    assert one.meta == other.meta
    for table, its in ((one.table, other.table), (one.ledger.events, other.ledger.events)):
        for name in table.colnames:
            np.testing.assert_array_equal(np.asarray(table[name]), np.asarray(its[name]), err_msg=name)
    np.testing.assert_array_equal(one.ledger.seconds["used"], other.ledger.seconds["used"])
    assert str(one.ledger) == str(other.ledger)


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize(
    "bins", [by_run(), by_width("7 min", start="2024-03-10T21:00:00"), by_night(), by_counts(80)]
)
def test_the_same_light_curve_as_at_once(observations, in_parts, monkeypatch, method, bins):
    if isinstance(bins, type(by_night())) and method == "3d":
        pytest.skip("One bin of all runs is the slowest of the cubes, and the same code as in 1D.")
    assert_same(*both(observations, monkeypatch, method=method, time_bins=bins))


@pytest.mark.parametrize("options", [{"method": "3d", "negative": True}, {"method": "1d"}])
def test_processes_that_read_make_terms_and_bytes_too(observations, in_parts, monkeypatch, options):
    """The one that collects the runs makes neither."""
    options = {"energy_edges": ENERGIES} | options
    alone = light_curve(observations, POSITION, **options)
    made, reduce = [], RunReduction.__call__
    monkeypatch.setattr(RunReduction, "__call__", lambda self, run: made.append("terms") or reduce(self, run))
    monkeypatch.setattr(stored_runs, "run_to_bytes", lambda run: made.append("bytes") or run_to_bytes(run))
    shared = light_curve(observations, POSITION, n_jobs=2, **options)
    assert made == []
    assert_same(alone, shared)
    assert [one.file for one in alone.origin.runs] == [one.file for one in shared.origin.runs]


def test_energies_that_are_safe_in_all_runs_are_settled_before_terms(observations, in_parts):
    options = {"energy_edges": ENERGIES, "method": "1d", "safe_energy": "common"}
    alone = light_curve(observations[:6], POSITION, **options)
    assert_same(alone, light_curve(observations[:6], POSITION, n_jobs=2, **options))


def test_runs_that_fail_or_are_there_twice(observations, in_parts, monkeypatch):
    """Two runs come again, and of two there is no effective area where the source is said to be."""
    given = [*observations[:5], observations[1], *observations[5:], observations[4]]
    at_once, parts = both(given, monkeypatch, method="1d")
    assert_same(at_once, parts)
    assert_same(parts, light_curve(given, POSITION, method="1d", energy_edges=ENERGIES, n_jobs=2))
    assert [problem.obs_id for problem in parts.ledger.failed] == ["2", "5"]
    with pytest.raises(DataError, match="more than once"):
        light_curve(given, POSITION, method="1d", strict=True)


def test_no_run_is_left(observations, in_parts):
    with pytest.raises(DataError, match="No run can be used: 1: "):
        light_curve(observations, POSITION, method="1d", on_radius="20 deg")


def test_it_can_be_rebinned_written_and_read(observations, in_parts, monkeypatch, tmp_path):
    at_once, parts = both(observations, monkeypatch, method="1d")
    bins = by_width("10 min")
    assert_same(at_once.rebin(time_bins=bins), parts.rebin(time_bins=bins))
    for name, made in (("one", at_once), ("two", parts)):
        write_result(tmp_path / name, made)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) > 20
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    folder = parts.origin.runs.place.path
    assert folder.is_dir()
    del parts, made
    assert not folder.exists()
    assert_same(at_once, Result.read(tmp_path / "two").light_curve)


@pytest.mark.parametrize("room", [0, 2])
def test_a_full_temporary_disk_costs_memory_only(observations, in_parts, monkeypatch, caplog, tmp_path, room):
    put, calls = TemporaryRuns.put, []

    def with_little_room(folder, name, content):
        calls.append(name)
        if len(calls) > room and not folder.is_full:
            folder._stop("It is full")
        return put(folder, name, content)

    monkeypatch.setattr(TemporaryRuns, "put", with_little_room)
    at_once, parts = both(observations[:7], monkeypatch, method="1d")
    assert_same(at_once, parts)
    assert caplog.text.count("It is full") == 1
    back = Result.read(write_result(tmp_path / "result", parts)).light_curve
    rebinned = by_width("7 min")
    np.testing.assert_array_equal(back.rebin(rebinned).table["flux"], at_once.rebin(rebinned).table["flux"])


def test_memory_does_not_grow_with_runs(observations, in_parts, monkeypatch):
    """Of runs that come from a store a small part stays, for the rows and the list of runs; their files do not."""
    run = light_curve(observations[:1], POSITION, method="1d", energy_edges=ENERGIES).origin.runs[0]
    rng, memory = np.random.default_rng(1), []
    events = {name: rng.uniform(1, 2, 10_000) for name in ("energy_tev", "lon", "lat")}

    def outcomes(*_):
        for number in range(22):
            shift = 3600.0 * number
            gti = GTI(*(run.gti.intervals.T + shift), run.gti.reference)
            times = np.linspace(gti.intervals[0, 0] + 1, gti.intervals[0, 1] - 1, 10_000)
            content = run_to_bytes(replace(run, run_id=RunId.of(number), gti=gti, time_s=times, **events))
            if number in (6, 21):
                gc.collect()
                memory.append(tracemalloc.get_traced_memory()[0])
            yield run_from_bytes(content, "it"), None
        sizes.append(len(content))

    sizes = []
    monkeypatch.setattr(in_one_call, "keep_each", outcomes)
    tracemalloc.start()
    try:
        light_curve(observations, POSITION, method="1d", energy_edges=ENERGIES, norm_values=None)
    finally:
        tracemalloc.stop()
    assert (memory[1] - memory[0]) / 15 < 0.1 * sizes[0]


def test_few_runs_with_many_events_wait_in_a_folder_too(observations, monkeypatch):
    """The second run is the one for whose events there is no room any more."""
    sizes = [32 * len(observation.events.time_s) for observation in observations[:2]]
    at_once = light_curve(observations[:4], POSITION, method="1d", energy_edges=ENERGIES)
    assert isinstance(at_once.origin.runs, RunsInMemory)
    monkeypatch.setattr(engine, "MOST_BYTES", sum(sizes))
    monkeypatch.setattr(engine, "PART", 3)
    parts = light_curve(observations[:4], POSITION, method="1d", energy_edges=ENERGIES)
    assert isinstance(parts.origin.runs, StoredRuns)
    assert_same(at_once, parts)


def test_what_is_known_of_a_run_without_reading_it(observations, in_parts, monkeypatch):
    """It is the same wherever the runs wait; nothing else is there before `read` gives the run."""
    at_once, parts = both(observations[:5], monkeypatch, method="1d")
    for number, (one, other) in enumerate(zip(at_once.origin.runs, parts.origin.runs, strict=True)):
        assert (one.run_id, one.gti, one.offset) == (other.run_id, other.gti, other.offset)
        assert not hasattr(other, "time_s")
        assert at_once.origin.runs.read(number) is one
        np.testing.assert_array_equal(parts.origin.runs.read(number).time_s, one.time_s)
    some = parts.origin.runs.chosen([3, 1])
    assert [run.run_id for run in some] == [at_once.origin.runs[number].run_id for number in (3, 1)]
    assert run_to_bytes(some.read(0)) == run_to_bytes(at_once.origin.runs.read(3))
