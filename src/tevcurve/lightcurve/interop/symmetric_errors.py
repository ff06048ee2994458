"""Rows that have a value and no symmetric error, as at a bound: what other packages are told of them."""

import logging

import numpy as np
from astropy.table import Table

log = logging.getLogger(__name__)


def has_no_error(table: Table, quantity: str) -> np.ndarray:
    """Bool array (n_rows,): rows with a value of a quantity whose symmetric error is NaN; none without that column.

    Parameters
    ----------
    table : of a light curve
    quantity : name of the column of values
    """
    name = f"{quantity}_err"
    if not {quantity, name} <= set(table.colnames):
        return np.zeros(len(table), dtype=bool)
    value, error = (np.asarray(table[column], dtype=float) for column in (quantity, name))
    return np.isfinite(value) & ~np.isfinite(error)


def tell_missing_errors(table: Table, quantity: str, what: str) -> str:
    """Log how many rows have no symmetric error, and what became of them; the sentence (str), empty for none.

    Parameters
    ----------
    table : of a light curve
    quantity : name of the column of values
    what : what became of these rows, in words
    """
    number = np.count_nonzero(has_no_error(table, quantity))
    if not number:
        return ""
    rows = "rows has" if number == 1 else "rows have"
    words = (
        f"{number} of {len(table)} {rows} no symmetric error of {quantity} (at a bound, for example): {what}."
    )
    log.warning(words)
    return words
