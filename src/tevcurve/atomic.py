"""Files and folders that are there whole or not at all, whenever the program is killed."""

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from tevcurve.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: leftovers of killed writers stay
    fcntl = None  # type: ignore[assignment]

PART = ".part"
BEFORE = ".before"
# Bytes of what makes the name of a part one of its own.
_RANDOM = 6
# Linux: renameat2(2), macOS: renamex_np(2).
_AT_FDCWD, _EXCHANGE, _SWAP = -100, 2, 2
# Files that are forced to disk at the same time.
_AT_A_TIME = 4
# What a file shall have: its bytes, or a function that gives parts of them whenever it is called.
Content = bytes | memoryview | Callable[[], Iterable[bytes]]


def write_file(path: str | os.PathLike[str], content: Content) -> None:
    """None; the file is on disk with this content, or as it was before.

    A temporary file beside it is written, forced to disk, and put in its place. Raises `StoreError`, with the reason,
    where that cannot be done.

    Parameters
    ----------
    path : of the file
    content : all of it, or a function that gives parts of it, one after the other, whenever it is called
    """
    path = Path(path)
    with _in_words(path):
        while not _written(path, content):
            pass
        sync_folder(path.parent)


def replace_file(path: str | os.PathLike[str], content: Content) -> None:
    """None; a file that a person named has this content, or is as it was before; of a link it is the one it leads to.

    What writers of it that were killed have left beside it goes. Raises `StoreError` as `write_file`.

    Parameters
    ----------
    path : of the file
    content : as for `write_file`
    """
    path = Path(path).resolve()
    remove_leftovers(path)
    write_file(path, content)


@contextmanager
def new_folder(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """A context that gives an empty folder beside `path`; at its end that takes the place of `path`, in one step.

    Where the context ends with an exception, or the program is killed, `path` is as it was before.

    Parameters
    ----------
    path : where the folder will be
    overwrite : whether a folder that is there is replaced; otherwise `StoreError`

    Raises `StoreError`, with the reason, where the folder cannot be written.
    """
    path = Path(path).absolute()
    recover(path)
    with _in_words(path):
        if path.exists() and not overwrite:
            raise StoreError(f"{path} is already there; pass overwrite=True to replace it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        part, handle = _new_part(path)
    try:
        with _in_words(path):
            yield part
            sync_tree(part)
            _put_in_place(part, path, overwrite)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def recover(path: str | os.PathLike[str]) -> None:
    """None; a folder that a kill left under another name, half-way through being replaced, is put back.

    That can only be where the file system cannot exchange two folders in one step.

    path: of the folder.
    """
    path = Path(path).absolute()
    before = path.with_name(f".{path.name}{BEFORE}")
    if not path.exists() and before.exists():
        os.rename(before, path)


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """None; what writers of `path` that were killed have left beside it is gone; that of living ones stays.

    path: of the file or folder.
    """
    path = Path(path)
    # As `_part_of` calls them: what others call nearly so stays.
    for part in path.parent.glob(f"{escape(f'.{path.name}.')}{'[0-9a-f]' * 2 * _RANDOM}{PART}"):
        remove_leftover(part)


def remove_leftover(part: Path) -> None:
    """None; a temporary file or folder is gone, unless its writer lives. part: of a writer."""
    with claim(part) as claimed:
        if claimed and part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        elif claimed:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """None; names in the folder are on disk. path: of the folder."""
    if os.name == "posix":
        _sync(os.fspath(path))


def sync_tree(folder: str | os.PathLike[str]) -> None:
    """None; all files in a folder and its folders, and their names, are on disk.

    Files with a second name are on disk already, where that is.

    folder: with what is in it.
    """
    from concurrent.futures import ThreadPoolExecutor

    found: list[str] = []
    for place, _, names in os.walk(folder):
        for path in (os.path.join(place, name) for name in names):
            state = os.lstat(path)
            if stat.S_ISREG(state.st_mode) and state.st_nlink == 1:
                found.append(path)
        if os.name == "posix":
            found.append(place)
    # Several at a time: the disk is waited for once for all that it has been told until then.
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        for _ in threads.map(_sync, found):
            pass


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def claim(path: str | os.PathLike[str], wait: bool = False) -> Iterator[bool]:
    """A context that gives whether this process alone holds a file or folder; a kill lets go of it.

    Parameters
    ----------
    path : of what is to be held
    wait : whether to wait for another process that holds it; then the claim is of what is at `path` afterwards
    """
    if fcntl is None:
        yield False
        return
    handle = _claimed_handle(path, wait)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def hold(path: str | os.PathLike[str]) -> int | None:
    """File descriptor by which this process holds a file or folder until it ends or closes it; None where none can.

    path: of what is to be held.
    """
    return None if fcntl is None else _claimed_handle(path, False)


def _claimed_handle(path: str | os.PathLike[str], wait: bool) -> int | None:
    """File descriptor with a lock on it, or None."""
    while True:
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except OSError:
            os.close(handle)
            return None
        # While this one waited, something else was put there.
        os.close(handle)
        if not wait:
            return None


def _written(path: Path, content: Content) -> bool:
    """Whether the file is there with this content; not, where another process took its part for a leftover."""
    part = _part_of(path)
    try:
        with open(part, "xb", opener=_open_for_others) as stream:
            if not _held(stream.fileno(), part):
                return False
            stream.writelines(content() if callable(content) else [content])
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.replace(part, path)
        except FileNotFoundError:
            return False
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return True


def _open_for_others(path: str, flags: int) -> int:
    # Whatever the umask is: never for everybody to write.
    return os.open(path, flags, 0o664)


def _new_part(path: Path) -> tuple[Path, int | None]:
    """(Path of a new folder beside `path`, file descriptor by which it is held or None): nobody takes it away."""
    while True:
        part = _part_of(path)
        part.mkdir()
        if fcntl is None:
            return part, None
        try:
            handle = os.open(part, os.O_RDONLY)
        except FileNotFoundError:
            continue
        if _held(handle, part):
            return part, handle
        os.close(handle)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(_RANDOM)}{PART}")


def _held(handle: int, path: str | os.PathLike[str]) -> bool:
    """Whether this process holds what it has made; another one may have removed it in the moment before."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX)
    return os.path.exists(path)


def _put_in_place(part: Path, path: Path, overwrite: bool) -> None:
    """None; the folder `part` is at `path`; what was there is at `part`, or gone."""
    if not path.exists() and _renamed(part, path):
        sync_folder(path.parent)
        return
    if not overwrite:
        raise StoreError(f"{path} is already there; pass overwrite=True to replace it.")
    if not _exchange(part, path):
        before = path.with_name(f".{path.name}{BEFORE}")
        shutil.rmtree(before, ignore_errors=True)
        os.rename(path, before)
        os.rename(part, path)
        shutil.rmtree(before, ignore_errors=True)
    sync_folder(path.parent)


def _renamed(part: Path, path: Path) -> bool:
    """Whether the folder has its name; not, where another process has put one there in the moment before."""
    try:
        os.rename(part, path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Whether two folders have changed places, in one step; not every system can."""
    import ctypes

    names = os.fsencode(one), os.fsencode(other)
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform.startswith("linux") and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(*names, _SWAP)
    else:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number))


@contextmanager
def _in_words(path: str | os.PathLike[str]) -> Iterator[None]:
    """A context in which an error of the system becomes a `StoreError` of one sentence."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
