"""Binary tables straight from the bytes of a FITS file.

A run's six tables take astropy 10 to 20 ms, three times as long as inflating their file; here they take 1 ms.
`BinTable` offers what is used of `astropy.io.fits.BinTableHDU`: `name`, `header`, `columns` and `data`. Tables with
scaled or variable-length columns, arrays of texts or long header values are left to astropy (`parse_plain` gives None).
Source: FITS standard 4.0, sections 4.1 and 7.3.
"""

import re
from dataclasses import dataclass
from math import prod

import numpy as np

_CARD = re.compile(r"^([A-Z0-9_-]{1,8}) *= *(?:'((?:[^']|'')*)'|([^/]*))")
_FORM = re.compile(r"^(\d*)([BIJKEDA])$")
_DTYPES = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}


@dataclass(frozen=True)
class Column:
    """One column: name, unit (None where it has none), and where its values lie in a row."""

    name: str
    unit: str | None
    dtype: np.dtype
    shape: tuple
    offset: int

    @property
    def nbytes(self):
        """Bytes in a row."""
        return self.dtype.itemsize * prod(self.shape)


class Columns:
    """The columns of a table, in order; by name in any case."""

    def __init__(self, columns):
        self._columns = tuple(columns)
        self._by_name = {column.name.upper(): column for column in reversed(self._columns)}

    @property
    def names(self):
        """Names as in the file, list of str."""
        return [column.name for column in self._columns]

    def __iter__(self):
        return iter(self._columns)

    def __len__(self):
        return len(self._columns)

    def __getitem__(self, name):
        return self._by_name[name.upper()]


class Rows:
    """The values of a table: `rows["NAME"]` is a read-only array (n, ...) in the file's byte order, or of str."""

    def __init__(self, columns, content, start, n_rows, n_bytes):
        self._columns, self._content, self._start = columns, content, start
        self._n_rows, self._n_bytes = n_rows, n_bytes

    def __len__(self):
        return self._n_rows

    def __getitem__(self, name):
        column = self._columns[name]
        if not self._n_rows:
            return np.empty((0, *column.shape), "U1" if column.dtype.kind == "S" else column.dtype)
        inner = [column.dtype.itemsize * prod(column.shape[i + 1 :]) for i in range(len(column.shape))]
        values = np.ndarray(
            (self._n_rows, *column.shape),
            column.dtype,
            self._content,
            self._start + column.offset,
            (self._n_bytes, *inner),
        )
        if column.dtype.kind == "S":
            return np.char.rstrip(np.char.decode(values, "ascii", "replace"))
        return values


@dataclass(frozen=True)
class BinTable:
    """A binary table of a FITS file in memory."""

    name: str
    header: dict
    columns: Columns
    data: Rows


def parse_plain(content, start, data_start, data_stop):
    """`BinTable` of the HDU whose header is content[start:data_start], or None where astropy has to read it.

    content: bytes of the file. Raises ValueError, in words, where the header contradicts itself.
    """
    header = _parse_header(content[start:data_start])
    if header is None:
        return None
    n_rows, n_bytes = header["NAXIS2"], header["NAXIS1"]
    columns, offset = [], 0
    for number in range(1, header["TFIELDS"] + 1):
        column = _column(header, number, offset)
        if column is None:
            return None
        columns.append(column)
        offset += column.nbytes
    if offset != n_bytes:
        raise ValueError(f"its columns take {offset} bytes in a row, and NAXIS1 says {n_bytes}")
    if data_start + n_rows * n_bytes > data_stop:
        raise ValueError(f"its {n_rows} rows of {n_bytes} bytes are more than the file has")
    # A copy of its own bytes, so that a table that is kept does not keep its file.
    data = bytes(content[data_start : data_start + n_rows * n_bytes])
    columns = Columns(columns)
    return BinTable(header.get("EXTNAME", ""), header, columns, Rows(columns, data, 0, n_rows, n_bytes))


def _column(header, number, offset):
    """`Column` of a number, or None where it is not plain."""
    form = _FORM.match(str(header.get(f"TFORM{number}", "")).strip().upper())
    if form is None or header.get(f"TSCAL{number}", 1) != 1 or header.get(f"TZERO{number}", 0) != 0:
        return None
    repeat, code = int(form[1] or 1), form[2]
    name = str(header.get(f"TTYPE{number}", f"col{number}")).strip()
    dims = header.get(f"TDIM{number}")
    if code == "A":
        plain = repeat > 0 and dims is None
        return Column(name, None, np.dtype(f"S{repeat}"), (), offset) if plain else None
    shape = () if repeat == 1 else (repeat,)
    if dims is not None:
        shape = tuple(int(n) for n in reversed(re.findall(r"\d+", str(dims))))
        if prod(shape) != repeat:
            raise ValueError(f"TDIM{number} is {dims}, and TFORM{number} says {repeat} values")
    unit = header.get(f"TUNIT{number}")
    return Column(name, None if unit is None else str(unit).strip(), np.dtype(_DTYPES[code]), shape, offset)


def _parse_header(block):
    """Keywords and values of a header, dict; None where it has long values."""
    text = block.decode("ascii", "replace")
    header = {}
    for first in range(0, len(text), 80):
        card = text[first : first + 80]
        keyword = card[:8].rstrip()
        if keyword == "END":
            break
        if keyword in ("CONTINUE", "HIERARCH"):
            return None
        match = _CARD.match(card)
        if match and card[8:10] == "= ":
            header.setdefault(match[1], _value(match[2], match[3]))
    return header


def _value(quoted, plain):
    """Value of a card: str, bool, int, float, or None where it is empty."""
    if quoted is not None:
        return quoted.replace("''", "'").rstrip()
    plain = plain.strip()
    if plain in ("T", "F"):
        return plain == "T"
    for number in (int, float):
        try:
            return number(plain.replace("D", "E") if number is float else plain)
        except ValueError:
            continue
    return plain or None
