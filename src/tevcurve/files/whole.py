"""Whether all of a FITS file is there: while it is copied or written, parts of it look like a file."""

import os

from tevcurve.errors import DataError
from tevcurve.files.content import LARGEST_FILE
from tevcurve.files.hdus import FileCache, FitsFile

_BLOCK = 2880


def read_whole(
    path: str | os.PathLike[str], limit: int = LARGEST_FILE, files: FileCache | None = None
) -> FitsFile:
    """The `FitsFile` at a path, of which nothing is missing.

    Stricter than reading: the last block is filled up, and nothing follows that is not an HDU, as the first bytes of a
    header that is still to come. Compressed data go by their checksum (gzip, RFC 1952). A file that stops where an HDU
    does is whole by this: only who knows which HDUs it shall have can tell.

    Parameters
    ----------
    path : of the file, gzip or not
    limit : bytes that its content may have
    files : reads it and keeps it for who asks next, with a limit of its own; None where nobody will

    Raises `DataError` where it cannot be read, or is not whole.
    """
    try:
        file = FitsFile.open(path, limit) if files is None else files.open(path)
    except DataError:
        if _is_empty(path):
            raise DataError(f"The file {path} is empty.") from None
        raise
    end = sum(outline.nbytes for outline in file.outlines())
    if end % _BLOCK:
        raise DataError(
            f"The file {path} is cut off in its last block: {end % _BLOCK} of {_BLOCK} bytes are there."
        )
    if file.nbytes > end:
        raise DataError(f"The file {path} has {file.nbytes - end} bytes after its last HDU that are none.")
    return file


def _is_empty(path: str | os.PathLike[str]) -> bool:
    """Whether a file has nothing yet."""
    try:
        return os.path.isfile(path) and os.path.getsize(path) == 0
    except OSError:
        return False
