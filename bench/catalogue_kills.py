"""A catalogue that is killed and goes on: `python bench/catalogue_kills.py --data others/ctao_gammapy_written`.

`tevcurve light-curves` makes the light curves of all positions in simulated runs as those of `bench/catalogue.py`: once
in one go, and once killed (SIGKILL) at random moments and called again. The folders are the same, byte by byte.
"""

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Table
from catalogue import CENTRE, REACH, store_of


def write_input(data, folder, runs, positions):
    """None; simulated runs and positions are in a folder. The arguments are those of the command line."""
    store_of(data, folder / "runs", runs)
    write_positions(folder / "positions.csv", positions)


def write_positions(path, number):
    """None; so many positions are in a file. path, number: of the file, and how many."""
    rng = np.random.default_rng(1)
    offsets = REACH * np.sqrt(rng.random(number)) * u.deg
    places = CENTRE.directional_offset_by(360 * rng.random(number) * u.deg, offsets).icrs
    names = [f"place {each}" for each in range(number)]
    Table({"name": names, "ra": places.ra.deg, "dec": places.dec.deg}).write(path, format="ascii.csv")


def tree(folder):
    """Dict of the files of a folder to their checksums. folder: Path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="folder of a run whose responses are taken")
    parser.add_argument("--positions", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=1)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # By another process, or the memory of the simulation would count as that of whoever comes after it.
        made = Process(target=write_input, args=(asked.data, folder, asked.runs, asked.positions))
        made.start()
        made.join()
        command = [sys.executable, "-m", "tevcurve", "light-curves", str(folder / "runs")]
        command += [str(folder / "positions.csv"), "--energy", "0.1TeV,10TeV", "--n-jobs", str(asked.n_jobs)]

        def begun(output):
            return subprocess.Popen(
                [*command, "--output", str(folder / output)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        start = time.monotonic()
        _, status, used = os.wait4(begun("whole").pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"The command ended with {os.waitstatus_to_exitcode(status)}.")
        took = time.monotonic() - start
        print(
            f"in one go: {took:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU, "
            f"at most {used.ru_maxrss / 1024:.0f} MB",
            flush=True,
        )
        entries = []
        for _ in range(asked.kills):
            process = begun("killed")
            time.sleep(draw.uniform(0.5, 1.5) * took / asked.kills)
            process.kill()
            process.wait()
            entries.append(len(list((folder / "killed" / "entries").glob("*.rows"))))
        print(f"entries after each kill: {entries}", flush=True)
        begun("killed").wait()
        same = tree(folder / "whole") == tree(folder / "killed")
        left = sorted(path.name for path in folder.iterdir())
        print(f"the same bytes: {same}; in the folder: {', '.join(left)}")
        sys.exit(not same)


if __name__ == "__main__":
    main()
