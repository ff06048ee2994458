"""Light curves as JSON: what the columns are, and an object for each row, as data frames and web pages take them.

What is not known is null, and what is infinite "inf", for which JSON has no number.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, Table

from tevcurve.errors import DataError
from tevcurve.files.texts import is_text
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interop.read_texts import text_of
from tevcurve.lightcurve.papers.shown import MADE, TIMES, Shown, chosen

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

FORMAT = "tevcurve light curve"
_INFINITE = {"inf": np.inf, "-inf": -np.inf}


def to_json(light_curve: "LightCurve", shown: Shown) -> bytes:
    """Bytes of a JSON file, with times in UTC unless columns are asked for.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for; digits are all, unless it says "pdg"
    """
    shown = Shown(shown.columns, shown.digits, shown.utc or shown.columns is None)
    table = chosen(light_curve, shown).table
    columns = [
        {
            "name": name,
            "unit": "" if table[name].unit is None else table[name].unit.to_string(),
            "datatype": "str" if is_text(table[name]) else str(table[name].dtype),
            "description": table[name].description or "",
        }
        for name in table.colnames
    ]
    meta = {str(key): value for key, value in ((key, _plain(value)) for key, value in table.meta.items())}
    meta = {key: value for key, value in meta.items() if value is not NotImplemented}
    cells = zip(*([_plain(cell) for cell in table[name].tolist()] for name in table.colnames), strict=True)
    rows = [dict(zip(table.colnames, row, strict=True)) for row in cells]
    head = {"format": FORMAT, "TIMESYS": str(table.meta["TIMESYS"]), "meta": meta, "columns": columns}
    # A line for each row, so that a person finds one.
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1, allow_nan=False).removesuffix("\n}")
    return f'{text},\n "rows": [\n{lines}\n ]\n}}\n'.encode()


def _plain(value: Any) -> Any:
    """The same of what JSON knows, or NotImplemented."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None if np.isnan(value) else repr(value)
    if isinstance(value, list | tuple):
        made = [_plain(each) for each in value]
        return NotImplemented if any(each is NotImplemented for each in made) else made
    if isinstance(value, dict):
        told = {str(key): _plain(each) for key, each in value.items()}
        return NotImplemented if any(each is NotImplemented for each in told.values()) else told
    return NotImplemented


def from_json(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a JSON file of `to_json`.

    Parameters
    ----------
    data : of the file
    path : it is not needed

    Raises `DataError` for a row without one of the columns.
    """
    read = json.loads(text_of(data))
    made = []
    for column in read["columns"]:
        name = column["name"]
        if name in MADE:
            continue
        missing = next((number for number, row in enumerate(read["rows"]) if name not in row), None)
        if missing is not None:
            raise DataError(f"row {missing} has no {name}")
        values = _array([row[name] for row in read["rows"]], column["datatype"])
        made.append(
            Column(values, name=name, unit=column["unit"] or None, description=column["description"] or None)
        )
    return Table(made, meta={**read["meta"], "TIMESYS": read["TIMESYS"]})


def _array(cells: list[Any], datatype: str) -> np.ndarray:
    if datatype == "str":
        return np.array(cells, dtype=str)
    return np.array([_number(cell) for cell in cells], dtype=datatype)


def _number(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_number(each) for each in cell]
    return np.nan if cell is None else _INFINITE.get(cell, cell)


def _is_own(data: bytes) -> bool:
    return data.lstrip()[:200].startswith(b"{") and FORMAT.encode() in data[:200]


JSON = FileFormat(
    "json",
    (".json",),
    "a light curve as JSON",
    loses="metadata but numbers, texts, and lists of these, and good times",
    encode_rows=to_json,
    needs=TIMES,
    decode=from_json,
    knows=_is_own,
)
