"""Cells of a cube put together where they say the same of a source, so that toys of it are quick to draw and to fit."""

import numpy as np

# Of the logarithm of source over everything else: what cells of one class differ by. The information on the flux that
# is lost is a twelfth of its square, 0.2 %.
STEP = 0.15
# Cells with less than this share of the largest ratio are one class; what they say of the flux is as little.
LEAST_RATIO = 1e-4
# Classes of the share that is fixed in what is not the source; where nothing is, there is one.
FIXED_SHARES = 8


def merge_cells(
    signal: np.ndarray, background: np.ndarray, constant: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signal, background, constant) of classes of cells, float arrays (n_classes,): the sums over their cells.

    A class has cells with the same ratio of source to everything else, in steps, and the same share of what is fixed.
    Cells that see nothing of the source, only background, come together; so do those that expect nothing else.

    Parameters
    ----------
    signal, background, constant : float arrays (n_cells,), expected counts
    """
    rest = background + constant
    used = (signal > 0) | (rest > 0)
    signal, background, constant, rest = (each[used] for each in (signal, background, constant, rest))
    shared = (signal > 0) & (rest > 0)
    log_ratio = np.log(signal[shared] / rest[shared])
    top = log_ratio.max(initial=0.0)
    step = np.maximum(np.floor((log_ratio - top) / STEP), np.floor(np.log(LEAST_RATIO) / STEP))
    number = np.where(rest > 0, 0, 1)
    number[shared] = 2 - step.astype(int)
    fixed = np.divide(FIXED_SHARES * constant, rest, out=np.zeros_like(rest), where=rest > 0)
    key = number * (FIXED_SHARES + 2) + np.ceil(fixed).astype(int)
    classes, which = np.unique(key, return_inverse=True)
    merged = (np.bincount(which, each, len(classes)) for each in (signal, background, constant))
    signal, background, constant = merged
    return signal, background, constant
