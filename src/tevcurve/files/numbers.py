"""Values of header keywords as numbers; what is none is told by its name."""

from math import isfinite

from tevcurve.errors import DataError


def number_of(value):
    """Finite float of a keyword's value, None where it is no number: missing, a flag, NaN, infinite or other words.

    Texts that are a number are one, also with the exponent "D" of FITS.
    """
    if isinstance(value, str):
        value = value.strip().upper().replace("D", "E")
    try:
        found = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and isfinite(found) else None


def header_number(header, keyword, where, default=None):
    """Finite float of a header keyword; raises DataError where it is missing or no number.

    default: what a missing keyword means; None where it has to be there.
    """
    value = header.get(keyword, default)
    if value is None:
        raise DataError(f"{where} has no keyword {keyword}.")
    return finite_number(value, keyword, where)


def finite_number(value, keyword, where, wanted="a finite number"):
    """Finite float of the value of a keyword; raises DataError, with what is wanted in words, where it is none."""
    found = number_of(value)
    if found is None:
        raise DataError(f"{where} has {keyword} {value!r}; wanted is {wanted}.")
    return found
