"""Where the files of a data store may lie: its index is data, and not to be trusted."""

import os
from dataclasses import dataclass
from os.path import abspath, normpath
from pathlib import Path

from tevcurve.data.found_files import is_fits_name
from tevcurve.errors import DataError, InputError
from tevcurve.files import expand_path
from tevcurve.files.columns import listed

# The layout of CTA's data challenges: `index/gps` beside `data` and `caldb`.
_INDEX, _BESIDE, _DEEPEST = "index", ("data", "caldb"), 3


@dataclass(frozen=True)
class StoreFolders:
    """The folder that FILE_DIRs start from, and the one that they may not leave.

    Attributes
    ----------
    base : Path, of the index
    root : Path, outside of which nothing is read
    is_named : bool, whether a person named the root; then FILE_DIRs that the base has not start there
    """

    base: Path
    root: Path
    is_named: bool = False

    @classmethod
    def of(cls, base, data_root=None):
        """Those of an index in a folder.

        Parameters
        ----------
        base : Path of the folder of the index
        data_root : str or Path of the root as a person names it, or None: the folder itself, or the top of a store
            that is laid out as those of CTA's data challenges

        Raises `InputError` where the root is no folder.
        """
        if data_root is None:
            return cls(base, _top_of(base) or base)
        root = expand_path(data_root)
        if not root.is_dir():
            raise InputError(f"data_root is {str(data_root)!r}; wanted is a folder that is there.")
        return cls(base, root, True)

    def path(self, folder, file):
        """`Path` of a file, or None where it is outside of the root.

        Parameters
        ----------
        folder : FILE_DIR, str
        file : FILE_NAME, str
        """
        if not file:
            return None
        starts = (self.base, self.root) if self.is_named else (self.base,)
        inside = [
            path for path in (self._inside(start, folder, file) for start in starts) if path is not None
        ]
        return next((path for path in inside[:-1] if path.exists()), inside[-1] if inside else None)

    def _inside(self, start, folder, file):
        relative = normpath(f"{folder or '.'}/{file}")
        if not self.is_named and not relative.startswith(("/", "..")):
            return start / relative
        path = abspath(os.path.join(start, relative))
        root = abspath(self.root)
        return Path(path) if os.path.commonpath([path, root]) == root else None


def _top_of(base):
    """The folder of the `index` that a folder is in, where that has the data beside it; else None."""
    base = Path(abspath(base))
    for index in (base, *base.parents)[:_DEEPEST]:
        top = index.parent
        if (
            index.name.lower() == _INDEX
            and top != top.parent
            and any((top / name).is_dir() for name in _BESIDE)
        ):
            return top
    return None


def index_below(folder):
    """`Path` of the folder with the HDU index of a folder: itself, or the one in it that has one; None without one.

    In it is not looked as `indices_below` says. Raises `DataError` where several folders in it have one.

    folder: `Path`.
    """
    places = indices_below(folder)
    if len(places) > 1:
        names = listed(place.relative_to(folder).as_posix() for place in places)
        raise DataError(f"The folder {folder} has HDU indices in {names}; wanted is one of these folders.")
    return places[0] if places else None


def indices_below(folder):
    """List of the `Path`s of folders with an HDU index: a folder itself, or else those in it.

    In it is not looked where FITS files lie in the folder itself: these would be overlooked.

    folder: `Path`.
    """
    if _has_index(folder):
        return [folder]
    if any(path.is_file() and is_fits_name(path.name) for path in folder.iterdir()):
        return []
    return [place for place in _folders_in(folder) if _has_index(place)]


def _has_index(folder):
    return any((folder / f"hdu-index.{end}").exists() for end in ("fits.gz", "fits"))


def _folders_in(folder, depth=_DEEPEST):
    """Each folder in a folder, also in those, in the order of their names.

    Links, hidden ones, and those that may not be looked into are left out.
    """
    try:
        inside = sorted(folder.iterdir())
    except PermissionError:
        return
    for each in inside:
        if each.is_dir() and not each.is_symlink() and not each.name.startswith("."):
            yield each
            if depth > 1:
                yield from _folders_in(each, depth - 1)
