"""A light curve and all that belongs to it, read without loss from the folder that `write_result` made."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from tevcurve.atomic import recover
from tevcurve.errors import DataError, InputError
from tevcurve.files import CHECKSUMS, Checksums, expand_path
from tevcurve.lightcurve.io import read_table
from tevcurve.lightcurve.ledger import Ledger, RecordedLedger
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.runs import BinsOnDemand, TermsOfRuns
from tevcurve.problems import Problem
from tevcurve.run_id import names_of, parts_together
from tevcurve.store.job_text import job_from_text
from tevcurve.store.older import how_to_make_anew, older_origin
from tevcurve.store.result_files import (
    CONFIG,
    FORMAT,
    GOOD_TIMES,
    JOB,
    LEDGER,
    LIGHT_CURVE,
    OWN,
    PROVENANCE,
    RUN_LIST,
    RUNS,
    inputs_of,
)
from tevcurve.store.small_files import more_values_than, read_json, read_text
from tevcurve.store.stored_runs import RunEntry, RunFolder, StoredRuns

# Formats whose rows are read, and those whose runs are, too: of format 6 unless some are parts of one run, which had
# rows and norms of backgrounds of their own.
READ = (1, 2, 3, 4, 5, 6, 7, FORMAT)
WITH_RUNS = (6, 7, FORMAT)
WITHOUT_PARTS = (6,)
# Of a configuration; references within YAML (`*alias`) make few words into many values.
MAX_VALUES = 100_000


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
        return inputs_of(inputs)
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
