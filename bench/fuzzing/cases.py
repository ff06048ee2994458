"""One case: a store with a damaged file, and a light curve made of it in a process of its own, within limits."""

import json
import logging
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
import warnings
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import astropy.units as u
import numpy as np

import tevcurve
from fuzzing.headers import pick
from fuzzing.mutations import BYTES, STRUCTURE
from fuzzing.places import PLACES, compressed
from fuzzing.stores import TARGET, join, split
from tevcurve.data.hdu_uses import hdu_uses
from tevcurve.data.targets import targets_of
from tevcurve.data.write import observation_tables
from tevcurve.errors import TevcurveError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.problems import INTERNAL

MEMORY = 2**30  # bytes that a case may take beyond what the process has
SECONDS = 10  # of processor time
HANGS = 60  # seconds on the clock after which a case hangs: the machine may be busy
STATUSES = {
    "ok",
    "at_zero",
    "at_bound",
    "no_events",
    "no_livetime",
    "outside_fov",
    "no_exposure",
    "not_converged",
    "shape_fixed",
}
JOBS = {
    "3d": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg"},
    "3d, whole store": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg"},
    "3d, unbinned": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg", "unbinned": True},
    "3d, stacked": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg", "stacked": True},
    "1d": {"method": "1d"},
    "1d, by name": {"method": "1d"},
    "3d, looked at": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg"},
    "1d, cached": {"method": "1d"},
    "3d, minutes": {"method": "3d", "binsz": "0.1 deg", "width": "1.5 deg", "time_bins": by_width("2 min")},
}
LOOKED_AT = (
    "aeff",
    "edisp",
    "psf",
    "bkg",
    "rad_max",
    "pointing",
    "tstart",
    "tstop",
    "ontime",
    "livetime",
    "deadc",
    "zenith",
)
LOOKED_AT += ("azimuth", "location", "target_name", "obs_mode", "good_events", "meta")
ROW_COLUMNS = ("flux", "flux_err", "flux_ul", "norm_errp", "norm_errn", "ts")


@dataclass(frozen=True)
class Case:
    """What is done in a case: its number, the store, the job, the files that are damaged, and how, in words."""

    number: int
    base: object
    job: str
    damaged: tuple
    words: tuple


@dataclass
class Outcome:
    """How a case ended: kind ("result", "error", or what went wrong), words, findings, seconds, bytes of memory."""

    kind: str = "crash"
    words: str = ""
    findings: list = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0


def make_case(number, seed, bases, folder, pristine):
    """The `Case` of a number, whose damaged store is in a folder; the same at each call.

    Of a store of many runs a tenth is damaged; of the others, one run or an index. pristine: dict of base name and
    folder of the undamaged store.
    """
    rng = np.random.default_rng([seed, number])
    base = pick(rng, bases)
    jobs = tuple(name for name, options in JOBS.items() if options["method"] == "1d")
    job = pick(rng, jobs if base.point_like else tuple(JOBS))
    if len(base.runs) >= 10:
        damaged = tuple(rng.permutation(list(base.runs.values()))[: len(base.runs) // 10].tolist())
    else:
        of_index = rng.random() < 0.25 and base.index
        damaged = (pick(rng, base.index if of_index else tuple(base.runs.values())),)
    shutil.copytree(pristine[base.name], folder, copy_function=os.link)
    words = [word for path in damaged for word in _damage(rng, folder / path, base.files[path])]
    return Case(number, base, job, damaged, tuple(words))


def _damage(rng, path, content):
    """Puts a damaged file in place of one; list of what was done."""
    if rng.random() < 0.04:
        place = pick(rng, PLACES)
        place(rng, path, content)
        return [place.__name__]
    words = []
    if rng.random() < 0.75:
        hdus = split(content)
        for _ in range(int(pick(rng, (1, 1, 1, 2, 3)))):
            mutate = pick(rng, STRUCTURE)
            words.append(mutate.__name__)
            if hdus:
                mutate(rng, hdus)
        content = join(hdus)
    if content and (not words or rng.random() < 0.1):
        mutate = pick(rng, BYTES)
        words.append(mutate.__name__)
        content = mutate(rng, content)
    if rng.random() < 0.15:
        words.append("compressed")
        content = compressed(rng, content)
    path.unlink()
    path.write_bytes(content)
    return words


def light_curve_of(base, folder, job):
    """The light curve of a store for a job."""
    make = tevcurve.DataStore.from_file if base.single else tevcurve.DataStore.from_dir
    store = make(folder / base.index[0] if base.single else folder)
    options = {"time_bins": by_run(), "energy_edges": [1, 10] * u.TeV, "norm_values": None} | JOBS[job]
    if "by name" in job:
        return tevcurve.light_curve(store, "Crab", **options)
    if "cached" in job:
        # Once into the cache of reduced runs, and once out of it.
        options["cache"] = folder / "runs"
        tevcurve.light_curve(store.get_observations(), TARGET, **options)
    if "looked at" in job:
        look_at(store)
    observations = store if "whole" in job else store.get_observations()
    return tevcurve.light_curve(observations, TARGET, **options)


def look_at(store):
    """Asks a store and its observations for all that they have to tell; what cannot be told has to be a sentence."""
    asked = [lambda: str(store), store._repr_html_, lambda: store.obs_table, lambda: store.hdu_table]
    asked += [partial(targets_of, store), partial(hdu_uses, store)]
    for one in store.get_observations():
        asked += [partial(str, one), one._repr_html_, partial(observation_tables, one)]
        asked += [lambda one=one: one.check_tracking(), lambda one=one: str(one.events.table)]
        asked += [lambda one=one: str(one.gti.table), lambda one=one: str(one.events)]
        asked += [lambda one=one, name=name: str(getattr(one, name)) for name in LOOKED_AT]
    for ask in asked:
        try:
            ask()
        except TevcurveError as error:
            if check_sentence(str(error)):
                raise


def rows_of(light_curve):
    """The numbers of a light curve by the start of their time bin and band, dict."""
    table, columns = light_curve.table, [name for name in ROW_COLUMNS if name in light_curve.table.colnames]
    keys = zip(table["time_min"].tolist(), table["e_min"].tolist(), strict=True)
    values = zip(*(np.asarray(table[name], dtype=float).tolist() for name in columns), strict=True)
    return {
        f"{start:.9f} {energy:.6g}": [repr(one) for one in row]
        for (start, energy), row in zip(keys, values, strict=True)
    }


def run_case(case, folder, undamaged):
    """The `Outcome` of a case, in a child of this process.

    undamaged: rows of the light curve of the undamaged store, for the runs that are not damaged, or None.
    """
    reader, writer = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(case, folder, undamaged, writer)
    os.close(writer)
    said, ended = bytearray(), False
    while not ended and (left := started + HANGS - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            piece = os.read(reader, 65536)
            said += piece
            ended = not piece
    if not ended:
        os.kill(pid, signal.SIGKILL)
    os.close(reader)
    _, status, usage = os.wait4(pid, 0)
    seconds = usage.ru_utime + usage.ru_stime
    if not ended or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return Outcome("time limit", f"{seconds:.0f} s, or hanging", ["time limit"], seconds)
    try:
        outcome = Outcome(**json.loads(said))
    except (ValueError, TypeError):
        return Outcome(
            "crash", f"the process ended with {status}: {bytes(said[-500:])!r}", ["crash"], seconds
        )
    outcome.seconds, outcome.memory = seconds, usage.ru_maxrss * 1024
    return outcome


def _child(case, folder, undamaged, writer):
    """The case itself; never returns."""
    try:
        sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (until the process ends)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        logging.disable(logging.CRITICAL)
        outcome = _try_case(case, folder, undamaged)
        os.write(writer, json.dumps(outcome.__dict__).encode())
    finally:
        os._exit(0)


def _try_case(case, folder, undamaged):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # A date that is far off can be told all the same, and who asks for it in UTC gets this from astropy.
        warnings.filterwarnings("ignore", message=".*dubious year")
        try:
            made = light_curve_of(case.base, folder, case.job)
            text = str(made.ledger)
            outcome = Outcome("result", text[-1500:], check_result(made, case, undamaged))
        except TevcurveError as error:
            outcome = Outcome("error", str(error), check_sentence(str(error)))
        except BaseException:
            outcome = Outcome("traceback", traceback.format_exc()[-3000:], ["traceback"])
    outcome.findings += [
        f"warning: {one.category.__name__}: {one.message} ({one.filename}:{one.lineno})" for one in caught
    ][:5]
    return outcome


def check_sentence(words):
    """What is wrong with the words of an error, list of str."""
    if INTERNAL in words or "internal error" in words.lower():
        return [f"internal error: {words}"]
    fine = words.endswith(".") and words.isprintable() and 10 < len(words) < 3000 and "Traceback" not in words
    return [] if fine else [f"no sentence: {words[:500]!r}"]


def check_result(made, case, undamaged):
    """What is wrong with a light curve: a row without a number that says nothing about it, or rows that changed."""
    findings = []
    for problem in (*made.ledger.failed, *made.ledger.warnings):
        findings += check_sentence(problem.reason)
        if problem.stage == INTERNAL:
            findings.append(f"internal error: {problem.reason}")
    for row in made.table:
        if row["status"] not in STATUSES:
            findings.append(f"status {row['status']}")
        elif row["status"] == "ok" and not (np.isfinite(row["flux"]) and np.isfinite(row["flux_ul"])):
            findings.append(f"ok, and the flux is {row['flux']} with the limit {row['flux_ul']}")
        elif row["status"] != "ok" and not str(row["reason"]):
            findings.append(f"{row['status']} without a reason")
    if undamaged is not None:
        rows = rows_of(made)
        changed = [key for key, row in undamaged.items() if rows.get(key) != row]
        findings += [
            f"the row {key} of another run is {rows.get(key)}; it was {undamaged[key]}" for key in changed[:2]
        ]
    return findings
