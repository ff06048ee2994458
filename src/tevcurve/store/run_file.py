"""A run at a source to bytes and back: exact, the same run always to the same bytes, and damage is noticed.

The file is a frame (`framed`) with the mark `MAGIC`.
"""

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
from tevcurve.store import framed
from tevcurve.store.plain import DeclaredKind, RecordKind, Vocabulary, as_it_was

MAGIC = b"tevcurve run 5\n\0"
WHAT = "run"
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
    return framed.to_bytes(
        MAGIC, lambda add_array: _vocabulary().to_plain(run, add_array, f"run {run.run_id}")
    )


def run_from_bytes(content, where, accept_changed=False):
    """The `SourceRun` of bytes.

    Raises `DataError` for what is damaged or no run.

    Parameters
    ----------
    content : bytes
    where : names them in errors
    accept_changed : bool, whether another checksum will do
    """

    def make(head, get_array):
        run = _vocabulary().from_plain(head, get_array)
        _check(run)
        return run

    return framed.from_bytes(MAGIC, content, where, WHAT, make, accept_changed)


def head_of(content, where):
    """The dict of what a run's bytes say of it before its arrays. Raises as `run_from_bytes`.

    Parameters
    ----------
    content : bytes of a run
    where : str, names them in errors
    """
    return framed.head_of(MAGIC, content, where, WHAT)


def content_name(content):
    """What a run's bytes are called, str: their checksum in hexadecimal digits, so that one name has one content.

    content: bytes of a run.
    """
    return framed.content_name(MAGIC, content)


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
