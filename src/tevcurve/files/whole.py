"""Whether all of a FITS file is there: while it is copied or written, parts of it look like a file."""

import os

from tevcurve.errors import DataError
from tevcurve.files.content import LARGEST_FILE, read_bytes
from tevcurve.files.hdus import FitsFile

_BLOCK = 2880


def read_whole(path: str | os.PathLike[str], limit: int = LARGEST_FILE) -> FitsFile:
    """The `FitsFile` at a path, of which nothing is missing.

    Stricter than reading: the last block is filled up, and nothing follows that is not an HDU, as the first bytes of a
    header that is still to come. Compressed data go by their checksum (gzip, RFC 1952). A file that stops where an HDU
    does is whole by this: only who knows which HDUs it shall have can tell.

    Parameters
    ----------
    path : of the file, gzip or not
    limit : bytes that its content may have

    Raises `DataError` where it cannot be read, or is not whole.
    """
    content = read_bytes(path, limit, check=lambda stored: _check_stored(stored, path))
    file = FitsFile(content, path)
    end = sum(outline.nbytes for outline in file.outlines())
    if end % _BLOCK:
        raise DataError(
            f"The file {path} is cut off in its last block: {end % _BLOCK} of {_BLOCK} bytes are there."
        )
    if len(content) > end:
        raise DataError(f"The file {path} has {len(content) - end} bytes after its last HDU that are none.")
    return file


def _check_stored(stored: bytes, path: str | os.PathLike[str]) -> None:
    """Raises `DataError` for a file that has nothing yet."""
    if not stored:
        raise DataError(f"The file {path} is empty.")
