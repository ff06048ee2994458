"""Observations to DL3 files and index files (GADF 0.3) that this package and others open.

The same observations give the same bytes: no date, host or program run is written, and gzip has no time stamp.
Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/
"""

import gzip
from collections import Counter
from numbers import Integral
from pathlib import Path

from tevcurve import __version__
from tevcurve.atomic import write_file
from tevcurve.data.index_making import hdu_index, obs_index
from tevcurve.data.response_hdus import CLASSIFICATION, response_bytes
from tevcurve.data.run_times import span_keywords
from tevcurve.data.table_bytes import primary_bytes, table_bytes
from tevcurve.errors import InputError
from tevcurve.irf.layout import RESPONSE_TYPES
from tevcurve.run_id import RunId

CREATOR = f"tevcurve {__version__}"
# Keywords that tell how or when another file was made, or that belong to its tables' layout.
_DROPPED = {"DATE", "CHECKSUM", "DATASUM", "EXTNAME", "EXTVER", "HISTORY", "THEAP"}
_LAYOUT = ("TDIM", "TNULL", "TDISP", "TSCAL", "TZERO")


def write_store(folder, observations, overwrite=False):
    """`Path` of a folder with the DL3 files of observations: one file each in `data`, and the two index files.

    Each file appears whole or not at all, the index files last.

    Parameters
    ----------
    folder : str or Path; made where it does not exist
    observations : iterable of `Observation`, also simulated ones
    overwrite : bool, whether files of a store that is there are replaced

    Raises `InputError` where there are no observations, where two have one OBS_ID, or where a store is there.
    """
    folder, observations = Path(folder), list(observations)
    ids = [observation.obs_id for observation in observations]
    if not ids or len(set(ids)) < len(ids):
        raise InputError(f"The OBS_IDs to write are {ids}; wanted are one or more, each once.")
    if not overwrite and (folder / "hdu-index.fits.gz").exists():
        raise InputError(f"The folder {folder} has a data store; overwrite=True replaces its files.")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    rows, sizes = [], []
    for observation, name in zip(observations, _file_names(ids), strict=True):
        tables = observation_tables(observation)
        write_tables(folder / "data" / name, tables.values())
        rows += _index_rows(observation, name, tables)
        sizes += [len(content) for content in tables.values()]
    counts = [len(observation.events) for observation in observations]
    write_tables(folder / "obs-index.fits.gz", [obs_index(observations, counts)])
    write_tables(folder / "hdu-index.fits.gz", [hdu_index(rows, sizes)])
    return folder


def _file_names(ids):
    """Names of the files of some OBS_IDs, list of str, each another one."""
    width = max(6, *(len(str(obs_id)) for obs_id in ids if isinstance(obs_id, Integral)), 0)
    names, used, times = [], set(), Counter()
    for obs_id in ids:
        text = f"{obs_id:0{width}d}" if isinstance(obs_id, Integral) else RunId.of(obs_id).file_text()
        # Several texts may have the same letters that a name can have.
        name, stem = f"obs_id_{text}", f"obs_id_{text}".casefold()
        while name.casefold() in used:
            times[stem] += 1
            name = f"obs_id_{text}-{times[stem] + 1}"
        used.add(name.casefold())
        names.append(name)
    return [f"{name}.fits.gz" for name in names]


def observation_tables(observation):
    """Tables of an observation, dict of HDU_TYPE and bytes: events, gti, and the responses that it has."""
    events = observation.events.table
    columns = [(name, _unit(events[name]), events[name].data) for name in events.colnames]
    tables = {
        "events": events_table(columns, _current_keywords(observation)),
        "gti": _gti_table(observation.gti),
    }
    for name in RESPONSE_TYPES:
        if observation.has(name):
            tables[name] = response_bytes(getattr(observation, name))
    return tables


def events_table(columns, keywords):
    """Bytes of a GADF EVENTS table.

    Parameters
    ----------
    columns : list of (name, unit or None, array), with EVENT_ID, TIME, RA, DEC and ENERGY among them
    keywords : dict for the header
    """
    own = CLASSIFICATION | {"HDUCLAS1": "EVENTS", "CREATOR": CREATOR}
    return table_bytes("EVENTS", columns, keywords | own)


def _current_keywords(observation):
    """The header of an observation, brought up to the part of the run that it is."""
    keywords = {
        key: value
        for key, value in observation.meta.items()
        if len(key) <= 8 and key not in _DROPPED and not key.startswith(_LAYOUT) and _can_be_written(value)
    }
    return keywords | {"OBS_ID": observation.obs_id} | span_keywords(observation)


def _can_be_written(value):
    """Whether a value of a header that was read is one: not one that is undefined."""
    return isinstance(value, str | bool | int | float)


def _unit(column):
    return None if column.unit is None else str(column.unit)


def _gti_table(gti):
    columns = [(name, "s", gti.intervals[:, index]) for index, name in enumerate(("START", "STOP"))]
    keywords = CLASSIFICATION | {"HDUCLAS1": "GTI"} | gti.reference.to_header()
    return table_bytes("GTI", columns, keywords)


def _index_rows(observation, name, tables):
    """Rows of the HDU index for one file."""
    rows = []
    for hdu_type in tables:
        hdu_class = hdu_type
        if hdu_type in RESPONSE_TYPES:
            hdu_class = getattr(observation, hdu_type).layout.hdu_class
        rows.append((observation.obs_id, hdu_type, hdu_class, "data", name, hdu_type.upper()))
    return rows


def write_tables(path, tables):
    """None; a gzip file of some tables is written beside its place and moved there.

    Parameters
    ----------
    path : `Path`
    tables : iterable of bytes
    """
    content = primary_bytes() + b"".join(tables)
    write_file(path, gzip.compress(content, compresslevel=4, mtime=0))
