"""Two columns with units of a small table: ECSV, CSV or FITS."""

import csv
import os
import re

import astropy.units as u
import numpy as np
from astropy.table import Table

from tevcurve.errors import DataError
from tevcurve.files import FitsFile, expand_path, read_bytes
from tevcurve.files.astropy_table import as_table
from tevcurve.files.masked import without_masks

LARGEST = 2**25  # bytes
_HEAD = re.compile(r"\s*(\w+)\s*(?:[\[(](.*)[\])])?\s*")


def read_two_columns(path: str | os.PathLike[str], first: str, second: str) -> tuple[u.Quantity, u.Quantity]:
    """Two columns of a file as Quantities (n,), float64, in their units. What the file is its first bytes tell.

    Parameters
    ----------
    path : of the file, gzip or not
    first, second : names of the columns, in any case

    Raises DataError for a file that cannot be read, without one of the columns, or without its unit.
    """
    path = expand_path(path)
    content = bytes(read_bytes(path, LARGEST))
    if content[:6] == b"SIMPLE":
        tables = list(FitsFile(content, path).tables())
        if not tables:
            raise DataError(f"The file {path} has no table.")
        table = as_table(tables[0])
    else:
        table = _of_text(content, path)
    names = {name.lower(): name for name in table.colnames}
    return _quantity(table, names, first, path), _quantity(table, names, second, path)


def _of_text(content: bytes, path: os.PathLike[str]) -> Table:
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise DataError(
            f"The file {path} is neither a FITS file nor a text; wanted is ECSV, CSV or FITS."
        ) from None
    try:
        if lines and lines[0].startswith("# %ECSV"):
            return Table.read(lines, format="ascii.ecsv")
        return _of_csv([line for line in lines if line.strip() and not line.lstrip().startswith("#")])
    except DataError as error:
        raise DataError(f"The file {path} is no table: {error}") from error
    # A reader of damaged tables may fail in any way.
    except Exception as error:
        words = " ".join(str(error).split())
        raise DataError(
            f"The file {path} cannot be read as a table: {words or type(error).__name__}."
        ) from error


def _of_csv(lines: list[str]) -> Table:
    rows = list(csv.reader(lines))
    heads = [_HEAD.fullmatch(cell) for cell in rows[0]] if rows else []
    if len(rows) < 2 or not all(heads) or {len(row) for row in rows} != {len(heads)}:
        raise DataError("wanted is a line of names such as 'energy [TeV],dnde [cm-2 s-1 TeV-1]', then rows.")
    table = Table()
    for head, cells in zip(heads, zip(*rows[1:], strict=True), strict=True):
        if head is None:
            continue
        try:
            table[head[1]] = [float(cell) for cell in cells]
        except ValueError:
            # A column of texts is none of those that are wanted.
            table[head[1]] = list(cells)
        if head[2]:
            table[head[1]].unit = u.Unit(head[2], parse_strict="silent")
    return table


def _quantity(table: Table, names: dict[str, str], name: str, path: os.PathLike[str]) -> u.Quantity:
    if name not in names:
        raise DataError(f"The file {path} has no column {name}; it has {', '.join(names) or 'none'}.")
    column = table[names[name]]
    if column.unit is None:
        raise DataError(f"The column {name} of {path} has no unit, which is wanted.")
    values = np.asarray(without_masks(column))
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise DataError(f"The column {name} of {path} is not one number in each row, which is wanted.")
    return u.Quantity(values.astype(np.float64), column.unit)
