"""Tables of texts in other people's files: cells to numbers, and what stands for a limit."""

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.table_making import light_curve_table

_NUMBER = re.compile(r"[<>]?\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# What people write where there is no number.
NOTHING = ("", "-", "--", "na", "n/a", "nan", "none", "null")


def rows_of_csv(data: bytes) -> tuple[list[str], list[list[str]]]:
    """(names, rows) of a file with its names in the first line, all without blanks around them.

    data: bytes of the file, UTF-8. Raises `DataError` for a row with another number of cells.
    """
    lines = [list(map(str.strip, line)) for line in csv.reader(io.StringIO(text_of(data))) if any(line)]
    if not lines:
        raise DataError("there is no line in it")
    names, *rows = lines
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise DataError(f"row {number} has {len(row)} cells; wanted are {len(names)}")
    return names, rows


def text_of(data: bytes) -> str:
    """Text of bytes in UTF-8, without the mark of its order that some programs put in front. data: of a file."""
    return data.decode("utf-8-sig")


def first_line(data: bytes) -> str:
    """The first line of a file that is not empty, str; "" where its bytes are no text. data: of the file."""
    head = data[:4096].decode("utf-8-sig", errors="replace")
    return next((line.strip() for line in head.splitlines() if line.strip()), "")


def numbers(cells: Sequence[str], what: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values, upper limits, lower limits), float64 (n,): of "1.2", "<1.2" and ">1.2"; NaN where a row has none.

    Parameters
    ----------
    cells : n texts
    what : name of the column, for messages

    Raises `DataError` for a cell that is neither a number nor a limit nor stands for nothing.
    """
    found = np.full((3, len(cells)), np.nan)
    for number, cell in enumerate(cells):
        if cell.lower() in NOTHING:
            continue
        if not _NUMBER.fullmatch(cell):
            raise DataError(f"the column {what} has {cell!r}; wanted is a number, or a limit such as <1.2")
        kind = {"<": 1, ">": 2}.get(cell[0], 0)
        found[kind, number] = float(cell.lstrip("<> "))
    return found[0], found[1], found[2]


def plain_numbers(cells: Sequence[str], what: str) -> np.ndarray:
    """Values (n,) of cells, where no limits are wanted; NaN where a row has none.

    Parameters
    ----------
    cells : n texts
    what : name of the column, for messages
    """
    return numbers(cells, what)[0]


def in_order(start: Time, stop: Time, values: dict, meta: dict) -> Table:
    """The table of a light curve, its rows in the order of time.

    Parameters
    ----------
    start, stop : of the rows, (n,)
    values : columns by name, arrays or Quantities (n,)
    meta : of the light curve
    """
    order = np.argsort(start.mjd, kind="stable")
    columns = {name: column[order] for name, column in values.items()}
    return light_curve_table(start[order], stop[order], columns, meta)
