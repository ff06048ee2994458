"""Times tevcurve and gammapy 2.1 on the same light curves, and says what each side computes.

`python bench/same_columns.py --peer-python PYTHON` prints the table of the README: seconds of the processor of the
flare night of PKS 2155-304, from the files to the light curve, in one process for each light curve, ours and the peer's
in turn, on one machine. Three columns:

- the same columns: flux, symmetric and asymmetric errors, upper limit, TS, likelihood scan of 11 norms, sensitivity;
- flux, error and TS alone, which is what the peer computes when nothing more is asked for. Ours has no such mode: it
  computes errors, limits and scan all the same;
- the first, as whole processes: with the interpreter's start and the imports.

The peer does the stated part of the bins, evenly among them, and the time of that part is scaled up; that of its
imports is not. Where it says "background fixed", the peer fits the flux alone at the background of the model, as its
light-curve tutorial has it, while ours fits the background of every run, too.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from statistics import median

from side_by_side import ROOT, find_peer, format_seconds, load_example, run_process

import tevcurve

# The light curve, our job with all columns and without the sensitivity, the peer's job, and the bins that it does.
ROWS = [
    ("1D, 10-minute bins", "1d-10min", "1d-10min", 4),
    ("3D, per run", "3d-run", "3d-run", 1),
    ("3D, per run; the peer with the background fixed", "3d-run", "3d-run-fixed", 2),
]
FORM = "| {} | {} | {} | {} |"


def measured(python, script, release, job, part=None):
    """(seconds of the processor of the whole job, of the whole process), the job's scaled to all bins."""
    options = [] if part is None else ["--part", part]
    told = json.loads(run_process(python, "-W", "ignore", ROOT / "bench" / script, job, release, *options))
    whole = told["cpu"] / told["part"]
    return whole, told["before"] + whole


def of_row(row, release, peer, repeats):
    """For each repeat, (seconds of ours, of the peer's) of each of the three columns, a list of lists."""
    _, ours, theirs, part = row
    found = []
    for _ in range(repeats):
        full = measured(sys.executable, "ours_pks2155.py", release, f"{ours}-all")
        peer_full = measured(peer, "peer_pks2155.py", release, f"{theirs}-all", part)
        least = measured(sys.executable, "ours_pks2155.py", release, ours)
        peer_least = measured(peer, "peer_pks2155.py", release, f"{theirs}-least", part)
        found.append([(full[0], peer_full[0]), (least[0], peer_least[0]), (full[1], peer_full[1])])
    return found


def ratio_of(column, found):
    """The ratio of a column with the half range of its repeats, and what it is of, as text."""
    ratios = sorted(each[column][1] / each[column][0] for each in found)
    ours, theirs = (median(each[column][side] for each in found) for side in (0, 1))
    spread = 0.5 * (ratios[-1] - ratios[0])
    return f"**{median(ratios):.0f}** ± {spread:.0f} ({format_seconds(theirs)} : {format_seconds(ours)})"


def main():
    """Times, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="an interpreter that has gammapy 2.1 (extra `peer`)")
    parser.add_argument("--repeats", type=int, default=3, help="how often each is run (%(default)s)")
    parser.add_argument(
        "--data", type=Path, help="the folder that holds hess-dl3-dr1; default: $GAMMAPY_DATA"
    )
    args = parser.parse_args()
    folder, peer = args.data or load_example().find_data(), find_peer(args.peer_python)
    if folder is None or peer is None:
        what = (
            "GAMMAPY_DATA, the folder with the data"
            if folder is None
            else "--peer-python, an interpreter with gammapy"
        )
        print(f"Wanted is {what}.", file=sys.stderr)
        return 2
    # On matrices this small more threads take longer, for both.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(f"tevcurve {tevcurve.__version__}, Python {platform.python_version()}, {os.cpu_count()} CPUs\n")
    print(FORM.format("the flare night", "the same columns", "flux, error, TS only", "whole process"))
    print(FORM.format(*["---"] * 4))
    for row in ROWS:
        found = of_row(row, folder / "hess-dl3-dr1", peer, args.repeats)
        cells = [ratio_of(column, found) for column in range(3)]
        print(FORM.format(row[0], *cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
