"""A folder into which runs are written: which of its files are whole, which grow, and what the others wait for."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tevcurve.data.found_files import is_fits_name
from tevcurve.data.whole_files import WANTED, why_not_whole
from tevcurve.errors import DataError
from tevcurve.files import FileCache

# Device, number, size and time of change: what a file that is moved into its place brings along.
_State = tuple[int, int, int, int]


@dataclass(frozen=True)
class Poll:
    """What a look at the folder found, in the order of names.

    Attributes
    ----------
    whole : files that are whole and were not told before as they are now
    growing : those that are whole by their HDUs, and have changed since the look before
    waiting : dict of the others that are not whole to why, a sentence
    """

    whole: tuple[Path, ...] = ()
    growing: tuple[Path, ...] = ()
    waiting: dict[Path, str] = field(default_factory=dict)


class WatchedFolder:
    """Looks at a folder again and again; file systems tell nothing of what other computers write.

    A file is taken when it is whole (`why_not_whole`) and was the same in the look before, also under another name from
    which it was moved into its place. Hidden files, and folders inside, are not looked into.

    Parameters
    ----------
    folder : its path
    wanted : HDU_TYPEs that each file shall have

    files: `FileCache` with the last ones that were looked into, so that who takes these need not read them again.
    """

    def __init__(self, folder: str | os.PathLike[str], wanted: Iterable[str] = WANTED):
        self.folder, self.wanted = Path(folder), tuple(wanted)
        self.files = FileCache()
        self._before: set[_State] = set()
        self._told: dict[str, _State] = {}
        self._why: dict[tuple[Path, _State], str] = {}

    def poll(self) -> Poll:
        """The `Poll` of a look at the folder.

        Raises `DataError` where the folder cannot be listed.
        """
        states, now = self._states(), set()
        whole, growing, waiting, why_of = [], [], {}, {}
        for name, state in sorted(states.items()):
            now.add(state)
            if self._told.get(name) == state or not is_fits_name(name):
                continue
            path = self.folder / name
            why = why_of[path, state] = self._why_not(path, state)
            if why:
                waiting[path] = why
            elif state in self._before:
                whole.append(path)
                self._told[name] = state
            else:
                growing.append(path)
        self._before, self._why = now, why_of
        return Poll(tuple(whole), tuple(growing), waiting)

    def _why_not(self, path: Path, state: _State) -> str:
        """Why a file is not whole, asked once for each of its states."""
        if (path, state) in self._why:
            return self._why[path, state]
        # One that takes the place of another may have its size and time.
        self.files.forget(path)
        why = why_not_whole(path, self.wanted, files=self.files)
        changed = _state_of(path, os.stat) != state
        return why or (f"The file {path} has changed while it was read." if changed else "")

    def _states(self) -> dict[str, _State]:
        """The state of each file of the folder by its name, those with hidden names among them."""
        try:
            with os.scandir(self.folder) as entries:
                found = {one.name: _state_of(one, _stat_of_entry) for one in entries}
        except OSError as error:
            raise DataError(
                f"The folder {self.folder} cannot be listed: {error.strerror or error}."
            ) from error
        return {name: state for name, state in found.items() if state is not None}


def _stat_of_entry(entry: "os.DirEntry[str]") -> os.stat_result:
    return entry.stat()


def _state_of(what: object, stat: Callable[..., os.stat_result]) -> _State | None:
    """The state of a file; None where it has gone meanwhile."""
    try:
        state = stat(what)
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
