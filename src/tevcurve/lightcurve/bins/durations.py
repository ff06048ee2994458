"""Durations to seconds, and to words that give the same seconds again."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError


def duration_s(value, name):
    """A duration above 0 in s, float; InputError otherwise."""
    try:
        seconds = u.Quantity(value).to_value(u.s)
    except (TypeError, ValueError) as error:
        raise InputError(f"The {name} is {value!r}; wanted is a duration such as '2 min'.") from error
    if np.ndim(seconds) or not np.isfinite(seconds) or seconds <= 0:
        raise InputError(f"The {name} is {value!r}; wanted is one duration above 0.")
    return float(seconds)


def seconds_word(seconds):
    """The word for a number of seconds (float) in a text, such as "120s"; it is read to the last digit."""
    return f"{number_word(seconds)}s"


def number_word(number):
    """The shortest decimal number that is read as this float, str."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(float(number))
