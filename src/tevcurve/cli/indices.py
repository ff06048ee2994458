"""What `tevcurve make-index` does and tells."""

from tevcurve.cli.console import note, plain
from tevcurve.cli.exit_codes import DONE, PARTLY
from tevcurve.data import DataStore
from tevcurve.data.write_index import write_index


def print_index(folder, irfs=None, overwrite=False):
    """Exit code: index files are written for a folder, and what they lead to is printed.

    Parameters
    ----------
    folder : Path
    irfs : list of Path of files with responses, or None
    overwrite : bool
    """
    left_out, failed = write_index(folder, irfs or None, overwrite)
    print(plain(f"Index files hdu-index.fits.gz and obs-index.fits.gz in {folder}"))
    print(plain(DataStore.from_dir(folder)))
    for path, reason in left_out:
        note(f"The file {path.name} is left out: {reason}.")
    for path, reason in failed:
        note(f"The run of {path.name} cannot be used: {reason}.")
    return PARTLY if failed else DONE
