"""Memory and processor time of a light curve of 338,000 rows, two checkouts in turn, each job in a process of its own.

    python bench/rows.py path/to/before path/to/after --data path/to/hess-dl3-dr1 --folder /tmp/rows

The 15 runs of the flare night of PKS 2155-304 are repeated in later nights, their events redrawn, until there are
1000, and each checkout writes the result of these, a row per run. What is measured starts from that result, whose runs
wait in their files, and ends with the rows in bins of 5 s with all columns and a likelihood scan of 11 values: "rows"
has the table in memory, "command" is `tevcurve rebin RESULT --time-bins "5 s" -o OUT`, which writes and prints all
rows, too. The peak is that of the process (ru_maxrss), the seconds are those of the processor with one thread, imports
included.
"""

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from flare_night import AMPLITUDE, INDEX, NORMS, RECO, RUNS, TARGET, TRUE

HERE = Path(__file__).resolve()
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def make_result(data, method, n_runs, folder):
    """None; the result of so many runs is in a folder."""
    from ours_pks2155 import redrawn

    import tevcurve
    from tevcurve.lightcurve.bins import by_run

    light_curve = tevcurve.light_curve(
        tevcurve.DataStore.from_dir(data).get_observations(RUNS),
        TARGET,
        by_run(),
        energy_edges=RECO[[0, -1]],
        method=method,
        spectrum=tevcurve.PowerLaw(index=INDEX, amplitude=AMPLITUDE, reference="1 TeV"),
        sigma_ul=2,
        norm_values=NORMS,
        safe_energy=0.1 if method == "1d" else None,
        e_reco=RECO,
        e_true=TRUE,
    )
    rng, night = np.random.default_rng(1), light_curve.origin.runs
    runs = [redrawn(night[n % len(RUNS)], n // len(RUNS), rng) for n in range(n_runs)]
    origin = replace(light_curve.origin, runs=type(night)(runs)).reduced()
    tevcurve.write_result(folder, origin.light_curve())


def make_rows(folder, width):
    """None; prints how many rows a result has in bins of a width."""
    from tevcurve.store import Result

    print(len(Result.read(folder).light_curve.rebin(width).table))


def measured(checkout, *command):
    """(peak in MB, processor seconds) of a command of a checkout, in a process of its own."""
    environment = {**os.environ, **THREADS, "PYTHONPATH": str((Path(checkout) / "src").resolve())}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *map(str, command)], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(map(str, command))} ended with the status {status}.")
    # Linux counts in kB, macOS in bytes.
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return peak, usage.ru_utime + usage.ru_stime


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkouts", nargs=2, help="before and after")
    parser.add_argument("--data", type=Path, required=True, help="the folder hess-dl3-dr1")
    parser.add_argument("--folder", type=Path, required=True, help="where results are kept and found again")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--width", default="5 s", help="of the bins (%(default)s)")
    parser.add_argument("--pairs", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--methods", nargs="+", choices=("1d", "3d"), default=["1d", "3d"])
    parser.add_argument("--jobs", nargs="+", choices=("rows", "command"), default=["rows", "command"])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{'':12} {'':>7} {'before':>18} {'after':>18}   after / before")
    for method in given.methods:
        results = [given.folder / f"{side}-{method}-{given.runs}" for side in ("before", "after")]
        for checkout, result in zip(given.checkouts, results, strict=True):
            if not result.exists():
                measured(checkout, HERE, "--make", given.data, method, given.runs, result)
        for job in given.jobs:
            print(_row(f"{method} {job}", job, given, results), flush=True)


def _row(name, job, given, results):
    """The line of a job: medians of peaks and seconds of both sides, the mean ratio of the seconds and its error."""
    found = np.empty((given.pairs, 2, 2))
    for pair in found:
        for side, (checkout, result) in enumerate(zip(given.checkouts, results, strict=True)):
            out = given.folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            command = ["-m", "tevcurve", "rebin", result, "--time-bins", given.width, "-o", out]
            pair[side] = measured(
                checkout, *(command if job == "command" else [HERE, "--rows", result, given.width])
            )
    (peaks, seconds), logs = np.median(found, axis=0).T, np.diff(np.log(found[:, :, 1]), axis=1)
    told = [f"{peak:5.0f} MB {second:6.1f} s" for peak, second in zip(peaks, seconds, strict=True)]
    error = logs.std(ddof=1) / np.sqrt(len(logs)) if len(logs) > 1 else np.nan
    ratio = np.exp(logs.mean())
    return f"{name:12} {given.width:>7} {told[0]:>18} {told[1]:>18}   {ratio:.2f} ± {ratio * error:.2f}"


if __name__ == "__main__":
    # Jobs of a process of its own, with the package of the checkout.
    if sys.argv[1] == "--make":
        make_result(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
    elif sys.argv[1] == "--rows":
        make_rows(*sys.argv[2:])
    else:
        main()
