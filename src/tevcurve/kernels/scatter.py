"""How much values scatter beyond their errors. Arrays have the values of one light curve along the last axis."""

import numpy as np


def excess(value, err):
    """Sample variance of values beyond the mean square of their errors (...,); negative where errors explain more."""
    return value.var(axis=-1, ddof=1) - np.mean(err**2, axis=-1)


def normalized_excess(value, err):
    """(excess variance over the squared mean, its error), each (...,).

    Vaughan et al. 2003, MNRAS 345, 1271, equation 11 for the error; where the excess is negative the second term of the
    error, which is for a variable source, is 0.
    """
    n, mean = value.shape[-1], value.mean(axis=-1)
    noise = np.mean(err**2, axis=-1)
    ratio = excess(value, err) / mean**2
    variance = 2 / n * (noise / mean**2) ** 2 + 4 * noise / (n * mean**2) * np.maximum(ratio, 0.0)
    return ratio, np.sqrt(variance)


def signed_root(x):
    """Root of |x| with the sign of x."""
    return np.sign(x) * np.sqrt(np.abs(x))


def root_with_errors(square, error):
    """(root, error, errn, errp) of a squared amplitude with an error: the root keeps the sign of the square.

    error: to first order, error/(2*root), as in Vaughan et al. 2003, equation B2; it grows without bound near 0.
    errn, errp: to the roots of both ends of the interval of the square, which hold there too.
    """
    root = signed_root(square)
    with np.errstate(divide="ignore"):
        first_order = 0.5 * error / np.abs(root)
    return root, first_order, root - signed_root(square - error), signed_root(square + error) - root


def pair_excess(value, err, first, second):
    """Mean square of half the differences in pairs beyond that of the errors (...,): a variance from step to step.

    first, second: int arrays (n_pairs,), the two of each pair.
    """
    steps = value[..., second] - value[..., first]
    noise = err[..., second] ** 2 + err[..., first] ** 2
    return np.sum(steps**2 - noise, axis=-1) / (2 * len(first))


def normalized_pair_excess(value, err, first, second):
    """(`pair_excess` over the squared mean, its error), each (...,).

    The sum of squares is a quadratic form x.A.x of independent values with variances V, whose variance is
    2*tr(AVAV) + 4*m.AVA.m; with values x in place of the means m the second term has 4*tr(AVAV) too much.
    """
    form = np.zeros((value.shape[-1],) * 2)
    for one, other, sign in (
        (first, first, 1),
        (second, second, 1),
        (first, second, -1),
        (second, first, -1),
    ):
        np.add.at(form, (one, other), sign / (2 * len(first)))
    variance = err**2
    noise = 2 * np.einsum("ij,...j,ij,...i->...", form, variance, form, variance)
    pull = np.einsum("ij,...j->...i", form, value)
    total = np.maximum(4 * np.sum(pull**2 * variance, axis=-1) - noise, noise)
    mean = value.mean(axis=-1)
    return pair_excess(value, err, first, second) / mean**2, np.sqrt(total) / mean**2
