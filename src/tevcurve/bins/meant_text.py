"""Which text of time bins a person meant by one that is none: of other words, or of the same in another order."""

import re
from pathlib import Path

from tevcurve.bins.time_text import is_time

_ORDER = {"counts": "counts", "count": "counts", "events": "counts", "sigma": "significance"}
_TURNED = re.compile(r"(\d[\d.]*)\s*([a-z]+)", re.IGNORECASE)
# Metres, and what is meant by them.
_MINUTES = re.compile(r"(\d[\d.]*)\s*m", re.IGNORECASE)


def meant_text(text: str) -> str | None:
    """The text that was meant, such as "counts 50" by "50 counts" and "edges A B" by "A, B"; None where none is near.

    text: of time bins, as it came.
    """
    text = text.strip()
    turned, minutes = _TURNED.fullmatch(text), _MINUTES.fullmatch(text)
    if turned and turned[2].lower() in _ORDER:
        return f"{_ORDER[turned[2].lower()]} {turned[1]}"
    if minutes:
        return f"{minutes[1]} min"
    times = [word for word in re.split(r"[,\s]+", text.removeprefix("edges ")) if word]
    if len(times) > 1 and all(map(is_time, times)) and text.split() != ["edges", *times]:
        return f"edges {' '.join(times)}"
    return f"edges {text}" if " " not in text and len(text) < 1000 and Path(text).is_file() else None
