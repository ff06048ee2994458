"""Records as bytes: exact, the same record always to the same bytes, and damage is noticed.

The bytes are, in this order: a mark that says what they are; the checksum of all that follows (SHA-256, 32 bytes); the
length of the head (8 bytes, little-endian); the head, JSON: the record with the places of its arrays; the arrays
(`array_bytes`).
"""

import hashlib
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from tevcurve.errors import DataError
from tevcurve.store.array_bytes import pack_array, unpack_array

CHECKSUM_BYTES = 32
AddArray = Callable[[np.ndarray], dict[str, Any]]
GetArray = Callable[[dict[str, Any]], np.ndarray]


def to_bytes(mark: bytes, plain: Callable[[AddArray], Any]) -> bytes:
    """The bytes of a record.

    Parameters
    ----------
    mark : what they are
    plain : function(add_array) -> the record in the types of JSON; add_array(array) is what stands for an array
    """
    contents: list[bytes] = []

    def add_array(array: np.ndarray) -> dict[str, Any]:
        words, content = pack_array(array)
        contents.append(content)
        return words

    head = json.dumps(plain(add_array), separators=(",", ":"), allow_nan=False).encode()
    rest = b"".join([struct.pack("<Q", len(head)), head, *contents])
    return b"".join([mark, hashlib.sha256(rest).digest(), rest])


def head_of(mark: bytes, content: bytes, where: str, what: str, accept_changed: bool = False) -> Any:
    """What the bytes of a record say of it before its arrays, in the types of JSON.

    Parameters
    ----------
    mark : with which they begin
    content : the bytes
    where : names them in errors
    what : they should be, "run"
    accept_changed : whether another checksum will do

    Raises `DataError` for what is damaged or something else.
    """
    return _head(mark, content, where, what, accept_changed)[0]


def from_bytes(
    mark: bytes,
    content: bytes,
    where: str,
    what: str,
    make: Callable[[Any, GetArray], Any],
    accept_changed: bool = False,
) -> Any:
    """The record of bytes.

    Parameters
    ----------
    mark, content, where, what, accept_changed : as in `head_of`
    make : function(head, get_array) -> the record; get_array(words) is the next array

    Raises `DataError` for what is damaged or something else.
    """
    head, position = _head(mark, content, where, what, accept_changed)
    view = memoryview(content)

    def get_array(words: dict[str, Any]) -> np.ndarray:
        nonlocal position
        first, position = position, position + int(words["bytes"])
        if not first <= position <= len(content):
            raise DataError("an array reaches beyond its end")
        return unpack_array(words, view[first:position])

    try:
        return make(head, get_array)
    except (DataError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise DataError(f"{where} cannot be read as a {what}: {' '.join(str(error).split())}") from error


def content_name(mark: bytes, content: bytes) -> str:
    """What the bytes are called: their checksum in hexadecimal digits, so that one name has one content.

    Parameters
    ----------
    mark : with which they begin
    content : the bytes
    """
    return content[len(mark) : len(mark) + CHECKSUM_BYTES].hex()


def _head(mark: bytes, content: bytes, where: str, what: str, accept_changed: bool) -> tuple[Any, int]:
    """The head of a record's bytes, and where its arrays start."""
    if content[: len(mark)] != mark:
        raise DataError(f"{where} is no {what} of this version of tevcurve: it begins otherwise.")
    end = len(mark) + CHECKSUM_BYTES
    if not accept_changed and hashlib.sha256(memoryview(content)[end:]).digest() != content[len(mark) : end]:
        raise DataError(f"{where} is damaged: its checksum is another.")
    try:
        (length,) = struct.unpack_from("<Q", content, end)
        start = end + 8
        return json.loads(content[start : start + length]), start + length
    except (struct.error, ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read as a {what}: {error}") from error
