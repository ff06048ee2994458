"""Random draws from tables, exact for the interpolation that the analysis uses; `rng` is a `numpy.random.Generator`."""

import numpy as np


def row_cumulative(weights: np.ndarray) -> np.ndarray:
    """Cumulative sums (..., n + 1) of weights (..., n), from 0 to 1 in each row; a row without weight stays 0.

    weights: float array (..., n), not negative.
    """
    total = np.cumsum(weights, axis=-1)
    last = total[..., -1:]
    total = np.divide(total, last, out=np.zeros_like(total), where=last > 0)
    return np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)


def draw_bins(
    cumulative: np.ndarray, rows: np.ndarray, rng: "np.random.Generator"
) -> tuple[np.ndarray, np.ndarray]:
    """Bin and place in the bin, 0 to 1, of one draw for each of `rows` (n,): int and float arrays (n,).

    Parameters
    ----------
    cumulative : float array (n_rows, n_bins + 1), from `row_cumulative`
    rows : int array (n,), the row of each draw; none without weight
    rng : numpy random generator
    """
    n_rows, n_edges = cumulative.shape
    # One sorted array of all rows, so that a single search serves draws from different rows.
    stairs = (cumulative + np.arange(n_rows)[:, None]).ravel()
    uniform = rng.random(len(rows))
    bins = np.searchsorted(stairs, rows + uniform, side="right") - 1 - rows * n_edges
    bins = np.clip(bins, 0, n_edges - 2)
    low, high = cumulative[rows, bins], cumulative[rows, bins + 1]
    place = np.divide(uniform - low, high - low, out=np.zeros_like(uniform), where=high > low)
    return bins, np.clip(place, 0.0, 1.0)


def draw_choices(weights: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
    """Index (n,) drawn with the weights (n, k) of each row, which need not sum to 1; a row's sum is above 0.

    Parameters
    ----------
    weights : float array (n, k), not negative
    rng : numpy random generator
    """
    cumulative = np.cumsum(weights, axis=-1)
    uniform = rng.random(len(weights))[:, None] * cumulative[:, -1:]
    return np.minimum(np.sum(cumulative <= uniform, axis=-1), weights.shape[-1] - 1)


def draw_linear(low: np.ndarray, high: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
    """Place (n,) between 0 and 1 of draws from densities that go straight from low (n,) at 0 to high (n,) at 1.

    The density is a mixture of those of the smaller and of the larger one of two uniform numbers.

    Parameters
    ----------
    low, high : float arrays (n,), densities at both ends, in any unit
    rng : numpy random generator
    """
    pair = rng.random((len(low), 2))
    total = low + high
    upper = rng.random(len(low)) * np.where(total > 0, total, 1.0) < np.where(total > 0, high, 0.5)
    return np.where(upper, pair.max(axis=1), pair.min(axis=1))


def draw_radius(
    rad: np.ndarray,
    profiles: np.ndarray,
    ring_cumulative: np.ndarray,
    rows: np.ndarray,
    rng: "np.random.Generator",
) -> np.ndarray:
    """Angle (n,) in radian from round densities that are linear between the nodes of `rad`.

    In a ring the density is the product of two straight lines, sin(rad) and the profile, which is a mixture of those
    of the smallest, the middle and the largest one of three uniform numbers.

    Parameters
    ----------
    rad : float array (n_rad,), nodes, radian
    profiles : float array (n_rows, n_rad), sr-1
    ring_cumulative : float array (n_rows, n_rad), `row_cumulative` of `kernels.folding.ring_integrals`
    rows : int array (n,), which profile each draw is from
    rng : numpy random generator
    """
    ring, _ = draw_bins(ring_cumulative, rows, rng)
    sine = np.sin(rad)
    inner, outer = sine[ring], sine[ring + 1]
    low, high = profiles[rows, ring], profiles[rows, ring + 1]
    weights = np.stack([2 * inner * low, inner * high + outer * low, 2 * outer * high], axis=-1)
    which = draw_choices(weights, rng)
    thirds = np.sort(rng.random((len(rows), 3)), axis=1)
    return rad[ring] + (rad[ring + 1] - rad[ring]) * thirds[np.arange(len(rows)), which]
