"""Times tevcurve on time bins of all kinds, beside gammapy 2.1 where that is installed.

`python bench/against_gammapy.py` prints two tables. The first has one row per job: a light curve from the files to the
table of all columns (errors, limits, TS, likelihood scan), each job in a process of its own, ours and the peer's in
turn; the times are those of the job by the clock, without the imports of the programs, and the ratio is given of the
times of the processor as well, which other work on the machine touches less. The second has the time of 28,000 bins of
one minute and how it grows with the number of events. Ours are medians; the peer runs once, and of what would take it
hours it does the stated part, whose time is scaled up.
"""

import argparse
import json
import os
import platform
import sys
from statistics import median

import numpy as np
from side_by_side import ROOT, find_peer, format_seconds, load_example, run_process

import tevcurve

# Job: what it is, its job of reading, how often the peer must be slower, the parts that the peer does (in full, quick).
JOBS = {
    "1d-10min": ("the night in 1D, 10-minute bins", "read-1d", 80, (None, 4)),
    "1d-1min": ("the night in 1D, 1-minute bins", "read-1d", 300, (24, 6)),
    "3d-run": ("the night in 3D, per run", "read-3d", 300, (3, 1)),
    "3d-10min": ("the night in 3D, 10-minute bins", "read-3d", 300, (3, 1)),
    "all-runs": ("all 105 runs in 1D, per run, their targets", "read-all-runs", 30, (None, 3)),
}
REBIN = {"rebin-1d": ("existing to 1-minute bins, 1D", "1d-1min"), "rebin-3d": ("the same in 3D", None)}
REBIN_SECONDS = 0.05
SIZES = {"full": (250, 500, 1000), "quick": (60, 120)}
LARGE_SECONDS, LARGE_BYTES = 3.0, 1e9
FORM = "{:56} {:>18} {:>9} {:>9} {:>6} {:>6} {:>7} {:>9} {:>9}"


def run_child(python, script, release, job, part=None):
    """What a job prints, a dict."""
    options = [] if part is None else ["--part", part]
    return json.loads(run_process(python, "-W", "ignore", ROOT / "bench" / script, job, release, *options))


def run_ours(release, job, repeats, part=None):
    """The results of so many processes."""
    return [run_child(sys.executable, "ours_pks2155.py", release, job, part) for _ in range(repeats)]


def typical(results):
    """The middle result of several, told by its seconds."""
    return sorted(results, key=lambda result: result["seconds"])[len(results) // 2]


def megabytes(number):
    return f"{number / 1e6:.0f} MB"


def time_job(job, release, peer_python, args):
    """The row of a job and the peer's seconds; the peer runs between two halves of ours, on the same busy machine."""
    name, reading, wanted, parts = JOBS[job]
    before = args.repeats // 2
    results = run_ours(release, job, args.repeats - before)
    peer = None
    if peer_python:
        peer = run_child(peer_python, "peer_pks2155.py", release, job, parts[args.quick])
    results += run_ours(release, job, before)
    ours, read = typical(results), median(one["seconds"] for one in run_ours(release, reading, args.repeats))
    seconds = peer and peer["seconds"] / peer["part"]
    theirs = "not installed"
    if peer:
        label = "" if peer["part"] == 1 else f" (of {peer['part']:.0%})"
        theirs = format_seconds(seconds) + label
    row = FORM.format(
        f"{name} ({ours['rows']} rows)",
        theirs,
        format_seconds(ours["seconds"]),
        format_seconds(read),
        f"{seconds / ours['seconds']:.0f}" if peer else "-",
        f"{peer['cpu'] / peer['part'] / ours['cpu']:.0f}" if peer else "-",
        wanted,
        megabytes(peer["peak"]) if peer else "-",
        megabytes(ours["peak"]),
    )
    return row, seconds


def time_rebinning(job, release, peer_seconds, args):
    """The row of a rebinning, which for the peer is to compute the light curve anew."""
    name, anew = REBIN[job]
    ours, theirs = typical(run_ours(release, job, args.repeats)), peer_seconds.get(anew)
    return FORM.format(
        f"{name} ({ours['rows']} rows)",
        f"{format_seconds(theirs)} (anew)" if theirs else "-",
        format_seconds(ours["seconds"]),
        "-",
        f"{theirs / ours['seconds']:.0f}" if theirs else "-",
        "-",
        format_seconds(REBIN_SECONDS),
        "-",
        megabytes(ours["peak"]),
    )


def time_large(method, release, args):
    """Rows of the table of sizes."""
    lines, events, seconds = [], [], []
    for n_runs in SIZES["quick" if args.quick else "full"]:
        result = typical(run_ours(release, f"large-{method}", min(args.repeats, 3), n_runs))
        events.append(result["events"])
        seconds.append(result["seconds"])
        per_event = f"{seconds[-1] / events[-1] * 1e6:.2f} us"
        lines.append(
            f"{method:6} {n_runs:>8} {result['rows']:>8} {events[-1]:>10} {format_seconds(seconds[-1]):>10} "
            f"{per_event:>12} {megabytes(result['peak']):>10}"
        )
    power = np.polyfit(np.log(events), np.log(seconds), 1)[0]
    return [*lines, f"{method:6} the time grows as events to the power of {power:.2f}"]


def main():
    """Times, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="an interpreter that has gammapy 2.1 (extra `peer`)")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out: it takes half an hour")
    parser.add_argument("--repeats", type=int, default=5, help="how often ours is run (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="smaller parts of the peer's, and smaller sizes")
    parser.add_argument("--jobs", nargs="+", choices=[*JOBS, "rebin", "large"], help="run only these")
    args = parser.parse_args()

    folder = load_example().find_data()
    if folder is None:
        print(
            "Set GAMMAPY_DATA to the folder that holds hess-dl3-dr1, the H.E.S.S. test data.", file=sys.stderr
        )
        return 2
    release, jobs = folder / "hess-dl3-dr1", args.jobs or [*JOBS, "rebin", "large"]
    peer_python = None if args.no_peer else find_peer(args.peer_python)
    print(f"tevcurve {tevcurve.__version__}, Python {platform.python_version()}, {os.cpu_count()} CPUs\n")
    print(
        FORM.format(
            "", "gammapy 2.1", "tevcurve", "reading", "ratio", "CPU", "wanted", "its peak", "our peak"
        )
    )
    peer_seconds = {}
    for job in (job for job in JOBS if job in jobs):
        row, peer_seconds[job] = time_job(job, release, peer_python, args)
        print(row, flush=True)
    if "rebin" in jobs:
        for job in REBIN:
            print(time_rebinning(job, release, peer_seconds, args), flush=True)
    if "large" in jobs:
        print(f"\n{'':6} {'runs':>8} {'rows':>8} {'events':>10} {'time':>10} {'per event':>12} {'peak':>10}")
        wanted = f"{format_seconds(LARGE_SECONDS)} and {megabytes(LARGE_BYTES)}"
        for method in ("1d", "3d"):
            print("\n".join(time_large(method, release, args)), flush=True)
        print(f"Wanted of 1000 runs are {wanted} at most, and a power of 1.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
