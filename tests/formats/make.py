"""Make a small result in the format that this version of tevcurve writes: `python tests/formats/make.py`.

It goes to the folder beside this file that has the number of the format. One is made when the number is raised, and
again before a release with fields that the last one has not; those of older formats are never made again.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))


def make(folder):
    """None; two simulated runs of 10 minutes are in a result, in four rows, and a third one is not chosen."""
    from dl3_files import write_store
    from small_store import START, TARGET, run_file

    from tevcurve.cli.main import main

    where = TARGET.ra.deg, TARGET.dec.deg
    runs = [
        run_file(
            number,
            number,
            start,
            (where[0], where[1] + shift),
            n_source=60,
            n_background=240,
            tstop=start + 600,
            telescope="HESS",
        )
        for number, start, shift in ((1, START, 0.5), (2, START + 700, -0.5), (3, START + 9000, 0.5))
    ]
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        write_store(Path("data"), runs)
        line = "light-curve data --target Crab --energy 0.7TeV,2TeV,10TeV --method 1d --output result --cache none"
        main([*line.split(), "--before", "53298.95", "--sigma-sensitivity", "5"])
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree("result", folder)
        os.chdir(HERE)


if __name__ == "__main__":
    from tevcurve.store.result_files import FORMAT

    make(HERE / str(FORMAT))
