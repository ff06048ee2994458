"""A data store: the runs of DL3 files, by two index tables that lead to them, or by what the files say."""

import logging
import os
from collections import Counter
from functools import cached_property, partial
from html import escape
from pathlib import Path

import numpy as np

from tevcurve.data.found_files import files_in
from tevcurve.data.index_making import obs_index
from tevcurve.data.index_tables import find_table
from tevcurve.data.observation import Observation
from tevcurve.data.observations import Observations
from tevcurve.data.run import Run
from tevcurve.data.run_files import ResponseFiles
from tevcurve.data.store_folders import StoreFolders, index_below
from tevcurve.data.store_tables import FoundTables, IndexTables, table_of_bytes
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.files import FileCache, FitsFile, expand_path
from tevcurve.files.columns import listed
from tevcurve.files.content import LARGEST_FILE
from tevcurve.run_id import RunId, run_number

log = logging.getLogger(__name__)


class DataStore:
    """DL3 data behind an HDU index and an observation index, or behind one of them or none.

    A run whose rows in them cannot be used is there nevertheless: its observation says why when it is read.

    Parameters
    ----------
    hdu_table : `Table`, the HDU index
    obs_table : `Table`, the observation index; None: the runs are those of the HDU index, and what an observation index
        says of them is read from the headers of their events
    base_dir : folder that the FILE_DIR of the HDU index start from
    name : what to call the store in messages
    data_root : folder in which FILE_DIR may lead anywhere, also by `..` or as an absolute path; where the base folder
        has not what a FILE_DIR says, that starts here. Default: the base folder, or where that is inside an `index`
        beside a `data` or a `caldb`, as in `index/gps`, the folder of these
    irfs : path of a file with responses that are taken in place of those of the index, or a list of such: of each kind
        the only one, or the one that names the run or its instrument
    follow_links : bool, whether links may lead to files outside of that folder; links inside it are always
        followed
    largest_file : bytes of the largest file that is read, inflated

    Raises `InputError` where the data_root is no folder, `DataError` where irfs have no response.

    left_out : list of (`Path`, why, in a clause), files that are of no run; none where an index leads to the runs
    files : `FileCache` that its files are read by
    has_obs_index : bool; without one `obs_table` is made of the headers of the events
    """

    def __init__(
        self,
        hdu_table,
        obs_table,
        base_dir,
        name=None,
        *,
        data_root=None,
        irfs=None,
        follow_links=False,
        largest_file=LARGEST_FILE,
    ):
        base_dir, name = Path(base_dir), str(name or base_dir)
        folders = StoreFolders.of(base_dir, data_root)
        files = _file_cache(folders.root, follow_links, largest_file)
        irfs = None if irfs is None else ResponseFiles.open(irfs, files)
        self._set(IndexTables(hdu_table, obs_table, folders, name, files, irfs), files, base_dir, name)

    def _set(self, tables, files, base_dir, name):
        self.base_dir, self.name, self._tables, self.files = base_dir, name, tables, files
        self.left_out, self.has_obs_index = tables.left_out, tables.has_obs_index

    @classmethod
    def from_file(cls, path, **options):
        """DataStore of one FITS file that has both index tables, or an HDU index; its folder is the base folder.

        Parameters
        ----------
        path : str or Path; environment variables and ~ are put in
        options : data_root, irfs, follow_links, largest_file
        """
        path = expand_path(path)
        file = FitsFile.open(path, options.get("largest_file", LARGEST_FILE))
        hdu_table = find_table(file, "HDU")
        return cls(hdu_table, find_table(file, "OBS", needed=False), path.parent, path, **options)

    @classmethod
    def from_dir(cls, path, **options):
        """DataStore of a folder with hdu-index.fits(.gz) and obs-index.fits(.gz), or without.

        Without an observation index the headers of the events say what it would. Without an HDU index the runs
        are those of all FITS files in it and in its folders, as in `from_events_files`; where it has no file itself and
        one of its folders an index, that is taken.

        Parameters
        ----------
        path : str or Path; environment variables and ~ are put in
        options : data_root, irfs, follow_links, largest_file

        Raises `DataError` where there is no folder, where it has several HDU indices, and where it has no runs.
        """
        folder = expand_path(path)
        if not folder.is_dir():
            raise DataError(f"The folder {folder} does not exist.")
        limit = options.get("largest_file", LARGEST_FILE)
        place = index_below(folder)
        if place is None:
            return cls._of_files(files_in(folder), folder, folder, folder, **options)
        if place != folder:
            log.info("The index of %s is that in %s.", folder, place)
            options = {"data_root": folder} | options
        tables = {}
        for kind in ("hdu", "obs"):
            found = [name for end in ("fits.gz", "fits") if (name := place / f"{kind}-index.{end}").exists()]
            tables[kind] = find_table(FitsFile.open(found[0], limit), kind.upper()) if found else None
        return cls(tables["hdu"], tables["obs"], place, place, **options)

    @classmethod
    def from_events_files(cls, paths, irfs=None, **options):
        """DataStore of files of events, a run each, in their order; no index is wanted.

        The responses of a run are those in its own file, or else those in one of the files without events: the only one
        with a response of that kind, or the one that names the run or its instrument. Files that are of no run are left
        out, with a word; `left_out` has them and why.

        Parameters
        ----------
        paths : path or list of paths of the files; environment variables and ~ are put in
        irfs : path of a file with responses that are taken in place of all others, or a list of such
        options : follow_links, largest_file; or files, the `~tevcurve.files.FileCache` that reads them

        Raises `DataError` where a file does not exist, and where none has events.
        """
        paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        if not paths:
            raise InputError("There are no files of events; wanted is one or more.")
        paths = [expand_path(path) for path in paths]
        for path in paths:
            if not path.exists():
                raise DataError(f"The file {path} does not exist.")
        base = Path(os.path.commonpath([os.path.abspath(path.parent) for path in paths]))
        name = paths[0] if len(paths) == 1 else base
        return cls._of_files(paths, base, name, None, irfs=irfs, **options)

    @classmethod
    def _of_files(
        cls,
        paths,
        base,
        name,
        folder,
        data_root=None,
        irfs=None,
        files=None,
        **reading,
    ):
        """DataStore of some files.

        base: `Path` that FILE_DIRs start from. name: of the store. folder: that links may not leave, None for any.
        reading: as of `_file_cache`, where there are no `files`.
        """
        root = StoreFolders.of(base, data_root).root if data_root is not None else folder
        files = _file_cache(root, **reading) if files is None else files
        irfs = None if irfs is None else ResponseFiles.open(irfs, files)
        tables = FoundTables.of(paths, base, files, irfs)
        if not any(one.hdus for one in tables.found):
            raise DataError(_no_runs(name, tables, folder is not None))
        if tables.left_out:
            words = listed((f"{path.name} ({reason})" for path, reason in tables.left_out), 3)
            log.warning("Of the files of %s %s left out: %s.", name, _are(len(tables.left_out)), words)
        made = cls.__new__(cls)
        made._set(tables, files, base, str(name))
        return made

    @cached_property
    def obs_table(self):
        """The observation index, `Table`; texts are str, so that a column == "text" is a mask.

        Where the store has none, it is made of the headers of the events.
        """
        table = self._tables.obs_table
        if table is not None:
            return table
        observations = [self._observation(run) for run in self._tables.runs]
        return table_of_bytes(obs_index(observations, self._tables.n_events), "OBS_INDEX")

    @cached_property
    def hdu_table(self):
        """The HDU index, `Table`; texts are str. Where the store has none, it is what one would be."""
        return self._tables.hdu_table

    @cached_property
    def obs_ids(self):
        """OBS_IDs of the observation index in its order, each once: int array, or of objects where some are texts."""
        ids = list(dict.fromkeys(run.obs_id for run in self._tables.runs))
        are_numbers = all(isinstance(obs_id, int) for obs_id in ids)
        return np.array(ids, dtype=np.int64 if are_numbers else object)

    def get_observations(self, ids=None):
        """Observations of some OBS_IDs in the order asked for, or all of the observation index.

        Of an OBS_ID that several instruments share it has the runs of all; a `RunId` means one.

        ids: iterable of int, str or `RunId`. Nothing of the runs is read here; what is wrong with one is said when it
        is read.
        Raises MissingError where an id is not in the observation index, InputError where one is no OBS_ID or is asked
        for twice.
        """
        if ids is None:
            return Observations(self._observation(run) for run in self._tables.runs)
        found, by_id = [], {}
        for run in self._tables.runs:
            by_id.setdefault(_as_text(run.obs_id), []).append(run)
        for wanted in _as_numbers(ids):
            runs = [run for run in by_id.get(_as_text(wanted), ()) if _is_of(run, wanted)]
            if not runs:
                raise MissingError(
                    f"OBS_ID {wanted} is not in the observation index of {self.name}, "
                    f"which has {len(self)} observations."
                )
            found += runs
        return Observations(self._observation(run) for run in found)

    def obs(self, obs_id):
        """Observation of one OBS_ID; raises as `get_observations`, and where several instruments have it.

        obs_id: int, str or `RunId`.
        """
        found = self.get_observations([obs_id])
        return found[0] if len(found) == 1 else found.by_id(obs_id)

    def observations_of_rows(self, rows):
        """`Observations` of some rows of the observation index, each once.

        rows: bool array, a mask of `obs_table`. A row without an OBS_ID has none here.
        """
        runs = [run for run in self._tables.runs if any(rows[row] for row in run.rows)]
        return Observations(self._observation(run) for run in runs)

    @property
    def indexed_runs(self):
        """What the index says of each of `get_observations()`, list of `~tevcurve.data.index_tables.IndexedRun`."""
        return self._tables.runs

    def _observation(self, run):
        addresses, problem = self._tables.located(run)
        facts = run.pointing_deg, problem, run.odd, run.telescope, run.alt_deg
        made = Run(run.obs_id, addresses, self.files, *facts)
        made.row = partial(_row_of, self, run.rows[0]) if self.has_obs_index else None
        return Observation(made)

    def __len__(self):
        return len(self._tables.runs)

    def _summary(self):
        """What to tell a person, as pairs of words."""
        rows = {"Observations": str(len(self))}
        for name in ("TARGET_NAME", "OBJECT"):
            if name in self.obs_table.colnames:
                targets = Counter(str(target).strip() for target in self.obs_table[name])
                rows["Targets"] = listed(f"{target} ({count})" for target, count in targets.most_common())
                break
        runs = self.get_observations()
        classes = Counter(address.hdu_class for run in runs for address in run.addresses)
        rows["HDUs"] = listed(f"{name} ({count})" for name, count in sorted(classes.items()))
        problems = [problem for _, problem, *_ in (run.index_facts for run in runs) if problem]
        if problems:
            # Many runs have one reason, such as a folder that is not there; the first one stands for its like.
            rows["Not usable"] = f"{len(problems)} of {len(self)} observations; the first: {problems[0]}"
        return rows

    def __str__(self):
        lines = [f"  {key + ':':<14}{value}" for key, value in self._summary().items()]
        return "\n".join([f"DataStore {self.name}", *lines])

    def __repr__(self):
        return f"<DataStore {self.name}>"

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{key}</th><td>{escape(value)}</td></tr>" for key, value in self._summary().items()
        )
        return f"<p>DataStore {escape(self.name)}</p><table>{rows}</table>"


def _file_cache(root, follow_links=False, largest_file=LARGEST_FILE):
    """The `FileCache` of a store. root: folder that links may not leave, None for any."""
    return FileCache(folder=None if follow_links else root, largest_file=largest_file)


def _row_of(store, number):
    """The row of the observation index of a store."""
    return store.obs_table[number]


def _as_text(obs_id):
    """What OBS_IDs that are equal, and a `RunId` of them, have in common."""
    return obs_id.obs_id if isinstance(obs_id, RunId) else RunId.of(obs_id).obs_id


def _is_of(run, wanted):
    """Whether a run is the one, or of the OBS_ID, that is wanted."""
    if isinstance(wanted, RunId):
        return RunId.of(run.obs_id, run.telescope).may_be(wanted)
    return run.obs_id == wanted


def _as_numbers(ids):
    """List of OBS_IDs (int or str) and `RunId`s without repetition; raises InputError otherwise."""
    words = f"The OBS_IDs are {ids!r}; wanted is a list of ints or texts."
    if isinstance(ids, str) or not hasattr(ids, "__iter__"):
        raise InputError(words)
    numbers = []
    for one in ids:
        is_number = isinstance(one, str | int | np.integer) and not isinstance(one, bool)
        numbers.append(one if isinstance(one, RunId) else run_number(one if is_number else None))
        if numbers[-1] is None:
            raise InputError(words)
    several = [obs_id for obs_id, count in Counter(numbers).items() if count > 1]
    if several:
        raise InputError(f"OBS_ID {several[0]} is asked for more than once.")
    return numbers


def _no_runs(name, tables, is_folder):
    """Why some files are no store, a sentence. tables: `FoundTables`."""
    reasons = [one.problem.rstrip(".") for one in tables.found]
    reasons += [f"{path.name}: {reason}" for path, reason in tables.left_out]
    if is_folder:
        rest = (
            f"none of its {len(reasons)} FITS files has events ({listed(reasons, 3)})"
            if reasons
            else "no FITS file"
        )
        return f"The folder {name} has neither hdu-index.fits.gz nor hdu-index.fits, and {rest}."
    return (
        f"{reasons[0]}."
        if len(tables.found) == len(reasons) == 1
        else f"No file has events: {listed(reasons, 3)}."
    )


def _are(count):
    return "1 is" if count == 1 else f"{count} are"
