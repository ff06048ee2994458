"""The data that a caller gave, as stores and lists of observations."""

import os

from tevcurve.data import DataStore, Observation
from tevcurve.data.index_tables import find_table
from tevcurve.errors import DataError, InputError
from tevcurve.files import FitsFile, expand_path


def open_stores(paths, data_root=None, irfs=None):
    """List of the `DataStore`s at some paths, in order.

    A folder and a file with index tables is a store each; all other files are the runs of one store. An index file
    beside files that are given themselves, as `folder/*.fits` has it, would lead to the same runs again; it is left out
    with the other files that are of no run.

    Parameters
    ----------
    paths : path or list of paths, str or Path; environment variables and ~ are put in
    data_root, irfs : as in `DataStore`

    Raises `DataError` where a path has no runs.
    """
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    options = {"data_root": data_root, "irfs": irfs}
    paths = [expand_path(path) for path in paths]
    indices = {path for path in paths if not path.is_dir() and _is_index(path)}
    told = {path.parent for path in paths if not path.is_dir() and path not in indices}
    makers, files = [], []
    for path in paths:
        if path.is_dir():
            makers.append((DataStore.from_dir, path))
        elif path in indices and path.parent not in told:
            makers.append((DataStore.from_file, path))
        else:
            if not files:
                makers.append((DataStore.from_events_files, files))
            files.append(path)
    return [make(given, **options) for make, given in makers]


def _is_index(path):
    """Whether a file has an HDU index; one that cannot be read has none, and is told of as a file of a run."""
    try:
        return find_table(FitsFile.open(path), "HDU", needed=False) is not None
    except DataError:
        return False


def sources_of(observations):
    """List of what the caller gave: each a `DataStore` or a list of `Observation`.

    observations : as `tevcurve.light_curve` takes them. Raises `InputError` for what they are not.
    """
    if isinstance(observations, str | os.PathLike | Observation | DataStore):
        observations = [observations]
    if not hasattr(observations, "__iter__"):
        kind = type(observations).__name__
        raise InputError(f"observations is a {kind}; wanted are Observations, a DataStore or its path.")
    sources, paths, runs = [], [], []
    for each in observations:
        if isinstance(each, str | os.PathLike):
            paths.append(each)
        elif isinstance(each, DataStore):
            sources.append(each)
        else:
            # What is no observation is told by who asks it.
            runs.append(each)
    return [*open_stores(paths), *sources, *([runs] if runs or not (paths or sources) else [])]
