"""Files with the OBS_IDs of runs, one in each line."""

import os
import re
from pathlib import Path

from tevcurve.errors import Unwanted
from tevcurve.files import expand_path

LARGEST = 10_000_000  # bytes
_ENDS = (".txt", ".list", ".lis", ".lst", ".dat", ".csv", ".runs")


def is_run_list(text: str) -> bool:
    """Whether a text is the path of a file of OBS_IDs, there or not, and no OBS_ID. text: a word."""
    text = text.strip()
    if not text or "\0" in text or text.startswith("[") or text.isdigit():
        return False
    return text.lower().endswith(_ENDS) or ("," not in text and expand_path(text).is_file())


def runs_of_file(path: str | os.PathLike[str]) -> list[str]:
    """List of the OBS_IDs in a file.

    Each line has one, or several with commas or, of whole numbers, blanks between them; what follows on # is a comment,
    and a first line that says OBS_ID is none.

    path: of the file; environment variables and ~ are put in. Raises `InputError` where it cannot be read or has none.
    """
    place = Path(expand_path(path))
    try:
        if place.stat().st_size > LARGEST:
            raise Unwanted(
                f"{str(path)!r}, a file of more than {LARGEST // 10**6} MB; wanted is one of OBS_IDs"
            )
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Unwanted(
            f"{str(path)!r}, a file that cannot be read ({reason}); wanted is one with an OBS_ID in each line, or "
            "OBS_IDs such as [23523, 23526]"
        ) from error
    found = [each for line in lines for each in _of_line(line.split("#")[0].strip())]
    found = found[1:] if found and found[0].strip("\"'").upper() == "OBS_ID" else found
    if not found:
        raise Unwanted(f"{str(path)!r}, a file without an OBS_ID; wanted is one in each line")
    return found


def _of_line(line: str) -> list[str]:
    words = line.split()
    if len(words) > 1 and all(re.fullmatch(r"\d+,?", word) for word in words):
        return [word.rstrip(",") for word in words]
    return [each.strip() for each in line.split(",") if each.strip()]
