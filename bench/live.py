"""From a whole file to its rows and alerts on disk, in a process that stays: two checkouts in turn.

    python bench/live.py path/to/before path/to/after --data path/to/hess-dl3-dr1 --others path/to/ctao_gammapy_written
    python bench/live.py before after --data DATA --others CTAO --rows hess-3d cta-file      # some rows

`tevcurve watch` runs in a process of each checkout, and has the same files moved into its folder, one after the other.
Timed is the look that takes a file: seconds of the processor and of waiting for the disk (fsync), from the file that is
there, not yet read, to the result and the line of the alerts on disk; the threshold is found with the first file, which
is not among those timed. `append` times `append_runs` of a run of 106,000 events in the same way. A row has medians
over its files, and the ratio of after to before, the geometric mean over the files with its error.

Runs are simulated from the responses of a public run of H.E.S.S. and of the run there as CTAO's files are written, the
background scaled to 106,000 events in 30 minutes. A source is in the field, at a tenth of the Crab Nebula.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

HERE = Path(__file__).resolve()
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RUN_S, CHUNK_S, PAUSE_S, CTA_EVENTS = 1800.0, 75.0, 120.0, 106_000
POSITION, QUIET = (83.63, 22.01), "1e-11 cm-2 s-1"
COMMON = [
    "--target",
    "83.63 22.01",
    "--position",
    "83.63 22.01",
    "--safe-energy",
    "none",
    "--baseline-flux",
    QUIET,
]
HESS = ["--energy", "0.8TeV,20TeV", "--time-bins", "5min"]
CTA = ["--energy", "0.1TeV,10TeV", "--time-bins", "5min"]
# Name: (files, telescope, s of each, options of watch).
NIGHTS = {
    "hess-3d": ("hess", CHUNK_S, [*HESS, "--method", "3d"]),
    "hess-1d": ("hess", CHUNK_S, [*HESS, "--method", "1d"]),
    "cta-chunk": ("cta", CHUNK_S, CTA),
    "cta-file": ("cta", RUN_S, CTA),
    "append": ("cta", RUN_S, None),
}


def responses(kind, data, others):
    """(`ResponseSet`, `TimeReference`, mission s of the first good time) of a kind of telescope."""
    from tevcurve import DataStore
    from tevcurve.simulation import ResponseSet

    store = DataStore.from_dir(data if kind == "hess" else others)
    template = store.get_observations([33787] if kind == "hess" else None)[0]
    irfs, reference = ResponseSet.from_observation(template), template.gti.reference
    if kind == "cta":
        table = irfs.bkg.table
        few = len(observation(irfs, reference, 0.0, RUN_S, 1, None).events)
        columns = {name: values * (CTA_EVENTS / few) for name, values in table.columns.items()}
        irfs = replace(irfs, bkg=replace(irfs.bkg, table=replace(table, columns=columns)))
    return irfs, reference, float(template.gti.intervals[0, 0])


def observation(irfs, reference, start, seconds, number, source):
    """A simulated observation of some seconds of a run."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from tevcurve.data import GTI
    from tevcurve.simulation import simulate_observation

    centre = SkyCoord(*POSITION, unit="deg")
    pointing = centre.directional_offset_by(180 * number * u.deg, 0.5 * u.deg)
    gti = GTI([start], [start + seconds], reference)
    sources = () if source is None else (source,)
    seed = int(start) % 2**31
    return simulate_observation(pointing, gti, irfs, *sources, random_state=seed, obs_id=number + 1)


def prepare(folder, kind, seconds, number_of_files, data, others):
    """Writes the files of a night, named in the order of time."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from tevcurve import PowerLaw, SkyModel, SkyPointSource
    from tevcurve.data.write import observation_tables, write_tables

    irfs, reference, begin = responses(kind, data, others)
    place = SkyPointSource.from_position(SkyCoord(*POSITION, unit="deg"))
    source = SkyModel(place, PowerLaw(2.6, "3e-12 cm-2 s-1 TeV-1", 1 * u.TeV), name="source")
    folder.mkdir()
    each = int(RUN_S // seconds)
    for number in range(number_of_files):
        run, part = divmod(number, each)
        start = begin + run * (RUN_S + PAUSE_S) + part * seconds
        one = observation(irfs, reference, start, seconds, run, source)
        write_tables(folder / f"part{number:05d}.fits.gz", observation_tables(one).values())


class Clock:
    """Seconds of the processor, and of waiting for the disk: those in which it did nothing but that."""

    def __init__(self):
        self._waited, self._n_waiting, self._since = 0.0, 0, (0.0, 0.0)
        self._fsync, self._lock = os.fsync, Lock()
        os.fsync = self._timed

    def _timed(self, handle):
        with self._lock:
            self._n_waiting += 1
            if self._n_waiting == 1:
                self._since = time.perf_counter(), time.process_time()
        try:
            self._fsync(handle)
        finally:
            with self._lock:
                self._n_waiting -= 1
                if self._n_waiting == 0:
                    wall, cpu = time.perf_counter() - self._since[0], time.process_time() - self._since[1]
                    self._waited += max(wall - cpu, 0.0)

    def seconds(self):
        """(of the processor, of waiting) so far."""
        return time.process_time(), self._waited


def answers(clock, take):
    """Reads lists of files and prints the seconds that `take` took of each: of the processor, of waiting."""
    for line in sys.stdin:
        paths, before = [Path(one) for one in json.loads(line)], clock.seconds()
        before = take(paths) or before
        print(
            json.dumps([b - a for a, b in zip(before, clock.seconds(), strict=True)]),
            file=sys.__stdout__,
            flush=True,
        )


def watching(row, folder):
    """The side of a checkout in a row of `watch`."""
    from tevcurve.cli import on_watch
    from tevcurve.cli.main import main

    clock = Clock()

    def stay(watch, poll_s, stop):
        def take(paths):
            for path in paths:
                shutil.copyfile(path, folder / "data" / f".{path.name}")
            watch.look()
            for path in paths:
                os.rename(folder / "data" / f".{path.name}", folder / "data" / path.name)
            before = clock.seconds()
            watch.look()
            return before

        answers(clock, take)

    on_watch.stay = stay
    (folder / "data").mkdir()
    sys.stdout = sys.stderr
    return main(["watch", str(folder / "data"), "-o", str(folder / "result"), *COMMON, *NIGHTS[row][2]])


def appending(folder):
    """The side of a checkout in the row `append`."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from tevcurve import light_curve
    from tevcurve.data.observations import Observations
    from tevcurve.pipeline.append import append_runs
    from tevcurve.pipeline.given_data import open_stores
    from tevcurve.store import input_files, write_result

    clock, there = Clock(), [folder / "result"]

    def take(paths):
        result, paths = there[0], [str(path) for path in paths]
        if not isinstance(result, Path) or result.exists():
            there[0] = append_runs(result, paths)
            return
        stores = open_stores(paths)
        some = Observations([one for store in stores for one in store.get_observations()])
        made = light_curve(
            some, SkyCoord(*POSITION, unit="deg"), energy_edges=[0.1, 10] * u.TeV, safe_energy=None
        )
        write_result(result, made, inputs=input_files(some))

    answers(clock, take)


class Side:
    """The process of a checkout in a row."""

    def __init__(self, checkout, row, folder):
        source = (Path(checkout) / "src").resolve()
        if not (source / "tevcurve").is_dir():
            raise SystemExit(f"{checkout} is no checkout of tevcurve: it has no src/tevcurve.")
        folder.mkdir()
        environment = {
            **os.environ,
            **THREADS,
            "PYTHONPATH": str(source),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        command = [sys.executable, str(HERE), "--answer", row, str(folder)]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, paths):
        """[of the processor, of waiting for the disk] that files took which came at the same time."""
        print(json.dumps([str(path) for path in paths]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The process of a checkout ended at the file {paths[0]}.")
        return json.loads(line)

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def timed(row, checkouts, files, first, folder):
    """Seconds (n_files, n_sides, 2) of the processor and of waiting, in turn; the first files come at once."""
    sides = [Side(one, row, folder / f"side{number}") for number, one in enumerate(checkouts)]
    for side in sides:
        side.seconds(files[:first])
    found = []
    for number, path in enumerate(files[first:]):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        seconds = {k: sides[k].seconds([path]) for k in order}
        found.append([seconds[k] for k in range(len(sides))])
    for side in sides:
        side.close()
    return np.array(found)


def words_of(row, found):
    """A line of the table."""
    sums = found.sum(axis=2)
    text = f"{row:12}"
    for k in range(found.shape[1]):
        text += f" {1e3 * np.median(sums[:, k]):7.0f} ms ({1e3 * np.median(found[:, k, 1]):4.0f})"
        text += f" {1e3 * np.max(sums[:, k]):7.0f}"
    if found.shape[1] == 2:
        log = np.log(sums[:, 1] / sums[:, 0])
        ratio = np.exp(log.mean())
        text += f" {ratio:7.3f} {ratio * log.std(ddof=1) / np.sqrt(len(log)):6.3f}"
    return text


def parsed(arguments):
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="*", metavar="CHECKOUT", help="before, and after; or one alone")
    parser.add_argument("--data", type=Path, help="the folder hess-dl3-dr1")
    parser.add_argument("--others", type=Path, help="a folder with a run whose responses are as CTAO's")
    parser.add_argument("--rows", nargs="+", choices=NIGHTS, default=list(NIGHTS), metavar="ROW")
    parser.add_argument("-n", type=int, default=24, help="files that are timed (%(default)s)")
    parser.add_argument("--first", type=int, default=1, help="files that are there before (%(default)s)")
    parser.add_argument("--files", type=Path, help="a folder in which the simulated files are kept")
    parser.add_argument("--json", type=Path, help="a file for the seconds of all files")
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.answer is None and not (args.checkouts and args.data and args.others):
        parser.error("Wanted are a checkout or two, --data and --others.")
    return args


def main(arguments=None):
    """Times all rows and prints them."""
    args = parsed(arguments)
    if args.answer:
        row, folder = args.answer[0], Path(args.answer[1])
        return appending(folder) if row == "append" else watching(row, folder)
    kept = {}
    print("median seconds of processor and disk (of these the disk), the most; after / before and its error")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for row in args.rows:
            kind, seconds, _ = NIGHTS[row]
            number = args.n + args.first
            files = (args.files or folder) / f"{kind}-{seconds:.0f}-{number}"
            if not files.is_dir():
                prepare(files, kind, seconds, number, args.data, args.others)
            (folder / row).mkdir()
            found = timed(row, args.checkouts, sorted(files.iterdir()), args.first, folder / row)
            kept[row] = found.tolist()
            print(words_of(row, found), flush=True)
    if args.json:
        args.json.write_text(json.dumps(kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
