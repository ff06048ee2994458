"""Kills at random moments of a job with a cache and a result on disk: `python bench/kills.py`.

A job of 20 runs is killed (SIGKILL) at a random moment and called again, once or by two processes at the same time; the
result on disk is the old one or the new one after the kill, and the new one, byte by byte, in the end.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import astropy.units as u
from astropy.coordinates import SkyCoord

from tevcurve import GTI, DataStore, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.store import RunCache, input_files, write_result

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
N_RUNS, RUN = 20, 600.0  # s


def write_runs(folder):
    """None; a data store of `N_RUNS` simulated runs is in a folder."""
    irfs = ResponseSet.analytic()
    source = SkyModel(
        SkyPointSource.from_position(POSITION), PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1", "1 TeV"), name="source"
    )
    observations = []
    for number in range(N_RUNS):
        start = 7.3e8 + (RUN + 60) * number
        pointing = POSITION.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
        gti = GTI([start], [start + RUN], REFERENCE)
        observations.append(simulate_observation(pointing, gti, irfs, source, number, obs_id=number + 1))
    write_store(folder, observations)


def job(data, runs, result, count=N_RUNS):
    """None; the light curve of the first runs is made with the cache `runs`, and is the result in a folder."""
    observations = DataStore.from_dir(data).get_observations(range(1, count + 1))
    made = light_curve(observations, POSITION, energy_edges=[0.5, 10] * u.TeV, method="1d", cache=runs)
    write_result(result, made, inputs=input_files(observations), overwrite=True)


def start(*arguments):
    """The process number of a child that does the job."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            job(*arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def wait(child):
    """What a child ended with: 0, or the negative number of its signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(folder):
    """The files of a folder: their bytes by their names."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_case(folder, *arguments):
    """What became of one job that was killed: words for what was there after the kill, or for what was wrong."""
    place = Path(tempfile.mkdtemp(dir=folder))
    try:
        return killed_and_called_again(folder, place, *arguments)
    finally:
        shutil.rmtree(place)


def killed_and_called_again(folder, place, seconds, wanted, together, rng):
    """See `one_case`. place: empty folder. together: number of processes at the same time."""
    shutil.copytree(folder / "old", place / "result")
    arguments = folder / "dl3", place / "runs", place / "result"
    children = [start(*arguments) for _ in range(together)]
    # Several on few processors take longer.
    time.sleep(rng.uniform(0, seconds * together))
    for child in children:
        os.kill(child, signal.SIGKILL)
        wait(child)
    found = content(place / "result")
    state = next((name for name, files in wanted.items() if files == found), "BROKEN after the kill")
    stored = len(RunCache(place / "runs").entries())
    if any(wait(child) for child in [start(*arguments) for _ in range(together)]):
        return "FAILED when called again"
    if content(place / "result") != wanted["new"]:
        return "ANOTHER RESULT when called again"
    left = [path.name for path in place.rglob("*.part")] + [path.name for path in place.rglob("*.before")]
    if left or len(RunCache(place / "runs").entries()) != N_RUNS:
        return f"LEFT {left}"
    return f"{state} result, {'some' if 0 < stored < N_RUNS else 'all' if stored else 'no'} runs"


def main():
    """Print what was there after the kills, and whether anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=20, help="cases with two processes at the same time")
    arguments = parser.parse_args()
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_runs(folder / "dl3")
        job(folder / "dl3", folder / "warm", folder / "old", N_RUNS - 1)
        begin = time.perf_counter()
        if wait(start(folder / "dl3", folder / "first", folder / "new")):
            raise SystemExit("The undisturbed job fails.")
        seconds = time.perf_counter() - begin
        wanted = {name: content(folder / name) for name in ("old", "new")}
        print(f"A job of {N_RUNS} runs takes {seconds:.2f} s; it is killed after 0 to {seconds:.2f} s.")
        for together, number in ((1, arguments.kills), (2, arguments.pairs)):
            words = "one process" if together == 1 else "two processes at once"
            found = Counter(one_case(folder, seconds, wanted, together, rng) for _ in range(number))
            print(f"\n{number} kills, {words}: what was there after the kill")
            for state, times in sorted(found.items()):
                print(f"  {times:>4}  {state}")
            wrong = sum(times for state, times in found.items() if state[:4].isupper())
            print(f"  {number - wrong} of {number} ended with the undisturbed result, byte by byte")


if __name__ == "__main__":
    main()
