"""Runs on a cluster of two workers: the light curve of one process, also where a worker is lost."""

import os
import re
import signal
import socket
from collections import Counter
from contextlib import suppress
from threading import Thread
from time import sleep

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table

from tevcurve import DataStore, light_curve, light_curves
from tevcurve.data.write import write_store
from tevcurve.demo import POSITION, demo_observations
from tevcurve.errors import DataError, InputError, TevcurveError
from tevcurve.pipeline import keep_runs, on_cluster
from tevcurve.pipeline.on_cluster import LOST, WORKER, connect, keep_on_cluster
from tevcurve.problems import Problem
from tevcurve.store import RunCache

distributed = pytest.importorskip("distributed")
ENERGIES = [0.5, 2, 10] * u.TeV


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        local_directory=tmp_path_factory.mktemp("workers"),
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with connect(cluster.scheduler_address) as client:
        yield client


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    store = DataStore.from_dir(write_store(tmp_path_factory.mktemp("dl3"), demo_observations()))
    return list(store.get_observations())


@pytest.fixture(scope="module")
def in_one_process(observations):
    return {method: curve(observations, method) for method in ("1d", "3d")}


def curve(observations, method, **options):
    return light_curve(observations, POSITION, energy_edges=ENERGIES, method=method, **options)


def assert_same(one, other):
    """The same table to the last digit, and the same ledger."""
    assert_same_columns(one.table, other.table)
    assert_same_columns(one.ledger.events, other.ledger.events)
    assert one.meta == other.meta
    assert str(one.ledger) == str(other.ledger)


def assert_same_columns(table, other):
    assert table.colnames == other.colnames
    for name in table.colnames:
        np.testing.assert_array_equal(np.asarray(table[name]), np.asarray(other[name]), err_msg=name)


def deadly(folder, keep, victim, always=False):
    """A function that notes which run is kept in which process, and kills its own at one run, once or always.

    Made inside of a function, so that workers, which cannot import this file, get the code itself.
    """
    notes, once, kill = str(folder / "notes"), str(folder / "once"), signal.SIGKILL

    def noted_and_kept(*arguments):
        number = arguments[-1].obs_id
        with open(notes, "a") as file:
            file.write(f"{number} {os.getpid()}\n")
        if number == victim:
            sleep(0.3)
            with suppress(FileExistsError):
                open(once, "x").close()
                os.kill(os.getpid(), kill)
            if always:
                os.kill(os.getpid(), kill)
        return keep(*arguments)

    return noted_and_kept


def noted(folder):
    """List of (run, process), as `deadly` has noted them."""
    return [tuple(map(int, line.split())) for line in (folder / "notes").read_text().splitlines()]


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_the_light_curve_of_one_process(client, observations, in_one_process, method):
    assert_same(curve(observations, method, client=client), in_one_process[method])


def test_outcomes_come_in_order_whoever_is_done_first(client):
    def kept(number):
        sleep(0.3 if number == 3 else 0)
        return number, None

    assert [run for run, _ in keep_on_cluster(client, kept, [3, 1, 2, 4])] == [3, 1, 2, 4]


def test_a_lost_worker_costs_its_own_tasks(client, observations, in_one_process, monkeypatch, tmp_path):
    victim = observations[4].obs_id
    monkeypatch.setattr(keep_runs, "_keep", deadly(tmp_path, keep_runs._keep, victim))
    assert_same(curve(observations, "1d", client=client), in_one_process["1d"])
    begun = noted(tmp_path)
    times = Counter(run for run, _ in begun)
    assert set(times) == {one.obs_id for one in observations}
    assert times[victim] == 2
    killed = next(process for run, process in begun if run == victim)
    again = {run for run, count in times.items() if count > 1}
    assert again <= {run for run, process in begun if process == killed}
    assert len(begun) - len(times) < 4


def test_a_run_that_kills_every_worker_is_a_problem_of_its_own(
    cluster, client, observations, monkeypatch, tmp_path
):
    """Runs that only waited on the same worker are not blamed, even where one loss is too many."""
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    victim = observations[1]
    monkeypatch.setattr(keep_runs, "_keep", deadly(tmp_path, keep_runs._keep, victim.obs_id, always=True))
    made = curve(observations, "1d", client=client)
    assert made.ledger.failed == (Problem(victim.run_id, WORKER, LOST),)
    others = [one for one in observations if one is not victim]
    assert_same_columns(made.table, curve(others, "1d").table)


def test_strict_raises_what_one_process_raises(client, observations):
    with pytest.raises(DataError, match=r"^Run [0-9]+ cannot be used: ") as alone:
        curve(observations, "1d", strict=True, on_radius="20 deg")
    with pytest.raises(DataError, match=f"^{re.escape(str(alone.value))}$"):
        curve(observations[:1], "1d", strict=True, on_radius="20 deg", client=client)


def test_workers_fill_a_store_that_one_process_uses(client, observations, in_one_process, tmp_path):
    store = RunCache(tmp_path)
    assert_same(curve(observations, "1d", client=client, cache=store), in_one_process["1d"])
    assert len(store.entries()) == len(observations)
    assert_same(curve(observations, "1d", cache=store), in_one_process["1d"])


def test_a_lost_scheduler_is_told_in_a_sentence():
    def kept(number):
        sleep(0.1)
        return number, None

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
        ) as own,
        distributed.Client(own.scheduler_address) as client,
    ):
        outcomes = keep_on_cluster(client, kept, list(range(20)))
        assert next(outcomes) == (0, None)
        own.close()
        with pytest.raises(TevcurveError, match=r"^The scheduler was lost before all runs were done\.$"):
            list(outcomes)


@pytest.mark.parametrize("address", ["nowhere", "ghost://here:1", 5])
def test_an_address_of_no_scheduler(address):
    with pytest.raises(
        InputError, match=r"^No scheduler answers at .*; wanted is one such as tcp://host:8786\.$"
    ):
        connect(address)


def test_a_server_of_something_else_is_no_scheduler():
    """What its first bytes say, taken for a length, is more than any memory."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n" + bytes(100))
                connection.recv(1000)

        Thread(target=greet, daemon=True).start()
        with pytest.raises(InputError, match="what answers there is something else"):
            connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")


def test_where_nobody_answers(monkeypatch):
    monkeypatch.setattr(on_cluster, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(InputError, match=r"\(not within 0.3 s\)"):
            connect(f"127.0.0.1:{port}")


def test_a_catalogue_is_the_same_from_a_cluster(client, kept_store, tmp_path):
    places = Table({"name": ["one", "two"], "ra": [83.63, 83.63], "dec": [22.01, 22.7]})
    made = [
        light_curves(
            DataStore.from_dir(kept_store),
            places,
            energy_edges=[0.7, 10] * u.TeV,
            safe_energy=None,
            folder=tmp_path / name,
            **options,
        )
        for name, options in (("here", {}), ("there", {"client": client}))
    ]
    one, other = (
        {
            path.relative_to(curves.folder): path.read_bytes()
            for path in curves.folder.rglob("*")
            if path.is_file()
        }
        for curves in made
    )
    assert one == other
    with pytest.raises(InputError, match="n_jobs is 2, and a client is given too"):
        light_curves(DataStore.from_dir(kept_store), places, client=client, n_jobs=2)
