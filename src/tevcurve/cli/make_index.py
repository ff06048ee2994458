"""`tevcurve make-index`: index files for a folder of DL3 files."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import OVERWRITE


def make_index(
    folder: Annotated[Path, Argument(help="Folder of DL3 files.", metavar="FOLDER", takes=("data",))],
    irfs: Annotated[
        list[Path] | None,
        Option(help="File in the folder with the responses of all runs; may be given several times."),
    ] = None,
    overwrite: OVERWRITE = False,
):
    """Write hdu-index.fits.gz and obs-index.fits.gz for a folder of DL3 files that has none.

    Other packages open it by these. tevcurve itself needs no index.

    \b
    tevcurve make-index downloads
    tevcurve make-index downloads --irfs downloads/irfs.fits --overwrite
    """
    from tevcurve.cli.indices import print_index

    return print_index(folder, irfs, overwrite)
