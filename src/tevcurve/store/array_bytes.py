"""Arrays to bytes and back, bit by bit and with their layout in memory, in as few bytes as are enough."""

import zlib
from math import prod
from typing import Any

import numpy as np

from tevcurve.errors import DataError
from tevcurve.files.inflating import inflate_array

# Numbers of DL3 files are often float32 in another unit: m2 to cm2, deg to rad, per MeV to per TeV.
FACTORS = (1.0, 1e4, float(np.pi / 180), 1e6)
TYPES = ("<f8", "<f4", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1")
# A smaller array is not worth the words that say how it was packed.
SMALLEST = 64
# An array is deflated where no more than this is left of it; inflating takes as long as all the rest of reading.
WORTH = 0.5
SAMPLE = 2**11
LARGEST = 2**31


def pack_array(array: np.ndarray) -> tuple[dict[str, Any], bytes]:
    """(words, bytes): a dict that JSON takes, and the content of an array of any order in memory.

    The order is kept, because sums go along it and their last digit with it.
    Raises `DataError` for arrays of other things than numbers and booleans.

    array: of any shape and order in memory.
    """
    array = np.asarray(array)
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    values = np.ascontiguousarray(array.transpose(order))
    kind = values.dtype.newbyteorder("<").str
    if kind not in TYPES:
        raise DataError(f"An array of {array.dtype} cannot be written; numbers are wanted.")
    words: dict[str, Any] = {"shape": list(array.shape), "type": kind}
    if order != sorted(order):
        words["order"] = order
    values = values.astype(kind, copy=False)
    if kind == "<f8" and values.size >= SMALLEST:
        short, factor = _as_short(values)
        if short is not None:
            values = short
            words |= {"stored": "<f4", "factor": factor}
    content = values.tobytes()
    if len(content) >= 8 * SMALLEST and _is_worth(_samples(content)):
        deflated = zlib.compress(content, 1)
        if len(deflated) <= WORTH * len(content):
            content = deflated
            words["deflated"] = True
    return words | {"bytes": len(content)}, content


def unpack_array(words: dict[str, Any], content: bytes | memoryview) -> np.ndarray:
    """The array of what `pack_array` made, read-only, in memory of its own, so that it does not keep its file.

    Parameters
    ----------
    words : as `pack_array` gives them
    content : bytes-like

    Raises `DataError` for what is none.
    """
    shape, kind = tuple(words["shape"]), words["type"]
    stored = words.get("stored", kind)
    size = prod(shape) * np.dtype(kind).itemsize
    if kind not in TYPES or stored not in TYPES or min(shape, default=0) < 0 or size > LARGEST:
        raise DataError(f"An array of {kind} with the shape {shape} is announced, which cannot be.")
    if words.get("deflated"):
        content = inflate_array(content, prod(shape) * np.dtype(stored).itemsize)
    values = np.frombuffer(content, dtype=stored)
    values = values.astype(kind) if "stored" in words else values.copy()
    if "stored" in words and words["factor"] != 1.0:
        values *= words["factor"]
    order = words.get("order", list(range(len(shape))))
    values = values.reshape([shape[axis] for axis in order]).transpose(np.argsort(order) if shape else ())
    values.flags.writeable = False
    return values


def _samples(content: bytes) -> bytes:
    """Parts of the content that tell whether it is worth to try the whole."""
    if len(content) <= 8 * SAMPLE:
        return content
    starts = range(SAMPLE, len(content) - SAMPLE, len(content) // 4)
    return b"".join(content[start : start + SAMPLE] for start in starts)


def _is_worth(content: bytes) -> bool:
    return len(zlib.compress(content, 1)) <= WORTH * len(content)


def _as_short(values: np.ndarray) -> tuple[np.ndarray, float] | tuple[None, None]:
    """(float32 array, factor) from which float64 values come back bit by bit, or (None, None)."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for factor in FACTORS:
            # Most arrays fail at their first numbers.
            if _comes_back(values.ravel()[:SMALLEST], factor) and _comes_back(values, factor):
                return (values / factor).astype("<f4"), factor
    return None, None


def _comes_back(values: np.ndarray, factor: float) -> bool:
    back = (values / factor).astype("<f4").astype("<f8") * factor
    return back.tobytes() == values.tobytes()
