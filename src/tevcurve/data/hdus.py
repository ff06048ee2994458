"""FITS tables from memory: a file is read and inflated once, and only the HDUs that are asked for are parsed."""

import os
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import astropy.units as u
import numpy as np
from astropy.io import fits

from tevcurve.data.bintable import parse_plain
from tevcurve.errors import DataError, InputError

_BLOCK = 2880
_GZIP = b"\x1f\x8b"
_SIZES = re.compile(rb"^(BITPIX|NAXIS\d*|PCOUNT|GCOUNT|XTENSION|EXTNAME|EXTVER) *= *('(?:[^']|'')*'|[^/]*)")


def expand_path(path):
    """`Path` with environment variables and the home folder put in; raises InputError where one is not set."""
    text = os.path.expanduser(os.path.expandvars(os.fspath(path)))
    unset = re.search(r"\$\{?(\w+)", text)
    if unset:
        raise InputError(f"The environment variable {unset[1]} in the path {str(path)!r} is not set.")
    return Path(text)


def read_bytes(path, limit=2**32):
    """Content of a file as bytes, inflated where it is gzip (told by its first bytes, not by its name).

    limit: the most bytes that the content may have. Raises DataError where the file cannot be read.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist.") from None
    except OSError as error:
        raise DataError(f"The file {path} cannot be read: {error.strerror}.") from error
    return _inflate(content, path, limit) if content[:2] == _GZIP else content


def _inflate(content, path, limit):
    parts, size = [], 0
    # A gzip file may have several members; what follows the last one (padding) is not one.
    while content[:2] == _GZIP:
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(content, limit - size + 1))
        except zlib.error as error:
            raise DataError(f"The gzip file {path} is damaged: {error}.") from error
        size += len(parts[-1])
        if size > limit:
            raise DataError(f"The gzip file {path} inflates to more than {limit} bytes.")
        if not member.eof:
            raise DataError(f"The gzip file {path} is cut off: its end is missing.")
        content = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


@dataclass(frozen=True)
class _Extent:
    """Where an HDU lies in the bytes of its file."""

    name: str
    version: int
    kind: str
    start: int
    data_start: int
    stop: int


class FitsFile:
    """The HDUs of one FITS file whose bytes are in memory; headers and tables are parsed when asked for."""

    def __init__(self, content, path):
        self.path = path
        self._content = content
        self._extents = _scan(content, path)

    @classmethod
    def open(cls, path):
        """The file at a path, read and inflated once."""
        return cls(read_bytes(path), path)

    @property
    def nbytes(self):
        """Bytes that the file takes in memory."""
        return len(self._content)

    @property
    def names(self):
        """Names of the extensions, as in the file."""
        return [extent.name for extent in self._extents if extent.name]

    def table(self, name, version=None):
        """`BinTableHDU` of a name (in any case) and version; raises DataError where the file has none."""
        for extent in self._extents:
            if extent.name.upper() == name.strip().upper() and version in (None, extent.version):
                return self._parse(extent)
        wanted = name.strip() if version is None else f"{name.strip()} (EXTVER {version})"
        raise DataError(
            f"The file {self.path} has no HDU {wanted}; it has {', '.join(self.names) or 'no extension'}."
        )

    def tables(self):
        """All `BinTableHDU` of the file, one after the other."""
        return (self._parse(extent) for extent in self._extents if extent.kind == "BINTABLE")

    def _parse(self, extent):
        if extent.kind != "BINTABLE":
            raise DataError(
                f"The HDU {extent.name} of {self.path} is {extent.kind or 'no table'}; wanted is a BINTABLE."
            )
        try:
            hdu = parse_plain(self._content, extent.start, extent.data_start, extent.stop)
            if hdu is None:
                hdu = fits.BinTableHDU.fromstring(self._content[extent.start : extent.stop])
                hdu.columns  # noqa: B018  (astropy reads the column definitions here)
        except Exception as error:  # astropy raises many kinds on a damaged header
            raise DataError(
                f"The HDU {extent.name} of {self.path} cannot be read: {_one_line(error)}."
            ) from error
        return hdu


class FileCache:
    """The files that were read last, so that the HDUs of a run cost one reading of its file.

    limit: bytes that may be kept; the newest file is always kept.
    """

    def __init__(self, limit=2**24):
        self._limit = limit
        self._files = OrderedDict()
        self._lock = Lock()

    def open(self, path):
        """`FitsFile` at a path: the one in memory where the file has not changed since it was read."""
        try:
            state = os.stat(path)
        except OSError:
            state = None
        key = (str(path), state and (state.st_mtime_ns, state.st_size))
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        file = FitsFile.open(path)
        with self._lock:
            self._files[key] = file
            while len(self._files) > 1 and sum(one.nbytes for one in self._files.values()) > self._limit:
                self._files.popitem(last=False)
        return file

    def forget(self, path):
        """Let go of the file at a path, if it is kept."""
        with self._lock:
            for key in [key for key in self._files if key[0] == str(path)]:
                del self._files[key]

    def __reduce__(self):
        # A copy in another process starts empty: bytes of files are not worth sending.
        return (FileCache, (self._limit,))


def column_values(hdu, name, unit, where, default_unit=None):
    """Values of a column as float64 array in a unit.

    name: the column, in any case. unit: the wanted unit as str ("" where the column has none).
    where: file and HDU for messages. default_unit: for a column without one.
    Raises DataError where the column or its unit is missing or of another kind.
    """
    found = column_unit(hdu, name, unit, where, default_unit)
    try:
        values = np.asarray(hdu.data[name], dtype=float)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"The column {name} of {where} cannot be read as numbers: {_one_line(error)}."
        ) from error
    factor = _unit_factor(found, unit)
    return values if factor == 1 else values * factor


def column_unit(hdu, name, unit, where, default_unit=None):
    """Unit string of a column that can be converted to `unit`; raises DataError otherwise."""
    names = {column.name.upper(): column for column in hdu.columns}
    if name.upper() not in names:
        raise DataError(f"{where} has no column {name}; it has {', '.join(hdu.columns.names)}.")
    found = (names[name.upper()].unit or "").strip() or default_unit or ""
    if unit and not found:
        raise DataError(f"The column {name} of {where} has no unit; wanted is one that converts to {unit}.")
    try:
        _unit_factor(found, unit)
    except (u.UnitConversionError, ValueError):
        raise DataError(
            f"The column {name} of {where} has the unit {found!r}; wanted is one that converts to {unit or '1'}."
        ) from None
    return found


@lru_cache(maxsize=256)
def _unit_factor(found, wanted):
    return float(u.Unit(found).to(u.Unit(wanted)))


def header_number(header, keyword, where, default=None):
    """Finite float of a header keyword; raises DataError where it is missing or no number.

    default: what a missing keyword means; None where it has to be there.
    """
    value = header.get(keyword, default)
    if value is None:
        raise DataError(f"{where} has no keyword {keyword}.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise DataError(f"{where} has {keyword} {value!r}; wanted is a finite number.")
    return number


def _scan(content, path):
    """Extents of all HDUs, from the few cards that give their sizes; the data are jumped over."""
    if content[:6] != b"SIMPLE":
        raise DataError(f"The file {path} is not a FITS file: it does not begin with SIMPLE.")
    extents, position = [], 0
    while position < len(content) and content[position : position + 8] in (b"SIMPLE  ", b"XTENSION"):
        start = position
        cards, position = _header_cards(content, position, path)
        name = cards.get("EXTNAME", "")
        data_start, size = position, _data_size(cards, name, path)
        if position + size > len(content):
            raise DataError(
                f"The file {path} is cut off in its HDU {name or len(extents)}: {size} bytes of data are announced, "
                f"{len(content) - position} are there."
            )
        position += -(-size // _BLOCK) * _BLOCK
        version = cards.get("EXTVER", "1")
        version = int(version) if version.isdigit() else 1
        extents.append(
            _Extent(name, version, cards.get("XTENSION", ""), start, data_start, min(position, len(content)))
        )
    return extents


def _header_cards(content, position, path):
    """The cards of one header that say what and how large the HDU is, and where its data begin."""
    cards = {}
    while True:
        block = content[position : position + _BLOCK]
        if len(block) < _BLOCK:
            raise DataError(f"The file {path} is cut off in a header.")
        position += _BLOCK
        for first in range(0, _BLOCK, 80):
            card = block[first : first + 80]
            if card.startswith(b"END     "):
                return cards, position
            match = _SIZES.match(card)
            if match:
                cards[match[1].decode()] = match[2].decode("ascii", "replace").strip().strip("'").strip()


def _data_size(cards, name, path):
    """Bytes of data of an HDU (FITS standard 4.0, equation 2)."""
    try:
        axes = [int(cards[f"NAXIS{i + 1}"]) for i in range(int(cards["NAXIS"]))]
        extra, groups, bits = int(cards.get("PCOUNT", 0)), int(cards.get("GCOUNT", 1)), int(cards["BITPIX"])
    except (KeyError, ValueError):
        raise DataError(
            f"The header of the HDU {name or 'PRIMARY'} of {path} does not give its size."
        ) from None
    if min([*axes, extra, groups]) < 0:
        raise DataError(f"The header of the HDU {name or 'PRIMARY'} of {path} gives a negative size.")
    pixels = 1
    for axis in axes:
        pixels *= axis
    return abs(bits) // 8 * groups * (extra + (pixels if axes else 0))


def _one_line(error):
    return " ".join(str(error).split()).rstrip(".")
