"""Whether a file of a run is whole, so that it can be taken while others are still written."""

import os
from collections.abc import Iterable
from pathlib import Path

from tevcurve.data.hdu_kinds import kind_of
from tevcurve.errors import DataError
from tevcurve.files import FileCache
from tevcurve.files.content import LARGEST_FILE
from tevcurve.files.whole import read_whole

# What each file of a run has.
WANTED = ("events", "gti")


def why_not_whole(
    path: str | os.PathLike[str],
    wanted: Iterable[str] = WANTED,
    limit: int = LARGEST_FILE,
    files: FileCache | None = None,
) -> str:
    """Why a file of a run is not whole, a sentence; "" where it is.

    Every HDU is within the file by the sizes in its header, compressed data fit their checksum, and the HDUs that are
    wanted are there: a file that is cut off between two of them is a FITS file all the same. Whether it still changes
    is not looked at.

    Parameters
    ----------
    path : of the file, gzip or not
    wanted : HDU_TYPEs that it shall have, such as those of `hdu_types` of a run that came before
    limit : bytes that its content may have
    files : reads it and keeps it for who asks next, with a limit of its own; None where nobody will
    """
    try:
        there = hdu_types(path, limit, files)
    except DataError as error:
        return str(error)
    missing = [each for each in wanted if each not in there]
    return f"The file {path} has no {' and no '.join(missing)} yet." if missing else ""


def hdu_types(
    path: str | os.PathLike[str], limit: int = LARGEST_FILE, files: FileCache | None = None
) -> tuple[str, ...]:
    """HDU_TYPEs of the tables of a run that a file has: events, gti, aeff, edisp, psf, bkg, rad_max.

    Parameters
    ----------
    path : of the file, gzip or not
    limit : bytes that its content may have
    files : as in `why_not_whole`

    Raises `DataError` where it is not whole.
    """
    kinds = [kind_of(table) for table in read_whole(Path(path), limit, files).tables()]
    return tuple(dict.fromkeys(kind[0] for kind in kinds if kind is not None))
