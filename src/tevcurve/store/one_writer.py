"""One process at a time for a file or folder that a long-lived process goes on writing."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tevcurve.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: nothing is held
    fcntl = None  # type: ignore[assignment]

_ELSEWHERE = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def only_writer(path: str | os.PathLike[str]) -> Iterator[None]:
    """A context in which no other process is in one for the same path; a kill lets go of it.

    What is held is a hidden file beside `path`, which goes with the context: the place may be empty, and what is there
    may be replaced. Where the file system does not know locks nothing is held.

    path: of the file or folder that is written.

    Raises `StoreError` where another process has it, or the folder around it cannot be written.
    """
    path = Path(path).absolute()
    mark = path.with_name(f".{path.name}.lock")
    handle = None if fcntl is None else _held(path, mark)
    try:
        yield
    finally:
        if handle is not None:
            # Who opens it from now on finds that what was held has gone, and makes another one.
            with suppress(OSError):
                mark.unlink()
            os.close(handle)


def _held(path: Path, mark: Path) -> int:
    """File descriptor of a mark that this process alone holds."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(mark, os.O_RDWR | os.O_CREAT, 0o664)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _ELSEWHERE:
                return handle
            os.close(handle)
            raise StoreError(
                f"{path} is written by another process that watches; wanted is one, or another place for this one."
            ) from error
        if _is_there(handle, mark):
            return handle
        # The process that had it has ended meanwhile.
        os.close(handle)


def _is_there(handle: int, mark: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(mark))
    except FileNotFoundError:
        return False
