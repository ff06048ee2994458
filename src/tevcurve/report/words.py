"""Numbers, times and units as the page writes them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.figures.style import factors_of

if TYPE_CHECKING:
    from astropy.units import UnitBase

MINUS, DASH, TIMES, UNKNOWN = "−", "–", "×", "–"
# A blank at which a line does not end.
HELD = "\u00a0"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, or a dash where there is none.

    Parameters
    ----------
    value : any, NaN where it is not known
    digits : how many are significant
    """
    value = float(value)
    return f"{value:.{digits}g}".replace("-", MINUS) if np.isfinite(value) else UNKNOWN


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, or a dash where there is none.

    Parameters
    ----------
    value : any, NaN where it is not known
    decimals : how many stand behind the point
    """
    value = float(value)
    return f"{value:.{decimals}f}".replace("-", MINUS) if np.isfinite(value) else UNKNOWN


def power_of_ten(exponent: int) -> str:
    """10 to a power in superscripts, such as 10⁻¹¹. exponent: of ten."""
    return f"10{str(exponent).translate(SUPERSCRIPTS)}"


def unit_text(unit: "UnitBase | None", exponent: int = 0) -> str:
    """A unit in the order of the field's papers, with a power of ten before it, such as 10⁻¹¹ cm⁻² s⁻¹.

    Parameters
    ----------
    unit : of astropy, None for a number
    exponent : of ten, 0 for no power
    """
    parts = [power_of_ten(exponent)] if exponent else []
    if unit is not None:
        for name, power in factors_of(unit):
            parts.append(name if power == 1 else f"{name}{str(power).translate(SUPERSCRIPTS)}")
    return " ".join(parts)


def band_text(band: tuple[float, float]) -> str:
    """An energy band in words. band: (low, high), TeV."""
    return f"{band[0]:.4g}{DASH}{band[1]:.4g} TeV"


def count(n: int, one: str, many: str | None = None) -> str:
    """A number of things, such as "1 run" or "4 runs".

    Parameters
    ----------
    n : how many
    one : what one of them is called
    many : what several are called; default: with an s
    """
    return f"{n} {one if n == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would take. seconds: of any sign."""
    for limit, unit, name in ((86400 * 3, 86400, "d"), (5400, 3600, "h"), (180, 60, "min")):
        if abs(seconds) >= limit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.4g} s"


def utc_text(milliseconds: float, digits: int = 0) -> str:
    """Milliseconds since 1970 (UTC) as "2024-03-10 21:31:09", with `digits` decimals of the second.

    Parameters
    ----------
    milliseconds : since 1970 (UTC)
    digits : decimals of the second
    """
    if not np.isfinite(milliseconds):
        return UNKNOWN
    step = 10 ** (3 - digits)
    moment = np.datetime64(int(np.round(milliseconds / step) * step), "ms")
    return str(moment).replace("T", " ")[: 19 + (digits + 1 if digits else 0)]


def listing(items: Sequence[Any], most: int = 12) -> str:
    """Items with commas, cut where there are very many.

    Parameters
    ----------
    items : anything that has a text
    most : how many are told
    """
    words = ", ".join(str(item) for item in items[:most])
    return words if len(items) <= most else f"{words} and {len(items) - most} more"


def bins_facts(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """[("Time bins", how they were laid, in words)], empty where the metadata do not say. meta: of rows."""
    return [("Time bins", str(meta["time_bins"]))] if meta.get("time_bins") else []
