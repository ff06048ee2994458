"""What was deflated, inflated within limits: by isal where that is installed (extra `fast`), else by zlib.

Both give the same bytes, isal in two thirds of the time. What isal cannot inflate zlib looks at again, so that what is
damaged is told in the same words with and without.
Source: RFC 1952 (gzip), whose files may have several members, one after the other.
"""

import zlib
from typing import Any

from tevcurve.errors import DataError

GZIP = b"\x1f\x8b"
_RESERVED = 0xE0  # flags of a member that mean nothing yet: what follows may be anything
_FIRST = 2**25  # bytes that are inflated in one go: nearly every file is smaller
_CHUNK = 2**22


def _isal() -> Any:
    try:
        from isal import isal_zlib
    except ImportError:
        return None
    return isal_zlib


isal_zlib = _isal()


def inflate_members(content: bytes | bytearray, where: str, limit: int) -> bytes | bytearray:
    """Content of all members of a gzip file; what follows the last one (padding) is not one.

    Parameters
    ----------
    content : bytes of the file
    where : names the file in errors, "The gzip file x"
    limit : the most bytes that the content may have

    Raises `DataError` for what is larger, cut off or damaged.
    """
    for library in _libraries():
        try:
            whole, is_complete = _members(library, content, limit)
        except library.error as error:
            problem = f"{where} is damaged: {error}."
            continue
        if len(whole) > limit:
            raise DataError(
                f"{where} inflates to more than {limit} bytes, which is what is wanted at most (largest_file)."
            )
        if is_complete:
            return whole
        problem = f"{where} is cut off: its end is missing."
    raise DataError(problem)


def inflate_array(content: bytes | memoryview, size: int) -> bytes:
    """As many bytes as announced, of a zlib stream; no more are ever made.

    Parameters
    ----------
    content : the stream
    size : of what is in it, bytes

    Raises `DataError` for what is damaged or of another size.
    """
    for library in _libraries():
        inflater = library.decompressobj()
        try:
            values = inflater.decompress(content, size + 1)
        except library.error as error:
            problem = f"A deflated array is damaged: {error}."
            continue
        if len(values) == size and inflater.eof:
            return values
        problem = f"A deflated array should have {size} bytes; it has others."
    raise DataError(problem)


def _libraries() -> list[Any]:
    return [zlib] if isal_zlib is None else [isal_zlib, zlib]


def _members(library: Any, content: bytes | bytearray, limit: int) -> tuple[bytes | bytearray, bool]:
    """(content of the members, no more than one byte above the limit; whether the last one is complete)."""
    whole: bytes | bytearray = b""
    while content[:2] == GZIP:
        if content[3:4] and content[3] & _RESERVED:
            raise library.error("reserved flags are set")
        member = library.decompressobj(wbits=31)
        part = member.decompress(content, min(_FIRST, limit - len(whole) + 1))
        # Bytes that grow in place: parts that are joined would take the memory twice.
        whole = part if not whole else bytearray(whole) + part
        while not member.eof and len(whole) <= limit and member.unconsumed_tail:
            whole = whole if isinstance(whole, bytearray) else bytearray(whole)
            whole += member.decompress(member.unconsumed_tail, min(_CHUNK, limit - len(whole) + 1))
        if len(whole) > limit or not member.eof:
            return whole, False
        content = member.unused_data
    return whole, True
