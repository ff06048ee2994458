"""No process outlives the one that started it, and nothing of it stays, however it ended."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import waiting
from small_store import make_store

from tevcurve.pipeline.worker_processes import worker_processes

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="Who lives is looked up in /proc."
)

# A job of many runs whose workers sleep: it says its workers' numbers, and waits.
MANY = """
import sys, time
from pathlib import Path
from tevcurve.cli import main as cli
from tevcurve.pipeline import keep_runs
from tevcurve.pipeline.temporary_runs import TemporaryRuns

def work(arguments):
    folder = TemporaryRuns()
    folder.put("a.run", b"content")
    Path("folder").write_text(str(folder.path))
    list(keep_runs._in_processes(sleep, [1, 2], 2))

def sleep(number):
    import os
    Path(f"worker-{number}").write_text(str(os.getpid()))
    time.sleep(1 if len(sys.argv) > 1 else 120)

cli._called = work
sys.exit(cli.main([]))
"""


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


wait_for = partial(waiting.wait_for, seconds=60)


@pytest.fixture
def start(tmp_path):
    """Function that starts the job, and gives it with the numbers of its workers and its temporary folder."""
    started = []
    (tmp_path / "tmp").mkdir()

    def start(*arguments):
        environment = dict(os.environ) | {"TMPDIR": str(tmp_path / "tmp")}
        line = [sys.executable, "-c", MANY, *arguments]
        process = subprocess.Popen(line, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        started.append(process)
        names = ("folder", "worker-1", "worker-2")
        assert wait_for(lambda: all((tmp_path / name).exists() for name in names))
        assert wait_for(lambda: all((tmp_path / name).read_text() for name in names))
        folder, *workers = ((tmp_path / name).read_text() for name in names)
        return process, workers, Path(folder)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_workers_end_with_a_parent_that_was_killed_and_the_next_one_sweeps(start, tmp_path, monkeypatch):
    process, workers, folder = start()
    assert all(map(lives, workers))
    process.kill()
    process.wait()
    assert wait_for(lambda: not any(map(lives, workers)))
    assert folder.exists()
    for name in ("folder", "worker-1", "worker-2"):
        (tmp_path / name).unlink()
    living, _, its = start()
    assert not folder.exists()
    assert its.exists()
    living.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_leaves_nothing(start, number):
    process, workers, folder = start("short")
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    assert process.stderr.read() == "Stopped.\n"
    assert not folder.exists()
    assert not any(map(lives, workers))


def test_far_more_processes_than_runs(tmp_path, caplog):
    """They are as many as there are runs; 100,000 of them would take all memory."""
    from small_store import TARGET

    from tevcurve import light_curve

    store = make_store(tmp_path / "store")
    made = light_curve(store, TARGET, method="1d", n_jobs=100_000, safe_energy=None)
    assert len(made) == 3
    assert "n_jobs is 100000" in caplog.text


# What is done in a process that is interrupted, in its main thread, at a certain point.
INTERRUPTED = """
import os, signal, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
from tevcurve.cli import main as cli
from tevcurve.pipeline.worker_processes import worker_processes

parent = os.getpid()

def interrupt():
    if os.getpid() == parent:
        os.kill(parent, signal.SIGINT)

def starting():
    spawn = ProcessPoolExecutor._spawn_process
    ProcessPoolExecutor._spawn_process = lambda pool: (spawn(pool), interrupt())
    with worker_processes(2, abs) as submit:
        submit(1).result()

def sleep(seconds):
    open("begun", "w").close()
    time.sleep(seconds)

def ending():
    with worker_processes(2, sleep) as submit:
        submit(0.5)
        while not os.path.exists("begun"):
            time.sleep(0.01)
        threading.Timer(0.2, interrupt).start()
        interrupt()

cli._called = lambda arguments: globals()[arguments[0]]()
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("point", ["starting", "ending"])
def test_interrupted_while_its_pool_starts_or_ends_it_ends(tmp_path, point):
    """Before, the processes waited for work, and theirs for them."""
    line = [sys.executable, "-c", INTERRUPTED, point]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


def work_of(words):
    """The number of the process; "wait" is not done by itself."""
    if words == "wait":
        Path(f"/proc/{os.getpid()}/comm").write_text("at work")
        time.sleep(60)
    return os.getpid()


def test_an_interruption_is_for_a_worker_at_work():
    with worker_processes(1, work_of) as submit:
        worker = submit("").result()
        # While it waits for work, and while it does some.
        os.kill(worker, signal.SIGINT)
        assert submit("").result() == worker
        begun = submit("wait")
        assert wait_for(lambda: Path(f"/proc/{worker}/comm").read_text() == "at work\n")
        os.kill(worker, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            begun.result()
        assert submit("").result() == worker
