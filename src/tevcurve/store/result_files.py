"""The files of a result, and how they are written: whole or not at all, and the same each time."""

import os
import shutil
from functools import cache
from importlib.metadata import version

from tevcurve.atomic import new_folder
from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.files import CHECKSUMS, checksum_of_file, checksums_text, expand_path
from tevcurve.lightcurve.good_times import good_times_table
from tevcurve.lightcurve.io import table_parts
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.product import LightCurve
from tevcurve.run_id import RunId
from tevcurve.store.job_text import job_to_text
from tevcurve.store.run_file import run_to_bytes
from tevcurve.store.small_files import as_json
from tevcurve.store.stored_runs import RunEntry, StoredRuns

FORMAT = 8
LIGHT_CURVE = ("light_curve.fits", "light_curve.ecsv")
LEDGER = {
    "events": "ledger_events.ecsv",
    "seconds": "ledger_times.ecsv",
    "problems": "ledger_problems.ecsv",
}
GOOD_TIMES = "good_times.ecsv"
JOB, RUN_LIST, RUNS = "job.json", "runs.json", "runs"
CONFIG, PROVENANCE = "config.yaml", "provenance.json"
OWN = {*LIGHT_CURVE, *LEDGER.values(), GOOD_TIMES, JOB, RUN_LIST, RUNS, CONFIG, PROVENANCE, CHECKSUMS}
PACKAGES = ("tevcurve", "numpy", "scipy", "astropy")


def write_result(folder, light_curve, *, config=None, inputs=None, overwrite=False, keep_runs=True):
    """The folder (Path) of a light curve with its ledger, its origin, and how it came about; the same each time.

    It is written beside its place and put there at the end, so that it is never there in part.

    Parameters
    ----------
    folder : str or Path; environment variables and ~ are put in
    light_curve : `LightCurve`
    config : dict or YAML text, the configuration with every value that was used
    inputs : list of dicts with `path`, `sha256`, `instrument`, `obs_id` and `part`, such as
        `tevcurve.store.inputs.input_files` makes
    overwrite : bool, whether a result that is there is replaced; what else is in its folder stays
    keep_runs : bool, whether what `rebin` and `append` need is written, too

    Raises `InputError` for what cannot be written, such as a spectrum of the user's own class, `StoreError` where the
    disk does not take it.
    """
    folder = expand_path(folder)
    if not isinstance(light_curve, LightCurve):
        raise InputError(f"light_curve is a {type(light_curve).__name__}; wanted is a LightCurve.")
    origin = light_curve.origin if keep_runs and isinstance(light_curve.origin, LightCurveOrigin) else None
    texts = {PROVENANCE: as_json({"format": FORMAT, **provenance_of(inputs)})}
    if config is not None:
        texts[CONFIG] = _config_text(config)
    if origin is not None:
        texts[JOB] = job_text_of(origin)
    check_is_result(folder, overwrite)
    with new_folder(folder, overwrite) as part:
        keep_others(folder, part)
        if origin is not None:
            entries = write_runs(part / RUNS, origin.runs)
            write_run_list(part, entries, origin.failed)
        write_tables(part, light_curve)
        for name, text in texts.items():
            (part / name).write_bytes(text.encode())
        write_checksums(part, known_checksums(origin))
    return folder


def check_is_result(folder, overwrite=True):
    """Raises `StoreError` where something else than a result would be replaced.

    Parameters
    ----------
    folder : Path that is to be written to
    overwrite : bool, whether what is there is to be replaced; else nothing is raised here
    """
    if overwrite and folder.exists() and not (folder / PROVENANCE).is_file() and any(folder.iterdir()):
        raise StoreError(
            f"{folder} is there and is no result of tevcurve; wanted is a new folder or a result."
        )


def keep_others(old, new, own=None):
    """None; what is in the folder of a result and is not part of it is in the new folder, too.

    Parameters
    ----------
    old : Path of the folder of the result that is there
    new : Path of the folder that takes its place
    own : set of str, names of what is part of it; default: of a result
    """
    for path in old.iterdir() if old.is_dir() else ():
        if path.name in (OWN if own is None else own):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, new / path.name, symlinks=True, copy_function=same_file)
        else:
            same_file(path, new / path.name)


def same_file(old, new, follow_symlinks=False):
    """None; the file has a second name, or a copy where the file system has no second names.

    Parameters
    ----------
    old, new : paths of the file, and of its second name
    follow_symlinks : bool, whether the file that a link leads to is meant, not the link
    """
    try:
        os.link(old, new, follow_symlinks=follow_symlinks)
    except FileNotFoundError:
        raise DataError(f"The file {old} of the result is not there.") from None
    except OSError:
        shutil.copy2(old, new, follow_symlinks=follow_symlinks)


def known_checksums(origin, *others):
    """Dict of path to checksum, as they were written, of what stays of a result: runs of an origin, and others.

    Parameters
    ----------
    origin : the `LightCurveOrigin`
    others : str, paths of further files
    """
    runs = getattr(origin, "runs", None)
    checksums = runs.place.checksums if isinstance(runs, StoredRuns) else None
    listed = {} if checksums is None else checksums.listed or {}
    return {name: digits for name, digits in listed.items() if name in others or name.startswith(f"{RUNS}/")}


def write_checksums(folder, known=None):
    """Dict of path to checksum of all files of a result, which is in its folder, too.

    Parameters
    ----------
    folder : Path of the result
    known : dict of path to checksum, of files that are not written anew: what they were is listed, not what
        they are
    """
    known, listed = known or {}, {}
    names = [name for name in OWN - {RUNS, CHECKSUMS} if (folder / name).is_file()]
    if (folder / RUNS).is_dir():
        with os.scandir(folder / RUNS) as found:
            names += [f"{RUNS}/{one.name}" for one in found if one.name.endswith(".run") and one.is_file()]
    for name in sorted(names):
        listed[name] = known[name] if name in known else checksum_of_file(folder / name)
    (folder / CHECKSUMS).write_bytes(checksums_text(listed).encode())
    return listed


def write_tables(folder, light_curve):
    """None; the tables of a light curve and of its ledger are in a folder.

    Parameters
    ----------
    folder : Path
    light_curve : `LightCurve`
    """
    for name in LIGHT_CURVE:
        _write_table(folder / name, light_curve.table)
    if light_curve.ledger is not None:
        for name, file in LEDGER.items():
            _write_table(folder / file, getattr(light_curve.ledger, name))


def _write_table(path, table):
    """None; the file has the table, part by part. Raises `InputError` as `table_parts`."""
    with open(path, "xb") as stream:
        stream.writelines(table_parts(table, path.name))


def write_runs(folder, runs):
    """List of `RunEntry`; the runs are in a folder, each in a file whose name is made of its content.

    Parameters
    ----------
    folder : Path
    runs : `~tevcurve.lightcurve.runs.Runs`
    """
    folder.mkdir()
    if isinstance(runs, StoredRuns):
        old, new, waiting = f"{runs.place.path}{os.sep}", f"{folder}{os.sep}", runs.place.contents
        for entry in runs.entries:
            if entry.file in waiting:
                (folder / entry.file).write_bytes(waiting[entry.file])
            else:
                same_file(old + entry.file, new + entry.file)
        return list(runs.entries)
    entries = []
    for run in map(runs.read, range(len(runs))):
        content = run_to_bytes(run)
        entry = RunEntry.of(run, content)
        (folder / entry.file).write_bytes(content)
        entries.append(entry)
    return entries


def write_run_list(folder, entries, failed):
    """None; what the runs are is in a folder: for the program, and as a table of good times for people.

    Parameters
    ----------
    folder : Path
    entries : sequence of `RunEntry`
    failed : iterable of `Problem`, of the runs that cannot be used
    """
    (folder / RUN_LIST).write_bytes(run_list_text(entries, failed).encode())
    _write_table(folder / GOOD_TIMES, good_times_table(entries))


def run_list_text(entries, failed):
    """The text of the list of runs, for the program, str.

    Parameters
    ----------
    entries : sequence of `RunEntry`
    failed : iterable of `Problem`, of the runs that cannot be used
    """
    # That of an entry is made once: a list of thousands has one more with each run that is added.
    runs = ", ".join(entry.text for entry in entries)
    problems = ", ".join(as_json(problem.plain(), indent=None).rstrip("\n") for problem in failed)
    return f'{{"runs": [{runs}], "failed": [{problems}]}}\n'


def provenance_of(inputs):
    """Dict of `versions` and `inputs`: what a result was made with and of, nothing of when, where or how long.

    inputs: as of `inputs_of`, or None.
    """
    return {"versions": package_versions(), "inputs": inputs_of(inputs or ())}


def inputs_of(inputs):
    """List of dicts of the files of runs, in order; who says nothing of their instruments does not know these.

    inputs: dicts with `path`, `sha256`, `obs_id`, and what is known of the run beside it.
    """
    known = [
        (RunId.of(each["obs_id"], each.get("instrument", "")), each["path"], each["sha256"])
        for each in inputs
    ]
    return [
        {"path": path, "sha256": sha256, **run_id.plain()}
        for run_id, path, sha256 in sorted(known, key=lambda one: (one[0].order, one[1]))
    ]


def package_versions():
    """Dict of the versions of the packages whose numbers a result has."""
    return dict(_package_versions())


@cache
def _package_versions():
    # They are those of a process from its begin to its end, and are looked up in files.
    return tuple((name, version(name)) for name in PACKAGES)


def job_text_of(origin):
    """The text of the settings of a `LightCurveOrigin`. Raises `InputError` for what cannot be written.

    origin: the `LightCurveOrigin`.
    """
    try:
        return job_to_text({"plan": Plan.of(origin)})
    except InputError as error:
        words = str(error).rstrip(".")
        raise InputError(
            f"{words}, or keep_runs=False, which writes the rows without what rebin needs."
        ) from error


def _config_text(config):
    import yaml

    if isinstance(config, str):
        return config
    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
