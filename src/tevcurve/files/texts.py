"""Texts of many rows: as numpy has them, or each once where they would take too much memory of one width."""

from collections.abc import Iterable
from typing import Any

import numpy as np

# Of an array of texts of one width. Reasons are 200 letters long in some rows, so that all rows would take 800 bytes.
MOST_BYTES = 2**25
# Texts that are there one by one at a time, each with some 60 bytes besides its letters.
TEXTS_AT_ONCE = 2**13


def text_array(texts: Iterable[str]) -> np.ndarray:
    """Array (n,) of texts: of one width, or of objects, each text once, where that would be over `MOST_BYTES`.

    texts : any number of str
    """
    texts = list(texts)
    width = max(map(len, texts), default=0)
    if np.dtype("U1").itemsize * width * len(texts) <= MOST_BYTES:
        return np.array(texts, dtype=str)
    known: dict[str, str] = {}
    made = np.empty(len(texts), dtype=object)
    made[:] = [known.setdefault(text, text) for text in texts]
    return made


def is_text(values: Any) -> bool:
    """Whether an array or a column holds texts, of one width or as objects. values: what may have a dtype."""
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    return kind == "U" or (kind == "O" and all(type(value) is str for value in np.asarray(values).flat))


def different_texts(values: np.ndarray) -> set[str]:
    """The texts that are there, each once. values: array (n, ...) of which `is_text`."""
    flat, found = np.asarray(values).ravel(), set()
    for first in range(0, len(flat), TEXTS_AT_ONCE):
        found.update(flat[first : first + TEXTS_AT_ONCE].tolist())
    return found


def of_one_width(values: Any) -> Any:
    """An array or a column itself; of texts that are objects one with texts of one width. values: of any kind."""
    return values.astype(str) if values.dtype.kind == "O" and is_text(values) else values


def width_of(values: np.ndarray) -> int:
    """Letters of the longest of some texts, at least 1. values: array of which `is_text`."""
    if values.dtype.kind == "U":
        return max(1, values.dtype.itemsize // np.dtype("U1").itemsize)
    return max(1, max(map(len, values.flat), default=0))
