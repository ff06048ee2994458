"""Conditions on a number as people type them: "<50 deg", "20-50 deg", ">=3", "0, 1"."""

import re
from dataclasses import dataclass
from functools import lru_cache

import astropy.units as u
import numpy as np

from tevcurve.errors import Unwanted
from tevcurve.records import short_repr

# An end of a range: a number is taken whole, so that 1e-3 is none. The signs are those that people type.
_END = r"((?>(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][-+]?\d+)?))\s*([A-Za-z]*)"
_BETWEEN = r"\s*(?:-|\u2013|\u2014|\.\.\.?|\bto\b)\s*"
_RANGE = re.compile(rf"\s*{_END}(?:{_BETWEEN}{_END})+\s*")
_COMPARED = re.compile(r"\s*(<=|>=|==?|<|>|\u2264|\u2265|below\b|above\b)\s*(\S.*?)\s*", re.IGNORECASE)
_SIGNS = {"\u2264": "<=", "\u2265": ">=", "=": "==", "below": "<", "above": ">"}


def range_texts(text: str) -> list[str] | None:
    """The texts of the ends of a range such as "1-10 TeV", "1 TeV to 10 TeV" or "1-3-10 TeV"; None for another text.

    text: of any kind. A number without a unit has none in its text.
    """
    if not _RANGE.fullmatch(text):
        return None
    return [f"{number} {unit}".strip() for number, unit in re.findall(rf"{_END}(?:{_BETWEEN}|\s*$)", text)]


@dataclass(frozen=True)
class Condition:
    """What a number has to be.

    Attributes
    ----------
    low, high : the ends that it is between, these included; infinite where there is none
    without : an end that is not included, NaN for none
    values : the numbers of which it has to be one; () for any between the ends
    """

    low: float = -np.inf
    high: float = np.inf
    without: float = np.nan
    values: tuple[float, ...] = ()

    __repr__ = short_repr

    def holds(self, number: float) -> bool:
        """Whether a number is as it has to be. number: NaN is not."""
        if self.values:
            return number in self.values
        return self.low <= number <= self.high and number != self.without


@lru_cache(maxsize=64)
def condition_of(text: str, unit: str, examples: str) -> Condition:
    """The `Condition` that a text stands for.

    Parameters
    ----------
    text : a comparison, a range whose ends are included, or numbers with commas between them
    unit : that numbers have, and in which they are taken; "" for none
    examples : what is wanted, for messages

    Raises `InputError` for another text, in words that follow on "is".
    """
    compared, ends = _COMPARED.fullmatch(text), range_texts(text)
    try:
        if compared:
            sign = _SIGNS.get(compared[1].lower(), compared[1])
            end = _number(compared[2], unit)
            if sign == "==":
                return Condition(values=(end,))
            without = np.nan if "=" in sign else end
            return (
                Condition(high=end, without=without) if "<" in sign else Condition(low=end, without=without)
            )
        if ends and len(ends) == 2:
            last = ends[1].partition(" ")[2]
            low, high = (_number(end if " " in end else f"{end} {last}", unit) for end in ends)
            if low < high:
                return Condition(low, high)
        elif not unit:
            return Condition(values=tuple(_number(each, unit) for each in text.split(",")))
    except (TypeError, ValueError):
        pass
    raise Unwanted(f"{text!r}; wanted is {examples}.")


def _number(text: str, unit: str) -> float:
    """The number of a text in a unit; ValueError or TypeError where it is none, or not finite."""
    number = float(u.Quantity(text.strip()).to_value(unit)) if unit else float(text)
    if not np.isfinite(number):
        raise ValueError(text)
    return number
