"""Chances of sums of squares of Gaussian numbers that are not all alike."""

import numpy as np
from scipy.special import chdtrc, ndtr

# Of the largest weight: smaller ones add nothing, and weights closer than this are one.
_SMALL = 1e-10
_ALIKE = 1e-9
# Closer to the mean than this, in standard deviations, the formula is its own limit there.
_NEAR = 1e-4
_STEPS = 200


def weighted_chi_square_chance(value: float, weights: np.ndarray) -> float:
    """Chance that the sum of weights * chi-square of one degree of freedom is at or above a value.

    By the saddlepoint (Lugannani & Rice 1980, Adv. Appl. Prob. 12, 475; Kuonen 1999, Biometrika 86, 929), whose
    relative error stays at a few percent far into the tail; exact where all weights are the same.

    Parameters
    ----------
    value : float
    weights : float array (n,), at or above 0, one above
    """
    weights = weights[weights > _SMALL * weights.max()]
    if np.ptp(weights) <= _ALIKE * weights.max():
        return float(chdtrc(len(weights), max(value, 0.0) / weights.max()))
    if not value > 0:
        return 1.0
    share, value = weights / weights.max(), value / weights.max()
    t = _saddle(value, share)
    left = 1 - 2 * t * share
    second = 2 * np.sum((share / left) ** 2)
    distance = 2 * (t * value + 0.5 * np.sum(np.log(left)))
    root, slope = np.sign(t) * np.sqrt(max(distance, 0.0)), t * np.sqrt(second)
    density = np.exp(-0.5 * root**2) / np.sqrt(2 * np.pi)
    if abs(slope) < _NEAR:
        third = 8 * np.sum(share**3)
        return float(0.5 - third / (6 * np.sqrt(2 * np.pi) * (2 * np.sum(share**2)) ** 1.5))
    return float(np.clip(ndtr(-root) + density * (1 / slope - 1 / root), 0.0, 1.0))


def _saddle(value: float, share: np.ndarray) -> float:
    """Where the derivative of the cumulant function, sum of share/(1 - 2 t share), is the value; shares up to 1."""
    low, high = -0.5 * len(share) / value, 0.5 * (1 - 1 / value)
    if high <= low:
        return high
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if np.sum(share / (1 - 2 * middle * share)) < value:
            low = middle
        else:
            high = middle
        if high - low <= 1e-15 * max(abs(low), abs(high)):
            break
    return 0.5 * (low + high)
