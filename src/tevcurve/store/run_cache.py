"""Reduced runs on disk by the content of their inputs, so that what was reduced once is not reduced again."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from tevcurve.atomic import PART, remove_leftover, remove_leftovers, write_file
from tevcurve.errors import DataError, StoreError
from tevcurve.files.content import expand_path
from tevcurve.run_id import FIELDS, RunId
from tevcurve.store.run_file import head_of, run_from_bytes, run_to_bytes
from tevcurve.store.trusted_folders import group_that_writes, why_not_trusted

log = logging.getLogger(__name__)

# A store is what a cache was called when the first ones were made.
MARK = "tevcurve-store"
MARK_TEXT = b"Reduced runs of tevcurve. All that is in here can be made again.\n"
MAX_BYTES = 10 * 2**30
# Where the limit is reached, so much of it is used afterwards, so that room is not made at every run.
AFTER_REMOVAL = 0.9
# Whatever the umask is: never for everybody.
FOLDER_MODE = 0o775


@dataclass(frozen=True)
class CacheEntry:
    """A reduced run in a cache.

    key: str. path: Path. size: int, bytes. used: float, when it was last asked for, seconds since 1970.
    """

    key: str
    path: Path
    size: int
    used: float

    def describe(self):
        """Dict of what a person asks: its `run_id`, target; empty where the file is damaged."""
        try:
            head = head_of(_of_key(self.path.read_bytes(), self.key, self.path), str(self.path))
            run_id = RunId.from_plain({name: head["run_id"][name] for name in FIELDS})
        except (OSError, DataError, LookupError, TypeError):
            return {}
        return {"run_id": run_id, "target": head.get("facts", {}).get("target", "")}


class RunCache:
    """Reduced runs in a folder, each under a key (`tevcurve.store.inputs.RunKeys`); several processes may share it.

    Each file says of which key it is, so that one that came under another name is not taken for it. A folder in which
    others than the user, root and the folder's group may write is refused. A run is there whole or not at all. Where
    there is more than `max_bytes`, those go that were not asked for the longest. Damaged ones are taken as missing.

    Parameters
    ----------
    folder : str or Path; environment variables and ~ are put in. Nothing is made there before the first run
        is put
    max_bytes : int
    """

    def __init__(self, folder, max_bytes=MAX_BYTES):
        self.folder, self.max_bytes = expand_path(folder), int(max_bytes)
        self._size, self._told_group = None, False

    def get(self, key):
        """The `SourceRun` of a key, or None where the cache has none that can be used. key: `RunKey`."""
        path = self._path(key)
        try:
            content = self._trusted_bytes(path)
        except FileNotFoundError:
            return None
        except StoreError as error:
            log.warning("%s", error)
            return None
        except OSError as error:
            log.warning("The cache %s cannot be read: %s.", self.folder, error.strerror)
            return None
        try:
            run = run_from_bytes(_of_key(content, key, path), f"The file {path}")
        except DataError as error:
            log.warning("%s The run is reduced anew.", error)
            _remove(path)
            return None
        try:
            os.utime(path)
        except OSError:
            # Who may only read takes no part in what is removed first.
            log.debug("The use of %s is not noted.", path)
        return run

    def put(self, key, run):
        """None; the cache has the run under the key. Raises `StoreError`, with the reason, where that cannot be.

        Parameters
        ----------
        key : `RunKey`
        run : `SourceRun`
        """
        content = _head(key) + run_to_bytes(run)
        if len(content) > self.max_bytes:
            return
        self._prepare()
        self.check_trusted()
        path = self._path(key)
        try:
            path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The cache {self.folder} cannot be written: {error.strerror}.") from error
        if self._size is None:
            self._size = sum(entry.size for entry in self._scan())
        write_file(path, content)
        self._size += len(content)
        if self._size > self.max_bytes:
            self._make_room(path)

    def entries(self):
        """List of `CacheEntry`, those first that were not asked for the longest. Raises `StoreError` for no cache."""
        if not self._is_cache():
            return []
        return sorted(self._scan(), key=lambda entry: (entry.used, entry.key))

    @property
    def size(self):
        """Bytes of all reduced runs, int."""
        return sum(entry.size for entry in self.entries())

    def clear(self):
        """The number of reduced runs that were removed, all. Raises `StoreError` where they cannot be."""
        entries = self.entries()
        for entry in entries:
            try:
                entry.path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"The cache {self.folder} cannot be emptied: {error.strerror}.") from error
        self._size = None
        return len(entries)

    def __repr__(self):
        return f"<RunCache {self.folder}>"

    def check_trusted(self):
        """None; `StoreError` where others could have put runs into the cache. One that is not there yet is fine."""
        if not self.folder.exists():
            return
        why = why_not_trusted(self.folder)
        if why:
            raise StoreError(f"The cache {self.folder} is not used: {why}, or take another folder.")
        group = group_that_writes(self.folder)
        if group and not self._told_group:
            self._told_group = True
            log.info("All of the group %s may put runs into the cache %s.", group, self.folder)

    def _trusted_bytes(self, path):
        """Content of a file that the user, root, or the group that shares the cache has written."""
        self.check_trusted()
        content = path.read_bytes()
        if group_that_writes(self.folder) is None:
            for place in (path.parent, path):
                why = why_not_trusted(place)
                if why:
                    raise StoreError(f"The file {path} of the cache is not used: of {place}, {why}.")
        return content

    def _path(self, key):
        return self.folder / key[:2] / f"{key}.run"

    def _is_cache(self):
        """Whether there is a cache; `StoreError` where there is something else."""
        if (self.folder / MARK).is_file():
            return True
        try:
            names = os.listdir(self.folder) if self.folder.exists() else []
        except OSError as error:
            raise StoreError(f"The cache {self.folder} cannot be read: {error.strerror}.") from error
        # Another process may be making it at this moment.
        if MARK not in names and any(not name.startswith(f".{MARK}.") for name in names):
            raise StoreError(f"{self.folder} is no cache of tevcurve; wanted is one, or an empty folder.")
        return MARK in names

    def _prepare(self):
        """None; the folder is there and marked."""
        if self._size is None and not self._is_cache():
            self.check_trusted()
            try:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            except OSError as error:
                raise StoreError(f"The cache {self.folder} cannot be made: {error.strerror}.") from error
            write_file(self.folder / MARK, MARK_TEXT)

    def _scan(self):
        """Each `CacheEntry`; what killed writers have left is removed."""
        found = []
        remove_leftovers(self.folder / MARK)
        for path in sorted(self.folder.glob("??/*")):
            if path.name.endswith(PART):
                remove_leftover(path)
            elif path.name.endswith(".run"):
                try:
                    state = path.stat()
                except OSError:
                    continue
                found.append(CacheEntry(path.stem, path, state.st_size, state.st_mtime))
        return found

    def _make_room(self, newest):
        """None; runs that were not asked for the longest are removed until the rest is below the limit."""
        entries = self.entries()
        self._size = sum(entry.size for entry in entries)
        for entry in entries:
            if self._size <= AFTER_REMOVAL * self.max_bytes:
                break
            if entry.path != newest and _remove(entry.path):
                self._size -= entry.size


def _head(key):
    return f"{key}\n".encode()


def _of_key(content, key, path):
    """The bytes of a run without the key before it; `DataError` where that is another."""
    head = _head(key)
    if not content.startswith(head):
        raise DataError(f"The file {path} is not of the key that is its name.")
    return content[len(head) :]


def _remove(path):
    """Whether a file could be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
