"""What one run more costs beside the runs that are there: `python bench/growth.py --runs 100 1000`.

Eight short runs are simulated and reduced as in `crowd.py`, and come again and again in later nights with OBS_IDs of
their own. Told are seconds of the processor, medians of five: of one run more for the light curve in Python, for its
result on disk, which is read before (`tevcurve append`), and for the same where who appends has it in memory
(`tevcurve watch`). With `--total 1000` so many runs are then added in Python, in batches of each of `--batches`.
Another checkout is taken with its `src` in PYTHONPATH.
"""

import argparse
import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import astropy.units as u
import crowd
import numpy as np

from tevcurve import GTI, light_curve
from tevcurve.data.observations import Observations
from tevcurve.lightcurve.extending import extend, with_runs
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.engine import light_curve_of
from tevcurve.pipeline.job import Job
from tevcurve.store import write_result

crowd.RUN = 60.0  # s
N_MADE, REPEATS = 8, 5


class Runs:
    """Runs as many as are asked for. method: "3d" or "1d"."""

    def __init__(self, method):
        observations = Observations(crowd.observations(0, N_MADE))
        made = light_curve(observations, crowd.POSITION, energy_edges=[0.5, 10] * u.TeV, method=method)
        self.job = Job.of(made.origin)
        self._made = [made.origin.runs.read(number) for number in range(N_MADE)]

    def run(self, number):
        """The reduced run of a number."""
        run = self._made[number % N_MADE]
        start = 7.3e8 + 86400.0 * (number // 10) + 1740 * (number % 10)
        later = start - run.gti.intervals[0, 0]
        gti = GTI(*(run.gti.intervals + later).T, run.gti.reference)
        run_id = replace(run.run_id, obs_id=str(number + 1))
        return replace(run, run_id=run_id, gti=gti, time_s=run.time_s + later)

    def light_curve(self, n_runs):
        """That of the first runs, which are made one by one."""
        return light_curve_of(self.job, ((self.run(number), None) for number in range(n_runs)), n_runs)

    def inputs(self, n_runs):
        """What a result says of the files of so many runs, which are on no disk."""
        name = self._made[0].run_id.instrument
        return [
            {"path": f"/data/{k}.fits.gz", "sha256": f"{k:064d}", "obs_id": str(k + 1), "instrument": name}
            for k in range(n_runs)
        ]


def with_more(curve, runs):
    """The light curve with more runs."""
    origin, old = with_runs(curve.origin, runs)
    return extend(curve, origin.resolved(), old)


def timed(work):
    """(seconds of the processor, what a function without arguments returns)."""
    begin = time.process_time()
    made = work()
    return time.process_time() - begin, made


def median_of_one_more(thing, numbers, more):
    """(median of the seconds of one run more and one more, what comes back in the end). more: function of both."""
    seconds = []
    for number in numbers:
        new = Observations(crowd.observations(number, number + 1))
        spent, thing = timed(lambda thing=thing, number=number, new=new: more(thing, number, new))
        seconds.append(spent)
    return float(np.median(seconds)), thing


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--method", choices=("3d", "1d"), default="3d")
    parser.add_argument("--total", type=int, default=0, help="so many runs added in Python")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 10, 100])
    given = parser.parse_args()
    logging.getLogger("tevcurve").setLevel(logging.ERROR)
    runs = Runs(given.method)
    print(f"{'runs':>6} {'in Python':>10} {'on disk':>10} {'in memory':>10}", flush=True)
    for n_runs in given.runs:
        curve = runs.light_curve(n_runs)
        numbers = range(n_runs, n_runs + REPEATS)
        python, _ = median_of_one_more(
            curve, numbers, lambda there, number, _: with_more(there, [runs.run(number)])
        )
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "result"
            write_result(folder, runs.light_curve(n_runs), inputs=runs.inputs(n_runs))
            disk, result = median_of_one_more(
                folder, numbers, lambda _, __, new, folder=folder: append_runs(folder, new)
            )
            numbers = range(n_runs + REPEATS, n_runs + 2 * REPEATS)
            memory, _ = median_of_one_more(result, numbers, lambda there, _, new: append_runs(there, new))
        print(f"{n_runs:>6} {python:>10.3f} {disk:>10.3f} {memory:>10.3f}", flush=True)
    for batch in given.batches if given.total else ():
        curve, spent = runs.light_curve(batch), 0.0
        for first in range(batch, given.total, batch):
            new = [runs.run(number) for number in range(first, min(first + batch, given.total))]
            seconds, curve = timed(lambda curve=curve, new=new: with_more(curve, new))
            spent += seconds
        print(f"{given.total} runs in batches of {batch}: {spent:.1f} s in Python", flush=True)


if __name__ == "__main__":
    main()
