"""Values of header keywords as numbers; what is none is told by its name."""

from math import isfinite
from typing import Any

from tevcurve.errors import DataError


def number_of(value: Any) -> float | None:
    """Finite float of a keyword's value, None where it is no number: missing, a flag, NaN, infinite or other words.

    Texts that are a number are one, also with the exponent "D" of FITS.

    value: as it stands in the header.
    """
    if isinstance(value, str):
        value = value.strip().upper().replace("D", "E")
    try:
        found = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and isfinite(found) else None


def header_number(header: dict[str, Any], keyword: str, where: str, default: float | None = None) -> float:
    """Finite float of a header keyword; raises DataError where it is missing or no number.

    Parameters
    ----------
    header : keywords and values
    keyword : name of the keyword
    where : what has it, for messages
    default : what a missing keyword means; None where it has to be there
    """
    value = header.get(keyword, default)
    if value is None:
        raise DataError(f"{where} has no keyword {keyword}.")
    return finite_number(value, keyword, where)


def finite_number(value: Any, keyword: str, where: str, wanted: str = "a finite number") -> float:
    """Finite float of the value of a keyword; raises DataError, with what is wanted in words, where it is none.

    Parameters
    ----------
    value : as it stands in the header
    keyword : name of the keyword
    where : what has it, for messages
    wanted : what it should be, in words for the message
    """
    found = number_of(value)
    if found is None:
        raise DataError(f"{where} has {keyword} {value!r}; wanted is {wanted}.")
    return found
