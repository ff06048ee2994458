"""A data store: the two index tables of DL3 data, and the observations that they lead to."""

from collections import Counter
from functools import cached_property
from html import escape
from operator import index
from os.path import normpath
from pathlib import Path

import numpy as np
from astropy.table import Table

from tevcurve.data.hdus import FileCache, FitsFile, expand_path
from tevcurve.data.observation import Observation
from tevcurve.data.observations import Observations
from tevcurve.data.run import HduAddress, Run
from tevcurve.errors import DataError, InputError, MissingError

_HDU_COLUMNS = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")


class DataStore:
    """DL3 data behind an HDU index and an observation index.

    hdu_table: `Table`, the HDU index. obs_table: `Table`, the observation index.
    base_dir: folder that the FILE_DIR of the HDU index start from. name: what to call the store in messages.
    """

    def __init__(self, hdu_table, obs_table, base_dir, name=None):
        self.base_dir = Path(base_dir)
        self.name = str(name or base_dir)
        self._tables = {"HDU index": hdu_table, "observation index": obs_table}
        self._files = FileCache()

    @classmethod
    def from_file(cls, path):
        """DataStore of one FITS file that has both index tables; its folder is the base folder.

        path: str or Path; environment variables and ~ are put in.
        """
        path = expand_path(path)
        file = FitsFile.open(path)
        tables = {kind: _find_table(file, kind) for kind in ("HDU", "OBS")}
        return cls(tables["HDU"], tables["OBS"], path.parent, path)

    @classmethod
    def from_dir(cls, path):
        """DataStore of a folder with hdu-index.fits(.gz) and obs-index.fits(.gz).

        path: str or Path; environment variables and ~ are put in.
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
            tables[kind] = _find_table(FitsFile.open(found[0]), kind)
        return cls(tables["HDU"], tables["OBS"], folder, folder)

    @cached_property
    def obs_table(self):
        """The observation index, `Table`; texts are str, so that a column == "text" is a mask."""
        return _as_table(self._tables["observation index"])

    @cached_property
    def hdu_table(self):
        """The HDU index, `Table`; texts are str."""
        return _as_table(self._tables["HDU index"])

    @cached_property
    def obs_ids(self):
        """OBS_IDs of the observation index, int array in its order; raises DataError where one is there twice."""
        ids = np.array(_column(self._tables["observation index"], "OBS_ID"), dtype=np.int64)
        several = [obs_id for obs_id, count in Counter(ids.tolist()).items() if count > 1]
        if several:
            raise DataError(f"The observation index of {self.name} has OBS_ID {several[0]} more than once.")
        return ids

    def get_observations(self, ids=None):
        """Observations of some OBS_IDs in the order asked for, or all of the observation index.

        ids: iterable of int. Nothing of the runs is read here.
        Raises MissingError where an id is not in the observation index, DataError where the HDU index has none of it,
        InputError where an id is no int or is asked for twice.
        """
        ids = self.obs_ids.tolist() if ids is None else _as_ints(ids)
        known = set(self.obs_ids.tolist())
        for obs_id in ids:
            if obs_id not in known:
                raise MissingError(
                    f"OBS_ID {obs_id} is not in the observation index of {self.name}, "
                    f"which has {len(known)} observations."
                )
            if obs_id not in self._addresses:
                raise DataError(f"The HDU index of {self.name} has no row for OBS_ID {obs_id}.")
        return Observations(Observation(Run(obs_id, self._addresses[obs_id], self._files)) for obs_id in ids)

    def obs(self, obs_id):
        """Observation of one OBS_ID; raises as `get_observations`."""
        return self.get_observations([obs_id])[0]

    @cached_property
    def _addresses(self):
        """For each OBS_ID the rows of the HDU index, as `HduAddress`."""
        table = self._tables["HDU index"]
        missing = [name for name in _HDU_COLUMNS if name not in _names(table)]
        if missing:
            raise DataError(
                f"The HDU index of {self.name} has no column {missing[0]}; it has {', '.join(_names(table))}."
            )
        addresses, paths = {}, {}
        for obs_id, hdu_type, hdu_class, folder, file, hdu in zip(
            *(_column(table, name).tolist() for name in _HDU_COLUMNS), strict=True
        ):
            folder, file, hdu = folder.strip(), file.strip(), hdu.strip()
            if (folder, file) not in paths:
                paths[folder, file] = self._path(folder, file, obs_id)
            address = HduAddress(
                hdu_type.strip().lower(), hdu_class.strip().lower(), paths[folder, file], hdu
            )
            addresses.setdefault(obs_id, []).append(address)
        return addresses

    def _path(self, folder, file, obs_id):
        relative = normpath(f"{folder or '.'}/{file}")
        # The index is data: it must not lead out of the store.
        if relative.startswith(("/", "..")) or not file:
            raise DataError(
                f"The HDU index of {self.name} sends OBS_ID {obs_id} to {folder + '/' + file!r}; "
                "wanted is a file inside the folder of the store."
            )
        return self.base_dir / relative

    def __len__(self):
        return len(self.obs_ids)

    def _summary(self):
        """What to tell a person, as pairs of words."""
        rows = {"Observations": str(len(self))}
        names = _names(self._tables["observation index"])
        for name in ("TARGET_NAME", "OBJECT"):
            if name in names:
                targets = Counter(str(target).strip() for target in self.obs_table[name])
                rows["Targets"] = ", ".join(f"{target} ({count})" for target, count in targets.most_common())
                break
        classes = Counter(
            address.hdu_class for addresses in self._addresses.values() for address in addresses
        )
        rows["HDUs"] = ", ".join(f"{name} ({count})" for name, count in sorted(classes.items()))
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


def _find_table(file, kind):
    """The BinTableHDU of an index: the one whose columns are an index's, since names of HDUs differ in use."""
    wanted = set(_HDU_COLUMNS) if kind == "HDU" else {"OBS_ID"}
    found = []
    for hdu in file.tables():
        names = {name.upper() for name in hdu.columns.names}
        is_hdu_index = {"HDU_TYPE", "FILE_NAME"} <= names
        if wanted <= names and (kind == "HDU") == is_hdu_index:
            found.append(hdu)
    if not found:
        raise DataError(
            f"The file {file.path} has no {kind}_INDEX table with the column{'s' if kind == 'HDU' else ''} "
            f"{', '.join(sorted(wanted))}; it has the HDUs {', '.join(file.names) or 'none'}."
        )
    named = [hdu for hdu in found if hdu.name == f"{kind}_INDEX"]
    return (named or found)[0]


def _names(table):
    return table.colnames if isinstance(table, Table) else table.columns.names


def _column(table, name):
    """Values of a column of a Table or of a BinTableHDU, as an array of numbers or str."""
    return np.asarray(table[name] if isinstance(table, Table) else table.data[name])


def _as_table(table):
    """`Table` of a BinTableHDU; a Table is given back as it is."""
    if isinstance(table, Table):
        return table
    made = Table(meta={key: value for key, value in table.header.items() if key in _META})
    for column in table.columns:
        values = np.array(table.data[column.name])
        made[column.name] = values.astype(values.dtype.newbyteorder("="))
        if column.unit:
            made[column.name].unit = column.unit
    return made


_META = ("MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT", "TELESCOP", "INSTRUME", "HDUCLASS", "HDUVERS")


def _as_ints(ids):
    """List of int without repetition; raises InputError otherwise."""
    try:
        numbers = [index(obs_id) for obs_id in ids]
    except TypeError:
        raise InputError(f"The OBS_IDs are {ids!r}; wanted is a list of ints.") from None
    several = [obs_id for obs_id, count in Counter(numbers).items() if count > 1]
    if several:
        raise InputError(f"OBS_ID {several[0]} is asked for more than once.")
    return numbers
