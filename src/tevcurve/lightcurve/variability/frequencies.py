"""Frequencies that periods are searched at."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError

# Frequencies in the distance of one over the span, and the most that are made where none are given; frequencies times
# rows that are searched at all.
OVERSAMPLING, MOST, MOST_ELEMENTS = 5, 20_000, 30_000_000
# Elements of the covariances of harmonics that are held at once.
MOST_COVARIANCES = 100_000_000
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
    """(frequencies in Hz (m,), notes) of periods from the span of some `Rows` down to twice the width of a row.

    Where that would be more than is searched without being asked, they end earlier, and a note says so.

    rows : `Rows`
    """
    span = rows.stop_s[-1] - rows.start_s[0]
    width = float(np.median(rows.stop_s - rows.start_s))
    wanted = int(np.ceil(OVERSAMPLING * max(span / (SHORTEST * width) - 1, 0))) + 1
    number = min(wanted, MOST, MOST_ELEMENTS // rows.n)
    found = (1 + np.arange(number) / OVERSAMPLING) / span
    if number == wanted:
        return found, []
    return found, [f"periods under {1 / found[-1]:.4g} s were not searched, as no frequencies were given"]


def check_number(n_frequencies, n_rows):
    """Raises `InputError` where frequencies are too many for so many rows.

    Parameters
    ----------
    n_frequencies, n_rows : int
    """
    if n_frequencies * n_rows > MOST_ELEMENTS:
        raise InputError(
            f"frequencies are {n_frequencies}, too many for {n_rows} rows; wanted are {MOST_ELEMENTS // n_rows} at "
            "most."
        )


def check_harmonics(n_frequencies, nharm):
    """Raises `InputError` where frequencies are too many for so many harmonics.

    Parameters
    ----------
    n_frequencies, nharm : int
    """
    most = MOST_COVARIANCES // (2 * nharm) ** 2
    if n_frequencies > most:
        raise InputError(
            f"frequencies are {n_frequencies}, too many for {nharm} harmonic{'s' if nharm > 1 else ''}; wanted are "
            f"{most} at most."
        )
