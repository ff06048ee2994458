"""Numbers, times and units as the page writes them."""

import numpy as np

MINUS, DASH, TIMES, UNKNOWN = "−", "–", "×", "–"
# A blank at which a line does not end.
HELD = "\u00a0"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value, digits=4):
    """A number with so many significant digits, or a dash where there is none."""
    value = float(value)
    return f"{value:.{digits}g}".replace("-", MINUS) if np.isfinite(value) else UNKNOWN


def fixed(value, decimals):
    """A number with so many decimals, or a dash where there is none."""
    value = float(value)
    return f"{value:.{decimals}f}".replace("-", MINUS) if np.isfinite(value) else UNKNOWN


def power_of_ten(exponent):
    """10 to a power in superscripts, such as 10⁻¹¹."""
    return f"10{str(exponent).translate(SUPERSCRIPTS)}"


def unit_text(unit, exponent=0):
    """A unit in the order of the field's papers, with a power of ten before it, such as 10⁻¹¹ cm⁻² s⁻¹."""
    parts = [power_of_ten(exponent)] if exponent else []
    if unit is not None:
        factors = zip(unit.bases, unit.powers, strict=True)
        for base, power in sorted(factors, key=lambda factor: (factor[1] < 0, factor[0].name.lower())):
            parts.append(base.name if power == 1 else f"{base.name}{str(power).translate(SUPERSCRIPTS)}")
    return " ".join(parts)


def band_text(band):
    """An energy band in words."""
    return f"{band[0]:.4g}{DASH}{band[1]:.4g} TeV"


def count(n, one, many=None):
    """A number of things, such as "1 run" or "4 runs"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def duration(seconds):
    """Seconds in the unit that a person would take."""
    for limit, unit, name in ((86400 * 3, 86400, "d"), (5400, 3600, "h"), (180, 60, "min")):
        if abs(seconds) >= limit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.4g} s"


def utc_text(milliseconds, digits=0):
    """Milliseconds since 1970 (UTC) as "2024-03-10 21:31:09", with `digits` decimals of the second."""
    if not np.isfinite(milliseconds):
        return UNKNOWN
    step = 10 ** (3 - digits)
    moment = np.datetime64(int(np.round(milliseconds / step) * step), "ms")
    return str(moment).replace("T", " ")[: 19 + (digits + 1 if digits else 0)]


def listing(items, most=12):
    """Items with commas, cut where there are very many."""
    words = ", ".join(str(item) for item in items[:most])
    return words if len(items) <= most else f"{words} and {len(items) - most} more"
