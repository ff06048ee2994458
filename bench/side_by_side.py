"""What the benchmarks share: times of our steps beside the peer's, as a table."""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import tevcurve

ROOT = Path(__file__).resolve().parents[1]


def load_example():
    """The module `examples/crab_3d.py`, whose steps are timed here."""
    spec = importlib.util.spec_from_file_location("crab_3d_example", ROOT / "examples" / "crab_3d.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(step, *args):
    """The result of a step and the seconds that it took."""
    start = time.perf_counter()
    return step(*args), time.perf_counter() - start


def run_process(*command):
    """The standard output of a finished process; its errors are shown."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def run_peer(python, script, release):
    """What a script of the peer prints, a dict; its warnings are not shown."""
    return json.loads(run_process(python, "-W", "ignore", ROOT / "bench" / script, release))


def find_peer(named):
    """The interpreter that has gammapy: the named one, else this one, else None."""
    if named:
        return named
    return sys.executable if importlib.util.find_spec("gammapy") else None


def format_seconds(seconds):
    """Seconds as a person reads them."""
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def report(rows, ours, peer):
    """The table as text.

    rows: for each row its name, its key in the times, and the longest time in seconds that we allow ourselves, or None.
    ours, peer: dict of seconds by key, and "flux", a list in cm-2 s-1; the peer may be None.
    """
    form = "{:34} {:>10} {:>10} {:>14} {:>8}"
    lines = [form.format("", "tevcurve", "target", "gammapy 2.1", "ratio")]
    for name, key, target in rows:
        wanted = "-" if target is None else format_seconds(target)
        theirs = format_seconds(peer[key]) if peer else "not installed"
        ratio = f"{peer[key] / ours[key]:.0f}" if peer else "-"
        lines.append(form.format(name, format_seconds(ours[key]), wanted, theirs, ratio))
    if peer:
        apart = np.max(np.abs(np.divide(ours["flux"], peer["flux"]) - 1))
        lines.append(f"The fluxes of the two agree to {apart:.2%}.")
    return "\n".join(lines)


def main(description, rows, time_ours, time_peer, find_data):
    """Times, prints, and returns the exit code.

    time_ours: function of the data folder and the number of repeats. time_peer: function of the peer's interpreter
    and the data folder. Both return what `report` takes. find_data: function that returns the data folder, or None.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--peer-python", help="an interpreter that has gammapy 2.1 (extra `peer`)")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out: it takes long")
    parser.add_argument("--repeats", type=int, default=15, help="how often ours is run (%(default)s)")
    args = parser.parse_args()

    folder = find_data()
    if folder is None:
        print(
            "Set GAMMAPY_DATA to the folder that holds hess-dl3-dr1, the H.E.S.S. test data.", file=sys.stderr
        )
        return 2
    os.environ["MPLBACKEND"] = "Agg"
    peer_python = None if args.no_peer else find_peer(args.peer_python)
    ours = time_ours(folder, args.repeats)
    peer = time_peer(peer_python, folder) if peer_python else None
    print(f"tevcurve {tevcurve.__version__}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    print(report(rows, ours, peer))
    return 0
