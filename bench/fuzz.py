"""Damages the files of data stores in ten thousand ways, and looks how light curves of them end.

`python bench/fuzz.py` prints a table of how the cases ended, and each finding with its number; `--case NUMBER` runs one
again and prints all about it. Each case is a store of two runs, simulated or real, with one damaged file (of a run, or
an index), and a light curve of it in a child process with limits of 1 GB of memory and 10 s of processor time. It has
to end in a light curve, in which the row of the run that is not damaged has not changed in a digit, or in an error of
one sentence. `--batches` takes stores of 20 runs, two of them damaged.
"""

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread, so that the process can be forked

from fuzzing.cases import JOBS, light_curve_of, make_case, rows_of, run_case
from fuzzing.stores import bases, data_folder, simulated

SEED = 20260801


class Campaign:
    """The undamaged stores and their light curves, and the cases made of them.

    folder: Path, where to put stores. bases: list of `Base`.
    """

    def __init__(self, folder, bases, seed=SEED):
        self.folder, self.seed, self.bases = folder, seed, bases
        self._pristine, self._rows = {}, {}
        for number, base in enumerate(self.bases):
            self._pristine[base.name] = base.write(folder / f"base-{number}")
        # What is there now stays, so that children do not copy it only to look whether it is needed.
        gc.freeze()

    def run(self, number):
        """(`Case`, `Outcome`) of a number."""
        folder = self.folder / f"case-{number}"
        try:
            case = make_case(number, self.seed, self.bases, folder, self._pristine)
            return case, run_case(case, folder, self._rows_of_others(case))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _rows_of_others(self, case):
        """Rows of the runs that are not damaged, or None where all may change."""
        if set(case.damaged) & set(case.base.index) or "minutes" in case.job:
            return None
        key = case.base.name, case.job
        if key not in self._rows:
            folder = self.folder / "undamaged"
            shutil.copytree(self._pristine[case.base.name], folder)
            rows = rows_of(light_curve_of(case.base, folder, case.job))
            shutil.rmtree(folder)
            # A row each run.
            self._rows[key] = dict(zip(case.base.runs.values(), rows.items(), strict=True))
        return dict(row for path, row in self._rows[key].items() if path not in case.damaged)


def main():
    """Runs the cases and prints how they ended; the exit code is 1 where there are findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--case", type=int, help="run this one, and print all about it")
    parser.add_argument("--batches", action="store_true", help="stores of 20 runs, two of them damaged")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    shared_memory = Path("/dev/shm")
    parent = shared_memory if os.access(shared_memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        stores = [simulated("3d", 20)] if options.batches else bases(data_folder())
        campaign = Campaign(Path(folder), stores, options.seed)
        if options.case is not None:
            case, outcome = campaign.run(options.case)
            print(case.number, case.base.name, case.job, *case.damaged, *case.words, sep=" | ")
            print(
                f"{outcome.kind} in {outcome.seconds:.2f} s, {outcome.memory / 1e6:.0f} MB\n{outcome.words}"
            )
            print(*outcome.findings, sep="\n")
            return bool(outcome.findings)
        return bool(run_all(campaign, range(options.first, options.first + options.cases)))


def run_all(campaign, numbers):
    """Runs cases and prints their table; list of (`Case`, `Outcome`) with findings."""
    kinds, found, slowest, largest, started = Counter(), [], 0.0, 0, time.monotonic()
    for number in numbers:
        case, outcome = campaign.run(number)
        kinds[outcome.kind] += 1
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.memory)
        if outcome.findings:
            found.append((case, outcome))
            print(
                f"case {number}: {case.base.name} | {case.job} | {' '.join(case.damaged)} | {' '.join(case.words)}"
            )
            print(
                "   ", outcome.kind, *[one[:1500] for one in outcome.findings[:3]], sep="\n    ", flush=True
            )
            if outcome.kind in ("traceback", "crash"):
                print("    " + outcome.words[-900:].replace("\n", "\n    "), flush=True)
    seconds = time.monotonic() - started
    print("\n| ended in | cases |\n|---|---|")
    for kind, count in kinds.most_common():
        print(f"| {kind} | {count} |")
    print(
        f"\n{len(found)} findings in {len(numbers)} cases, {sum(len(one.runs) for one in campaign.bases)} runs in "
        f"{len(campaign.bases)} stores, {len(JOBS)} kinds of jobs; "
        f"{1e3 * seconds / max(len(numbers), 1):.0f} ms a case, the slowest {slowest:.2f} s, "
        f"the largest {largest / 1e6:.0f} MB."
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
