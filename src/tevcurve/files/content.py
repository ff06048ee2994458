"""The bytes of a file, inflated, within a limit; and the check that a path stays in its folder."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tevcurve.errors import DataError, InputError
from tevcurve.files.inflating import GZIP, inflate_members

LARGEST_FILE = 2**28  # bytes of a file's content, inflated; files of runs have some 10^6


def expand_path(path: str | os.PathLike[str]) -> Path:
    """`Path` with environment variables and the home folder put in; raises InputError where one is not set.

    path: as a person writes it, with `~`, `$NAME` or `${NAME}`.
    """
    text = os.path.expanduser(os.path.expandvars(os.fspath(path)))
    unset = re.search(r"\$\{?(\w+)", text)
    if unset:
        raise InputError(f"The environment variable {unset[1]} in the path {str(path)!r} is not set.")
    return Path(text)


def path_inside(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """The real path of a file, links followed; raises DataError where that is not inside a folder.

    A link that stays inside the folder is fine.

    Parameters
    ----------
    path : of the file
    folder : where it has to be
    """
    try:
        real, root = os.path.realpath(path), os.path.realpath(folder)
    except (OSError, ValueError) as error:
        raise DataError(f"The path {str(path)!r} cannot be followed: {error}.") from None
    if os.path.commonpath([real, root]) != root:
        raise DataError(
            f"The file {path} is a link that leads out of the data store {folder}, to {real}; wanted is a file inside, "
            "or a store that is opened with follow_links=True."
        )
    return Path(real)


def read_bytes(
    path: str | os.PathLike[str], limit: int = LARGEST_FILE, check: Callable[[bytes], None] | None = None
) -> bytes | bytearray:
    """Content of a file as bytes, inflated where it is gzip (told by its first bytes, not by its name).

    Parameters
    ----------
    path : of the file
    limit : the most bytes that the content may have
    check : function of the bytes as they are in the file, which raises for what shall not be used

    Raises DataError where the file cannot be read, where it is larger, and where it is no file but a folder, a pipe
    or a device.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, limit, size)
        # As many bytes as there are, and one more where it grows: room for the limit would be slow to get.
        content = file.read(size + 1)
        if len(content) > size:
            content += file.read(limit + 1 - len(content))
        check_size(path, limit, len(content))
    if check is not None:
        check(content)
    return inflate_members(content, f"The gzip file {path}", limit) if content[:2] == GZIP else content


def check_size(path: str | os.PathLike[str], limit: int, size: int | None = None) -> None:
    """None where a file has at most `limit` bytes, or is not there; raises DataError where it has more.

    Parameters
    ----------
    path : of the file
    limit : bytes that it may have
    size : bytes that it has, where that is known
    """
    if size is None:
        try:
            size = os.stat(path).st_size
        except (OSError, ValueError):
            return
    if size > limit:
        raise DataError(f"The file {path} has {size} bytes; wanted are at most {limit} (largest_file).")


@contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file opened for its bytes; raises DataError where it cannot be read, or is no file but a folder or a pipe.

    path: of the file.
    """
    try:
        with open(path, "rb", opener=_open_now) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DataError(f"The file {path} cannot be read: it is a pipe or a device.")
            yield file
    except DataError:
        raise
    except IsADirectoryError:
        raise DataError(f"The file {path} cannot be read: it is a folder.") from None
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist.") from None
    except OSError as error:
        raise DataError(f"The file {path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise DataError(f"The file {str(path)!r} cannot be read: {error}.") from error


def _open_now(path: str, flags: int) -> int:
    # Without waiting: the other end of a pipe may never come.
    return os.open(path, flags | os.O_NONBLOCK)
