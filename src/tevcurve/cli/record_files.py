"""What tests found as JSON, for programs."""

import json
from dataclasses import fields, is_dataclass

import numpy as np
from astropy.table import Table
from astropy.time import Time
from astropy.units import Quantity

from tevcurve.atomic import replace_file
from tevcurve.lightcurve.variability.records import VariabilityResult, Without

# What a record keeps so that it can be asked further.
_NO_VALUE = object()


def write_records(path, title, records, **others):
    """The `Path` of the file written: whole, or not there at all. The same records give the same bytes.

    The file has `title`, `tests` by their names, and the others. In a test, a quantity is an object of `value` and
    `unit`, a time MJD in its `scale`, a table an object of its columns, and what is not known null. What a record
    tells as a table when it is asked (`tables`), such as a power spectrum over frequency, is among its fields.

    Parameters
    ----------
    path : Path
    title : str, of what they are
    records : dict of name to a record
    others : what else the file is to say
    """
    told = {"title": title, **others, "tests": {name: _fields(record) for name, record in records.items()}}
    replace_file(path, (json.dumps(told, indent=1, allow_nan=False) + "\n").encode())
    return path


def _fields(record):
    """Dict of what a record says."""
    told = {each.name: _plain(getattr(record, each.name)) for each in fields(record)}
    tables = record.tables() if hasattr(record, "tables") else {}
    told |= {name: _plain(table) for name, table in tables.items()}
    return {name: value for name, value in told.items() if value is not _NO_VALUE}


def _plain(value):
    """The same of what JSON knows."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Quantity):
        return {"value": _plain(value.value), "unit": str(value.unit)}
    if isinstance(value, Time):
        return {"mjd": _plain(np.asarray(value.mjd)), "scale": value.scale}
    if isinstance(value, Table):
        return {name: _plain(value[name]) for name in value.colnames}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value) and isinstance(value, VariabilityResult | Without):
        return _fields(value)
    return _NO_VALUE
