"""Times the light curve of `examples/crab_3d.py`, beside gammapy 2.1 where that is installed.

`python bench/crab_3d.py` prints a table: reading and reducing the four runs in a warm process, the estimator
with all its steps, and a whole cold process with imports and plot. Ours and the peer's read the same files,
use the same axes, and fit all measured energies with the background free. Times are medians.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

import tevcurve

ROOT = Path(__file__).resolve().parents[1]
POSITION = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
# Name, key, and the longest time in seconds that we allow ourselves.
ROWS = [
    ("read and reduce four runs (warm)", "reduce", 0.15),
    ("estimator, all steps", "estimate", 0.05),
    ("whole process (cold), with plot", "cold", 2.0),
]


def load_example():
    """The module `examples/crab_3d.py`, whose steps are timed here."""
    spec = importlib.util.spec_from_file_location("crab_3d_example", ROOT / "examples" / "crab_3d.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = load_example()


def read_and_reduce(folder):
    """The four Crab runs as datasets."""
    runs = example.select_crab(example.open_store(folder, "current"))
    return example.make_datasets(runs, POSITION, max_radius=None)


def estimate(datasets):
    """The light curve with all steps, reported over the energies that are fitted."""
    estimator = tevcurve.LightCurveEstimator(datasets, source="crab", reoptimize=True)
    return estimator.run(e_ref=1 * u.TeV, e_min=0.7 * u.TeV, e_max=10 * u.TeV, steps="all")


def timed(step, *args):
    """The result of a step and the seconds that it took."""
    start = time.perf_counter()
    return step(*args), time.perf_counter() - start


def run_process(*command):
    """The standard output of a finished process; its errors are shown."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def cold_seconds(repeats, *command):
    """The median wall-clock seconds of a process that draws a plot into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        plot = Path(folder) / "crab.png"
        return median(timed(run_process, *command, "--plot", plot)[1] for _ in range(repeats))


def time_ours(folder, repeats):
    """The seconds of each row, and the fluxes; each estimate has datasets that no estimate has seen."""
    estimate(read_and_reduce(folder))
    reduce_seconds, estimate_seconds = [], []
    for _ in range(repeats):
        datasets, seconds = timed(read_and_reduce, folder)
        reduce_seconds.append(seconds)
        light_curve, seconds = timed(estimate, datasets)
        estimate_seconds.append(seconds)
    return {
        "reduce": median(reduce_seconds),
        "estimate": median(estimate_seconds),
        "cold": cold_seconds(min(repeats, 5), sys.executable, example.__file__, "--index", "current"),
        "flux": light_curve.table["flux"].quantity.to_value("cm-2 s-1").tolist(),
    }


def time_peer(python, folder):
    """The same of the peer, in its own interpreter."""
    script, release = ROOT / "bench" / "peer_crab_3d.py", folder / "hess-dl3-dr1"
    seconds = json.loads(run_process(python, "-W", "ignore", script, release))
    return seconds | {"cold": cold_seconds(1, python, "-W", "ignore", script, release)}


def find_peer(named):
    """The interpreter that has gammapy: the named one, else this one, else None."""
    if named:
        return named
    return sys.executable if importlib.util.find_spec("gammapy") else None


def format_seconds(seconds):
    """Seconds as a person reads them."""
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def report(ours, peer):
    """The table as text."""
    form = "{:34} {:>10} {:>10} {:>14} {:>8}"
    lines = [form.format("", "tevcurve", "target", "gammapy 2.1", "ratio")]
    for name, key, target in ROWS:
        theirs = format_seconds(peer[key]) if peer else "not installed"
        ratio = f"{peer[key] / ours[key]:.0f}" if peer else "-"
        lines.append(form.format(name, format_seconds(ours[key]), format_seconds(target), theirs, ratio))
    if peer:
        apart = np.max(np.abs(np.divide(ours["flux"], peer["flux"]) - 1))
        lines.append(f"The fluxes of the two agree to {apart:.2%}.")
    return "\n".join(lines)


def main():
    """Times, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="an interpreter that has gammapy 2.1 (extra `peer`)")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out: it takes minutes")
    parser.add_argument("--repeats", type=int, default=15, help="how often ours is run (%(default)s)")
    args = parser.parse_args()

    folder = example.find_data()
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
    print(report(ours, peer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
