"""How records show themselves: rows of words, and arrays by their kind and shape instead of their numbers."""

from dataclasses import fields, is_dataclass
from html import escape
from typing import Any


def short_repr(record: Any) -> str:
    """One line for a dataclass, str: its fields with arrays as `float64 (10, 50)`, and long values cut.

    Meant to stand in a class as `__repr__ = short_repr`.

    record: of a dataclass.
    """
    shown = [f"{each.name}={_short(getattr(record, each.name))}" for each in fields(record) if each.repr]
    return f"{type(record).__name__}({', '.join(shown)})"


def bytes_of(value: Any) -> int:
    """Bytes of the arrays of a record, and of the records and lists in it. value: of any kind."""
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, tuple | list | dict):
        return sum(map(bytes_of, value.values() if isinstance(value, dict) else value))
    if not is_dataclass(value) or isinstance(value, type):
        return 0
    return sum(bytes_of(getattr(value, each.name)) for each in fields(value))


def _is_array(value: Any) -> bool:
    """Whether it is an array of numbers with an axis; told without numpy, which the help of a command does without."""
    return hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0


def _short(value: Any) -> str:
    if _is_array(value):
        shape = " x ".join(str(length) for length in value.shape)
        unit = getattr(value, "unit", None)
        return f"<{shape} {value.dtype}{f' in {unit}' if unit else ''}>"
    if isinstance(value, tuple | list) and (len(value) > 3 or any(_is_array(one) for one in value)):
        return f"<{type(value).__name__} of {len(value)}>"
    if isinstance(value, dict):
        return f"<dict of {len(value)}>"
    text = " ".join(repr(value).split())
    return text if len(text) <= 160 else f"{text[:157]}..."


def as_text(title: str, rows: dict[str, str]) -> str:
    """Lines of words, str.

    Parameters
    ----------
    title : first line
    rows : dict of heading to words
    """
    return "\n".join([title, *(f"  {key + ':':<12}{value}" for key, value in rows.items())])


def as_html(title: str, rows: dict[str, str]) -> str:
    """A table of words for a notebook, str.

    Parameters
    ----------
    title : heading of the table
    rows : dict of heading to words
    """
    cells = "".join(f"<tr><th>{key}</th><td>{escape(value)}</td></tr>" for key, value in rows.items())
    return f"<p>{escape(title)}</p><table>{cells}</table>"
