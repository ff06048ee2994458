"""A run at a source to bytes and back: exact, the same run always to the same bytes, and damage is noticed.

The file is, in this order: `MAGIC`; the checksum of all that follows (SHA-256, 32 bytes); the length of the head
(8 bytes, little-endian); the head, JSON: the record with the places of its arrays; the arrays (`array_bytes`).
"""

import hashlib
import json
import struct
from functools import lru_cache

import numpy as np

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.source_run import SkyPart, SourceRun
from tevcurve.errors import DataError
from tevcurve.irf import AnalyticPSF, EnergyDependentTablePSF
from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.layout import RESPONSES
from tevcurve.irf.table import Response, ResponseTable
from tevcurve.run_id import RunId
from tevcurve.store.array_bytes import pack_array, unpack_array
from tevcurve.store.plain import DeclaredKind, RecordKind, Vocabulary, as_it_was

MAGIC = b"tevcurve run 5\n\0"
CHECKSUM_BYTES = 32
_HEAD = len(MAGIC) + CHECKSUM_BYTES
# Cards of a response's header that describe the table in the file and not the response.
_LAYOUT = (
    "XTENSION",
    "BITPIX",
    "NAXIS",
    "PCOUNT",
    "GCOUNT",
    "TFIELDS",
    "TTYPE",
    "TFORM",
    "TUNIT",
    "TDIM",
    "CREF",
)


RESPONSE = DeclaredKind("response", Response, RESPONSES, "layout.hdu_class", exactly=True)


def run_to_bytes(run):
    """The bytes of a `SourceRun`. run: the `SourceRun`."""
    contents = []

    def add_array(array):
        words, content = pack_array(array)
        contents.append(content)
        return words

    tree = _vocabulary().to_plain(run, add_array, f"run {run.run_id}")
    head = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
    rest = b"".join([struct.pack("<Q", len(head)), head, *contents])
    return b"".join([MAGIC, _checksum(rest), rest])


def run_from_bytes(content, where, accept_changed=False):
    """The `SourceRun` of bytes.

    Raises `DataError` for what is damaged or no run.

    Parameters
    ----------
    content : bytes
    where : names them in errors
    accept_changed : bool, whether another checksum will do
    """
    head, start = _checked_head(content, where, accept_changed)
    view, position = memoryview(content), start

    def get_array(words):
        nonlocal position
        first, position = position, position + int(words["bytes"])
        if not first <= position <= len(content):
            raise DataError("an array reaches beyond its end")
        return unpack_array(words, view[first:position])

    try:
        run = _vocabulary().from_plain(head, get_array)
        _check(run)
    except (DataError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise DataError(f"{where} cannot be read as a run: {' '.join(str(error).split())}") from error
    return run


def head_of(content, where):
    """The dict of what a run's bytes say of it before its arrays. Raises as `run_from_bytes`.

    Parameters
    ----------
    content : bytes of a run
    where : str, names them in errors
    """
    return _checked_head(content, where)[0]


def content_name(content):
    """What a run's bytes are called, str: their checksum in hexadecimal digits, so that one name has one content.

    content: bytes of a run.
    """
    return content[len(MAGIC) : _HEAD].hex()


def _checksum(content):
    return hashlib.sha256(content).digest()


def _checked_head(content, where, accept_changed=False):
    """The head of a run's bytes, and where its arrays start."""
    if content[: len(MAGIC)] != MAGIC:
        raise DataError(f"{where} is no run of this version of tevcurve: it begins otherwise.")
    if not accept_changed and _checksum(memoryview(content)[_HEAD:]) != content[len(MAGIC) : _HEAD]:
        raise DataError(f"{where} is damaged: its checksum is another.")
    try:
        (length,) = struct.unpack_from("<Q", content, _HEAD)
        start = _HEAD + 8
        return json.loads(content[start : start + length]), start + length
    except (struct.error, ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read as a run: {error}") from error


def _check(run):
    """Raises `DataError` where parts of a run do not fit each other."""
    if type(run) is not SourceRun:
        raise DataError("it holds something else")
    n_events = {getattr(run, name).shape for name in ("time_s", "energy_tev", "lon", "lat")}
    if len(n_events) != 1 or run.time_s.ndim != 1:
        raise DataError("its events have different numbers of values")
    if run.gti.intervals.ndim != 2 or run.gti.intervals.shape[1] != 2:
        raise DataError("its good time is no list of intervals")
    for response in (run.aeff, run.edisp, run.bkg, run.cut):
        if not hasattr(response, "table"):
            continue
        shape = tuple(axis.nbin for axis in response.table.axes)
        if not response.table.columns or any(one.shape != shape for one in response.table.columns.values()):
            raise DataError("a response has not the shape of its axes")


def _table_parts(table):
    """Fields of a `ResponseTable`; of its header the plain values that belong to the response."""
    header = {
        key: value
        for key, value in table.header.items()
        if isinstance(value, str | int | float) and key and not key.startswith(_LAYOUT)
    }
    parts = {name: getattr(table, name) for name in ("axes", "columns", "where", "n_negative")}
    return parts | {"axes": tuple(table.axes), "header": header}


def _location_parts(location):
    return {"xyz": np.array([axis.to_value("m") for axis in location.geocentric])}


def _location_of(parts):
    from astropy.coordinates import EarthLocation

    return EarthLocation.from_geocentric(*parts["xyz"], unit="m")


@lru_cache(maxsize=1)
def _vocabulary():
    """The kinds of records that a run is made of."""
    from astropy.coordinates import EarthLocation

    named = {
        "run": SourceRun,
        "other source": SkyPart,
        "run id": RunId,
        "good time": GTI,
        "response axis": ResponseAxis,
        "table psf": EnergyDependentTablePSF,
        "analytic psf": AnalyticPSF,
    }
    kinds = [RecordKind(name, cls, _all_fields, as_it_was(cls)) for name, cls in named.items()]
    kinds += [
        RecordKind("time reference", TimeReference),
        RecordKind("response table", ResponseTable, _table_parts, as_it_was(ResponseTable)),
        RecordKind("place", EarthLocation, _location_parts, _location_of),
    ]
    return Vocabulary("the file of a run", tuple(kinds), (RESPONSE,))


def _all_fields(record):
    from dataclasses import fields

    return {each.name: getattr(record, each.name) for each in fields(record)}
