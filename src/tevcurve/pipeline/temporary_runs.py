"""A folder of temporary files that goes with whoever made it, also where that was killed."""

import logging
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from tevcurve.atomic import claim, hold

log = logging.getLogger(__name__)
PREFIX = "tevcurve-runs-"


class TemporaryRuns:
    """A folder that is there as long as this object; those of processes that were killed go when the next is made.

    Where it cannot be made, or its disk is full, `put` says so once, in the log, and keeps nothing more.

    path: Path of the folder. is_full: bool.
    """

    def __init__(self):
        remove_stale()
        self.is_full = False
        try:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        except OSError as error:
            self.path = Path(PREFIX)
            self._stop(f"No folder for temporary files can be made: {error.strerror or error}")
            return
        weakref.finalize(self, _remove, self.path, os.getpid(), hold(self.path))

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
            (self.path / name).write_bytes(content)
        except OSError as error:
            (self.path / name).unlink(missing_ok=True)
            self._stop(f"The folder {self.path} of temporary files takes no more: {error.strerror or error}")
        return not self.is_full

    def _stop(self, why):
        self.is_full = True
        log.warning("%s; the runs that follow stay in memory (TMPDIR names another disk).", why)


def written_whole(path, content):
    """Whether a file has its content; else it is as it was. Other processes may write the same at the same time.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        return False
    return True


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
