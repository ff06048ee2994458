"""A light curve and all that belongs to it as a folder: written whole or not at all, read without loss."""

import os
import shutil
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from tevcurve.atomic import new_folder, recover
from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.files import CHECKSUMS, Checksums, checksum_of_file, checksums_text, expand_path
from tevcurve.lightcurve.good_times import good_times_table
from tevcurve.lightcurve.io import read_table, table_parts
from tevcurve.lightcurve.ledger import Ledger, RecordedLedger
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.runs import BinsOnDemand, TermsOfRuns
from tevcurve.problems import Problem
from tevcurve.run_id import RunId, names_of, parts_together
from tevcurve.store.job_text import job_from_text, job_to_text
from tevcurve.store.older import how_to_make_anew, older_origin
from tevcurve.store.run_file import run_to_bytes
from tevcurve.store.small_files import as_json, more_values_than, read_json, read_text
from tevcurve.store.stored_runs import RunEntry, RunFolder, StoredRuns

FORMAT = 8
# Formats whose rows are read, and those whose runs are, too: of format 6 unless some are parts of one run, which had
# rows and norms of backgrounds of their own.
READ = (1, 2, 3, 4, 5, 6, 7, FORMAT)
WITH_RUNS = (6, 7, FORMAT)
WITHOUT_PARTS = (6,)
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
# Of a configuration; references within YAML (`*alias`) make few words into many values.
MAX_VALUES = 100_000
PACKAGES = ("tevcurve", "numpy", "scipy", "astropy")


@dataclass(frozen=True)
class Appended:
    """What became of the runs that were to be added to a result.

    added, there: tuples of `RunId`, of the new runs and of those that it had. left_out: tuple of `Problem`.
    """

    added: tuple
    there: tuple
    left_out: tuple

    def __str__(self):
        left_out = tuple(one.run_id for one in self.left_out)
        names = names_of((*self.added, *self.there, *left_out))
        words = f"added {_listed(self.added, names)}" if self.added else "added no run"
        words += f"; it had {_listed(self.there, names)}" if self.there else ""
        return words + (f"; left out {_listed(left_out, names)}" if left_out else "")


def _listed(run_ids, names, most=20):
    shown = ", ".join(names[one] for one in run_ids[:most]) + (", ..." if len(run_ids) > most else "")
    return f"{len(run_ids)} run{'s' if len(run_ids) > 1 else ''} ({shown})"


@dataclass(frozen=True, eq=False)
class Result:
    """A light curve with how it came about.

    Attributes
    ----------
    light_curve : `LightCurve`, its rows as they were written, with ledger and origin
    config : dict, the configuration with every value that was used, or None
    provenance : dict: `versions` of packages, `inputs`: list of dicts with `path`, `sha256`,
        and `instrument`, `obs_id` and `part` of the run
    folder : Path
    appended : `Appended`, of a result that `append_runs` gave; else None, and in no file
    """

    light_curve: LightCurve
    config: dict | None
    provenance: dict
    folder: Path
    appended: Appended | None = None

    @classmethod
    def read(cls, folder, accept_changed=False):
        """The result in a folder that `write_result` made; of its runs nothing is read before it is needed.

        Raises `DataError` where there is no result, or it is changed or damaged.

        Parameters
        ----------
        folder : str or Path; environment variables and ~ are put in
        accept_changed : bool, whether a file that is not as it was written, by the result's list of
            checksums, is taken all the same, with a warning; a result without that list is taken as it is
        """
        folder = expand_path(folder)
        recover(folder)
        while True:
            before = _identity(folder)
            try:
                result = cls._read(Checksums.of(folder, accept_changed))
            except DataError:
                if _identity(folder) == before:
                    raise
                continue
            # Else another process has put a new result there, and this would be of both.
            if _identity(folder) == before:
                return result

    @classmethod
    def _read(cls, checksums):
        folder = checksums.folder
        provenance = read_json(checksums, PROVENANCE, "a result of tevcurve")
        number = provenance.get("format")
        if number not in READ:
            raise DataError(
                f"{folder} is of the format {number!r}; this version of tevcurve reads {READ[0]} to {FORMAT}."
            )
        checksums.check_listed(sorted(OWN - {RUNS, CHECKSUMS}))
        config = _read_config(checksums)
        origin = _read_origin(checksums) if number in WITH_RUNS else None
        if number not in WITH_RUNS or (number in WITHOUT_PARTS and _has_parts(origin)):
            origin = _read_older_origin(checksums, number, config)
        light_curve = LightCurve.read(folder / LIGHT_CURVE[0], accept_changed=checksums.accept_changed)
        light_curve = replace(light_curve, origin=origin, ledger=_read_ledger(checksums, origin))
        del provenance["format"]
        if not isinstance(provenance.get("versions"), dict) or not isinstance(provenance.get("inputs"), list):
            raise DataError(f"{folder / PROVENANCE} has no versions or no inputs; a result has both.")
        provenance["inputs"] = _read_inputs(provenance["inputs"], folder / PROVENANCE)
        return cls(light_curve, config, provenance, folder)

    def runs_to_use(self):
        """The `LightCurveOrigin` of the light curve. Raises `InputError` where there is none, with the reason."""
        origin = self.light_curve.origin
        if isinstance(origin, LightCurveOrigin):
            return origin
        if hasattr(origin, "reason"):
            raise InputError(f"The runs of the result {self.folder} cannot be used: {origin.reason}.")
        anew = how_to_make_anew(self.folder, self.config)
        raise InputError(f"The result {self.folder} was written without its runs; {anew}.")

    def __repr__(self):
        return f"<Result in {self.folder}: {self.light_curve!r}>"


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
    """Dict of `versions` and `inputs`: what a result was made with and of, nothing of when, where or how long."""
    return {"versions": package_versions(), "inputs": _inputs_of(inputs or ())}


def _inputs_of(inputs):
    """List of dicts of the files of runs, in order; who says nothing of their instruments does not know these."""
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


def _read_config(checksums):
    import yaml

    path = checksums.folder / CONFIG
    if not path.is_file():
        return None
    try:
        config = yaml.safe_load(checksums.read(CONFIG).decode())
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise DataError(f"{path} cannot be read: it is nested too deep for a configuration.") from None
    if not isinstance(config, dict):
        raise DataError(f"{path} holds a {type(config).__name__}; wanted is a configuration.")
    if more_values_than(config, MAX_VALUES):
        raise DataError(f"{path} cannot be read: it stands for more than {MAX_VALUES} values.")
    return config


def _read_ledger(checksums, origin):
    """`Ledger`, or `RecordedLedger` of a light curve without runs; None where none was written."""
    folder = checksums.folder
    if not (folder / LEDGER["events"]).is_file():
        return None
    tables = {name: read_table(folder / file, checksums) for name, file in LEDGER.items()}
    try:
        recorded = RecordedLedger.from_tables(**tables)
    except KeyError as error:
        raise DataError(f"A ledger in {folder} has no column {error}.") from error
    if not isinstance(origin, LightCurveOrigin):
        return recorded
    bins = BinsOnDemand(origin, origin.runs, origin.terms)
    return Ledger(origin.runs, origin.fates, origin.failed, bins, (bins, recorded))


def _read_origin(checksums):
    """`LightCurveOrigin` whose runs are read when they are needed, or None where none were written."""
    folder = checksums.folder
    if not (folder / JOB).is_file():
        return None
    entries, failed = read_run_list(checksums)
    settings = job_from_text(read_text(checksums, JOB), f"The file {folder / JOB}")
    if not isinstance(settings.get("plan"), Plan):
        raise DataError(f"{folder / JOB} has {sorted(settings)}; wanted is the plan of a light curve.")
    runs = StoredRuns(RunFolder(folder / RUNS, checksums=checksums), entries)
    origin = LightCurveOrigin.of(settings["plan"], runs=runs, failed=failed)
    terms = TermsOfRuns(runs, origin.reduction)
    return replace(origin, terms=terms.terms, fates=terms.fates)


def _has_parts(origin):
    """Whether some of the runs of a `LightCurveOrigin`, or None, are parts of one."""
    return origin is not None and parts_together(run.run_id for run in origin.runs) is not None


def _read_older_origin(checksums, number, config):
    """What there is in place of the runs of an older result, or None where none were written."""
    folder = checksums.folder
    if not (folder / JOB).is_file():
        return None
    return older_origin(folder, number, config, read_table(folder / GOOD_TIMES, checksums))


def _read_inputs(inputs, path):
    """The inputs of a result, also of one that knows runs by their OBS_ID only."""
    try:
        return _inputs_of(inputs)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} has an input without {error}; wanted are path, sha256 and obs_id of each."
        ) from error


def read_run_list(checksums):
    """(list of `RunEntry`, tuple of `Problem`) of a result's folder, whose `Checksums` are given.

    checksums: the `Checksums`.
    """
    folder = checksums.folder
    listed = read_json(checksums, RUN_LIST, "the list of runs of a result")
    try:
        failed = tuple(Problem.from_plain(values) for values in listed["failed"])
        return [RunEntry.from_dict(values) for values in listed["runs"]], failed
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / RUN_LIST} cannot be used: {error}") from error


def _identity(folder):
    """What tells one folder from another at the same place; None where there is none."""
    try:
        state = os.stat(folder)
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_ctime_ns
