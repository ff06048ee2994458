"""Times as texts: dates such as 2006-07-29T20:00:00, or MJD."""

import re

from tevcurve.errors import InputError

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_DATE = r"\d{4}-\d\d?-\d\d?([T ][\d:.]+)?Z?"


def is_time(word):
    """Whether a word looks like a time."""
    return bool(re.fullmatch(NUMBER, word) or re.fullmatch(_DATE, word))


def as_times(words, scale=None):
    """`Time` (n,) of texts, all dates such as "2006-07-29T20:00" or all MJD; scale: default "utc".

    Raises `InputError` for what is no time.
    """
    from astropy.time import Time

    options = {"scale": (scale or "utc").lower()}
    if options["scale"] not in Time.SCALES:
        raise InputError(f"The time scale is {scale!r}; wanted is one of {', '.join(Time.SCALES)}.")
    if all(re.fullmatch(NUMBER, word) for word in words):
        # Whole days and the rest apart, so that no digit of the text is lost.
        days = [_whole_and_rest(word) for word in words]
        options["format"] = "mjd"
        values = [float(whole) for whole, _ in days], [float(rest) for _, rest in days]
    else:
        values = (words,)
    try:
        return Time(*values, **options)
    except ValueError as error:
        wrong = next((word for word in words if not is_time(word)), words[0])
        raise InputError(
            f"{wrong!r} is no time; wanted is a date such as 2006-07-29T20:00:00, or an MJD."
        ) from error


def _whole_and_rest(word):
    """(whole, rest) of a decimal number as texts: "53945.83" is "53945" and "0.83"."""
    whole, dot, rest = word.partition(".")
    if not dot or "e" in word.lower() or not whole.lstrip("+-"):
        return word, "0"
    return whole, ("-0." if whole.startswith("-") else "0.") + (rest or "0")
