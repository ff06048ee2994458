"""New numbers of what is kept of many things."""

import numpy as np


def numbers_among(kept: np.ndarray, n: int) -> np.ndarray:
    """The place of each of n things among those that are kept, int array (n,), -1 for those that are not.

    Parameters
    ----------
    kept : int array, sorted, numbers of the things that are kept
    n : int
    """
    number = np.full(n, -1)
    number[kept] = np.arange(len(kept))
    return number


def members_of(kept: np.ndarray, n: int, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(which of the things that belong to n others belong to one that is kept, its place among these), int arrays.

    Parameters
    ----------
    kept, n : see `numbers_among`
    owner : int array, to which of the n each belongs
    """
    number = numbers_among(kept, n)[owner]
    own = np.flatnonzero(number >= 0)
    return own, number[own]
