"""The two index tables of a data store, row by row: a row that cannot be used costs its run, not the store.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/data_storage/index.html
"""

from collections import Counter
from functools import cached_property

import numpy as np
from astropy.table import Table

from tevcurve.data.run import HduAddress
from tevcurve.data.run_numbers import run_number
from tevcurve.errors import DataError
from tevcurve.files.astropy_table import as_table
from tevcurve.files.columns import listed
from tevcurve.files.masked import without_masks
from tevcurve.irf.hdu_class import full_class

HDU_COLUMNS = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
_KEYWORDS = ("MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT", "TELESCOP", "INSTRUME", "HDUCLASS", "HDUVERS")
_MOST_ROWS = 2**20


def find_table(file, kind):
    """The `BinTable` of an index in a `FitsFile`: the one with its columns, since names of HDUs differ in use.

    Raises DataError where the file has none.

    Parameters
    ----------
    file : `FitsFile`
    kind : "HDU" or "OBS"
    """
    wanted = set(HDU_COLUMNS) if kind == "HDU" else {"OBS_ID"}
    found = []
    for table in file.tables():
        names = {name.upper() for name in table.columns.names}
        is_hdu_index = {"HDU_TYPE", "FILE_NAME"} <= names
        if wanted <= names and (kind == "HDU") == is_hdu_index:
            found.append(table)
    if not found:
        raise DataError(
            f"The file {file.path} has no {kind}_INDEX table with the column{'s' if kind == 'HDU' else ''} "
            f"{', '.join(sorted(wanted))}; it has the HDUs {listed(file.names)}."
        )
    named = [table for table in found if table.name == f"{kind}_INDEX"]
    return (named or found)[0]


class _Index:
    """An index table, a `BinTable` or an astropy `Table`, and what is wrong with its rows."""

    title = "index"

    def __init__(self, rows, store):
        self._rows, self._store = rows, store

    @cached_property
    def table(self):
        """`Table`; texts are str. A Table is given back as it is."""
        return self._rows if isinstance(self._rows, Table) else as_table(self._rows, keywords=_KEYWORDS)

    @cached_property
    def ids(self):
        """OBS_ID of each row that has one, array in order: of int, or of objects, int and str, where some are texts.

        Raises DataError where they are neither.
        """
        return self._ids_and_rows[0]

    @cached_property
    def _ids_and_rows(self):
        """(OBS_IDs, numbers of their rows)."""
        values = self._column("OBS_ID")
        if len(values) > _MOST_ROWS:
            raise DataError(f"The {self._name} has {len(values)} rows; wanted are at most {_MOST_ROWS}.")
        if values.ndim != 1 or values.dtype.kind not in "iufUO":
            raise DataError(
                f"The column OBS_ID of the {self._name} does not hold one number or text in each row."
            )
        if values.dtype.kind in "UO":
            return _of_texts([run_number(one) for one in values.tolist()])
        whole = np.abs(values.astype(float)) < 2.0**63
        if values.dtype.kind == "f":
            whole &= np.where(whole, values, 0.5) % 1 == 0
        return values[whole].astype(np.int64), np.flatnonzero(whole)

    def ids_of(self, mask):
        """OBS_IDs of the rows of a mask, list of int and str."""
        ids, rows = self._ids_and_rows
        return ids[np.asarray(mask, dtype=bool)[rows]].tolist()

    def first_rows(self, obs_ids):
        """Numbers of the first rows of some OBS_IDs, int array in their order, without those that have none.

        obs_ids: iterable of int and str.
        """
        return np.array([self._first_rows[one] for one in obs_ids if one in self._first_rows], dtype=int)

    @cached_property
    def _first_rows(self):
        ids, rows = self._ids_and_rows
        # Of several rows of one OBS_ID the last one that is put in stays: the first.
        return dict(zip(ids[::-1].tolist(), rows[::-1].tolist(), strict=True))

    @property
    def _name(self):
        return f"{self.title} of {self._store}"

    def _has(self, name):
        return name in (self._rows.colnames if isinstance(self._rows, Table) else self._rows.columns)

    def _column(self, name):
        """Values of a column, array; raises DataError where there is none."""
        if not self._has(name):
            names = self._rows.colnames if isinstance(self._rows, Table) else self._rows.columns.names
            raise DataError(f"The {self._name} has no column {name}; it has {listed(names)}.")
        values = self._rows[name] if isinstance(self._rows, Table) else self._rows.data[name]
        return np.asarray(without_masks(values))

    def _texts(self, name):
        """Texts of a column without blanks around them, list of str; raises DataError where it has no texts."""
        values = self._column(name)
        if values.ndim != 1 or values.dtype.kind not in "UO":
            raise DataError(f"The column {name} of the {self._name} does not hold one text in each row.")
        return [str(value).strip() for value in values.tolist()]


def _of_texts(ids):
    """(OBS_IDs, numbers of their rows) of those of all rows, None for a row without."""
    rows = np.flatnonzero([one is not None for one in ids])
    known = [ids[row] for row in rows]
    made = np.empty(len(known), dtype=object)
    made[:] = known
    # Whole numbers as texts, however they are filled up, are numbers.
    return (made if any(isinstance(one, str) for one in known) else made.astype(np.int64)), rows


class ObsIndex(_Index):
    """The observation index of a store."""

    title = "observation index"

    @cached_property
    def _several(self):
        return {obs_id for obs_id, count in Counter(self.ids.tolist()).items() if count > 1}

    def problem(self, obs_id):
        """What is wrong with the row of an OBS_ID, one sentence, or None. obs_id: int or str."""
        if obs_id in self._several and not self._is_repeated(obs_id):
            return f"The {self._name} has OBS_ID {obs_id} more than once."
        return None

    def repetition(self, obs_id):
        """That the row of an OBS_ID is there more than once, word for word, a sentence; or None.

        obs_id: int or str.
        """
        if obs_id in self._several and self._is_repeated(obs_id):
            return f"The {self._name} has the row of OBS_ID {obs_id} more than once; once is enough."
        return None

    def _is_repeated(self, obs_id):
        """Whether all rows of an OBS_ID say the same."""
        ids, rows = self._ids_and_rows
        own = rows[ids == obs_id]
        names = self._rows.colnames if isinstance(self._rows, Table) else self._rows.columns.names
        # As texts: a NaN is that of the other row.
        return all(
            len({str(np.asarray(one).tolist()) for one in self._column(name)[own]}) == 1 for name in names
        )

    def pointing(self, obs_id):
        """RA_PNT and DEC_PNT of an OBS_ID, two floats in deg; None where the index does not say.

        obs_id: int or str.
        """
        return self._pointings.get(obs_id)

    @cached_property
    def _pointings(self):
        if not (self._has("RA_PNT") and self._has("DEC_PNT")):
            return {}
        lon, lat = (self._column(name) for name in ("RA_PNT", "DEC_PNT"))
        if lon.dtype.kind not in "iuf" or lat.dtype.kind not in "iuf" or lon.ndim + lat.ndim != 2:
            return {}
        ids, rows = self._ids_and_rows
        pairs = zip(lon[rows].astype(float).tolist(), lat[rows].astype(float).tolist(), strict=True)
        return dict(zip(ids.tolist(), pairs, strict=True))

    def telescope(self, obs_id):
        """TELESCOP of an OBS_ID, str, of its row or else of the table's header; "" where the index does not say.

        obs_id: int or str.
        """
        return self._telescopes.get(obs_id) or self._header_telescope

    @cached_property
    def _telescopes(self):
        if not self._has("TELESCOP"):
            return {}
        try:
            texts = self._texts("TELESCOP")
        except DataError:
            return {}
        ids, rows = self._ids_and_rows
        return dict(zip(ids.tolist(), [texts[row] for row in rows.tolist()], strict=True))

    @cached_property
    def _header_telescope(self):
        header = self._rows.meta if isinstance(self._rows, Table) else self._rows.header
        telescope = header.get("TELESCOP")
        return telescope.strip() if isinstance(telescope, str) else ""


class HduIndex(_Index):
    """The HDU index of a store whose files lie under a folder.

    Parameters
    ----------
    rows : `Table` or `BinTable` of the index
    folders : `StoreFolders`, where its files may lie
    store : str, what the store is called in messages
    """

    title = "HDU index"

    def __init__(self, rows, folders, store):
        super().__init__(rows, store)
        self._folders = folders

    def problem(self, obs_id):
        """What is wrong with the rows of an OBS_ID, one sentence, or None. obs_id: int or str."""
        if obs_id in self.addresses or obs_id in self._problems:
            return self._problems.get(obs_id)
        return f"The {self._name} has no row for OBS_ID {obs_id}."

    @property
    def addresses(self):
        """For each OBS_ID its rows, list of `HduAddress`."""
        return self._read[0]

    @property
    def _problems(self):
        return self._read[1]

    @cached_property
    def _read(self):
        ids, rows = self._ids_and_rows
        columns = [self._texts(name) for name in HDU_COLUMNS[1:]]
        addresses, problems, paths = {}, {}, {}
        texts = list(zip(*columns, strict=True))
        for obs_id, row in zip(ids.tolist(), rows.tolist(), strict=True):
            hdu_type, hdu_class, folder, file, hdu = texts[row]
            if (folder, file) not in paths:
                paths[folder, file] = self._folders.path(folder, file)
            path = paths[folder, file]
            if path is None:
                problems[obs_id] = (
                    f"The {self._name} sends OBS_ID {obs_id} to {folder + '/' + file!r}; wanted is a file inside the "
                    "folder of the store, or inside one that data_root names."
                )
                continue
            hdu_type = hdu_type.lower()
            address = HduAddress(hdu_type, full_class(hdu_type, hdu_class), path, hdu)
            addresses.setdefault(obs_id, []).append(address)
        return addresses, problems
