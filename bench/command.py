"""Times the command `tevcurve` as a person waits for it: whole processes, each a new one.

`python bench/command.py` prints a table: the help, the overview of a data store, and the light curve of the four Crab
runs from the command to its printed table. `$GAMMAPY_DATA` is the folder with `hess-dl3-dr1`. The processor's time
is what would be waited for on a calm machine.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

REPEATS = 7
DATA = Path(os.environ.get("GAMMAPY_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
# Name, arguments, and the longest time in seconds that we allow ourselves on a calm machine.
ROWS = [
    ("tevcurve --help", ["--help"], 0.5),
    ("tevcurve info", ["info", str(DATA / "hess-dl3-dr1")], 1.5),
    (
        "tevcurve light-curve, four Crab runs",
        ["light-curve", str(DATA / "hess-dl3-dr1"), "--target", "Crab"],
        2.0,
    ),
]


def seconds(arguments, environment):
    """(wall-clock time, processor's time) of one process in s."""
    begin, before = perf_counter(), os.times()
    command = [sys.executable, "-m", "tevcurve", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return perf_counter() - begin, used


@contextmanager
def compiled_once():
    """A context that gives an environment in which modules are compiled once, as an installation has them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | {"PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield environment


def main():
    """Print the table; returns an exit status, 1 where a best time is above what we allow ourselves."""
    print("| command | best | median | processor | allowed |\n|---|---|---|---|---|")
    late = False
    with compiled_once() as environment:
        for name, arguments, allowed in ROWS:
            seconds(arguments, environment)
            times, used = zip(*(seconds(arguments, environment) for _ in range(REPEATS)), strict=True)
            late |= min(times) > allowed
            print(
                f"| {name} | {min(times):.2f} s | {median(times):.2f} s | {min(used):.2f} s | {allowed} s |"
            )
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
