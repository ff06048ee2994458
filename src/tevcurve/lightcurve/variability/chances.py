"""Chances of a constant source: by formula, or from toys where counts are few."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.records import LEAST_CHANCE
from tevcurve.lightcurve.variability.row_fits import RowFits

# Events or cells that are drawn at once.
_BATCH = 400_000


@dataclass(frozen=True)
class Test:
    """A statistic that grows with variability, and how its chance is found.

    statistic: function of `RowFits` to an array (n,), one number for each light curve.
    chance: the asymptotic chance of a value, function of a float, or None where there is no formula.
    """

    statistic: object
    chance: object = None


def chances(rows, tests, n_toys, random_state):
    """For each test of a dict a dict of the fields p_value, p_is_limit, method, n_toys and note of its record.

    Toys are drawn where a row has under 20 counts or is a limit: from every row's own expectations with the constant
    flux that fits the light curve best. The chance is (k + 1) / (n + 1), with k of n toys at or above the value
    (Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 4.2).

    rows: `Rows`. n_toys: int, 0 for none. random_state: int seed or numpy Generator.
    """
    if int(n_toys) != n_toys or n_toys < 0:
        raise InputError(f"n_toys is {n_toys!r}; wanted is a number of toys, or 0 for none.")
    observed = {name: float(test.statistic(rows.fits)[0]) for name, test in tests.items()}
    wanted = {name for name, test in tests.items() if rows.few.any() or test.chance is None}
    if not wanted or not n_toys or rows.maker is None:
        note = _why_not(rows, n_toys) if wanted else ""
        return {name: _asymptotic(test, observed[name], note) for name, test in tests.items()}
    counts, drawn = dict.fromkeys(wanted, 0), {name: tests[name] for name in wanted}
    for fits in null_fits(rows, n_toys, random_state):
        for name, test in drawn.items():
            # Toys may repeat the very value; rounding must not decide.
            counts[name] += np.count_nonzero(test.statistic(fits) >= observed[name] * (1 - 1e-9))
    return {
        name: _from_toys(test, observed[name], counts[name], n_toys)
        if name in wanted
        else _asymptotic(test, observed[name], "")
        for name, test in tests.items()
    }


def null_fits(rows, n_toys, random_state):
    """`RowFits` of toys with the constant flux that fits best, in batches that make n_toys together."""
    rng = np.random.default_rng(random_state)
    batch = max(1, min(n_toys, _BATCH // max(rows.maker.events_per_toy(), 1)))
    norm = float(rows.fits.constant[0])
    for first in range(0, n_toys, batch):
        toys = rows.maker.draw(norm, min(batch, n_toys - first), rng)
        yield RowFits(toys.profile, toys.n, rows.fits.lowest)


def chi_square_chance(n_free):
    """Function of a chi-square to the chance of it or more with n_free degrees of freedom."""
    return lambda value: float(chdtrc(n_free, value))


def normal_chance(value):
    """Chance of a standard normal number at or above a value."""
    return float(ndtr(-value))


def among(trials):
    """Function of a chance to the chance of one like it or less in independent trials (Sidak 1967)."""
    return lambda chance: float(-np.expm1(trials * np.log1p(-chance))) if chance < 1 else 1.0


def _from_toys(test, observed, count, n_toys):
    note = ""
    if count == 0 and test.chance is not None:
        note = f"no toy reached the {{}}; for many counts the chance would be {test.chance(observed):.1g}"
    return {
        "p_value": (count + 1) / (n_toys + 1),
        "p_is_limit": count == 0,
        "method": "toys",
        "n_toys": int(n_toys),
        "note": note,
    }


def _asymptotic(test, observed, note):
    chance = np.nan if test.chance is None else test.chance(observed)
    return {
        "p_value": max(chance, LEAST_CHANCE),
        "p_is_limit": chance < LEAST_CHANCE,
        "method": "asymptotic",
        "n_toys": 0,
        "note": note,
    }


def _why_not(rows, n_toys):
    few = np.count_nonzero(rows.few)
    if not few:
        return ""
    why = (
        "no toys were asked for" if rows.maker is not None else "toys need the events, which a table has not"
    )
    return f"{few} of {rows.n} rows have few counts, where the formula is rough, and {why}"
