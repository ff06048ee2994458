"""Blocks of rows with one flux each, sought in many light curves at once.

The best division comes from a dynamic programme over the flux (functional pruning on a grid, after Maidstone, Hocking,
Rigaill & Fearnhead 2017, Stat. Comput. 27, 519). With the cost C_t(a) of the rows up to t whose last block has the
flux a, and the best B_t = min C_t(a),

    C_t(a) = min(C_{t-1}(a), B_{t-1} + penalty) + statistic of row t at a, in halves:

the last block goes on, or another one begins. It costs rows times fluxes, whatever the blocks, and needs nothing of the
statistics but values that are not negative, infinite where a row cannot have a flux.
"""

import numpy as np

# Of one more round of `best_gain`: it ends when the gain grows by less.
_GROWTH = 1e-9
_MAX_ROUNDS = 100


def divide(half: np.ndarray, penalty: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, cost): where the block of each row's best last block begins, and what the best division costs.

    Parameters
    ----------
    half : float array (n_rows, n, n_grid), or its rows one by one: half the rise of the statistic of each row of n
        light curves at n_grid fluxes of each, 0 or more; infinite where not allowed
    penalty : float array (n,), what each block costs, 0 or more

    Returns
    -------
    first : int array (n_rows, n); [t] is the first row of the last block of the best division of rows 0 to t
    cost : float array (n,), of all rows, with a penalty for each block
    """
    firsts, light_curves = [], np.arange(len(penalty))
    best = np.zeros(len(penalty))
    for t, row in enumerate(half):
        another = (best + penalty)[:, None]
        if t == 0:
            running, begun = np.broadcast_to(another, row.shape).copy(), np.zeros(row.shape, dtype=int)
        begun[running > another] = t
        np.minimum(running, another, out=running)
        running += row
        least = running.argmin(axis=1)
        best = running[light_curves, least]
        firsts.append(begun[light_curves, least])
    return np.array(firsts), best


def block_of_rows(first: np.ndarray) -> np.ndarray:
    """Number of the block of each row, int array (n, n_rows), from the `first` of `divide`."""
    n_rows, n = first.shape
    starts, light_curves = np.zeros((n, n_rows), dtype=bool), np.arange(n)
    last = np.full(n, n_rows - 1)
    while len(light_curves):
        start = first[last, light_curves]
        starts[light_curves, start] = True
        light_curves, last = light_curves[start > 0], start[start > 0] - 1
    return np.cumsum(starts, axis=1) - 1


def best_gain(half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(gain, block): the most that a further block gains (n,), and the blocks that gain it, as `block_of_rows`.

    The gain is the largest of (cost of one block - cost of k blocks)/(k - 1) over all divisions, at the fluxes of
    `half`; a penalty above it leaves one block, one below it more. It is found as the root of how much the best
    division with it as its penalty is better than one block, beginning with the best of two blocks: the penalty
    becomes the gain of that division until none is better (Dinkelbach 1967, Management Science 13, 492).

    half : see `divide`
    """
    n_rows, n, _ = half.shape
    whole, gain, start = _two_blocks(half)
    block = (np.arange(n_rows) >= start[:, None]).astype(int)
    block[gain <= 0] = 0
    gain = np.maximum(gain, 0.0)
    going = np.flatnonzero(whole > 0)
    for _ in range(_MAX_ROUNDS):
        if n_rows < 3 or not len(going):
            break
        part = half[:, going] if len(going) < n else half
        first, cost = divide(part, gain[going])
        found = block_of_rows(first)
        more = found[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            new = (whole[going] - (cost - gain[going] * (more + 1))) / more
        better = (more > 0) & (new > gain[going] + _GROWTH * (1 + gain[going]))
        going = going[better]
        gain[going], block[going] = new[better], found[better]
    return gain, block


def _two_blocks(half: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(cost of one block, gain of the best two, first row of the second), each (n,)."""
    after = np.empty(half.shape[:2])
    running = np.zeros_like(half[0])
    for t in range(len(half) - 1, -1, -1):
        running += half[t]
        after[t] = running.min(axis=1)
    whole, running[...] = after[0], 0.0
    gain, start = np.zeros(half.shape[1]), np.zeros(half.shape[1], dtype=int)
    for t in range(1, len(half)):
        running += half[t - 1]
        this = whole - running.min(axis=1) - after[t]
        better = this > gain
        gain[better], start[better] = this[better], t
    return whole, gain, start


def weighted_losses(value: np.ndarray, weight: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Half the chi-square (n,) of values around the weighted means of their blocks; all arrays (n, n_rows).

    Parameters
    ----------
    value : float array (n, n_rows)
    weight : float array (n, n_rows), one over the variance of each value
    block : int array (n, n_rows), the block of each value
    """
    n, n_rows = value.shape
    group = (np.arange(n)[:, None] * n_rows + block).ravel()
    total, moment = (np.bincount(group, each.ravel(), n * n_rows) for each in (weight, weight * value))
    mean = np.divide(moment, total, out=np.zeros(n * n_rows), where=total > 0)
    return 0.5 * np.sum(weight * (value - mean[group].reshape(n, n_rows)) ** 2, axis=1)
