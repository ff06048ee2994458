"""The rows of all sources as one FITS table, written and read part by part: no more than a part is in memory."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Column, Table

from tevcurve.errors import DataError
from tevcurve.lightcurve.fits_files import DETAILS_HDU, TABLE_HDU, fits_text, from_fits, to_fits

LONG_TABLE = "light_curves.fits"
SOURCE, NAME = "source", "source_name"
DESCRIPTIONS = {
    SOURCE: "Number of the source, its row in sources.ecsv, from 0",
    NAME: "Name of the source; sources.ecsv has letters that FITS cannot hold",
}
# What tells rows of one source apart, in this order.
_ORDER = ("time_min", "time_max", "phase_min", "e_min")
_BLOCK = 2880
# Numbers of the source and its rows.
Part = tuple[np.ndarray, Table]


@dataclass(frozen=True, eq=False)
class LongLayout:
    """What is known of a long table before its rows are written.

    Attributes
    ----------
    template : astropy Table without rows, with the columns, the widths of texts, units, descriptions and metadata
    source : int array (n_rows,), of the rows in the order in which they come
    place : int array (n_rows,), the row of the table that each gets: by source, then by time and energy
    """

    template: Table
    source: np.ndarray
    place: np.ndarray


def layout_of(parts: Iterable[Part], names: list[str]) -> LongLayout:
    """The `LongLayout` of parts.

    Parameters
    ----------
    parts : (int array (n,), the source of each row; its astropy Table (n,)) of each part
    names : of the sources
    """
    columns: dict[str, Column] = {}
    meta: dict[str, Any] = {}
    number, keys, n_rows = [], [], 0
    for source, table in parts:
        meta = meta or dict(table.meta)
        for name in table.colnames:
            columns[name] = _wider(
                columns.get(name), table[name], is_new=bool(n_rows) and name not in columns
            )
        for name in set(columns) - set(table.colnames):
            columns[name] = _with_none(columns[name])
        number.append(source)
        keys.append(_keys(table))
        n_rows += len(table)
    width = max((len(fits_text(name)) for name in names), default=1)
    template = Table(meta=meta)
    template[NAME] = Column(np.zeros(0, f"U{max(width, 1)}"), description=DESCRIPTIONS[NAME])
    template[SOURCE] = Column(np.zeros(0, np.int64), description=DESCRIPTIONS[SOURCE])
    for name, column in columns.items():
        template[name] = column
    source = np.concatenate(number) if number else np.zeros(0, dtype=int)
    order = np.lexsort([*reversed([np.concatenate(key) for key in zip(*keys, strict=True)]), source])
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    return LongLayout(template, source, place)


def write_long_table(path: Path, layout: LongLayout, parts: Iterable[Part], names: list[str]) -> None:
    """None; the table of parts is in a FITS file, in the order of its layout.

    Parameters
    ----------
    path : of the file, which is not there
    layout : of the same parts
    parts : as in `layout_of`
    names : of the sources
    """
    n_rows = len(layout.place)
    with fits.open(io.BytesIO(to_fits(_with_a_row(layout.template)))) as hdus:
        header, dtype = hdus[TABLE_HDU].header.copy(), hdus[TABLE_HDU].columns.dtype.newbyteorder(">")
        details = hdus[DETAILS_HDU].copy()
    header["NAXIS2"] = n_rows
    head = fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode()
    size = n_rows * dtype.itemsize
    with open(path, "wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + -(-size // _BLOCK) * _BLOCK)
    if n_rows:
        rows = np.memmap(path, dtype, "r+", len(head), (n_rows,))
        texts, first = np.array([fits_text(name) for name in names]), 0
        for source, table in parts:
            place = layout.place[first : first + len(table)]
            first += len(table)
            for name in rows.dtype.names:
                rows[name][place] = _values(name, layout.template, source, table, texts)
        rows.flush()
    with open(path, "ab") as stream:
        fits.HDUList([fits.PrimaryHDU(), details]).writeto(made := io.BytesIO())
        stream.write(made.getvalue()[_BLOCK:])


def read_rows(path: Path, first: int, stop: int) -> Table:
    """The astropy Table of some rows of a long table, with units, descriptions and metadata.

    Parameters
    ----------
    path : of the file
    first, stop : the rows, from the first up to the one before `stop`

    Raises `DataError` where they are not there.
    """
    try:
        with fits.open(path, memmap=True) as hdus:
            header, start = hdus[TABLE_HDU].header.copy(), hdus[TABLE_HDU].fileinfo()["datLoc"]
            details = hdus[DETAILS_HDU].fileinfo()["hdrLoc"]
            width, n_rows = header["NAXIS1"], header["NAXIS2"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a table of all sources: {error}.") from error
    if not 0 <= first <= stop <= n_rows:
        raise DataError(f"{path} has {n_rows} rows; {first} to {stop} are wanted.")
    header["NAXIS2"] = stop - first
    with open(path, "rb") as stream:
        stream.seek(start + first * width)
        rows = stream.read((stop - first) * width)
        stream.seek(details)
        rest = stream.read()
    head = fits.PrimaryHDU().header.tostring() + header.tostring()
    return from_fits(b"".join([head.encode(), rows, bytes(-len(rows) % _BLOCK), rest]), path)


def _with_a_row(template: Table) -> Table:
    """The template with a row whose texts are as wide as they may be: a file's columns are as wide as its texts."""
    made = Table(meta=template.meta)
    for name in template.colnames:
        column = template[name]
        blank: Any = "x" * (column.dtype.itemsize // 4) if column.dtype.kind == "U" else 0
        values = np.full((1, *column.shape[1:]), blank, dtype=column.dtype)
        made[name] = Column(values, unit=column.unit, description=column.info.description)
    return made


def _keys(table: Table) -> tuple[np.ndarray, ...]:
    nothing = np.zeros(len(table))
    known = [np.asarray(table[name]) if name in table.colnames else nothing for name in _ORDER]
    who = np.asarray(table["instrument"]) if "instrument" in table.colnames else np.full(len(table), "")
    return (*known[:2], who, *known[2:])


def _wider(known: Column | None, column: Column, is_new: bool) -> Column:
    """A column without rows that holds what both do; whole numbers that some rows have not are floats."""
    values = np.zeros((0, *column.shape[1:]), column.dtype)
    if column.dtype.kind == "U":
        longest = max((len(fits_text(text)) for text in np.unique(column).tolist()), default=1)
        widths = [longest, 1, 0 if known is None else known.dtype.itemsize // 4]
        values = values.astype(f"U{max(widths)}")
    elif known is not None:
        values = values.astype(np.result_type(known.dtype, column.dtype))
    made = Column(values, unit=column.unit, description=column.info.description)
    return _with_none(made) if is_new else made


def _with_none(column: Column) -> Column:
    if column.dtype.kind not in "iub":
        return column
    values = np.zeros(column.shape, dtype=float)
    return Column(values, unit=column.unit, description=column.info.description)


def _values(name: str, template: Table, source: np.ndarray, table: Table, texts: np.ndarray) -> Any:
    """What rows of a part have in a column of the file."""
    if name == NAME:
        return np.char.encode(texts[source], "ascii")
    if name == SOURCE:
        return source
    if name not in table.colnames:
        return b"" if template[name].dtype.kind == "U" else np.nan
    values = np.asarray(table[name])
    if values.dtype.kind != "U":
        return values
    known, codes = np.unique(values, return_inverse=True)
    plain = np.array([fits_text(text).encode() for text in known.tolist()], dtype=bytes)
    return plain[codes.reshape(values.shape)]
