"""Tables of texts in other people's files: cells to numbers, and what stands for a limit."""

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.table_making import light_curve_table

_SIGNS = "<>=\u2264\u2265"
_NUMBER = re.compile(r"(?:[<>]=?|\u2264|\u2265)?\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?")
_LIMIT = {"<": 1, "\u2264": 1, ">": 2, "\u2265": 2}
# What says whether a row is a limit, in small letters.
_YES = ("<", "true", "1", "1.0", "t", "yes", "y", "u", "ul", "limit", "upper limit")
_NO = ("false", "0", "0.0", "f", "no", "n", "=", "masked")
# What people write where there is no number.
NOTHING = ("", "-", "--", "na", "n/a", "nan", "none", "null")


def rows_of_csv(data: bytes) -> tuple[list[str], list[list[str]]]:
    """(names, rows) of a file with its names in the first line, all without blanks around them.

    data: bytes of the file, UTF-8, with commas between cells, or semicolons where the names are divided by these.

    Raises `DataError` for a row with another number of cells.
    """
    head = first_line(data)
    delimiter = ";" if head.count(";") > head.count(",") else ","
    read = csv.reader(io.StringIO(text_of(data)), delimiter=delimiter)
    lines = [list(map(str.strip, line)) for line in read if any(line)]
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
        # Fortran has a D before the power of ten.
        found[_LIMIT.get(cell[0], 0), number] = float(cell.lstrip(f"{_SIGNS} ").lower().replace("d", "e"))
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


def truths(cells: Sequence[str], what: str) -> np.ndarray:
    """Whether each cell says that its row is a limit, bool (n,).

    Parameters
    ----------
    cells : n texts
    what : what they are, for messages

    Raises `InputError` for a word that says neither.
    """
    words = [cell.strip().lower() for cell in cells]
    unknown = next((word for word in words if word not in (*_YES, *_NO, *NOTHING)), None)
    if unknown is not None:
        raise InputError(
            f"{what} has {unknown!r}; wanted is 1, true, UL or < for a limit, and 0, false or nothing."
        )
    return np.array([word in _YES for word in words], dtype=bool)


def errors_of(values: np.ndarray, what: str, any_sign: bool) -> np.ndarray:
    """Sizes (n,) of errors; NaN for 0, which none is.

    Parameters
    ----------
    values : as they stand, NaN where there is none
    what : name of the column, for messages
    any_sign : bool, whether they may be below 0, as errors down are for some

    Raises `InputError` for one below 0, as -99 is for what is not known, where that is no way down.
    """
    if not any_sign and np.any(values < 0):
        raise InputError(
            f"The column {what} has the error {np.nanmin(values):g}; wanted is one above 0, or an empty cell where "
            "it is not known."
        )
    return np.where(values == 0, np.nan, np.abs(values))


def of_lines(lines: Sequence[str]) -> Table:
    """The table in lines of text, with whatever is between its cells; of one column alone where the cells are no table.

    lines: of the file, those that begin with # are comments or have the names.

    Raises `DataError` where rows have not the same number of cells.
    """
    semicolons = [line for line in lines if ";" in line and not line.startswith("#")]
    if semicolons and semicolons[0] == next(
        line for line in lines if line.strip() and not line.startswith("#")
    ):
        return Table.read(lines, format="ascii.basic", delimiter=";")
    table = Table.read(lines, format="ascii")
    name = table.colnames[0]
    if len(table.colnames) == 1 and re.search(r"[,;\t]", name):
        raise DataError(f"its rows have not all as many cells as there are names, {name}")
    return table
