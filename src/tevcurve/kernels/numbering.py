"""New numbers of what is kept of many things."""

import math

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


def sums_by_owner(values: np.ndarray, owner: np.ndarray, n: int) -> np.ndarray:
    """Sums over the things that belong to each of n others, added in their order, float array (n, ...).

    Parameters
    ----------
    values : float array (n_things, ...)
    owner : int array (n_things,), to which of the n each belongs
    n : int
    """
    # Without anything there is nothing to count, and bincount gives integers.
    if values.ndim == 1:
        return np.bincount(owner, values, n).astype(float, copy=False)
    width = math.prod(values.shape[1:])
    owner = owner if width == 1 else (owner[:, None] * width + np.arange(width)).ravel()
    sums = np.bincount(owner, values.ravel(), n * width).astype(float, copy=False)
    return sums.reshape(n, *values.shape[1:])


def numbers_by_row(rows: list[np.ndarray], together: np.ndarray | None = None) -> list[np.ndarray]:
    """Numbers of pieces in the order of their rows, and of runs in a row: an int array (n_pieces,) for each run.

    Parameters
    ----------
    rows : for each run an int array (n_pieces,), the rows of its pieces
    together : int array (n_runs,), the same for runs that are one piece in each row; default: each is one of its own
    """
    length = [len(each) for each in rows]
    if together is None:
        order = np.argsort(np.concatenate(rows), kind="stable")
        number = np.empty(len(order), dtype=int)
        number[order] = np.arange(len(order))
    else:
        row, run = np.concatenate(rows), np.repeat(np.arange(len(rows)), length)
        key = row * len(rows) + first_together(row, run, together)
        number = np.unique(key, return_inverse=True)[1].ravel()
    return np.split(number, np.cumsum(length)[:-1])


def first_together(row: np.ndarray, run: np.ndarray, together: np.ndarray) -> np.ndarray:
    """For each of n things, of a row and a run, the first of the runs in its row that go with its own, int array (n,).

    Parameters
    ----------
    row, run : int arrays (n,)
    together : int array (n_runs,), numbers below n_runs that are the same for runs that go together
    """
    known, place = np.unique(row * len(together) + together[run], return_inverse=True)
    first = np.full(len(known), len(together))
    np.minimum.at(first, place.ravel(), run)
    return first[place.ravel()]
