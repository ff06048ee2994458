"""Digits of the rows of a light curve: of values with errors by the rule of the Particle Data Group, of others by kind.

The rule: where the three leading digits of an error are between 100 and 354 it keeps two digits, between 355 and 949
one, and above it becomes 1000 and keeps two. The value, its errors down and up, those with systematic errors and its
limits all end at the place that the smallest of the statistical errors says; one that ends at zero because the value
does is none of these. R. L. Workman et al. (Particle Data
Group), Prog. Theor. Exp. Phys. 2022, 083C01, section 5.3 of the introduction.
"""

import numpy as np
from astropy.table import Table

from tevcurve.lightcurve.columns import ENDINGS
from tevcurve.lightcurve.magnitudes import is_magnitude
from tevcurve.lightcurve.plots.rows import floats_of
from tevcurve.rounding import fixed, to_place

_ENDS = (*ENDINGS, "_ll")
_LIMITS = ("_ul_tot", "_ul", "_ll")
# Seconds of time that a bin of a hundredth of its width is told to, at most and at least: decimals of a day.
_DAYS = (4, 9)
_DECIMALS = {"sqrt_ts": 1, "ts": 1, "npred": 1, "npred_excess": 1, "excess": 1, "alpha": 4, "loglike": 2}
_SECONDS = ("livetime", "ontime", "simultaneous")
MOMENTS = ("time_min", "time_max", "time_mean", "time")
# Of numbers that have no error.
_DIGITS = 4
# What somebody has chosen: no zeros at the end, "1" and not "1.000".
_EDGES = ("e_ref", "e_min", "e_max", "phase_min", "phase_max")


def pdg_decimals(error: float) -> int:
    """Decimals to which an error is told by the rule; below 0 for tens, hundreds and so on.

    error: above 0.
    """
    digits, _, power = f"{abs(error):.2e}".partition("e")
    leading = int(digits.replace(".", ""))
    return int(1 - int(power)) if leading <= 354 else -int(power)


def values_in(table: Table) -> dict[str, list[str]]:
    """{value: names of its columns} of the values with errors or limits in a table, the value's own first.

    table: of a light curve.
    """
    found = {}
    for name in table.colnames:
        ends = [f"{name}{end}" for end in _ENDS if end and f"{name}{end}" in table.colnames]
        if ends and getattr(table[name], "ndim", 1) == 1:
            found[name] = [name, *ends]
    return found


def decimals(table: Table) -> dict[str, np.ndarray]:
    """{name: decimals (n,)} of the columns of numbers of a light curve's table, int; below 0 for tens and so on.

    Texts, whole numbers and vectors are left out: they stay as they are.

    table: of a light curve.
    """
    groups = {column: value for value, names in values_in(table).items() for column in names}
    told = {value: _of_value(table, value) for value in values_in(table)}
    return {
        name: told[groups[name]] if name in groups else _of_others(table, name)
        for name in table.colnames
        if table[name].dtype.kind == "f" and table[name].ndim == 1
    }


def decimals_of_shown(table: Table, shown: Table) -> dict[str, np.ndarray]:
    """{name: decimals (n,)} of columns that are shown, of which errors and time bins may be left out.

    Parameters
    ----------
    table : of a light curve, by which errors and bins are told
    shown : the columns that are shown, some of which may be made
    """
    made = [name for name in shown.colnames if name not in table.colnames]
    whole = Table([*(table[name] for name in table.colnames), *(shown[name] for name in made)])
    return decimals(whole)


def rounded(table: Table) -> Table:
    """A copy of a table with its numbers rounded. table: of a light curve."""
    made = table.copy()
    for name, places in decimals(table).items():
        values = [
            to_place(value, place) if np.isfinite(value) else value
            for value, place in zip(table[name].tolist(), places, strict=True)
        ]
        made[name][:] = values
    return made


def number_text(value: float, places: int) -> str:
    """A number to so many decimals, with a power of ten where it is very small or large; "" for what is not known.

    Parameters
    ----------
    value : any
    places : decimals, below 0 for tens and so on
    """
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    number = to_place(value, places)
    power = int(np.floor(np.log10(abs(number)))) if number else -int(places)
    if -4 <= power < 7:
        return fixed(number, max(int(places), 0))
    return f"{number:.{max(power + int(places), 0)}e}"


def _of_value(table: Table, value: str) -> np.ndarray:
    """Decimals (n,) by the smallest error of each row; where there is none two digits of its limit, or of itself.

    Magnitudes, whose size says nothing of how well they are known, are told to a hundredth then.
    """
    errors, limits = (
        np.array([floats_of(table, f"{value}{end}") for end in ends])
        for ends in (("_err", "_errn", "_errp"), _LIMITS)
    )
    alone = floats_of(table, value)
    known = np.where(np.isfinite(errors) & (errors > 0), errors, np.inf)
    # From a value that is hardly above its bound at zero the way down is as short as that.
    to_zero = np.isclose(known[1], alone, rtol=1e-6, atol=0) & np.isfinite(known[[0, 2]]).any(axis=0)
    known[1] = np.where(to_zero, np.inf, known[1])
    smallest = known.min(axis=0)
    places = np.full(len(table), 2)
    for row in range(len(table)):
        if np.isfinite(smallest[row]):
            places[row] = pdg_decimals(smallest[row])
            continue
        if is_magnitude(table[value].unit):
            continue
        sizes = [abs(size) for size in (*limits[:, row], alone[row]) if np.isfinite(size) and size]
        places[row] = 1 - int(np.floor(np.log10(sizes[0]))) if sizes else 2
    return places


def _of_others(table: Table, name: str) -> np.ndarray:
    """Decimals (n,) of a column without errors."""
    values = np.asarray(table[name], dtype=float)
    if name in MOMENTS:
        return np.full(len(table), days_decimals(table))
    if name in _SECONDS:
        return np.where(np.abs(values) < 100, 1, 0)
    if name in _DECIMALS:
        return np.full(len(table), _DECIMALS[name])
    if name in _EDGES:
        return np.array([_behind_point(value) for value in values.tolist()], dtype=int)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.floor(np.log10(np.abs(values)))
    return np.where(np.isfinite(power), _DIGITS - 1 - power, 0).astype(int)


def _behind_point(value: float) -> int:
    """Decimals that a number needs to be told to four digits."""
    if not np.isfinite(value):
        return 0
    digits, _, power = f"{value:.{_DIGITS - 1}e}".partition("e")
    return max(len(digits.rstrip("0").partition(".")[2]) - int(power), 0)


def days_decimals(table: Table) -> int:
    """Decimals of MJD that tell a hundredth of the shortest time bin, int. table: of a light curve."""
    width = np.asarray(table["time_max"], dtype=float) - np.asarray(table["time_min"], dtype=float)
    width = width[width > 0]
    if not len(width):
        return 6
    return int(np.clip(np.ceil(-np.log10(width.min() / 100)), *_DAYS))
