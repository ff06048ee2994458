"""Index files for a folder of DL3 files that has none."""

from collections import defaultdict

from tevcurve.data.found_files import files_in
from tevcurve.data.header import letters
from tevcurve.data.index_making import obs_index
from tevcurve.data.observation import Observation
from tevcurve.data.run import Run
from tevcurve.data.run_files import ResponseFiles
from tevcurve.data.store_tables import FoundTables
from tevcurve.data.write import write_tables
from tevcurve.errors import DataError, InputError
from tevcurve.files import FileCache, expand_path
from tevcurve.files.columns import listed

_KINDS = ("hdu-index", "obs-index")


def write_index(folder, irfs=None, overwrite=False):
    """(files of no run, runs that cannot be used): lists of (`Path`, why, a clause), of a folder that gets an index.

    `hdu-index.fits.gz` and `obs-index.fits.gz` lead to all runs of the FITS files in the folder and in its folders;
    what these are, and their responses, is told as by `DataStore.from_events_files`. An index that is there is not
    asked. The same files give the same bytes; each index appears whole or not at all, that of the HDUs last.

    Parameters
    ----------
    folder : str or Path; environment variables and ~ are put in
    irfs : path of a file in the folder with the responses of all runs, or a list of such
    overwrite : bool, whether index files that are there are replaced

    Raises `InputError` where index files are there, and where irfs are outside of the folder; `DataError` where no file
    has events, and where two of one instrument have one OBS_ID.
    """
    folder = expand_path(folder)
    if not folder.is_dir():
        raise DataError(f"The folder {folder} does not exist.")
    there = [path.name for kind in _KINDS for path in sorted(folder.glob(f"{kind}.fits*"))]
    if there and not overwrite:
        raise InputError(f"The folder {folder} has {' and '.join(there)}; overwrite replaces what is there.")
    files = FileCache(folder=folder)
    paths = [path for path in files_in(folder) if path.parent != folder or path.name not in there]
    tables = FoundTables.of(paths, folder, files, None if irfs is None else ResponseFiles.open(irfs, files))
    failed = [(one.path, one.problem.rstrip(".")) for one in tables.found if one.problem]
    tables = FoundTables([one for one in tables.found if one.hdus], tables.left_out, folder)
    _check(tables, folder, failed)
    observations = [Observation(Run(one.obs_id, one.addresses, files)) for one in tables.found]
    write_tables(folder / "obs-index.fits.gz", [obs_index(observations, tables.n_events)])
    write_tables(folder / "hdu-index.fits.gz", [tables.hdu_index()])
    return tables.left_out, failed


def _check(tables, folder, failed):
    """Raises what `write_index` does where an index cannot lead to the runs of some `FoundTables`."""
    if not tables.found:
        reasons = listed((f"{path.name}: {reason}" for path, reason in [*failed, *tables.left_out]), 3)
        raise DataError(f"The folder {folder} has no FITS file with events ({reasons}).")
    root, by_number = folder.resolve(), defaultdict(list)
    for one in tables.found:
        by_number[one.obs_id, letters(one.telescope)].append(one.path.name)
        outside = [path for path, _ in one.hdus if not path.resolve().is_relative_to(root)]
        if outside:
            raise InputError(
                f"The file {outside[0]} is not in {folder}; wanted is one that an index there can lead to."
            )
    for (obs_id, _), names in by_number.items():
        if len(names) > 1:
            raise DataError(
                f"OBS_ID {obs_id} is that of {listed(names, 5)}; wanted is one file for each, which an index can name."
            )
