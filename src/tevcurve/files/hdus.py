"""FITS tables from memory: a file is read and inflated once, and only the HDUs that are asked for are parsed."""

import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from tevcurve.errors import DataError
from tevcurve.files.bintable import BinTable, parse_table
from tevcurve.files.columns import listed
from tevcurve.files.content import LARGEST_FILE, check_size, path_inside, read_bytes
from tevcurve.files.hdu_checksums import wrong_checksum
from tevcurve.problems import remark

_BLOCK = 2880
_MOST_AXES = 999
_MOST_BLOCKS = 1500  # of a header: 54,000 cards
_SIZES = re.compile(rb"^(BITPIX|NAXIS\d*|PCOUNT|GCOUNT|XTENSION|EXTNAME|EXTVER) *= *('(?:[^']|'')*'|[^/]*)")


@dataclass(frozen=True)
class _Extent:
    """Where an HDU lies in the bytes of its file."""

    name: str
    version: int
    kind: str
    start: int
    data_start: int
    stop: int


@dataclass(frozen=True)
class Outline:
    """What an HDU is, from the cards that give its size.

    Attributes
    ----------
    number : int, 0 for the first HDU of the file
    name : EXTNAME, "" where it has none
    kind : XTENSION, "" for the first HDU
    nbytes : int, of its header and data
    """

    number: int
    name: str
    kind: str
    nbytes: int


class FitsFile:
    """The HDUs of one FITS file whose bytes are in memory; headers and tables are parsed when asked for.

    Parameters
    ----------
    content : bytes of the file, inflated
    path : of the file, for messages
    """

    def __init__(self, content: bytes | bytearray, path: str | os.PathLike[str]) -> None:
        self.path = path
        self._content = content
        self._extents = _scan(content, path)

    @classmethod
    def open(cls, path: str | os.PathLike[str], limit: int = LARGEST_FILE) -> "FitsFile":
        """The file at a path, read and inflated once; raises DataError where it cannot be, or exceeds `limit` bytes.

        Parameters
        ----------
        path : of the file, gzip or not
        limit : bytes that its content may have
        """
        return cls(read_bytes(path, limit), path)

    @property
    def nbytes(self) -> int:
        """Bytes that the file takes in memory."""
        return len(self._content)

    @property
    def names(self) -> list[str]:
        """Names of the extensions, as in the file."""
        return [extent.name for extent in self._extents if extent.name]

    def table(self, name: str, version: int | None = None) -> BinTable:
        """`BinTable` of a name (in any case) and version; raises DataError where the file has none.

        Parameters
        ----------
        name : EXTNAME, in any case
        version : EXTVER, None for the first of that name
        """
        for extent in self._extents:
            if extent.name.upper() == name.strip().upper() and version in (None, extent.version):
                return self._parse(extent)
        wanted = name.strip() if version is None else f"{name.strip()} (EXTVER {version})"
        raise DataError(
            f"The file {self.path} has no HDU {wanted}; it has {listed(self.names) if self.names else 'no extension'}."
        )

    def tables(self) -> Iterator[BinTable]:
        """Each `BinTable` of the file, one after the other."""
        return (self._parse(extent) for extent in self._extents if extent.kind == "BINTABLE")

    def outlines(self) -> list[Outline]:
        """An `Outline` of each HDU of the file, in order."""
        return [
            Outline(number, one.name, one.kind, one.stop - one.start)
            for number, one in enumerate(self._extents)
        ]

    def at(self, number: int) -> BinTable:
        """`BinTable` of the HDU of a number; raises DataError where it is none.

        number: of an `Outline`.
        """
        return self._parse(self._extents[number])

    def _parse(self, extent: _Extent) -> BinTable:
        if extent.kind != "BINTABLE":
            raise DataError(
                f"The HDU {extent.name} of {self.path} is {extent.kind or 'no table'}; wanted is a BINTABLE."
            )
        where = f"HDU {extent.name} of {self.path}"
        try:
            table = parse_table(self._content, extent.start, extent.data_start, extent.stop, where)
        except ValueError as error:
            raise DataError(f"The {where} cannot be read: {error}.") from error
        if table.header.get("ZTABLE") is True:
            raise DataError(
                f"The {where} is a table in compressed tiles (ZTABLE), which is not read; wanted is one that "
                "was unpacked, as funpack does."
            )
        content = memoryview(self._content)
        cards, data = content[extent.start : extent.data_start], content[extent.data_start : extent.stop]
        wrong = wrong_checksum(table.header, cards, data)
        if wrong:
            # Editors of headers and tables leave checksums as they were more often than disks lose bits.
            remark(f"The {where} is not what was written: {wrong}; it is taken as it is.")
        return table


class FileCache:
    """The files that were read last, so that the HDUs of a run cost one reading of its file.

    Parameters
    ----------
    limit : bytes that may be kept; the newest file is always kept
    folder : where the files have to be, links followed; None where any will do
    largest_file : bytes of the largest file that is read
    """

    def __init__(
        self,
        limit: int = 2**24,
        folder: str | os.PathLike[str] | None = None,
        largest_file: int = LARGEST_FILE,
    ) -> None:
        self._limit, self._folder, self._largest_file = limit, folder, largest_file
        self._files: OrderedDict[tuple, FitsFile] = OrderedDict()
        self._unusable: dict[tuple, str] = {}
        self._allowed: set[str] = set()
        self._lock = Lock()

    def allow(self, path: str | os.PathLike[str]) -> None:
        """Let a file be read wherever it is, because a person named it. path: of the file."""
        self._allowed.add(str(path))

    def open(self, path: str | os.PathLike[str]) -> FitsFile:
        """`FitsFile` at a path: the one in memory where the file has not changed since it was read.

        path: of the file. Raises DataError where it cannot be read, or is not in the folder.
        """
        try:
            state = os.stat(path)
        except (OSError, ValueError):
            state = None
        key = (str(path), state and (state.st_mtime_ns, state.st_size))
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
            if key in self._unusable:
                raise DataError(self._unusable[key])
        try:
            file = FitsFile(read_bytes(self.real_path(path), self._largest_file), Path(path))
        except DataError as error:
            # A file that cannot be used, perhaps after much reading, is not read again for each question.
            if state is not None:
                self._unusable[key] = str(error)
            raise
        with self._lock:
            self._files[key] = file
            while len(self._files) > 1 and sum(one.nbytes for one in self._files.values()) > self._limit:
                self._files.popitem(last=False)
        return file

    def real_path(self, path: str | os.PathLike[str]) -> str | os.PathLike[str]:
        """The path that is read for a path, links followed.

        path: of the file. Raises DataError where that is not in the folder, or a file that is too large.
        """
        is_free = self._folder is None or str(path) in self._allowed
        real = path if is_free or self._folder is None else path_inside(path, self._folder)
        check_size(real, self._largest_file)
        return real

    def forget(self, path: str | os.PathLike[str]) -> None:
        """Let go of the file at a path, if it is kept. path: of the file."""
        with self._lock:
            for known in (self._files, self._unusable):
                for key in [key for key in known if key[0] == str(path)]:
                    del known[key]

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy in another process starts empty: bytes of files are not worth sending.
        return (_empty_cache, (self._limit, self._folder, self._largest_file, self._allowed))


def _empty_cache(
    limit: int, folder: str | os.PathLike[str] | None, largest_file: int, allowed: set[str]
) -> FileCache:
    """A `FileCache` that keeps nothing yet, with the same limits as another one."""
    cache = FileCache(limit, folder, largest_file)
    for path in allowed:
        cache.allow(path)
    return cache


def _scan(content: bytes | bytearray, path: str | os.PathLike[str]) -> list[_Extent]:
    """Extents of all HDUs, from the few cards that give their sizes; the data are jumped over."""
    if content[:6] != b"SIMPLE":
        raise DataError(f"The file {path} is not a FITS file: it does not begin with SIMPLE.")
    extents: list[_Extent] = []
    position = 0
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
        stated = cards.get("EXTVER", "1")
        version = int(stated) if stated.isdigit() else 1
        extents.append(
            _Extent(name, version, cards.get("XTENSION", ""), start, data_start, min(position, len(content)))
        )
    return extents


def _header_cards(
    content: bytes | bytearray, position: int, path: str | os.PathLike[str]
) -> tuple[dict[str, str], int]:
    """The cards of one header that say what and how large the HDU is, and where its data begin."""
    cards: dict[str, str] = {}
    first_block = position
    while True:
        if position - first_block > _MOST_BLOCKS * _BLOCK:
            raise DataError(f"The file {path} has a header of more than {_MOST_BLOCKS * _BLOCK} bytes.")
        block = content[position : position + _BLOCK]
        if len(block) < _BLOCK:
            raise DataError(f"The file {path} is cut off in a header.")
        position += _BLOCK
        found, is_last = _cards_in(bytes(block))
        for keyword, value in found:
            cards.setdefault(keyword, value)
        if is_last:
            return cards, position


# The runs of an instrument have responses whose headers are the same.
@lru_cache(maxsize=128)
def _cards_in(block: bytes) -> tuple[tuple[tuple[str, str], ...], bool]:
    """(those cards in a block of a header, keyword and value; whether the header ends in it)."""
    found: list[tuple[str, str]] = []
    for first in range(0, _BLOCK, 80):
        card = block[first : first + 80]
        if card.startswith(b"END     "):
            return tuple(found), True
        match = _SIZES.match(card)
        if match:
            value = match[2].decode("ascii", "replace").strip().strip("'").strip()
            if not value.isprintable():
                value = "".join(one if one.isprintable() else "?" for one in value)
            found.append((match[1].decode(), value))
    return tuple(found), False


def _data_size(cards: dict[str, str], name: str, path: str | os.PathLike[str]) -> int:
    """Bytes of data of an HDU (FITS standard 4.0, equation 2)."""
    try:
        axes = [int(cards[f"NAXIS{i + 1}"]) for i in range(min(int(cards["NAXIS"]), _MOST_AXES))]
        extra, groups, bits = int(cards.get("PCOUNT", 0)), int(cards.get("GCOUNT", 1)), int(cards["BITPIX"])
    except (KeyError, ValueError):
        raise DataError(
            f"The header of the HDU {name or 'PRIMARY'} of {path} does not give its size."
        ) from None
    if min([*axes, extra, groups]) < 0:
        raise DataError(f"The header of the HDU {name or 'PRIMARY'} of {path} gives a negative size.")
    pixels = 1 if axes else 0
    for axis in axes:
        # Enough to be more than any file has, and no more digits than can be printed.
        pixels = min(pixels * axis, 10**30)
    return abs(bits) // 8 * groups * (extra + pixels)
