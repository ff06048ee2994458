"""One rule for the digits of numbers with errors: a value and its errors end at the same decimal place.

That place is the second digit of the smallest error, as errors are hardly known better.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import ArrayLike

_MAX_DECIMALS = 8
# More digits than a number has from its first to its last, whatever its size.
_ENOUGH = Context(prec=700)


def decimals_of(*errors: float) -> int:
    """Decimals (int, 0 to 8) that show two digits of the smallest of some errors; 2 where none is above 0.

    errors: NaN where they are not known.
    """
    sizes = [abs(float(error)) for error in errors]
    sizes = [size for size in sizes if np.isfinite(size) and size > 0]
    if not sizes:
        return 2
    return int(np.clip(1 - np.floor(np.log10(min(sizes))), 0, _MAX_DECIMALS))


def decimals_in_row(value: float, errors: Sequence[float], *others: float) -> int:
    """Decimals that show two digits of the smallest of a value's errors; where none is above 0, of the first of the
    value and `others`, such as its limit, that is known.

    Parameters
    ----------
    value : any, NaN where it is not known
    errors : of the value, NaN where they are not known
    others : numbers that stand in its row
    """
    if any(error > 0 and np.isfinite(error) for error in errors):
        return decimals_of(*errors)
    return decimals_of(*[size for size in (value, *others) if np.isfinite(size) and size][:1])


def power_of(values: ArrayLike) -> int:
    """The power of ten (int) that the numbers of a column share: that of the middle one; 0 where they need none.

    values: numbers, NaN where they are not known.
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    power = int(np.floor(np.log10(np.median(sizes)))) if sizes.size else 0
    return 0 if -2 <= power <= 2 else power


def statistic_text(value: float) -> str:
    """A number without an error, such as a chi-square: three digits, and all of those before the point.

    value: any.
    """
    size = abs(float(value))
    return fixed(float(value), 2 if not size >= 1 else int(np.clip(2 - np.floor(np.log10(size)), 0, 2)))


def sigma_text(sigma: float) -> str:
    """A significance in standard deviations, to a tenth. sigma: standard deviations."""
    return fixed(float(sigma), 1)


def with_errors(value: float, *errors: float, unit: object = "") -> str:
    """A value, its error or its errors down and up, and its unit in words, such as "395 -99 +190 s".

    Numbers that are large or small together share a power of ten, as in "(3.41 +- 0.12)e-11".

    Parameters
    ----------
    value : any, NaN where it is not known
    errors : none, one, or (down, up), NaN where they are not known
    unit : text, or unit of astropy
    """
    texts, power = to_one_place(value, *errors)
    unit = f" {unit}" if str(unit) else ""
    if len(texts) == 1:
        return f"{texts[0]}{unit}"
    text = f"{texts[0]} +- {texts[1]}" if len(texts) == 2 else f"{texts[0]} -{texts[1]} +{texts[2]}"
    return f"({text})e{power:+03d}{unit}" if power else f"{text}{unit}"


def cells(value: float, *errors: float) -> list[str]:
    """Texts of a value and its errors, each to stand alone; "" for an error that is not known.

    Parameters
    ----------
    value : any, NaN where it is not known
    errors : none, one, or (down, up), NaN where they are not known
    """
    texts, power = to_one_place(value, *errors)
    if len(texts) == 1:
        return [f"{value:.6g}", *([""] * len(errors))]
    ending = f"e{power:+03d}" if power else ""
    known = [True, *np.isfinite(errors).tolist()]
    return [f"{text}{ending}" if is_known else "" for text, is_known in zip(texts, known, strict=True)]


def to_one_place(value: float, *errors: float) -> tuple[list[str], int]:
    """(list of texts, power of ten) of a value and its errors; the text of the value alone where no error is known.

    Parameters
    ----------
    value : any, NaN where it is not known
    errors : none, one, or (down, up), NaN where they are not known
    """
    numbers = [float(value), *(float(error) for error in errors)]
    known = [abs(error) for error in numbers[1:] if np.isfinite(error) and error > 0]
    if not known:
        return [f"{numbers[0]:.4g}"], 0
    largest = max(abs(numbers[0]), *known)
    power = int(np.floor(np.log10(largest)))
    power = power if power < -2 or power >= 5 else 0
    decimals = decimals_of(*(error / 10.0**power for error in known))
    return [fixed(number / 10.0**power, decimals) for number in numbers], power


def to_place(number: float, decimals: int) -> float:
    """A number rounded as it is written: 0.0095 to three decimals is 0.01, though its binary digits are just below.

    A zero has no sign.

    Parameters
    ----------
    number : finite
    decimals : of the place; below 0 for tens and so on
    """
    place = Decimal(1).scaleb(-int(decimals))
    return float(Decimal(repr(float(number))).quantize(place, ROUND_HALF_UP, _ENOUGH)) + 0.0


def fixed(number: float, decimals: int) -> str:
    """A number with so many decimals, without a sign where that is 0.

    Parameters
    ----------
    number : any
    decimals : how many stand behind the point
    """
    text = f"{number:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
