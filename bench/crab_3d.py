"""Times the light curve of `examples/crab_3d.py`, beside gammapy 2.1 where that is installed.

`python bench/crab_3d.py` prints a table: reading and reducing the four runs in a warm process, the estimator
with all its steps, and a whole cold process with imports and plot. Ours and the peer's read the same files,
use the same axes, and fit all measured energies with the background free. Times are medians.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

import astropy.units as u
from astropy.coordinates import SkyCoord
from side_by_side import ROOT, load_example, main, run_peer, run_process, timed

import tevcurve

POSITION = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
# Name, key, and the longest time in seconds that we allow ourselves.
ROWS = [
    ("read and reduce four runs (warm)", "reduce", 0.15),
    ("estimator, all steps", "estimate", 0.05),
    ("whole process (cold), with plot", "cold", 2.0),
]

example = load_example()


def read_and_reduce(folder):
    """The four Crab runs as datasets."""
    runs = example.select_crab(example.open_store(folder, "current"))
    return example.make_datasets(runs, POSITION, max_radius=None)


def estimate(datasets):
    """The light curve with all steps, reported over the energies that are fitted."""
    estimator = tevcurve.LightCurveEstimator(datasets, source="crab", reoptimize=True)
    return estimator.run(e_ref=1 * u.TeV, e_min=0.7 * u.TeV, e_max=10 * u.TeV, steps="all")


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
    release, script = folder / "hess-dl3-dr1", "peer_crab_3d.py"
    seconds = run_peer(python, script, release)
    return seconds | {"cold": cold_seconds(1, python, "-W", "ignore", ROOT / "bench" / script, release)}


if __name__ == "__main__":
    sys.exit(main(__doc__.splitlines()[0], ROWS, time_ours, time_peer, example.find_data))
