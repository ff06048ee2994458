"""A data store: the two index tables of DL3 data, and the observations that they lead to."""

from collections import Counter
from functools import cached_property
from html import escape
from operator import index
from pathlib import Path

import numpy as np

from tevcurve.data.index_tables import HduIndex, ObsIndex, find_table
from tevcurve.data.observation import Observation
from tevcurve.data.observations import Observations
from tevcurve.data.run import Run
from tevcurve.data.run_numbers import run_number
from tevcurve.data.store_folders import StoreFolders
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.files import FileCache, FitsFile, expand_path
from tevcurve.files.columns import listed
from tevcurve.files.content import LARGEST_FILE
from tevcurve.run_id import RunId


class DataStore:
    """DL3 data behind an HDU index and an observation index.

    A run whose rows in them cannot be used is there nevertheless: its observation says why when it is read.

    Parameters
    ----------
    hdu_table : `Table`, the HDU index
    obs_table : `Table`, the observation index
    base_dir : folder that the FILE_DIR of the HDU index start from
    name : what to call the store in messages
    data_root : folder in which FILE_DIR may lead anywhere, also by `..` or as an absolute path; where the base folder
        has not what a FILE_DIR says, that starts here. Default: the base folder, or where that is inside an `index`
        beside a `data` or a `caldb`, as in `index/gps`, the folder of these
    follow_links : bool, whether links may lead to files outside of that folder; links inside it are always
        followed
    largest_file : bytes of the largest file that is read, inflated

    Raises `InputError` where the data_root is no folder.
    """

    def __init__(
        self,
        hdu_table,
        obs_table,
        base_dir,
        name=None,
        *,
        data_root=None,
        follow_links=False,
        largest_file=LARGEST_FILE,
    ):
        self.base_dir = Path(base_dir)
        self.name = str(name or base_dir)
        folders = StoreFolders.of(self.base_dir, data_root)
        self._hdu_index = HduIndex(hdu_table, folders, self.name)
        self._obs_index = ObsIndex(obs_table, self.name)
        self._files = FileCache(folder=None if follow_links else folders.root, largest_file=largest_file)

    @classmethod
    def from_file(cls, path, **options):
        """DataStore of one FITS file that has both index tables; its folder is the base folder.

        Parameters
        ----------
        path : str or Path; environment variables and ~ are put in
        options : data_root, follow_links, largest_file
        """
        path = expand_path(path)
        file = FitsFile.open(path, options.get("largest_file", LARGEST_FILE))
        tables = {kind: find_table(file, kind) for kind in ("HDU", "OBS")}
        return cls(tables["HDU"], tables["OBS"], path.parent, path, **options)

    @classmethod
    def from_dir(cls, path, **options):
        """DataStore of a folder with hdu-index.fits(.gz) and obs-index.fits(.gz).

        Parameters
        ----------
        path : str or Path; environment variables and ~ are put in
        options : data_root, follow_links, largest_file
        """
        folder = expand_path(path)
        if not folder.is_dir():
            raise DataError(f"The folder {folder} does not exist.")
        tables = {}
        for kind in ("HDU", "OBS"):
            names = [f"{kind.lower()}-index.fits.gz", f"{kind.lower()}-index.fits"]
            found = [folder / name for name in names if (folder / name).exists()]
            if not found:
                raise DataError(f"The folder {folder} has neither {names[0]} nor {names[1]}.")
            file = FitsFile.open(found[0], options.get("largest_file", LARGEST_FILE))
            tables[kind] = find_table(file, kind)
        return cls(tables["HDU"], tables["OBS"], folder, folder, **options)

    @cached_property
    def obs_table(self):
        """The observation index, `Table`; texts are str, so that a column == "text" is a mask."""
        return self._obs_index.table

    @cached_property
    def hdu_table(self):
        """The HDU index, `Table`; texts are str."""
        return self._hdu_index.table

    @cached_property
    def obs_ids(self):
        """OBS_IDs of the observation index in its order, each once: int array, or of objects where some are texts."""
        ids = self._obs_index.ids
        return np.array(list(dict.fromkeys(ids.tolist())), dtype=ids.dtype)

    def get_observations(self, ids=None):
        """Observations of some OBS_IDs in the order asked for, or all of the observation index.

        ids: iterable of int, str or `RunId`; "00012" is 12. Nothing of the runs is read here; what is wrong with one is
        said when it is read. Raises MissingError where an id is not in the observation index, InputError where one is
        none or is asked for twice.
        """
        ids = self.obs_ids.tolist() if ids is None else _as_ids(ids)
        known = set(self.obs_ids.tolist())
        for obs_id in ids:
            if obs_id not in known:
                raise MissingError(
                    f"OBS_ID {obs_id} is not in the observation index of {self.name}, "
                    f"which has {len(known)} observations."
                )
        return Observations(self._observation(obs_id) for obs_id in ids)

    def obs(self, obs_id):
        """Observation of one OBS_ID; raises as `get_observations`. obs_id: int, str or `RunId`."""
        return self.get_observations([obs_id])[0]

    def ids_of(self, rows):
        """OBS_IDs of some rows of the observation index, list of int and str, each once.

        rows: bool array, a mask of `obs_table`. A row without an OBS_ID has none here.
        """
        return list(dict.fromkeys(self._obs_index.ids_of(rows)))

    def first_rows(self, obs_ids):
        """Numbers of the rows of the observation index with some OBS_IDs, the first of each, int array in their order.

        obs_ids: iterable of int and str, as the property has them; one that is not there is left out.
        """
        return self._obs_index.first_rows(obs_ids)

    def _problem(self, obs_id):
        """Why the indices cannot be used for a run, a sentence, or None."""
        problem = self._obs_index.problem(obs_id) or self._hdu_index.problem(obs_id)
        if problem is None and not self._hdu_index.addresses.get(obs_id):
            return f"The HDU index has no row for OBS_ID {obs_id}."
        return problem

    def _observation(self, obs_id):
        problem = self._obs_index.problem(obs_id) or self._hdu_index.problem(obs_id)
        addresses = self._hdu_index.addresses.get(obs_id, ())
        repetition = self._obs_index.repetition(obs_id)
        return Observation(
            Run(
                obs_id,
                addresses,
                self._files,
                self._obs_index.pointing(obs_id),
                problem,
                repetition,
                self._obs_index.telescope(obs_id),
            )
        )

    def __len__(self):
        return len(self.obs_ids)

    def _summary(self):
        """What to tell a person, as pairs of words."""
        rows = {"Observations": str(len(self))}
        for name in ("TARGET_NAME", "OBJECT"):
            if name in self.obs_table.colnames:
                targets = Counter(str(target).strip() for target in self.obs_table[name])
                rows["Targets"] = listed(f"{target} ({count})" for target, count in targets.most_common())
                break
        classes = Counter(
            address.hdu_class for addresses in self._hdu_index.addresses.values() for address in addresses
        )
        rows["HDUs"] = listed(f"{name} ({count})" for name, count in sorted(classes.items()))
        problems = [problem for problem in map(self._problem, self.obs_ids.tolist()) if problem]
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


def _as_ids(ids):
    """List of OBS_IDs, int and str, without repetition; raises InputError otherwise."""
    if isinstance(ids, str):
        raise InputError(f"The OBS_IDs are {ids!r}; wanted is a list of ints or texts.")
    try:
        found = [_as_id(obs_id) for obs_id in ids]
    except TypeError:
        raise InputError(f"The OBS_IDs are {ids!r}; wanted is a list of ints or texts.") from None
    several = [obs_id for obs_id, count in Counter(found).items() if count > 1]
    if several:
        raise InputError(f"OBS_ID {several[0]} is asked for more than once.")
    return found


def _as_id(value):
    """OBS_ID of an int, a text or a `RunId`; raises TypeError for others."""
    told = value.obs_id if isinstance(value, RunId) else value
    found = run_number(told) if isinstance(told, str) else None
    return index(told) if found is None else found
