"""Numbers that stand for values that are not known, such as -99, by where they stand: no table says which these are."""

import numpy as np

from tevcurve.errors import InputError

# How far a single number without an error lies beyond all that have one, in units of the largest of these.
_BELOW, _ABOVE = 3.0, 1000.0


def check_known(values: np.ndarray, has_error: np.ndarray, what: str, signed: bool) -> None:
    """Raises `InputError` for a number without an error, where others have one, that is no value beside these.

    It is none where it is the same in several rows and lies outside of those with errors and 0, or where it is alone
    and lies very far outside of them.

    Parameters
    ----------
    values : (n,), NaN where there is none
    has_error : bool (n,)
    what : name of their column
    signed : whether 0 is a number as any other, as of magnitudes; a single number is none of these by its size
    """
    bare, known = values[np.isfinite(values) & ~has_error], values[np.isfinite(values) & has_error]
    if not len(bare) or not np.any(known):
        return
    different, times = np.unique(bare, return_counts=True)
    lowest, highest, largest = min(0.0, known.min()), max(0.0, known.max()), np.abs(known).max()
    wrong = (times > 1) & ((different < lowest) | (different > highest)) & ~np.isin(different, known)
    if not signed:
        wrong |= (different < -_BELOW * largest) | (different > _ABOVE * largest)
    if wrong.any():
        number = int(np.argmax(wrong))
        rows = f"{times[number]} rows" if times[number] > 1 else "a row"
        raise InputError(
            f"The column {what} has {different[number]:g} in {rows} without an error, beside values with errors from "
            f"{known.min():g} to {known.max():g}; wanted is an empty cell where nothing is known, and is_ul= or a sign "
            "such as < where it is a limit."
        )
