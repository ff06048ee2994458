"""Reduced runs on disk by the content of their inputs, so that what was reduced once is not reduced again."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from tevcurve.errors import DataError, StoreError
from tevcurve.files.content import expand_path
from tevcurve.store.atomic import PART, remove_leftover, remove_leftovers, write_file
from tevcurve.store.run_file import head_of, run_from_bytes, run_to_bytes

log = logging.getLogger(__name__)

MARK = "tevcurve-store"
MARK_TEXT = b"Reduced runs of tevcurve. All that is in here can be made again.\n"
MAX_BYTES = 10 * 2**30
# Where the limit is reached, so much of it is used afterwards, so that room is not made at every run.
AFTER_REMOVAL = 0.9


@dataclass(frozen=True)
class StoreEntry:
    """A reduced run in a store.

    key: str. path: Path. size: int, bytes. used: float, when it was last asked for, seconds since 1970.
    """

    key: str
    path: Path
    size: int
    used: float

    def describe(self):
        """Dict of what a person asks: obs_id, target; empty where the file is damaged."""
        try:
            head = head_of(self.path.read_bytes(), str(self.path))
        except (OSError, DataError):
            return {}
        return {"obs_id": head.get("obs_id"), "target": head.get("facts", {}).get("target", "")}


class RunStore:
    """Reduced runs in a folder, each under a key (`tevcurve.store.inputs.RunKeys`); several processes may share it.

    A run is there whole or not at all. Where there is more than `max_bytes`, those go that were not asked for the
    longest. Damaged ones are taken as missing.

    folder: str or Path; environment variables and ~ are put in. Nothing is made there before the first run is put.
    max_bytes: int
    """

    def __init__(self, folder, max_bytes=MAX_BYTES):
        self.folder, self.max_bytes = expand_path(folder), int(max_bytes)
        self._size = None

    def get(self, key):
        """The `KeptRun` of a key, or None where the store has none that can be used."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("The store %s cannot be read: %s.", self.folder, error.strerror)
            return None
        try:
            run = run_from_bytes(content, f"The file {path}")
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
        """None; the store has the run under the key. Raises `StoreError`, with the reason, where that cannot be."""
        content = run_to_bytes(run)
        if len(content) > self.max_bytes:
            return
        self._prepare()
        path = self._path(key)
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"The store {self.folder} cannot be written: {error.strerror}.") from error
        if self._size is None:
            self._size = sum(entry.size for entry in self._scan())
        write_file(path, content)
        self._size += len(content)
        if self._size > self.max_bytes:
            self._make_room(path)

    def entries(self):
        """List of `StoreEntry`, those first that were not asked for the longest. Raises `StoreError` for no store."""
        if not self._is_store():
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
                raise StoreError(f"The store {self.folder} cannot be emptied: {error.strerror}.") from error
        self._size = None
        return len(entries)

    def __repr__(self):
        return f"<RunStore {self.folder}>"

    def _path(self, key):
        return self.folder / key[:2] / f"{key}.run"

    def _is_store(self):
        """Whether there is a store; `StoreError` where there is something else."""
        if (self.folder / MARK).is_file():
            return True
        try:
            names = os.listdir(self.folder) if self.folder.exists() else []
        except OSError as error:
            raise StoreError(f"The store {self.folder} cannot be read: {error.strerror}.") from error
        # Another process may be making it at this moment.
        if MARK not in names and any(not name.startswith(f".{MARK}.") for name in names):
            raise StoreError(f"{self.folder} is no store of tevcurve; wanted is one, or an empty folder.")
        return MARK in names

    def _prepare(self):
        """None; the folder is there and marked."""
        if self._size is None and not self._is_store():
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"The store {self.folder} cannot be made: {error.strerror}.") from error
            write_file(self.folder / MARK, MARK_TEXT)

    def _scan(self):
        """All `StoreEntry`s; what killed writers have left is removed."""
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
                found.append(StoreEntry(path.stem, path, state.st_size, state.st_mtime))
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


def _remove(path):
    """Whether a file could be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
