"""A folder of temporary files that goes with whoever made it, also where that was killed."""

import logging
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

from tevcurve.atomic import claim, hold

log = logging.getLogger(__name__)
PREFIX = "tevcurve-runs-"


class TemporaryFolder:
    """A folder that is there as long as this object; those of processes that were killed go when the next is made.

    Raises OSError where none can be made. path: Path of the folder.
    """

    def __init__(self):
        remove_stale()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        weakref.finalize(self, _remove, self.path, os.getpid(), hold(self.path))


class TemporaryRuns:
    """A `TemporaryFolder` for files of runs.

    Where it cannot be made, or its disk is full, that is said once, in the log, and `put` keeps nothing more.

    path: Path of the folder. is_full: bool.
    """

    def __init__(self):
        self.is_full, self._folder, self.path = False, None, Path(PREFIX)
        try:
            self._folder = TemporaryFolder()
            self.path = self._folder.path
        except OSError as error:
            self._stop(f"No folder for temporary files can be made: {error.strerror or error}")

    def put(self, name, content):
        """Whether a file of the folder has the content (bytes).

        Parameters
        ----------
        name : str, of the file
        content : bytes
        """
        if self.is_full:
            return False
        try:
            write_whole(self.path / name, content)
        except OSError as error:
            self._stop(f"The folder {self.path} of temporary files takes no more: {error.strerror or error}")
        return not self.is_full

    def _stop(self, why):
        self.is_full = True
        log.warning("%s; the runs that follow stay in memory (TMPDIR names another disk).", why)


def write_whole(path, content):
    """None; a file has its content. Other processes may write the same at the same time.

    Raises OSError where it cannot be written; it is as it was then, and nothing else stays.

    Parameters
    ----------
    path : Path or str
    content : bytes
    """
    part = f"{path}.{os.getpid()}"
    try:
        with open(part, "wb") as stream:
            stream.write(content)
        os.replace(part, path)
    except OSError:
        # Of a disk that takes nothing, nothing can be removed either.
        with suppress(OSError):
            os.unlink(part)
        raise


def remove_stale():
    """None; folders of this user whose process has ended are gone."""
    if not hasattr(os, "geteuid"):
        return
    try:
        found = list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    except OSError:
        return
    for path in found:
        try:
            is_own = path.is_dir() and not path.is_symlink() and path.lstat().st_uid == os.geteuid()
        except OSError:
            continue
        if is_own:
            # Who lives holds his folder; a number of a process may be given again.
            with claim(path) as claimed:
                if claimed:
                    shutil.rmtree(path, ignore_errors=True)


def _remove(path, owner, handle):
    """None; the folder is gone, unless this is a process that was forked from its owner."""
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)
