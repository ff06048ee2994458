"""The command as a process of its own: exit codes, pipes, interruptions, and what it imports."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from small_store import make_store
from waiting import wait_for

from tevcurve.cli.commands import COMMANDS

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
COMMAND = [sys.executable, "-m", "tevcurve"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_store(folder)
    return str(folder)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Function of arguments that starts the command in an empty folder."""
    environment = dict(os.environ) | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    started = []

    def start(*arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=tmp_path, env=environment, start_new_session=True, **options
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_exit_codes_and_streams(start, store):
    process = start("light-curve", store, "-o", "crab")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Light curve of Crab: 3 rows" in out
    # Piped, it is quiet: no progress, no log.
    assert err == ""
    process = start("light-curve", store, "-o", "crab")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == "Error: crab is there already; --overwrite replaces it.\n"


def test_a_closed_pipe_is_quiet(start, store):
    process = start("info", store, "--target", "Crab")
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""


def test_an_interruption_is_one_sentence_and_leaves_nothing(start, tmp_path):
    process = start("demo", "--folder", "night")
    # While it simulates the runs, which takes seconds.
    building = wait_for(lambda: list(tmp_path.glob(".night-*")))
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "Interrupted.\n")
    assert building
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "module", ["tevcurve.cli.main", "tevcurve.problems", "click", "tevcurve.cli.commands"]
)
def test_an_interruption_while_it_is_imported_is_one_sentence_too(module):
    place = tomllib.loads(PROJECT.read_text())["project"]["scripts"]["tevcurve"].replace(":", " import ")
    code = f"""
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
sys.argv[1:] = ["--help"]
from {place}
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


HEAVY = {"astropy", "numpy", "matplotlib", "plotly", "jinja2", "scipy", "regions", "iminuit", "yaml"}


def imported(*arguments):
    """Names of all modules that a command imports."""
    code = (
        "import sys; from tevcurve.cli.main import main; "
        f"main({list(arguments)!r}); sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_needs_nothing_heavy():
    found = imported("--help")
    # What rich has for markdown, code and tracebacks is as much again as what draws the page.
    assert found.isdisjoint(HEAVY | {"importlib.metadata", "rich.markdown", "rich.traceback", "pygments"})
    # A command is imported when it is called, and no other one is.
    commands = {place.place.partition(":")[0] for place in COMMANDS.values()}
    assert found & commands == set()
    assert imported("append", "--help") & commands <= {"tevcurve.cli.append", "tevcurve.cli.results"}
    assert imported("light-curve", "--help").isdisjoint(HEAVY)


def test_a_light_curve_needs_no_figures_or_pages(store):
    found = imported("light-curve", store)
    assert found & HEAVY <= {"astropy", "numpy", "yaml"}
    assert found.isdisjoint({"numpy.random", "asyncio", "rich"})
    # What results and configurations are written by, other ways to reduce and fit, bins that are not asked for.
    others = (
        "store.result",
        "lightcurve.io",
        "config.sensible",
        "datasets.map_dataset",
        "fit.fit",
        "bins.blocks",
    )
    others += (
        "bins.phase",
        "models.ebl_absorption",
        "pipeline.append",
        "reduction.spectrum",
        "irf.psf_kernel",
    )
    assert found.isdisjoint({f"tevcurve.{name}" for name in others})


@pytest.mark.parametrize("closing", ["2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_reason_to_stop(store, tmp_path, closing):
    """Nor does a file that is opened come in their place and get what is printed."""
    line = f"{' '.join(COMMAND)} light-curve {store} --method 1d -o result --plot a.png {closing}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "result" / "light_curve.fits").read_bytes()[:6] == b"SIMPLE"


def test_an_error_that_nobody_hears(start):
    """The reader of the standard error has gone."""
    process = start("light-curve", "nowhere")
    process.stderr.close()
    assert process.wait(timeout=60) == 2


def test_the_end_of_a_process_looks_through_no_objects():
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000)); "
        "from tevcurve.cli.main import main; main(['cache', 'list', '--cache', 'none-here'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
