"""How much values scatter beyond their errors. Arrays have the values of one light curve along the last axis.

Rows may have weights; where these are equal the formulas are those of Vaughan et al. 2003, MNRAS 345, 1271.
"""

import numpy as np


def excess(value: np.ndarray, err: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Variance of values beyond the mean square of their errors (...,); negative where errors explain more.

    With shares p of the weights, m the mean with them, [sum p (x - m)^2 - sum p (1 - p) err^2] / (1 - sum p^2): of a
    constant source 0 on average, of independent true values with one variance that variance, whatever the weights.

    Parameters
    ----------
    value, err : float arrays (..., n), values and their errors, in one unit
    weight : float array (n,), above 0; default: all the same, so that it is the sample variance minus the
        mean square error
    """
    share = _shares(value, weight)
    distance = value - weighted_mean(value, weight)[..., None]
    total = np.sum(share * distance**2 - share * (1 - share) * err**2, axis=-1)
    return total / (1 - np.sum(share**2))


def excess_spread(err: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Standard deviation (...,) of the excess of a constant source with Gaussian errors (..., n).

    That of the quadratic form x.A.x, the root of 2*tr(AVAV).

    Parameters
    ----------
    err : float array (..., n), errors
    weight : float array (n,), above 0; default: all the same
    """
    share, variance = _shares(err, weight), err**2
    trace = np.sum(share**2 * variance**2 * (1 - 2 * share), axis=-1)
    trace = trace + np.sum(share**2 * variance, axis=-1) ** 2
    return np.sqrt(2 * trace) / (1 - np.sum(share**2))


def weighted_mean(value: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Mean (...,) of values (..., n).

    Parameters
    ----------
    value : float array (..., n)
    weight : float array (n,), above 0; default: all the same
    """
    return np.sum(_shares(value, weight) * value, axis=-1)


def _shares(value: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Shares (n,) of the weights."""
    n = value.shape[-1]
    return np.full(n, 1 / n) if weight is None else weight / np.sum(weight)


def normalized_excess(
    value: np.ndarray, err: np.ndarray, weight: np.ndarray | None = None, bias: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(excess variance over the squared mean, its error), each (...,).

    Vaughan et al. 2003, MNRAS 345, 1271, equation 11 for the error; where the excess is negative the second term of the
    error, which is for a variable source, is 0.

    Parameters
    ----------
    value, err : float arrays (..., n), values and their errors, in one unit
    weight : float array (n,), above 0; default: all the same
    bias : what is taken off the excess, in the square of that unit
    """
    n, mean = value.shape[-1], weighted_mean(value, weight)
    noise = weighted_mean(err**2, weight)
    ratio = (excess(value, err, weight) - bias) / mean**2
    variance = 2 / n * (noise / mean**2) ** 2 + 4 * noise / (n * mean**2) * np.maximum(ratio, 0.0)
    return ratio, np.sqrt(variance)


def signed_root(x: float | np.ndarray) -> np.ndarray:
    """Root of `|x|` with the sign of x. x: float array."""
    return np.sign(x) * np.sqrt(np.abs(x))


def root_with_errors(
    square: float | np.ndarray, error: float | np.ndarray
) -> tuple[float | np.ndarray, float | np.ndarray, float | np.ndarray, float | np.ndarray]:
    """(root, error, errn, errp) of a squared amplitude with an error: the root keeps the sign of the square.

    error: to first order, error/(2*root), as in Vaughan et al. 2003, equation B2; it grows without bound near 0.
    errn, errp: to the roots of both ends of the interval of the square, which hold there too.

    Parameters
    ----------
    square : float array, the squared amplitude
    error : float array, its error
    """
    root = signed_root(square)
    with np.errstate(divide="ignore"):
        first_order = 0.5 * error / np.abs(root)
    return root, first_order, root - signed_root(square - error), signed_root(square + error) - root


def pair_excess(
    value: np.ndarray,
    err: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Mean square of half the differences in pairs beyond that of the errors (...,): a variance from step to step.

    A pair has the weight w1*w2/(w1 + w2), to which the mean square error of its difference is inverse.

    Parameters
    ----------
    value, err : float arrays (..., n), values and their errors, in one unit
    first, second : int arrays (n_pairs,), the two of each pair
    weight : float array (n,), of the values, above 0; default: all the same
    """
    steps = value[..., second] - value[..., first]
    noise = err[..., second] ** 2 + err[..., first] ** 2
    return 0.5 * np.sum(_pair_shares(first, second, weight) * (steps**2 - noise), axis=-1)


def _pair_shares(first: np.ndarray, second: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Shares (n_pairs,) of the weights of pairs."""
    if weight is None:
        return np.full(len(first), 1 / len(first))
    each = weight[first] * weight[second] / (weight[first] + weight[second])
    return each / each.sum()


def normalized_pair_excess(
    value: np.ndarray,
    err: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    weight: np.ndarray | None = None,
    bias: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(`pair_excess` over the squared mean, its error), each (...,); no pair may be there twice.

    The sum of squares is a quadratic form x.A.x of independent values with variances V, whose variance is
    2*tr(AVAV) + 4*m.AVA.m; with values x in place of the means m the second term has 4*tr(AVAV) too much.

    Parameters
    ----------
    value, err : float arrays (..., n), values and their errors, in one unit
    first, second : int arrays (n_pairs,), the two of each pair
    weight : float array (n,), of the values, above 0; default: all the same
    bias : what is taken off the excess, in the square of that unit
    """
    half, variance = 0.5 * _pair_shares(first, second, weight), err**2
    diagonal = np.bincount(first, half, value.shape[-1]) + np.bincount(second, half, value.shape[-1])
    noise = 2 * np.sum((diagonal * variance) ** 2, axis=-1)
    noise = noise + 4 * np.sum(half**2 * variance[..., first] * variance[..., second], axis=-1)
    pull, steps = np.zeros(value.shape), half * (value[..., second] - value[..., first])
    # No row is the earlier, or the later, one of two pairs.
    pull[..., second] += steps
    pull[..., first] -= steps
    total = np.maximum(4 * np.sum(pull**2 * variance, axis=-1) - noise, noise)
    ratio = pair_excess(value, err, first, second, weight) - bias
    mean = weighted_mean(value, weight)
    return ratio / mean**2, np.sqrt(total) / mean**2
