"""Times two checkouts against each other: processor time of the same calls, in interleaved pairs.

    python bench/pairs.py path/to/before path/to/after --data path/to/hess-dl3-dr1      # some ten minutes
    python bench/pairs.py before after --data DATA -n 5 --rows cold:3d datasets:3d-whole      # some rows, fewer pairs

Each checkout has a process of its own, in which a row is called once without being timed and then in turn with the
other's: before, after, before, after. Rows that start with "cold" are whole processes, imports included, of a package
that is compiled as an installed one is. The ratio of a
row is the geometric mean over its pairs of after / before; its error is that of the mean of the logarithms. Both
processes have one thread, so the time is that of the processor whatever else the machine does.

`--without isal` is for machines that have not got that package: both processes do as if it was not installed.

Rows call what both checkouts have. `--after-options '{"responses": "centre"}'` gives further arguments of
`tevcurve.light_curve` to the calls of the second one.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
CRAB = (23523, 23526, 23559, 23592)
NIGHT = tuple(range(33787, 33802))
# What a pair takes at least: shorter calls are repeated, or the clock's steps would be seen.
LEAST_SECONDS = 0.04


class Calls:
    """The rows by name: functions without arguments, made when they are asked for."""

    def __init__(self, data, options):
        self.data, self.options, self._curves, self._folders = data, options, {}, []

    def row(self, name):
        """The function of a row."""
        kind, _, what = name.partition(":")
        if kind == "cold":
            return lambda: self._cold(what)
        if kind == "field":
            return self._field(int(what))
        if kind == "files":
            return lambda: self._curve(what)
        if kind == "keeping":
            return lambda: self._keeping(what)
        if kind == "kept":
            folder = tempfile.TemporaryDirectory()
            self._folders.append(folder)
            self._curve(what, cache=folder.name)
            return lambda: self._curve(what, cache=folder.name)
        if kind == "datasets":
            return self._estimator(what)
        key = what, kind == "intervals"
        if key not in self._curves:
            more = {"interval": "feldman-cousins"} if kind == "intervals" else {}
            self._curves[key] = self._curve(what, **more)
        curve = self._curves[key]
        if kind == "intervals":
            from tevcurve.lightcurve.bins import by_run

            return lambda: curve.rebin(time_bins=by_run())
        if kind == "rebin":
            from tevcurve.lightcurve.bins import by_width

            return lambda: curve.rebin(time_bins=by_width("1 min"))
        if kind == "blocks":
            from tevcurve.lightcurve.bins import bayesian_blocks

            return lambda: curve.rebin(time_bins=bayesian_blocks())
        if kind == "power-spectrum":
            return lambda: curve.timing.power_spectrum()
        return lambda: curve.variability()

    def _curve(self, what, **options):
        """Files to fluxes."""
        import astropy.units as u

        from tevcurve import DataStore, PowerLaw, light_curve
        from tevcurve.lightcurve.bins import by_run, by_width

        source, method, bins, *more = what.split("-")
        runs, target, index = (CRAB, "Crab", 2.6) if source == "crab" else (NIGHT, None, 3.4)
        store = DataStore.from_dir(self.data)
        if target is None:
            from astropy.coordinates import SkyCoord

            target = SkyCoord(329.71693826, -30.2255890, unit="deg")
        return light_curve(
            store.get_observations(list(runs)),
            target,
            by_run() if bins == "run" else by_width(f"{bins.removesuffix('min')} min"),
            energy_edges=[0.7, 20] * u.TeV,
            method=method,
            spectrum=PowerLaw(index=index),
            **dict.fromkeys(more, True),
            **options,
            **self.options,
        )

    def _keeping(self, what):
        """Files to fluxes, each reduced run written into a cache that is new."""
        with tempfile.TemporaryDirectory() as folder:
            self._curve(what, cache=folder)

    def _estimator(self, what):
        """A function that estimates fluxes of the tutorial's datasets, which are made once."""
        sys.path.append(str(HERE.parents[1] / "tools"))
        from curves_to_compare import BAND, DATASETS

        from tevcurve import LightCurveEstimator

        method, bins, *more = what.split("-")
        datasets = DATASETS[method.upper()](self.data.parent)
        if bins == "parts":
            datasets = [part for each in datasets for part in in_parts(each)]
        options = {"reoptimize": True, **dict.fromkeys(more, True)}
        if bins.endswith("min"):
            options["time_bins"] = f"{bins.removesuffix('min')} min"
        estimator = LightCurveEstimator(datasets, source="crab", **options)
        return lambda: estimator.run(**BAND)

    def _field(self, n_sources):
        """A function that finds the minimum of all amplitudes of ten rows of a field, and the columns of one source."""
        from field import drawn_field

        from tevcurve.fit.norms import estimate_norms
        from tevcurve.kernels.all_amplitudes import best_amplitudes
        from tevcurve.kernels.cash_profile import CashLikelihood
        from tevcurve.kernels.one_amplitude import OneAmplitude

        likelihood = CashLikelihood(drawn_field(n_sources, 10).terms())

        def call():
            best_amplitudes(likelihood)
            estimate_norms(OneAmplitude(likelihood), err=1, errn_errp=1, ul_rise=2.706, ts=True)

        return call

    def _cold(self, what):
        """A whole process of the command."""
        command = [sys.executable, "-m", "tevcurve"]
        if what == "help":
            command += ["--help"]
        else:
            command += ["light-curve", str(self.data), "--target", "Crab", "--method", what]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
            )


def in_parts(dataset, number=5):
    """A `SpectrumDatasetOnOff` of one run as a list of datasets of equal parts of its time."""
    start, stop = dataset.gti.intervals[[0, -1], [0, 1]]
    edges = np.linspace(start, stop, number + 1)
    return [dataset.between(pair) for pair in pairwise(edges)]


ROWS = (
    "files:crab-1d-run",
    "files:crab-3d-run",
    "files:crab-3d-run-unbinned",
    "files:crab-3d-run-stacked",
    "files:night-1d-10min",
    "files:night-1d-1min",
    "files:night-3d-run",
    "files:night-3d-1min",
    "keeping:night-1d-run",
    "keeping:night-3d-run",
    "kept:night-3d-run",
    "rebin:night-1d-run",
    "rebin:night-3d-run",
    "rebin:night-3d-run-unbinned",
    "intervals:crab-3d-run",
    "blocks:night-1d-run",
    "blocks:night-3d-run",
    "variability:night-1d-10min",
    "variability:night-1d-2min",
    "variability:night-3d-2min",
    "power-spectrum:night-1d-2min",
    "datasets:1d-whole",
    "datasets:1d-parts",
    "datasets:1d-5min",
    "datasets:3d-whole",
    "datasets:3d-whole-negative",
    "datasets:3d-5min",
    "field:2",
    "field:8",
    "field:30",
    "cold:help",
    "cold:1d",
    "cold:3d",
)


def processor_seconds(cold):
    """Seconds of the processor that this process, or its finished children, have had."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN if cold else resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def answer(data, options):
    """The side of a checkout: reads the name of a row and a number of calls, prints the seconds of one call."""
    calls, row, last = Calls(data, options), None, None
    for line in sys.stdin:
        name, number = line.split()
        if name != last:
            row, last = calls.row(name), name
        start = processor_seconds(name.startswith("cold"))
        for _ in range(int(number)):
            row()
        print((processor_seconds(name.startswith("cold")) - start) / int(number), flush=True)


class Side:
    """The process of a checkout."""

    def __init__(self, checkout, data, options, without=()):
        source = (Path(checkout) / "src").resolve()
        if not (source / "tevcurve").is_dir():
            raise SystemExit(f"{checkout} is no checkout of tevcurve: it has no src/tevcurve.")
        command = [
            sys.executable,
            str(HERE),
            "--answer",
            "--data",
            str(data),
            "--options",
            json.dumps(options),
            *(["--without", *without] if without else []),
        ]
        self._compiled = tempfile.TemporaryDirectory()
        environment = {
            **os.environ,
            **THREADS,
            "PYTHONPATH": str(source),
            "PYTHONPYCACHEPREFIX": self._compiled.name,
        }
        # Where this is set, each process would compile all of its modules.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, row, number=1):
        """Seconds of the processor of a call of a row, the mean of so many."""
        print(row, number, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The process of a checkout ended at the row {row}.")
        return float(line)

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()
        self._compiled.cleanup()


def pairs_of_row(sides, row, n_pairs):
    """Seconds (n_pairs, 2) of the two sides, in turn."""
    for side in sides:
        side.seconds(row)
    number = max(int(np.ceil(LEAST_SECONDS / max(min(side.seconds(row) for side in sides), 1e-4))), 1)
    found = []
    for pair in range(n_pairs):
        # Who comes first alternates: what one leaves in the processor's cache is not always the same one's loss.
        order = (0, 1) if pair % 2 == 0 else (1, 0)
        seconds = {k: sides[k].seconds(row, number) for k in order}
        found.append([seconds[0], seconds[1]])
    return np.array(found)


def parsed(arguments):
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="*", metavar="CHECKOUT", help="before, and after")
    parser.add_argument("--data", type=Path, required=True, help="the folder hess-dl3-dr1")
    parser.add_argument("-n", type=int, default=15, help="pairs (%(default)s)")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--after-options", type=json.loads, default={}, metavar="JSON")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="MODULE", help="as if it was not installed"
    )
    parser.add_argument("--json", type=Path, help="a file for the seconds of all pairs")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--options", type=json.loads, default={}, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if not args.answer and len(args.checkouts) != 2:
        parser.error(f"{len(args.checkouts)} checkouts are given; wanted are two, before and after.")
    return args


def main(arguments=None):
    """Times all rows and prints the ratios."""
    args = parsed(arguments)
    if args.answer:
        # What is None here cannot be imported.
        sys.modules.update(dict.fromkeys(args.without))
        return answer(args.data, args.options)
    if args.without and any(row.startswith("cold") for row in args.rows):
        raise SystemExit(
            "Rows that start with cold are processes of their own, which --without does not reach."
        )
    sides = [
        Side(checkout, args.data, options, args.without)
        for checkout, options in zip(args.checkouts, ({}, args.after_options), strict=True)
    ]
    logs, kept, start = [], {}, time.monotonic()
    print(f"{'row':32} {'before':>10} {'after':>10} {'ratio':>8} {'error':>7}")
    for row in args.rows:
        found = pairs_of_row(sides, row, args.n)
        log = np.log(found[:, 1] / found[:, 0])
        logs.append(log.mean())
        kept[row] = found.tolist()
        before, after = 1e3 * np.median(found, axis=0)
        error = np.exp(log.mean()) * log.std(ddof=1) / np.sqrt(len(log)) if len(log) > 1 else np.nan
        print(f"{row:32} {before:7.1f} ms {after:7.1f} ms {np.exp(log.mean()):8.3f} {error:7.3f}", flush=True)
    print(f"geometric mean of {len(logs)} rows: {np.exp(np.mean(logs)):.3f}")
    print(f"({args.n} pairs, {time.monotonic() - start:.0f} s in all)")
    for side in sides:
        side.close()
    if args.json:
        args.json.write_text(json.dumps(kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
