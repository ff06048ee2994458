"""One rule for the digits of numbers with errors: a value and its errors end at the same decimal place.

That place is the second digit of the smallest error, as errors are hardly known better.
"""

import numpy as np

_MAX_DECIMALS = 8


def decimals_of(*errors):
    """Decimals (int, 0 to 8) that show two digits of the smallest of some errors; 2 where none is above 0."""
    sizes = [abs(float(error)) for error in errors]
    sizes = [size for size in sizes if np.isfinite(size) and size > 0]
    if not sizes:
        return 2
    return int(np.clip(1 - np.floor(np.log10(min(sizes))), 0, _MAX_DECIMALS))


def with_errors(value, *errors, unit=""):
    """A value, its error or its errors down and up, and its unit in words, such as "395 -99 +190 s".

    Numbers that are large or small together share a power of ten, as in "(3.41 +- 0.12)e-11".
    """
    numbers = [float(value), *(float(error) for error in errors)]
    unit = f" {unit}" if str(unit) else ""
    known = [abs(error) for error in numbers[1:] if np.isfinite(error) and error > 0]
    if not known:
        return f"{numbers[0]:.4g}{unit}"
    largest = max(abs(numbers[0]), *known)
    power = int(np.floor(np.log10(largest)))
    power = power if power < -2 or power >= 5 else 0
    decimals = decimals_of(*(error / 10.0**power for error in known))
    texts = [_fixed(number / 10.0**power, decimals) for number in numbers]
    text = f"{texts[0]} +- {texts[1]}" if len(texts) == 2 else f"{texts[0]} -{texts[1]} +{texts[2]}"
    return f"({text})e{power:+03d}{unit}" if power else f"{text}{unit}"


def _fixed(number, decimals):
    text = f"{number:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
