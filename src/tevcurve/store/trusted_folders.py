"""Whether what lies in a folder can be believed: who else may write there."""

import os
import stat
from pathlib import Path

SAFE_OWNERS = "the user or root"


def why_not_trusted(path: str | os.PathLike[str]) -> str | None:
    """Why others could have put something at a path, a text without a full stop; None where they could not.

    A folder that others may write is safe only where they cannot take away what is not theirs (the sticky bit). Links
    are followed, and each folder above the real one counts, too: who may write there can put another in its place.

    path: Path of a file or folder that is there.
    """
    if os.name != "posix":
        return None
    real = Path(os.path.realpath(path))
    state = os.stat(real)
    if state.st_uid not in (os.geteuid(), 0):
        return f"it belongs to the user with the number {state.st_uid}; wanted is one of {SAFE_OWNERS}"
    for place in (real, *real.parents):
        mode = os.stat(place).st_mode
        if mode & stat.S_IWOTH and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
            whose = "it" if place == real else f"{place}, in which it lies,"
            return f"everybody may write {whose}; `chmod o-w {place}` changes that"
    return None


def group_that_writes(path: str | os.PathLike[str]) -> str | None:
    """The name of the group that may write a folder which others may not write; None where there is none such.

    path: of a folder that is there.
    """
    if os.name != "posix":
        return None
    state = os.stat(path)
    if not state.st_mode & stat.S_IWGRP or state.st_mode & stat.S_IWOTH:
        return None
    import grp

    try:
        return grp.getgrgid(state.st_gid).gr_name
    except KeyError:
        return str(state.st_gid)
