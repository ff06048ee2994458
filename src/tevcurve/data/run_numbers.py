"""OBS_IDs as files have them: whole numbers, also as texts, and other texts."""

from numbers import Integral, Real

_MOST_DIGITS = 18


def run_number(value):
    """OBS_ID of a value of a header or of an index: an int where it is a whole number in any form, else the text.

    None for what is none: nothing, an empty text, a number that is not whole.

    value: str, number or None.
    """
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text or None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    if not isinstance(value, Integral) and not (abs(value) < 2.0**63 and value == int(value)):
        return None
    return int(value)
