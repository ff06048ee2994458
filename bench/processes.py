"""What more processes bring: `python bench/processes.py --runs 300 --n-jobs 1 2`.

The runs are simulated as in `crowd.py`; `tevcurve.light_curve` makes their light curve, in a process of its own that
has made one of two runs before. Told are the seconds that it takes, those of the processor that the process that
collects the runs has had, and those of its workers. Where the machine has other work the first are of no use; the
share of the one that collects is: however many processes there are, all of it takes at least as long as that one.
Numbers of processes are taken in turn, forwards and backwards, and at the end the ratio of the seconds of the first
number to those of each other one is told, pair by pair, with its error: on a calm machine what a person gains
(`--runs 140 --repeats 5`, some minutes). Several checkouts are taken in turn: `--checkouts path/to/before
path/to/after`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def used(whose):
    """Seconds of the processor."""
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def answer(data, method, n_jobs):
    """The side of a checkout: prints its seconds, and the fluxes."""
    import astropy.units as u
    from crowd import POSITION

    from tevcurve import DataStore, light_curve

    observations = DataStore.from_dir(data).get_observations()
    options = {"energy_edges": [0.5, 10] * u.TeV, "method": method}
    light_curve(observations[:2], POSITION, **options)
    before, start = (used(resource.RUSAGE_SELF), used(resource.RUSAGE_CHILDREN)), time.perf_counter()
    made = light_curve(observations, POSITION, n_jobs=n_jobs, **options)
    seconds = time.perf_counter() - start
    own = used(resource.RUSAGE_SELF) - before[0]
    workers = used(resource.RUSAGE_CHILDREN) - before[1]
    print(json.dumps([seconds, own, workers, made.table["flux"].tolist()]))


def asked(checkout, data, method, n_jobs):
    """[seconds, seconds of the processor of the one that collects, of its workers, fluxes] of a checkout."""
    path = os.pathsep.join([str((Path(checkout) / "src").resolve()), str(HERE.parent)])
    command = [sys.executable, str(HERE), "--answer", "--data", str(data), "--method", method]
    done = subprocess.run(
        [*command, "--n-jobs", str(n_jobs)],
        env={**os.environ, **THREADS, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def parsed():
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300, help="how many are simulated (%(default)s)")
    parser.add_argument("--data", type=Path, help="a folder for them, where they are found again")
    parser.add_argument("--method", choices=("3d", "1d"), default="3d")
    parser.add_argument("--n-jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--checkouts", nargs="+", default=[HERE.parents[1]])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Print the table."""
    given = parsed()
    if given.answer:
        return answer(given.data, given.method, given.n_jobs[0])
    with tempfile.TemporaryDirectory() as temporary:
        data = given.data or Path(temporary) / "data"
        if not data.exists():
            from crowd import observations

            from tevcurve.data.write import write_store

            write_store(data, observations(0, given.runs))
        cases = [(checkout, n_jobs) for checkout in given.checkouts for n_jobs in given.n_jobs]
        found = {case: [] for case in cases}
        for number in range(given.repeats):
            # Forwards and backwards: what a machine does meanwhile is in both.
            for checkout, n_jobs in cases[:: -1 if number % 2 else 1]:
                found[checkout, n_jobs].append(asked(checkout, data, given.method, n_jobs))
    print(f"{'checkout':30} {'n_jobs':>6} {'seconds':>9} {'collects':>9} {'workers':>9} {'share':>6}")
    first = found[cases[0]][0][3]
    for (checkout, n_jobs), times in found.items():
        seconds, own, workers = np.median([each[:3] for each in times], axis=0)
        share = own / (own + workers)
        line = (
            f"{str(checkout)[-30:]:30} {n_jobs:>6} {seconds:>9.2f} {own:>9.2f} {workers:>9.2f} {share:>6.2f}"
        )
        apart = max(np.max(np.abs(np.divide(each[3], first) - 1)) for each in times)
        print(f"{line}   fluxes within {apart:.0e}")
    tell_gains(found, given)
    return 0


def tell_gains(found, given):
    """None; how many times faster more processes are than the first number of them, by pairs, is printed."""
    first, *others = given.n_jobs
    for checkout in given.checkouts:
        for n_jobs in others:
            ratios = np.divide(
                *([times[0] for times in found[checkout, number]] for number in (first, n_jobs))
            )
            error = np.std(ratios, ddof=1) / np.sqrt(len(ratios)) if len(ratios) > 1 else np.nan
            told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            print(
                f"{str(checkout)[-30:]}: n_jobs={n_jobs} is {np.mean(ratios):.2f} ± {error:.2f} times as fast as "
                f"n_jobs={first} by the clock, in {len(ratios)} pairs ({told})"
            )


if __name__ == "__main__":
    sys.exit(main())
