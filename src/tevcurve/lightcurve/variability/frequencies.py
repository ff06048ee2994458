"""Frequencies that periods are searched at."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError

# Frequencies in the distance of one over the span, and the most that are made where none are given.
OVERSAMPLING, MOST = 5, 100_000
# The shortest period, in bins.
SHORTEST = 2


def frequencies_in_hz(frequencies):
    """Frequencies in Hz, float array (m,), ascending.

    frequencies : Quantity (m,), such as 1/u.d

    Raises `InputError` for what is not that.
    """
    try:
        found = np.atleast_1d(u.Quantity(frequencies).to_value(u.Hz)).astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"frequencies are {frequencies!r:.60}; wanted is a Quantity of one over time, such as "
            "numpy.linspace(0.1, 2, 1000) / u.d."
        ) from error
    if found.ndim != 1 or not len(found) or not np.all(np.isfinite(found) & (found > 0)):
        raise InputError("frequencies are wanted as a list of one or more finite numbers above 0.")
    return np.sort(found)


def frequencies_of(rows):
    """Frequencies in Hz (m,) of periods from the span of some `Rows` down to twice the width of a row.

    rows : `Rows`

    Raises `InputError` where rows are so short, and the span so long, that these would be too many.
    """
    span = rows.stop_s[-1] - rows.start_s[0]
    highest = 1 / (SHORTEST * float(np.median(rows.stop_s - rows.start_s)))
    number = int(np.ceil(OVERSAMPLING * max(highest * span - 1, 0))) + 1
    if number > MOST:
        raise InputError(
            f"Periods from the span down to {SHORTEST} rows are {number} frequencies; say which are wanted, by "
            "frequencies=."
        )
    return np.linspace(1 / span, max(highest, 1 / span), number)
