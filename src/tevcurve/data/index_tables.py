"""The two index tables of a data store, row by row: a row that cannot be used costs its run, not the store.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/data_storage/index.html
"""

from dataclasses import dataclass
from functools import cached_property
from sys import intern

import numpy as np
from astropy.table import Table

from tevcurve.data.header import instrument_of, letters
from tevcurve.data.index_making import HDU_COLUMNS
from tevcurve.data.run import HduAddress
from tevcurve.errors import DataError
from tevcurve.files.astropy_table import as_table
from tevcurve.files.columns import listed
from tevcurve.files.masked import without_masks
from tevcurve.irf.hdu_class import full_class
from tevcurve.run_id import run_number

_KEYWORDS = ("MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT", "TELESCOP", "INSTRUME", "HDUCLASS", "HDUVERS")
_MOST_ROWS = 2**20


def find_table(file, kind, needed=True):
    """The `BinTable` of an index in a `FitsFile`: the one with its columns, since names of HDUs differ in use.

    Raises DataError where the file has none and one is needed; else it is None.

    Parameters
    ----------
    file : `FitsFile`
    kind : "HDU" or "OBS"
    needed : bool
    """
    wanted = set(HDU_COLUMNS) if kind == "HDU" else {"OBS_ID"}
    found = []
    for table in file.tables():
        names = {name.upper() for name in table.columns.names}
        is_hdu_index = {"HDU_TYPE", "FILE_NAME"} <= names
        if wanted <= names and (kind == "HDU") == is_hdu_index:
            found.append(table)
    if not found and not needed:
        return None
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
    def numbers(self):
        """OBS_ID of each row, list of int, of str where one is no whole number, or None where it has none.

        Raises DataError where the column has not one for each row.
        """
        values = self._column("OBS_ID")
        if len(values) > _MOST_ROWS:
            raise DataError(f"The {self._name} has {len(values)} rows; wanted are at most {_MOST_ROWS}.")
        if values.ndim != 1 or values.dtype.kind not in "iufUO":
            raise DataError(
                f"The column OBS_ID of the {self._name} does not hold one number or text in each row."
            )
        if values.dtype.kind == "i" and not np.any(values == np.iinfo(values.dtype).min):
            # What `run_number` makes of each.
            return values.tolist()
        return [run_number(value) for value in values.tolist()]

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
        values = np.asarray(without_masks(values))
        # Tables that astropy read have texts as bytes.
        return np.char.decode(values, "ascii", "replace") if values.dtype.kind == "S" else values

    def _texts(self, name):
        """Texts of a column without blanks around them, list of str; raises DataError where it has no texts."""
        return [str(value).strip() for value in self._values_of_texts(name)]

    def _values_of_texts(self, name):
        """Values of a column that has texts, list, as they are in it; raises DataError where it has none."""
        values = self._column(name)
        if values.ndim != 1 or values.dtype.kind not in "UO":
            raise DataError(f"The column {name} of the {self._name} does not hold one text in each row.")
        if values.dtype.kind == "O":
            return values.tolist()
        # Thousands of rows have few words, each of which is there once.
        words: dict[str, str] = {}
        return [words.setdefault(text, text) for text in values.tolist()]


@dataclass(frozen=True)
class IndexedRun:
    """A run of an observation index.

    Attributes
    ----------
    obs_id : int, or str where it is no whole number
    rows : tuple of int, the numbers of its rows
    telescope : str, TELESCOP, "" where the index does not say
    is_shared : bool, whether another instrument has the same OBS_ID
    pointing_deg : RA_PNT and DEC_PNT, two floats in deg, or None
    problem : what is wrong with its rows, a sentence, or None
    odd : what is odd about them, a sentence, or None
    alt_deg : ALT_PNT, or what ZEN_PNT says, float in deg, or None
    """

    obs_id: int | str
    rows: tuple[int, ...] = ()
    telescope: str = ""
    is_shared: bool = False
    pointing_deg: tuple[float, float] | None = None
    problem: str | None = None
    odd: str | None = None
    alt_deg: float | None = None


class ObsIndex(_Index):
    """The observation index of a store."""

    title = "observation index"

    @cached_property
    def runs(self):
        """The runs that it has, list of `IndexedRun`, in the order of their first rows.

        Rows with one OBS_ID are one run; where their TELESCOP differs there is a run of each.
        """
        rows_of = {}
        for row, number in enumerate(self.numbers):
            if number is not None:
                rows_of.setdefault(number, []).append(row)
        made = []
        for obs_id, rows in rows_of.items():
            groups = self._by_telescope(rows)
            made += [self._run(obs_id, own, len(groups) > 1) for own in groups]
        return sorted(made, key=lambda run: run.rows[0])

    def _by_telescope(self, rows):
        """Some rows, in lists of those with one TELESCOP."""
        groups = {}
        for row in rows:
            groups.setdefault(letters(self._telescope(row)) if len(rows) > 1 else "", []).append(row)
        return list(groups.values())

    def _run(self, obs_id, rows, is_shared):
        problem = odd = None
        if len(rows) > 1 and self._is_repeated(rows):
            odd = f"The {self._name} has the row of OBS_ID {obs_id} more than once; once is enough."
        elif len(rows) > 1:
            problem = f"The {self._name} has OBS_ID {obs_id} more than once."
        first = rows[0]
        pointing, alt = (told[first] if told else None for told in (self._pointings, self._altitudes))
        return IndexedRun(obs_id, tuple(rows), self._telescope(first), is_shared, pointing, problem, odd, alt)

    def _is_repeated(self, rows):
        """Whether some rows say the same."""
        names = self._rows.colnames if isinstance(self._rows, Table) else self._rows.columns.names
        # As texts: a NaN is that of the other row.
        return all(
            len({str(np.asarray(one).tolist()) for one in self._column(name)[rows]}) == 1 for name in names
        )

    def _telescope(self, row):
        """TELESCOP of a row, else of the table's header, str; "" where the index does not say."""
        return (self._telescopes[row] if self._telescopes else "") or self._header_telescope

    @cached_property
    def _pointings(self):
        """RA_PNT and DEC_PNT of each row, list of two floats in deg; empty where the index does not say."""
        lon, lat = (self._angles(name) for name in ("RA_PNT", "DEC_PNT"))
        return list(zip(lon, lat, strict=True)) if lon and lat else []

    @cached_property
    def _altitudes(self):
        """ALT_PNT of each row, or what ZEN_PNT says, list of float in deg or None; empty where there is neither."""
        told = self._angles("ALT_PNT") or [90 - zenith for zenith in self._angles("ZEN_PNT")]
        return [one if abs(one) <= 90 else None for one in told]

    def _angles(self, name):
        """Angles of a column, list of float in deg; empty where it is missing or none of numbers."""
        values = self._column(name) if self._has(name) else np.empty((0, 0))
        return values.astype(float).tolist() if values.ndim == 1 and values.dtype.kind in "iuf" else []

    @cached_property
    def _telescopes(self):
        """TELESCOP of each row, list of str; empty where the index does not say."""
        try:
            return self._texts("TELESCOP") if self._has("TELESCOP") else []
        except DataError:
            return []

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

    def of(self, run, files):
        """(tuple of `HduAddress`, None), or (the same, why it cannot be used, a sentence), of a run.

        Where several instruments share its OBS_ID, its rows are those with its TELESCOP, or else those of the file
        whose events have that.

        Parameters
        ----------
        run : `IndexedRun`
        files : `FileCache` that the files are read by, where that is needed
        """
        found = self._rows_to(run.obs_id)
        if not found:
            return (), f"The {self._name} has no row for OBS_ID {run.obs_id}."
        if run.is_shared:
            found = _of_instrument(found, run.telescope, files)
            if not found:
                return (), f"The {self._name} has no row for OBS_ID {run.obs_id} of {run.telescope}."
        lost = next((one.problem for one in found if one.problem), None)
        return tuple(one.address for one in found if one.address is not None), lost

    @property
    def obs_ids(self):
        """The OBS_IDs that it has, list in their order, each once."""
        return list(self._rows_of)

    @cached_property
    def _rows_of(self):
        """For each OBS_ID its rows, a list of (TELESCOP, HDU_TYPE, HDU_CLASS, FILE_DIR, FILE_NAME, HDU_NAME), as the
        columns have them.
        """
        columns = [self._values_of_texts(name) for name in HDU_COLUMNS[1:]]
        there = self._has("TELESCOP")
        telescopes = self._values_of_texts("TELESCOP") if there else [""] * len(self.numbers)
        found = {}
        for obs_id, row in zip(self.numbers, zip(telescopes, *columns, strict=True), strict=True):
            if obs_id is not None:
                found.setdefault(obs_id, []).append(row)
        return found

    def _rows_to(self, obs_id):
        """List of `_Row` of an OBS_ID; a store of many runs is asked for few."""
        made, paths = [], {}
        for row in self._rows_of.get(obs_id, []):
            telescope, hdu_type, hdu_class, folder, file, hdu = (str(text).strip() for text in row)
            if (folder, file) not in paths:
                paths[folder, file] = self._folders.path(folder, file)
            path = paths[folder, file]
            if path is None:
                words = (
                    f"The {self._name} sends OBS_ID {obs_id} to {folder + '/' + file!r}; wanted is a file inside the "
                    "folder of the store, or inside one that data_root names."
                )
                made.append(_Row(None, telescope, words))
            else:
                made.append(_Row(HduAddress(*_kind(hdu_type, hdu_class), path, hdu), telescope))
        return made


def _kind(hdu_type, hdu_class):
    """HDU_TYPE and HDU_CLASS as addresses have them: those of many runs share the few words."""
    hdu_type = hdu_type.lower()
    return intern(hdu_type), intern(full_class(hdu_type, hdu_class))


@dataclass(frozen=True)
class _Row:
    """A row of an HDU index: where it leads, or why nowhere."""

    address: HduAddress | None
    telescope: str = ""
    problem: str | None = None


def _of_instrument(rows, telescope, files):
    """Those of some rows with one OBS_ID that are of an instrument."""
    wanted = letters(telescope)
    if any(row.telescope for row in rows):
        return [row for row in rows if letters(row.telescope) in ("", wanted)]
    events = {
        row.address.path: _instrument(row, files)
        for row in rows
        if row.address and row.address.hdu_type == "events"
    }
    own = []
    for row in rows:
        path = None if row.address is None else row.address.path
        its = events[path] if path in events else _instrument(row, files)
        # What no file says belongs to all: a response that they share.
        if its == wanted or (path not in events and not its):
            own.append(row)
    return own


def _instrument(row, files):
    """TELESCOP, else INSTRUME, of the header that a row leads to, letters only; "" where it cannot be read."""
    try:
        return letters(instrument_of(files.open(row.address.path).table(row.address.hdu_name).header))
    except (DataError, AttributeError):
        return ""
