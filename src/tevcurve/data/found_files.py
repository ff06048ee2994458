"""What lies in DL3 files and folders without an index: each HDU, what it is, and why it is not used."""

import os
from dataclasses import dataclass
from pathlib import Path

from tevcurve.data.hdu_kinds import kind_of
from tevcurve.errors import DataError
from tevcurve.files.columns import listed

# How names of FITS files end, before a ".gz".
_SUFFIXES = (".fits", ".fit", ".fts", ".fits.fz")
_MOST_FILES = 2**16
INDEX_WORDS = "it is an index; the data store is its folder"


@dataclass(frozen=True)
class FoundHdu:
    """An HDU of a file.

    Attributes
    ----------
    name : EXTNAME, "" where it has none
    nbytes : int, of its header and data
    hdu_type, hdu_class : str, as in an HDU index; "" where it is no table of a run
    header : dict, {} where it is no table
    problem : why it is no table of a run, in words; ""
    n_rows : int, of a table
    is_index : bool, whether it is an index of a store
    """

    name: str
    nbytes: int
    hdu_type: str = ""
    hdu_class: str = ""
    header: dict | None = None
    problem: str = ""
    n_rows: int = 0
    is_index: bool = False


@dataclass(frozen=True)
class FoundFile:
    """A FITS file and its HDUs. problem: why it cannot be read, in words, or "".

    path: `Path`. hdus: tuple of `FoundHdu`.
    """

    path: Path
    hdus: tuple[FoundHdu, ...] = ()
    problem: str = ""

    @classmethod
    def open(cls, path, files):
        """That of a path; a file that cannot be read has no HDUs, and says why.

        Parameters
        ----------
        path : `Path`
        files : `FileCache` that reads it
        """
        try:
            file = files.open(path)
        except DataError as error:
            return cls(path, problem=str(error))
        return cls(path, tuple(_hdu(file, outline) for outline in file.outlines() if outline.number))

    def of_type(self, hdu_type):
        """The `FoundHdu` of a type; where several are, those that have its very name. hdu_type: str."""
        found = [one for one in self.hdus if one.hdu_type == hdu_type]
        named = [one for one in found if one.name.strip().lower() == hdu_type]
        return named if len(found) > 1 and named else found

    @property
    def words(self):
        """What the file is where it is of no run, in a clause."""
        if self.problem:
            return self.problem.rstrip(".")
        if any(one.is_index for one in self.hdus):
            return INDEX_WORDS
        names = listed(one.name or "(no name)" for one in self.hdus)
        return f"it has no table of events or of responses, but {names}" if self.hdus else "it has no table"


def is_fits_name(name):
    """Whether a file is called as FITS files are, and is not hidden. name: str."""
    return not name.startswith(".") and name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def files_in(folder):
    """`Path`s of the FITS files in a folder and the folders in it, list, in the order of their names.

    Hidden ones are left out, and folders that are links. Raises `DataError` where they are more than 65,536.

    folder: `Path`.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in names if is_fits_name(name)]
        if len(found) > _MOST_FILES:
            raise DataError(f"The folder {folder} has more than {_MOST_FILES} FITS files; wanted are fewer.")
    return sorted(found)


def _hdu(file, outline):
    """The `FoundHdu` of an HDU of a `FitsFile`."""
    if outline.kind != "BINTABLE":
        kind = outline.kind or "no extension"
        return FoundHdu(outline.name, outline.nbytes, problem=f"it is {kind}; wanted is a BINTABLE")
    try:
        table = file.at(outline.number)
        kind = kind_of(table)
    except DataError as error:
        return FoundHdu(outline.name, outline.nbytes, problem=str(error).rstrip("."))
    if kind is None:
        is_index = _is_index(table)
        words = INDEX_WORDS if is_index else "it is no table of events, good time or responses"
        return FoundHdu(outline.name, outline.nbytes, problem=words, is_index=is_index)
    return FoundHdu(outline.name, outline.nbytes, *kind, header=table.header, n_rows=len(table.data))


def _is_index(table):
    words = [str(table.header.get(key) or "").strip().upper() for key in ("HDUCLAS1", "EXTNAME")]
    named = words[0] == "INDEX" or words[1].replace("_", " ") in ("OBS INDEX", "HDU INDEX")
    return named or all(name in table.columns for name in ("OBS_ID", "HDU_TYPE", "FILE_NAME"))
