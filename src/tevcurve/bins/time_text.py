"""Times as texts and numbers: dates such as 2006-07-29T20:00:00 (UTC), or MJD (TT); or with a scale: "53945.9 utc".

And durations: "2 min".
"""

import logging
import re

import numpy as np
from astropy import units as u
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.leap_seconds import as_if_none_were_to_come

log = logging.getLogger(__name__)

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
# What some write before a number that is one.
_MJD = re.compile(rf"\s*mjd\s*(?={NUMBER}(?:\s|$))", re.IGNORECASE)
_DATE = r"\d{4}-\d\d?-\d\d?([T ][\d:.]+)?Z?"
PLAIN_SCALE, DATE_SCALE = "tt", "utc"
_SCALE_WORDS = ("tt", "utc", "tai", "tdb", "tcb", "tcg")
_EARLIEST, _LATEST = 15000, 100_000  # MJD: 1899 to 2132
_JULIAN_DAYS = 2_400_000.5
_DURATION = re.compile(rf"\s*({NUMBER})\s*([A-Za-z]+)\s*")
# Units of time as people write them, in lower case, to their names.
_UNIT_WORDS = {
    "sec": "s",
    "secs": "s",
    "seconds": "s",
    "mins": "min",
    "minutes": "min",
    "hours": "h",
    "hrs": "h",
}
_UNIT_WORDS |= {"days": "d", "weeks": "week", "wks": "week", "years": "yr", "yrs": "yr"}
_MONTH_WORDS, MONTH_DAYS = ("month", "months"), 30
MONTH_SAID = f"A month is taken as {MONTH_DAYS} d; calendar months are edges of time bins (`edges FILE`)."


def is_time(word):
    """Whether a word looks like a time. word: str."""
    return bool(re.fullmatch(NUMBER, word) or re.fullmatch(_DATE, word))


def is_plain(words):
    """Whether all of some texts are numbers, which are taken as MJD. words: list of str."""
    return all(re.fullmatch(NUMBER, word) for word in words)


def split_scale(words, scale=None):
    """(texts of times, the scale that they or `scale` name, or None): of "53945.9 utc", or of "53945.9", "utc".

    Parameters
    ----------
    words : list of str
    scale : str, a scale that is named elsewhere, or None

    Raises `InputError` where two scales are named.
    """
    times, named = [], [scale.lower()] if scale else []
    for word in words:
        parts = _MJD.sub("", word).split()
        if parts and parts[-1].lower() in _SCALE_WORDS:
            named.append(parts.pop().lower())
        times += [" ".join(parts)] if parts else []
    if len(set(named)) > 1:
        raise InputError(
            f"The times are in {' and in '.join(dict.fromkeys(named))}; wanted is one time scale."
        )
    return times, named[0] if named else None


def as_times(words, scale=None):
    """`Time` (n,) of texts, all dates such as "2006-07-29T20:00" or all MJD, each with its scale behind it or without.

    Parameters
    ----------
    words : list of str
    scale : str; default: "utc" for dates, "tt" for numbers

    Raises `InputError` for what is no time, numbers that can be no MJD among them.
    """
    words, scale = split_scale(words, scale)
    plain = is_plain(words)
    options = {"scale": scale or (PLAIN_SCALE if plain else DATE_SCALE)}
    if options["scale"] not in Time.SCALES:
        raise InputError(f"The time scale is {scale!r}; wanted is one of {', '.join(Time.SCALES)}.")
    if plain:
        check_mjd([float(word) for word in words])
        # Whole days and the rest apart, so that no digit of the text is lost.
        days = [_whole_and_rest(word) for word in words]
        options["format"] = "mjd"
        values = [float(whole) for whole, _ in days], [float(rest) for _, rest in days]
    else:
        values = (words,)
    try:
        with as_if_none_were_to_come():
            return Time(*values, **options)
    except ValueError as error:
        wrong = next((word for word in words if not is_time(word)), words[0])
        raise InputError(
            f"{wrong!r} is no time; wanted is a date such as 2006-07-29T20:00:00, or an MJD."
        ) from error


def words_of_times(time):
    """MJD (list of str) of a `Time`, (n,) or scalar, in its scale; `as_times` reads them as they were, to 1e-11 s.

    time: `Time` (n,), or scalar.
    """
    days = time.reshape(-1).to_value("mjd", subfmt="str")
    return [str(word) for word in days]


def check_mjd(days):
    """None where numbers (array) can be MJD; raises `InputError` with what they may be otherwise.

    days: numbers, array.
    """
    days = np.ravel(np.asarray(days, dtype=float))
    wrong = days[~((days >= _EARLIEST) & (days <= _LATEST))]
    if not len(wrong):
        return
    number = float(wrong[0])
    begin = f"{number:.12g} is no MJD"
    if _EARLIEST <= number - _JULIAN_DAYS <= _LATEST:
        raise InputError(f"{begin} but looks like a Julian day; wanted is that less {_JULIAN_DAYS:.1f}.")
    if abs(number) > _LATEST:
        raise InputError(
            f"{begin} but looks like seconds of a mission's clock; wanted is the reference (MJDREFI + MJDREFF) of the "
            "files plus these divided by 86400."
        )
    if 1900 <= number <= 2132:
        raise InputError(f"{begin} but looks like a year; wanted is a date such as {number:.0f}-01-01.")
    raise InputError(
        f"{begin}; wanted is one from {_EARLIEST} to {_LATEST}, or a date such as 2006-07-29T20:00."
    )


def as_time(value, name):
    """`Time` of a `Time`, of a text, of numbers (MJD in TT, which is said), or of a list of these.

    Parameters
    ----------
    value : `Time`, str, numbers, or list of these
    name : str, what it is called in messages

    Raises `InputError` for what is none, or is masked.
    """
    if isinstance(value, Time):
        if np.any(value.mask):
            raise InputError(f"{name} has a time that is masked; wanted is a Time without.")
        return value
    days = plain_days(value)
    if days is not None:
        check_mjd(days)
        log.warning("%s has plain numbers; they are taken as MJD in TT.", name)
        return Time(days, format="mjd", scale=PLAIN_SCALE)
    try:
        if isinstance(value, (list, tuple)) and value:
            return Time([as_time(each, name) for each in value])
        if not isinstance(value, str):
            raise TypeError("neither a text nor a number")
        return as_times([value])[0]
    except (TypeError, ValueError) as error:
        if isinstance(value, str) and is_plain(split_scale([value])[0]):
            raise
        raise InputError(
            f"{name} is {value!r}; wanted is a Time, strings such as '2020-01-31 20:15', or MJD in TT."
        ) from error


def plain_days(value):
    """Float array of numbers, of a column of them or of a Quantity in days; None for anything else.

    value: what came.
    """
    if isinstance(value, (str, bool)) or value is None:
        return None
    if getattr(value, "unit", None) is not None:
        return u.Quantity(value).to_value("d") if u.Unit(value.unit).is_equivalent("d") else None
    try:
        numbers = np.asarray(value)
    except ValueError:
        return None
    return numbers.astype(float) if numbers.dtype.kind in "fiu" and numbers.size else None


def one_time(value, name):
    """`Time`, scalar, or None where there is none; InputError otherwise.

    Parameters
    ----------
    value : as for `as_time`, or None
    name : str, what it is called in messages
    """
    if value is None:
        return None
    time = as_time(value, name)
    if not time.isscalar:
        raise InputError(f"The {name} has the shape {time.shape}; wanted is one time.")
    return time


def _whole_and_rest(word):
    """(whole, rest) of a decimal number as texts: "53945.83" is "53945" and "0.83"."""
    whole, dot, rest = word.partition(".")
    if not dot or "e" in word.lower() or not whole.lstrip("+-"):
        return word, "0"
    return whole, ("-0." if whole.startswith("-") else "0.") + (rest or "0")


def duration_s(value, name):
    """A duration above 0 in s, float; InputError otherwise.

    Parameters
    ----------
    value : Quantity or str
    name : str, what it is called in messages
    """
    if isinstance(value, str) and is_months(value):
        log.warning("%s", MONTH_SAID)
    try:
        seconds = u.Quantity(plain_duration(value)).to_value(u.s)
    except (TypeError, ValueError) as error:
        what = "a duration with its unit, such as '2 min', '12 h', '7 d' or '1 month'"
        raise InputError(f"The {name} is {value!r}; wanted is {what}.") from error
    if np.ndim(seconds) or not np.isfinite(seconds) or seconds <= 0:
        raise InputError(f"The {name} is {value!r}; wanted is one duration above 0.")
    return float(seconds)


def is_months(text):
    """Whether a text is a number of months. text: str."""
    found = _DURATION.fullmatch(text)
    return bool(found) and found[2].lower() in _MONTH_WORDS


def is_unit_of_time(word):
    """Whether a word is a unit of time, as people write it. word: str."""
    if word.lower() in (*_UNIT_WORDS, *_MONTH_WORDS):
        return True
    try:
        return bool(u.Unit(word).is_equivalent(u.s))
    except ValueError:
        return False


def plain_duration(value):
    """The text of a duration such as "2 weeks" with the unit's name, of "1 month" "30.0 d"; anything else as it is.

    value: of any type.
    """
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value
    if is_months(value):
        return f"{number_word(float(found[1]) * MONTH_DAYS)} d"
    return f"{found[1]} {_UNIT_WORDS.get(found[2].lower(), found[2])}"


def seconds_word(seconds):
    """The word for a number of seconds (float) in a text, such as "120s"; it is read to the last digit.

    seconds: float.
    """
    return f"{number_word(seconds)}s"


def duration_words(seconds):
    """A number of seconds as a person says it, "10 min" or "30 d", where that is a whole number. seconds: float."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def number_word(number):
    """The shortest decimal number that is read as this float, str. number: float."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(float(number))
